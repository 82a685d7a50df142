// Completion scripts, made from the command tree, so that they can never lag behind it.
#pragma once
#include <string>
#include <string_view>

namespace burin::cli {

/// For bash, elvish, fish, powershell or zsh.
std::string completion_script(std::string_view shell);

}  // namespace burin::cli

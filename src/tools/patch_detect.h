// Shell calls that really are patches (tools.md 5.6).
#pragma once
#include <string>
#include <vector>

namespace burin::tools {

struct PatchCall {
  enum class Kind : unsigned char {
    none,     // an ordinary command
    patch,    // a patch: `patch` and `cwd` are set
    refused,  // answered with `text` instead of being run
  } kind = Kind::none;
  std::string text;   // refused: the whole text for the model
  std::string patch;  // patch: its text
  std::string cwd;    // patch: absolute working directory
};

PatchCall detect_patch_call(const std::vector<std::string>& argv, const std::string& cwd);

}  // namespace burin::tools

// Reading shell scripts without running them (sandbox.md 9.1, 9.2; tools.md 5.6).
//
// The scripts are parsed with the bash grammar that the reference uses; whatever is not understood makes the answer
// "not a plain script", which leads to a question or to the sandbox, never to trust.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace burin::sandbox {

using Argv = std::vector<std::string>;

/// The commands of a script that consists of plain word-only commands joined by && || ; | or newlines.
std::optional<std::vector<Argv>> plain_commands(std::string_view script);

/// The script of [bash|zsh|sh, -lc|-c, script], as sandbox.md 9.1 reads argument vectors.
std::optional<std::string_view> posix_script_of(const Argv& argv);

/// plain_commands for such an argument vector.
std::optional<std::vector<Argv>> plain_commands_of(const Argv& argv);

/// The single command of a script with a heredoc, if its words are all literal (9.2).
std::optional<Argv> heredoc_command(std::string_view script);

/// `apply_patch <<EOF` or `cd dir && apply_patch <<EOF` as the only statement (tools.md 5.6).
struct HeredocPatch {
  std::string body;               // without its final newline
  std::optional<std::string> cd;  // the one word after cd
};
/// `unparsable` tells that the script itself could not be analysed.
struct HeredocResult {
  std::optional<HeredocPatch> patch;
  bool unparsable = false;
};
HeredocResult heredoc_patch(std::string_view script);

/// The script of [shell, flag, script] for the shells and flags that tools.md 5.6 names.
std::optional<std::string> script_of(const Argv& argv);

}  // namespace burin::sandbox

// apply_patch as a program (tools.md 5.5): one argument or the standard input is the patch, the working directory is
// where it applies, the exit status and two streams are the answer.
//
// The agent runs its own executable in this form, so that the sandbox of the turn holds for patches. It needs no
// configuration and no loop but for reading the standard input.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "io/files.h"

namespace burin::tools {

/// What the program leaves behind; `out` and `err` are whole texts with their newlines.
struct PatchExit {
  int code = 0;
  std::string out, err;
};

/// The program behind the names apply_patch and applypatch; `args` without the program's name. `read_input` is asked
/// only when there is no argument.
PatchExit apply_patch_command(const std::vector<std::string>& args,
                              const std::function<Result<std::string>()>& read_input, io::Files& files,
                              const std::string& cwd);

/// The program behind --codex-run-as-apply-patch; `args` are those behind the flag, of which the first counts.
PatchExit internal_patch_command(const std::vector<std::string>& args, io::Files& files, const std::string& cwd);

/// The same on the real world: argv[0] is ignored, the patch applies in the process's working directory.
int apply_patch_main(int argc, char** argv);
/// argv[1] is the flag.
int run_as_apply_patch(int argc, char** argv);

}  // namespace burin::tools

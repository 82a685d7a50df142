// `sandbox linux [--full-auto] -- CMD…`: one command under a policy, by hand (sandbox.md 7.6).
//
// For people who want to see what the sandbox allows. The command gets our own stdin, stdout and stderr and the sandbox
// that a command of the model would get. Cancelling the task kills the command with everything below it. Like every
// command it runs in a session of its own: whoever calls passes on the signals of the terminal by cancelling.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "io/task.h"
#include "io/world.h"
#include "sandbox/linux.h"
#include "wire/settings.h"

namespace burin::sandbox {

/// Runs `argv` in `cwd` (absolute) to its end and returns the exit code to end with: the command's, or 128 + n when
/// signal n ended it. `env` is the whole environment; CODEX_SANDBOX_NETWORK_DISABLED=1 is added when `policy` has no
/// full network access. Kind::unsupported when the sandbox cannot be had, Error::sys when the command cannot be
/// started.
io::Task<Result<int>> run_sandboxed(io::World& world, const wire::SandboxPolicy& policy, const Mechanisms& mechanisms,
                                    std::string cwd, std::vector<std::string> argv,
                                    std::map<std::string, std::string> env);

}  // namespace burin::sandbox

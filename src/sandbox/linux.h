// The Linux sandbox: Landlock for files, seccomp for the network (sandbox.md 7).
//
// How it is applied: the launcher (io/process.h) forks, and in the child, just before exec, launch_hook() restricts the
// process itself. Nothing of this runs in the big process. If the kernel cannot enforce what the policy asks for, the
// hook refuses, and the command is not run; a command is never run with less protection than asked for.
//
// Beyond the reference, the read-only subpaths of writable roots (.git, .codex, .agents) are protected from commands
// too. Landlock cannot take away below what it has granted, so they are mounted read-only in a mount namespace of the
// command, and the folders between a root and them are kept from being renamed. Where the kernel allows none, they are
// not protected from commands (patches are always checked), and Mechanisms::describe() says so.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/environment.h"
#include "io/files.h"
#include "wire/settings.h"

namespace burin::sandbox {

/// What the kernel offers, asked once at start-up.
struct Mechanisms {
  int landlock_abi = 0;  // 0: not available
  bool seccomp = false;
  bool mounts = false;  // mount namespaces: read-only parts of writable roots can be protected
  /// One line for people: what is in force, or why nothing is and what to do.
  std::string describe() const;
};
/// Takes about 0.1 ms.
Mechanisms probe_mechanisms();

/// The arguments for io::SpawnSpec::launcher_args that make the hook apply `policy` for `cwd`. Empty when the policy
/// needs no sandbox and the network is free; external-sandbox without network gives those of seccomp alone, so who does
/// not want them asks needs_sandbox first (sandbox.md 10). Kind::unsupported when the mechanisms cannot enforce the
/// policy (one clear line, with the remedy in `fix`).
Result<std::vector<std::string>> launcher_args(const wire::SandboxPolicy& policy, const std::string& cwd,
                                               io::Files& files, const io::Environment& env,
                                               const Mechanisms& mechanisms);

/// io::LaunchHook: applies what launcher_args asked for. Empty string on success.
std::string launch_hook(std::span<const std::string> launcher_args);

/// `codex-linux-sandbox --sandbox-policy-cwd D --sandbox-policy JSON [--] CMD…`: restricts itself and execs (7.1).
int linux_sandbox_main(int argc, char** argv);

}  // namespace burin::sandbox

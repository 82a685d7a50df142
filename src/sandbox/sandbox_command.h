// `burin sandbox linux`: one command under a policy, with our own stdio (sandbox.md 7.6).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "io/world.h"
#include "sandbox/linux.h"

namespace burin::sandbox {

/// The exit status of the command; death by signal n gives 128 + n.
io::Task<Result<int>> run_sandboxed(io::World& world, const wire::SandboxPolicy& policy, const Mechanisms& mechanisms,
                                    std::string cwd, std::vector<std::string> argv,
                                    std::map<std::string, std::string> env);

}  // namespace burin::sandbox

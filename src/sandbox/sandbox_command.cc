#include "sandbox/sandbox_command.h"

#include "sandbox/policy.h"

namespace burin::sandbox {

io::Task<Result<int>> run_sandboxed(io::World& world, const wire::SandboxPolicy& policy, const Mechanisms& mechanisms,
                                    std::string cwd, std::vector<std::string> argv,
                                    std::map<std::string, std::string> env) {
  if (argv.empty()) co_return fail(Kind::invalid, "no command was given", "put the command behind --");
  io::SpawnSpec spec;
  CO_TRY(spec.launcher_args, launcher_args(policy, cwd, world.files, world.env, mechanisms));
  if (!has_full_network(policy)) env["CODEX_SANDBOX_NETWORK_DISABLED"] = "1";
  spec.argv = std::move(argv);
  spec.cwd = std::move(cwd);
  spec.env = std::move(env);
  spec.input = io::SpawnSpec::Input::inherit;
  spec.output = io::SpawnSpec::Output::inherit;
  CO_TRY(auto child, co_await world.processes.spawn(std::move(spec)));
  CO_TRY(auto status, co_await child->wait());
  co_return status.signal != 0 ? 128 + status.signal : status.code;
}

}  // namespace burin::sandbox

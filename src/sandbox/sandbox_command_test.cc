#include "sandbox/sandbox_command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "io/fake_http.h"
#include "io/fake_process.h"

namespace burin::sandbox {
namespace {

const Mechanisms all{.landlock_abi = 5, .seccomp = true, .mounts = true};

struct SandboxCommand : ::testing::Test {
  Result<int> run(io::Processes& processes, const wire::SandboxPolicy& policy, std::vector<std::string> argv,
                  const Mechanisms& mechanisms = all) {
    io::ScriptedHttp http;
    io::World world{loop, pool, io::real_clock(), io::real_random(), io::real_files(), processes, http, env};
    return io::run_task(loop,
                        run_sandboxed(world, policy, mechanisms, "/", std::move(argv), {{"PATH", "/usr/bin:/bin"}}));
  }
  io::Loop loop;
  io::Pool pool;
  io::Environment env;
};

TEST_F(SandboxCommand, HandsEverythingToTheLauncher) {
  io::ScriptedProcesses processes;
  processes.otherwise(io::CommandScript::output("", 7));
  EXPECT_EQ(run(processes, wire::ReadOnly{}, {"tool", "-x"}), 7);
  const auto& spec = processes.child(0).spec();
  EXPECT_EQ(spec.argv, (std::vector<std::string>{"tool", "-x"}));
  EXPECT_EQ(spec.cwd, "/");
  EXPECT_EQ(spec.input, io::SpawnSpec::Input::inherit);
  EXPECT_EQ(spec.output, io::SpawnSpec::Output::inherit);
  EXPECT_FALSE(spec.launcher_args.empty());
  EXPECT_EQ(spec.env.at("CODEX_SANDBOX_NETWORK_DISABLED"), "1");
  EXPECT_EQ(run(processes, wire::DangerFullAccess{}, {"tool"}), 7);
  EXPECT_TRUE(processes.child(1).spec().launcher_args.empty());
  EXPECT_EQ(processes.child(1).spec().env.count("CODEX_SANDBOX_NETWORK_DISABLED"), 0u);
}

TEST_F(SandboxCommand, SignalsBecomeExitCodes) {
  io::ScriptedProcesses processes;
  io::CommandScript killed;
  killed.exit = io::ExitStatus{.code = -1, .signal = 15};
  processes.otherwise(killed);
  EXPECT_EQ(run(processes, wire::ReadOnly{}, {"tool"}), 143);
}

TEST_F(SandboxCommand, RefusesInsteadOfRunningUnprotected) {
  io::ScriptedProcesses processes;
  auto refused = run(processes, wire::ReadOnly{}, {"tool"}, Mechanisms{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::unsupported);
  EXPECT_EQ(run(processes, wire::ReadOnly{}, {}).error().kind, Kind::invalid);
  EXPECT_EQ(processes.count(), 0u);
}

TEST_F(SandboxCommand, RealCommandsAreConfined) {
  auto here = probe_mechanisms();
  if (here.landlock_abi == 0 || !here.seccomp) GTEST_SKIP() << here.describe();
  auto processes = io::make_real_processes(loop);
  auto file = ::testing::TempDir() + "sandbox-command-test";
  ::unlink(file.c_str());
  EXPECT_NE(run(*processes, wire::ReadOnly{}, {"sh", "-c", "exec 2> /dev/null; echo a > " + file}, here), 0);
  EXPECT_FALSE(io::real_files().exists(file));
  // --full-auto: workspace-write, in which /tmp is writable.
  EXPECT_EQ(run(*processes, wire::WorkspaceWrite{}, {"sh", "-c", "echo a > /tmp/sandbox-command-test && exit 3"}, here),
            3);
  EXPECT_EQ(io::real_files().read("/tmp/sandbox-command-test").value_or(""), "a\n");
  ::unlink("/tmp/sandbox-command-test");
  EXPECT_EQ(run(*processes, wire::ReadOnly{}, {"sh", "-c", "kill -KILL $$"}, here), 137);
  EXPECT_FALSE(run(*processes, wire::ReadOnly{}, {"no-such-program"}, here));
}

TEST_F(SandboxCommand, OutputIsInherited) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  int saved = ::fcntl(1, F_DUPFD_CLOEXEC, 3);
  auto processes = io::make_real_processes(loop);
  std::fflush(stdout);
  ::dup2(ends[1], 1);
  auto code = run(*processes, wire::DangerFullAccess{}, {"echo", "seen"});
  ::dup2(saved, 1);
  ::close(saved);
  ::close(ends[1]);
  char text[16] = {};
  EXPECT_EQ(::read(ends[0], text, sizeof text), 5);
  ::close(ends[0]);
  EXPECT_EQ(code, 0);
  EXPECT_STREQ(text, "seen\n");
}

}  // namespace
}  // namespace burin::sandbox

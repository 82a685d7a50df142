#include "io/process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "io/files.h"
#include "io/loop.h"

namespace burin::io {

struct ProcessTest : ::testing::Test {
  void SetUp() override { dir = *real_files().make_temp_dir(::testing::TempDir() + "process-test-"); }
  void TearDown() override { EXPECT_TRUE(real_files().remove_tree(dir)); }

  SpawnSpec spec(std::vector<std::string> argv) const {
    SpawnSpec s;
    s.argv = std::move(argv);
    s.cwd = dir;
    s.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
    return s;
  }
  SpawnSpec shell(std::string script) const { return spec({"/bin/sh", "-c", std::move(script)}); }

  Result<Collected> run(SpawnSpec s, Span deadline = seconds(20)) {
    return run_task(loop, run_command(*processes, std::move(s), deadline, 64 << 20));
  }
  Result<std::unique_ptr<Child>> spawn(SpawnSpec s) { return run_task(loop, processes->spawn(std::move(s))); }

  /// Numbers that a script wrote into a file, once there are `count` of them.
  std::vector<pid_t> pids(const std::string& name, std::size_t count) const {
    for (int i = 0; i < 2000; ++i) {
      std::vector<pid_t> found;
      if (auto text = real_files().read(dir + "/" + name)) {
        for (std::string_view line : lines(*text)) {
          if (auto n = parse_int(line)) found.push_back(static_cast<pid_t>(*n));
        }
        if (found.size() == count && text->ends_with('\n')) return found;
      }
      ::usleep(5000);
    }
    ADD_FAILURE() << "no " << count << " lines in " << name;
    return {};
  }
  static bool alive(pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }
  /// True when all of them are gone within ten seconds.
  static bool gone(const std::vector<pid_t>& list) {
    for (int i = 0; i < 2000; ++i) {
      if (std::none_of(list.begin(), list.end(), alive)) return true;
      ::usleep(5000);
    }
    return false;
  }
  /// Runs the loop for a moment, so that reports of launchers are read.
  void settle(Span span = milliseconds(50)) { run_task(loop, sleep(span)); }

  Loop loop;
  std::unique_ptr<Processes> processes = make_real_processes(loop);
  std::string dir;
};

TEST_F(ProcessTest, ExitCodesSignalsAndStreams) {
  auto r = run(shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(r) << r.error().text();
  EXPECT_EQ(r->out, "out\n");
  EXPECT_EQ(r->err, "err\n");
  EXPECT_EQ(r->status.code, 7);
  EXPECT_EQ(r->status.signal, 0);
  r = run(shell("kill -TERM $$"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status.code, -1);
  EXPECT_EQ(r->status.signal, SIGTERM);
  r = run(spec({"true"}));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status.code, 0);
}

TEST_F(ProcessTest, FolderEnvironmentAndName) {
  SpawnSpec s = spec({"sh", "-c", "pwd; echo \"$A|$B\"; echo $0; env | sort | head -1"});
  s.env["A"] = "two\nlines";
  s.env["B"] = std::string(100'000, 'b');
  s.argv0 = "other-name";
  auto r = run(std::move(s));
  ASSERT_TRUE(r) << r.error().text();
  EXPECT_EQ(r->out,
            *real_files().canonical(dir) + "\ntwo\nlines|" + std::string(100'000, 'b') + "\nother-name\nA=two\n");
}

TEST_F(ProcessTest, WordsSurviveAnyBytes) {
  std::string every;
  for (int c = 1; c < 256; ++c) every += static_cast<char>(c);
  std::string big(120'000, 'x');
  auto r = run(spec({"printf", "%s|%s|%s|", "", every, big}));
  ASSERT_TRUE(r) << r.error().text();
  EXPECT_EQ(r->out, "|" + every + "|" + big + "|");
  std::vector<std::string> many(12, std::string(100'000, 'y'));
  many.insert(many.begin(), "true");
  ASSERT_TRUE(run(spec(many)));
}

TEST_F(ProcessTest, SpawnFailuresCarryErrno) {
  auto sys = [&](SpawnSpec s) {
    auto r = spawn(std::move(s));
    EXPECT_FALSE(r);
    return r ? 0 : r.error().sys;
  };
  EXPECT_EQ(sys(spec({"/no/such/program"})), ENOENT);
  EXPECT_EQ(sys(spec({"no-such-program"})), ENOENT);
  EXPECT_EQ(sys(spec({""})), ENOENT);
  ASSERT_TRUE(real_files().write(dir + "/plain", "x", 0644));
  EXPECT_EQ(sys(spec({dir + "/plain"})), EACCES);
  SpawnSpec in_path = spec({"plain"});
  in_path.env["PATH"] = dir + ":/usr/bin";
  EXPECT_EQ(sys(in_path), EACCES);
  EXPECT_EQ(sys(spec({"true", std::string(200'000, 'x')})), E2BIG);
  EXPECT_EQ(spawn(spec({"true", std::string("a\0b", 3)})).error().what, "nul byte found in provided data");
  SpawnSpec lost = spec({"true"});
  lost.cwd = dir + "/missing";
  auto r = spawn(lost);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, ENOENT);
  EXPECT_EQ(r.error().kind, Kind::not_found);
  EXPECT_NE(r.error().what.find(dir + "/missing"), std::string::npos);
  EXPECT_EQ(spawn(spec({})).error().kind, Kind::invalid);
}

TEST_F(ProcessTest, PathOfTheChildIsSearched) {
  ASSERT_TRUE(real_files().make_dirs(dir + "/bin"));
  ASSERT_TRUE(real_files().write(dir + "/bin/tool", "#!/bin/sh\necho tool \"$@\"\n", 0755));
  SpawnSpec s = spec({"tool", "a b"});
  s.env["PATH"] = "/nowhere:" + dir + "/bin";
  EXPECT_EQ(run(s)->out, "tool a b\n");
  SpawnSpec relative = spec({"bin/tool"});
  EXPECT_EQ(run(relative)->out, "tool\n");
  SpawnSpec unset = spec({"sh", "-c", "echo ok"});
  unset.env.clear();
  EXPECT_EQ(run(unset)->out, "ok\n");
}

TEST_F(ProcessTest, BigOutputArrivesInSmallPieces) {
  auto child = spawn(shell("head -c 10000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2"));
  ASSERT_TRUE(child);
  static auto drain = [](Child* c, Stream s, std::size_t* total, std::size_t* largest) -> Task<> {
    for (;;) {
      auto piece = co_await c->read(s);
      if (!piece || piece->empty()) co_return;
      *total += piece->size();
      *largest = std::max(*largest, piece->size());
    }
  };
  std::size_t out = 0, err = 0, largest = 0;
  static auto both = [](Child* c, std::size_t* o, std::size_t* e, std::size_t* l) -> Task<> {
    Scope scope(co_await Here{});
    scope.spawn(drain(c, Stream::out, o, l));
    scope.spawn(drain(c, Stream::err, e, l));
    co_await scope.join();
  };
  run_task(loop, both(child->get(), &out, &err, &largest));
  EXPECT_EQ(out, 10'000'000u);
  EXPECT_EQ(err, 3'000'000u);
  EXPECT_LE(largest, 8192u);
  EXPECT_EQ(run_task(loop, (*child)->wait())->code, 0);
}

TEST_F(ProcessTest, InputPipe) {
  SpawnSpec s = spec({"wc", "-c"});
  s.input = SpawnSpec::Input::pipe;
  auto child = spawn(std::move(s));
  ASSERT_TRUE(child);
  ASSERT_TRUE(run_task(loop, (*child)->write(std::string(1'000'000, 'x'))));
  (*child)->close_input();
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "1000000\n");
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "");
  EXPECT_EQ(run_task(loop, (*child)->wait())->code, 0);
  EXPECT_EQ(run_task(loop, (*child)->write("x")).error().sys, EPIPE);
}

TEST_F(ProcessTest, WritingToACommandThatDoesNotReadIsAnErrorNotASignal) {
  SpawnSpec s = spec({"true"});
  s.input = SpawnSpec::Input::pipe;
  auto child = spawn(std::move(s));
  ASSERT_TRUE(child);
  run_task(loop, (*child)->wait());
  auto r = run_task(loop, (*child)->write(std::string(1'000'000, 'x')));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, EPIPE);
}

TEST_F(ProcessTest, NullInputIsEmptyAndNullOutputIsDropped) {
  EXPECT_EQ(run(shell("cat; echo end"))->out, "end\n");
  SpawnSpec s = shell("echo out; echo err >&2; exit 3");
  s.output = SpawnSpec::Output::null;
  auto r = run(std::move(s));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->out + r->err, "");
  EXPECT_EQ(r->status.code, 3);
}

// sandbox.md INV-10
TEST_F(ProcessTest, NoDescriptorButTheStandardOnesReachesTheCommand) {
  int open_on_purpose = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(open_on_purpose, 3);
  for (auto input : {SpawnSpec::Input::null, SpawnSpec::Input::pipe}) {
    SpawnSpec s = shell("ls /proc/$$/fd");
    s.input = input;
    EXPECT_EQ(run(std::move(s))->out, "0\n1\n2\n");
  }
  ::close(open_on_purpose);
}

TEST_F(ProcessTest, SignalsStartFresh) {
  auto r = run(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(ProcessTest, CommandLeadsItsOwnSession) {
  auto child = spawn(shell("cut -d' ' -f5,6,7 /proc/$$/stat; sleep 20"));
  ASSERT_TRUE(child);
  std::string pid = std::to_string((*child)->pid());
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), pid + " " + pid + " 0\n");
  EXPECT_NE(::getsid(0), (*child)->pid());
}

TEST_F(ProcessTest, TerminalEchoSizeAndEnd) {
  SpawnSpec s = shell("stty size; tty; read line; echo got $line; exit 4");
  s.tty = SpawnSpec::Tty{.rows = 33, .cols = 101};
  auto child = spawn(std::move(s));
  ASSERT_TRUE(child) << child.error().text();
  static auto talk = [](Child* c) -> Task<std::string> {
    std::string all;
    bool answered = false;
    for (;;) {
      auto piece = co_await c->read(Stream::out);
      if (!piece || piece->empty()) break;
      all += *piece;
      if (!answered && all.find("/dev/pts/") != std::string::npos && all.ends_with('\n')) {
        answered = true;
        (void)co_await c->write("hello\n");
      }
    }
    co_return all;
  };
  std::string all = run_task(loop, talk(child->get()));
  EXPECT_TRUE(all.starts_with("33 101\r\n/dev/pts/")) << all;
  EXPECT_TRUE(all.ends_with("hello\r\ngot hello\r\n")) << all;
  EXPECT_EQ(run_task(loop, (*child)->wait())->code, 4);
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::err)), "");
}

TEST_F(ProcessTest, InterruptThroughTheTerminal) {
  SpawnSpec s = shell("echo ready; sleep 30");
  s.tty = SpawnSpec::Tty{};
  auto child = spawn(std::move(s));
  ASSERT_TRUE(child);
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "ready\r\n");
  // A shell that is just about to start its command puts the first one off.
  Result<ExitStatus> status = fail(Kind::timeout, "not asked");
  for (int i = 0; i < 20 && !status; ++i) {
    ASSERT_TRUE(run_task(loop, (*child)->write("\x03")));
    status = run_task(loop, with_deadline(milliseconds(500), "interrupt", (*child)->wait()));
  }
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal, SIGINT);
}

TEST_F(ProcessTest, SignalReachesTheGroup) {
  auto child = spawn(shell("trap 'echo caught; exit 9' USR1; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(child);
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "ready\n");
  (*child)->signal(SIGUSR1);
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "caught\n");
  EXPECT_EQ(run_task(loop, (*child)->wait())->code, 9);
}

TEST_F(ProcessTest, SignalReachesWhatIsLeftOfTheGroup) {
  auto child = spawn(shell("sleep 30 & echo $! >left; exit 0"));
  ASSERT_TRUE(child);
  EXPECT_EQ(run_task(loop, (*child)->wait())->code, 0);
  auto left = pids("left", 1);
  EXPECT_TRUE(alive(left[0]));
  (*child)->signal(SIGTERM);
  EXPECT_TRUE(gone(left));
}

/// A shell script that leaves, besides the shell, a background job, a process in a session of its own and a
/// double-forked daemon that ignores every polite signal; their numbers go to `everyone`.
constexpr const char* family =
    "trap '' TERM HUP INT\n"
    "sleep 60 & echo $! >>everyone\n"
    "setsid sh -c 'trap \"\" TERM HUP INT; echo $$ >>everyone; sleep 60; sleep 60' &\n"
    "(setsid sh -c '(trap \"\" TERM HUP INT; sh -c \"echo \\$PPID\" >>everyone; sleep 60; sleep 60) &' &)\n"
    "echo $$ >>everyone\n";

TEST_F(ProcessTest, KillLeavesNoDescendant) {
  auto child = spawn(shell(std::string(family) + "wait; sleep 60"));
  ASSERT_TRUE(child);
  auto everyone = pids("everyone", 4);
  for (pid_t p : everyone) EXPECT_TRUE(alive(p));
  (*child)->kill();
  auto status = run_task(loop, (*child)->wait());
  EXPECT_EQ(status->signal, SIGKILL);
  EXPECT_TRUE(gone(everyone));
}

/// Not a test: a program whose second thread starts a daemon.
TEST(ThreadedProgram, DISABLED_Run) {
  std::thread([] {
    if (::fork() == 0) {
      ::setsid();
      ::dprintf(1, "%d\n", ::getpid());
      ::close(1);
      ::pause();
    }
    ::pause();
  }).detach();
  ::pause();
}

TEST_F(ProcessTest, KillFindsChildrenOfEveryThread) {
  auto child = spawn(spec({*real_files().canonical("/proc/self/exe"), "--gtest_also_run_disabled_tests",
                           "--gtest_filter=ThreadedProgram.*", "--gtest_brief=1"}));
  ASSERT_TRUE(child);
  std::string out;
  std::optional<std::int64_t> daemon;
  while (!daemon) {
    auto piece = run_task(loop, with_deadline(seconds(20), "output", (*child)->read(Stream::out)));
    ASSERT_TRUE(piece && !piece->empty()) << out;
    out += *piece;
    for (std::string_view line : lines(out)) {
      if (auto n = parse_int(line); n && out.ends_with('\n')) daemon = n;
    }
  }
  std::vector<pid_t> list{static_cast<pid_t>(*daemon)};
  EXPECT_TRUE(alive(list[0]));
  (*child)->kill();
  EXPECT_TRUE(gone(list));
}

TEST_F(ProcessTest, DaemonLeftByACommandDiesWithTheChildObject) {
  auto child = spawn(shell(std::string(family) + "exit 5"));
  ASSERT_TRUE(child);
  auto everyone = pids("everyone", 4);
  EXPECT_EQ(run_task(loop, (*child)->wait())->code, 5);
  std::erase(everyone, (*child)->pid());
  for (pid_t p : everyone) EXPECT_TRUE(alive(p));
  child->reset();
  EXPECT_TRUE(gone(everyone));
  settle();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a launcher was not reaped";
}

TEST_F(ProcessTest, ALeftDaemonLivesAsLongAsTheProcesses) {
  auto child = spawn(shell(std::string(family) + "exit 5"));
  ASSERT_TRUE(child);
  auto everyone = pids("everyone", 4);
  run_task(loop, (*child)->wait());
  std::erase(everyone, (*child)->pid());
  (*child)->leave();
  child->reset();
  settle();
  for (pid_t p : everyone) EXPECT_TRUE(alive(p));
  processes.reset();
  for (pid_t p : everyone) EXPECT_FALSE(alive(p));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessTest, DestroyingProcessesEndsEverything) {
  auto child = spawn(shell(std::string(family) + "exit 5"));
  ASSERT_TRUE(child);
  auto everyone = pids("everyone", 4);
  run_task(loop, (*child)->wait());
  child->reset();
  processes.reset();
  for (pid_t p : everyone) EXPECT_FALSE(alive(p));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessTest, NothingSurvivesTheSuddenDeathOfTheProgram) {
  pid_t program = ::fork();
  ASSERT_GE(program, 0);
  if (program == 0) {
    Loop own_loop;
    auto own = make_real_processes(own_loop);
    auto running = run_task(own_loop, own->spawn(shell(std::string(family) + "wait; sleep 60")));
    auto ended = run_task(own_loop, own->spawn(shell("setsid sleep 60 & echo $! >>second; exit 0")));
    if (!running || !ended) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  auto everyone = pids("everyone", 4);
  auto second = pids("second", 1);
  everyone.insert(everyone.end(), second.begin(), second.end());
  for (pid_t p : everyone) EXPECT_TRUE(alive(p));
  ::kill(program, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(program, &status, 0), program);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(gone(everyone));
}

TEST_F(ProcessTest, OutputEndsWithItsLastHolder) {
  auto child = spawn(shell("(sleep 0.2; echo late) & echo early"));
  ASSERT_TRUE(child);
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "early\n");
  EXPECT_EQ(run_task(loop, (*child)->wait())->code, 0);
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "late\n");
  EXPECT_EQ(*run_task(loop, (*child)->read(Stream::out)), "");
}

TEST_F(ProcessTest, RunCommandStopsAtTheDeadline) {
  auto r = run(shell("echo $$ >me; sleep 60"), milliseconds(300));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().kind, Kind::timeout);
  EXPECT_TRUE(gone(pids("me", 1)));
}

TEST_F(ProcessTest, RunCommandDoesNotWaitForAHeldPipe) {
  auto before = loop.now();
  auto r = run(shell("sleep 30 & echo $! >held; echo x"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->out, "x\n");
  EXPECT_LT(loop.now() - before, seconds(10));
  EXPECT_TRUE(gone(pids("held", 1)));
}

TEST_F(ProcessTest, RunCommandKeepsTheFirstBytes) {
  auto r = run_task(loop, run_command(*processes, shell("head -c 500000 /dev/zero | tr '\\0' x"), seconds(20), 1000));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->out, std::string(1000, 'x'));
}

TEST_F(ProcessTest, CancelledRunCommandKills) {
  static auto cancelled = [](ProcessTest* t) -> Task<> {
    Scope scope(co_await Here{});
    static auto job = [](ProcessTest* test) -> Task<> {
      (void)co_await run_command(*test->processes, test->shell("echo $$ >me; sleep 60"), seconds(60));
    };
    scope.spawn(job(t));
    co_await sleep(milliseconds(200));
    scope.cancel(Why::interrupted);
    co_await scope.join();
  };
  run_task(loop, cancelled(this));
  EXPECT_TRUE(gone(pids("me", 1)));
}

TEST_F(ProcessTest, ManyAtOnceLeakNoDescriptor) {
  static auto many = [](ProcessTest* t, int* good) -> Task<> {
    Scope scope(co_await Here{});
    static auto one = [](ProcessTest* test, int n, int* ok) -> Task<> {
      auto r = co_await run_command(*test->processes, test->shell("exit " + std::to_string(n)), seconds(30));
      if (r && r->status.code == n) ++*ok;
    };
    for (int i = 0; i < 50; ++i) scope.spawn(one(t, i, good));
    co_await scope.join();
  };
  std::size_t before = real_files().list("/proc/self/fd")->size();
  int good = 0;
  run_task(loop, many(this, &good));
  EXPECT_EQ(good, 50);
  settle();
  EXPECT_EQ(real_files().list("/proc/self/fd")->size(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

/// Refuses everything except what it is told to allow.
std::string test_hook(std::span<const std::string> args) {
  std::string all;
  for (const std::string& a : args) all += "[" + a + "]";
  if (all == "[allow]") return {};
  return "policy says no: " + all;
}

/// Not a test: what the script of the next one runs, in a process of its own, as main would.
TEST(LauncherWithHook, DISABLED_Run) {
  std::string verb = "__launch", name = "x";
  char* argv[] = {name.data(), verb.data(), nullptr};
  ::_exit(launch_main(2, argv, test_hook).value_or(99));
}

TEST_F(ProcessTest, HookIsAskedBeforeTheCommandRuns) {
  std::string self = dir + "/self";
  ASSERT_TRUE(real_files().write(self,
                                 "#!/bin/sh\nexec " + *real_files().canonical("/proc/self/exe") +
                                     " --gtest_also_run_disabled_tests --gtest_filter=LauncherWithHook.* >/dev/null\n",
                                 0755));
  auto own = make_real_processes(loop, self);
  SpawnSpec s = shell("echo ran >>ran");
  s.launcher_args = {"--policy", "{\"a\": 1}"};
  auto r = run_task(loop, own->spawn(s));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().kind, Kind::denied);
  EXPECT_EQ(r.error().what, "policy says no: [--policy][{\"a\": 1}]");
  EXPECT_FALSE(real_files().exists(dir + "/ran"));
  s.launcher_args = {"allow"};
  r = run_task(loop, own->spawn(s));
  ASSERT_TRUE(r) << r.error().text();
  EXPECT_EQ(run_task(loop, (*r)->wait())->code, 0);
  EXPECT_TRUE(real_files().exists(dir + "/ran"));
}

TEST_F(ProcessTest, LauncherRefusesToRunByHand) {
  auto r = run(spec({*real_files().canonical("/proc/self/exe"), "__launch"}));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status.code, 2);
  EXPECT_NE(r->err.find("internal use"), std::string::npos);
}

}  // namespace burin::io

#include "sandbox/linux.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "io/loop.h"
#include "io/process.h"
#include "sandbox/policy.h"

namespace burin::sandbox {
namespace {

wire::WorkspaceWrite workspace() {
  wire::WorkspaceWrite policy;
  policy.exclude_slash_tmp = policy.exclude_tmpdir_env_var = true;  // the tests live there
  return policy;
}
const wire::SandboxPolicy read_only = wire::ReadOnly{};
const wire::SandboxPolicy full_access = wire::DangerFullAccess{};

const Mechanisms& here() {
  static const Mechanisms mechanisms = probe_mechanisms();
  return mechanisms;
}

/// base/proj is the workspace, base/other lies outside.
struct LinuxSandbox : ::testing::Test {
  void SetUp() override {
    if (here().landlock_abi == 0 || !here().seccomp) GTEST_SKIP() << here().describe();
    base = *files.canonical(*files.make_temp_dir(::testing::TempDir() + "linux-sandbox-"));
    proj = base + "/proj";
    for (const char* dir : {"/proj/sub", "/other"}) ASSERT_TRUE(files.make_dirs(base + dir));
    ASSERT_TRUE(files.write(base + "/other/file", "kept"));
  }
  void TearDown() override {
    if (!base.empty()) EXPECT_TRUE(files.remove_tree(base));
  }

  io::SpawnSpec spec(const wire::SandboxPolicy& policy, std::vector<std::string> argv) {
    auto args = launcher_args(policy, proj, files, env, here());
    EXPECT_TRUE(args) << args.error().text();
    io::SpawnSpec s;
    s.argv = std::move(argv);
    s.cwd = proj;
    s.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"BASE", base}};
    if (args) s.launcher_args = std::move(*args);
    return s;
  }
  Result<io::Collected> run(io::SpawnSpec s) {
    return io::run_task(loop, io::run_command(*processes, std::move(s), io::seconds(30)));
  }
  io::Collected sh(const wire::SandboxPolicy& policy, std::string script) {
    auto done = run(spec(policy, {"/bin/sh", "-c", std::move(script)}));
    EXPECT_TRUE(done) << done.error().text();
    return done ? std::move(*done) : io::Collected{};
  }
  bool works(const wire::SandboxPolicy& policy, std::string script) {
    return sh(policy, std::move(script)).status.code == 0;
  }
  std::string content(const std::string& file) { return files.read(base + file).value_or("<none>"); }

  io::Files& files = io::real_files();
  io::Environment env;
  io::Loop loop;
  std::unique_ptr<io::Processes> processes = io::make_real_processes(loop);
  std::string base, proj;
};

TEST_F(LinuxSandbox, WritesInsideTheRootsOnly) {
  wire::SandboxPolicy policy = workspace();
  EXPECT_TRUE(works(policy, "echo a > new && mkdir dir && mv new dir/moved && ln -s x link && rm link"));
  EXPECT_EQ(content("/proj/dir/moved"), "a\n");
  auto denied = sh(policy, "echo a > ../other/new");
  EXPECT_NE(denied.status.code, 0);
  EXPECT_TRUE(contains(denied.err, "Permission denied")) << denied.err;
  for (const char* script :
       {"echo a >> $BASE/other/file", ": > $BASE/other/file", "rm $BASE/other/file", "mkdir $BASE/other/d",
        "mv sub $BASE/other/", "ln $BASE/other/file stolen", "mv ../proj ../elsewhere", "truncate -s 0 ../other/file",
        "ln -s $BASE/other out && echo a > out/new"}) {
    EXPECT_FALSE(works(policy, script)) << script;
  }
  EXPECT_EQ(content("/other/file"), "kept");
  EXPECT_FALSE(files.exists(base + "/other/new"));
}

TEST_F(LinuxSandbox, ConfiguredRootsAreWritableAndMissingOnesGrantNothing) {
  auto policy = workspace();
  policy.writable_roots = {base + "/other", base + "/absent"};
  EXPECT_TRUE(works(policy, "echo a > ../other/new && echo b > here"));
  EXPECT_FALSE(works(policy, "mkdir ../absent"));
}

TEST_F(LinuxSandbox, RelativePathsFollowTheWorkingDirectory) {
  auto s = spec(workspace(), {"/bin/sh", "-c", "echo a > rel; echo b > ../up; cat ../../other/file"});
  s.cwd = proj + "/sub";
  auto done = run(std::move(s));
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(content("/proj/sub/rel"), "a\n");
  EXPECT_EQ(content("/proj/up"), "b\n");
  EXPECT_EQ(done->out, "kept");
}

TEST_F(LinuxSandbox, ReadOnlyWritesNothingButDevNull) {
  EXPECT_TRUE(works(read_only, "echo a > /dev/null && cat ../other/file /etc/passwd > /dev/null && ls / > /dev/null"));
  for (const char* script : {"echo a > new", "mkdir d", "echo a > /tmp/burin-sandbox-test", "rmdir sub",
                             "echo a >> ../other/file", "echo a > /dev/shm/burin-sandbox-test"}) {
    EXPECT_FALSE(works(read_only, script)) << script;
  }
  EXPECT_FALSE(files.exists(proj + "/new"));
}

TEST_F(LinuxSandbox, FullAccessNeedsNoSandbox) {
  auto args = launcher_args(full_access, proj, files, env, here());
  ASSERT_TRUE(args);
  EXPECT_TRUE(args->empty());
  EXPECT_TRUE(works(full_access, "echo a > ../other/new"));
}

TEST_F(LinuxSandbox, ExitCodesAndSignalsPassThrough) {
  EXPECT_EQ(sh(read_only, "exit 42").status.code, 42);
  EXPECT_EQ(sh(read_only, "kill -9 $$").status.signal, 9);
  auto missing = run(spec(read_only, {"/no/such/program"}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().sys, ENOENT);
}

TEST_F(LinuxSandbox, SetuidProgramsGainNothing) {
  EXPECT_EQ(sh(read_only, "grep NoNewPrivs /proc/self/status").out, "NoNewPrivs:\t1\n");
  EXPECT_EQ(sh(full_access, "grep NoNewPrivs /proc/self/status").out, "NoNewPrivs:\t0\n");
}

TEST_F(LinuxSandbox, DeviceFilesCannotBeMade) {
  EXPECT_FALSE(works(workspace(), "mknod disk b 254 0 || mknod c c 1 1"));
}

// The protected parts of writable roots.

struct ProtectedParts : LinuxSandbox {
  void SetUp() override {
    LinuxSandbox::SetUp();
    if (IsSkipped()) return;
    if (!here().mounts) GTEST_SKIP() << here().describe();
    for (const char* dir : {"/proj/.git/hooks", "/proj/.codex", "/proj/.agents"})
      ASSERT_TRUE(files.make_dirs(base + dir));
    for (const char* file : {"/proj/.git/config", "/proj/.codex/config.toml", "/proj/.agents/a"}) {
      ASSERT_TRUE(files.write(base + file, "kept"));
    }
  }
  void expect_kept() {
    for (const char* file : {"/proj/.git/config", "/proj/.codex/config.toml", "/proj/.agents/a"}) {
      EXPECT_EQ(content(file), "kept") << file;
    }
    EXPECT_EQ(files.list(proj + "/.git").value_or(std::vector<std::string>()),
              (std::vector<std::string>{"config", "hooks"}));
    EXPECT_EQ(files.list(proj + "/.git/hooks").value_or(std::vector<std::string>{"?"}), std::vector<std::string>());
  }
};

TEST_F(ProtectedParts, ResistEveryWayOfWriting) {
  auto policy = workspace();
  for (const char* script : {"echo evil > .git/config",
                             "echo evil >> .git/config",
                             "touch .git/hooks/post-commit",
                             "rm -rf .git",
                             "mv .git gone",
                             "cp /etc/passwd .git/hooks/",
                             "ln .git/config alias",
                             "mv .git/config .",
                             "mkdir .git/new",
                             "echo evil > evil; mv evil .git/config",
                             "echo evil > e2; ln e2 .git/hooks/e2",
                             "cp -a .git copy; mv -T copy .git",
                             "mkdir fresh; mv -T fresh .git",
                             "echo evil > sub/../.git/config",
                             "echo evil > $BASE/proj/.git/config",
                             "cd .git && echo evil > config",
                             "ln -s .git way; echo evil > way/config",
                             "chmod 777 .git/config",
                             "truncate -s 0 .git/config",
                             "echo evil > .codex/config.toml",
                             "rm -rf .codex",
                             "mv .codex x",
                             "touch .agents/b",
                             "echo evil > /proc/self/cwd/.git/config",
                             "echo evil > /proc/self/root$BASE/proj/.git/config",
                             "umount .git",
                             "mount -o remount,rw .git",
                             "unshare -rm sh -c 'umount .git || mount -o remount,bind,rw .git'"}) {
    EXPECT_FALSE(works(policy, script)) << script;
    expect_kept();
  }
  EXPECT_TRUE(works(
      policy, "cat .git/config .codex/config.toml && echo a > ordinary && mkdir -p src/.git && touch src/.git/x"));
  EXPECT_TRUE(contains(sh(policy, "touch .git/x").err, "Read-only file system"));
}

TEST_F(ProtectedParts, StayInPlaceWhenTheRootLiesInAnotherRoot) {
  auto policy = workspace();
  policy.writable_roots = {base};
  // Moving the folder away and putting another in its place would be as good as writing into it.
  EXPECT_FALSE(works(policy, "cd / && mv $BASE/proj $BASE/elsewhere"));
  EXPECT_FALSE(works(policy, "echo evil > .git/config"));
  EXPECT_TRUE(works(policy, "mv sub renamed && mv $BASE/other/file $BASE/proj/brought && echo a > $BASE/new"));
  expect_kept();
  // From a deeper working directory too, whose view of the tree is older than the mounts.
  auto s = spec(policy, {"/bin/sh", "-c", "echo evil > ../.git/config; echo evil > config"});
  s.cwd = proj + "/.git";
  ASSERT_TRUE(run(std::move(s)));
  expect_kept();
}

TEST_F(ProtectedParts, GitFileAndItsTarget) {
  ASSERT_TRUE(files.remove_tree(proj + "/.git"));
  ASSERT_TRUE(files.make_dirs(proj + "/real.git"));
  ASSERT_TRUE(files.write(proj + "/.git", "gitdir: real.git\n"));
  auto policy = workspace();
  for (const char* script : {"echo x > .git", "rm .git", "mv sub .git", "touch real.git/x", "mv real.git other.git"}) {
    EXPECT_FALSE(works(policy, script)) << script;
  }
  EXPECT_EQ(content("/proj/.git"), "gitdir: real.git\n");
}

TEST_F(ProtectedParts, SymlinkedGitProtectsItsTarget) {
  ASSERT_TRUE(files.rename(proj + "/.git", proj + "/store"));
  ASSERT_TRUE(files.symlink("store", proj + "/.git"));
  EXPECT_FALSE(works(workspace(), "echo evil > .git/config"));
  EXPECT_FALSE(works(workspace(), "echo evil > store/config"));
  EXPECT_EQ(content("/proj/store/config"), "kept");
}

TEST_F(ProtectedParts, OnlyTopLevelOfTheRootAndOnlyWhatExists) {
  ASSERT_TRUE(files.remove_tree(proj + "/.codex"));
  EXPECT_TRUE(works(workspace(), "mkdir .codex && touch .codex/x && mkdir sub/.git && touch sub/.git/x"));
}

TEST_F(ProtectedParts, TheCommandIsStillTheSameUser) {
  EXPECT_EQ(sh(workspace(), "id -u; id -g").out, fmt::format("{}\n{}\n", ::geteuid(), ::getegid()));
}

TEST_F(ProtectedParts, NothingIsMountedForOthers) {
  ASSERT_TRUE(works(workspace(), "true"));
  EXPECT_FALSE(contains(files.read("/proc/self/mounts").value_or(""), proj));
  EXPECT_TRUE(files.write(proj + "/.git/later", "x"));
}

// Seccomp. The probe is a disabled test of this program, so that no interpreter is needed.

void report(const char* what, bool ok) { std::printf("\n=%s %d\n", what, ok ? 0 : errno); }

sockaddr_un unix_address(const std::string& file) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  file.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

bool round_trip(int from, int to) {
  char c = 'x';
  iovec part{&c, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return ::sendmsg(from, &message, 0) == 1 && ::recvmsg(to, &message, 0) == 1;
}

TEST(SandboxProbe, DISABLED_Calls) {
  if (std::getenv("UNIX_SOCKET") == nullptr) GTEST_SKIP() << "started by other tests only";
  for (auto [name, domain, type] :
       {std::tuple("tcp", AF_INET, SOCK_STREAM), std::tuple("udp", AF_INET, SOCK_DGRAM),
        std::tuple("tcp6", AF_INET6, SOCK_STREAM), std::tuple("netlink", AF_NETLINK, SOCK_RAW),
        std::tuple("unix", AF_UNIX, SOCK_STREAM)}) {
    report(name, ::socket(domain, type, 0) >= 0);
  }
  int pair[2];
  report("pair", ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && round_trip(pair[0], pair[1]));
  report("sendto", ::sendto(pair[0], "x", 1, 0, nullptr, 0) == 1);
  report("shutdown", ::shutdown(pair[0], SHUT_RDWR) == 0);
  auto listening = unix_address(std::getenv("UNIX_SOCKET"));
  report("unix-connect",
         ::connect(::socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&listening), sizeof listening) == 0);
  auto own = unix_address(std::string(std::getenv("UNIX_SOCKET")) + ".own");
  report("unix-bind", ::bind(::socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&own), sizeof own) == 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(std::getenv("TCP_PORT"))));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  report("tcp-connect",
         ::connect(::socket(AF_INET, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&server), sizeof server) == 0);
  report("ptrace", ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0);
  // With bad arguments: what matters is whether the call is refused before it looks at them.
  report("uring-setup", ::syscall(SYS_io_uring_setup, 0u, nullptr) >= 0);
  report("uring-enter", ::syscall(SYS_io_uring_enter, -1, 0u, 0u, 0u, nullptr, 0u) >= 0);
  report("uring-register", ::syscall(SYS_io_uring_register, -1, 0u, nullptr, 0u) >= 0);
}

struct SandboxedCalls : LinuxSandbox {
  void SetUp() override {
    LinuxSandbox::SetUp();
    if (IsSkipped()) return;
    unix_socket = base + "/s";
    auto address = unix_address(unix_socket);
    unix_listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(unix_listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(unix_listener, 8), 0);
    sockaddr_in tcp{};
    tcp.sin_family = AF_INET;
    tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof tcp;
    tcp_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(tcp_listener, reinterpret_cast<sockaddr*>(&tcp), size), 0);
    ASSERT_EQ(::listen(tcp_listener, 8), 0);
    ASSERT_EQ(::getsockname(tcp_listener, reinterpret_cast<sockaddr*>(&tcp), &size), 0);
    port = ntohs(tcp.sin_port);
  }
  void TearDown() override {
    ::close(unix_listener);
    ::close(tcp_listener);
    LinuxSandbox::TearDown();
  }

  /// errno of each call, 0 for success.
  std::map<std::string, int> calls(const wire::SandboxPolicy& policy) {
    auto s = spec(policy,
                  {"/proc/self/exe", "--gtest_also_run_disabled_tests", "--gtest_filter=SandboxProbe.DISABLED_Calls"});
    s.env["UNIX_SOCKET"] = unix_socket;
    s.env["TCP_PORT"] = std::to_string(port);
    auto done = run(std::move(s));
    EXPECT_TRUE(done) << done.error().text();
    std::map<std::string, int> out;
    const std::string text = done ? done->out : "";
    for (auto line : lines(text)) {
      auto space = line.find(' ');
      if (line.starts_with('=') && space != std::string_view::npos) {
        out[std::string(line.substr(1, space - 1))] = static_cast<int>(parse_int(line.substr(space + 1)).value_or(-1));
      }
    }
    return out;
  }

  std::string unix_socket;
  int unix_listener = -1, tcp_listener = -1, port = 0;
};

TEST_F(SandboxedCalls, RestrictedNetworkLeavesSocketPairsOnly) {
  for (const wire::SandboxPolicy& policy : {read_only, wire::SandboxPolicy(workspace())}) {
    auto got = calls(policy);
    for (const char* refused : {"tcp", "udp", "tcp6", "netlink", "sendto", "shutdown", "unix-connect", "unix-bind",
                                "tcp-connect", "ptrace", "uring-setup", "uring-enter", "uring-register"}) {
      EXPECT_EQ(got[refused], EPERM) << refused;
    }
    EXPECT_EQ(got["unix"], 0);
    EXPECT_EQ(got["pair"], 0);
  }
}

TEST_F(SandboxedCalls, FullNetworkAllowsEverything) {
  auto with_network = workspace();
  with_network.network_access = true;
  with_network.writable_roots = {base};
  wire::ReadOnly reading;
  reading.network_access = true;
  for (const wire::SandboxPolicy& policy : {wire::SandboxPolicy(with_network), full_access}) {
    auto got = calls(policy);
    for (const char* allowed : {"tcp", "udp", "netlink", "sendto", "shutdown", "unix-connect", "unix-bind",
                                "tcp-connect", "ptrace", "unix", "pair"}) {
      EXPECT_EQ(got[allowed], 0) << allowed;
    }
    EXPECT_EQ(got["uring-enter"], EBADF);
    ::unlink((unix_socket + ".own").c_str());
  }
  EXPECT_EQ(calls(reading)["tcp-connect"], 0);
}

TEST_F(SandboxedCalls, ExternalSandboxRestrictsCallsButNotFiles) {
  wire::SandboxPolicy policy = wire::ExternalSandbox{};
  EXPECT_TRUE(works(policy, "echo a > ../other/new"));
  EXPECT_EQ(calls(policy)["tcp"], EPERM);
  EXPECT_EQ(calls(wire::ExternalSandbox{wire::NetworkAccess::enabled})["tcp"], 0);
}

// The helper program, `codex-linux-sandbox` (sandbox.md 7.1).

TEST(SandboxProbe, DISABLED_Helper) {
  if (std::getenv("HELPER_ARGS") == nullptr) GTEST_SKIP() << "started by other tests only";
  std::vector<std::string> words{"codex-linux-sandbox"};
  for (auto word : split(std::getenv("HELPER_ARGS"), '|')) words.emplace_back(word);
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::_exit(linux_sandbox_main(static_cast<int>(words.size()), argv.data()));
}

struct SandboxHelper : LinuxSandbox {
  io::Collected helper(std::vector<std::string> args) {
    auto s = spec(full_access,
                  {"/proc/self/exe", "--gtest_also_run_disabled_tests", "--gtest_filter=SandboxProbe.DISABLED_Helper"});
    s.env["HELPER_ARGS"] = join(args, "|");
    auto done = run(std::move(s));
    EXPECT_TRUE(done) << done.error().text();
    return done ? std::move(*done) : io::Collected{};
  }
  io::Collected under(const char* policy, std::string script) {
    return helper({"--sandbox-policy-cwd", proj, "--sandbox-policy", policy, "--", "sh", "-c", std::move(script)});
  }
};

TEST_F(SandboxHelper, ConfinesAndBecomesTheCommand) {
  constexpr const char* write =
      R"({"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":true,"exclude_slash_tmp":true})";
  EXPECT_EQ(under(write, "echo a > inside; exit 5").status.code, 5);
  EXPECT_EQ(content("/proj/inside"), "a\n");
  EXPECT_NE(under(write, "echo a > ../other/file").status.code, 0);
  EXPECT_NE(under(R"({"type":"read-only"})", "echo a > inside2").status.code, 0);
  EXPECT_EQ(under(R"({"type":"danger-full-access"})", "echo a > ../other/new").status.code, 0);
  EXPECT_EQ(content("/other/file"), "kept");
}

TEST_F(SandboxHelper, MistakesAreTold) {
  struct Case {
    std::vector<std::string> args;
    const char* text;
  };
  const Case cases[] = {
      {{"--sandbox-policy-cwd", proj, "--", "true"}, "--sandbox-policy are required"},
      {{"--sandbox-policy-cwd", proj, "--sandbox-policy", "{}", "--", "true"}, "invalid value for '--sandbox-policy'"},
      {{"--sandbox-policy-cwd", proj, "--sandbox-policy", "not json", "--", "true"}, "invalid value"},
      {{"--sandbox-policy-cwd", proj, "--sandbox-policy", R"({"type":"read-only"})"}, "No command specified"},
      {{"--sandbox-policy-cwd"}, "a value is required for '--sandbox-policy-cwd'"},
      {{"--frobnicate", "--", "true"}, "unexpected argument '--frobnicate' found"},
      {{"--sandbox-policy-cwd", proj, "--sandbox-policy", R"({"type":"read-only"})", "--", "no-such-program"},
       "Failed to execvp no-such-program: No such file"},
      {{"--sandbox-policy-cwd", proj, "--sandbox-policy", R"({"type":"read-only","access":{"type":"restricted"}})",
        "--", "true"},
       "restricted read access cannot be enforced"},
  };
  for (const auto& [args, text] : cases) {
    auto done = helper(args);
    EXPECT_EQ(done.status.code, 2) << text;
    EXPECT_TRUE(contains(done.err, text)) << done.err;
  }
}

// What cannot be enforced is refused.

TEST(LinuxMechanisms, UnsupportedOnesRefuse) {
  auto& files = io::real_files();
  io::Environment env;
  auto kind = [&](const wire::SandboxPolicy& policy, Mechanisms mechanisms) {
    auto args = launcher_args(policy, "/", files, env, mechanisms);
    if (args) return std::string("runs");
    EXPECT_EQ(args.error().kind, Kind::unsupported);
    EXPECT_FALSE(args.error().fix.empty());
    return std::string("refused");
  };
  auto with_network = workspace();
  with_network.network_access = true;
  Mechanisms none, landlock{.landlock_abi = 5}, seccomp{.seccomp = true}, both{.landlock_abi = 1, .seccomp = true};
  EXPECT_EQ(kind(read_only, none), "refused");
  EXPECT_EQ(kind(read_only, landlock), "refused");
  EXPECT_EQ(kind(read_only, seccomp), "refused");
  EXPECT_EQ(kind(read_only, both), "runs");
  EXPECT_EQ(kind(with_network, landlock), "runs");
  EXPECT_EQ(kind(with_network, seccomp), "refused");
  EXPECT_EQ(kind(full_access, none), "runs");
  EXPECT_EQ(kind(wire::ExternalSandbox{}, none), "refused");
  EXPECT_EQ(kind(wire::ExternalSandbox{}, seccomp), "runs");
  EXPECT_EQ(kind(wire::ReadOnly{.access = wire::RestrictedReadAccess{}}, both), "refused");
  auto restricted = workspace();
  restricted.read_only_access = wire::RestrictedReadAccess{};
  EXPECT_EQ(kind(restricted, both), "refused");
}

TEST(LinuxMechanisms, DescriptionNamesWhatIsMissing) {
  EXPECT_TRUE(contains(Mechanisms{}.describe(), "no Landlock"));
  EXPECT_TRUE(contains((Mechanisms{.landlock_abi = 3}).describe(), "seccomp filters are refused"));
  EXPECT_TRUE(contains((Mechanisms{.landlock_abi = 3, .seccomp = true}).describe(), "not protected"));
  EXPECT_FALSE(contains((Mechanisms{.landlock_abi = 3, .seccomp = true, .mounts = true}).describe(), "not protected"));
}

TEST_F(LinuxSandbox, HookRefusesWhatItCannotApply) {
  auto s = spec(workspace(), {"/bin/true"});
  s.launcher_args.push_back("r" + base + "/vanished");
  if (!here().mounts) GTEST_SKIP() << here().describe();
  auto done = run(std::move(s));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::denied);
  EXPECT_TRUE(contains(done.error().text(), base + "/vanished could not be made read-only")) << done.error().text();
}

}  // namespace
}  // namespace burin::sandbox

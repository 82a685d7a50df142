// Starting commands through the launcher, and talking to both.
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "io/fd.h"
#include "io/launch_spec.h"
#include "io/loop.h"
#include "io/process.h"

extern char** environ;

namespace burin::io {

namespace real_process_detail {

using launch::Order;
using launch::Report;
using launch::Stage;

/// Takes a new descriptor. Numbers below 10 are moved up, because those are where the launcher wants to find its own:
/// passing a descriptor to it must never overwrite another one.
Fd keep(int fd) {
  if (fd < 0 || fd >= 10) return Fd(fd);
  Fd low(fd);
  return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 10));
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// The command's descriptors 0, 1, 2 and our ends of them.
struct Streams {
  Fd child[3];
  Fd input, output, errors;
};

Result<Fd> open_null() {
  Fd fd = keep(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot open /dev/null");
  return fd;
}

/// A copy of one of our own standard descriptors; /dev/null when we have none.
Result<Fd> inherit(int number) {
  Fd fd(::fcntl(number, F_DUPFD_CLOEXEC, 10));
  if (!fd) return open_null();
  return fd;
}

Result<> open_pipe(Fd& read_end, Fd& write_end, Fd* ours) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "cannot open a pipe");
  read_end = keep(ends[0]);
  write_end = keep(ends[1]);
  set_nonblocking(ours->get());
  return {};
}

Result<> open_tty(const SpawnSpec::Tty& size, Streams& s) {
  Fd master = keep(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  char name[128];
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0 ||
      ::ptsname_r(master.get(), name, sizeof name) != 0) {
    return fail_errno(errno, "cannot open a pseudo terminal");
  }
  winsize w{.ws_row = size.rows, .ws_col = size.cols, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(master.get(), TIOCSWINSZ, &w);
  for (Fd& fd : s.child) {
    fd = keep(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!fd) return fail_errno(errno, fmt::format("cannot open {}", name));
  }
  set_nonblocking(master.get());
  // Two numbers for one terminal, because the loop watches each descriptor for one purpose at a time.
  s.input = Fd(::fcntl(master.get(), F_DUPFD_CLOEXEC, 10));
  s.output = std::move(master);
  return {};
}

Result<Streams> open_streams(const SpawnSpec& spec) {
  Streams s;
  if (spec.tty) {
    CHECK(open_tty(*spec.tty, s));
    return s;
  }
  switch (spec.input) {
    case SpawnSpec::Input::null: {
      TRY(s.child[0], open_null());
      break;
    }
    case SpawnSpec::Input::inherit: {
      TRY(s.child[0], inherit(0));
      break;
    }
    case SpawnSpec::Input::pipe:
      CHECK(open_pipe(s.child[0], s.input, &s.input));
      break;
  }
  Fd* ours[] = {nullptr, &s.output, &s.errors};
  for (int i = 1; i <= 2; ++i) {
    switch (spec.output) {
      case SpawnSpec::Output::null: {
        TRY(s.child[i], open_null());
        break;
      }
      case SpawnSpec::Output::inherit: {
        TRY(s.child[i], inherit(i));
        break;
      }
      case SpawnSpec::Output::pipes:
        CHECK(open_pipe(*ours[i], s.child[i], ours[i]));
        break;
    }
  }
  return s;
}

/// The memory file with the order (launch_spec.h).
Result<Fd> write_spec(const SpawnSpec& spec) {
  launch::Spec head;
  head.parent = ::getpid();
  head.tty = spec.tty ? 1 : 0;
  head.words = static_cast<std::uint32_t>(spec.argv.size());
  head.env = static_cast<std::uint32_t>(spec.env.size());
  head.hook_args = static_cast<std::uint32_t>(spec.launcher_args.size());
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  bool nul = false;
  auto add = [&](std::string_view text) {
    nul = nul || text.find('\0') != std::string_view::npos;
    bytes += text;
    bytes += '\0';
  };
  add(spec.cwd);
  add(spec.argv[0]);
  for (std::size_t i = 0; i < spec.argv.size(); ++i) add(i == 0 && spec.argv0 ? *spec.argv0 : spec.argv[i]);
  for (const auto& [name, value] : spec.env) {
    nul = nul || name.find('\0') != std::string::npos;
    bytes += name;
    bytes += '=';
    add(value);
  }
  for (const std::string& arg : spec.launcher_args) add(arg);
  if (nul) {
    return fail(Kind::invalid, "nul byte found in provided data");  // no system call has refused it
  }
  Fd fd = keep(::memfd_create("burin-launch", MFD_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot create a memory file");
  std::string_view rest = bytes;
  while (!rest.empty()) {
    ssize_t n = ::write(fd.get(), rest.data(), rest.size());
    if (n < 0 && errno != EINTR) return fail_errno(errno, "cannot write to a memory file");
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return fd;
}

Result<pid_t> start_launcher(const std::string& self, const Streams& streams, const Fd& socket, const Fd& spec) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) ::posix_spawn_file_actions_adddup2(&actions, streams.child[i].get(), i);
  ::posix_spawn_file_actions_adddup2(&actions, socket.get(), launch::socket_fd);
  ::posix_spawn_file_actions_adddup2(&actions, spec.get(), launch::spec_fd);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, launch::first_free_fd);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  ::sigfillset(&all);
  // Ignored signals would be inherited by the command.
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
  std::string name = "burin", verb = launch::verb;
  char* argv[] = {name.data(), verb.data(), nullptr};
  pid_t pid = -1;
  int sys = ::posix_spawn(&pid, self.c_str(), &actions, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (sys != 0) return fail_errno(sys, fmt::format("cannot start {} {}", self, launch::verb));
  return pid;
}

/// One launcher, from its start until it is reaped. It outlives its Child while it kills what is left below it.
class Launch {
 public:
  Launch(Loop& loop, Fd socket, pid_t launcher, std::string what, std::string cwd)
      : loop_(loop), socket_(std::move(socket)), launcher_(launcher), what_(std::move(what)), cwd_(std::move(cwd)) {
    loop_.watch(socket_.get(), Loop::in, [this](std::uint32_t) { read_reports(); });
  }
  ~Launch() {
    if (!socket_) return;
    loop_.unwatch(socket_.get());
    // Nobody waits any more; a launcher that still lives becomes an orphan and ends by itself.
    ::waitpid(launcher_, nullptr, WNOHANG);
  }
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  void order(Order::Verb verb, int number = 0) {
    if (!socket_) return;
    Order order{verb, number};
    ::send(socket_.get(), &order, sizeof order, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  /// The launcher sees this as our death.
  void hang_up() {
    if (socket_) ::shutdown(socket_.get(), SHUT_WR);
  }
  /// Waits for the launcher's end, at most until `end`.
  void wait_gone(Time end) {
    char buffer[sizeof(Report)];
    pollfd p{socket_.get(), POLLIN, 0};
    while (socket_) {
      auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now()).count();
      if (::poll(&p, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) return;
      if (::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT) == 0) close();
    }
  }

  bool gone() const { return !socket_; }
  Event started, ended;
  std::optional<Error> failure;
  std::optional<ExitStatus> status;
  int command = -1;
  std::function<void()> when_gone;

 private:
  void read_reports() {
    Report report;
    for (;;) {
      ssize_t n = ::recv(socket_.get(), &report, sizeof report, MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (n < static_cast<ssize_t>(Report::head)) break;
      take(report);
    }
    close();
    // A launcher that vanished without a word was killed.
    if (!started.is_set()) failure = Error{.kind = Kind::unavailable, .what = what_ + ": the launcher ended early"};
    if (!status) status = ExitStatus{-1, SIGKILL};
    started.set();
    ended.set();
    if (when_gone) std::exchange(when_gone, nullptr)();
  }

  void take(const Report& report) {
    switch (report.fact) {
      case Report::running:
        command = report.value;
        started.set();
        break;
      case Report::failed:
        failure = describe(report).value();
        started.set();
        break;
      case Report::ended:
        status = ExitStatus{report.value, report.signal};
        ended.set();
        break;
    }
  }

  Fail describe(const Report& report) const {
    switch (report.stage) {
      case Stage::hook:
        return fail(Kind::denied, std::string(report.text, report.size));
      case Stage::directory:
        return fail_errno(report.value, "cannot enter folder " + cwd_);
      case Stage::terminal:
        return fail_errno(report.value, "cannot set the controlling terminal of " + what_);
      case Stage::session:
      case Stage::execute:
        break;
    }
    return fail_errno(report.value, "cannot run " + what_);
  }

  void close() {
    loop_.unwatch(socket_.get());
    socket_.reset();
    // The launcher's end closes as it exits, so this wait is short.
    while (::waitpid(launcher_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  Loop& loop_;
  Fd socket_;
  pid_t launcher_;
  std::string what_, cwd_;
};

/// One read; an empty piece is the end of the stream. Returns errno. Not a coroutine, to keep the buffer off their
/// frames.
int read_some(int fd, std::string& piece) {
  char buffer[8192];
  ssize_t n;
  do {
    n = ::read(fd, buffer, sizeof buffer);
  } while (n < 0 && errno == EINTR);
  // A terminal whose other side is closed says EIO.
  if (n < 0 && errno != EIO) return errno;
  piece.assign(buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  return 0;
}

using Launches = std::map<Launch*, std::unique_ptr<Launch>>;

class RealChild : public Child {
 public:
  RealChild(Launches& launches, Launch* launch, Streams streams)
      : launches_(launches), launch_(launch), streams_(std::move(streams)) {}

  ~RealChild() override {
    if (launch_->gone()) {
      launches_.erase(launch_);
      return;
    }
    if (!left_) launch_->order(Order::kill);
    launch_->when_gone = [all = &launches_, it = launch_] { all->erase(it); };
  }

  Task<Result<std::string>> read(Stream stream) override {
    Fd& fd = stream == Stream::out ? streams_.output : streams_.errors;
    std::string piece;
    while (fd) {
      int sys = read_some(fd.get(), piece);
      if (sys == 0) {
        if (piece.empty()) fd.reset();
        co_return piece;
      }
      if (sys != EAGAIN) co_return fail_errno(sys, "cannot read the output of a command");
      co_await readable(fd.get());
    }
    co_return piece;
  }

  Task<Result<>> write(std::string bytes) override {
    std::string_view rest = bytes;
    while (!rest.empty()) {
      if (!streams_.input) co_return fail_errno(EPIPE, "the input of the command is closed");
      ssize_t n = ::write(streams_.input.get(), rest.data(), rest.size());
      if (n > 0) {
        rest.remove_prefix(static_cast<std::size_t>(n));
      } else if (n < 0 && errno == EAGAIN) {
        co_await writable(streams_.input.get());
      } else if (n < 0 && errno != EINTR) {
        co_return fail_errno(errno, "cannot write to the input of a command");
      }
    }
    co_return Result<>();
  }

  void close_input() override { streams_.input.reset(); }

  Task<Result<ExitStatus>> wait() override {
    co_await launch_->ended.wait();
    co_return *launch_->status;
  }
  std::optional<ExitStatus> status() const override { return launch_->status; }
  void kill() override { launch_->order(Order::kill); }
  void leave() override { left_ = launch_->status.has_value(); }
  void signal(int number) override { launch_->order(Order::signal, number); }
  int pid() const override { return launch_->command; }

 private:
  Launches& launches_;
  Launch* launch_;
  Streams streams_;
  bool left_ = false;
};

class RealProcesses : public Processes {
 public:
  RealProcesses(Loop& loop, std::string self) : loop_(loop), self_(std::move(self)) {
    // A command that closes its input early must not end us.
    std::signal(SIGPIPE, SIG_IGN);
  }

  ~RealProcesses() override {
    for (auto& [key, launch] : launches_) launch->hang_up();
    // What cannot be killed within a second (a process of another user) is left to its launcher.
    auto end = std::chrono::steady_clock::now() + seconds(1);
    for (auto& [key, launch] : launches_) launch->wait_gone(end);
  }

  Task<Result<std::unique_ptr<Child>>> spawn(SpawnSpec spec) override {
    if (spec.argv.empty()) co_return fail(Kind::invalid, "a command needs at least one word");
    CO_TRY(Streams streams, open_streams(spec));
    CO_TRY(Fd order, write_spec(spec));
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
      co_return fail_errno(errno, "cannot open a socket pair");
    }
    Fd ours = keep(ends[0]), theirs = keep(ends[1]);
    CO_TRY(pid_t pid, start_launcher(self_, streams, theirs, order));
    theirs.reset();
    for (Fd& fd : streams.child) fd.reset();
    auto owned = std::make_unique<Launch>(loop_, std::move(ours), pid, spec.argv[0], spec.cwd);
    Launch* launch = owned.get();
    launches_.emplace(launch, std::move(owned));
    auto child = std::make_unique<RealChild>(launches_, launch, std::move(streams));
    co_await launch->started.wait();
    if (launch->failure) co_return Fail(*launch->failure);
    co_return std::unique_ptr<Child>(std::move(child));
  }

 private:
  Loop& loop_;
  std::string self_;
  Launches launches_;
};

}  // namespace real_process_detail

std::unique_ptr<Processes> make_real_processes(Loop& loop, std::string self) {
  return std::make_unique<real_process_detail::RealProcesses>(loop, std::move(self));
}

}  // namespace burin::io

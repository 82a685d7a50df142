// The launcher: the process between the program and a command. See io/process.h for what it promises.
//
// It starts for every command, so it does little: no threads, no locale, no output. Between fork and exec only the
// command's own settings are made; everything that can fail there is reported through a pipe that exec closes.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/launch_spec.h"
#include "io/process.h"

extern char** environ;

namespace burin::io {

namespace launcher_detail {

using launch::Order;
using launch::Report;
using launch::Spec;
using launch::Stage;

/// The order, with pointers into the mapped memory file.
struct Command {
  Spec spec;
  char* cwd = nullptr;
  char* file = nullptr;
  std::vector<char*> words, env;
  std::vector<std::string> hook_args;
  void* map = nullptr;
  std::size_t map_size = 0;
};

bool load(Command& command) {
  struct ::stat st{};
  if (::fstat(launch::spec_fd, &st) != 0 || static_cast<std::size_t>(st.st_size) < sizeof(Spec)) return false;
  command.map_size = static_cast<std::size_t>(st.st_size);
  command.map = ::mmap(nullptr, command.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, launch::spec_fd, 0);
  if (command.map == MAP_FAILED) return false;
  std::memcpy(&command.spec, command.map, sizeof(Spec));
  if (command.spec.magic != Spec::right_magic) return false;
  char* at = static_cast<char*>(command.map) + sizeof(Spec);
  char* end = static_cast<char*>(command.map) + command.map_size;
  if (at == end || end[-1] != '\0') return false;
  auto next = [&]() -> char* { return at < end ? std::exchange(at, at + std::strlen(at) + 1) : nullptr; };
  command.cwd = next();
  command.file = next();
  for (std::uint32_t i = 0; i < command.spec.words; ++i) command.words.push_back(next());
  for (std::uint32_t i = 0; i < command.spec.env; ++i) command.env.push_back(next());
  for (std::uint32_t i = 0; i < command.spec.hook_args; ++i) {
    char* arg = next();
    if (arg == nullptr) return false;
    command.hook_args.emplace_back(arg);
  }
  command.words.push_back(nullptr);
  command.env.push_back(nullptr);
  return command.file != nullptr && at == end;
}

[[noreturn]] void give_up(int pipe, Stage stage, int sys, std::string_view text = {}) {
  Report report{.fact = Report::failed, .stage = stage, .value = sys};
  report.size = static_cast<std::uint32_t>(text.copy(report.text, sizeof report.text));
  [[maybe_unused]] auto n = ::write(pipe, &report, Report::head + report.size);
  ::_exit(127);
}

/// execvp with the PATH of the new environment. Returns errno.
int execute(const Command& command) {
  char* const* words = command.words.data();
  char* const* env = command.env.data();
  std::string_view file = command.file;
  if (file.find('/') != std::string_view::npos) {
    ::execve(command.file, words, env);
    return errno;
  }
  if (file.empty()) return ENOENT;
  std::string_view path = "/usr/local/bin:/bin:/usr/bin";
  for (char* entry : command.env) {
    if (entry != nullptr && std::strncmp(entry, "PATH=", 5) == 0) path = entry + 5;
  }
  int result = ENOENT;
  for (;;) {
    std::size_t colon = path.find(':');
    std::string candidate(path.substr(0, colon));
    if (!candidate.empty()) candidate += '/';
    candidate += file;
    ::execve(candidate.c_str(), words, env);
    // A file that may not be run is worth telling only if no later folder has a better one.
    if (errno == EACCES) {
      result = EACCES;
    } else if (errno != ENOENT && errno != ENOTDIR) {
      return errno;
    }
    if (colon == std::string_view::npos) return result;
    path.remove_prefix(colon + 1);
  }
}

/// The forked child: becomes the command.
[[noreturn]] void become(Command& command, pid_t launcher, int pipe, LaunchHook hook) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launcher) ::_exit(127);
  if (::setsid() < 0) give_up(pipe, Stage::session, errno);
  if (command.spec.tty != 0 && ::ioctl(0, TIOCSCTTY, 0) != 0) give_up(pipe, Stage::terminal, errno);
  if (::chdir(command.cwd) != 0) give_up(pipe, Stage::directory, errno);
  // posix_spawn of glibc leaves its two private signals ignored, and sigaction will not touch them.
  constexpr std::uint64_t default_action[4] = {};
  for (int number : {32, 33}) ::syscall(SYS_rt_sigaction, number, default_action, nullptr, sizeof(std::uint64_t));
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (hook != nullptr) {
    std::string reason = hook(command.hook_args);
    if (!reason.empty()) give_up(pipe, Stage::hook, EPERM, reason);
  }
  // Last, so that it also covers what the hook may have opened.
  if (::syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) != 0) {
    for (int fd = 3; fd < 1024; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  give_up(pipe, Stage::execute, execute(command));
}

/// Calls `visit` with each direct child of `pid` ("self" for ourselves), whichever of its threads started it.
template <class F>
void each_child(const std::string& pid, F visit) {
  std::string folder = "/proc/" + pid + "/task";
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return;
  std::string text;
  while (dirent* entry = ::readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    int fd = ::openat(::dirfd(dir), (std::string(entry->d_name) + "/children").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    char buffer[4096];
    for (ssize_t n = ::read(fd, buffer, sizeof buffer); n > 0; n = ::read(fd, buffer, sizeof buffer)) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(fd);
    text += ' ';
  }
  ::closedir(dir);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t space = text.find(' ', at);
    if (space > at) visit(static_cast<pid_t>(std::atoi(text.c_str() + at)));
    at = space + 1;
  }
}

template <class F>
void each_descendant(const std::string& pid, F visit) {
  each_child(pid, [&](pid_t child) {
    each_descendant(std::to_string(child), visit);
    visit(child);
  });
}

class Launcher {
 public:
  explicit Launcher(LaunchHook hook) : hook_(hook) {}

  int run() {
    ::prctl(PR_SET_NAME, "burin-launch");
    // Should the socket's other end be held open by a stray copy, the death of the spawning thread still reaches us.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    Command command;
    if (!load(command)) {
      std::fputs("__launch is for internal use\n", stderr);
      return 2;
    }
    if (::getppid() != command.spec.parent) return 1;
    ::close(launch::spec_fd);
    if (!start(command)) return 1;
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGCHLD);
    ::sigaddset(&wanted, SIGTERM);
    signals_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    supervise();
    return 0;
  }

 private:
  bool start(Command& command) {
    int ends[2];
    pid_t self = ::getpid();
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    command_ = ::fork();
    if (command_ == 0) become(command, self, ends[1], hook_);
    if (command_ < 0) {
      send({.fact = Report::failed, .stage = Stage::session, .value = errno});
      return false;
    }
    // The command's streams belong to the command alone: their readers wait for the last holder to close them.
    ::close(0);
    ::close(1);
    ::close(2);
    ::close(ends[1]);
    started_ = ends[0];
    ::munmap(command.map, command.map_size);
    return true;
  }

  void send(const Report& report) {
    ::send(launch::socket_fd, &report, Report::head + report.size, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  void supervise() {
    int pause_ms = 1;
    while (reap()) {
      pollfd fds[] = {{signals_, POLLIN, 0}, {control_, POLLIN, 0}, {started_, POLLIN, 0}};
      ::poll(fds, 3, killing_ ? pause_ms : -1);
      if (fds[2].revents != 0) read_start();
      if (fds[1].revents != 0) read_orders();
      if (fds[0].revents != 0) read_signals();
      if (killing_) {
        kill_all();
        // Processes of other users cannot be killed, only waited for.
        pause_ms = std::min(pause_ms * 2, 1000);
      }
    }
  }

  /// Collects what has ended; false when nothing is left below us.
  bool reap() {
    int status = 0;
    pid_t pid;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid != command_) continue;
      reaped_ = true;
      // A quick command may have come and gone before the end of the pipe was seen.
      if (started_ >= 0) read_start();
      if (failed_) continue;
      Report report{.fact = Report::ended};
      report.value = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      report.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      send(report);
    }
    return pid == 0;
  }

  void read_start() {
    Report report;
    ssize_t n = ::read(started_, &report, sizeof report);
    if (n < 0 && errno == EAGAIN) return;
    failed_ = n >= static_cast<ssize_t>(Report::head);
    send(failed_ ? report : Report{.fact = Report::running, .value = command_});
    ::close(started_);
    started_ = -1;
  }

  void read_orders() {
    Order order;
    ssize_t n;
    while ((n = ::recv(control_, &order, sizeof order, MSG_DONTWAIT)) == sizeof order) {
      if (order.verb == Order::kill) {
        killing_ = true;
      } else {
        signal_group(order.number);
      }
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // The program is gone.
    control_ = -1;
    killing_ = true;
  }

  void read_signals() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) == sizeof info) killing_ = killing_ || info.ssi_signo == SIGTERM;
  }

  void signal_group(int number) const {
    // Once the command is reaped its number may name a stranger; the group is then known only by its members.
    if (!reaped_) {
      ::kill(-command_, number);
      return;
    }
    each_descendant("self", [&](pid_t pid) {
      if (::getpgid(pid) == command_) ::kill(pid, number);
    });
  }

  void kill_all() const {
    if (!reaped_) ::kill(-command_, SIGKILL);
    each_descendant("self", [](pid_t pid) { ::kill(pid, SIGKILL); });
  }

  LaunchHook hook_;
  pid_t command_ = -1;
  int signals_ = -1;
  int control_ = launch::socket_fd;
  int started_ = -1;
  bool reaped_ = false;
  bool failed_ = false;
  bool killing_ = false;
};

}  // namespace launcher_detail

std::optional<int> launch_main(int argc, char** argv, LaunchHook hook) {
  if (argc < 2 || std::strcmp(argv[1], launch::verb) != 0) return std::nullopt;
  return launcher_detail::Launcher(hook).run();
}

}  // namespace burin::io

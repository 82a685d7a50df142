// Child processes, supervised: nothing that we start survives us.
//
// Every child is started through a small launcher: our own executable, run as `<self> __launch`, which becomes a
// subreaper, starts the command in a session of its own, reports how it ended, and then stays until no descendant is
// left. The launcher dies with us (parent-death signal and a control pipe), and when it is told to stop, or when we
// vanish, even by SIGKILL, it kills every process below it, also those that left the group with setsid.
//
// What happens between fork and exec of the command (Landlock, seccomp) is decided by the rooms above: they pass
// `launcher_args`, which the launcher hands to the hook that the program registered with launch_main.
//
// Ownership: a Child is owned by its caller; destroying it kills whatever still runs below it, unless that was left.
// Threads: spawn from the loop thread only (the parent-death signal follows the spawning thread).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/task.h"

namespace burin::io {

/// How a command ended.
struct ExitStatus {
  int code = 0;    // exit code; -1 when a signal ended it
  int signal = 0;  // terminating signal, 0 when it exited
};

struct SpawnSpec {
  std::vector<std::string> argv;           // argv[0] is searched in the PATH of `env` unless it holds a slash
  std::string cwd;                         // absolute
  std::map<std::string, std::string> env;  // the whole environment of the child
  enum class Input : std::uint8_t { null, pipe, inherit } input = Input::null;
  enum class Output : std::uint8_t { pipes, null, inherit } output = Output::pipes;
  struct Tty {
    std::uint16_t rows = 24, cols = 80;
  };
  std::optional<Tty> tty;                  // a pseudo terminal for all three; `input` and `output` are then ignored
  std::vector<std::string> launcher_args;  // given to the hook before exec, e.g. the sandbox policy
  std::optional<std::string> argv0;        // what the command sees as its own name, if not argv[0]
};

enum class Stream : std::uint8_t { out, err };

class Child {
 public:
  virtual ~Child() = default;
  /// Next piece of output (1…8192 bytes) of one stream; empty at its end. With a tty everything is Stream::out.
  virtual Task<Result<std::string>> read(Stream stream) = 0;
  /// Writes to stdin or the terminal.
  virtual Task<Result<>> write(std::string bytes) = 0;
  /// Ends stdin. A terminal has no such end: only our own right to write is given up (write "\x04" to it instead).
  virtual void close_input() = 0;
  /// Waits until the command itself has ended (descendants may still run).
  virtual Task<Result<ExitStatus>> wait() = 0;
  /// The status, if the command has already ended.
  virtual std::optional<ExitStatus> status() const = 0;
  /// SIGKILL to the command's group and every other descendant. Returns at once; wait() tells the end.
  virtual void kill() = 0;
  /// Once the command itself has ended: what it left running may go on when this object is destroyed. It ends with the
  /// Processes at the latest.
  virtual void leave() = 0;
  /// Delivers a signal to the command's process group.
  virtual void signal(int number) = 0;
  virtual int pid() const = 0;
};

class Processes {
 public:
  virtual ~Processes() = default;
  /// Starts a command. Fails with errno in Error::sys when it cannot be executed (no such file, not executable, no such
  /// working directory), or Kind::denied when the launcher's hook refused (the hook's text is in `what`).
  virtual Task<Result<std::unique_ptr<Child>>> spawn(SpawnSpec spec) = 0;
};

/// `self` is the executable that implements `__launch` (normally /proc/self/exe).
std::unique_ptr<Processes> make_real_processes(Loop& loop, std::string self = "/proc/self/exe");

/// Called in the forked child just before exec; returns an empty string or the reason why the command must not run.
/// Descriptors that it leaves open do not reach the command.
using LaunchHook = std::string (*)(std::span<const std::string> launcher_args);

/// If argv asks for it (argv[1] == "__launch"), acts as launcher and returns its exit status; else nullopt. To be
/// called first thing in main: no allocation, no threads before it.
std::optional<int> launch_main(int argc, char** argv, LaunchHook hook);

/// Convenience: runs a command to its end, with a deadline, and collects at most `limit` bytes of each stream.
struct Collected {
  ExitStatus status;
  std::string out, err;
};
Task<Result<Collected>> run_command(Processes& processes, SpawnSpec spec, Span deadline, std::size_t limit = 1 << 20);

}  // namespace burin::io

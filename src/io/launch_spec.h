// What passes between the program and its launcher (io/process.h).
//
// The order to start something is written into a memory file, so that neither the size nor the content of an argument
// matters and nothing of it shows in the launcher's own command line. Afterwards both sides talk over one socket with
// record boundaries: orders one way, reports the other. The end of the socket is how each learns that the other is
// gone.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace burin::io::launch {

inline constexpr const char* verb = "__launch";
/// Descriptors of the launcher besides the command's 0, 1 and 2.
inline constexpr int socket_fd = 3, spec_fd = 4, first_free_fd = 5;

/// Head of the memory file. After it come, each ended by NUL: the working directory, the file to execute, the words of
/// the command, its environment ("K=V") and the arguments of the hook.
struct Spec {
  static constexpr std::uint32_t right_magic = 0x4275726e;
  std::uint32_t magic = right_magic;
  std::int32_t parent = 0;  // pid of the program
  std::uint32_t tty = 0;    // 1: descriptor 0 becomes the controlling terminal
  std::uint32_t words = 0, env = 0, hook_args = 0;
};

/// Program to launcher.
struct Order {
  enum Verb : std::uint32_t { kill, signal } verb = kill;
  std::int32_t number = 0;
};

/// Where the start of a command failed.
enum class Stage : std::uint32_t { session, terminal, directory, hook, execute };

/// Launcher to program; of `text` only the first `size` bytes are sent.
struct Report {
  enum Fact : std::uint32_t { running, failed, ended } fact = running;
  Stage stage = Stage::session;
  std::int32_t value = 0;   // running: pid; failed: errno; ended: exit code or -1
  std::int32_t signal = 0;  // ended
  std::uint32_t size = 0;
  char text[2048] = {};  // failed at the hook: its reason

  static constexpr std::size_t head = sizeof(std::uint32_t) * 5;
};

}  // namespace burin::io::launch

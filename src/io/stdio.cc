#include "io/stdio.h"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/loop.h"

namespace burin::io {

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::optional<std::size_t> terminal_columns(int fd) {
  ::winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

void open_missing_streams() {
  for (int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one.
    if (::open("/dev/null", O_RDWR) != fd) return;
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else if (n < 0 && errno == EAGAIN) {
      // The descriptor was made non-blocking by somebody who shares it.
      pollfd p{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&p, 1, -1);
    } else {
      return false;
    }
  }
  return true;
}

Task<Result<std::string>> read_to_end(int fd) {
  std::string out;
  char buffer[64 * 1024];
  for (;;) {
    co_await readable(fd);
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0) co_return out;
    if (n > 0) {
      out.append(buffer, static_cast<std::size_t>(n));
    } else if (errno != EINTR && errno != EAGAIN) {
      co_return fail_errno(errno, "standard input could not be read");
    }
  }
}

}  // namespace burin::io

#include "exec/output.h"

#include <cerrno>

#include "io/stdio.h"

namespace burin::exec {

void Out::write(std::string_view text) {
  if (error_ != 0 || text.empty()) return;
  if (!io::write_all(fd_, text)) error_ = errno;
}

std::string duration_text(const wire::Duration& d) {
  std::uint64_t ms = d.secs * 1000 + d.nanos / 1'000'000;
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 60'000) return fmt::format("{:.2f}s", static_cast<double>(ms) / 1000.0);
  return fmt::format("{}m {:02}s", ms / 60'000, ms % 60'000 / 1000);
}

}  // namespace burin::exec

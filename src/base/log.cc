#include "base/log.h"

#include <atomic>
#include <mutex>

#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

namespace burin {
namespace log_detail {

constexpr std::array<std::string_view, 6> kNames = {"error", "warn", "info", "debug", "trace", "off"};

std::optional<Level> level_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (equals_ignore_case(kNames[i], name)) return static_cast<Level>(i);
  }
  return std::nullopt;
}

inline int rank(Level level) { return level == Level::off ? -1 : static_cast<int>(level); }

/// The filter in force. Pool threads log too, hence the lock; `loudest` lets the usual case (all off) skip it.
struct Filter {
  std::mutex mutex;
  std::atomic<int> loudest = -1;
  int others = -1;                                  // rank for targets without a rule
  std::map<std::string, int, std::less<>> targets;  // a rule also covers "target::…"
  bool json = false;
};

Filter& filter() {
  static Filter instance;
  return instance;
}

int rank_for(const Filter& f, std::string_view target) {
  for (auto name = target;;) {
    if (const auto it = f.targets.find(name); it != f.targets.end()) return it->second;
    const auto cut = name.rfind("::");
    if (cut == std::string_view::npos) return f.others;
    name = name.substr(0, cut);
  }
}

void write_whole(std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nowhere left to complain to
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace log_detail

void set_log_filter(std::string_view text, bool json) {
  auto& f = log_detail::filter();
  const std::lock_guard lock(f.mutex);
  f.json = json;
  f.others = -1;
  f.targets.clear();
  for (auto part : split(text, ',')) {
    part = trim(part);
    const auto equal = part.find('=');
    if (equal == std::string_view::npos) {
      if (const auto level = log_detail::level_named(part)) f.others = log_detail::rank(*level);
    } else if (const auto level = log_detail::level_named(trim(part.substr(equal + 1)))) {
      f.targets.insert_or_assign(std::string(trim(part.substr(0, equal))), log_detail::rank(*level));
    }
  }
  int loudest = f.others;
  for (const auto& [target, rank] : f.targets) loudest = std::max(loudest, rank);
  f.loudest = loudest;
}

bool log_enabled(Level level, std::string_view target) {
  auto& f = log_detail::filter();
  const int rank = log_detail::rank(level);
  if (rank < 0 || rank > f.loudest.load(std::memory_order_relaxed)) return false;
  const std::lock_guard lock(f.mutex);
  return rank <= log_detail::rank_for(f, target);
}

void log_line(Level level, std::string_view target, std::string_view text) {
  const auto name = log_detail::kNames[static_cast<std::size_t>(level)];
  auto& f = log_detail::filter();
  const std::lock_guard lock(f.mutex);
  std::string line;
  if (f.json) {
    line = fmt::format("{{\"level\":\"{}\",\"target\":", name);
    write_json_string(line, target);
    line += ",\"message\":";
    write_json_string(line, text);
    line += "}\n";
  } else {
    line = fmt::format("{:>5} {}: {}\n", name, target, text);
  }
  log_detail::write_whole(line);
}

}  // namespace burin

#include "store/session_files.h"

#include <cerrno>

#include "base/text.h"
#include "io/clock.h"
#include "store/rollout_log.h"

namespace burin::store {

namespace session_files_detail {

/// Seconds since the epoch of "YYYY-MM-DDThh-mm-ss".
std::optional<std::int64_t> seconds_of(std::string_view time) {
  auto number = [&](std::size_t at, std::size_t count) {
    return static_cast<int>(parse_int(time.substr(at, count)).value_or(-1));
  };
  return io::unix_seconds_of({number(0, 4), number(5, 2), number(8, 2), number(11, 2), number(14, 2), number(17, 2)});
}

class Walk {
 public:
  Walk(io::Files& files, bool archived, const std::function<bool(SessionFile)>& visit,
       std::vector<Unreadable>* problems)
      : files_(files), archived_(archived), visit_(visit), problems_(problems) {}

  /// Visits the files `levels` folders below `dir`; false when the visitor has seen enough.
  bool down(const std::string& dir, int levels) {
    for (const auto& name : newest_first(dir)) {
      if (!(levels == 0 ? file(dir, name) : !is_number(name) || down(dir + "/" + name, levels - 1))) return false;
    }
    return true;
  }

 private:
  static bool is_number(std::string_view name) {
    return name.find_first_not_of("0123456789") == std::string_view::npos;
  }

  std::vector<std::string> newest_first(const std::string& dir) {
    auto names = files_.list(dir);
    if (!names) {
      if (names.error().sys != ENOENT && problems_ != nullptr) problems_->push_back({dir, names.error().reason()});
      return {};
    }
    std::reverse(names->begin(), names->end());
    return std::move(*names);
  }

  bool file(const std::string& dir, const std::string& name) {
    auto found = session_file_at(dir + "/" + name, archived_);
    return !found || visit_(std::move(*found));
  }

  io::Files& files_;
  bool archived_;
  const std::function<bool(SessionFile)>& visit_;
  std::vector<Unreadable>* problems_;
};

}  // namespace session_files_detail

void each_session_file(io::Files& files, const std::string& home, bool archived,
                       const std::function<bool(SessionFile)>& visit, std::vector<Unreadable>* problems) {
  session_files_detail::Walk walk(files, archived, visit, problems);
  if (archived) {
    walk.down(archive_folder(home), 0);
  } else {
    walk.down(path::join(home, "sessions"), 3);
  }
}

std::optional<SessionFile> session_file_at(std::string path, bool archived) {
  auto name = parse_rollout_name(path::name(path));
  if (!name) return std::nullopt;
  auto created = session_files_detail::seconds_of(name->time);
  if (!created) return std::nullopt;
  return SessionFile{std::move(path), to_lower_ascii(name->id), *created, archived};
}

std::string day_folder(const std::string& home, std::string_view file_name) {
  auto name = parse_rollout_name(file_name);
  if (!name) return {};
  const auto& t = name->time;
  return fmt::format("{}/sessions/{}/{}/{}", home, t.substr(0, 4), t.substr(5, 2), t.substr(8, 2));
}

Result<> sync_folders(io::Files& files, const std::string& path) {
  constexpr int levels = 6;  // day, month, year, sessions, home, the folder of the home
  std::string dir(path::parent(path));
  for (int level = 0; level < levels && !dir.empty(); ++level) {
    auto done = files.sync_dir(dir);
    // A folder that we may not open is not one that we made.
    bool foreign = level > 0 && !done && (done.error().sys == EACCES || done.error().sys == EPERM);
    if (!done && !foreign) return done;
    if (dir == "/") break;
    dir = std::string(path::parent(dir));
  }
  return {};
}

std::string archive_folder(const std::string& home) { return path::join(home, "archived_sessions"); }

}  // namespace burin::store

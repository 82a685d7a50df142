#include "store/rollout_log.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace burin::store {

struct RolloutLog::Impl {
  Impl(io::World& w, std::string p, Warn fn) : world(w), path(std::move(p)), warn(std::move(fn)) {}

  io::World& world;
  std::string path;
  Warn warn;
  std::unique_ptr<io::AppendFile> file;
  bool wanted = false;  // materialise() was called, or an existing file was opened
  bool folder_synced = false;
  bool torn = false;              // the file ends with a partial line, beyond good_size
  bool failing = false;           // a failure was reported and nothing was written since
  std::uint64_t good_size = 0;    // the file up to here holds whole lines
  std::deque<std::string> queue;  // lines that are not in the file yet, with their newlines
  std::uint64_t written = 0;      // counts writes; a sync covers those before it
  std::uint64_t synced = 0;

  void fail(const Error& error) {
    if (failing) return;
    failing = true;
    log(Level::error, "store", "{}", error.text());
    warn(
        fmt::format("The session file {} cannot be written: {}. The session goes on in memory; writing is tried again "
                    "with every new record.",
                    path, error.text()));
  }

  bool ready() {
    if (file) return true;
    if (auto made = world.files.make_dirs(std::string(path::parent(path))); !made) {
      fail(made.error());
      return false;
    }
    auto opened = world.files.open_append(path, true);
    if (!opened) {
      fail(opened.error());
      return false;
    }
    if (auto locked = (*opened)->lock(); !locked) {
      fail(locked.error());
      return false;
    }
    auto size = (*opened)->size();
    if (!size) {
      fail(size.error());
      return false;
    }
    if (torn && *size > good_size) {
      // A partial line that could not be cut off when it was written.
      if (auto cut = (*opened)->truncate(good_size); !cut) {
        fail(cut.error());
        return false;
      }
    } else {
      good_size = *size;
    }
    torn = false;
    file = std::move(*opened);
    return true;
  }

  /// Writes what has queued, oldest first; stops at the first failure, leaving the rest queued.
  void drain() {
    if (!wanted || queue.empty() || !ready()) return;
    while (!queue.empty()) {
      const std::string& line = queue.front();
      if (auto done = file->append(line); !done) {
        // Part of the line may be in the file: it is cut off before anything else is written.
        if (file->written() > 0 && !file->truncate(good_size)) {
          torn = true;
          file.reset();
        }
        fail(done.error());
        return;
      }
      good_size += line.size();
      ++written;
      queue.pop_front();
    }
    failing = false;
  }

  Result<> sync_now() {
    CHECK(file->sync());
    if (!folder_synced) {
      // The names of new folders are made durable from the inside out, up to the sessions folder.
      std::string dir(path::parent(path));
      for (int level = 0; level < 4 && !dir.empty(); ++level) {
        CHECK(world.files.sync_dir(dir));
        dir = std::string(path::parent(dir));
      }
      folder_synced = true;
    }
    return {};
  }
};

RolloutLog::RolloutLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RolloutLog::~RolloutLog() { impl_->drain(); }

std::unique_ptr<RolloutLog> RolloutLog::create(io::World& world, std::string path, Warn warn) {
  return std::unique_ptr<RolloutLog>(new RolloutLog(std::make_unique<Impl>(world, std::move(path), std::move(warn))));
}

namespace rollout_log_detail {

/// Where the last whole line ends, looking back from the end of the file.
Result<std::uint64_t> end_of_last_line(io::AppendFile& file, std::uint64_t size) {
  constexpr std::uint64_t step = 64 * 1024;
  std::uint64_t end = size;
  while (end > 0) {
    std::uint64_t from = end > step ? end - step : 0;
    TRY(auto piece, file.read_at(from, end - from));
    auto at = piece.rfind('\n');
    if (at != std::string::npos) return from + at + 1;
    end = from;
  }
  return 0;
}

/// A last line without newline: whole JSON (its newline was lost) is completed, anything else is set aside.
Result<std::uint64_t> repair_tail(io::World& world, io::AppendFile& file, const std::string& path,
                                  const RolloutLog::Warn& warn) {
  TRY(auto size, file.size());
  TRY(auto good, end_of_last_line(file, size));
  if (good == size) return size;
  TRY(auto tail, file.read_at(good, size - good));
  auto parsed = parse_json(tail);
  if (parsed && parsed->is_object()) {
    CHECK(file.append("\n"));
    return size + 1;
  }
  std::string aside = fmt::format("{}.torn-{}", path, good);
  CHECK(world.files.write(aside, tail, 0600));
  CHECK(file.truncate(good));
  warn(fmt::format("The last record of {} was cut short by an earlier crash ({} bytes); it was set aside in {}.", path,
                   tail.size(), aside));
  return good;
}

}  // namespace rollout_log_detail

Result<std::unique_ptr<RolloutLog>> RolloutLog::open(io::World& world, std::string path, Warn warn) {
  auto impl = std::make_unique<Impl>(world, path, std::move(warn));
  TRY(auto file, world.files.open_append(path, false));
  if (auto locked = file->lock(); !locked) {
    return wrap(locked.error(), fmt::format("the session file {} is open in another process", path),
                "close the other one, or start a new session");
  }
  TRY(impl->good_size, rollout_log_detail::repair_tail(world, *file, path, impl->warn));
  impl->file = std::move(file);
  impl->wanted = true;
  impl->folder_synced = true;
  return std::unique_ptr<RolloutLog>(new RolloutLog(std::move(impl)));
}

void RolloutLog::append(std::string_view type, std::string_view payload) {
  std::string line;
  line.reserve(payload.size() + 96);
  line += "{\"timestamp\":\"";
  line += io::utc_ms_text(impl_->world.clock.now_ms());
  line += "\",\"type\":\"";
  line += type;
  line += "\",\"payload\":";
  line += payload;
  line += "}\n";
  impl_->queue.push_back(std::move(line));
  impl_->drain();
}

void RolloutLog::append_copy(wire::RolloutLine line) {
  line.timestamp = io::utc_ms_text(impl_->world.clock.now_ms());
  std::string text;
  wire::write_rollout_line(text, line);
  impl_->queue.push_back(std::move(text));
  impl_->drain();
}

void RolloutLog::materialise() {
  impl_->wanted = true;
  impl_->drain();
}

bool RolloutLog::materialised() const { return impl_->file != nullptr; }
const std::string& RolloutLog::path() const { return impl_->path; }
std::size_t RolloutLog::pending() const { return impl_->queue.size(); }

io::Task<> RolloutLog::sync() {
  auto* impl = impl_.get();
  impl->drain();
  if (!impl->file || impl->synced == impl->written) co_return;
  std::uint64_t covers = impl->written;
  auto done = co_await io::offload(impl->world.pool, [impl] { return impl->sync_now(); });
  if (done) {
    impl->synced = covers;
  } else {
    impl->fail(done.error());
  }
}

std::string rollout_path(const std::string& home, const io::LocalTime& t, std::string_view thread_id) {
  return fmt::format("{0}/sessions/{1:04}/{2:02}/{3:02}/rollout-{1:04}-{2:02}-{3:02}T{4:02}-{5:02}-{6:02}-{7}.jsonl",
                     home, t.year, t.month, t.day, t.hour, t.minute, t.second, thread_id);
}

}  // namespace burin::store

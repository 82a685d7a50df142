#include "store/rollout_log.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "store/session_files.h"

namespace burin::store {

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
Result<> repair_tail(io::World& world, io::AppendFile& file, const std::string& path, const RolloutLog::Warn& warn) {
  TRY(auto size, file.size());
  TRY(auto good, end_of_last_line(file, size));
  if (good == size) return {};
  TRY(auto tail, file.read_at(good, size - good));
  auto parsed = parse_json(tail);
  if (parsed && parsed->is_object()) return file.append("\n");
  std::string aside = fmt::format("{}.torn-{}", path, good);
  CHECK(world.files.write_atomic(aside, tail, 0600));
  CHECK(file.truncate(good));
  // Else a power cut might join the old bytes with those of the next record, and make a record that nobody wrote.
  CHECK(file.sync());
  warn(fmt::format("The last record of {} was cut short by an earlier crash ({} bytes); it was set aside in {}.", path,
                   tail.size(), aside));
  return {};
}

/// Cuts off the part of a line that a failed write left. It holds no newline, and the queue has the whole line.
Result<> cut_partial_line(io::AppendFile& file) {
  TRY(auto size, file.size());
  TRY(auto good, end_of_last_line(file, size));
  if (good == size) return {};
  return file.truncate(good);
}

}  // namespace rollout_log_detail

using namespace rollout_log_detail;

struct RolloutLog::Impl {
  Impl(io::World& w, std::string p, Warn fn) : world(w), path(std::move(p)), warn(std::move(fn)) {}

  io::World& world;
  std::string path;
  Warn warn;
  std::unique_ptr<io::AppendFile> file;  // kept open, and so locked, through all failures
  bool wanted = false;                   // materialise() was called, or an existing file was opened
  bool tail_known = false;               // what an earlier crash left at the end was looked at
  bool torn = false;                     // a failed write may have left a partial line at the end
  bool folders_synced = false;
  bool failing = false;           // a failure was reported and nothing was written since
  bool sync_failing = false;      // a failure was reported and no sync succeeded since
  std::deque<std::string> queue;  // lines that are not in the file yet, with their newlines
  std::uint64_t written = 0;      // counts writes; a sync covers those before it
  std::uint64_t synced = 0;

  void tell(bool& told, const Error& error, std::string text) {
    if (std::exchange(told, true)) return;
    log(Level::error, "store", "{}", error.text());
    warn(std::move(text));
  }
  void fail(const Error& error) {
    tell(failing, error,
         fmt::format("The session file {} cannot be written: {}. The session goes on in memory; writing is tried again "
                     "with every new record.",
                     path, error.text()));
  }
  void fail_sync(const Error& error) {
    tell(sync_failing, error,
         fmt::format("The session file {} cannot be brought to stable storage: {}. What was written survives the end "
                     "of this program, but perhaps not a power failure.",
                     path, error.text()));
  }

  Result<> make_ready() {
    if (!file) {
      CHECK(world.files.make_dirs(std::string(path::parent(path))));
      TRY(auto opened, world.files.open_append(path, true));
      CHECK(opened->lock());
      file = std::move(opened);
    }
    if (!tail_known) CHECK(repair_tail(world, *file, path, warn));
    tail_known = true;
    if (torn) CHECK(cut_partial_line(*file));
    torn = false;
    return {};
  }

  /// Writes what has queued, oldest first; stops at the first failure, leaving the rest queued.
  void drain() {
    while (wanted && !queue.empty()) {
      auto done = make_ready();
      if (done) {
        done = file->append(queue.front());
        torn = !done && file->written() > 0;
      }
      if (!done) {
        if (torn && cut_partial_line(*file)) torn = false;
        fail(done.error());
        return;
      }
      ++written;
      queue.pop_front();
    }
    failing = false;
  }

  Result<> sync_now() {
    CHECK(file->sync());
    if (!folders_synced) CHECK(sync_folders(world.files, path));
    folders_synced = true;
    return {};
  }
};

RolloutLog::RolloutLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RolloutLog::~RolloutLog() { impl_->drain(); }

std::unique_ptr<RolloutLog> RolloutLog::create(io::World& world, std::string path, Warn warn) {
  return std::unique_ptr<RolloutLog>(new RolloutLog(std::make_unique<Impl>(world, std::move(path), std::move(warn))));
}

Result<std::unique_ptr<RolloutLog>> RolloutLog::open(io::World& world, std::string path, Warn warn) {
  auto impl = std::make_unique<Impl>(world, path, std::move(warn));
  TRY(impl->file, world.files.open_append(path, false));
  if (auto locked = impl->file->lock(); !locked) {
    if (locked.error().kind != Kind::conflict) return tl::unexpected(locked.error());
    return wrap(locked.error(), fmt::format("the session file {} is open in another process", path),
                "close the other one, or start a new session");
  }
  // Whoever held the lock before may have moved or deleted the file: writes would go where nobody looks.
  TRY(auto inode, impl->file->inode());
  TRY(auto named, world.files.stat(path));
  if (named.inode != inode)
    return burin::fail(Kind::conflict, fmt::format("the session file {} was just replaced", path), "try again");
  impl->wanted = true;
  impl->written = 1;  // the program before may have died before its sync
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
    impl->sync_failing = false;
  } else {
    impl->fail_sync(done.error());
  }
}

std::string rollout_path(const std::string& home, const io::LocalTime& t, std::string_view thread_id) {
  return fmt::format("{0}/sessions/{1:04}/{2:02}/{3:02}/rollout-{1:04}-{2:02}-{3:02}T{4:02}-{5:02}-{6:02}-{7}.jsonl",
                     home, t.year, t.month, t.day, t.hour, t.minute, t.second, thread_id);
}

}  // namespace burin::store

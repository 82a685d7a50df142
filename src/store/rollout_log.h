// The rollout log: one JSONL file for each thread (session.md 4, 11).
//
// The promise: a record is in the file (handed to the operating system) before anyone is told of it; it is on stable
// storage after sync(), which runs at the end of every turn and before a tool with side effects starts. After a crash
// exactly the acknowledged lines come back; a torn last line is cut off before the first line of the next writer, and
// its bytes are kept beside the file.
//
// When writing fails (disk full, I/O error) nothing is dropped: the lines queue in memory, the user is told once, and
// every later append tries again, after cutting back a partial line. The file stays open and locked meanwhile, so that
// nobody else writes between. It never holds glued, repeated or torn lines.
//
// Threads: loop thread; sync() runs on the pool.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/world.h"
#include "wire/rollout.h"

namespace burin::store {

class RolloutLog {
 public:
  /// Called at most once for each failure period, with one sentence for the user.
  using Warn = std::function<void(std::string)>;

  /// A log that exists in memory only until materialise() is called. `path` is absolute.
  static std::unique_ptr<RolloutLog> create(io::World& world, std::string path, Warn warn);
  /// A log that continues an existing file: locks it, and changes nothing before the first append. Kind::conflict when
  /// another process has it open for writing. Read the file after this, not before: its lines are final from then on.
  static Result<std::unique_ptr<RolloutLog>> open(io::World& world, std::string path, Warn warn);
  ~RolloutLog();

  /// Appends one line; `payload` is its JSON text. Before materialise() lines only queue.
  void append(std::string_view type, std::string_view payload);
  void append_event(std::string_view event_json) { append("event_msg", event_json); }
  /// Copies a line of another log: known kinds with a new timestamp, unknown ones as they came.
  void append_copy(wire::RolloutLine line);

  /// Creates folders and file and writes what has queued. Idempotent. Failures are reported through Warn.
  void materialise();
  bool materialised() const;
  /// Tries to write what a failure left queued, then syncs the file (and, the first time, its folder).
  io::Task<> sync();

  const std::string& path() const;
  /// Lines that are not in the file yet.
  std::size_t pending() const;

 private:
  struct Impl;
  explicit RolloutLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// `<home>/sessions/YYYY/MM/DD/rollout-YYYY-MM-DDThh-mm-ss-<id>.jsonl`, local time.
std::string rollout_path(const std::string& home, const io::LocalTime& time, std::string_view thread_id);

/// The time and id in a rollout's file name; nullopt for other files.
struct RolloutName {
  std::string time;  // YYYY-MM-DDThh-mm-ss
  std::string id;
};
std::optional<RolloutName> parse_rollout_name(std::string_view file_name);

/// Where a line stands in its file.
struct LinePlace {
  std::uint64_t offset = 0;
  std::size_t size = 0;  // bytes, without the newline
};

/// Lines in a row that cannot be read.
struct Damage {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // bytes
  std::size_t lines = 0;
  std::string reason;  // of the first one
};

/// What reading a log says beside its lines. Lines that cannot be read are never fatal (session.md 4.6).
struct RolloutInfo {
  std::string path;
  std::string thread_id;
  bool has_meta = false;        // else the id is that of the file's name
  std::uint64_t size = 0;       // bytes
  bool ends_in_newline = true;  // else the last record was cut short, or is about to be
  std::vector<Damage> damages;  // in file order

  std::size_t skipped() const;
  /// One sentence for each damage, at most 20.
  std::vector<std::string> problems() const;
};

/// Takes the readable lines in file order; `text` is the line as it stands, valid during the call.
using LineSink = std::function<void(wire::RolloutLine line, const LinePlace& place, std::string_view text)>;

/// Reads a log piece by piece: memory is that of its longest line. Fails for files that are no rollout at all.
Result<RolloutInfo> scan_rollout(io::Files& files, const std::string& path, const LineSink& sink);
/// One line of a log again.
Result<wire::RolloutLine> read_line_at(io::Files& files, const std::string& path, const LinePlace& place);

/// A whole log in memory.
struct LoadedRollout : RolloutInfo {
  std::vector<wire::RolloutLine> lines;  // without those that were skipped
};
Result<LoadedRollout> load_rollout(io::Files& files, const std::string& path);

}  // namespace burin::store

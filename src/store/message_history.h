// What the user typed, over all threads: history.jsonl of the home (session.md 4.9).
//
// One JSON line for each message, mode 0600. Writers of several programs take turns by an advisory lock on the file.
// When it grows beyond its limit, whole lines are dropped from the front until 80 % of the limit are left (never the
// newest); the shortened file takes the place of the old one in one step, so the inode, which is the log's id, changes.
//
// Loop thread; add() waits for the lock at most a second.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/world.h"

namespace burin::store {

class MessageHistory {
 public:
  /// `max_bytes`: unset means no limit.
  MessageHistory(io::World& world, const std::string& home, std::optional<std::uint64_t> max_bytes);

  io::Task<Result<>> add(std::string thread_id, std::string text);

  struct Summary {
    std::uint64_t log_id = 0;   // 0 without a file
    std::uint64_t entries = 0;  // lines
  };
  Summary summary() const;

  struct Entry {
    std::string thread_id;
    std::uint64_t seconds = 0;  // since 1970
    std::string text;
  };
  /// The line with this number, counted from 0; nothing when the log is another one by now (0 means: any), the number
  /// is too high or the line cannot be read.
  std::optional<Entry> entry(std::uint64_t log_id, std::uint64_t number) const;

 private:
  Result<> append(io::AppendFile& file, const std::string& line);
  io::World& world_;
  std::string path_;
  std::optional<std::uint64_t> max_bytes_;
};

}  // namespace burin::store

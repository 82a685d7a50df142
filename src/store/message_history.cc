#include "store/message_history.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace burin::store {

namespace message_history_detail {

constexpr int lock_attempts = 10;
constexpr io::Span lock_pause = io::milliseconds(100);
constexpr std::uint32_t private_mode = 0600;

/// What is left of the lines when the oldest are dropped until `target` bytes remain, the newest always.
std::string_view newest_lines(std::string_view all, std::uint64_t target) {
  while (all.size() > target) {
    auto end = all.find('\n');
    if (end == std::string_view::npos || end + 1 == all.size()) break;
    all.remove_prefix(end + 1);
  }
  return all;
}

}  // namespace message_history_detail

using namespace message_history_detail;

MessageHistory::MessageHistory(io::World& world, const std::string& home, std::optional<std::uint64_t> max_bytes)
    : world_(world), path_(path::join(home, "history.jsonl")), max_bytes_(max_bytes) {}

io::Task<Result<>> MessageHistory::add(std::string thread_id, std::string text) {
  std::string line = "{\"session_id\":";
  write_json_string(line, thread_id);
  line += fmt::format(",\"ts\":{},\"text\":", world_.clock.now_ms() / 1000);
  write_json_string(line, text);
  line += "}\n";
  for (int attempt = 1;; ++attempt) {
    CO_TRY(auto file, world_.files.open_append(path_, true, private_mode));
    auto locked = file->lock();
    if (locked) {
      CO_TRY(auto inode, file->inode());
      auto named = world_.files.stat(path_);
      // Whoever held the lock may have put a shortened file in its place: then this one is nobody's any more.
      if (named && named->inode == inode) co_return append(*file, line);
    } else if (locked.error().kind != Kind::conflict) {
      co_return locked;
    }
    if (attempt == lock_attempts) {
      co_return fail(Kind::timeout, fmt::format("{} is in use by another program", path_), "the message was not kept");
    }
    co_await io::sleep(lock_pause);
  }
}

Result<> MessageHistory::append(io::AppendFile& file, const std::string& line) {
  CHECK(world_.files.set_mode(path_, private_mode));
  CHECK(file.append(line));
  TRY(auto size, file.size());
  if (!max_bytes_ || size <= *max_bytes_) return {};
  TRY(auto all, world_.files.read(path_));
  return world_.files.write_atomic(path_, newest_lines(all, *max_bytes_ / 10 * 8), private_mode);
}

MessageHistory::Summary MessageHistory::summary() const {
  auto info = world_.files.stat(path_);
  auto text = world_.files.read(path_);
  if (!info || !text) return {};
  return {info->inode, static_cast<std::uint64_t>(std::ranges::count(*text, '\n'))};
}

std::optional<MessageHistory::Entry> MessageHistory::entry(std::uint64_t log_id, std::uint64_t number) const {
  auto info = world_.files.stat(path_);
  if (!info || (log_id != 0 && info->inode != log_id)) return std::nullopt;
  auto text = world_.files.read(path_);
  if (!text) return std::nullopt;
  auto all = lines(*text);
  if (number >= all.size()) return std::nullopt;
  auto document = parse_json(all[number]);
  if (!document) return std::nullopt;
  auto id = find_string(*document, "session_id");
  auto typed = find_string(*document, "text");
  auto seconds = find_int(*document, "ts");
  if (!id || !typed || !seconds) return std::nullopt;
  return Entry{std::string(*id), static_cast<std::uint64_t>(*seconds), std::string(*typed)};
}

}  // namespace burin::store

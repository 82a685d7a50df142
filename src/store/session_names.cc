#include "store/session_names.h"

#include "base/json.h"
#include "base/text.h"
#include "store/session_files.h"

namespace burin::store {

namespace session_names_detail {

constexpr std::uint64_t max_size = 256 << 20;
constexpr int lock_tries = 10;
constexpr auto lock_pause = io::milliseconds(100);

std::string index_path(const std::string& home) { return path::join(home, "session_index.jsonl"); }

/// Lines, the last first, until fn(id, name) returns false.
template <class F>
void each_name_backwards(io::Files& files, const std::string& home, F&& fn) {
  auto text = files.read(index_path(home), max_size);
  if (!text) return;
  auto all = lines(*text);
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    auto document = parse_json(*it);
    if (!document) continue;
    auto id = find_string(*document, "id");
    auto name = find_string(*document, "thread_name");
    if (id && name && !fn(*id, *name)) return;
  }
}

std::string name_line(std::string_view thread_id, std::string_view name, std::int64_t now_ns) {
  std::string out = "{\"id\":";
  write_json_string(out, thread_id);
  out += ",\"thread_name\":";
  write_json_string(out, name);
  return out + fmt::format(",\"updated_at\":\"{}\"}}\n", io::utc_ns_text(now_ns));
}

/// One write under the lock, to stable storage; a line that was torn before is ended first, so that it costs only
/// itself.
Result<> append_line(io::Files& files, const std::string& home, io::AppendFile& file, std::string line) {
  TRY(auto size, file.size());
  if (size > 0) {
    TRY(auto last, file.read_at(size - 1, 1));
    if (last != "\n") line.insert(0, "\n");
  }
  auto done = file.append(line);
  if (!done && file.written() > 0) {
    if (auto cut = file.truncate(size); !cut) return wrap(std::move(cut).error(), "part of a line stays behind");
  }
  CHECK(std::move(done));
  CHECK(file.sync());
  return sync_folders(files, index_path(home));
}

}  // namespace session_names_detail

using namespace session_names_detail;

std::optional<std::string> id_of_name(io::Files& files, const std::string& home, std::string_view name) {
  std::optional<std::string> out;
  each_name_backwards(files, home, [&](std::string_view id, std::string_view n) {
    if (n != name) return true;
    out = std::string(id);
    return false;
  });
  return out;
}

std::optional<std::string> name_of_id(io::Files& files, const std::string& home, std::string_view thread_id) {
  std::optional<std::string> out;
  each_name_backwards(files, home, [&](std::string_view id, std::string_view n) {
    if (id != thread_id) return true;
    out = std::string(n);
    return false;
  });
  return out;
}

std::unordered_map<std::string, std::string> all_names(io::Files& files, const std::string& home) {
  std::unordered_map<std::string, std::string> out;
  each_name_backwards(files, home, [&](std::string_view id, std::string_view name) {
    out.try_emplace(std::string(id), name);
    return true;
  });
  return out;
}

io::Task<Result<>> set_name(io::World& world, std::string home, std::string thread_id, std::string name) {
  auto trimmed = trim(name);
  if (trimmed.empty()) co_return fail(Kind::invalid, "Thread name cannot be empty.");
  CO_TRY(auto file, world.files.open_append(index_path(home), true));
  auto locked = file->lock();
  for (int tries = 1; !locked && locked.error().kind == Kind::conflict && tries < lock_tries; ++tries) {
    co_await io::sleep(lock_pause);
    locked = file->lock();
  }
  if (!locked) co_return Fail(std::move(locked).error());
  co_return co_await io::offload(world.pool, [&] {
    return append_line(world.files, home, *file, name_line(thread_id, trimmed, world.clock.now_ns()));
  });
}

}  // namespace burin::store

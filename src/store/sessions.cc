#include "store/sessions.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "store/rollout_log.h"

namespace burin::store {

namespace sessions_detail {

constexpr std::size_t head_bytes = 512 * 1024;                // enough for the first records of a session
constexpr std::size_t tail_bytes = 1 << 20;                   // where the last turn_context is looked for first
constexpr std::size_t head_records = 10, user_records = 210;  // session.md 4.7

/// Calls fn(path, name) for each rollout below the sessions folder, newest day first, until it returns false.
template <class F>
void each_rollout(io::Files& files, const std::string& home, F&& fn) {
  auto down = [&](const std::string& dir) {
    auto names = files.list(dir);
    std::vector<std::string> out = names ? std::move(*names) : std::vector<std::string>();
    std::sort(out.rbegin(), out.rend());
    return out;
  };
  std::string root = path::join(home, "sessions");
  for (const auto& year : down(root)) {
    for (const auto& month : down(path::join(root, year))) {
      std::string month_dir = path::join(path::join(root, year), month);
      for (const auto& day : down(month_dir)) {
        std::string day_dir = path::join(month_dir, day);
        for (const auto& file : down(day_dir)) {
          auto name = parse_rollout_name(file);
          if (name && !fn(path::join(day_dir, file), *name)) return;
        }
      }
    }
  }
}

struct Head {
  bool meta = false, user_message = false;
  std::string cwd;
  std::optional<std::string> provider;
};

/// Adds what the lines say; true when no further line can matter.
bool read_lines(Head& head, std::string_view text) {
  std::size_t records = 0;
  for (auto line : split(text, '\n')) {
    if (blank(line)) continue;
    if (++records > user_records || (records > head_records && !head.meta)) return true;
    auto document = parse_json(line);
    if (!document) continue;
    auto type = find_string(*document, "type").value_or("");
    const auto* payload = find(*document, "payload");
    if (payload == nullptr) continue;
    if (type == "session_meta" && !head.meta) {
      head.meta = true;
      head.cwd = std::string(find_string(*payload, "cwd").value_or(""));
      if (auto p = find_string(*payload, "model_provider")) head.provider = std::string(*p);
    } else if (type == "event_msg" && find_string(*payload, "type") == "user_message") {
      head.user_message = true;
      return true;
    }
  }
  return false;
}

/// The first records; usually few bytes, unless the first message holds pictures.
Head read_head(io::Files& files, const std::string& file, std::uint64_t size) {
  for (std::uint64_t bytes = head_bytes;; bytes *= 4) {
    Head head;
    auto text = files.read_range(file, 0, bytes);
    if (!text || read_lines(head, *text) || bytes >= size) return head;
  }
}

/// The cwd of the last turn_context in the last `bytes` of the file.
std::optional<std::string> last_cwd_in(io::Files& files, const std::string& file, std::uint64_t size,
                                       std::uint64_t bytes) {
  auto text = files.read_range(file, size - bytes, bytes);
  if (!text) return std::nullopt;
  constexpr std::string_view mark = "\"type\":\"turn_context\"";
  for (auto at = text->rfind(mark); at != std::string::npos;
       at = at == 0 ? std::string::npos : text->rfind(mark, at - 1)) {
    auto start = text->rfind('\n', at);
    start = start == std::string::npos ? 0 : start + 1;
    auto end = std::min(text->find('\n', at), text->size());
    auto document = parse_json(std::string_view(*text).substr(start, end - start));
    if (!document || find_string(*document, "type") != "turn_context") continue;
    if (const auto* payload = find(*document, "payload")) {
      if (auto cwd = find_string(*payload, "cwd")) return std::string(*cwd);
    }
  }
  return std::nullopt;
}

/// The cwd of the last turn; looks ever further back from the end, which is where it usually stands.
std::optional<std::string> last_cwd(io::Files& files, const std::string& file, std::uint64_t size) {
  for (std::uint64_t bytes = tail_bytes; bytes < size; bytes *= 4) {
    if (auto cwd = last_cwd_in(files, file, size, bytes)) return cwd;
  }
  return last_cwd_in(files, file, size, size);
}

/// Lines of session_index.jsonl, the last first; stops when fn returns false.
template <class F>
void each_name_backwards(io::Files& files, const std::string& home, F&& fn) {
  auto text = files.read(path::join(home, "session_index.jsonl"), 256 << 20);
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

}  // namespace sessions_detail

using namespace sessions_detail;

bool is_uuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    char c = text[i];
    bool hex_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (shape[i] == '-' ? c != '-' : !hex_digit) return false;
  }
  return true;
}

Result<std::string> find_by_id(io::Files& files, const std::string& home, std::string_view thread_id) {
  std::string wanted = to_lower_ascii(thread_id);
  std::optional<std::string> found;
  each_rollout(files, home, [&](std::string file, const RolloutName& name) {
    if (to_lower_ascii(name.id) != wanted) return true;
    found = std::move(file);
    return false;
  });
  if (found) return *found;
  return fail(Kind::not_found, fmt::format("no session {} in {}/sessions", thread_id, home),
              "check the id, or use --last for the newest session of this folder");
}

Result<std::string> find_session(io::Files& files, const std::string& home, const std::string& cwd,
                                 const std::string& session) {
  if (contains(session, "/") || session.ends_with(".jsonl")) {
    auto file = files.canonical(path::join(cwd, session));
    if (!file) return fail(Kind::not_found, "no session file " + session);
    return *file;
  }
  if (is_uuid(session)) return find_by_id(files, home, session);
  auto named = id_of_name(files, home, session);
  if (!named) {
    return fail(Kind::not_found, "no session is named " + session,
                "give its id, or use --last for the newest session of this folder");
  }
  return find_by_id(files, home, *named);
}

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

std::optional<std::string> find_latest(io::Files& files, const std::string& home, const LatestFilter& filter) {
  struct Candidate {
    std::int64_t updated;
    std::string id, file;
    std::uint64_t size;
  };
  std::vector<Candidate> all;
  each_rollout(files, home, [&](std::string file, const RolloutName& name) {
    auto info = files.stat(file);
    if (info) all.push_back({info->mtime_ns / 1'000'000'000, name.id, std::move(file), info->size});
    return true;
  });
  std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.updated, a.id) > std::tie(b.updated, b.id);
  });
  auto same = [&](const std::string& cwd) {
    if (cwd == *filter.cwd || path::normal(cwd) == *filter.cwd) return true;
    auto canonical = files.canonical(cwd);
    return canonical && *canonical == *filter.cwd;
  };
  for (const auto& c : all) {
    Head head = read_head(files, c.file, c.size);
    if (!head.meta || !head.user_message) continue;
    if (head.provider && *head.provider != filter.model_provider) continue;
    if (filter.cwd && !same(head.cwd)) {
      auto last = last_cwd(files, c.file, c.size);
      if (!last || !same(*last)) continue;
    }
    return c.file;
  }
  return std::nullopt;
}

}  // namespace burin::store

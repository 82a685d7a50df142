#include "store/sessions.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "store/listing.h"
#include "store/rollout_log.h"

namespace burin::store {

namespace sessions_detail {

constexpr std::size_t tail_bytes = 1 << 20;  // where the last turn_context is looked for first
constexpr std::size_t min_prefix = 4, max_candidates = 10;

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

std::optional<SessionFile> with_id(io::Files& files, const std::string& home, bool archived, std::string_view id) {
  std::optional<SessionFile> found;
  each_session_file(files, home, archived, [&](SessionFile file) {
    if (file.id != id) return true;
    found = std::move(file);
    return false;
  });
  return found;
}

Result<SessionFile> at_path(io::Files& files, const std::string& home, const std::string& path) {
  TRY(auto real, files.canonical(path));
  auto archive = files.canonical(archive_folder(home));
  bool archived = archive && path::parent(real) == *archive;
  if (auto file = session_file_at(std::move(real), archived)) return std::move(*file);
  return fail(Kind::invalid, fmt::format("{} has not the name of a session file", path));
}

Result<SessionFile> one_of(std::vector<SessionFile> found, std::string_view text) {
  if (found.size() == 1) return std::move(found.front());
  if (found.empty()) {
    return fail(Kind::not_found, fmt::format("no session is called {}", text),
                "give its id, the beginning of the id, its name, or its file; `burin sessions list` shows them");
  }
  std::string list;
  for (std::size_t i = 0; i < found.size() && i < max_candidates; ++i) {
    list += fmt::format("\n  {}{}", found[i].id, found[i].archived ? "  (archived)" : "");
  }
  if (found.size() > max_candidates) list += fmt::format("\n  and {} more", found.size() - max_candidates);
  return fail(Kind::invalid, fmt::format("{} sessions have an id that begins with {}:{}", found.size(), text, list),
              "give more of the id");
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
  if (auto found = with_id(files, home, false, to_lower_ascii(thread_id))) return std::move(found->path);
  if (with_id(files, home, true, to_lower_ascii(thread_id))) {
    return fail(Kind::not_found, fmt::format("the session {} is archived", thread_id),
                fmt::format("bring it back first: burin sessions unarchive {}", thread_id));
  }
  return fail(Kind::not_found, fmt::format("no session {} in {}/sessions", thread_id, home),
              "check the id, or use --last for the newest session of this folder");
}

Result<std::string> find_resumable(io::Files& files, const std::string& home, const std::string& cwd,
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

Result<SessionFile> find_session(io::Files& files, const std::string& home, const std::string& cwd,
                                 std::string_view text) {
  if (burin::contains(text, "/") || text.ends_with(".jsonl")) return at_path(files, home, path::join(cwd, text));
  std::string wanted = to_lower_ascii(text);
  if (!is_uuid(text)) {
    if (auto named = id_of_name(files, home, text)) wanted = *named;
  }
  std::vector<SessionFile> found;
  for (bool archived : {false, true}) {
    if (is_uuid(wanted)) {
      if (auto file = with_id(files, home, archived, wanted)) return std::move(*file);
    } else if (wanted.size() >= min_prefix) {
      each_session_file(files, home, archived, [&](SessionFile file) {
        if (file.id.starts_with(wanted)) found.push_back(std::move(file));
        return true;
      });
    }
  }
  return one_of(std::move(found), text);
}

std::optional<std::string> find_latest(io::Files& files, const std::string& home, const LatestFilter& filter) {
  struct Candidate {
    std::int64_t updated;
    std::string id, file;
    std::uint64_t size;
  };
  std::vector<Candidate> all;
  each_session_file(files, home, false, [&](SessionFile file) {
    auto info = files.stat(file.path);
    if (info) all.push_back({info->mtime_ns / 1'000'000'000, std::move(file.id), std::move(file.path), info->size});
    return true;
  });
  std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.updated, a.id) > std::tie(b.updated, b.id);
  });
  for (const auto& c : all) {
    auto head = read_head(files, c.file);
    if (!head || !head->meta || !head->user_message) continue;
    if (!head->provider.empty() && head->provider != filter.model_provider) continue;
    if (filter.cwd && !same_folder(files, head->cwd, *filter.cwd)) {
      auto last = last_cwd(files, c.file, c.size);
      if (!last || !same_folder(files, *last, *filter.cwd)) continue;
    }
    return c.file;
  }
  return std::nullopt;
}

}  // namespace burin::store

#include "store/listing.h"

#include <cerrno>

#include "base/text.h"
#include "io/clock.h"
#include "store/session_names.h"
#include "store/sessions.h"

namespace burin::store {

namespace listing_detail {

/// A place in an order.
struct Key {
  std::int64_t time = 0;
  std::string id;
  auto operator<=>(const Key&) const = default;
};

std::string cursor_text(const Key& key) { return io::utc_seconds_text(key.time) + "|" + key.id; }

/// "<RFC 3339>|<uuid>", or the time as file names have it.
std::optional<Key> parse_cursor(std::string_view text) {
  auto bar = text.rfind('|');
  if (bar == std::string_view::npos || !is_uuid(text.substr(bar + 1))) return std::nullopt;
  auto time_text = std::string(text.substr(0, bar));
  constexpr std::size_t file_name_form = 19;
  if (time_text.size() == file_name_form && time_text[13] == '-' && time_text[16] == '-') {
    time_text[13] = time_text[16] = ':';
    time_text += 'Z';
  }
  auto time = io::parse_rfc3339(time_text);
  if (!time) return std::nullopt;
  return Key{*time, to_lower_ascii(text.substr(bar + 1))};
}

struct Candidate {
  SessionFile file;
  io::FileInfo info;
  Key key;
};

bool matches_source(const std::vector<std::string>& wanted, std::string_view kind) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string& w) {
           return kind == w || (w == "subagent" && kind.starts_with("subagent"));
         });
}

bool contains_ignore_case(std::string_view text, std::string_view lower_part) {
  return contains(to_lower_ascii(text), lower_part);
}

class Lister {
 public:
  Lister(io::Files& files, const std::string& home, const ListQuery& query, HeadCache* cache)
      : files_(files), home_(home), query_(query), cache_(cache), search_(to_lower_ascii(query.search)) {}

  Result<Listing> run() {
    std::optional<Key> after;
    if (!query_.cursor.empty()) {
      after = parse_cursor(query_.cursor);
      if (!after) return fail(Kind::invalid, fmt::format("invalid cursor: {}", query_.cursor));
    }
    names_ = all_names(files_, home_);
    auto candidates = gather();
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.key > b.key; });
    std::size_t from = 0;
    while (after && from < candidates.size() && candidates[from].key >= *after) ++from;
    auto end = from + std::min(candidates.size() - from, query_.scan_cap);
    out_.scanned = end - from;
    out_.not_scanned = candidates.size() - end;
    bool more = false;
    for (auto i = from; i < end; ++i) more |= !take(candidates[i]);
    if (more) {
      out_.next_cursor = cursor_text(key_of_last_item());
    } else if (out_.not_scanned > 0) {
      out_.next_cursor = cursor_text(candidates[end - 1].key);
    }
    return std::move(out_);
  }

 private:
  /// The session files of the wanted place with their state; those of the other place are counted.
  std::vector<Candidate> gather() {
    std::vector<Candidate> out;
    std::unordered_set<std::string_view> all;
    std::vector<std::string> elsewhere;
    auto visit = [&](SessionFile file) {
      auto info = files_.stat(file.path);
      if (!info) {
        // One that was moved or deleted meanwhile is no news.
        if (info.error().sys != ENOENT) out_.unreadable.push_back({file.path, info.error().reason()});
      } else if (info->type == io::FileInfo::Type::regular) {
        std::int64_t updated = info->mtime_ns / 1'000'000'000;
        Key key{query_.order == SessionOrder::created ? file.created : updated, file.id};
        out.push_back({std::move(file), *info, std::move(key)});
      }
      return true;
    };
    each_session_file(files_, home_, query_.archived, visit, &out_.unreadable);
    bool complete = out_.unreadable.empty();
    std::vector<Unreadable> other_problems;
    each_session_file(
        files_, home_, !query_.archived,
        [&](const SessionFile& file) {
          elsewhere.push_back(file.path);
          return true;
        },
        &other_problems);
    hide(Hidden::other_place, elsewhere.size());
    if (cache_ != nullptr && complete && other_problems.empty()) {
      for (const auto& c : out) all.insert(path::name(c.file.path));
      for (const auto& p : elsewhere) all.insert(path::name(p));
      cache_->keep_only(all);
    }
    return out;
  }

  void hide(Hidden reason, std::size_t count = 1) { out_.hidden[static_cast<std::size_t>(reason)] += count; }

  const SessionHead* head_of(const Candidate& c) {
    auto name = path::name(c.file.path);
    if (const auto* known = cache_ != nullptr ? cache_->find(name, c.info) : nullptr) return known;
    auto read = read_head(files_, c.file.path);
    if (!read) {
      if (read.error().sys != ENOENT) out_.unreadable.push_back({c.file.path, read.error().reason()});
      return nullptr;
    }
    read_ = std::move(*read);
    if (cache_ != nullptr) cache_->put(name, c.info, read_);
    return &read_;
  }

  /// False when it belongs into the list and there is no room.
  bool take(const Candidate& c) {
    const auto* head = head_of(c);
    if (head == nullptr) return true;
    if (!head->meta) {
      out_.unreadable.push_back({c.file.path, c.info.size == 0 ? "empty" : "no session_meta in its first 10 records"});
      return true;
    }
    auto name = names_.find(c.file.id);
    std::string_view title = name == names_.end() ? std::string_view() : name->second;
    if (auto reason = why_hidden(*head, title)) {
      hide(*reason);
      return true;
    }
    if (out_.items.size() >= std::max<std::size_t>(query_.limit, 1)) return false;
    out_.items.push_back({c.file.path, c.file.id, c.file.created, c.info.mtime_ns / 1'000'000'000, c.info.size,
                          c.file.archived, std::string(title), *head});
    return true;
  }

  std::optional<Hidden> why_hidden(const SessionHead& head, std::string_view title) {
    if (!head.user_message) return Hidden::unused;
    if (!matches_source(query_.sources, source_kind(head.source))) return Hidden::source;
    const auto& provider = head.provider.empty() ? query_.default_provider : head.provider;
    const auto& wanted = query_.providers;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), provider) == wanted.end()) return Hidden::provider;
    if (query_.cwd && !in_wanted_folder(head.cwd)) return Hidden::cwd;
    bool found = search_.empty() || contains_ignore_case(title, search_) || contains_ignore_case(head.preview, search_);
    return found ? std::nullopt : std::optional(Hidden::search);
  }

  /// Sessions are many, their folders few: each is resolved once.
  bool in_wanted_folder(const std::string& cwd) {
    auto [known, is_new] = folders_.try_emplace(cwd, false);
    if (is_new) known->second = same_folder(files_, cwd, *query_.cwd);
    return known->second;
  }

  Key key_of_last_item() const {
    const auto& last = out_.items.back();
    return {query_.order == SessionOrder::created ? last.created : last.updated, last.id};
  }

  io::Files& files_;
  const std::string& home_;
  const ListQuery& query_;
  HeadCache* cache_;
  std::string search_;
  std::unordered_map<std::string, std::string> names_;
  std::unordered_map<std::string, bool> folders_;
  SessionHead read_;
  Listing out_;
};

}  // namespace listing_detail

std::string_view hidden_name(Hidden reason, const ListQuery& query) {
  constexpr std::string_view names[] = {"", "unused", "source", "provider", "cwd", "search"};
  if (reason == Hidden::other_place) return query.archived ? "not archived" : "archived";
  return names[static_cast<std::size_t>(reason)];
}

Result<Listing> list_sessions(io::Files& files, const std::string& home, const ListQuery& query, HeadCache* cache) {
  return listing_detail::Lister(files, home, query, cache).run();
}

Result<SessionSummary> summarise(io::Files& files, const std::string& home, const SessionFile& session) {
  TRY(auto info, files.stat(session.path));
  TRY(auto head, read_head(files, session.path));
  return SessionSummary{session.path,
                        session.id,
                        session.created,
                        info.mtime_ns / 1'000'000'000,
                        info.size,
                        session.archived,
                        name_of_id(files, home, session.id).value_or(""),
                        std::move(head)};
}

bool same_folder(io::Files& files, const std::string& cwd, const std::string& wanted) {
  if (cwd == wanted || path::normal(cwd) == wanted) return true;
  auto canonical = files.canonical(cwd);
  return canonical && *canonical == wanted;
}

}  // namespace burin::store

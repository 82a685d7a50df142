#include "cli/sessions_json.h"

#include "io/clock.h"

namespace burin::cli {

namespace sessions_json_detail {

struct GitRow {
  Nullable<std::string> sha, branch, origin_url;
};
BURIN_WIRE(GitRow, sha, branch, origin_url)

struct SessionRow {
  std::string id;
  Nullable<std::string> name;
  std::string preview, created_at, updated_at, cwd, source;
  Nullable<std::string> model_provider;
  std::string cli_version, originator;
  Nullable<GitRow> git;
  Nullable<std::string> agent_nickname, agent_role;
  bool archived = false;
  std::int64_t size = 0;
  std::string path;
};
BURIN_WIRE(SessionRow, id, name, preview, created_at, updated_at, cwd, source, model_provider, cli_version, originator,
           git, agent_nickname, agent_role, archived, size, path)

struct UnreadableRow {
  std::string path, reason;
};
BURIN_WIRE(UnreadableRow, path, reason)

struct ListDocument {
  std::vector<SessionRow> sessions;
  Nullable<std::string> next_cursor;
  std::map<std::string, std::int64_t> hidden;
  std::int64_t scanned = 0, not_scanned = 0;
  std::vector<UnreadableRow> unreadable;
};
BURIN_WIRE(ListDocument, sessions, next_cursor, hidden, scanned, not_scanned, unreadable)

struct ShowDocument {
  SessionRow session;
  Nullable<std::string> forked_from_id;
  std::vector<SessionTurn> turns;
  Nullable<wire::TokenUsage> tokens;
  std::int64_t skipped = 0;
  std::vector<std::string> problems;
};
BURIN_WIRE(ShowDocument, session, forked_from_id, turns, tokens, skipped, problems)

Nullable<std::string> or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

SessionRow row(const store::SessionSummary& s) {
  const auto& h = s.head;
  SessionRow out{.id = s.id,
                 .name = or_null(s.name),
                 .preview = h.preview,
                 .created_at = h.started.empty() ? io::utc_seconds_text(s.created) : h.started,
                 .updated_at = io::utc_seconds_text(s.updated),
                 .cwd = h.cwd,
                 .source = store::source_kind(h.source),
                 .model_provider = or_null(h.provider),
                 .cli_version = h.cli_version,
                 .originator = h.originator,
                 .git = {},
                 .agent_nickname = or_null(h.agent_nickname),
                 .agent_role = or_null(h.agent_role),
                 .archived = s.archived,
                 .size = static_cast<std::int64_t>(s.size),
                 .path = s.path};
  if (!h.git_sha.empty() || !h.git_branch.empty() || !h.git_origin.empty()) {
    out.git = std::optional(GitRow{or_null(h.git_sha), or_null(h.git_branch), or_null(h.git_origin)});
  }
  return out;
}

}  // namespace sessions_json_detail

using namespace sessions_json_detail;

std::string list_json(const store::Listing& listing, const store::ListQuery& query) {
  ListDocument out;
  for (const auto& session : listing.items) out.sessions.push_back(row(session));
  out.next_cursor = listing.next_cursor;
  for (std::size_t i = 0; i < listing.hidden.size(); ++i) {
    if (listing.hidden[i] == 0) continue;
    out.hidden[std::string(store::hidden_name(static_cast<store::Hidden>(i), query))] =
        static_cast<std::int64_t>(listing.hidden[i]);
  }
  out.scanned = static_cast<std::int64_t>(listing.scanned);
  out.not_scanned = static_cast<std::int64_t>(listing.not_scanned);
  for (const auto& u : listing.unreadable) out.unreadable.push_back({u.path, u.reason});
  return dump_mapped(out) + "\n";
}

std::string forked_from(const store::LoadedRollout& loaded) {
  for (const auto& line : loaded.lines) {
    if (const auto* meta = std::get_if<wire::SessionMeta>(&line.payload)) return meta->forked_from_id.value_or("");
  }
  return {};
}

std::string show_json(const store::SessionSummary& session, const store::LoadedRollout& loaded,
                      const SessionStory& story) {
  ShowDocument out{.session = row(session),
                   .forked_from_id = or_null(forked_from(loaded)),
                   .turns = story.turns,
                   .tokens = {},
                   .skipped = static_cast<std::int64_t>(loaded.skipped()),
                   .problems = loaded.problems()};
  if (story.tokens) out.tokens = std::optional(story.tokens->total_token_usage);
  return dump_mapped(out) + "\n";
}

}  // namespace burin::cli

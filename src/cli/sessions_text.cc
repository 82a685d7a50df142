// What people see of sessions: the table, what was hidden, one session with its turns.
#include "cli/sessions_text.h"

#include "base/text.h"
#include "cli/sessions_json.h"

namespace burin::cli {

namespace sessions_text_detail {

constexpr std::size_t min_id = 13;  // of an id made from time and chance, what tells the millisecond
constexpr std::size_t folder_width = 24, time_width = 16, min_title = 16;

/// What the user or a model wrote, as a piece of one line: no control character reaches the terminal.
std::string one_line(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    char32_t c = next_code_point(text, at);
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
                   (c >= 0x2066 && c <= 0x2069);
    if (control) c = ' ';
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    if (count++ == width) {
      // The last one makes room for the mark.
      out.resize(floor_boundary(out, out.size() - 1));
      return out + "…";
    }
    append_code_point(out, c);
  }
  return out;
}

std::string padded(std::string text, std::size_t width) {
  auto count = count_code_points(text);
  if (count < width) text.append(width - count, ' ');
  return text;
}

std::string local_text(io::Clock& clock, std::int64_t seconds) {
  auto t = clock.local(seconds);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute);
}

/// The home as ~; a long path loses its beginning.
std::string shown_folder(const std::string& folder, const std::string& user_home) {
  std::string out = folder;
  if (!user_home.empty() && path::contains(user_home, folder)) out = "~" + folder.substr(user_home.size());
  auto count = count_code_points(out);
  if (count > folder_width) {
    auto head = first_code_points(out, count - folder_width + 1).size();
    out = "…" + out.substr(head);
  }
  return one_line(out, folder_width);
}

/// Characters of the ids that tell all of them apart.
std::size_t id_width(const store::Listing& listing) {
  std::vector<std::string_view> ids;
  for (const auto& s : listing.items) ids.push_back(s.id);
  std::sort(ids.begin(), ids.end());
  std::size_t width = min_id;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    auto [a, b] = std::mismatch(ids[i].begin(), ids[i].end(), ids[i - 1].begin(), ids[i - 1].end());
    width = std::max(width, static_cast<std::size_t>(a - ids[i].begin()) + 1);
  }
  return width;
}

std::string short_source(const std::string& source_json) {
  auto kind = store::source_kind(source_json);
  return kind.starts_with("subagent") ? "subagent" : kind;
}

/// In the order of store::Hidden.
constexpr std::string_view hidden_words[] = {"archived (--archived)", "without a message", "of other sources",
                                             "of other providers",    "of other folders",  "without the searched text"};
static_assert(std::size(hidden_words) == static_cast<std::size_t>(store::Hidden::count));

/// When it was started: what the file says, else the local time in its name, which is no instant.
std::int64_t started_at(const store::SessionSummary& session) {
  return io::parse_rfc3339(session.head.started).value_or(session.created);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} bytes", bytes);
  if (bytes < 10'000'000) return fmt::format("{} kB", bytes / 1000);
  return fmt::format("{} MB", bytes / 1'000'000);
}

std::string facts(io::Clock& clock, const store::SessionSummary& s, const std::string& fork) {
  const auto& h = s.head;
  std::string out;
  auto fact = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out += fmt::format("{:<9} {}\n", name, one_line(value, 1000));
  };
  fact("Session", s.id);
  fact("Name", s.name);
  fact("Started", local_text(clock, started_at(s)));
  fact("Updated", local_text(clock, s.updated));
  fact("Folder", h.cwd);
  auto by = fmt::format("{} {}", h.originator, h.cli_version);
  fact("Source", fmt::format("{} ({})", store::source_kind(h.source), trim(by)));
  fact("Agent", trim(fmt::format("{} {}", h.agent_nickname, h.agent_role)));
  fact("Provider", h.provider);
  fact("Git", trim(fmt::format("{} {} {}", h.git_branch, h.git_sha.substr(0, 12), h.git_origin)));
  fact("Forked", fork);
  fact("File", fmt::format("{} ({}{})", s.path, size_text(s.size), s.archived ? ", archived" : ""));
  return out;
}

std::string tokens_text(const wire::TokenUsage& t) {
  return fmt::format("Tokens    {}: {} in ({} cached), {} out ({} reasoning)\n", with_thousands(t.total_tokens),
                     with_thousands(t.input_tokens), with_thousands(t.cached_input_tokens),
                     with_thousands(t.output_tokens), with_thousands(t.reasoning_output_tokens));
}

std::string turn_text(io::Clock& clock, const SessionTurn& turn, std::size_t number, std::size_t columns) {
  std::vector<std::string> marks;
  if (turn.calls > 0) marks.push_back(fmt::format("{} tool call{}", turn.calls, turn.calls == 1 ? "" : "s"));
  if (turn.status != "completed" && !turn.id.empty()) marks.push_back(turn.status);
  if (turn.rolled_back) marks.emplace_back("taken back");
  auto at = io::parse_rfc3339(turn.started_at);
  std::string out = fmt::format("\n{}.", number);
  if (at) out += " " + local_text(clock, *at);
  if (!marks.empty()) out += fmt::format("  ({})", join(marks, ", "));
  out += "\n";
  std::size_t width = columns > 20 ? columns - 4 : 16;
  for (const auto& text : turn.user) out += fmt::format("  > {}\n", one_line(text, width));
  if (!turn.answer.empty()) out += fmt::format("    {}\n", one_line(turn.answer, width));
  return out;
}

}  // namespace sessions_text_detail

using namespace sessions_text_detail;

std::string session_table(io::Clock& clock, const std::string& user_home, const store::Listing& listing,
                          store::SessionOrder order, std::size_t columns) {
  bool by_start = order == store::SessionOrder::created;
  std::size_t id = id_width(listing), source = std::string_view("SOURCE").size(), folder = 6;
  for (const auto& s : listing.items) {
    source = std::max(source, short_source(s.head.source).size());
    folder = std::max(folder, count_code_points(shown_folder(s.head.cwd, user_home)));
  }
  std::size_t used = id + time_width + source + folder + 4 * 2;
  std::size_t title = columns > used + min_title ? columns - used : min_title;
  auto line = [&](std::string a, std::string b, std::string c, std::string d, std::string e) {
    return fmt::format("{}  {}  {}  {}  {}\n", padded(std::move(a), id), padded(std::move(b), time_width),
                       padded(std::move(c), source), padded(std::move(d), folder), e);
  };
  std::string out = line("ID", by_start ? "STARTED" : "UPDATED", "SOURCE", "FOLDER", "SESSION");
  for (const auto& s : listing.items) {
    out +=
        line(s.id.substr(0, id), local_text(clock, by_start ? started_at(s) : s.updated), short_source(s.head.source),
             shown_folder(s.head.cwd, user_home), one_line(s.name.empty() ? s.head.preview : s.name, title));
  }
  return out;
}

std::string hidden_sentence(const store::Listing& listing, const store::ListQuery& query) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < listing.hidden.size(); ++i) {
    if (listing.hidden[i] == 0) continue;
    bool other = query.archived && static_cast<store::Hidden>(i) == store::Hidden::other_place;
    parts.push_back(fmt::format("{} {}", listing.hidden[i], other ? "not archived" : hidden_words[i]));
  }
  return parts.empty() ? std::string() : fmt::format("Not shown: {}.\n", join(parts, ", "));
}

std::string session_text(io::Clock& clock, const store::SessionSummary& session, const store::LoadedRollout& loaded,
                         const SessionStory& story, std::size_t columns) {
  std::string out = facts(clock, session, forked_from(loaded));
  if (story.tokens) out += tokens_text(story.tokens->total_token_usage);
  if (loaded.skipped() > 0) {
    out += fmt::format("Problems  {} line{} could not be read:\n", loaded.skipped(), loaded.skipped() == 1 ? "" : "s");
    for (const auto& problem : loaded.problems()) out += fmt::format("  {}\n", one_line(problem, 1000));
  }
  std::size_t number = 0;
  for (const auto& turn : story.turns) out += turn_text(clock, turn, ++number, columns);
  return out;
}

std::string session_title(const store::SessionSummary& session) {
  constexpr std::size_t width = 60;
  return one_line(session.name.empty() ? session.head.preview : session.name, width);
}

}  // namespace burin::cli

// From what streams in to the events that clients see (session.md 2.2-2.5).
//
// For each item the new events come first and the legacy ones right after. Deltas refer to the item most recently added
// and not yet done; without one they are dropped. Hidden markup (citations) is removed from what is shown; what is
// recorded keeps it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "agent/session.h"

namespace burin::agent {

/// Removes <oai-mem-citation>…</oai-mem-citation> from text that comes in pieces; holds back what may begin a tag.
class CitationFilter {
 public:
  std::string feed(std::string_view piece);
  /// What was held back and turned out to be text; an open citation is closed by the end.
  std::string finish();
  static std::string strip(std::string_view whole);

 private:
  std::string held_;
  bool inside_ = false;
};

/// The text that a web search shows (session.md 2.4).
std::string web_search_text(const std::optional<wire::WebSearchAction>& action);

class ItemEvents {
 public:
  explicit ItemEvents(Session& session) : session_(session) {}

  void added(const wire::ResponseItem& item);
  void done(const wire::ResponseItem& item);
  void text_delta(std::string_view delta);
  void reasoning_summary_delta(std::string_view delta, std::int64_t summary_index);
  void reasoning_content_delta(std::string_view delta, std::int64_t content_index);
  void reasoning_part_added(std::int64_t summary_index);
  /// The response is complete: text that was held back is shown.
  void flush();

  /// Visible text of the last assistant message that had any.
  const std::optional<std::string>& last_message() const { return last_message_; }

 private:
  std::optional<wire::TurnItem> turn_item(const wire::ResponseItem& item) const;
  void started(wire::TurnItem item);
  void completed(const wire::TurnItem& item);
  void legacy(const wire::TurnItem& item);
  void emit_text(std::string text);
  Session& session_;
  std::string active_id_;
  bool active_ = false;
  CitationFilter filter_;
  std::optional<std::string> last_message_;
};

}  // namespace burin::agent

// Compaction: what takes the place of a history that has become too long (context.md 7).
//
// Pure: from the old history and a summary (local) or the server's items (remote) to the new list. Beyond the
// reference, for local compaction: the last message that a user really sent comes out byte for byte, images included,
// and the result fits the room it is given or there is none.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "context/history.h"

namespace burin::context {

/// The first line of a summary message, constant: it is the mark by which summaries are recognised.
std::string_view summary_prefix();
/// Our own summaries, and those in session files of the reference (recognised by the digest of their first line).
bool is_summary(std::string_view text);

/// What asks the model for a summary, unless the configuration says otherwise.
std::string_view compaction_prompt();

/// The room for the new list, in estimated tokens.
struct CompactionRoom {
  std::int64_t items = 0;  // for all items together
  static constexpr std::int64_t user_messages = 20'000;
};

/// The new list of a local compaction: the user's messages, newest first as far as the room goes, then the summary;
/// before the last user message the `context` (of a turn that goes on; else empty); ghost snapshots at the end. A
/// summary that is too long for the room is cut. nullopt when not even context and last message leave room for one.
struct Replacement {
  std::vector<wire::ResponseItem> items;
  std::string summary;  // text of the summary message, with its prefix
};
std::optional<Replacement> local_replacement(const History& history, std::string_view summary,
                                             const std::vector<wire::ResponseItem>& context,
                                             const CompactionRoom& room);

/// The list that an old record of a compaction stands for, which holds nothing but the summary message's text
/// (context.md 6.4).
std::vector<wire::ResponseItem> legacy_replacement(const History& history, const std::string& message);

/// The new list of a remote compaction: what may be kept of the server's items (compactions, assistant messages, real
/// user messages), with context and ghost snapshots as above (context.md 7.5).
std::vector<wire::ResponseItem> remote_replacement(const History& history, std::vector<wire::ResponseItem> output,
                                                   const std::vector<wire::ResponseItem>& context);

/// Where a context is inserted: before the last real user message that is no summary; else before the last summary;
/// else before the last compaction item; else at the end (context.md 7.6).
std::size_t insertion_point(const std::vector<wire::ResponseItem>& items);

/// Sum of the items' estimates.
std::int64_t estimated_tokens(const std::vector<wire::ResponseItem>& items);

}  // namespace burin::context

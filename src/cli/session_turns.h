// A session file as turns: what was asked, what was answered, how each ended. For people and scripts, not for models.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "wire/rollout.h"

namespace burin::cli {

struct SessionTurn {
  std::string id;          // "" in old files
  std::string started_at;  // UTC, of its first line
  std::vector<std::string> user;
  std::string answer;      // the last message of the model
  std::string status;      // "completed", "interrupted", "replaced", "review_ended"; "open" without an end
  std::int64_t calls = 0;  // of tools
  bool rolled_back = false;
};
BURIN_WIRE(SessionTurn, id, started_at, user, answer, status, calls, rolled_back)

struct SessionStory {
  std::vector<SessionTurn> turns;
  std::optional<wire::TokenUsageInfo> tokens;  // the last count
};
SessionStory read_story(const std::vector<wire::RolloutLine>& lines);

/// What a user said, as text: the message, and a mark for each picture.
std::string shown_message(const wire::event::UserMessage& message);
/// Whether the lines hold user_message events; files that do not are told from their items.
bool has_user_events(const std::vector<wire::RolloutLine>& lines);
/// The text of an item that is a message the user wrote; nullopt for others, context fragments included.
std::optional<std::string> user_text(const wire::ResponseItem& item);

}  // namespace burin::cli

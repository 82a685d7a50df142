// Bringing a thread's context back from its log (session.md 5.2, context.md 6.4).
//
// Pure: lines in, history and baseline out. What the lines do not establish is not guessed: without a surviving
// turn_context there is no baseline, and the next turn injects the full context again.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "context/history.h"
#include "context/initial_context.h"
#include "wire/rollout.h"

namespace burin::context {

struct Rebuilt {
  History history;
  std::optional<wire::TurnContext> baseline;
  std::optional<PreviousTurn> previous;
  std::optional<wire::TokenUsageInfo> token_info;
  std::optional<std::string> base_instructions;  // recorded in the session's meta line
  bool open_turn = false;                        // the newest turn has no closing event
  std::string open_turn_id;
};

/// `policy` is the truncation policy of the model that the thread goes on with.
Rebuilt rebuild(std::span<const wire::RolloutLine> lines, const wire::TruncationPolicy& policy);

/// The lines before the n-th user message, counted from 0 over what rollbacks have left (session.md 5.7). Lines that
/// precede it in its turn stay. Nothing when there are fewer messages.
std::span<const wire::RolloutLine> lines_before_user_message(std::span<const wire::RolloutLine> lines, std::size_t n);

}  // namespace burin::context

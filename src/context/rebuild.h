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
  /// The turn_context line that the next turn compares with, by the number it was given to add() with.
  std::optional<std::size_t> baseline_line;
  std::optional<wire::TurnContext> baseline;  // filled by rebuild(); else for the caller to read
  std::optional<PreviousTurn> previous;
  std::optional<wire::TokenUsageInfo> token_info;
  std::optional<std::string> base_instructions;  // recorded in the session's meta line
  bool open_turn = false;                        // the newest turn has no closing event
  std::string open_turn_id;
};

/// Takes the lines one after the other, so that a long log need never be in memory as a whole: what is kept is the
/// history as it stands, and a few words for each turn.
class Rebuilder {
 public:
  /// `policy` is the truncation policy of the model that the thread goes on with.
  explicit Rebuilder(wire::TruncationPolicy policy) : policy_(policy) {}
  void add(const wire::RolloutLine& line, std::size_t number);
  Rebuilt finish();

  /// A line that says something about its turn.
  struct Mark {
    enum class Kind : unsigned char { started, ended, user_message, turn_context, compacted, rolled_back };
    Kind kind{};
    std::optional<std::string> turn_id{};
    std::string model{};  // of a turn_context
    bool realtime = false;
    std::size_t number = 0;  // the line's; of a rollback the number of turns
  };

 private:
  void mark(Mark m) { marks_.push_back(std::move(m)); }
  void event(const wire::EventMsg& event);
  wire::TruncationPolicy policy_;
  Rebuilt out_;
  bool legacy_ = false;  // a compaction without replacement history: what it left is not known to the model as settings
  std::vector<Mark> marks_;
};

Rebuilt rebuild(std::span<const wire::RolloutLine> lines, const wire::TruncationPolicy& policy);

/// The lines before the n-th user message, counted from 0 over what rollbacks have left (session.md 5.7). Lines that
/// precede it in its turn stay. Nothing when there are fewer messages.
std::span<const wire::RolloutLine> lines_before_user_message(std::span<const wire::RolloutLine> lines, std::size_t n);

}  // namespace burin::context

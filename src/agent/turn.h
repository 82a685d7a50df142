// One regular turn, from the user's input to its closing event (session.md 3).
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/session.h"

namespace burin::agent {

/// Input that waits to be delivered to the model before the next request. Once closed, the turn takes no more: what
/// comes then is a turn of its own.
struct PendingInput {
  std::deque<std::vector<wire::UserInput>> queue;
  bool closed = false;

  bool empty() const { return queue.empty(); }
  std::vector<wire::UserInput> take() {
    auto first = std::move(queue.front());
    queue.pop_front();
    return first;
  }
  /// Undelivered input is lost with an interrupt.
  void abandon() {
    queue.clear();
    closed = true;
  }
};

struct TurnInput {
  std::vector<wire::UserInput> items;
  std::optional<json::value> output_schema;
};

/// Runs the turn to its closing event, which is the last thing it emits. When `stop` fires, every tool gets an output,
/// the abort marker is recorded and `turn_aborted` closes the turn. `pending` is shared with the thread, which adds
/// steered input to it.
io::Task<> run_turn(Session& session, std::string turn_id, TurnInput input, PendingInput& pending, io::Stop& stop);

}  // namespace burin::agent

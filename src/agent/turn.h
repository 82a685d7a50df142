// Turns, from their first event to the closing one (session.md 3).
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/session.h"

namespace burin::agent {

/// What waits to be delivered to the model before the next request: the user's input, or a record that something else
/// made meanwhile. Once closed, the turn takes no more: what comes then is a turn of its own.
struct PendingInput {
  using Entry = std::variant<std::vector<wire::UserInput>, wire::ResponseItem>;
  std::deque<Entry> queue;
  bool closed = false;

  bool empty() const { return queue.empty(); }
  Entry take() {
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

/// Runs a regular turn to its closing event, which is the last thing it emits. When `stop` fires, every tool gets an
/// output, the abort marker is recorded and `turn_aborted` closes the turn. `pending` is shared with the thread, which
/// adds steered input to it.
io::Task<> run_turn(Session& session, std::string turn_id, TurnInput input, PendingInput& pending, io::Stop& stop);

/// A turn of its own for a compaction that the user asked for. Touches neither the previous turn's settings nor the
/// user's messages.
io::Task<> run_compact_turn(Session& session, std::string turn_id, PendingInput& pending, io::Stop& stop);

/// A turn of its own for a command of the user (session.md 3.8). Touches neither the baseline nor the previous turn's
/// settings.
io::Task<> run_user_shell_turn(Session& session, std::string turn_id, std::string line, PendingInput& pending,
                               io::Stop& stop);

}  // namespace burin::agent

// The connection that is made while nobody waits for it yet (model-client.md 10.5, 10.6).
//
// One slot with one use: Idle -> InFlight -> Ready -> Idle. What it holds is a whole ModelSession, with its connection,
// its turn state and, after a prewarm, the response to build on; the first turn takes it over. Best effort: a failure
// is logged and forgotten, and never counts against the turn's retries. The first turn never opens a second connection
// beside one that is being made: it waits for it, a bounded time.
//
// Loop thread only; outlives nothing of its client. clear() must have run before the client goes.
#pragma once
#include <functional>
#include <memory>

#include "model/client.h"

namespace burin::model {

class Preconnect {
 public:
  enum class State : unsigned char { idle, in_flight, ready };
  /// Connects through the session; sets the event when the handshake has ended.
  using Work = std::function<io::Task<ModelResult<>>(ModelSession&, io::Event&)>;

  ~Preconnect();
  /// Does the work to its end; at most once in a slot's life. To be spawned beside the session's other tasks.
  io::Task<> run(ModelClient& client, Work work);
  /// A session for a turn: the one that was prepared, else a new one. Waits for a handshake in flight as long as the
  /// network deserves it (WsHealth), and for the answer to a prewarm `answer_patience` at most.
  io::Task<std::unique_ptr<ModelSession>> adopt(ModelClient& client);
  /// Gives up what is prepared or in flight.
  void clear();
  State state() const { return state_; }

  static constexpr io::Span answer_patience = io::seconds(15);

 private:
  io::Task<bool> settled_within(io::Event& event, io::Span span);
  State state_ = State::idle;
  std::unique_ptr<ModelSession> session_;
  io::Stop* stop_ = nullptr;  // of the running work
  std::shared_ptr<io::Event> connected_, settled_;
};

}  // namespace burin::model

// A thread: one dialogue, one history, one log, at most one turn at a time (session.md 1, 3).
//
// Every front end works through the same door: submit() puts an operation into a queue, events come back through the
// EventSink, always after they are in the log. The loop that reads the queue only dispatches, so that interrupts,
// approvals and steering are never blocked by a running turn.
//
// Ownership: the front end owns the Thread and the sink, and awaits run() until it ends after the operation `shutdown`.
// Loop thread only.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "io/world.h"
#include "model/auth_manager.h"
#include "model/headers.h"
#include "model/models_manager.h"
#include "sandbox/linux.h"
#include "wire/event.h"
#include "wire/op.h"
#include "wire/rollout.h"

namespace burin::agent {

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const wire::Event& event) = 0;
  /// Whether text deltas, output deltas, item events and raw items are wanted. They are not even built otherwise.
  virtual bool wants_details() const { return false; }
  /// Whether session_configured is to carry what was said before a resume or fork.
  virtual bool wants_history() const { return false; }
};

struct ThreadOptions {
  std::shared_ptr<const config::Config> config;
  model::Identity identity;
  std::shared_ptr<model::AuthManager> auth;      // shared by all threads of the process; null: no credentials
  std::shared_ptr<model::ModelsManager> models;  // likewise; null: the catalogue never changes
  sandbox::Mechanisms mechanisms;
  wire::SessionSource source;
  std::string model;                         // chosen slug
  bool ephemeral = false;                    // nothing on disk
  bool extended_log = false;                 // the log keeps more kinds of events (session.md 1.3, 4.4)
  std::optional<std::string> resume_path{};  // continue this rollout
  std::optional<std::string> fork_path{};    // a new thread with the history of this rollout
  /// With fork_path: only what came before the n-th user message, counted from 0.
  std::optional<std::size_t> fork_before{};
};

class Thread {
 public:
  /// Builds the thread: rebuilds the history when resuming, prepares the log, emits session_configured. Errors name the
  /// rollout; nothing was written then.
  static io::Task<Result<std::unique_ptr<Thread>>> start(io::World& world, ThreadOptions options, EventSink& sink);
  ~Thread();

  const std::string& id() const;
  /// Absolute path of the rollout; empty for ephemeral threads.
  const std::string& rollout_path() const;

  /// Queues an operation and returns its submission id (the turn id, for operations that start a turn). Kind::conflict
  /// when the queue is full, Kind::unavailable after shutdown.
  Result<std::string> submit(wire::Op op);

  /// Serves operations until `shutdown`; then every turn, process and file is closed.
  io::Task<> run();

 private:
  struct Impl;
  explicit Thread(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace burin::agent

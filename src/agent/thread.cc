#include "agent/thread.h"

#include "agent/git_metadata.h"
#include "agent/prewarm.h"
#include "agent/session.h"
#include "agent/startup.h"
#include "agent/turn.h"
#include "base/log.h"

namespace burin::agent {

namespace thread_detail {
constexpr std::size_t queue_capacity = 512;  // session.md 1
constexpr io::Span last_moment = io::seconds(1);
}  // namespace thread_detail

struct Thread::Impl {
  Impl(io::World& w, ThreadOptions o, EventSink& s, io::Ctx ctx)
      : session(w, std::move(o), s, ctx), queue(thread_detail::queue_capacity), turns(ctx), beside(&turns.stop()) {
    session.run_beside = [this](io::Task<> task) { turns.spawn(run_until_end(this, std::move(task))); };
  }

  /// Work that no turn waits for.
  static io::Task<> run_until_end(Impl* self, io::Task<> task) {
    ++self->besides;
    std::exception_ptr stopped;
    try {
      co_await io::under(&self->beside, std::move(task));
    } catch (const io::Cancelled&) {
      if (self->beside.why() != io::Why::finished) stopped = std::current_exception();
    }
    if (--self->besides == 0) beside_done(self);
    if (stopped) std::rethrow_exception(stopped);
  }
  static void beside_done(Impl* self) {
    if (self->last_beside) self->last_beside->set();
  }
  /// At the end of the thread it gets a moment to finish, so that what it fetched is not lost.
  io::Task<> end_besides() {
    if (besides > 0) {
      auto done = last_beside = std::make_shared<io::Event>();
      (void)co_await io::with_deadline(thread_detail::last_moment, "work beside the turns", wait_for(done));
    }
    beside.fire(io::Why::finished);
  }
  static io::Task<Result<>> wait_for(std::shared_ptr<io::Event> event) {
    co_await event->wait();
    co_return Result<>();
  }

  /// The running turn. It lives until its task has emitted the closing event.
  struct ActiveTurn {
    explicit ActiveTurn(io::Stop* parent) : stop(parent) {}
    std::string id;
    std::string cwd;  // whatever the settings become meanwhile
    io::Stop stop;
    io::Event ended;
  };

  /// A compaction and a command of the user are turns without input.
  using Work = std::variant<TurnInput, wire::op::Compact, wire::op::RunUserShellCommand>;

  /// A turn that begins when the running one is closed.
  struct Waiting {
    std::string id;
    Work work;
    io::Why stop = io::Why::none;  // came in the meantime

    void stop_with(io::Why why) { stop = stop == io::Why::none ? why : stop; }
    TurnInput* input() { return std::get_if<TurnInput>(&work); }
  };

  static io::Task<> run_active(Impl* self, std::string id, Work work) {
    auto& stop = self->active->stop;
    if (auto* input = std::get_if<TurnInput>(&work)) {
      co_await run_turn(self->session, id, std::move(*input), self->pending, stop);
    } else if (auto* shell = std::get_if<wire::op::RunUserShellCommand>(&work)) {
      co_await run_user_shell_turn(self->session, id, std::move(shell->command), self->pending, stop);
    } else {
      co_await run_compact_turn(self->session, id, self->pending, stop);
    }
    auto ended = std::move(self->active);
    ended->ended.set();
    self->start_next();
  }

  void dispatch(wire::Submission& submission);
  /// With a reason to stop the turn ends as soon as it has begun.
  void start_turn(const std::string& id, Work work, io::Why stop = io::Why::none);
  /// Ends what is running, then starts.
  void replace_turn(const std::string& id, Work work);
  io::Task<> roll_back(std::string id, std::uint32_t turns);
  void user_shell(const std::string& id, wire::op::RunUserShellCommand op);
  void user_input(const std::string& id, std::vector<wire::UserInput> items, std::optional<json::value> schema);
  void apply(const wire::op::UserTurn& op);
  void apply(const wire::op::OverrideTurnContext& op);
  void stop_active(io::Why why) {
    pending.abandon();
    active->stop.fire(why);
  }
  /// Also what waits for the running turn to be closed: for the client it has begun.
  void stop_turn(io::Why why) {
    if (!active) return;
    stop_active(why);
    for (auto& waiting : next) waiting.stop_with(why);
  }
  void start_next();
  /// The waiting call gets its answer before the turn is stopped, so that it ends as rejected and not as aborted.
  void answer(const std::string& id, wire::ReviewDecision decision) {
    bool abort = std::holds_alternative<wire::decision::Abort>(decision);
    session.resolve_approval(id, std::move(decision));
    if (abort) stop_turn(io::Why::interrupted);
  }
  static io::Task<> add_message(Session* session, std::string text) {
    auto added = co_await session->messages.add(session->thread_id, std::move(text));
    if (!added) log(Level::warn, "agent", "{}", added.error().text());
  }
  void answer_history_request(const std::string& id, const wire::op::GetHistoryEntryRequest& request);
  io::Task<> shut_down(const std::string& id);

  Session session;
  io::Channel<wire::Submission> queue;
  io::Scope turns;
  io::Stop beside;  // of run_until_end
  int besides = 0;  // that are running
  std::shared_ptr<io::Event> last_beside;
  std::shared_ptr<ActiveTurn> active;
  PendingInput pending;
  std::deque<Waiting> next;  // came when the running turn took no more input
  bool closed = false;
};

Thread::Thread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Thread::~Thread() = default;

io::Task<Result<std::unique_ptr<Thread>>> Thread::start(io::World& world, ThreadOptions options, EventSink& sink) {
  auto impl = std::make_unique<Impl>(world, std::move(options), sink, co_await io::Here{});
  if (const auto& models = impl->session.options.models) {
    co_await models->refresh(model::ModelsManager::Refresh::online_if_uncached);
  }
  CO_CHECK(start_session(impl->session));
  impl->turns.spawn(prewarm(&impl->session));
  co_return std::unique_ptr<Thread>(new Thread(std::move(impl)));
}

const std::string& Thread::id() const { return impl_->session.thread_id; }

const std::string& Thread::rollout_path() const {
  static const std::string none;
  return impl_->session.log ? impl_->session.log->path() : none;
}

Result<std::string> Thread::submit(wire::Op op) {
  if (impl_->closed) return fail(Kind::unavailable, "internal error; agent loop died unexpectedly");
  wire::Submission submission;
  submission.id = io::uuid_v7(impl_->session.world.clock, impl_->session.world.random);
  submission.op = std::move(op);
  auto id = submission.id;
  if (!impl_->queue.try_push(std::move(submission))) {
    return fail(Kind::conflict, "the thread's queue of operations is full", "wait for events before submitting more");
  }
  return id;
}

io::Task<> Thread::run() {
  while (auto submission = co_await impl_->queue.pop()) {
    if (std::holds_alternative<wire::op::Shutdown>(submission->op)) {
      co_await impl_->shut_down(submission->id);
      co_return;
    }
    if (const auto* back = std::get_if<wire::op::ThreadRollback>(&submission->op)) {
      co_await impl_->roll_back(submission->id, back->num_turns);
    } else {
      impl_->dispatch(*submission);
    }
  }
}

void Thread::Impl::dispatch(wire::Submission& submission) {
  auto& op = submission.op;
  if (auto* turn = std::get_if<wire::op::UserTurn>(&op)) {
    apply(*turn);
    std::optional<json::value> schema;
    if (turn->final_output_json_schema) schema = *turn->final_output_json_schema;
    user_input(submission.id, std::move(turn->items), std::move(schema));
  } else if (auto* input = std::get_if<wire::op::UserInput>(&op)) {
    std::optional<json::value> schema;
    if (input->final_output_json_schema) schema = *input->final_output_json_schema;
    user_input(submission.id, std::move(input->items), std::move(schema));
  } else if (auto* change = std::get_if<wire::op::OverrideTurnContext>(&op)) {
    apply(*change);
  } else if (std::holds_alternative<wire::op::Compact>(op)) {
    replace_turn(submission.id, wire::op::Compact{});
  } else if (std::holds_alternative<wire::op::Interrupt>(op)) {
    stop_turn(io::Why::interrupted);
  } else if (auto* exec = std::get_if<wire::op::ExecApproval>(&op)) {
    answer(exec->id, std::move(exec->decision));
  } else if (auto* patch = std::get_if<wire::op::PatchApproval>(&op)) {
    answer(patch->id, std::move(patch->decision));
  } else if (auto* shell = std::get_if<wire::op::RunUserShellCommand>(&op)) {
    user_shell(submission.id, std::move(*shell));
  } else if (auto* typed = std::get_if<wire::op::AddToHistory>(&op)) {
    if (session.config.save_messages) turns.spawn(add_message(&session, std::move(typed->text)));
  } else if (auto* wanted = std::get_if<wire::op::GetHistoryEntryRequest>(&op)) {
    answer_history_request(submission.id, *wanted);
  } else if (std::holds_alternative<wire::op::CleanBackgroundTerminals>(op)) {
    turns.spawn(session.unified_exec.terminate_all());
  } else {
    log(Level::warn, "agent", "operation {} is not served by this version", submission.id);
  }
}

void Thread::Impl::user_input(const std::string& id, std::vector<wire::UserInput> items,
                              std::optional<json::value> schema) {
  if (active && !pending.closed) {
    pending.queue.push_back(std::move(items));
  } else if (active) {
    next.push_back({id, TurnInput{std::move(items), std::move(schema)}});
  } else {
    start_turn(id, TurnInput{std::move(items), std::move(schema)});
  }
}

/// The first of what waits starts a turn; input behind it joins that turn, other work waits on.
void Thread::Impl::start_next() {
  if (closed || next.empty()) return;
  auto first = std::move(next.front());
  next.pop_front();
  start_turn(first.id, std::move(first.work), first.stop);
  while (!next.empty() && next.front().input() != nullptr && next.front().stop == first.stop) {
    if (!pending.closed) pending.queue.emplace_back(std::move(next.front().input()->items));
    next.pop_front();
  }
}

void Thread::Impl::start_turn(const std::string& id, Work work, io::Why stop) {
  pending = {};
  active = std::make_shared<ActiveTurn>(&turns.stop());
  active->id = id;
  active->cwd = session.settings.cwd;
  if (stop != io::Why::none) stop_active(stop);
  turns.spawn(run_active(this, id, std::move(work)));
}

void Thread::Impl::replace_turn(const std::string& id, Work work) {
  if (!active) {
    start_turn(id, std::move(work));
    return;
  }
  stop_turn(io::Why::replaced);
  next.push_back({id, std::move(work)});
}

/// Beside a running turn the command belongs to it. Its record joins what waits for the next request of whatever turn
/// then runs, so that it does not come between a call and its output.
void Thread::Impl::user_shell(const std::string& id, wire::op::RunUserShellCommand op) {
  if (!active) {
    start_turn(id, std::move(op));
    return;
  }
  UserCommand command{std::move(op.command), active->id, active->cwd, session.truncation};
  session.user_commands.start(std::move(command), [this](wire::ResponseItem record) {
    if (active && !pending.closed) {
      pending.queue.emplace_back(std::move(record));
    } else {
      session.record(record);
    }
  });
}

/// context.md 6.6. Nothing is removed from the log: a marker, durable before anyone is told, says what no longer
/// counts.
io::Task<> Thread::Impl::roll_back(std::string id, std::uint32_t count) {
  if (count == 0 || active) {
    wire::event::Error event;
    event.message = count == 0 ? "num_turns must be >= 1" : "Cannot rollback while a turn is in progress.";
    event.codex_error_info = wire::CodexErrorInfo::named("thread_rollback_failed");
    session.emit_as(id, std::move(event));
    co_return;
  }
  session.turn_id = id;
  session.history.drop_last_user_turns(count);
  session.ledger.changed(Ledger::Change::rollback);
  session.baseline.reset();
  session.recompute_usage(model::resolve_model(session.catalog, session.settings.model, session.config));
  co_await session.emit_durable(wire::event::ThreadRolledBack{.num_turns = count});
}

void Thread::Impl::apply(const wire::op::UserTurn& op) {
  auto& s = session.settings;
  s.cwd = op.cwd;
  s.approval = op.approval_policy;
  s.sandbox = op.sandbox_policy;
  s.model = op.model;
  s.effort = op.effort;
  if (op.summary) s.summary = op.summary;
  if (op.personality) s.personality = op.personality;
  if (op.service_tier) s.service_tier = *op.service_tier;
  if (op.collaboration_mode) {
    s.collaboration_mode = *op.collaboration_mode;
    s.model = op.collaboration_mode->settings.model;
    s.effort = op.collaboration_mode->settings.reasoning_effort;
  } else {
    s.collaboration_mode = default_mode(s.model, s.effort);
  }
}

void Thread::Impl::apply(const wire::op::OverrideTurnContext& op) {
  auto& s = session.settings;
  if (op.cwd) s.cwd = *op.cwd;
  if (op.approval_policy) s.approval = *op.approval_policy;
  if (op.sandbox_policy) s.sandbox = *op.sandbox_policy;
  if (op.summary) s.summary = op.summary;
  if (op.personality) s.personality = op.personality;
  if (op.service_tier) s.service_tier = *op.service_tier;
  if (op.collaboration_mode) {
    s.collaboration_mode = *op.collaboration_mode;
    s.model = op.collaboration_mode->settings.model;
    s.effort = op.collaboration_mode->settings.reasoning_effort;
    return;
  }
  if (op.model) s.model = s.collaboration_mode.settings.model = *op.model;
  if (op.effort) {
    s.effort = *op.effort;
    s.collaboration_mode.settings.reasoning_effort = *op.effort;
  }
}

void Thread::Impl::answer_history_request(const std::string& id, const wire::op::GetHistoryEntryRequest& request) {
  wire::event::GetHistoryEntryResponse response;
  response.offset = request.offset;
  response.log_id = request.log_id;
  if (auto entry = session.messages.entry(request.log_id, request.offset)) {
    response.entry = wire::HistoryEntry{entry->thread_id, entry->seconds, entry->text};
  }
  session.emit_as(id, std::move(response));
}

io::Task<> Thread::Impl::shut_down(const std::string& id) {
  closed = true;
  queue.close();
  if (auto running = active) {
    running->stop.fire(io::Why::interrupted);
    co_await running->ended.wait();
  }
  session.preconnect.clear();
  co_await end_besides();
  co_await session.unified_exec.terminate_all();
  co_await session.user_commands.stop_all();
  try {
    co_await turns.join();
  } catch (const io::Cancelled&) {
  }
  if (session.log) co_await session.log->sync();
  session.turn_id = id;
  session.emit(wire::event::ShutdownComplete{});
}

}  // namespace burin::agent

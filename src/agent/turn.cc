// The turn loop. It reads like the story it tells: record the input, build the prompt, ask the model, run what it
// calls, record the outputs, deliver what came in meanwhile, again or finish.
#include "agent/turn.h"

#include "agent/git_metadata.h"
#include "agent/sampling.h"
#include "agent/turn_context.h"
#include "agent/user_items.h"
#include "context/fragments.h"
#include "context/images.h"

namespace burin::agent {

namespace turn_detail {

/// The model is told of its surroundings: everything, or what changed since it was last told. The turn_context line is
/// persisted in either case and becomes the new baseline.
void record_context(Session& session, const TurnContext& turn) {
  auto inputs = session.context_inputs(turn);
  session.record_all(session.baseline ? context::settings_diff(inputs, *session.baseline)
                                      : context::full_context(inputs));
  auto baseline = turn_context_item(session, turn);
  session.persist_turn_context(baseline);
  session.baseline = std::move(baseline);
}

/// A crash left a turn without its end: the model and later readers are told before the next one begins.
void close_crashed_turn(Session& session) {
  auto id = std::exchange(session.unclosed_turn, std::nullopt);
  if (!id) return;
  if (auto marker = context::text_message("user", {context::turn_aborted_fragment()})) session.record(*marker);
  wire::event::TurnAborted event;
  event.turn_id = *id;
  event.reason = wire::event::AbortReason::interrupted;
  if (session.log) session.log->append_event(dump_mapped(wire::EventMsg(std::move(event))));
}

io::Task<> record_user_input(Session& session, std::vector<wire::UserInput> input) {
  auto* files = &session.world.files;
  auto message = co_await prepare_user_message(session.world, *files, input);
  session.record(message);
  if (session.log) session.log->materialise();
  emit_user_items(session, input);
}

/// What waits is delivered in the order in which it came.
io::Task<> record_pending(Session& session, PendingInput& pending) {
  while (!pending.empty()) {
    auto entry = pending.take();
    if (auto* input = std::get_if<std::vector<wire::UserInput>>(&entry)) {
      co_await record_user_input(session, std::move(*input));
    } else {
      session.record(std::get<wire::ResponseItem>(entry));
    }
  }
}

/// The last visible message of the model; none after an error, which has been told.
using LastMessage = std::optional<std::string>;

io::Task<LastMessage> sample_until_done(Session& session, const TurnContext& turn, PendingInput& pending,
                                        GitMetadata& metadata) {
  auto model_session = session.client->new_session();
  tools::TurnDiff diff(session.world.files, turn.settings.cwd);
  auto tool_context = session.tool_context(turn, diff);
  for (;;) {
    co_await record_pending(session, pending);
    SamplingInput request{session, turn, *model_session, tool_context, diff, metadata, pending};
    auto sampled = co_await sample_with_retries(request);
    if (!sampled) {
      if (sampled.error().cls == model::ErrorClass::invalid_image && session.history.drop_last_tool_images()) continue;
      session.fail_turn(sampled.error());
      co_return std::nullopt;
    }
    if (!sampled->needs_follow_up) co_return sampled->last_message;
  }
}

/// What the interrupted turn leaves behind, so that the model and later readers know (session.md 3.4).
io::Task<bool> close_aborted(Session& session, std::string turn_id, io::Why why, PendingInput* pending) {
  pending->abandon();
  session.drop_approvals();
  co_await session.user_commands.stop(turn_id);
  if (why == io::Why::interrupted || why == io::Why::shutdown) {
    co_await session.unified_exec.terminate_all();
    if (auto marker = context::text_message("user", {context::turn_aborted_fragment()})) session.record(*marker);
  }
  wire::event::TurnAborted event;
  event.turn_id = turn_id;
  event.reason = why == io::Why::interrupted || why == io::Why::shutdown ? wire::event::AbortReason::interrupted
                                                                         : wire::event::AbortReason::replaced;
  co_await session.emit_durable(std::move(event));
  co_return true;
}

void emit_started(Session& session, const TurnContext& turn) {
  wire::event::TaskStarted started;
  started.turn_id = turn.id;
  started.model_context_window = turn.model.usable_window();
  started.collaboration_mode_kind = turn.settings.collaboration_mode.mode;
  session.emit(std::move(started));
}

io::Task<LastMessage> regular_body(Session& session, const TurnContext& turn, TurnInput& input, PendingInput& pending,
                                   GitMetadata& metadata) {
  // Pre-turn compaction belongs here: before the new context and the user's message are recorded.
  record_context(session, turn);
  co_await record_user_input(session, input.items);
  session.previous = context::PreviousTurn{turn.settings.model, false};
  co_return co_await sample_until_done(session, turn, pending, metadata);
}

io::Task<LastMessage> user_shell_body(Session& session, const TurnContext& turn, std::string line) {
  UserCommand command{std::move(line), turn.id, turn.settings.cwd, turn.model.truncation_policy};
  co_await run_user_shell(session, std::move(command), [&session](const wire::ResponseItem& r) { session.record(r); });
  co_return std::nullopt;
}

/// The work of a turn; the search for git facts ends with it.
using Body = std::function<io::Task<LastMessage>(const TurnContext&, GitMetadata&)>;

io::Task<LastMessage> with_metadata(Session& session, const TurnContext& turn, const Body& body) {
  emit_started(session, turn);
  GitMetadata metadata(session.world, turn, co_await io::Here{});
  std::exception_ptr stopped;
  LastMessage result;
  try {
    result = co_await body(turn, metadata);
  } catch (...) {
    stopped = std::current_exception();
  }
  co_await metadata.finish();
  if (stopped) std::rethrow_exception(stopped);
  co_return result;
}

/// Every kind of turn has the same frame: what a crash left is closed, the work runs until it ends or is stopped, one
/// closing event.
io::Task<> run_framed(Session& session, std::string turn_id, std::optional<json::value> schema, PendingInput& pending,
                      io::Stop& stop, const Body& body) {
  session.turn_id = turn_id;
  close_crashed_turn(session);
  TurnContext turn = make_turn_context(session, turn_id, std::move(schema));
  session.truncation = turn.model.truncation_policy;
  if (turn.model.fallback_metadata) session.warn(fallback_metadata_warning(turn.model.slug));
  LastMessage result;
  bool aborted = false;
  try {
    result = co_await io::under(&stop, with_metadata(session, turn, body));
  } catch (const io::Cancelled&) {
    aborted = true;
  }
  if (aborted) {
    co_await io::shielded(io::seconds(30), close_aborted(session, turn_id, stop.why(), &pending));
    co_return;
  }
  // Input that came too late for a request is kept for the next turn.
  co_await record_pending(session, pending);
  pending.closed = true;
  wire::event::TaskComplete done;
  done.turn_id = turn_id;
  done.last_agent_message = result;
  co_await session.emit_durable(std::move(done));
}

}  // namespace turn_detail

using namespace turn_detail;

io::Task<> run_turn(Session& session, std::string turn_id, TurnInput input, PendingInput& pending, io::Stop& stop) {
  Body body = [&](const TurnContext& turn, GitMetadata& metadata) {
    return regular_body(session, turn, input, pending, metadata);
  };
  co_await run_framed(session, std::move(turn_id), std::move(input.output_schema), pending, stop, body);
}

io::Task<> run_user_shell_turn(Session& session, std::string turn_id, std::string line, PendingInput& pending,
                               io::Stop& stop) {
  Body body = [&](const TurnContext& turn, GitMetadata&) { return user_shell_body(session, turn, line); };
  co_await run_framed(session, std::move(turn_id), std::nullopt, pending, stop, body);
}

}  // namespace burin::agent

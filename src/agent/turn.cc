// The turn loop. It reads like the story it tells: record the input, build the prompt, ask the model, run what it
// calls, record the outputs, deliver what came in meanwhile, again or finish.
#include "agent/turn.h"

#include "agent/compaction.h"
#include "agent/git_metadata.h"
#include "agent/image_search.h"
#include "agent/limit_wait.h"
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
  co_await wait_for_known_limit(session);
  auto model_session = co_await session.preconnect.adopt(*session.client);
  tools::TurnDiff diff(session.world.files, turn.settings.cwd);
  auto tool_context = session.tool_context(turn, diff);
  SamplingInput request{session, turn, *model_session, tool_context, diff, metadata, pending};
  std::optional<ImageSearch> image_search;
  for (;;) {
    co_await record_pending(session, pending);
    auto sampled = co_await sample_with_retries(request);
    if (!sampled) {
      const auto& error = sampled.error();
      if (error.about_image) {
        if (!image_search) image_search.emplace(request);
        if (co_await image_search->remove_culprit(error)) continue;
      }
      session.fail_turn(error);
      co_return std::nullopt;
    }
    image_search.reset();
    if (!sampled->needs_follow_up) co_return sampled->last_message;
    if (must_compact_inside(session, turn) && !co_await compact_inside_turn(session, turn, metadata)) {
      co_return std::nullopt;
    }
  }
}

/// What the interrupted turn leaves behind, so that the model and later readers know (session.md 3.4).
io::Task<bool> close_aborted(Session& session, std::string turn_id, io::Why why, PendingInput* pending) {
  pending->abandon();
  session.drop_approvals();
  co_await session.user_commands.stop(turn_id);
  const bool replaced = why == io::Why::replaced;
  if (!replaced) {
    co_await session.unified_exec.terminate_all();
    if (auto marker = context::text_message("user", {context::turn_aborted_fragment()})) session.record(*marker);
  }
  wire::event::TurnAborted event;
  event.turn_id = turn_id;
  event.reason = replaced ? wire::event::AbortReason::replaced : wire::event::AbortReason::interrupted;
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

/// The order is that of context.md 6.3: a compaction before the turn sees nothing of the turn.
io::Task<LastMessage> regular_body(Session& session, const TurnContext& turn, TurnInput& input, PendingInput& pending,
                                   GitMetadata& metadata) {
  bool ready = false;
  std::exception_ptr stopped;
  try {
    ready = co_await compact_before_turn(session, turn, metadata);
  } catch (...) {
    stopped = std::current_exception();
  }
  if (!ready) {
    // What the user wrote is kept even so; baselines stay as they were, the next turn tells the model of its settings.
    co_await io::under(nullptr, record_user_input(session, input.items));
    if (stopped) std::rethrow_exception(stopped);
    co_return std::nullopt;
  }
  record_context(session, turn);
  co_await record_user_input(session, input.items);
  session.previous = context::PreviousTurn{turn.settings.model, false};
  co_return co_await sample_until_done(session, turn, pending, metadata);
}

io::Task<LastMessage> compact_body(Session& session, const TurnContext& turn, GitMetadata& metadata) {
  auto settings = model_settings(session, turn);
  co_await compact(session, turn, settings, CompactionPlace::outside, metadata);
  co_return std::nullopt;
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
  session.server_counts_reasoning = false;
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

io::Task<> run_compact_turn(Session& session, std::string turn_id, PendingInput& pending, io::Stop& stop) {
  Body body = [&](const TurnContext& turn, GitMetadata& metadata) { return compact_body(session, turn, metadata); };
  co_await run_framed(session, std::move(turn_id), std::nullopt, pending, stop, body);
}

io::Task<> run_user_shell_turn(Session& session, std::string turn_id, std::string line, PendingInput& pending,
                               io::Stop& stop) {
  Body body = [&](const TurnContext& turn, GitMetadata&) { return user_shell_body(session, turn, line); };
  co_await run_framed(session, std::move(turn_id), std::nullopt, pending, stop, body);
}

}  // namespace burin::agent

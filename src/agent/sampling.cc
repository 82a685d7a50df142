#include "agent/sampling.h"

#include "agent/item_events.h"
#include "agent/limit_wait.h"
#include "agent/turn_context.h"
#include "base/log.h"
#include "model/backoff.h"
#include "tools/router.h"

namespace burin::agent {

namespace sampling_detail {

/// A call that was started while the answer was still streaming.
struct RunningCall {
  explicit RunningCall(tools::ToolCall c) : call(std::move(c)) {}
  tools::ToolCall call;
  std::optional<wire::ResponseItem> output;  // unset after a fatal tool error: the prompt view supplies "aborted"
  io::Event done;
};

io::Task<> run_call(RunningCall* running, tools::ToolContext* context, const tools::Registry* registry,
                    io::FairLock* lock) {
  // Whatever happens, whoever waits for the output is released.
  struct Release {
    io::Event* done;
    ~Release() { done->set(); }
  } release{&running->done};
  running->output = co_await tools::dispatch(running->call, *context, *registry, *lock);
}

void warn_of_fallback(Session& session, std::string_view reason) {
  session.warn(fmt::format("Falling back from WebSockets to HTTPS transport. {}", reason));
}

/// Everything that one attempt holds; lives until its tools have ended.
class Attempt {
 public:
  Attempt(SamplingInput& input, io::Ctx ctx) : in_(input), tools_(ctx), items_(input.session) {}

  io::Task<model::ModelResult<Sampled>> run() {
    std::optional<model::ModelError> error;
    std::exception_ptr stopped;
    try {
      auto streamed = co_await stream();
      if (!streamed) {
        error = streamed.error();
        ledger_.failed(error->message);
      }
    } catch (const io::Cancelled&) {
      stopped = std::current_exception();
    }
    // Recording must finish also when the turn is being stopped: the tools answer quickly then.
    co_await io::under(nullptr, collect_outputs());
    try {
      co_await tools_.join();
    } catch (const io::Cancelled&) {
      stopped = stopped ? stopped : std::current_exception();
    }
    if (stopped) std::rethrow_exception(stopped);
    if (error) co_return model::ModelFail(std::move(*error));
    co_await emit_turn_diff();
    Sampled result;
    result.needs_follow_up = called_ || input_waiting_;
    result.last_message = items_.last_message();
    co_return result;
  }

 private:
  io::Task<model::ModelResult<bool>> stream() {
    auto request = build_request(in_, nullptr);
    request.prompt.digests = &request.view.digests;
    ledger_ = in_.session.ledger.begin(RequestKind::turn, in_.turn.id, request.settings);
    GitMetadata* metadata = &in_.metadata;
    auto opened =
        co_await in_.model_session.stream(request.prompt, request.settings, [metadata] { return metadata->header(); });
    if (!opened) co_return model::ModelFail(opened.error());
    co_await ledger_.sent(std::move(request.view.digests), request.prompt);
    // The bytes are sent: the view of the history is not needed any more, and recording may change what it points to.
    request = {};
    in_.metadata.start();
    auto& events = **opened;
    for (;;) {
      auto batch = co_await events.next();
      if (!batch) co_return model::ModelFail(batch.error());
      if (batch->empty()) co_return true;
      for (auto& event : *batch) handle(event);
      // Tools that were started in this batch get the loop before more of the stream is read.
    }
  }

  void handle(wire::ModelEvent& event) {
    ledger_.saw(event);
    if (auto* d = std::get_if<wire::TextDelta>(&event)) {
      items_.text_delta(d->delta);
    } else if (auto* done = std::get_if<wire::ItemDone>(&event)) {
      item_done(done->item);
    } else if (auto* added = std::get_if<wire::ItemAdded>(&event)) {
      items_.added(added->item);
    } else if (auto* rs = std::get_if<wire::ReasoningSummaryDelta>(&event)) {
      items_.reasoning_summary_delta(rs->delta, rs->summary_index);
    } else if (auto* rc = std::get_if<wire::ReasoningContentDelta>(&event)) {
      items_.reasoning_content_delta(rc->delta, rc->content_index);
    } else if (auto* part = std::get_if<wire::ReasoningSummaryPartAdded>(&event)) {
      items_.reasoning_part_added(part->summary_index);
    } else if (auto* limits = std::get_if<wire::RateLimits>(&event)) {
      in_.session.set_rate_limits(std::move(limits->snapshot));
      in_.session.emit_token_count();
    } else if (auto* completed = std::get_if<wire::Completed>(&event)) {
      items_.flush();
      in_.session.history.images_accepted();
      in_.session.add_usage(completed->usage, in_.turn.model);
      in_.session.emit_token_count();
      input_waiting_ = !in_.pending.empty();
    } else if (auto* served = std::get_if<wire::ServerModel>(&event)) {
      in_.session.check_served_model(served->model, in_.turn);
    } else if (auto* etag = std::get_if<wire::ModelsEtag>(&event)) {
      in_.session.saw_models_etag(std::move(etag->etag));
    } else if (auto* fallback = std::get_if<wire::TransportFallback>(&event)) {
      warn_of_fallback(in_.session, fallback->reason);
    } else if (std::holds_alternative<wire::ReasoningIncluded>(event)) {
      in_.session.server_counts_reasoning = true;
    }
  }

  void item_done(const wire::ResponseItem& item) {
    auto call = tools::call_of(item);
    if (!call) {
      Session::Together both(in_.session);
      items_.done(item);
      in_.session.record(item);
      return;
    }
    called_ = true;
    in_.session.record(item);
    if (!call->problem.empty()) {
      in_.session.record(wire::FunctionCallOutput{.call_id = "", .output = {call->problem, std::nullopt}});
      return;
    }
    calls_.push_back(std::make_unique<RunningCall>(std::move(call->call)));
    if (calls_.size() == 1) in_.session.output_follows(calls_[0]->call.call_id);
    tools_.spawn(run_call(calls_.back().get(), &in_.tool_context, &in_.turn.registry, &lock_));
  }

  io::Task<> collect_outputs() {
    for (auto& running : calls_) {
      in_.session.output_follows(running->call.call_id);
      co_await running->done.wait();
      if (running->output) in_.session.record(*running->output);
    }
    in_.session.output_follows("");
  }

  io::Task<> emit_turn_diff() {
    if (in_.diff.empty()) co_return;
    auto text = co_await io::offload(in_.session.world.pool, [this] { return in_.diff.unified(); });
    if (!text.empty()) in_.session.emit(wire::event::TurnDiff{std::move(text)});
  }

  SamplingInput& in_;
  io::Scope tools_;
  io::FairLock lock_;
  ItemEvents items_;
  Ledger::Request ledger_;
  std::vector<std::unique_ptr<RunningCall>> calls_;
  bool called_ = false;
  bool input_waiting_ = false;
};

io::Task<model::ModelResult<Sampled>> one_attempt(SamplingInput& input) {
  Attempt attempt(input, co_await io::Here{});
  co_return co_await attempt.run();
}

}  // namespace sampling_detail

using namespace sampling_detail;

Request build_request(const SamplingInput& in, const std::vector<context::ImageRef>* hide) {
  Request out;
  out.view = in.session.history.view(
      {.images = in.turn.model.supports_images(), .freeform_patch = in.turn.registry.freeform_patch(), .hide = hide});
  out.prompt.instructions = in.session.base_instructions;
  out.prompt.input = std::move(out.view.input);
  if (model::is_azure(in.session.config.provider)) out.prompt.ids = std::move(out.view.ids);
  out.prompt.tools = in.turn.registry.definitions();
  out.prompt.parallel_tool_calls = in.turn.model.supports_parallel_tool_calls;
  if (in.turn.output_schema) out.prompt.output_schema = &*in.turn.output_schema;
  out.settings = model_settings(in.session, in.turn);
  return out;
}

void announce_retry(Session& session, const model::ModelError& error, std::uint64_t retry, std::uint64_t max) {
  wire::event::StreamError event;
  event.message = fmt::format("Reconnecting... {}/{}", retry, max);
  event.codex_error_info = wire::CodexErrorInfo::with_status("response_stream_disconnected", std::nullopt);
  event.additional_details = error.message;
  session.emit(std::move(event));
}

io::Task<model::ModelResult<Sampled>> sample_with_retries(SamplingInput& input) {
  auto& session = input.session;
  const std::uint64_t max = session.config.provider.stream_max_retries;
  for (std::uint64_t retry = 1;; ++retry) {
    auto result = co_await one_attempt(input);
    if (result) co_return result;
    const auto& error = result.error();
    auto& transport = input.model_session;
    const bool used_up = retry > max || transport.gives_up_websocket(input.turn.model);
    if (error.retryable() && used_up && transport.switch_to_http_fallback(input.turn.model)) {
      warn_of_fallback(session, error.message);
      retry = 0;
      continue;
    }
    if (co_await wait_for_limit(session, error)) {
      retry = 0;
      continue;
    }
    if (!error.retryable() || retry > max) {
      if (error.cls == model::ErrorClass::context_window_exceeded) session.fill_window(input.turn.model);
      if (error.rate_limits) {
        session.set_rate_limits(*error.rate_limits);
        session.emit_token_count();
      }
      co_return result;
    }
    // A WebSocket that has gone stale is nothing to speak of.
    if (retry > 1 || !transport.websocket_active(input.turn.model)) announce_retry(session, error, retry, max);
    co_await io::sleep(error.delay ? *error.delay : model::backoff(session.world.random, retry));
  }
}

}  // namespace burin::agent

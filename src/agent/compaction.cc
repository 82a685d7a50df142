#include "agent/compaction.h"

#include "agent/item_events.h"
#include "agent/sampling.h"
#include "agent/turn_context.h"
#include "base/log.h"
#include "base/text.h"
#include "context/compaction.h"
#include "context/fragments.h"
#include "context/selection.h"
#include "context/truncate.h"
#include "model/backoff.h"

namespace burin::agent {

namespace compaction_detail {

constexpr std::string_view accuracy_warning =
    "The thread was compacted. Long threads and repeated compactions make answers less accurate; prefer a new thread "
    "for a new task.";

bool is_remote(const Session& session) {
  const auto& provider = session.config.provider;
  return provider.name == "OpenAI" && provider.wire_api == config::WireApi::responses;
}

void emit_started(Session& session, const wire::ContextCompactionItem& item) {
  if (!session.sink.wants_details()) return;
  wire::event::ItemStarted event;
  event.thread_id = session.thread_id;
  event.turn_id = session.turn_id;
  event.item = item;
  session.emit(std::move(event));
}

void emit_completed(Session& session, const wire::ContextCompactionItem& item) {
  if (session.sink.wants_details()) {
    wire::event::ItemCompleted event;
    event.thread_id = session.thread_id;
    event.turn_id = session.turn_id;
    event.item = item;
    session.emit(std::move(event));
  }
  session.emit(wire::event::ContextCompacted{});
}

/// One compaction. Lives while its requests run; the history does not change meanwhile.
class Compaction {
 public:
  Compaction(Session& session, const TurnContext& turn, const model::TurnSettings& settings, CompactionPlace place,
             const GitMetadata& metadata)
      : session_(session),
        turn_(turn),
        settings_(settings),
        place_(place),
        metadata_(metadata),
        images_(settings.model.supports_images()) {
    if (place == CompactionPlace::inside)
      context_ = context::full_context(session.context_inputs(turn), session.baseline ? &*session.baseline : nullptr);
    size_before_ = std::max(session.tokens_in_use(), session.instruction_tokens() + session.history.tally().total());
  }

  io::Task<bool> run() {
    const wire::ContextCompactionItem item{io::uuid_v4(session_.world.random)};
    emit_started(session_, item);
    bool remote = is_remote(session_);
    auto done = remote ? co_await run_remote() : co_await run_local();
    if (!done) {
      auto error = std::move(done.error());
      if (remote) error.message = "Error running remote compact task: " + error.message;
      session_.fail_turn(error);
      co_return false;
    }
    session_.recompute_usage(settings_.model);
    emit_completed(session_, item);
    if (!remote) session_.warn(std::string(accuracy_warning));
    co_return true;
  }

 private:
  using Done = model::ModelResult<>;

  // Local: the model writes a summary.

  io::Task<Done> run_local() {
    auto summary = co_await summarise();
    if (!summary) co_return model::ModelFail(std::move(summary.error()));
    auto replacement = plan(*summary);
    if (!replacement) {
      co_return model::ModelFail(model::ModelError{
          .cls = model::ErrorClass::context_window_exceeded,
          .message = "The thread cannot be compacted any further: its last message and its instructions fill it. Start "
                     "a new thread, or roll back the last turn."});
    }
    replace(replacement->items, replacement->summary);
    co_return Done();
  }

  /// Within the window, and in no case larger than what it replaces (the request for the summary included).
  std::optional<context::Replacement> plan(const std::string& summary) {
    auto before = std::max(size_before_, session_.instruction_tokens() + session_.history.tally().total() +
                                             context::tokens_of_bytes(static_cast<std::int64_t>(request_text_.size())));
    auto window = turn_.model.usable_window();
    for (auto limit : {std::min(before, window.value_or(before)), before}) {
      context::CompactionRoom room{.items = limit - session_.instruction_tokens()};
      auto replacement = context::local_replacement(session_.history, summary, context_, room);
      if (replacement) return replacement;
    }
    return std::nullopt;
  }

  /// The summary's text. Asks again after passing failures, with fewer items when the window is exceeded, and once more
  /// when nothing was written.
  io::Task<model::ModelResult<std::string>> summarise() {
    const auto& prompt = session_.config.compact_prompt;
    request_text_ =
        wire::dump_item(*context::text_message("user", {prompt ? *prompt : std::string(context::compaction_prompt())}));
    context::Selection selection(session_.history);
    auto model_session = session_.client->new_session();
    const std::uint64_t max = session_.config.provider.stream_max_retries;
    std::uint64_t retry = 0;
    std::size_t trimmed = 0, overflows = 0;
    bool asked_again = false;
    for (;;) {
      auto answer = co_await ask(*model_session, selection);
      if (answer && !blank(*answer)) {
        if (trimmed > 0) tell_trimmed(trimmed);
        co_return answer;
      }
      if (answer) {
        if (asked_again) co_return model::ModelFail(model::stream_error("the model wrote an empty summary"));
        asked_again = true;
        continue;
      }
      auto& error = answer.error();
      ledger_.failed(error.message);
      if (leave_out_images(error)) continue;
      if (error.cls == model::ErrorClass::context_window_exceeded) {
        auto count = trim(selection, ++overflows);
        if (count == 0) {
          session_.fill_window(settings_.model);
          co_return model::ModelFail(std::move(error));
        }
        trimmed += count;
        retry = 0;
        continue;
      }
      if (retry == max) co_return model::ModelFail(std::move(error));
      announce_retry(session_, error, ++retry, max);
      co_await io::sleep(error.delay ? *error.delay : model::backoff(session_.world.random, retry));
    }
  }

  /// One item for each of the first refusals, as the reference does; then ever more, so that a history of any length
  /// is through after few requests.
  static std::size_t trim(context::Selection& selection, std::size_t overflows) {
    constexpr std::size_t single = 4;
    std::size_t wanted = overflows <= single ? 1 : std::size_t{1} << std::min<std::size_t>(overflows - single, 40);
    std::size_t count = 0;
    while (count < wanted && selection.drop_oldest()) ++count;
    return count;
  }

  /// A summary does without pictures, so one that the server refuses is no reason to fail.
  bool leave_out_images(const model::ModelError& error) {
    if (!error.about_image || session_.history.suspect_images().empty()) return false;
    session_.ledger.changed(Ledger::Change::image);
    return std::exchange(images_, false);
  }

  void tell_trimmed(std::size_t count) {
    session_.emit(wire::event::BackgroundEvent{
        fmt::format("{} of the oldest items of this thread did not fit and were left out of the summary.", count)});
  }

  io::Task<model::ModelResult<std::string>> ask(model::ModelSession& model_session,
                                                const context::Selection& selection) {
    auto view = session_.history.view({.images = images_, .only = &selection});
    view.input.push_back(request_text_);
    view.ids.emplace_back();
    model::Prompt prompt;
    prompt.instructions = session_.base_instructions;
    prompt.input = std::move(view.input);
    if (model::is_azure(session_.config.provider)) prompt.ids = std::move(view.ids);
    prompt.tools = "[]";
    ledger_ = session_.ledger.begin(RequestKind::compact, turn_.id, settings_);
    if (selection.dropped() > 0) session_.ledger.changed(Ledger::Change::trimming);
    auto opened = co_await model_session.stream(prompt, settings_, [this] { return metadata_.header(); });
    if (!opened) co_return model::ModelFail(std::move(opened.error()));
    co_await ledger_.sent(std::move(view.digests), prompt);
    std::string summary;
    for (;;) {
      auto batch = co_await (*opened)->next();
      if (!batch) co_return model::ModelFail(std::move(batch.error()));
      if (batch->empty()) co_return summary;
      for (auto& event : *batch) take(event, summary);
    }
  }

  void take(wire::ModelEvent& event, std::string& summary) {
    ledger_.saw(event);
    if (auto* done = std::get_if<wire::ItemDone>(&event)) {
      const auto* message = std::get_if<wire::Message>(&done->item);
      if (message == nullptr || message->role != "assistant") return;
      auto text = CitationFilter::strip(wire::text_of(message->content));
      if (!blank(text)) summary = std::move(text);
    } else if (auto* limits = std::get_if<wire::RateLimits>(&event)) {
      session_.set_rate_limits(std::move(limits->snapshot));
      session_.emit_token_count();
    } else if (std::holds_alternative<wire::ReasoningIncluded>(event)) {
      session_.server_counts_reasoning = true;
    } else if (auto* completed = std::get_if<wire::Completed>(&event)) {
      session_.add_usage(completed->usage, settings_.model);
      session_.emit_token_count();
    }
  }

  // Remote: the server writes the new list.

  io::Task<Done> run_remote() {
    context::Selection selection(session_.history);
    fit(selection);
    auto output = co_await ask_server(selection);
    if (!output && leave_out_images(output.error())) output = co_await ask_server(selection);
    if (!output) co_return model::ModelFail(std::move(output.error()));
    auto items = context::remote_replacement(session_.history, std::move(*output), context_);
    if (session_.instruction_tokens() + context::estimated_tokens(items) > size_before_) {
      co_return model::ModelFail(model::stream_error("the compacted thread is larger than what it replaces"));
    }
    replace(items, "");
    co_return Done();
  }

  io::Task<model::ModelResult<std::vector<wire::ResponseItem>>> ask_server(const context::Selection& selection) {
    auto view = session_.history.view({.images = images_, .only = &selection});
    model::Prompt prompt;
    prompt.instructions = session_.base_instructions;
    prompt.input = std::move(view.input);
    if (!prompt.input.empty()) ledger_ = session_.ledger.begin(RequestKind::remote_compact, turn_.id, settings_);
    auto output = co_await session_.client->compact(prompt, settings_.model.slug);
    if (output) {
      co_await ledger_.sent(std::move(view.digests), prompt);
      ledger_.completed();
    } else {
      ledger_.failed(output.error().message);
    }
    co_return output;
  }

  /// Drops what the runtime made from the end while the estimate exceeds the window (context.md 7.5).
  void fit(context::Selection& selection) const {
    auto window = settings_.model.usable_window();
    if (!window) return;
    auto droppable = [](const context::HistoryItem* item) {
      return item != nullptr && (item->output() || item->developer);
    };
    while (session_.instruction_tokens() + selection.tokens() > *window && droppable(selection.newest())) {
      selection.drop_newest();
    }
  }

  void replace(const std::vector<wire::ResponseItem>& items, std::string message) {
    std::optional<wire::TurnContext> baseline;
    if (place_ == CompactionPlace::inside) baseline = turn_context_item(session_, turn_);
    session_.replace_history(items, std::move(message), std::move(baseline));
  }

  Session& session_;
  const TurnContext& turn_;
  const model::TurnSettings& settings_;
  CompactionPlace place_;
  const GitMetadata& metadata_;
  std::vector<wire::ResponseItem> context_;
  std::string request_text_;
  Ledger::Request ledger_;
  bool images_;  // are sent; no more once the server has refused one
  std::int64_t size_before_ = 0;
};

/// Failures of automatic compactions are counted; the last one that is tolerated says what follows.
void count_failure(Session& session, const std::string& model) {
  auto& breaker = session.breaker;
  if (std::exchange(breaker.model, model) != model) breaker.failures = 0;
  if (++breaker.failures != CompactionBreaker::patience) return;
  session.warn(
      fmt::format("Automatic compaction failed {} times in a row and is off for this thread until a compaction "
                  "succeeds or the model changes. Compact by hand, or start a new thread.",
                  breaker.failures));
}

bool automatic_allowed(const Session& session, const TurnContext& turn) {
  if (session.breaker.in_vain >= CompactionBreaker::patience) return false;
  return session.breaker.failures < CompactionBreaker::patience || session.breaker.model != turn.settings.model;
}

bool over_limit(const Session& session, const TurnContext& turn) {
  auto limit = turn.model.auto_compact_limit();
  return limit && session.tokens_in_use() >= *limit;
}

/// The previous turn's model, when it is another one whose larger window still takes what the new model's does not.
std::optional<model::TurnSettings> larger_previous_model(const Session& session, const TurnContext& turn) {
  if (!session.previous || session.previous->model == turn.settings.model) return std::nullopt;
  auto settings = model_settings(session, turn);
  settings.model = model::resolve_model(session.catalog, session.previous->model, session.config);
  auto before = settings.model.usable_window(), now = turn.model.usable_window();
  auto limit = turn.model.auto_compact_limit();
  if (!before || !now || *before <= *now || !limit || session.tokens_in_use() <= *limit) return std::nullopt;
  settings.effort = model::supported_effort(settings.model, settings.effort);
  return settings;
}

}  // namespace compaction_detail

using namespace compaction_detail;

io::Task<bool> compact(Session& session, const TurnContext& turn, const model::TurnSettings& settings,
                       CompactionPlace place, const GitMetadata& metadata) {
  Compaction compaction(session, turn, settings, place, metadata);
  bool done = co_await compaction.run();
  if (done) session.breaker.failures = 0;
  co_return done;
}

io::Task<bool> compact_before_turn(Session& session, const TurnContext& turn, const GitMetadata& metadata) {
  session.breaker.in_vain = 0;
  if (!automatic_allowed(session, turn)) co_return true;
  bool done = true;
  if (auto larger = larger_previous_model(session, turn)) {
    done = co_await compact(session, turn, *larger, CompactionPlace::outside, metadata);
  }
  if (done && over_limit(session, turn)) {
    auto settings = model_settings(session, turn);
    done = co_await compact(session, turn, settings, CompactionPlace::outside, metadata);
  }
  if (!done) count_failure(session, turn.settings.model);
  co_return done;
}

bool must_compact_inside(const Session& session, const TurnContext& turn) {
  return over_limit(session, turn) && automatic_allowed(session, turn);
}

io::Task<bool> compact_inside_turn(Session& session, const TurnContext& turn, const GitMetadata& metadata) {
  auto settings = model_settings(session, turn);
  if (!co_await compact(session, turn, settings, CompactionPlace::inside, metadata)) {
    count_failure(session, turn.settings.model);
    co_return false;
  }
  auto& in_vain = session.breaker.in_vain;
  in_vain = over_limit(session, turn) ? in_vain + 1 : 0;
  if (in_vain == CompactionBreaker::patience) {
    session.warn(
        "Compacting no longer brings this thread below its limit; the turn goes on without. Start a new thread "
        "soon, or raise model_auto_compact_token_limit.");
  }
  co_return true;
}

}  // namespace burin::agent

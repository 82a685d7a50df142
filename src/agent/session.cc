#include "agent/session.h"

#include "base/log.h"
#include "base/text.h"
#include "config/shell_env.h"
#include "context/fragments.h"
#include "context/truncate.h"
#include "model/rate_limits.h"
#include "wire/event.h"

namespace burin::agent {

namespace session_detail {
constexpr std::int64_t kept_output_bytes = 10'000;
}
using namespace session_detail;

Session::Session(io::World& w, ThreadOptions o, EventSink& s, io::Ctx ctx)
    : world(w),
      options(std::move(o)),
      config(*options.config),
      sink(s),
      messages(w, config.home, config.max_history_bytes),
      ledger(w),
      unified_exec(w, ctx, *this),
      user_commands(*this, ctx) {}

Session::~Session() = default;

void Session::record(const wire::ResponseItem& item) {
  // The file keeps what the model said in the role system; nothing else sees it (session.md 4.4).
  if (!history.record(item, truncation) && wire::role_of(item) != "system") return;
  if (log) {
    scratch_.clear();
    wire::write_item(scratch_, item);
    log->append("response_item", scratch_);
  }
  if (wire::is_output(item) && wire::call_id_of(item) == next_output_) output_follows("");
  if (sink.wants_details()) emit(wire::event::RawResponseItem{.item = item});
}

void Session::record_all(const std::vector<wire::ResponseItem>& items) {
  for (const auto& item : items) record(item);
}

void Session::persist_turn_context(const wire::TurnContext& context) {
  if (log) log->append("turn_context", dump_mapped(context));
}

void Session::emit(wire::EventMsg event) { emit_as(turn_id, std::move(event)); }

void Session::persist(const wire::EventMsg& event) {
  if (!log || !wire::persisted(event, options.extended_log)) return;
  scratch_.clear();
  if (const auto* end = std::get_if<wire::event::ExecCommandEnd>(&event)) {
    // Outputs are kept once, and not whole (session.md 4.5).
    auto cut = *end;
    cut.aggregated_output = context::truncate(cut.aggregated_output, {wire::TruncationMode::bytes, kept_output_bytes});
    cut.stdout_text = cut.stderr_text = cut.formatted_output = "";
    write_mapped(scratch_, wire::EventMsg(std::move(cut)));
  } else {
    write_mapped(scratch_, event);
  }
  log->append_event(scratch_);
}

void Session::emit_as(std::string id, wire::EventMsg event) {
  persist(event);
  wire::Event told{.id = std::move(id), .msg = std::move(event)};
  const auto* end = std::get_if<wire::event::ExecCommandEnd>(&told.msg);
  if (end != nullptr && !next_output_.empty() && end->call_id == next_output_) {
    kept_end_ = std::move(told);
  } else if (together_) {
    untold_.push_back(std::move(told));
  } else {
    sink.on_event(told);
  }
}

void Session::output_follows(std::string call_id) {
  next_output_ = std::move(call_id);
  if (auto end = std::exchange(kept_end_, std::nullopt)) sink.on_event(*end);
}

Session::Together::~Together() {
  session_.together_ = false;
  for (const auto& event : std::exchange(session_.untold_, {})) session_.sink.on_event(event);
}

void Session::replace_history(const std::vector<wire::ResponseItem>& items, std::string message,
                              std::optional<wire::TurnContext> baseline_after) {
  history.replace(items);
  ledger.changed(Ledger::Change::compaction);
  baseline = std::move(baseline_after);
  if (log) {
    wire::Compacted line;
    line.message = std::move(message);
    line.replacement_history = items;
    log->append("compacted", dump_mapped(line));
  }
  if (baseline) persist_turn_context(*baseline);
}

io::Task<> Session::emit_durable(wire::EventMsg event) {
  if (log) {
    persist(event);
    co_await log->sync();
  }
  sink.on_event(wire::Event{.id = turn_id, .msg = std::move(event)});
}

void Session::warn(std::string text) {
  if (!configured_) {
    early_warnings_.push_back(std::move(text));
    return;
  }
  emit(wire::event::Warning{.message = std::move(text)});
}

void Session::emit_configured(wire::event::SessionConfigured event) {
  emit(std::move(event));
  configured_ = true;
  for (auto& text : std::exchange(early_warnings_, {})) warn(std::move(text));
}

void Session::model_warning(std::string text) {
  if (auto message = context::text_message("user", {"Warning: " + text})) record(*message);
  warn(std::move(text));
}

io::Task<> Session::durable() {
  if (log) co_await log->sync();
}

void Session::fail_turn(const model::ModelError& error) {
  wire::event::Error event;
  event.message = error.message;
  event.codex_error_info = error.info();
  emit(std::move(event));
}

io::Task<wire::ReviewDecision> Session::wait_for(std::string id, wire::EventMsg question) {
  auto waiter = std::make_shared<Waiter>();
  if (auto replaced = std::exchange(waiters_[id], waiter)) replaced->answered.set();
  emit(std::move(question));
  co_await waiter->answered.wait();
  if (auto it = waiters_.find(id); it != waiters_.end() && it->second == waiter) waiters_.erase(it);
  co_return waiter->decision ? *waiter->decision : wire::ReviewDecision(wire::decision::Denied{});
}

io::Task<wire::ReviewDecision> Session::approve_exec(wire::event::ExecApprovalRequest request) {
  auto id = request.approval_id.value_or(request.call_id);
  co_return co_await wait_for(std::move(id), std::move(request));
}

io::Task<wire::ReviewDecision> Session::approve_patch(wire::event::ApplyPatchApprovalRequest request) {
  auto id = request.call_id;
  co_return co_await wait_for(std::move(id), std::move(request));
}

void Session::resolve_approval(const std::string& id, wire::ReviewDecision decision) {
  auto it = waiters_.find(id);
  if (it == waiters_.end()) {
    burin::log(Level::warn, "agent", "an approval for the unknown id {} was ignored", id);
    return;
  }
  it->second->decision = std::move(decision);
  it->second->answered.set();
}

void Session::drop_approvals() {
  auto waiting = std::move(waiters_);
  waiters_.clear();
  for (auto& [id, waiter] : waiting) waiter->answered.set();
}

void Session::add_usage(const std::optional<wire::TokenUsage>& usage, const model::ModelInfo& model) {
  if (!usage) return;
  if (!token_info) token_info.emplace();
  token_info->total_token_usage += *usage;
  token_info->last_token_usage = *usage;
  token_info->model_context_window = model.usable_window();
}

void Session::set_rate_limits(wire::RateLimitSnapshot snapshot) {
  rate_limits = model::merge_rate_limits(rate_limits ? &*rate_limits : nullptr, std::move(snapshot));
}

void Session::fill_window(const model::ModelInfo& model) {
  auto window = model.usable_window();
  if (!window) return;
  if (!token_info) token_info.emplace();
  auto before = token_info->total_token_usage.total_tokens;
  token_info->total_token_usage = {};
  token_info->total_token_usage.total_tokens = *window;
  token_info->last_token_usage = {};
  token_info->last_token_usage.total_tokens = std::max<std::int64_t>(*window - before, 0);
  token_info->model_context_window = window;
  emit_token_count();
}

void Session::recompute_usage(const model::ModelInfo& model) {
  if (!token_info) token_info.emplace();
  token_info->last_token_usage = {};
  token_info->last_token_usage.total_tokens = instruction_tokens() + history.tally().total();
  token_info->model_context_window = model.usable_window();
  emit_token_count();
}

std::int64_t Session::instruction_tokens() const {
  return context::tokens_of_bytes(static_cast<std::int64_t>(base_instructions.size()));
}

std::int64_t Session::tokens_in_use() const {
  const auto& tally = history.tally();
  auto counted = token_info ? token_info->last_token_usage.total_tokens : 0;
  return counted + tally.after_last_generated() + (server_counts_reasoning ? 0 : tally.reasoning_of_earlier_turns());
}

void Session::emit_token_count() {
  wire::event::TokenCount event;
  if (token_info) event.info = *token_info;
  if (rate_limits) event.rate_limits = *rate_limits;
  emit(std::move(event));
}

void Session::check_served_model(const std::string& served, const TurnContext& turn) {
  if (reroute_warned_for == turn.id || equals_ignore_case(served, turn.settings.model)) return;
  reroute_warned_for = turn.id;
  wire::event::ModelReroute event;
  event.from_model = turn.settings.model;
  event.to_model = served;
  emit(std::move(event));
  model_warning(fmt::format(
      "This request was answered by the fallback model `{}` instead of `{}`, because it was classed as possible "
      "high-risk cyber activity. If that is a mistake, apply for trusted access with your provider to use `{}` again.",
      served, turn.settings.model, turn.settings.model));
}

context::ContextInputs Session::context_inputs(const TurnContext& turn) {
  return context::ContextInputs{
      .config = config,
      .model = turn.model,
      .files = world.files,
      .env = world.env,
      .cwd = turn.settings.cwd,
      .shell_name = std::string(sandbox::shell_name(shell.kind)),
      .current_date = turn.current_date,
      .timezone = turn.timezone,
      .approval = turn.settings.approval,
      .sandbox = turn.settings.sandbox,
      .personality = turn.settings.personality,
      .collaboration_mode = turn.settings.collaboration_mode,
      .base_instructions = base_instructions,
      .user_instructions = user_instructions,
      .previous = previous,
      .approved_prefixes = turn.approved_prefixes,
  };
}

tools::ToolContext Session::tool_context(const TurnContext& turn, tools::TurnDiff& diff) {
  return tools::ToolContext{
      .world = world,
      .config = config,
      .model = turn.model,
      .host = *this,
      .approvals = approvals,
      .unified_exec = unified_exec,
      .diff = diff,
      .mechanisms = options.mechanisms,
      .shell = shell,
      .login_shell = login_shell,
      .environment = config::build_environment(config.shell_environment_policy, world.env, thread_id),
      .thread_id = thread_id,
      .turn_id = turn.id,
      .cwd = turn.settings.cwd,
      .approval = turn.settings.approval,
      .sandbox = turn.settings.sandbox,
      .mode = turn.settings.collaboration_mode.mode,
  };
}

namespace session_detail {

io::Task<> follow_etag(Session* session, std::string etag) {
  auto models = session->options.models;
  co_await models->saw_etag(std::move(etag));
  session->catalog = *models->catalog();
}

}  // namespace session_detail

void Session::saw_models_etag(std::string etag) {
  if (options.models && run_beside) run_beside(session_detail::follow_etag(this, std::move(etag)));
}

}  // namespace burin::agent

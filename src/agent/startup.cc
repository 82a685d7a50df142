#include "agent/startup.h"

#include "agent/git_metadata.h"
#include "agent/turn_context.h"
#include "base/text.h"
#include "context/agents_md.h"
#include "context/rebuild.h"

namespace burin::agent {

namespace startup_detail {

/// What the models manager knows; without one the bundled models, or those of model_catalog_json, which then are the
/// only ones.
Result<std::vector<model::ModelInfo>> load_catalog(const Session& session) {
  if (session.options.models) return *session.options.models->catalog();
  const auto& config = session.config;
  if (!config.model_catalog) return model::bundled_models();
  auto models = model::read_catalog(*config.model_catalog);
  if (!models)
    return wrap(models.error(), fmt::format("failed to read model_catalog_json {}", config.model_catalog_path));
  return models;
}

void adopt_settings(Session& session) {
  const auto& c = session.config;
  auto& s = session.settings;
  s.cwd = c.cwd;
  s.approval = c.approval_policy;
  s.sandbox = c.sandbox_policy;
  s.model = session.options.model;
  s.effort = c.model_reasoning_effort;
  s.summary = c.model_reasoning_summary;
  s.personality = c.personality;
  s.service_tier = c.service_tier;
  s.collaboration_mode = default_mode(s.model, s.effort);
}

std::string session_meta_json(const Session& session, std::int64_t now_ms,
                              std::optional<std::string> forked_from = std::nullopt) {
  wire::SessionMeta meta;
  meta.id = session.thread_id;
  meta.forked_from_id = std::move(forked_from);
  meta.timestamp = io::utc_ms_text(now_ms);
  meta.cwd = session.settings.cwd;
  meta.originator = session.options.identity.originator;
  meta.cli_version = session.options.identity.version;
  meta.source = session.options.source;
  meta.model_provider = session.config.provider.id;
  meta.base_instructions = wire::BaseInstructions{session.base_instructions};
  meta.git = read_git_info(session.world.files, session.settings.cwd);
  return dump_mapped(meta);
}

void emit_configured(Session& session, std::optional<json::array> initial,
                     std::optional<std::string> forked_from = std::nullopt) {
  const auto& s = session.settings;
  wire::event::SessionConfigured event;
  event.session_id = session.thread_id;
  event.forked_from_id = std::move(forked_from);
  event.model = s.model;
  event.model_provider_id = session.config.provider.id;
  event.service_tier = s.service_tier;
  event.approval_policy = s.approval;
  event.sandbox_policy = s.sandbox;
  event.cwd = s.cwd;
  event.reasoning_effort = s.effort;
  event.initial_messages = std::move(initial);
  if (session.sink.wants_history()) {
    auto messages = session.messages.summary();
    event.history_log_id = messages.log_id;
    event.history_entry_count = messages.entries;
  }
  if (session.log) event.rollout_path = session.log->path();
  session.emit_configured(std::move(event));
  for (const auto& notice : session.config.deprecations) {
    wire::event::DeprecationNotice out;
    out.summary = notice.summary;
    out.details = notice.details;
    session.emit(std::move(out));
  }
  for (const auto& text : session.config.startup_warnings) session.warn(text);
  session.emit(wire::event::McpStartupComplete{});
}

void make_client(Session& session) {
  const auto& c = session.config;
  model::ClientOptions options;
  options.identity = session.options.identity;
  if (c.requirements.us_residency) options.identity.residency = "us";
  options.provider = c.provider;
  options.manager = session.options.auth;
  options.thread_id = session.thread_id;
  options.beta_features = join(config::beta_features(c.features), ",");
  options.compress_requests = c.features.enabled(config::Feature::enable_request_compression);
  options.websockets_enabled = c.features.enabled(config::Feature::responses_websockets) ||
                               c.features.enabled(config::Feature::responses_websockets_v2);
  options.timing_metrics = c.features.enabled(config::Feature::runtime_metrics);
  options.home = c.home;
  session.client = std::make_unique<model::ModelClient>(session.world, std::move(options));
}

/// The configured instructions, else those that the history was recorded with, else the model's.
std::string base_instructions(const Session& session, const model::ModelInfo& model,
                              const std::optional<std::string>& recorded) {
  if (session.config.base_instructions) return *session.config.base_instructions;
  return recorded ? *recorded : model::model_instructions(model, session.settings.personality);
}

/// A log under a new id, which exists only in memory for now; its first line is queued.
void create_log(Session& session, std::optional<std::string> forked_from) {
  if (session.options.ephemeral) return;
  std::int64_t now = session.world.clock.now_ms();
  auto path = store::rollout_path(session.config.home, session.world.clock.local(now / 1000), session.thread_id);
  auto* s = &session;
  session.log =
      store::RolloutLog::create(session.world, std::move(path), [s](std::string text) { s->warn(std::move(text)); });
  session.log->append("session_meta", session_meta_json(session, now, std::move(forked_from)));
}

/// The model is told everything, and that is what later turns compare with.
void record_full_context(Session& session) {
  auto turn = make_turn_context(session, "", std::nullopt);
  const auto* told = session.baseline ? &*session.baseline : nullptr;
  session.record_all(context::full_context(session.context_inputs(turn), told));
  session.baseline = turn_context_item(session, turn);
}

/// A new thread is told its context at once; the lines queue until the first user message.
void start_fresh(Session& session) {
  session.thread_id = io::uuid_v7(session.world.clock, session.world.random);
  auto model = model::resolve_model(session.catalog, session.settings.model, session.config);
  session.base_instructions = base_instructions(session, model, std::nullopt);
  create_log(session, std::nullopt);
  make_client(session);
  emit_configured(session, std::nullopt);
  record_full_context(session);
}

/// What a log establishes becomes the session's. `truncation` is set before, for the log is read with it.
void adopt(Session& session, context::Rebuilt rebuilt) {
  auto model = model::resolve_model(session.catalog, session.settings.model, session.config);
  session.base_instructions = base_instructions(session, model, rebuilt.base_instructions);
  session.history = std::move(rebuilt.history);
  session.baseline = std::move(rebuilt.baseline);
  session.previous = rebuilt.previous;
  session.token_info = rebuilt.token_info;
  if (rebuilt.open_turn) session.unclosed_turn = rebuilt.open_turn_id;
}

/// The event of a line, for clients that show what was said before.
void add_initial(const Session& session, const wire::RolloutLine& line, json::array& to) {
  const auto* event = std::get_if<wire::EventMsg>(&line.payload);
  if (event != nullptr && session.sink.wants_history()) to.push_back(to_json(*event));
}

void warn_of_problems(Session& session, const store::RolloutInfo& info) {
  for (const auto& problem : info.problems()) session.warn(problem);
}

void warn_of_other_model(Session& session) {
  if (!session.previous || session.previous->model == session.settings.model) return;
  session.warn(fmt::format(
      "This session was recorded with model `{}` but is resuming with `{}`. Results may differ; switch back "
      "to `{}` to go on as before.",
      session.previous->model, session.settings.model, session.previous->model));
}

/// Locks the log, then reads it once, line by line; what is kept of it is the history.
Result<> start_resumed(Session& session) {
  auto& files = session.world.files;
  const auto& path = *session.options.resume_path;
  if (!session.options.ephemeral) {
    auto* s = &session;
    TRY(session.log, store::RolloutLog::open(session.world, path, [s](std::string text) { s->warn(std::move(text)); }));
  }
  context::Rebuilder rebuilder(session.truncation);
  std::vector<store::LinePlace> contexts;  // where the turn_context lines stand
  json::array initial;
  TRY(auto info, store::scan_rollout(
                     files, path, [&](const wire::RolloutLine& line, const store::LinePlace& place, std::string_view) {
                       rebuilder.add(line, contexts.size());
                       if (std::holds_alternative<wire::TurnContext>(line.payload)) contexts.push_back(place);
                       add_initial(session, line, initial);
                     }));
  auto rebuilt = rebuilder.finish();
  if (rebuilt.baseline_line) {
    TRY(auto line, store::read_line_at(files, path, contexts[*rebuilt.baseline_line]));
    rebuilt.baseline = std::get<wire::TurnContext>(std::move(line.payload));
  }
  session.thread_id = info.thread_id;
  adopt(session, std::move(rebuilt));
  make_client(session);
  emit_configured(session, std::move(initial));
  // A file whose first record was lost gets one again: without it no listing shows it, and others cannot resume it.
  if (session.log && !info.has_meta) {
    session.log->append("session_meta", session_meta_json(session, session.world.clock.now_ms()));
  }
  warn_of_problems(session, info);
  warn_of_other_model(session);
  return {};
}

/// A new thread that goes on from the lines of another: they are copied, and the context is told anew (session.md 5.1).
Result<> start_forked(Session& session) {
  TRY(auto loaded, store::load_rollout(session.world.files, *session.options.fork_path));
  std::span<const wire::RolloutLine> lines(loaded.lines);
  if (session.options.fork_before) lines = context::lines_before_user_message(lines, *session.options.fork_before);
  if (lines.empty()) {
    start_fresh(session);
    return {};
  }
  session.thread_id = io::uuid_v7(session.world.clock, session.world.random);
  adopt(session, context::rebuild(lines, session.truncation));
  session.unclosed_turn.reset();  // it is the source's
  create_log(session, loaded.thread_id);
  make_client(session);
  json::array initial;
  for (const auto& line : lines) {
    const auto* event = std::get_if<wire::EventMsg>(&line.payload);
    bool kept = event == nullptr || std::holds_alternative<Unknown>(*event) ||
                wire::persisted(*event, session.options.extended_log);
    if (session.log && kept) session.log->append_copy(line);
    add_initial(session, line, initial);
  }
  emit_configured(session, std::move(initial), loaded.thread_id);
  warn_of_problems(session, loaded);
  record_full_context(session);
  if (session.log) session.log->materialise();
  return {};
}

}  // namespace startup_detail

using namespace startup_detail;

wire::CollaborationMode default_mode(const std::string& model, std::optional<wire::ReasoningEffort> effort) {
  wire::CollaborationMode mode;
  mode.mode = wire::ModeKind::default_;
  mode.settings.model = model;
  mode.settings.reasoning_effort = effort;
  return mode;
}

Result<> start_session(Session& session) {
  adopt_settings(session);
  TRY(session.catalog, load_catalog(session));
  session.login_shell = sandbox::login_shell_of_user();
  session.shell = sandbox::session_shell(session.world.files, session.world.env, session.login_shell);
  session.user_instructions =
      context::user_instructions(session.world.files, session.config, session.config.home, session.settings.cwd);
  session.truncation = model::resolve_model(session.catalog, session.settings.model, session.config).truncation_policy;
  const bool resumed = session.options.resume_path.has_value();
  if (resumed) {
    CHECK(start_resumed(session));
  } else if (session.options.fork_path) {
    CHECK(start_forked(session));
  } else {
    start_fresh(session);
  }
  if (session.log) session.ledger.keep(ledger_path(session.config.home, session.thread_id), resumed);
  return {};
}

}  // namespace burin::agent

#include "agent/turn_context.h"

namespace burin::agent {

std::string fallback_metadata_warning(std::string_view slug) {
  return fmt::format(
      "Model metadata for `{}` not found. General defaults are used instead, which may limit the model or its tools; "
      "check the model's name.",
      slug);
}

TurnContext make_turn_context(Session& session, std::string turn_id, std::optional<json::value> output_schema) {
  TurnContext turn;
  turn.id = std::move(turn_id);
  turn.settings = session.settings;
  turn.model = model::resolve_model(session.catalog, turn.settings.model, session.config);
  turn.registry = tools::make_registry(session.config, turn.model,
                                       config::web_search_for_turn(session.config, turn.settings.sandbox));
  std::int64_t now = session.world.clock.now_ms() / 1000;
  auto local = session.world.clock.local(now);
  turn.current_date = fmt::format("{:04}-{:02}-{:02}", local.year, local.month, local.day);
  turn.timezone = session.world.clock.timezone();
  turn.output_schema = std::move(output_schema);
  return turn;
}

wire::TurnContext turn_context_item(const Session& session, const TurnContext& turn) {
  const auto& s = turn.settings;
  wire::TurnContext item;
  item.turn_id = turn.id;
  item.cwd = s.cwd;
  item.current_date = turn.current_date;
  item.timezone = turn.timezone;
  item.approval_policy = s.approval;
  item.sandbox_policy = s.sandbox;
  item.model = s.model;
  item.personality = s.personality;
  item.collaboration_mode = s.collaboration_mode;
  item.realtime_active = false;
  item.effort = s.effort;
  model::TurnSettings settings{.model = turn.model, .effort = s.effort, .summary = s.summary};
  item.summary = model::effective_summary(settings);
  item.user_instructions = session.user_instructions;
  item.developer_instructions = session.config.developer_instructions;
  if (turn.output_schema) item.final_output_json_schema = *turn.output_schema;
  item.truncation_policy = turn.model.truncation_policy;
  return item;
}

model::TurnSettings model_settings(const Session& session, const TurnContext& turn) {
  const auto& s = turn.settings;
  model::TurnSettings out;
  out.model = turn.model;
  out.effort = s.effort;
  out.summary = s.summary;
  out.verbosity = session.config.model_verbosity;
  out.service_tier = s.service_tier;
  out.fast_mode = session.config.features.enabled(config::Feature::fast_mode);
  return out;
}

}  // namespace burin::agent

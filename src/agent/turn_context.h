// From the session's settings to what one turn runs with.
#pragma once
#include <string>

#include "agent/session.h"

namespace burin::agent {

TurnContext make_turn_context(Session& session, std::string turn_id, std::optional<json::value> output_schema);

/// The `turn_context` line of a turn (session.md 4.2): what later turns compare with.
wire::TurnContext turn_context_item(const Session& session, const TurnContext& turn);

/// What the requests of this turn are sent with.
model::TurnSettings model_settings(const Session& session, const TurnContext& turn);

/// The warning about a model that the catalogue does not know.
std::string fallback_metadata_warning(std::string_view slug);

}  // namespace burin::agent

// What happens before a thread serves its first operation: identity, history, log, first events (session.md 4.3, 5.1).
#pragma once
#include "agent/session.h"

namespace burin::agent {

/// Fills the session and emits session_configured and start-up notices. Errors name the rollout.
Result<> start_session(Session& session);

/// The collaboration mode that a model and effort given without one mean.
wire::CollaborationMode default_mode(const std::string& model, std::optional<wire::ReasoningEffort> effort);

}  // namespace burin::agent

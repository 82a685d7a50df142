// Waiting until a usage limit is lifted, for those who ask for it (`rate_limit_wait_minutes`).
//
// The reference ends the turn with an error. Long unattended runs want to go on: when the server says when it will take
// requests again, and that is within the configured time, the turn waits, tells how long in a countdown, and sends the
// same request again. The time is kept in the home, so that a run that is stopped and resumed waits on instead of
// asking in vain.
#pragma once
#include "agent/session.h"

namespace burin::agent {

/// Waits for the end of the limit behind `error` and returns true; false when waiting is not wanted, makes no sense, or
/// the server did not say how long.
io::Task<bool> wait_for_limit(Session& session, const model::ModelError& error);

/// Waits for the end of a limit that an earlier turn or process has met, with the same account and provider.
io::Task<> wait_for_known_limit(Session& session);

}  // namespace burin::agent

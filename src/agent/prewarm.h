// What a session does at its start so that the first turn finds a connection (model-client.md 10.5, 10.6).
#pragma once
#include "agent/session.h"

namespace burin::agent {

/// Connects and, unless the configuration asks for the handshake only, has the server take in instructions and tools.
/// Returns at once where WebSockets are not active. To be spawned when the session has started.
io::Task<> prewarm(Session* session);

}  // namespace burin::agent

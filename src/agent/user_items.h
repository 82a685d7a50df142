// A user's input on its way into the thread: the message for the model and the events for clients (session.md 2.4).
#pragma once
#include <vector>

#include "agent/session.h"

namespace burin::agent {

/// The message item; images are decoded on the pool.
io::Task<wire::ResponseItem> prepare_user_message(io::World& world, io::Files& files,
                                                  const std::vector<wire::UserInput>& input);

/// item_started, item_completed, user_message.
void emit_user_items(Session& session, const std::vector<wire::UserInput>& input);

}  // namespace burin::agent

// What people see of sessions. Texts of users and models are shown without control characters, so that no session can
// write to the terminal.
#pragma once
#include <string>

#include "cli/session_turns.h"
#include "io/clock.h"
#include "store/listing.h"
#include "store/rollout_log.h"

namespace burin::cli {

/// A table of at most `columns` characters (or 16 for the session, if that is more). Ids are cut to what tells them
/// apart; the user's home is ~; the time is that of the order.
std::string session_table(io::Clock& clock, const std::string& user_home, const store::Listing& listing,
                          store::SessionOrder order, std::size_t columns);
/// "Not shown: 3 archived (--archived), 1 without a message."; "" when nothing is hidden.
std::string hidden_sentence(const store::Listing& listing, const store::ListQuery& query);
/// One session: facts, tokens, problems of the file, turns.
std::string session_text(io::Clock& clock, const store::SessionSummary& session, const store::LoadedRollout& loaded,
                         const SessionStory& story, std::size_t columns);
/// Its name, or the beginning of its first message.
std::string session_title(const store::SessionSummary& session);

}  // namespace burin::cli

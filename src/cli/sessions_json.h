// The JSON of `burin sessions --json`. Scripts read it: members are added, never renamed or dropped.
#pragma once
#include <string>

#include "cli/session_turns.h"
#include "store/listing.h"
#include "store/rollout_log.h"

namespace burin::cli {

/// {"sessions":[…],"next_cursor":S|null,"hidden":{reason:N},"scanned":N,"not_scanned":N,"unreadable":[{path,reason}]}
std::string list_json(const store::Listing& listing, const store::ListQuery& query);
/// {"session":{…},"forked_from_id":S|null,"turns":[…],"tokens":{…}|null,"skipped":N,"problems":[…]}
std::string show_json(const store::SessionSummary& session, const store::LoadedRollout& loaded,
                      const SessionStory& story);

/// The thread that a file was forked from; "" for none.
std::string forked_from(const store::LoadedRollout& loaded);

}  // namespace burin::cli

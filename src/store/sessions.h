// Finding one session on disk: by id, by what a person calls it, the newest (session.md 4.7; cli-config.md 3.4).
//
// The rollout files are the truth; nothing here needs an index.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "store/session_files.h"
#include "store/session_names.h"

namespace burin::store {

/// Path of the rollout of a thread below `<home>/sessions`; Kind::not_found when there is none. The archive is not
/// searched: an archived session is brought back before it goes on.
Result<std::string> find_by_id(io::Files& files, const std::string& home, std::string_view thread_id);

/// Path of the session that a person wants to go on with: by id, by name, or by path (with a slash in it, or ending in
/// .jsonl), relative to `cwd`.
Result<std::string> find_resumable(io::Files& files, const std::string& home, const std::string& cwd,
                                   const std::string& session);

/// The session that a person means by an id, the beginning of one (4 characters or more), a name, or a path (relative
/// to `cwd`); archived ones too. Kind::not_found, or Kind::invalid with the candidates when several begin like that.
Result<SessionFile> find_session(io::Files& files, const std::string& home, const std::string& cwd,
                                 std::string_view text);

struct LatestFilter {
  std::optional<std::string> cwd;  // canonical; unset: any
  std::string model_provider;      // a session without provider matches too
};
/// The most recently updated session that was used (it has a user message), passes the filter, and is not archived.
std::optional<std::string> find_latest(io::Files& files, const std::string& home, const LatestFilter& filter);

/// True for the 8-4-4-4-12 form.
bool is_uuid(std::string_view text);

}  // namespace burin::store

// Finding sessions on disk: by id, by name, the newest (session.md 4.7, 4.8; cli-config.md 3.4).
//
// The rollout files are the truth; nothing here needs an index.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/files.h"

namespace burin::store {

/// Path of the rollout of a thread below `<home>/sessions`; Kind::not_found when there is none.
Result<std::string> find_by_id(io::Files& files, const std::string& home, std::string_view thread_id);

/// What a person calls a session: an id, a name, or the path of its file (with a slash in it, or ending in .jsonl),
/// relative to `cwd`.
Result<std::string> find_session(io::Files& files, const std::string& home, const std::string& cwd,
                                 const std::string& session);

/// The id that a name stands for: the last line of session_index.jsonl that carries exactly that name.
std::optional<std::string> id_of_name(io::Files& files, const std::string& home, std::string_view name);
/// The name of an id: the last line for it.
std::optional<std::string> name_of_id(io::Files& files, const std::string& home, std::string_view thread_id);

struct LatestFilter {
  std::optional<std::string> cwd;  // canonical; unset: any
  std::string model_provider;      // a session without provider matches too
};
/// The most recently updated session that was used (it has a user message), passes the filter, and is not archived.
std::optional<std::string> find_latest(io::Files& files, const std::string& home, const LatestFilter& filter);

/// True for the 8-4-4-4-12 form.
bool is_uuid(std::string_view text);

}  // namespace burin::store

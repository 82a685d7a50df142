// Names of sessions: `<home>/session_index.jsonl` (session.md 4.8), which the reference reads and writes too.
//
// The file only grows: the last line for an id gives its name, and a name stands for the id of the last line that
// carries exactly it. Lines that cannot be read are passed over.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "io/world.h"

namespace burin::store {

/// The id that a name stands for.
std::optional<std::string> id_of_name(io::Files& files, const std::string& home, std::string_view name);
/// The name of an id.
std::optional<std::string> name_of_id(io::Files& files, const std::string& home, std::string_view thread_id);
/// All names by id.
std::unordered_map<std::string, std::string> all_names(io::Files& files, const std::string& home);

/// Gives a thread a name, trimmed; Kind::invalid when nothing is left of it. Waits up to a second for the lock.
io::Task<Result<>> set_name(io::World& world, std::string home, std::string thread_id, std::string name);

}  // namespace burin::store

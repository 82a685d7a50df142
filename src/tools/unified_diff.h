// Unified diffs of two texts, line by line.
//
// The comparison is Myers' in linear space, on numbered lines. Of several shortest scripts it takes the one that the
// reference shows, so that clients see the same diffs. Where two texts have so little in common that a shortest script
// would take too long, the best way found so far is taken: the result is then correct, but not the shortest.
//
// Pure functions; any thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace burin::tools {

/// Hunks with up to `context` lines around changes, without --- and +++ lines; empty for equal texts. A range of one
/// line is written without its length; a missing final newline as "\ No newline at end of file".
std::string unified_diff(std::string_view before, std::string_view after, std::size_t context);

}  // namespace burin::tools

// Unified diffs of two texts, line by line.
//
// The comparison is Myers' in linear space, on numbered lines, after what both sides have in common at their ends and
// what only one side has were set apart. Where two texts have so little in common that the shortest script would take
// too long, the best way found so far is taken: the result is then correct, but not the shortest. As git does, a run of
// changes that could stand in several places stands in the last.
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

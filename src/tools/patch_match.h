// Finding the lines of a patch in a file (tools.md 5.4).
//
// The rule is a simple one: four passes over all positions, each more forgiving than the one before, and an earlier
// pass wins over an earlier position. Done literally, a patch with many places in a big file that needs a later pass
// costs places x lines x passes. LineFinder gives the same answers from tables: it starts with plain scanning, and once
// that has cost more than a table would, it numbers the file's lines for the pass, so that a place costs the number of
// occurrences of its rarest line.
//
// Ownership: the finder borrows the lines, and what they view. One thread.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace burin::tools {

/// How two lines are compared, in order of trial.
enum class MatchPass : std::uint8_t { exact, trimmed_end, trimmed, punctuation };
inline constexpr std::size_t match_passes = 4;

/// What of a line counts in a pass. `store` holds the text when it had to be rewritten.
std::string_view comparable(std::string_view line, MatchPass pass, std::string& store);

class LineFinder {
 public:
  explicit LineFinder(std::span<const std::string_view> lines);
  ~LineFinder();
  LineFinder(const LineFinder&) = delete;
  LineFinder& operator=(const LineFinder&) = delete;

  /// First line of the match. With `end_of_file` only the last possible position is tried, and `start` does not count.
  /// An empty pattern is found at `start`.
  std::optional<std::size_t> seek(std::span<const std::string> pattern, std::size_t start, bool end_of_file);

 private:
  class Index;
  /// How many lines of the (comparable) pattern, from its first, agree with the lines at `at`.
  std::size_t equal_lines(std::span<const std::string_view> pattern, std::size_t at, MatchPass pass) const;
  std::optional<std::size_t> find(std::span<const std::string_view> pattern, std::size_t start, MatchPass pass);

  std::span<const std::string_view> lines_;
  std::array<std::size_t, match_passes> scanned_{};  // lines compared in vain, without an index
  std::array<std::unique_ptr<Index>, match_passes> indexes_;
};

}  // namespace burin::tools

// Which lines of two texts have no counterpart in the other: the search beneath a diff.
//
// Pure functions. Time is linear in the sizes as long as few lines differ, and bounded for texts that have little in
// common; memory is about 16 bytes a line.
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

namespace burin::tools {

/// A text by lines, each with its line end, so that a missing final newline is a difference. Borrows the text.
class Lines {
 public:
  explicit Lines(std::string_view text);
  std::size_t size() const { return starts_.size() - 1; }
  std::string_view operator[](std::size_t i) const { return text_.substr(starts_[i], starts_[i + 1] - starts_[i]); }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;  // and, last, the size of the text
};

/// For each line of `a` whether it is gone in `b`, for each of `b` whether it is new. Where several shortest answers
/// exist, it is the one of the reference's diff library.
struct Unmatched {
  std::vector<bool> gone, come;
};
Unmatched unmatched_lines(const Lines& a, const Lines& b);

}  // namespace burin::tools

#include "tools/unified_diff.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace burin::tools {

namespace unified_diff_detail {

using Numbers = std::vector<std::uint32_t>;
using Offset = std::ptrdiff_t;

/// Lines with their ends, so that a missing final newline is a difference.
std::vector<std::string_view> lines_with_ends(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

/// One text: its lines, their numbers (equal lines have equal numbers on both sides), and which of them changed.
struct Side {
  std::vector<std::string_view> lines;
  Numbers numbers;
  std::vector<bool> changed;
};

/// A part of both sides that is still to be compared.
struct Box {
  Offset a, a_end, b, b_end;
};

/// Marks what is in one sequence and not in the other.
class Myers {
 public:
  /// `a` and `b` are lines of the two sides; the maps tell which lines of the sides they are.
  Myers(const Numbers& a, const Numbers& b, const Numbers& a_lines, const Numbers& b_lines, Side& left, Side& right)
      : a_(a), b_(b), a_lines_(a_lines), b_lines_(b_lines), left_(left), right_(right) {
    const std::size_t both = a.size() + b.size();
    // As in git: the square root of the size, rounded up to a power of two, but not little.
    effort_ = static_cast<Offset>(std::max<std::size_t>(256, std::bit_ceil(std::size_t{1} << (std::bit_width(both) / 2))));
    forward_.resize(2 * both + 6);
    backward_.resize(2 * both + 6);
    middle_ = static_cast<Offset>(both) + 3;
  }

  void run() {
    std::vector<Box> todo{{0, static_cast<Offset>(a_.size()), 0, static_cast<Offset>(b_.size())}};
    while (!todo.empty()) {
      Box box = todo.back();
      todo.pop_back();
      while (box.a < box.a_end && box.b < box.b_end && a_[at(box.a)] == b_[at(box.b)]) ++box.a, ++box.b;
      while (box.a < box.a_end && box.b < box.b_end && a_[at(box.a_end - 1)] == b_[at(box.b_end - 1)]) {
        --box.a_end, --box.b_end;
      }
      if (box.a == box.a_end || box.b == box.b_end) {
        for (; box.a < box.a_end; ++box.a) left_.changed[a_lines_[at(box.a)]] = true;
        for (; box.b < box.b_end; ++box.b) right_.changed[b_lines_[at(box.b)]] = true;
        continue;
      }
      const auto [x, y] = split(box);
      todo.push_back({x, box.a_end, y, box.b_end});
      todo.push_back({box.a, x, box.b, y});
    }
  }

 private:
  static std::size_t at(Offset i) { return static_cast<std::size_t>(i); }

  /// A point on a shortest way through the box, or, when that takes too long, on the most promising one.
  std::pair<Offset, Offset> split(const Box& box) {
    // Diagonal k holds the points with x - y = k, counted from the box's corner. forward_ and backward_ hold how far
    // each has come in x from the upper left, and down to in x from the lower right.
    const Offset n = box.a_end - box.a, m = box.b_end - box.b, delta = n - m;
    auto fwd = [&](Offset k) -> Offset& { return forward_[at(middle_ + k)]; };
    auto bwd = [&](Offset k) -> Offset& { return backward_[at(middle_ + k)]; };
    fwd(1) = 0;
    bwd(1) = 0;
    for (Offset d = 0;; ++d) {
      for (Offset k = d; k >= -d; k -= 2) {
        if (k > n || k < -m) continue;
        Offset x = k == -d || k - 1 < -m || (k != d && k + 1 <= n && fwd(k - 1) < fwd(k + 1)) ? fwd(k + 1) : fwd(k - 1) + 1;
        Offset y = x - k;
        while (x < n && y < m && a_[at(box.a + x)] == b_[at(box.b + y)]) ++x, ++y;
        fwd(k) = x;
        const Offset other = delta - k;
        if ((delta & 1) != 0 && std::abs(other) <= d - 1 && x + bwd(other) >= n) return {box.a + x, box.b + y};
      }
      for (Offset k = d; k >= -d; k -= 2) {
        if (k > n || k < -m) continue;
        Offset x = k == -d || k - 1 < -m || (k != d && k + 1 <= n && bwd(k - 1) < bwd(k + 1)) ? bwd(k + 1) : bwd(k - 1) + 1;
        Offset y = x - k;
        while (x < n && y < m && a_[at(box.a_end - 1 - x)] == b_[at(box.b_end - 1 - y)]) ++x, ++y;
        bwd(k) = x;
        const Offset other = delta - k;
        if ((delta & 1) == 0 && std::abs(other) <= d && x + fwd(other) >= n) return {box.a_end - x, box.b_end - y};
      }
      if (d >= effort_) return furthest(box, d);
    }
  }

  std::pair<Offset, Offset> furthest(const Box& box, Offset d) const {
    const Offset n = box.a_end - box.a, m = box.b_end - box.b;
    Offset best = -1;
    std::pair<Offset, Offset> point;
    for (Offset k = -d; k <= d; k += 2) {
      if (k > n || k < -m) continue;
      const Offset f = std::min(forward_[at(middle_ + k)], n), b = std::min(backward_[at(middle_ + k)], n);
      if (f - k >= 0 && f - k <= m && 2 * f - k > best) {
        best = 2 * f - k;
        point = {box.a + f, box.b + f - k};
      }
      if (b - k >= 0 && b - k <= m && 2 * b - k > best) {
        best = 2 * b - k;
        point = {box.a_end - b, box.b_end - (b - k)};
      }
    }
    return point;
  }

  const Numbers& a_;
  const Numbers& b_;
  const Numbers& a_lines_;
  const Numbers& b_lines_;
  Side& left_;
  Side& right_;
  Offset effort_ = 0;
  std::vector<Offset> forward_, backward_;
  Offset middle_ = 0;
};

}  // namespace unified_diff_detail

}  // namespace burin::tools

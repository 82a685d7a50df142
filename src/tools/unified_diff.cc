#include "tools/unified_diff.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace burin::tools {

namespace unified_diff_detail {

using Lines = std::vector<std::string_view>;
using Offset = std::ptrdiff_t;

/// Lines with their ends, so that a missing final newline is a difference.
Lines lines_with_ends(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

/// Lines of one side that may also be on the other, as numbers: equal lines have equal numbers on both sides.
struct Sequence {
  std::vector<std::uint32_t> numbers;
  std::vector<std::size_t> lines;  // which lines they are
};

/// A part of both sequences.
struct Box {
  Offset a, a_end, b, b_end;
  bool empty_side() const { return a == a_end || b == b_end; }
};

struct Point {
  Offset a, b;
};

/// Finds what two sequences have in common: Myers, "An O(ND) Difference Algorithm and Its Variations", section 4b.
class Comparison {
 public:
  Comparison(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) : a_(a), b_(b) {
    const std::size_t both = a.size() + b.size();
    // As in git: about the square root of the size, but not little.
    effort_ = static_cast<Offset>(std::max<std::size_t>(256, std::size_t{1} << (std::bit_width(both) / 2)));
    forward_.resize(both + 3);
    backward_.resize(both + 3);
    lowest_ = -static_cast<Offset>(b.size()) - 1;
  }

  /// Calls `gone(i)` for every place of `a`, and `come(j)` for every place of `b`, that has no counterpart.
  template <class Gone, class Come>
  void run(Gone gone, Come come) {
    std::vector<Box> todo{{0, size_of(a_), 0, size_of(b_)}};
    while (!todo.empty()) {
      Box box = todo.back();
      todo.pop_back();
      while (!box.empty_side() && same(box.a, box.b)) ++box.a, ++box.b;
      while (!box.empty_side() && same(box.a_end - 1, box.b_end - 1)) --box.a_end, --box.b_end;
      if (box.empty_side()) {
        for (; box.a < box.a_end; ++box.a) gone(static_cast<std::size_t>(box.a));
        for (; box.b < box.b_end; ++box.b) come(static_cast<std::size_t>(box.b));
        continue;
      }
      const Point middle = split(box);
      todo.push_back({middle.a, box.a_end, middle.b, box.b_end});
      todo.push_back({box.a, middle.a, box.b, middle.b});
    }
  }

 private:
  static Offset size_of(std::span<const std::uint32_t> s) { return static_cast<Offset>(s.size()); }
  bool same(Offset a, Offset b) const { return a_[static_cast<std::size_t>(a)] == b_[static_cast<std::size_t>(b)]; }
  /// Diagonal k holds the points with a - b = k. For each: how far down a path has come, from the upper left corner
  /// and from the lower right one.
  Offset& forward(Offset k) { return forward_[static_cast<std::size_t>(k - lowest_)]; }
  Offset& backward(Offset k) { return backward_[static_cast<std::size_t>(k - lowest_)]; }

  /// The diagonals that a search has reached; each step adds one at both sides, and leaves out those outside the box.
  struct Reach {
    Offset low, high;
    template <class At>
    void grow(Offset box_low, Offset box_high, Offset unreached, At at) {
      if (low > box_low) {
        at(--low - 1) = unreached;
      } else {
        ++low;
      }
      if (high < box_high) {
        at(++high + 1) = unreached;
      } else {
        --high;
      }
    }
    bool holds(Offset k) const { return low <= k && k <= high; }
  };

  /// A point on a shortest path through the box or, when finding one takes too long, on the most promising one.
  Point split(const Box& box) {
    const Offset low = box.a - box.b_end, high = box.a_end - box.b;
    const Offset start = box.a - box.b, end = box.a_end - box.b_end;
    const bool odd = ((start - end) & 1) != 0;
    Reach from_start{start, start}, from_end{end, end};
    forward(start) = box.a;
    backward(end) = box.a_end;
    for (Offset cost = 1;; ++cost) {
      from_start.grow(low, high, -1, [&](Offset k) -> Offset& { return forward(k); });
      for (Offset k = from_start.high; k >= from_start.low; k -= 2) {
        Offset a = std::max(forward(k - 1) + 1, forward(k + 1));
        while (a < box.a_end && a - k < box.b_end && same(a, a - k)) ++a;
        forward(k) = a;
        if (odd && from_end.holds(k) && backward(k) <= a) return {a, a - k};
      }
      from_end.grow(low, high, std::numeric_limits<Offset>::max(), [&](Offset k) -> Offset& { return backward(k); });
      for (Offset k = from_end.high; k >= from_end.low; k -= 2) {
        Offset a = std::min(backward(k - 1), backward(k + 1) - 1);
        while (a > box.a && a - k > box.b && same(a - 1, a - k - 1)) --a;
        backward(k) = a;
        if (!odd && from_start.holds(k) && a <= forward(k)) return {a, a - k};
      }
      if (cost >= effort_) return furthest(box, from_start, from_end);
    }
  }

  /// The point that is furthest from the corner where its search began.
  Point furthest(const Box& box, const Reach& from_start, const Reach& from_end) {
    Offset best = -1;
    Point point{};
    for (Offset k = from_start.high; k >= from_start.low; k -= 2) {
      const Offset a = std::min({forward(k), box.a_end, box.b_end + k});
      const Offset come = (a - box.a) + (a - k - box.b);
      if (come > best) best = come, point = {a, a - k};
    }
    for (Offset k = from_end.high; k >= from_end.low; k -= 2) {
      const Offset a = std::max({backward(k), box.a, box.b + k});
      const Offset come = (box.a_end - a) + (box.b_end - (a - k));
      if (come > best) best = come, point = {a, a - k};
    }
    return point;
  }

  std::span<const std::uint32_t> a_, b_;
  std::vector<Offset> forward_, backward_;
  Offset lowest_ = 0;
  Offset effort_ = 0;
};

/// Lines [a, a_end) of the one side became lines [b, b_end) of the other.
struct Change {
  std::size_t a, a_end, b, b_end;
};

/// Which lines changed, after the common ends of both sides.
class Differ {
 public:
  Differ(const Lines& a, const Lines& b) : a_(a), b_(b), gone_(a.size(), false), come_(b.size(), false) {}

  std::vector<Change> changes() {
    std::size_t first = 0, a_end = a_.size(), b_end = b_.size();
    while (first < a_end && first < b_end && a_[first] == b_[first]) ++first;
    while (a_end > first && b_end > first && a_[a_end - 1] == b_[b_end - 1]) --a_end, --b_end;
    if (first < a_end || first < b_end) compare(first, a_end, b_end);
    return slid(collect());
  }

 private:
  void compare(std::size_t first, std::size_t a_end, std::size_t b_end) {
    struct Number {
      std::uint32_t number = 0;
      bool in_b = false;
    };
    std::unordered_map<std::string_view, Number> known;
    known.reserve(a_end - first);
    for (std::size_t i = first; i < a_end; ++i) {
      known.try_emplace(a_[i], Number{static_cast<std::uint32_t>(known.size()), false});
    }
    // A line that only one side has cannot be common; without such lines the search is far shorter.
    Sequence left, right;
    for (std::size_t j = first; j < b_end; ++j) {
      const auto found = known.find(b_[j]);
      if (found == known.end()) {
        come_[j] = true;
        continue;
      }
      found->second.in_b = true;
      right.numbers.push_back(found->second.number);
      right.lines.push_back(j);
    }
    for (std::size_t i = first; i < a_end; ++i) {
      const Number& n = known.find(a_[i])->second;
      if (!n.in_b) {
        gone_[i] = true;
        continue;
      }
      left.numbers.push_back(n.number);
      left.lines.push_back(i);
    }
    Comparison(left.numbers, right.numbers)
        .run([&](std::size_t i) { gone_[left.lines[i]] = true; }, [&](std::size_t j) { come_[right.lines[j]] = true; });
  }

  std::vector<Change> collect() const {
    std::vector<Change> out;
    for (std::size_t i = 0, j = 0; i < a_.size() || j < b_.size(); ++i, ++j) {
      Change c{i, i, j, j};
      while (c.a_end < a_.size() && gone_[c.a_end]) ++c.a_end;
      while (c.b_end < b_.size() && come_[c.b_end]) ++c.b_end;
      if (c.a_end > c.a || c.b_end > c.b) out.push_back(c);
      i = c.a_end;
      j = c.b_end;
    }
    return out;
  }

  /// Moves pure additions and removals down as far as the text allows, joining those that meet.
  std::vector<Change> slid(std::vector<Change> changes) const {
    std::vector<Change> out;
    for (std::size_t n = 0; n < changes.size(); ++n) {
      Change c = changes[n];
      const bool last = n + 1 == changes.size();
      const std::size_t stop = last ? a_.size() : changes[n + 1].a;
      if (c.a == c.a_end || c.b == c.b_end) {
        const bool added = c.a == c.a_end;
        const auto& lines = added ? b_ : a_;
        std::size_t from = added ? c.b : c.a, to = added ? c.b_end : c.a_end;
        for (; c.a_end < stop && lines[from] == lines[to]; ++from, ++to) ++c.a, ++c.a_end, ++c.b, ++c.b_end;
      }
      if (!last && c.a_end == stop) {
        changes[n + 1].a = c.a;
        changes[n + 1].b = c.b;
      } else {
        out.push_back(c);
      }
    }
    return out;
  }

  const Lines& a_;
  const Lines& b_;
  std::vector<bool> gone_, come_;
};

/// "start,length", counted from 1; the line before for an empty range; without ",1".
std::string range_text(std::size_t from, std::size_t to) {
  if (to - from == 1) return std::to_string(from + 1);
  return fmt::format("{},{}", from == to ? from : from + 1, to - from);
}

void append_line(std::string& out, char sign, std::string_view line) {
  out += sign;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

}  // namespace unified_diff_detail

std::string unified_diff(std::string_view before, std::string_view after, std::size_t context) {
  using namespace unified_diff_detail;
  if (before == after) return {};
  const Lines a = lines_with_ends(before), b = lines_with_ends(after);
  const auto changes = Differ(a, b).changes();
  std::string out;
  for (std::size_t first = 0; first < changes.size();) {
    std::size_t last = first;
    while (last + 1 < changes.size() && changes[last + 1].a - changes[last].a_end <= 2 * context) ++last;
    const std::size_t above = std::min(context, changes[first].a);
    const std::size_t below = std::min(context, a.size() - changes[last].a_end);
    out += fmt::format("@@ -{} +{} @@\n", range_text(changes[first].a - above, changes[last].a_end + below),
                       range_text(changes[first].b - above, changes[last].b_end + below));
    std::size_t at = changes[first].a - above;
    for (; first <= last; ++first) {
      const Change& c = changes[first];
      for (; at < c.a; ++at) append_line(out, ' ', a[at]);
      for (; at < c.a_end; ++at) append_line(out, '-', a[at]);
      for (std::size_t j = c.b; j < c.b_end; ++j) append_line(out, '+', b[j]);
    }
    for (const std::size_t end = at + below; at < end; ++at) append_line(out, ' ', a[at]);
  }
  return out;
}

}  // namespace burin::tools

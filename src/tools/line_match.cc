#include "tools/line_match.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>

namespace burin::tools {

namespace line_match_detail {

using Offset = std::ptrdiff_t;

/// Lines as numbers: a line's number is the place of the first line of `a` that equals it.
using Numbers = std::vector<std::uint32_t>;
constexpr std::uint32_t not_in_a = UINT32_MAX;

/// A part of both sequences.
struct Box {
  Offset a, a_end, b, b_end;
  bool empty_side() const { return a == a_end || b == b_end; }
};

struct Point {
  Offset a, b;
};

/// Finds what two sequences have in common: Myers, "An O(ND) Difference Algorithm and Its Variations", section 4b.
/// Where several shortest scripts exist, the order of the search decides; it is that of the reference's diff library.
class Comparison {
 public:
  Comparison(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) : a_(a), b_(b) {
    const std::size_t both = a.size() + b.size();
    // As in git: about the square root of the size, but not little.
    effort_ = static_cast<Offset>(std::max<std::size_t>(256, std::size_t{1} << (std::bit_width(both) / 2)));
    middle_ = std::min(effort_, static_cast<Offset>(both)) + 2;
    forward_.resize(static_cast<std::size_t>(2 * middle_ + 1));
    backward_.resize(forward_.size());
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
  /// Diagonal k holds the points with a - b = k, counted from the corner where the search began. For each: how far in
  /// `a` the path on it has come.
  Offset& forward(Offset k) { return forward_[static_cast<std::size_t>(k + middle_)]; }
  Offset& backward(Offset k) { return backward_[static_cast<std::size_t>(k + middle_)]; }

  /// A point on a shortest path through the box or, when finding one takes too long, on the most promising one.
  Point split(const Box& box) {
    const Offset n = box.a_end - box.a, m = box.b_end - box.b, delta = n - m;
    const bool odd = (delta & 1) != 0;
    forward(1) = backward(1) = 0;
    for (Offset cost = 0;; ++cost) {
      for (Offset k = cost; k >= -cost; k -= 2) {
        Offset a = k == -cost || (k != cost && forward(k - 1) < forward(k + 1)) ? forward(k + 1) : forward(k - 1) + 1;
        const Point start{box.a + a, box.b + a - k};
        while (a < n && a - k < m && same(box.a + a, box.b + a - k)) ++a;
        forward(k) = a;
        if (odd && std::abs(k - delta) <= cost - 1 && a + backward(delta - k) >= n) return start;
      }
      for (Offset k = cost; k >= -cost; k -= 2) {
        Offset a =
            k == -cost || (k != cost && backward(k - 1) < backward(k + 1)) ? backward(k + 1) : backward(k - 1) + 1;
        while (a < n && a - k < m && same(box.a_end - 1 - a, box.b_end - 1 - (a - k))) ++a;
        backward(k) = a;
        if (!odd && std::abs(k - delta) <= cost && a + forward(delta - k) >= n) {
          return {box.a_end - a, box.b_end - (a - k)};
        }
      }
      if (cost >= effort_) return furthest(box, cost);
    }
  }

  /// The point inside the box that is furthest from the corner where its search began.
  Point furthest(const Box& box, Offset cost) {
    const Offset n = box.a_end - box.a, m = box.b_end - box.b;
    Offset best = -1;
    Point point{};
    auto look = [&](Offset reached, Offset k, bool from_start) {
      const Offset a = std::min({reached, n, m + k}), b = a - k;
      if (a < 0 || b < 0 || a + b <= best) return;
      best = a + b;
      point = from_start ? Point{box.a + a, box.b + b} : Point{box.a_end - a, box.b_end - b};
    };
    for (Offset k = cost; k >= -cost; k -= 2) {
      look(forward(k), k, true);
      look(backward(k), k, false);
    }
    return point;
  }

  std::span<const std::uint32_t> a_, b_;
  std::vector<Offset> forward_, backward_;
  Offset middle_ = 0;  // index of diagonal 0
  Offset effort_ = 0;
};

/// Finds the number of a line. A flat table: on a long file, a node per line would cost more than all the rest.
class LineTable {
 public:
  explicit LineTable(const Lines& a, std::size_t lines) : a_(a), slots_(std::bit_ceil(lines + lines / 2 + 1)) {}

  /// The number of line `i` of `a`; it is known from now on.
  std::uint32_t add(std::size_t i) {
    Slot& slot = find(a_[i]);
    if (slot.next_number == 0) slot = {hash_of(a_[i]), static_cast<std::uint32_t>(i + 1)};
    return slot.next_number - 1;
  }

  std::uint32_t number_of(std::string_view line) { return find(line).next_number - 1; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t next_number = 0;  // the line's number plus one; 0 in a free slot, which so stands for not_in_a
  };

  static std::uint32_t hash_of(std::string_view line) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(line));
  }

  /// The slot of this line or the free one where it would go.
  Slot& find(std::string_view line) {
    const std::uint32_t hash = hash_of(line);
    for (std::size_t at = hash;; ++at) {
      Slot& slot = slots_[at & (slots_.size() - 1)];
      if (slot.next_number == 0 || (slot.hash == hash && a_[slot.next_number - 1] == line)) return slot;
    }
  }

  const Lines& a_;
  std::vector<Slot> slots_;  // a power of two, at most two thirds in use
};

/// Above so many lines, those that only one side has are set apart before the search, which makes it far shorter. It
/// may also choose another of several shortest scripts.
constexpr std::size_t many_lines = 20'000;

/// A part of one side: numbers of lines, and where these lines are.
struct Part {
  Numbers numbers;
  std::vector<std::uint32_t> places;

  explicit Part(std::size_t most) {
    numbers.reserve(most);
    places.reserve(most);
  }
  void add(std::uint32_t number, std::size_t place) {
    numbers.push_back(number);
    places.push_back(static_cast<std::uint32_t>(place));
  }
};

/// Compares the lines from `first` to the ends, whose first and last lines differ.
void compare(const Lines& a, const Lines& b, std::size_t first, std::size_t a_end, std::size_t b_end, Unmatched& out) {
  LineTable table(a, a_end - first);
  Numbers numbers_a(a_end - first), numbers_b(b_end - first);
  for (std::size_t i = first; i < a_end; ++i) numbers_a[i - first] = table.add(i);
  std::vector<bool> in_b(a_end);  // by number
  // Most lines follow the line that they follow in `a` too: then one comparison does instead of a look-up.
  for (std::size_t i = first, j = first; j < b_end; ++j) {
    std::uint32_t& number = numbers_b[j - first];
    if (i < a_end && a[i] == b[j]) {
      number = numbers_a[i++ - first];
    } else {
      number = table.number_of(b[j]);
      if (number == not_in_a) continue;
      i = number + 1;
    }
    in_b[number] = true;
  }
  const bool all = numbers_a.size() + numbers_b.size() <= many_lines;
  Part left(numbers_a.size()), right(numbers_b.size());
  for (std::size_t i = first; i < a_end; ++i) {
    const std::uint32_t number = numbers_a[i - first];
    out.gone[i] = !all && !in_b[number];
    if (!out.gone[i]) left.add(number, i);
  }
  for (std::size_t j = first; j < b_end; ++j) {
    const std::uint32_t number = numbers_b[j - first];
    out.come[j] = !all && number == not_in_a;
    if (!out.come[j]) right.add(number, j);
  }
  Comparison(left.numbers, right.numbers)
      .run([&](std::size_t i) { out.gone[left.places[i]] = true; },
           [&](std::size_t j) { out.come[right.places[j]] = true; });
}

}  // namespace line_match_detail

Lines::Lines(std::string_view text) : text_(text) {
  starts_.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 2);
  starts_.push_back(0);
  while (starts_.back() < text.size()) {
    const std::size_t end = text.find('\n', starts_.back());
    starts_.push_back(end == std::string_view::npos ? text.size() : end + 1);
  }
}

Unmatched unmatched_lines(const Lines& a, const Lines& b) {
  Unmatched out{std::vector<bool>(a.size()), std::vector<bool>(b.size())};
  std::size_t first = 0, a_end = a.size(), b_end = b.size();
  while (first < a_end && first < b_end && a[first] == b[first]) ++first;
  while (a_end > first && b_end > first && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
  line_match_detail::compare(a, b, first, a_end, b_end, out);
  return out;
}

}  // namespace burin::tools

#include "tools/unified_diff.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <list>
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

/// Lines as numbers: equal lines have equal numbers on both sides.
using Numbers = std::vector<std::uint32_t>;

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

/// Lines [a, a_end) of the one side became lines [b, b_end) of the other.
struct Change {
  std::size_t a, a_end, b, b_end;
};

/// Moves additions to where the reference shows them: up as far as the text allows, joining those that meet, and then
/// down again, past removals too. Removals stay where they were found.
class Slider {
 public:
  Slider(const Lines& a, const Lines& b, const std::vector<bool>& gone, const std::vector<bool>& come) : a_(a), b_(b) {
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
      if (i < a.size() && gone[i]) {
        extend(Kind::gone, i++, j);
      } else if (j < b.size() && come[j]) {
        extend(Kind::come, i, j++);
      } else {
        extend(Kind::same, i++, j++);
      }
    }
  }

  std::vector<Change> changes() {
    for (auto step = steps_.begin(); step != steps_.end(); ++step) {
      if (step->kind == Kind::come) step = down(up(step));
    }
    std::vector<Change> out;
    std::size_t a = 0, b = 0;
    bool open = false;
    for (const Step& step : steps_) {
      if (step.size == 0) continue;
      if (step.kind != Kind::same && !open) out.push_back({a, a, b, b});
      open = step.kind != Kind::same;
      if (step.kind != Kind::come) a += step.size;
      if (step.kind != Kind::gone) b += step.size;
      if (open) out.back().a_end = a, out.back().b_end = b;
    }
    return out;
  }

 private:
  enum class Kind : unsigned char { same, gone, come };
  /// `size` lines from a and/or b on.
  struct Step {
    Kind kind;
    std::size_t a, b, size;
  };
  using Place = std::list<Step>::iterator;

  void extend(Kind kind, std::size_t a, std::size_t b) {
    if (steps_.empty() || steps_.back().kind != kind) steps_.push_back({kind, a, b, 0});
    ++steps_.back().size;
  }

  bool same_above(const Step& equal, const Step& added, std::size_t n) const {
    return n < equal.size && n < added.size && a_[equal.a + equal.size - 1 - n] == b_[added.b + added.size - 1 - n];
  }
  bool same_below(const Step& equal, const Step& added, std::size_t n) const {
    return n < equal.size && n < added.size && a_[equal.a + n] == b_[added.b + n];
  }

  Place up(Place added) {
    while (added != steps_.begin()) {
      const Place above = std::prev(added);
      if (above->kind == Kind::gone) {
        steps_.splice(above, steps_, added);
        added->a = above->a;
        above->b = added->b + added->size;
        continue;
      }
      if (above->kind == Kind::come) {
        above->size += added->size;
        steps_.erase(added);
        added = above;
        continue;
      }
      std::size_t n = 0;
      while (same_above(*above, *added, n)) ++n;
      if (n == 0 && above->size > 0) break;
      if (n > 0) {
        auto below = std::next(added);
        if (below == steps_.end() || below->kind != Kind::same) {
          below = steps_.insert(below, {Kind::same, above->a + above->size, added->b + added->size, 0});
        }
        *below = {Kind::same, below->a - n, below->b - n, below->size + n};
        added->a -= n;
        added->b -= n;
        above->size -= n;
      }
      if (above->size == 0) steps_.erase(above);
    }
    return added;
  }

  Place down(Place added) {
    for (auto below = std::next(added); below != steps_.end(); below = std::next(added)) {
      if (below->kind == Kind::gone) {
        steps_.splice(added, steps_, below);
        below->b = added->b;
        added->a = below->a + below->size;
        continue;
      }
      if (below->kind == Kind::come) {
        added->size += below->size;
        steps_.erase(below);
        continue;
      }
      std::size_t n = 0;
      while (same_below(*below, *added, n)) ++n;
      if (n == 0 && below->size > 0) break;
      if (n > 0) {
        if (added == steps_.begin() || std::prev(added)->kind != Kind::same) {
          steps_.insert(added, {Kind::same, below->a, added->b, 0});
        }
        std::prev(added)->size += n;
        added->a += n;
        added->b += n;
        *below = {Kind::same, below->a + n, below->b + n, below->size - n};
      }
      if (below->size == 0) steps_.erase(below);
    }
    return added;
  }

  const Lines& a_;
  const Lines& b_;
  std::list<Step> steps_;
};

/// Which lines changed.
class Differ {
 public:
  Differ(const Lines& a, const Lines& b) : a_(a), b_(b), gone_(a.size(), false), come_(b.size(), false) {}

  std::vector<Change> changes() {
    std::size_t first = 0, a_end = a_.size(), b_end = b_.size();
    while (first < a_end && first < b_end && a_[first] == b_[first]) ++first;
    while (a_end > first && b_end > first && a_[a_end - 1] == b_[b_end - 1]) --a_end, --b_end;
    compare(first, a_end, b_end);
    return Slider(a_, b_, gone_, come_).changes();
  }

 private:
  /// Above so many lines, those that only one side has are set apart before the search, which makes it far shorter. It
  /// may also choose another of several shortest scripts.
  static constexpr std::size_t many_lines = 20'000;

  void compare(std::size_t first, std::size_t a_end, std::size_t b_end) {
    // Each line is looked up once: hashing is what a long file costs here.
    std::unordered_map<std::string_view, std::uint32_t> known;
    known.reserve(a_end - first);
    auto numbers_of = [&](const Lines& lines, std::size_t end) {
      Numbers out;
      out.reserve(end - first);
      for (std::size_t i = first; i < end; ++i)
        out.push_back(known.try_emplace(lines[i], static_cast<std::uint32_t>(known.size())).first->second);
      return out;
    };
    const Numbers numbers_a = numbers_of(a_, a_end);
    const std::size_t known_in_a = known.size();
    const Numbers numbers_b = numbers_of(b_, b_end);
    std::vector<bool> in_b(known.size());
    for (const std::uint32_t number : numbers_b) in_b[number] = true;
    const bool all = a_end - first + b_end - first <= many_lines;
    Numbers left, right;
    std::vector<std::size_t> left_lines, right_lines;
    for (std::size_t i = first; i < a_end; ++i) {
      const std::uint32_t number = numbers_a[i - first];
      gone_[i] = !all && !in_b[number];
      if (gone_[i]) continue;
      left.push_back(number);
      left_lines.push_back(i);
    }
    for (std::size_t j = first; j < b_end; ++j) {
      const std::uint32_t number = numbers_b[j - first];
      come_[j] = !all && number >= known_in_a;
      if (come_[j]) continue;
      right.push_back(number);
      right_lines.push_back(j);
    }
    Comparison(left, right)
        .run([&](std::size_t i) { gone_[left_lines[i]] = true; }, [&](std::size_t j) { come_[right_lines[j]] = true; });
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

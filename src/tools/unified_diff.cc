#include "tools/unified_diff.h"

#include <algorithm>
#include <list>
#include <vector>

#include <fmt/format.h>

#include "tools/line_match.h"

namespace burin::tools {

namespace unified_diff_detail {

/// Lines [a, a_end) of the one side became lines [b, b_end) of the other.
struct Change {
  std::size_t a, a_end, b, b_end;
};

/// Moves additions to where the reference shows them: up as far as the text allows, joining those that meet, and then
/// down again, past removals too. Removals stay where they were found.
class Slider {
 public:
  Slider(const Lines& a, const Lines& b, const Unmatched& unmatched) : a_(a), b_(b) {
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
      if (i < a.size() && unmatched.gone[i]) {
        extend(Kind::gone, i++, j);
      } else if (j < b.size() && unmatched.come[j]) {
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
  const Lines a(before), b(after);
  const auto changes = Slider(a, b, unmatched_lines(a, b)).changes();
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

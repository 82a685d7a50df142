#include "tools/patch_match.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <functional>

#include "base/text.h"

namespace burin::tools {

namespace patch_match_detail {

/// What stands for a typographic character; empty for all others.
std::string_view plain(char32_t c) {
  struct Range {
    char32_t first, last;
    std::string_view as;
  };
  static constexpr Range table[] = {
      {0x00A0, 0x00A0, " "}, {0x2002, 0x200A, " "},  {0x2010, 0x2015, "-"},
      {0x2018, 0x201B, "'"}, {0x201C, 0x201F, "\""}, {0x202F, 0x202F, " "},
      {0x205F, 0x205F, " "}, {0x2212, 0x2212, "-"},  {0x3000, 0x3000, " "},
  };
  for (const auto& row : table) {
    if (c >= row.first && c <= row.last) return row.as;
  }
  return {};
}

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

std::size_t ascii_prefix(std::string_view s) {
  return static_cast<std::size_t>(std::find_if_not(s.begin(), s.end(), is_ascii) - s.begin());
}

/// Takes the next character from the front: as bytes, with a typographic one replaced by its plain form.
std::string_view next_plain(std::string_view& s) {
  std::size_t at = 0;
  const char32_t c = next_code_point(s, at);
  const std::string_view bytes = s.substr(0, at), replacement = plain(c);
  s.remove_prefix(at);
  return replacement.empty() ? bytes : replacement;
}

std::string with_plain_punctuation(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  while (!s.empty()) {
    const std::size_t run = ascii_prefix(s);
    out += s.substr(0, run);
    s.remove_prefix(run);
    if (!s.empty()) out += next_plain(s);
  }
  return out;
}

/// Whether `line` becomes `wanted` by with_plain_punctuation; most lines differ in their first bytes.
bool plain_equals(std::string_view line, std::string_view wanted) {
  while (!line.empty()) {
    if (is_ascii(line.front())) {
      if (wanted.empty() || line.front() != wanted.front()) return false;
      line.remove_prefix(1);
      wanted.remove_prefix(1);
    } else {
      const auto bytes = next_plain(line);
      if (!wanted.starts_with(bytes)) return false;
      wanted.remove_prefix(bytes.size());
    }
  }
  return wanted.empty();
}

/// Trimming that decodes only where something else than blanks and ordinary characters stands at the end.
std::string_view quick_trim_end(std::string_view s) {
  while (s.ends_with(' ') || s.ends_with('\t')) s.remove_suffix(1);
  return s.empty() || s.back() > ' ' ? s : trim_end(s);
}

std::string_view quick_trim_start(std::string_view s) {
  while (s.starts_with(' ') || s.starts_with('\t')) s.remove_prefix(1);
  return s.empty() || s.front() > ' ' ? s : trim_start(s);
}

constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);

}  // namespace patch_match_detail

using namespace patch_match_detail;

std::string_view comparable(std::string_view line, MatchPass pass, std::string& store) {
  if (pass == MatchPass::exact) return line;
  line = quick_trim_end(line);
  if (pass == MatchPass::trimmed_end) return line;
  line = quick_trim_start(line);
  if (pass == MatchPass::trimmed || ascii_prefix(line) == line.size()) return line;
  store = with_plain_punctuation(line);
  return store;
}

/// The lines of a file as numbers: equal lines have equal numbers, and each number knows its positions.
class LineFinder::Index {
 public:
  Index(std::span<const std::string_view> lines, MatchPass pass)
      : slots_(std::bit_ceil(lines.size() * 2 + 2), none), numbers_(lines.size()) {
    std::string store;
    distinct_.reserve(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string_view text = comparable(lines[i], pass, store);
      const std::size_t hash = std::hash<std::string_view>()(text);
      std::uint32_t& slot = slot_of(text, hash);
      if (slot == none) {
        slot = static_cast<std::uint32_t>(distinct_.size());
        if (text.data() == store.data()) text = rewritten_.emplace_back(std::exchange(store, {}));
        distinct_.push_back({text, hash});
      }
      numbers_[i] = slot;
    }
    group_positions();
  }

  std::optional<std::size_t> find(std::span<const std::string_view> pattern, std::size_t start) const {
    std::vector<std::uint32_t> wanted;
    wanted.reserve(pattern.size());
    std::size_t rarest = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const auto number = number_of(pattern[i]);
      if (number == none) return std::nullopt;
      wanted.push_back(number);
      if (positions(number).size() < positions(wanted[rarest]).size()) rarest = i;
    }
    auto places = positions(wanted[rarest]);
    const auto low = std::lower_bound(places.begin(), places.end(), start + rarest);
    places = places.subspan(static_cast<std::size_t>(low - places.begin()));
    // Verifying each place may compare the whole pattern; repetitive files would make that quadratic.
    if (places.size() * pattern.size() > 4 * numbers_.size()) return find_linear(wanted, start);
    for (const std::size_t place : places) {
      const std::size_t at = place - rarest;
      if (at + wanted.size() > numbers_.size()) break;
      if (std::equal(wanted.begin(), wanted.end(), numbers_.begin() + static_cast<std::ptrdiff_t>(at))) return at;
    }
    return std::nullopt;
  }

 private:
  struct Distinct {
    std::string_view text;
    std::size_t hash;
  };

  std::uint32_t& slot_of(std::string_view text, std::size_t hash) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      std::uint32_t& slot = slots_[at];
      if (slot == none || (distinct_[slot].hash == hash && distinct_[slot].text == text)) return slot;
    }
  }

  std::uint32_t number_of(std::string_view text) const {
    return const_cast<Index*>(this)->slot_of(text, std::hash<std::string_view>()(text));
  }

  /// Counting sort: the positions of number n are positions_[first_[n]] up to first_[n + 1], ascending.
  void group_positions() {
    first_.assign(distinct_.size() + 1, 0);
    for (const auto n : numbers_) ++first_[n + 1];
    for (std::size_t n = 1; n < first_.size(); ++n) first_[n] += first_[n - 1];
    positions_.resize(numbers_.size());
    std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
    for (std::size_t i = 0; i < numbers_.size(); ++i) positions_[next[numbers_[i]]++] = static_cast<std::uint32_t>(i);
  }

  std::span<const std::uint32_t> positions(std::uint32_t number) const {
    return std::span(positions_).subspan(first_[number], first_[number + 1] - first_[number]);
  }

  /// Knuth-Morris-Pratt.
  std::optional<std::size_t> find_linear(const std::vector<std::uint32_t>& wanted, std::size_t start) const {
    std::vector<std::size_t> fall(wanted.size(), 0);
    for (std::size_t i = 1, k = 0; i < wanted.size(); ++i) {
      while (k > 0 && wanted[i] != wanted[k]) k = fall[k - 1];
      if (wanted[i] == wanted[k]) ++k;
      fall[i] = k;
    }
    for (std::size_t i = start, k = 0; i < numbers_.size(); ++i) {
      while (k > 0 && numbers_[i] != wanted[k]) k = fall[k - 1];
      if (numbers_[i] == wanted[k]) ++k;
      if (k == wanted.size()) return i + 1 - k;
    }
    return std::nullopt;
  }

  std::vector<std::uint32_t> slots_;  // open addressing: numbers by hash
  std::vector<Distinct> distinct_;    // by number
  std::deque<std::string> rewritten_;
  std::vector<std::uint32_t> numbers_;    // by line
  std::vector<std::uint32_t> first_;      // by number
  std::vector<std::uint32_t> positions_;  // lines, grouped by number
};

LineFinder::LineFinder(std::span<const std::string_view> lines) : lines_(lines) {}
LineFinder::~LineFinder() = default;

std::size_t LineFinder::equal_lines(std::span<const std::string_view> pattern, std::size_t at, MatchPass pass) const {
  std::string store;
  auto equal = [&](std::string_view line, std::string_view wanted) {
    if (pass != MatchPass::punctuation) return comparable(line, pass, store) == wanted;
    return plain_equals(comparable(line, MatchPass::trimmed, store), wanted);
  };
  std::size_t n = 0;
  while (n < pattern.size() && equal(lines_[at + n], pattern[n])) ++n;
  return n;
}

std::optional<std::size_t> LineFinder::find(std::span<const std::string_view> pattern, std::size_t start,
                                            MatchPass pass) {
  const auto p = static_cast<std::size_t>(pass);
  const std::size_t last = lines_.size() - pattern.size();
  // Plain scanning is free of set-up; it may look at each line about once before the index is worth its price.
  const std::size_t budget = lines_.size();
  std::size_t at = start;
  for (; !indexes_[p] && at <= last && scanned_[p] < budget; ++at) {
    const std::size_t equal = equal_lines(pattern, at, pass);
    if (equal == pattern.size()) return at;
    scanned_[p] += equal + 1;
  }
  if (at > last) return std::nullopt;
  if (!indexes_[p]) indexes_[p] = std::make_unique<Index>(lines_, pass);
  return indexes_[p]->find(pattern, at);
}

std::optional<std::size_t> LineFinder::seek(std::span<const std::string> pattern, std::size_t start, bool end_of_file) {
  if (pattern.empty()) return start;
  if (pattern.size() > lines_.size()) return std::nullopt;
  const std::size_t last = lines_.size() - pattern.size();
  std::vector<std::string> stores(pattern.size());
  std::vector<std::string_view> texts(pattern.size());
  for (const auto pass : {MatchPass::exact, MatchPass::trimmed_end, MatchPass::trimmed, MatchPass::punctuation}) {
    for (std::size_t i = 0; i < pattern.size(); ++i) texts[i] = comparable(pattern[i], pass, stores[i]);
    if (end_of_file) {
      if (equal_lines(texts, last, pass) == texts.size()) return last;
    } else if (auto at = find(texts, start, pass)) {
      return at;
    }
  }
  return std::nullopt;
}

}  // namespace burin::tools

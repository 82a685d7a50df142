#include "base/text.h"

#include <charconv>

namespace burin {
namespace text_detail {

bool white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

template <class T>
std::optional<T> parse_whole(std::string_view s) {
  T value{};
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return value;
}

}  // namespace text_detail

std::string_view trim_start(std::string_view s) {
  std::size_t at = 0;
  while (at < s.size()) {
    std::size_t next = at;
    if (!text_detail::white_space(next_code_point(s, next))) break;
    at = next;
  }
  return s.substr(at);
}

std::string_view trim_end(std::string_view s) {
  while (!s.empty()) {
    std::size_t at = floor_boundary(s, s.size() - 1), next = at;
    if (!text_detail::white_space(next_code_point(s, next)) || next != s.size()) break;
    s = s.substr(0, at);
  }
  return s;
}

std::string_view trim(std::string_view s) { return trim_end(trim_start(s)); }

std::vector<std::string_view> split(std::string_view s, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0;;) {
    const auto at = s.find(separator, from);
    if (at == std::string_view::npos) {
      out.push_back(s.substr(from));
      return out;
    }
    out.push_back(s.substr(from, at - from));
    from = at + 1;
  }
}

std::vector<std::string_view> lines(std::string_view s) {
  std::vector<std::string_view> out;
  while (!s.empty()) {
    const auto at = s.find('\n');
    if (at == std::string_view::npos) {
      out.push_back(s);
      break;
    }
    auto line = s.substr(0, at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.push_back(line);
    s.remove_prefix(at + 1);
  }
  return out;
}

std::size_t count_lines(std::string_view s) {
  const auto ends = static_cast<std::size_t>(std::count(s.begin(), s.end(), '\n'));
  return ends + (!s.empty() && s.back() != '\n' ? 1 : 0);
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::size_t size = 0;
  for (const auto& p : parts) size += p.size() + separator.size();
  std::string out;
  out.reserve(size);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string replace_all(std::string_view s, std::string_view from, std::string_view to) {
  if (from.empty()) return std::string(s);
  std::string out;
  out.reserve(s.size());
  for (std::size_t at = 0;;) {
    const auto hit = s.find(from, at);
    if (hit == std::string_view::npos) {
      out.append(s, at);
      return out;
    }
    out.append(s, at, hit - at);
    out += to;
    at = hit + from.size();
  }
}

std::string to_lower_ascii(std::string_view s) {
  std::string out(s);
  for (auto& c : out) c = text_detail::lower(c);
  return out;
}

bool equals_ignore_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return text_detail::lower(x) == text_detail::lower(y);
         });
}

bool starts_with_ignore_case(std::string_view s, std::string_view prefix) {
  return s.size() >= prefix.size() && equals_ignore_case(s.substr(0, prefix.size()), prefix);
}

bool ends_with_ignore_case(std::string_view s, std::string_view suffix) {
  return s.size() >= suffix.size() && equals_ignore_case(s.substr(s.size() - suffix.size()), suffix);
}

bool contains(std::string_view s, std::string_view part) { return s.find(part) != std::string_view::npos; }

std::optional<std::int64_t> parse_int(std::string_view s) { return text_detail::parse_whole<std::int64_t>(s); }

std::optional<std::uint64_t> parse_uint(std::string_view s) { return text_detail::parse_whole<std::uint64_t>(s); }

std::optional<double> parse_double(std::string_view s) {
  // from_chars also takes "inf" and "nan", which are no decimals.
  if (s.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;
  return text_detail::parse_whole<double>(s);
}

std::string with_thousands(std::int64_t n) {
  const auto digits = fmt::format_int(n);
  std::string_view s(digits.data(), digits.size());
  std::string out;
  if (s.starts_with('-')) {
    out += '-';
    s.remove_prefix(1);
  }
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (i > 0 && (s.size() - i) % 3 == 0) out += ',';
    out += s[i];
  }
  return out;
}

std::string shortest_float(float value) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr;
  return {buffer.data(), end};
}

bool wildcard_match(std::string_view pattern, std::string_view name) {
  // Greedy with one backtrack point: the last star only. Linear in practice, |pattern|*|name| at worst.
  std::size_t p = 0, n = 0, star = std::string_view::npos, star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' || text_detail::lower(pattern[p]) == text_detail::lower(name[n]))) {
      ++p;
      // A wildcard for one character eats a whole code point.
      n = pattern[p - 1] == '?' ? ceil_boundary(name, n + 1) : n + 1;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace burin

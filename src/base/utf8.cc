#include "base/text.h"

namespace burin {
namespace utf8_detail {

struct Decoded {
  char32_t point;  // U+FFFD when ill-formed
  std::uint8_t length;
  bool ok;
};

inline unsigned char byte_at(std::string_view s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

/// Decodes at `at` (which must be < size). For ill-formed input `length` is that of the maximal subpart, so that one
/// U+FFFD stands for each, as in Rust and in the Unicode recommendation.
Decoded decode(std::string_view s, std::size_t at) {
  const unsigned char lead = byte_at(s, at);
  if (lead < 0x80) return {lead, 1, true};
  unsigned need = 0;
  unsigned char low = 0x80, high = 0xBF;  // allowed range of the second byte
  char32_t point = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    need = 1;
    point = lead & 0x1Fu;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    need = 2;
    point = lead & 0x0Fu;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    need = 3;
    point = lead & 0x07u;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {0xFFFD, 1, false};
  }
  for (unsigned i = 1; i <= need; ++i) {
    if (at + i >= s.size()) return {0xFFFD, static_cast<std::uint8_t>(i), false};
    const unsigned char c = byte_at(s, at + i);
    if (c < low || c > high) return {0xFFFD, static_cast<std::uint8_t>(i), false};
    low = 0x80;
    high = 0xBF;
    point = (point << 6) | (c & 0x3Fu);
  }
  return {point, static_cast<std::uint8_t>(need + 1), true};
}

/// Position of the first non-ASCII byte at or after `at`.
std::size_t skip_ascii(std::string_view s, std::size_t at) {
  while (at + 8 <= s.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, s.data() + at, 8);
    if ((word & 0x8080808080808080ull) != 0) break;
    at += 8;
  }
  while (at < s.size() && byte_at(s, at) < 0x80) ++at;
  return at;
}

/// Position of the first ill-formed sequence, or npos.
std::size_t first_bad(std::string_view s, std::size_t at) {
  while ((at = skip_ascii(s, at)) < s.size()) {
    const auto d = decode(s, at);
    if (!d.ok) return at;
    at += d.length;
  }
  return std::string_view::npos;
}

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

}  // namespace utf8_detail

bool utf8_valid(std::string_view bytes) { return utf8_detail::first_bad(bytes, 0) == std::string_view::npos; }

std::string utf8_lossy(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  std::size_t from = 0;
  for (;;) {
    const auto bad = utf8_detail::first_bad(bytes, from);
    if (bad == std::string_view::npos) break;
    out.append(bytes, from, bad - from);
    out += "\xEF\xBF\xBD";
    from = bad + utf8_detail::decode(bytes, bad).length;
  }
  out.append(bytes, from);
  return out;
}

std::size_t count_code_points(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return !utf8_detail::is_continuation(c); }));
}

std::size_t floor_boundary(std::string_view utf8, std::size_t at) {
  if (at >= utf8.size()) return utf8.size();
  while (at > 0 && utf8_detail::is_continuation(utf8[at])) --at;
  return at;
}

std::size_t ceil_boundary(std::string_view utf8, std::size_t at) {
  while (at < utf8.size() && utf8_detail::is_continuation(utf8[at])) ++at;
  return std::min(at, utf8.size());
}

std::string_view first_code_points(std::string_view utf8, std::size_t count) {
  if (utf8.size() <= count) return utf8;
  std::size_t at = 0;
  for (; at < utf8.size() && count > 0; --count) at = ceil_boundary(utf8, at + 1);
  return utf8.substr(0, at);
}

char32_t next_code_point(std::string_view utf8, std::size_t& at) {
  const auto d = utf8_detail::decode(utf8, at);
  at += d.length;
  return d.point;
}

void append_code_point(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
  const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

}  // namespace burin

// Text: UTF-8, trimming, cutting, quoting, encoding.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace burin {

/// The text with every ill-formed sequence replaced by U+FFFD (maximal-subpart rule, as Rust's from_utf8_lossy).
std::string utf8_lossy(std::string_view bytes);
bool utf8_valid(std::string_view bytes);
std::size_t count_code_points(std::string_view utf8);
/// Largest position <= `at` that is a code-point boundary, and the smallest >= `at`.
std::size_t floor_boundary(std::string_view utf8, std::size_t at);
std::size_t ceil_boundary(std::string_view utf8, std::size_t at);
/// At most `count` code points.
std::string_view first_code_points(std::string_view utf8, std::size_t count);
/// Decodes the code point at `at` and advances; U+FFFD for ill-formed input.
char32_t next_code_point(std::string_view utf8, std::size_t& at);
void append_code_point(std::string& out, char32_t c);

/// Unicode White_Space at the ends.
std::string_view trim(std::string_view s);
std::string_view trim_start(std::string_view s);
std::string_view trim_end(std::string_view s);
inline bool blank(std::string_view s) { return trim(s).empty(); }

/// Pieces between separators; "" gives one empty piece.
std::vector<std::string_view> split(std::string_view s, char separator);
/// Lines without their ends (LF or CRLF); a final newline opens no further line. As Rust's str::lines.
std::vector<std::string_view> lines(std::string_view s);
std::size_t count_lines(std::string_view s);  // == lines(s).size()
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string_view s, std::string_view from, std::string_view to);
std::string to_lower_ascii(std::string_view s);
bool equals_ignore_case(std::string_view a, std::string_view b);  // ASCII
bool starts_with_ignore_case(std::string_view s, std::string_view prefix);
bool ends_with_ignore_case(std::string_view s, std::string_view suffix);
bool contains(std::string_view s, std::string_view part);

std::string base64(std::string_view bytes);                          // standard alphabet, padded
std::optional<std::string> base64_decode(std::string_view text);     // standard, padding required
std::optional<std::string> base64url_decode(std::string_view text);  // without padding
std::string base64url(std::string_view bytes);                       // without padding
/// For a value in a URL's query or a form: everything but letters, digits and -._~ as %XX.
std::string percent_encode(std::string_view text);
/// A value of a query: %XX and '+'; ill-formed escapes stay as they are.
std::string percent_decode(std::string_view text);
std::string hex(std::string_view bytes);
std::array<std::uint8_t, 20> sha1(std::string_view bytes);
std::array<std::uint8_t, 32> sha256(std::string_view bytes);
/// Fast, the same in every build; for telling texts apart, not against intent.
std::uint64_t hash64(std::string_view bytes);

/// One word for a POSIX shell, as the Rust crate shlex 1.3 writes it: bare when only [A-Za-z0-9+./:@]_-] is in it, ''
/// for an empty one, else in single quotes where possible and in double quotes around ' and backslashes.
std::string shell_quote(std::string_view word);
/// Words joined by spaces, each quoted where needed.
std::string shell_join(const std::vector<std::string>& words);
/// Splits like a POSIX shell (quotes and backslashes, comments, no expansion); nullopt for an unclosed quote.
std::optional<std::vector<std::string>> shell_split(std::string_view line);

/// Strict decimal integers: the whole text, no sign where unsigned, no spaces.
std::optional<std::int64_t> parse_int(std::string_view s);
std::optional<std::uint64_t> parse_uint(std::string_view s);
std::optional<double> parse_double(std::string_view s);
/// "1,234,567".
std::string with_thousands(std::int64_t n);
/// Shortest decimal of a 32-bit float: "0", "0.5", "12.3".
std::string shortest_float(float value);

/// Simple wildcard match over the whole name: * and ?, ASCII case ignored.
bool wildcard_match(std::string_view pattern, std::string_view name);

/// Text paths (no file system): joins, resolves "." and "..", parent, last component.
namespace path {
std::string join(std::string_view base, std::string_view rest);  // rest wins when absolute
std::string normal(std::string_view path);                       // textual; ".." never above the root
std::string_view parent(std::string_view path);                  // "/a/b" -> "/a"; "/" -> ""
std::string_view name(std::string_view path);                    // "/a/b" -> "b"
bool is_absolute(std::string_view path);
/// True when `inner` equals `outer` or lies below it; both normal and absolute.
bool contains(std::string_view outer, std::string_view inner);
}  // namespace path

}  // namespace burin

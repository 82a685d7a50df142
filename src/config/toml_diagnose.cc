#include "config/toml_diagnose.h"

#include <fmt/format.h>

#include "base/text.h"

namespace burin::config {
namespace toml_diagnose_detail {

/// Where the reference points, seen from the place where the parser stopped.
enum class Where : std::uint8_t {
  here,
  token,        // the whole scalar that contains or precedes the place
  token_start,  // its first character
  token_rest,   // from the place to the scalar's end
  last_word,    // behind the last word before the place
  key,          // the key of the pair or table that the place belongs to
  next_equals,  // the next = of the line
  unicode,      // the first digit of a \u escape
  after_word,   // when inside a word: where the next one begins
  next_word,    // where the next word begins
};

/// What must hold at the place for a row to apply.
enum class If : std::uint8_t {
  always,
  line_end,
  equals,      // the character is =
  brace_open,  // the character is {
  point,       // the character is .
  underscore,
  bracket_close,
  brace_close,
  in_key,     // no = before the place
  in_header,  // a [table] line
  in_array_header,
  in_half_closed_header,  // [[a]
  in_braces,
  multi_line,    // inside """ or '''
  after_bare,    // behind an unquoted scalar on the same line
  after_closed,  // behind a quoted value, a list or a table
  after_digit,
  after_point,
  after_exponent,
  starts_f,  // the scalar begins with f or F
  starts_inf,
  same_line_equals,
};

struct Row {
  std::string_view needle;
  If condition;
  std::string_view message;
  Where where;
};

constexpr std::string_view unquoted = "string values must be quoted, expected literal string";
constexpr std::string_view junk = "unexpected key or value, expected newline, `#`";
constexpr std::string_view no_value = "key with no value, expected `=`";
constexpr std::string_view empty_key = "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`";
constexpr std::string_view open_table = "unclosed table, expected `]`";

// The first row whose needle is in the description and whose condition holds.
constexpr Row rows[] = {
    {"cannot redefine existing", If::always, "duplicate key", Where::key},
    {"into existing inline table", If::always, "cannot extend value of type inline table with a dotted key",
     Where::key},
    {"could not determine value type", If::equals, "extra `=`, expected nothing", Where::here},
    {"could not determine value type", If::always, unquoted, Where::token},
    {"pair: expected value, saw", If::bracket_close, "missing array opening, expected `[`", Where::here},
    {"pair: expected value, saw", If::brace_close, "missing inline table opening, expected `{`", Where::here},
    {"expected value, saw", If::always, unquoted, Where::here},
    {"pair: encountered end-of-file", If::in_key, no_value, Where::here},
    {"pair: encountered end-of-file", If::always, unquoted, Where::here},
    {"pair: expected '='", If::in_braces, "missing assignment between key-value pairs, expected `=`", Where::here},
    {"pair: expected '='", If::always, no_value, Where::after_word},
    {"header: expected ']'", If::in_half_closed_header, "unclosed array table, expected `]`", Where::last_word},
    {"header: expected ']'", If::in_array_header, "unclosed array table, expected `]]`", Where::last_word},
    {"header: expected ']'", If::always, open_table, Where::last_word},
    {"header: encountered end-of-file", If::in_array_header, "unclosed array table, expected `]]`", Where::last_word},
    {"header: encountered end-of-file", If::always, open_table, Where::last_word},
    {"blank bare keys", If::always, empty_key, Where::here},
    {"key: expected bare key", If::always, empty_key, Where::here},
    {"root table: expected keys", If::equals, empty_key, Where::here},
    {"root table: expected keys", If::brace_open, "invalid key-value pair, expected key", Where::here},
    {"root table: expected keys", If::point, empty_key, Where::here},
    {"root table: expected keys", If::always, no_value, Where::next_word},
    {"header: expected a comment", If::always, junk, Where::here},
    {"pair: expected a comment", If::underscore, "`_` may only go between digits, expected nothing", Where::here},
    {"pair: expected a comment or whitespace, saw ','", If::always, junk, Where::here},
    {"pair: expected a comment", If::after_closed, junk, Where::here},
    {"pair: expected a comment", If::always, unquoted, Where::token},
    {"array: encountered end-of-file", If::always, "unclosed array, expected `]`", Where::here},
    {"array: expected value or closing", If::always, "extra comma in array, expected value", Where::here},
    {"array: expected comma", If::after_bare, unquoted, Where::token},
    {"array: expected comma", If::always, "missing comma between array elements, expected `,`", Where::here},
    {"inline table: encountered end-of-file", If::always, "unclosed inline table, expected `}`", Where::here},
    {"inline table: expected key-value", If::always, "extra comma in inline table, expected key", Where::here},
    {"inline table: expected comma", If::same_line_equals, "extra assignment between key-value pairs, expected `,`",
     Where::next_equals},
    {"inline table: expected comma", If::always, "missing comma between key-value pairs, expected `,`", Where::here},
    {"unknown escape sequence", If::always,
     "missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`", Where::here},
    {"scalar sequence: expected hex", If::always, "too few unicode value digits, expected unicode hexadecimal value",
     Where::here},
    {"scalar sequence", If::always, "invalid value, expected unicode hexadecimal value", Where::unicode},
    {"string:", If::in_header, open_table, Where::here},
    {"string:", If::in_key, no_value, Where::here},
    {"literal string:", If::multi_line, "invalid multi-line literal string, expected `'`", Where::here},
    {"literal string:", If::always, "invalid literal string, expected `'`", Where::here},
    {"string: encountered end-of", If::multi_line, "invalid multi-line basic string, expected `\"`", Where::here},
    {"string: encountered end-of", If::always, "invalid basic string, expected `\"`", Where::here},
    {"string: unescaped control", If::line_end, "invalid basic string, expected `\"`", Where::here},
    {"string: unescaped control", If::always,
     "invalid basic string, expected non-double-quote visible characters, `\\`", Where::here},
    {"leading zeroes", If::always, "unexpected leading zero, expected nothing", Where::token_start},
    {"underscores may only", If::always, "`_` may only go between digits", Where::here},
    {"integer: expected '0', saw", If::always, "integers with a radix cannot be signed, expected nothing",
     Where::token_start},
    {"hexadecimal integer:", If::line_end, "integer number overflowed", Where::token},
    {"octal integer:", If::line_end, "integer number overflowed", Where::token},
    {"binary integer:", If::line_end, "integer number overflowed", Where::token},
    {"hexadecimal integer: expected", If::always, "invalid hexadecimal number", Where::here},
    {"octal integer: expected", If::always, "invalid octal number", Where::here},
    {"binary integer: expected", If::always, "invalid binary number", Where::here},
    {"decimal integer: expected", If::always, unquoted, Where::token},
    {"floating-point: expected 'nan'", If::always, "invalid float, expected `nan`", Where::token},
    {"floating-point: expected 'inf'", If::always, "invalid float, expected `inf`", Where::token},
    {"floating-point: expected value-term", If::starts_inf, "invalid float, expected `inf`", Where::token},
    {"floating-point: expected decimal digit or", If::always, "invalid float, expected nothing", Where::token_rest},
    {"floating-point: expected decimal digit, saw '.'", If::after_digit, "invalid float, expected nothing",
     Where::token_rest},
    {"floating-point: expected decimal digit", If::after_point, "invalid fraction, expected digits", Where::here},
    {"floating-point: expected decimal digit", If::after_exponent, "invalid exponent, expected digits", Where::here},
    {"floating-point: expected decimal digit", If::always, "invalid mantissa, expected digits", Where::token_start},
    {"boolean:", If::starts_f, "invalid boolean, expected `false`", Where::token},
    {"boolean:", If::always, "invalid boolean, expected `true`", Where::token},
    {"expected month", If::always, "invalid date, expected month between 01 and 12", Where::token},
    {"expected day", If::always, "invalid date, expected day between 01 and {}", Where::token},
    {"expected hour", If::always, "invalid time, expected hour between 00 and 23", Where::token},
    {"expected minute", If::always, "invalid time, expected minute between 00 and 59", Where::token},
    {"expected second", If::always, "invalid time, expected second between 00 and 59", Where::token},
    {"not representable in 64 bits", If::always, "invalid type: integer `{}` as i128, expected any valid TOML value",
     Where::token},
    {"expected '\\n' after '\\r'", If::always, "carriage return must be followed by newline, expected newline",
     Where::here},
};

bool blank_char(char32_t c) { return c == ' ' || c == '\t'; }

/// The line of the error as code points, and what can be said about the text before the place.
struct Line {
  std::u32string text;
  std::size_t at = 0;           // index of the place
  std::size_t value_start = 0;  // first character of the value that the place is in
  bool equals = false;          // an = stands before the place
  bool braces = false;          // the place is in an inline table
  std::size_t key_start = 0;

  char32_t current() const { return at < text.size() ? text[at] : U'\n'; }
  char32_t before() const { return at > 0 && at <= text.size() ? text[at - 1] : U'\n'; }
  std::size_t skip_blanks(std::size_t i) const {
    while (i < text.size() && blank_char(text[i])) ++i;
    return i;
  }
  std::size_t skip_blanks_back(std::size_t i) const {
    i = std::min(i, text.size());
    while (i > 0 && blank_char(text[i - 1])) --i;
    return i;
  }
  std::size_t next_word(std::size_t i) const {
    while (i < text.size() && !blank_char(text[i])) ++i;
    return skip_blanks(i);
  }
  std::size_t token_end() const {
    std::size_t i = value_start;
    while (i < text.size() && std::u32string_view(U",]}#").find(text[i]) == std::u32string_view::npos) ++i;
    return std::max(skip_blanks_back(i), value_start + 1);
  }
  bool header() const {
    const std::size_t i = skip_blanks(0);
    return !equals && i < text.size() && text[i] == '[';
  }
};

Line read_line(std::string_view utf8, std::size_t at) {
  Line line;
  for (std::size_t i = 0; i < utf8.size();) line.text.push_back(next_code_point(utf8, i));
  line.at = std::min(at, line.text.size() + 1);  // the end of the file counts as one more character
  char32_t quote = 0;
  std::size_t depth = 0;
  line.key_start = line.skip_blanks(0);
  line.value_start = line.key_start;
  for (std::size_t i = 0; i < std::min(line.at, line.text.size()); ++i) {
    const char32_t c = line.text[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
      continue;
    }
    if (c == '"' || c == '\'') quote = c;
    if (c == '{') ++depth;
    if (c == '}' && depth > 0) --depth;
    if (c == '=') line.equals = true;
    if (c == '=' || c == '[' || c == ',' || c == '{') line.value_start = line.skip_blanks(i + 1);
    if ((c == ',' || c == '{') && depth > 0) line.key_start = line.skip_blanks(i + 1);
  }
  line.braces = depth > 0;
  return line;
}

bool in_multi_line(const Document& document, Position at) {
  std::size_t begin = 0;
  for (std::uint32_t n = 1; n < at.line && begin != std::string::npos; ++n) begin = document.text.find('\n', begin) + 1;
  const std::string_view before = std::string_view(document.text).substr(0, begin + at.column);
  return contains(before, "\"\"\"") || contains(before, "'''");
}

bool holds(If condition, const Line& line, const Document& document, Position at) {
  const char32_t start = line.value_start < line.text.size() ? line.text[line.value_start] : 0;
  const char32_t back = line.skip_blanks_back(line.at) > 0 ? line.text[line.skip_blanks_back(line.at) - 1] : 0;
  switch (condition) {
    case If::always:
      return true;
    case If::line_end:
      return line.at >= line.text.size() || line.current() == '\r';
    case If::equals:
      return line.current() == '=';
    case If::point:
      return line.current() == '.';
    case If::brace_open:
      return line.current() == '{';
    case If::underscore:
      return line.current() == '_';
    case If::bracket_close:
      return line.current() == ']';
    case If::brace_close:
      return line.current() == '}';
    case If::in_key:
      return !line.equals && !in_multi_line(document, at);
    case If::in_header:
      return line.header() && !in_multi_line(document, at);
    case If::in_array_header: {
      const std::size_t i = line.skip_blanks(0);
      return i + 1 < line.text.size() && line.text[i + 1] == '[';
    }
    case If::in_half_closed_header:
      return holds(If::in_array_header, line, document, at) && back == ']';
    case If::in_braces:
      return line.braces;
    case If::multi_line:
      return in_multi_line(document, at);
    case If::after_closed:
      return back == '"' || back == '\'' || back == ']' || back == '}';
    case If::after_bare:
      return line.value_start < line.at && !holds(If::after_closed, line, document, at);
    case If::after_digit:
      return line.before() >= '0' && line.before() <= '9';
    case If::after_point:
      return line.before() == '.';
    case If::after_exponent:
      return line.before() == 'e' || line.before() == 'E' || line.before() == '+';
    case If::starts_f:
      return start == 'f' || start == 'F';
    case If::starts_inf:
      return start == 'i' || start == '+' || start == '-';
    case If::same_line_equals:
      return line.text.find(U'=', line.at) != std::u32string::npos && line.before() != '\n';
  }
  return false;
}

bool bare(char32_t c) { return c == '_' || c == '-' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

std::size_t key_end(const Line& line, std::size_t i) {
  if (i < line.text.size() && (line.text[i] == '"' || line.text[i] == '\'')) {
    const std::size_t close = line.text.find(line.text[i], i + 1);
    return close == std::u32string::npos ? line.text.size() : close + 1;
  }
  while (i < line.text.size() && bare(line.text[i])) ++i;
  return i;
}

/// First and last character (exclusive) of the last part of the dotted key that starts at `i`.
std::pair<std::size_t, std::size_t> last_key_part(const Line& line, std::size_t i) {
  while (true) {
    const std::size_t end = key_end(line, i);
    const std::size_t dot = line.skip_blanks(end);
    if (dot >= line.text.size() || line.text[dot] != '.') return {i, std::max(end, i + 1)};
    i = line.skip_blanks(dot + 1);
  }
}

std::pair<std::size_t, std::size_t> locate(Where where, const Line& line, bool first_part) {
  std::size_t i = line.at;
  switch (where) {
    case Where::here:
      break;
    case Where::token:
      return {line.value_start, line.token_end()};
    case Where::token_rest:
      return {i, std::max(line.token_end(), i + 1)};
    case Where::token_start:
      i = line.value_start;
      break;
    case Where::last_word:
      i = line.skip_blanks_back(i);
      break;
    case Where::key: {
      std::size_t k = line.key_start;
      while (k < line.text.size() && (line.text[k] == '[' || blank_char(line.text[k]))) ++k;
      if (first_part) return {k, std::max(key_end(line, k), k + 1)};
      return last_key_part(line, k);
    }
    case Where::next_equals:
      i = line.text.find(U'=', i);
      break;
    case Where::unicode:
      while (i > 0 && bare(line.text[i - 1]) && line.text[i - 1] != 'u' && line.text[i - 1] != 'U') --i;
      break;
    case Where::after_word:
      if (i > 0 && !blank_char(line.before())) i = line.next_word(i);
      break;
    case Where::next_word:
      i = line.next_word(i);
      break;
  }
  return {i, i + 1};
}

std::string token_text(const Line& line) {
  std::string out;
  for (std::size_t i = line.value_start; i < line.token_end() && i < line.text.size(); ++i) {
    append_code_point(out, line.text[i]);
  }
  return out;
}

/// Rows with a {} want the number that the parser named, or the token itself.
std::string fill(const Row& row, const Line& line, std::string_view description) {
  const std::size_t hole = row.message.find("{}");
  if (hole == std::string_view::npos) return std::string(row.message);
  std::string value;
  if (const std::size_t i = description.find(" and "); row.needle == "expected day" && i != std::string_view::npos) {
    const auto rest = description.substr(i + 5);
    value = rest.substr(0, rest.find(' '));
  } else {
    value = token_text(line);
  }
  return fmt::format("{}{}{}", row.message.substr(0, hole), value, row.message.substr(hole + 2));
}

std::string own_words(std::string_view description) {
  constexpr std::string_view lead = "Error while parsing ";
  if (description.starts_with(lead)) description.remove_prefix(lead.size());
  return std::string(description);
}

}  // namespace toml_diagnose_detail

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t n = 1; n < number; ++n) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  return text;
}

TomlError diagnose_toml(std::shared_ptr<const Document> document, std::string_view description, Position at) {
  namespace d = toml_diagnose_detail;
  const std::string_view source = line_of(document->text, at.line);
  // The parser does not count a byte order mark as a column, the reference does.
  const bool marked = at.line == 1 && source.starts_with("\xEF\xBB\xBF");
  const d::Line line = d::read_line(source, at.column - 1 + (marked ? 1 : 0));
  TomlError error{.message = d::own_words(description), .document = document, .place = {}};
  std::pair<std::size_t, std::size_t> range{line.at, line.at + 1};
  for (const d::Row& row : d::rows) {
    if (description.find(row.needle) == std::string_view::npos) continue;
    if (!d::holds(row.condition, line, *document, at)) continue;
    error.message = d::fill(row, line, description);
    range = d::locate(row.where, line, description.find("into existing") != std::string_view::npos);
    // A string that ends at CR LF is reported behind the CR.
    if (row.condition == d::If::line_end && line.current() == '\r') ++range.first, ++range.second;
    break;
  }
  error.place = {{at.line, static_cast<std::uint32_t>(range.first + 1)},
                 {at.line, static_cast<std::uint32_t>(range.second + 1)}};
  return error;
}

}  // namespace burin::config

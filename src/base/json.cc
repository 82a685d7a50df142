#include "base/json.h"

#include <charconv>
#include <cmath>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace burin {
namespace json_detail {

constexpr std::size_t kMaxDepth = 512;

/// Builds the document. Boost's own handler differs in one thing: its doubles may be off in the last bit, and then a
/// number would not be written back as it was read.
struct Builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  using Text = json::string_view;
  using Code = json::error_code;

  json::value_stack stack;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t n, Code&) { return stack.push_object(n), true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t n, Code&) { return stack.push_array(n), true; }
  bool on_key_part(Text s, std::size_t, Code&) { return stack.push_chars(s), true; }
  bool on_key(Text s, std::size_t, Code&) { return stack.push_key(s), true; }
  bool on_string_part(Text s, std::size_t, Code&) { return stack.push_chars(s), true; }
  bool on_string(Text s, std::size_t, Code&) { return stack.push_string(s), true; }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t i, Text, Code&) { return stack.push_int64(i), true; }
  bool on_uint64(std::uint64_t u, Text, Code&) { return stack.push_uint64(u), true; }
  bool on_double(double, Text s, Code& ec) {
    double exact = 0;
    const auto [end, code] = std::from_chars(s.data(), s.data() + s.size(), exact);
    if (code == std::errc::result_out_of_range) {
      const bool tiny = s.find("e-") != Text::npos || s.find("E-") != Text::npos;
      if (!tiny) return ec = json::error::exponent_overflow, false;
      exact = s.starts_with('-') ? -0.0 : 0.0;
    }
    return stack.push_double(exact), true;
  }
  bool on_bool(bool b, Code&) { return stack.push_bool(b), true; }
  bool on_null(Code&) { return stack.push_null(), true; }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }
};

struct Outcome {
  json::value value;
  json::error_code error;
  std::size_t offset = 0;
};

Outcome parse_once(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<Builder> parser(options);
  parser.handler().stack.reset();
  Outcome out;
  out.offset = parser.write_some(false, text.data(), text.size(), out.error);
  if (!out.error && out.offset < text.size()) out.error = json::error::extra_data;
  if (!out.error) out.value = parser.handler().stack.release();
  return out;
}

std::optional<unsigned> hex_unit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + at + 6;
  if (std::from_chars(text.data() + at + 2, end, unit, 16).ptr != end) return std::nullopt;
  return unit;
}

/// Writes U+FFFD over escapes of surrogates that have no partner. Backslashes outside strings are errors anyway, so
/// there is no need to know where strings begin.
void replace_lone_surrogates(std::string& text) {
  std::size_t at = 0;
  while ((at = text.find('\\', at)) != std::string::npos) {
    const auto unit = hex_unit(text, at);
    if (!unit) {
      at += 2;
    } else if (*unit < 0xD800 || *unit > 0xDFFF) {
      at += 6;
    } else if (const auto low = hex_unit(text, at + 6); *unit < 0xDC00 && low && *low >= 0xDC00 && *low <= 0xDFFF) {
      at += 12;
    } else {
      text.replace(at, 6, "\\ufffd");
      at += 6;
    }
  }
}

std::string describe(const json::error_code& code) {
  if (code == json::error::syntax) return "unexpected character";
  if (code == json::error::incomplete) return "unexpected end of the text";
  if (code == json::error::extra_data) return "unexpected text after the value";
  if (code == json::error::too_deep) return fmt::format("nested deeper than {} levels", kMaxDepth);
  if (code == json::error::exponent_overflow) return "number out of range";
  return code.message();
}

JsonError locate(std::string_view text, std::size_t offset, std::string message) {
  JsonError out{.offset = offset, .message = std::move(message)};
  const auto before = text.substr(0, offset);
  out.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const auto start = before.rfind('\n');
  out.column = offset - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return out;
}

}  // namespace json_detail

Result<json::value> parse_json(std::string_view text) {
  auto out = json_detail::parse_once(text);
  std::string repaired;
  // Tool output and foreign files may hold anything; only a text that failed pays for the repair.
  if (out.error) {
    repaired = utf8_lossy(text);
    json_detail::replace_lone_surrogates(repaired);
    if (repaired != text) {
      text = repaired;
      out = json_detail::parse_once(text);
    }
  }
  if (!out.error) return std::move(out.value);
  const auto e = json_detail::locate(text, out.offset, json_detail::describe(out.error));
  return fail(Kind::invalid, fmt::format("{} at line {} column {}", e.message, e.line, e.column));
}

const json::value* find(const json::object& object, std::string_view key) {
  return object.if_contains(json::string_view(key.data(), key.size()));
}

const json::value* find(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : find(*object, key);
}

std::optional<std::string_view> find_string(const json::value& value, std::string_view key) {
  const auto* member = find(value, key);
  const auto* s = member == nullptr ? nullptr : member->if_string();
  if (s == nullptr) return std::nullopt;
  return view(*s);
}

std::optional<std::int64_t> find_int(const json::value& value, std::string_view key) {
  const auto* member = find(value, key);
  if (member == nullptr) return std::nullopt;
  if (const auto* i = member->if_int64()) return *i;
  if (const auto* d = member->if_double(); d != nullptr && std::trunc(*d) == *d && std::abs(*d) < 9.2e18) {
    return static_cast<std::int64_t>(*d);
  }
  return std::nullopt;
}

std::optional<double> find_double(const json::value& value, std::string_view key) {
  const auto* member = find(value, key);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  return member->to_number<double>();
}

std::optional<bool> find_bool(const json::value& value, std::string_view key) {
  const auto* member = find(value, key);
  const auto* b = member == nullptr ? nullptr : member->if_bool();
  if (b == nullptr) return std::nullopt;
  return *b;
}

const json::object* find_object(const json::value& value, std::string_view key) {
  const auto* member = find(value, key);
  return member == nullptr ? nullptr : member->if_object();
}

const json::array* find_array(const json::value& value, std::string_view key) {
  const auto* member = find(value, key);
  return member == nullptr ? nullptr : member->if_array();
}

std::string_view type_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "integer";
    case json::kind::double_:
      return "floating point";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "sequence";
    case json::kind::object:
      return "map";
  }
  return "null";
}

std::string unexpected_value(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return fmt::format("string {}", dump(value));
    case json::kind::bool_:
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return fmt::format("{} `{}`", type_name(value), dump(value));
    default:
      return std::string(type_name(value));
  }
}

}  // namespace burin

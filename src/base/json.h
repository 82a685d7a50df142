// JSON: Boost.JSON as parser and document, our own writer, and small accessors.
//
// Why an own writer: Boost's prints 1.0 as 1E0, NaN as NaN, and passes ill-formed UTF-8 through. Ours prints the
// shortest decimal that reads back, `null` for what is not a number, U+FFFD for ill-formed bytes, and never escapes
// what need not be escaped, so that equal values give equal bytes (prompt caching depends on it).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.h"

namespace burin {
namespace json = boost::json;

/// Where and why a text is not JSON. Line and column count from 1; the column counts bytes.
struct JsonError {
  std::size_t offset = 0, line = 1, column = 1;
  std::string message;
};

/// Parses one value; trailing white space is allowed, anything else is an error. Depth up to 512. Ill-formed UTF-8 and
/// lone surrogates are replaced by U+FFFD, never refused. Duplicate keys: the last wins. The error's text ends with
/// " at line L column C".
Result<json::value> parse_json(std::string_view text);

/// Compact form; object keys in their order.
void write_json(std::string& out, const json::value& value);
/// A JSON string literal, quotes included.
void write_json_string(std::string& out, std::string_view text);
/// The shortest decimal that reads back as `value`; "1.0" keeps its ".0"; "null" for NaN and infinities.
void write_json_double(std::string& out, double value);
std::string dump(const json::value& value);
/// Two-space indentation, "key": value, as serde_json's pretty form; empty containers as {} and [].
std::string dump_pretty(const json::value& value);

/// Members by name; null when `value` is not an object or has none.
const json::value* find(const json::value& value, std::string_view key);
const json::value* find(const json::object& object, std::string_view key);
/// Typed members; nullopt when missing or of another type.
std::optional<std::string_view> find_string(const json::value& value, std::string_view key);
std::optional<std::int64_t> find_int(const json::value& value, std::string_view key);  // also integral doubles
std::optional<double> find_double(const json::value& value, std::string_view key);
std::optional<bool> find_bool(const json::value& value, std::string_view key);
const json::object* find_object(const json::value& value, std::string_view key);
const json::array* find_array(const json::value& value, std::string_view key);

inline std::string_view view(const json::string& s) { return {s.data(), s.size()}; }
/// Name of the type for error messages, in the words of the reference's parser: "string", "integer", "floating point",
/// "boolean", "sequence", "map", "null".
std::string_view type_name(const json::value& value);
/// The value as that parser names it behind "invalid type: ": "integer `5`", "string \"x\"", "map".
std::string unexpected_value(const json::value& value);

}  // namespace burin

// The configuration as data: one tree of values, each of which remembers where it was written.
//
// Why an own tree and not the parser's: layers are merged, `-c` values have no file, and an error or a warning about a
// merged value must still name the file, line and column that the user has to edit. So every value carries its document
// and its place; merging moves values together with them. The tree is plain data without invariants beyond its types.
//
// Ownership: values own their children; documents are shared between the values read from them. Copies are deep (the
// documents are not copied). No threads, no I/O.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace burin::config {

/// A text that values were read from. `name` is its absolute path, empty for the command line.
struct Document {
  std::string name;
  std::string text;
};

/// Lines and columns count from 1, columns in code points; `end` is the place after the last character.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Position&) const = default;
};
struct Place {
  Position begin;
  Position end;
  bool operator==(const Place&) const = default;
};

class Value;
using Table = std::map<std::string, Value, std::less<>>;  // sorted: the order in which errors are reported
using Array = std::vector<Value>;

/// Dates and times are kept as written: no key takes one, but texts do (as the reference reads them).
struct DateTime {
  std::string text;
  bool operator==(const DateTime&) const = default;
};

class Value {
 public:
  using Data = std::variant<Table, Array, std::string, std::int64_t, double, bool, DateTime>;

  Data data;
  std::shared_ptr<const Document> document;  // null for values that no text holds
  Place place;                               // zero where unknown

  Value() = default;
  template <class T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, Value>)
  explicit Value(T&& v) : data(std::forward<T>(v)) {}

  const Table* table() const { return std::get_if<Table>(&data); }
  Table* table() { return std::get_if<Table>(&data); }
  const Array* array() const { return std::get_if<Array>(&data); }
  const std::string* string() const { return std::get_if<std::string>(&data); }
  std::optional<std::int64_t> integer() const;
  std::optional<double> number() const;  // also integers
  std::optional<bool> boolean() const;
  /// Strings, and dates as they are written.
  std::optional<std::string> text() const;

  /// Member of a table; null for other values and missing members.
  const Value* find(std::string_view key) const;
  /// Member below member; an empty path is the value itself.
  const Value* find(std::initializer_list<std::string_view> path) const;

  /// Same data; places and documents do not count.
  bool same_as(const Value& other) const;
};

/// Lays `over` on `base`: tables member by member, everything else (arrays too) is replaced (cli-config.md 5.2).
void merge(Value& base, const Value& over);
/// Sets the value at a path of keys. Missing tables are created, other values in the way are replaced by tables.
void set_path(Value& root, const std::vector<std::string>& keys, Value value);

/// "file:line" of a value, or "the command line".
std::string origin_text(const Value& value);

}  // namespace burin::config

// What config.toml may contain: one declarative table, and the walkers over it.
//
// The table (schema_keys.cc) lists every key of cli-config.md 6 with its type, so that a wrong value anywhere is found
// before any feature looks at it, with the error text that users of the reference know. Unknown keys are ignored at
// every level (5.1). A key whose feature is not built yet is marked in the table and reported by `unused_keys`, never
// silently dropped. Adding a key is one row there.
//
// Reading validated values afterwards cannot fail: the accessors in settings.h rely on it.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace burin::config {

enum class Support : std::uint8_t {
  built,    // used by this version
  not_yet,  // checked and kept, but nothing uses it yet: reported when set
  inert,    // accepted without effect and without a word (other front ends, other systems)
};

enum class ShapeKind : std::uint8_t {
  string,
  path,  // resolved against the folder of its file
  boolean,
  integer,  // within min..max
  real,
  list,    // of `element`
  map,     // name -> `element`
  record,  // `members`; with `element` the shape of all other members
  choice,  // one of `variants`, written as a string
  tagged,  // one of `variants`, or a table with one member named like one of `members` (approval_policy)
  custom,  // judged by `check` alone
};

inline constexpr std::string_view table_parser_noun = "wanted string or table";

struct Shape;

struct Member {
  std::string_view name;
  const Shape* shape;
  Support support = Support::built;
  bool required = false;
};

/// `noun` completes "invalid type: ..., expected <noun>". A choice without one reports other types in serde's words for
/// enums; `table_parser_noun` stands for those of the parser that reads single files.
struct Shape {
  ShapeKind kind;
  std::string_view noun;
  std::span<const Member> members{};
  const Shape* element = nullptr;
  std::span<const std::string_view> variants{};
  std::int64_t min = 0;
  std::int64_t max = 0;
  /// A further rule, run after the members were found right: the error text, or nothing.
  std::optional<std::string> (*check)(const Value& value) = nullptr;
};

/// A value that does not fit. `path` is dotted; `value` points into the tree that was checked.
struct SchemaError {
  std::string message;
  std::string path;
  const Value* value = nullptr;

  /// The reference's unlocated form: the message, a line "in `path`", and a final newline.
  std::string text() const;
};

/// The whole configuration, and the two keys that are read from single files before layers can be merged (projects,
/// project_root_markers).
const Shape& config_shape();
const Shape& bootstrap_shape();
/// requirements.toml (cli-config.md 5.5).
const Shape& requirements_shape();

/// The first error in the order of the sorted keys; nothing when all is right.
std::optional<SchemaError> check(const Value& value, const Shape& shape);

/// Makes relative path values absolute: against `folder`, or `home` for those that start with "~/". Values of other
/// types stay for `check` to find.
void resolve_paths(Value& value, const Shape& shape, std::string_view folder, std::string_view home);

/// One line for each key that is set but marked `not_yet`, naming where it is set. Of the profiles only the active one
/// counts.
std::vector<std::string> unused_keys(const Value& root, const std::optional<std::string>& profile);

/// "integer `5`", "string \"x\"", "sequence", "map": what serde calls a value it did not expect.
std::string unexpected(const Value& value);
/// "one of `a`, `b`, `c`", "`a` or `b`", "`a`".
std::string one_of(std::span<const std::string_view> names);

}  // namespace burin::config

// Where in a JSON text an error is, counted and worded as serde_json does.
//
// Why own code: answers to malformed arguments are read by models that were trained on the reference's wording,
// position included (tools.md 1.2). This runs only after the ordinary parser or the mapping has refused a text.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace burin::tools {

struct JsonProblem {
  std::string what;  // "expected value"
  std::size_t line = 1, column = 0;
  std::string text() const;  // "<what> at line L column C"
};

/// The first syntax error, or nothing for well-formed JSON.
std::optional<JsonProblem> json_syntax_problem(std::string_view text);

/// The position that serde_json reports for a wrong value at `path` ("plan[0].status"; "" is the whole text): behind a
/// scalar, at the opening bracket of a container. `missing_field`: behind the object at `path`.
JsonProblem json_value_problem(std::string_view text, std::string_view path, std::string what, bool missing_field);

/// The position for a key that the object at `path` must not have: behind the key, which serde has read by then.
JsonProblem json_key_problem(std::string_view text, std::string_view path, std::string_view key, std::string what);

}  // namespace burin::tools

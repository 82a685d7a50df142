// TOML text to Value trees, and what to tell people when it is not TOML.
//
// toml++ does the parsing (with the additions of TOML 1.1 that the reference accepts: newlines and trailing commas in
// inline tables, \e and \x escapes). Its messages are translated into the reference's words and places, because scripts
// and users know those (cli-config.md 3.2; vector `bad-toml`). toml++ appears in toml_impl.cc only.
#pragma once
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "config/value.h"

namespace burin::config {

/// Why a document cannot be used, and where.
struct TomlError {
  std::string message;
  std::shared_ptr<const Document> document;
  Place place;
};

/// Parses a document. The result is a table; all values carry `document` and their places.
tl::expected<Value, TomlError> parse_toml(std::shared_ptr<const Document> document);

/// "FILE:1:11: message" and, on further lines, the source line with a gutter and ^ marks. No newline at the end.
std::string render_located(const TomlError& error);
/// The other form that the reference uses: "TOML parse error at line 1, column 11", the marked line, the message and a
/// newline.
std::string render_parse_error(const TomlError& error);

/// One `-c key=value`, split and parsed.
struct Override {
  std::vector<std::string> path;
  Value value;
};

/// cli-config.md 5.3: the first `=` splits; the key is a dotted path without quoting; what is not a TOML value is taken
/// as raw text. Fails for a missing `=` and an empty key, with the reference's texts.
tl::expected<Override, std::string> parse_override(std::string_view text);

/// The text as Rust's Debug prints strings: in double quotes with \n, \t, \r, \", \\ and \u{..} escapes.
std::string debug_quoted(std::string_view text);

}  // namespace burin::config

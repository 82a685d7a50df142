// From the parser's complaint to the words and the place that users of the reference know.
//
// The parser stops at the character it could not use; the reference names the token or key that is wrong. The table in
// the source maps each kind of complaint to a text and a rule for the place. What no row matches keeps the parser's own
// words, so that nothing is ever lost.
#pragma once
#include "config/toml.h"

namespace burin::config {

/// `description` is toml++'s sentence, `at` the place where it stopped.
TomlError diagnose_toml(std::shared_ptr<const Document> document, std::string_view description, Position at);

/// Line `number` (from 1) of a text, without its end.
std::string_view line_of(std::string_view text, std::uint32_t number);

}  // namespace burin::config

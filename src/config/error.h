// Why a configuration cannot be used, and at which step of the start-up.
//
// The step decides how a front end prints the error (cli-config.md 3.2), so it is part of the value: exec prints
// `report()` and exits 1; a server answers with `message` or the located form and goes on.
#pragma once
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "config/toml.h"

namespace burin::config {

enum class Stage : std::uint8_t {
  overrides,  // a -c that cannot be read
  home,       // no usable home folder
  loading,    // files and merged values: syntax, types, trust, requirements
  deriving,   // what follows from right values: unknown profile or provider, unreadable files
};

struct ConfigError {
  Stage stage = Stage::deriving;
  std::string message;
  /// Where the cause is written, when that is one file. `message` of it is the bare text without path lines.
  std::optional<TomlError> where = std::nullopt;
  /// The reference prints FILE:LINE:COL for errors found in a single file, but not for those found after merging.
  bool print_place = false;

  /// What the user sees on stderr, prefix included, without the final newline that printing adds.
  std::string report() const;
};

template <class T = void>
using ConfigResult = tl::expected<T, ConfigError>;

inline tl::unexpected<ConfigError> config_error(Stage stage, std::string message) {
  return tl::unexpected(ConfigError{.stage = stage, .message = std::move(message)});
}

}  // namespace burin::config

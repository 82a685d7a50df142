#include "config/error.h"

#include <fmt/format.h>

namespace burin::config {

std::string ConfigError::report() const {
  switch (stage) {
    case Stage::overrides:
      return "Error parsing -c overrides: " + message;
    case Stage::home:
      return "Error finding codex home: " + message;
    case Stage::loading:
      if (print_place && where) return "Error loading config.toml:\n" + render_located(*where);
      return "Error loading config.toml: " + message;
    case Stage::deriving:
      return "Error: " + message;
  }
  return message;
}

}  // namespace burin::config

#include "io/environment.h"

#include <unistd.h>

extern char** environ;

namespace burin::io {

Environment Environment::capture() {
  Environment env;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    // A leading '=' belongs to the name, as in other readers of the environment.
    std::size_t equals = text.find('=', 1);
    if (equals == std::string_view::npos) continue;
    // The first of two equal names is the one that getenv would find.
    env.vars_.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return env;
}

std::optional<std::string_view> Environment::get(std::string_view name) const {
  auto it = vars_.find(std::string(name));
  if (it == vars_.end()) return std::nullopt;
  return it->second;
}

std::optional<std::string_view> Environment::non_empty(std::string_view name) const {
  auto value = get(name);
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<std::string_view> Environment::own(std::string_view rest) const {
  if (auto value = get("BURIN_" + std::string(rest))) return value;
  return get("CODEX_" + std::string(rest));
}

}  // namespace burin::io

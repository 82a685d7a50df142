// The environment that commands of the model get.
//
// A policy says what is inherited, what is dropped and what is set (sandbox.md 3); building is a pure function of the
// policy and the captured environment. By default names that look like secrets are not dropped:
// `ignore_default_excludes` is true, as in the reference.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/environment.h"

namespace burin::config {

struct ShellEnvironmentPolicy {
  enum class Inherit : std::uint8_t { all, core, none };

  Inherit inherit = Inherit::all;
  bool ignore_default_excludes = true;     // true: *KEY*, *SECRET*, *TOKEN* stay
  std::vector<std::string> exclude;        // patterns with * and ?, case ignored, whole name
  std::map<std::string, std::string> set;  // variables to add or to change
  std::vector<std::string> include_only;   // patterns; when not empty, nothing else is kept

  bool operator==(const ShellEnvironmentPolicy&) const = default;
};

/// The six steps of sandbox.md 3. CODEX_THREAD_ID is always set, after all filters.
std::map<std::string, std::string> build_environment(const ShellEnvironmentPolicy& policy, const io::Environment& env,
                                                     std::string_view thread_id);

}  // namespace burin::config

#include "config/shell_env.h"

#include <algorithm>

#include "base/text.h"

namespace burin::config {
namespace shell_env_detail {

constexpr std::string_view core_names[] = {"HOME",     "LOGNAME", "PATH", "SHELL", "USER",
                                           "USERNAME", "TMPDIR",  "TEMP", "TMP"};

bool core(std::string_view name) {
  return std::find(std::begin(core_names), std::end(core_names), name) != std::end(core_names);
}

bool looks_secret(std::string_view name) {
  return wildcard_match("*KEY*", name) || wildcard_match("*SECRET*", name) || wildcard_match("*TOKEN*", name);
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& p) { return wildcard_match(p, name); });
}

}  // namespace shell_env_detail

std::map<std::string, std::string> build_environment(const ShellEnvironmentPolicy& policy, const io::Environment& env,
                                                     std::string_view thread_id) {
  namespace d = shell_env_detail;
  using Inherit = ShellEnvironmentPolicy::Inherit;
  std::map<std::string, std::string> out;
  if (policy.inherit != Inherit::none) {
    for (const auto& [name, value] : env.all()) {
      if (policy.inherit == Inherit::core && !d::core(name)) continue;
      if (!policy.ignore_default_excludes && d::looks_secret(name)) continue;
      if (d::matches_any(policy.exclude, name)) continue;
      out.emplace(name, value);
    }
  }
  for (const auto& [name, value] : policy.set) out[name] = value;
  if (!policy.include_only.empty()) {
    std::erase_if(out, [&](const auto& v) { return !d::matches_any(policy.include_only, v.first); });
  }
  out["CODEX_THREAD_ID"] = thread_id;
  return out;
}

}  // namespace burin::config

// Feature flags: the switches of `[features]`, their legacy spellings, and what a user is told about them.
//
// One table (features.cc) holds every flag of cli-config.md 6.7 with its stage and default. Resolution
// (resolve_features) goes from defaults over legacy top-level toggles, `[features]`, the profile's toggles and the
// profile's `features`;
// `-c features.x=...` is part of the merged `[features]`. Pins from requirements come last.
//
// Features is a small value; copy it freely.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace burin::config {

enum class Feature : std::uint8_t {
  apply_patch_freeform,
  apps,
  apps_mcp_gateway,
  artifact,
  child_agents_md,
  codex_git_commit,
  collaboration_modes,
  default_mode_request_user_input,
  elevated_windows_sandbox,
  enable_request_compression,
  experimental_windows_sandbox,
  fast_mode,
  image_detail_original,
  image_generation,
  js_repl,
  js_repl_tools_only,
  memories,
  multi_agent,
  personality,
  plugins,
  powershell_utf8,
  prevent_idle_sleep,
  realtime_conversation,
  remote_models,
  request_permissions,
  request_rule,
  responses_websockets,
  responses_websockets_v2,
  runtime_metrics,
  search_tool,
  shell_snapshot,
  shell_tool,
  shell_zsh_fork,
  skill_env_var_dependency_prompt,
  skill_mcp_dependency_install,
  sqlite,
  steer,
  undo,
  unified_exec,
  use_linux_sandbox_bwrap,
  voice_transcription,
  web_search_cached,
  web_search_request,
};
inline constexpr std::size_t feature_count = 43;

enum class FeatureStage : std::uint8_t { stable, experimental, under_development, deprecated, removed };

struct FeatureInfo {
  Feature feature;
  std::string_view name;
  FeatureStage stage;
  bool on;     // by default
  bool built;  // this version does something with it, or there is nothing to do
};

/// All flags, sorted by name; the index is the Feature.
std::span<const FeatureInfo> feature_table();
/// "stable", "experimental", "under development", "deprecated", "removed".
std::string_view stage_name(FeatureStage stage);

/// The flag that a name in `[features]` means, legacy spellings included.
std::optional<Feature> feature_named(std::string_view name);

class Features {
 public:
  Features();  // the defaults
  bool enabled(Feature f) const { return on_[static_cast<std::size_t>(f)]; }
  void set(Feature f, bool on) { on_[static_cast<std::size_t>(f)] = on; }

 private:
  std::array<bool, feature_count> on_;
};

/// A notice for the start of a session: "deprecated: SUMMARY" and its details.
struct Deprecation {
  std::string summary;
  std::string details;
};

struct FeatureResolution {
  Features features;
  std::vector<Deprecation> deprecations;  // one for each legacy or deprecated spelling in use, sorted by spelling
  std::vector<std::string> unknown;       // names in [features] that mean nothing: logged, not fatal
};

/// `root` is the merged configuration, `profile` the active profile's table or null; both passed the schema.
FeatureResolution resolve_features(const Value& root, const Value* profile);

/// The warning that lists under-development flags which `[features]` of `root` enables, or nothing. `user_file` is
/// named as the place for `suppress_unstable_features_warning`, which the caller has looked at.
std::optional<std::string> unstable_features_warning(const Value& root, const Features& features,
                                                     std::string_view user_file);

/// One line for each flag that is enabled against its default but does nothing in this version.
std::vector<std::string> unavailable_features(const Features& features);

/// Names of the enabled experimental flags, for the header x-codex-beta-features (model-client.md 5.3).
std::vector<std::string> beta_features(const Features& features);

}  // namespace burin::config

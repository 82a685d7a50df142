#include "config/features.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace burin::config {
namespace features_detail {

using enum FeatureStage;
using F = Feature;

// `built` is also true for removed flags and for those of other systems: there is nothing that could be missing.
constexpr FeatureInfo table[] = {
    {F::apply_patch_freeform, "apply_patch_freeform", under_development, false, true},
    {F::apps, "apps", experimental, false, false},
    {F::apps_mcp_gateway, "apps_mcp_gateway", under_development, false, false},
    {F::artifact, "artifact", under_development, false, false},
    {F::child_agents_md, "child_agents_md", under_development, false, true},
    {F::codex_git_commit, "codex_git_commit", under_development, false, true},
    {F::collaboration_modes, "collaboration_modes", removed, true, true},
    {F::default_mode_request_user_input, "default_mode_request_user_input", under_development, false, false},
    {F::elevated_windows_sandbox, "elevated_windows_sandbox", removed, false, true},
    {F::enable_request_compression, "enable_request_compression", stable, true, true},
    {F::experimental_windows_sandbox, "experimental_windows_sandbox", removed, false, true},
    {F::fast_mode, "fast_mode", under_development, false, true},
    {F::image_detail_original, "image_detail_original", under_development, false, false},
    {F::image_generation, "image_generation", under_development, false, true},
    {F::js_repl, "js_repl", experimental, false, false},
    {F::js_repl_tools_only, "js_repl_tools_only", under_development, false, false},
    {F::memories, "memories", under_development, false, false},
    {F::multi_agent, "multi_agent", experimental, false, false},
    {F::personality, "personality", stable, true, true},
    {F::plugins, "plugins", under_development, false, false},
    {F::powershell_utf8, "powershell_utf8", under_development, false, true},
    {F::prevent_idle_sleep, "prevent_idle_sleep", experimental, false, false},
    {F::realtime_conversation, "realtime_conversation", under_development, false, false},
    {F::remote_models, "remote_models", removed, false, true},
    {F::request_permissions, "request_permissions", under_development, false, false},
    {F::request_rule, "request_rule", removed, false, true},
    {F::responses_websockets, "responses_websockets", under_development, false, true},
    {F::responses_websockets_v2, "responses_websockets_v2", under_development, false, true},
    {F::runtime_metrics, "runtime_metrics", under_development, false, true},
    {F::search_tool, "search_tool", removed, false, true},
    {F::shell_snapshot, "shell_snapshot", stable, true, false},
    {F::shell_tool, "shell_tool", stable, true, true},
    {F::shell_zsh_fork, "shell_zsh_fork", under_development, false, false},
    {F::skill_env_var_dependency_prompt, "skill_env_var_dependency_prompt", under_development, false, false},
    {F::skill_mcp_dependency_install, "skill_mcp_dependency_install", stable, true, false},
    {F::sqlite, "sqlite", stable, true, true},
    {F::steer, "steer", removed, true, true},
    {F::undo, "undo", stable, false, false},
    {F::unified_exec, "unified_exec", stable, true, true},
    {F::use_linux_sandbox_bwrap, "use_linux_sandbox_bwrap", experimental, false, false},
    {F::voice_transcription, "voice_transcription", under_development, false, false},
    {F::web_search_cached, "web_search_cached", deprecated, false, true},
    {F::web_search_request, "web_search_request", deprecated, false, true},
};
static_assert(std::size(table) == feature_count);
static_assert([] {
  for (std::size_t i = 0; i < feature_count; ++i) {
    if (static_cast<std::size_t>(table[i].feature) != i) return false;
    if (i > 0 && !(table[i - 1].name < table[i].name)) return false;
  }
  return true;
}());

struct Legacy {
  std::string_view spelling;
  Feature feature;
};
constexpr Legacy legacy[] = {
    {"collab", F::multi_agent},
    {"connectors", F::apps},
    {"enable_experimental_windows_sandbox", F::experimental_windows_sandbox},
    {"experimental_use_freeform_apply_patch", F::apply_patch_freeform},
    {"experimental_use_unified_exec_tool", F::unified_exec},
    {"include_apply_patch_tool", F::apply_patch_freeform},
    {"memory_tool", F::memories},
    {"web_search", F::web_search_request},
};

// Toggles outside of [features]: the member of the top level or of a profile, and how notices spell it.
struct Toggle {
  std::string_view member;
  std::string_view spelling;
  Feature feature;
};
constexpr Toggle profile_toggles[] = {
    {"include_apply_patch_tool", "include_apply_patch_tool", F::apply_patch_freeform},
    {"experimental_use_freeform_apply_patch", "experimental_use_freeform_apply_patch", F::apply_patch_freeform},
    {"experimental_use_unified_exec_tool", "experimental_use_unified_exec_tool", F::unified_exec},
    {"tools_web_search", "tools.web_search", F::web_search_request},
};
constexpr Toggle top_toggles[] = {
    {"experimental_use_freeform_apply_patch", "experimental_use_freeform_apply_patch", F::apply_patch_freeform},
    {"experimental_use_unified_exec_tool", "experimental_use_unified_exec_tool", F::unified_exec},
};

// The order of the experimental menu (model-client.md 5.3).
constexpr Feature menu[] = {F::js_repl, F::use_linux_sandbox_bwrap, F::multi_agent, F::apps, F::prevent_idle_sleep};

const FeatureInfo& info(Feature f) { return table[static_cast<std::size_t>(f)]; }

std::optional<Feature> canonical_name(std::string_view name) {
  const auto* end = std::end(table);
  const auto* it = std::lower_bound(std::begin(table), end, name,
                                    [](const FeatureInfo& f, std::string_view n) { return f.name < n; });
  if (it == end || it->name != name) return std::nullopt;
  return it->feature;
}

Deprecation notice(std::string_view spelling, Feature feature) {
  if (feature == F::web_search_request || feature == F::web_search_cached) {
    const std::string_view shown = spelling.substr(spelling.find('.') + 1);
    return {fmt::format("`[{}].{}` is deprecated because web search is enabled by default.",
                        spelling.starts_with("tools.") ? "tools" : "features", shown),
            "Set `web_search` to `\"live\"`, `\"cached\"`, or `\"disabled\"` at the top level (or under a profile) in "
            "config.toml if you want to override it."};
  }
  const std::string_view name = info(feature).name;
  return {fmt::format("`{}` is deprecated. Use `[features].{}` instead.", spelling, name),
          fmt::format("Enable it with `--enable {}` or `[features].{}` in config.toml. See "
                      "https://developers.openai.com/codex/config-basic#feature-flags for details.",
                      name, name)};
}

class Resolver {
 public:
  void toggles(const Value* table_value, std::span<const Toggle> list) {
    if (table_value == nullptr) return;
    for (const Toggle& toggle : list) {
      if (const Value* v = table_value->find(toggle.member)) apply(toggle.spelling, toggle.feature, *v);
    }
  }

  void flags(const Value* features) {
    const Table* members = features == nullptr ? nullptr : features->table();
    if (members == nullptr) return;
    for (const auto& [name, value] : *members) {
      const auto feature = feature_named(name);
      if (!feature) {
        result.unknown.push_back(name);
      } else if (info(*feature).name != name) {
        apply(name, *feature, value);
      } else if (info(*feature).stage == deprecated) {
        apply("features." + name, *feature, value);
      } else {
        result.features.set(*feature, value.boolean().value_or(info(*feature).on));
      }
    }
  }

  void apply(std::string_view spelling, Feature feature, const Value& value) {
    used.try_emplace(std::string(spelling), feature);
    if (auto on = value.boolean()) result.features.set(feature, *on);
  }

  FeatureResolution finish() && {
    // Tools-only is a variant of the REPL and means nothing without it.
    if (!result.features.enabled(F::js_repl)) result.features.set(F::js_repl_tools_only, false);
    for (const auto& [spelling, feature] : used) result.deprecations.push_back(notice(spelling, feature));
    return std::move(result);
  }

  FeatureResolution result;
  std::map<std::string, Feature> used;
};

}  // namespace features_detail

std::span<const FeatureInfo> feature_table() { return features_detail::table; }

std::string_view stage_name(FeatureStage stage) {
  constexpr std::string_view names[] = {"stable", "experimental", "under development", "deprecated", "removed"};
  return names[static_cast<std::size_t>(stage)];
}

std::optional<Feature> feature_named(std::string_view name) {
  if (auto feature = features_detail::canonical_name(name)) return feature;
  for (const auto& [spelling, feature] : features_detail::legacy) {
    if (spelling == name) return feature;
  }
  return std::nullopt;
}

Features::Features() : on_{} {
  for (const FeatureInfo& f : features_detail::table) set(f.feature, f.on);
}

FeatureResolution resolve_features(const Value& root, const Value* profile) {
  features_detail::Resolver resolver;
  resolver.toggles(&root, features_detail::top_toggles);
  if (const Value* v = root.find({"tools", "web_search"})) {
    resolver.apply("tools.web_search", Feature::web_search_request, *v);
  }
  resolver.flags(root.find("features"));
  resolver.toggles(profile, features_detail::profile_toggles);
  resolver.flags(profile == nullptr ? nullptr : profile->find("features"));
  return std::move(resolver).finish();
}

std::optional<std::string> unstable_features_warning(const Value& root, const Features& features,
                                                     std::string_view user_file) {
  const Value* table = root.find("features");
  if (table == nullptr || table->table() == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& [name, value] : *table->table()) {
    const auto feature = features_detail::canonical_name(name);
    if (!feature || value.boolean() != true || !features.enabled(*feature)) continue;
    if (features_detail::info(*feature).stage == FeatureStage::under_development) names.push_back(name);
  }
  if (names.empty()) return std::nullopt;
  return fmt::format(
      "Under-development features enabled: {}. Under-development features are incomplete and may behave unpredictably. "
      "To suppress this warning, set `suppress_unstable_features_warning = true` in {}.",
      join(names, ", "), user_file);
}

std::vector<std::string> unavailable_features(const Features& features) {
  std::vector<std::string> out;
  for (const FeatureInfo& f : features_detail::table) {
    if (features.enabled(f.feature) && !f.on && !f.built) {
      out.push_back(fmt::format("feature `{}` is enabled but not available in this version", f.name));
    }
  }
  return out;
}

std::vector<std::string> beta_features(const Features& features) {
  std::vector<std::string> out;
  for (Feature f : features_detail::menu) {
    if (features.enabled(f)) out.emplace_back(features_detail::info(f).name);
  }
  return out;
}

}  // namespace burin::config

#include "config/config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "config/lookup.h"
#include "config/schema.h"

namespace burin::config {
namespace config_detail {

constexpr std::uint64_t text_limit = 16ull << 20;
constexpr std::uint64_t min_terminal_timeout_ms = 5000;

tl::unexpected<ConfigError> underivable(std::string message) {
  return config_error(Stage::deriving, std::move(message));
}

/// A file named by a setting, trimmed; `what` is its name in messages.
ConfigResult<std::string> read_text(io::Files& files, const std::string& path, std::string_view what) {
  auto text = files.read(path, text_limit);
  if (!text) return underivable(fmt::format("failed to read {} {}: {}", what, path, text.error().reason()));
  std::string trimmed(trim(utf8_lossy(*text)));
  if (trimmed.empty()) return underivable(fmt::format("{} is empty: {}", what, path));
  return trimmed;
}

ConfigResult<std::shared_ptr<const json::value>> read_catalog(io::Files& files, const std::string& path) {
  auto text = files.read(path, text_limit);
  if (!text) {
    return underivable(fmt::format("failed to read model_catalog_json path `{}`: {}", path, text.error().reason()));
  }
  const auto bad = [&](std::string_view reason) {
    return underivable(fmt::format("failed to parse model_catalog_json path `{}` as JSON: {}", path, reason));
  };
  auto document = parse_json(*text);
  if (!document) return bad(document.error().what);
  const json::array* models = find_array(*document, "models");
  if (models == nullptr) return bad("missing field `models`");
  if (models->empty()) {
    return underivable(fmt::format("model_catalog_json path `{}` must contain at least one model", path));
  }
  return std::make_shared<const json::value>(*std::move(document));
}

/// The steps from a checked tree to a Config, in the order in which errors are to be found.
class Deriver {
 public:
  Deriver(io::Files& files, const io::Environment& env, const ConfigOverrides& overrides, const Value& root,
          const Value* profile, Config& out)
      : files_(files), env_(env), typed_(overrides), root_(root), settings_(root, profile), out_(out) {}

  ConfigResult<> run() {
    for (auto step : {&Deriver::provider, &Deriver::features, &Deriver::permissions, &Deriver::model,
                      &Deriver::instructions, &Deriver::commands, &Deriver::agents, &Deriver::remaining}) {
      if (auto done = (this->*step)(); !done) return done;
    }
    return {};
  }

 private:
  ConfigResult<> provider() {
    out_.providers = all_providers(root_, env_);
    std::string id = "openai";
    if (typed_.oss) {
      auto chosen = typed_.local_provider ? typed_.local_provider : settings_.text("oss_provider");
      if (!chosen) {
        return underivable(
            "No default OSS provider configured. Use --local-provider=provider or set oss_provider to "
            "one of: lmstudio, ollama in config.toml");
      }
      id = *std::move(chosen);
    } else if (typed_.model_provider) {
      id = *typed_.model_provider;
    } else {
      id = settings_.text("model_provider").value_or(id);
    }
    auto found = select_provider(out_.providers, id);
    if (!found) return tl::unexpected(found.error());
    out_.provider = *std::move(found);
    return {};
  }

  ConfigResult<> features() {
    FeatureResolution resolved = resolve_features(root_, settings_.profile());
    for (const auto& name : resolved.unknown) log(Level::warn, "config", "unknown feature key in config: {}", name);
    for (const auto& [name, on] : out_.requirements.features) {
      const auto feature = feature_named(name);
      if (!feature) {
        return underivable(
            fmt::format("invalid `features` requirement `{}` from {}", name, out_.requirements.features_source));
      }
      resolved.features.set(*feature, on);
    }
    out_.features = resolved.features;
    out_.deprecations = std::move(resolved.deprecations);
    if (settings_.find("experimental_instructions_file") != nullptr) {
      out_.deprecations.insert(
          out_.deprecations.begin(),
          {"`experimental_instructions_file` is deprecated and ignored. Use `model_instructions_file` instead.",
           "Move the setting to `model_instructions_file` in config.toml (or under a profile) to load instructions "
           "from "
           "a file."});
    }
    if (!settings_.flag("suppress_unstable_features_warning", false)) {
      if (auto warning = unstable_features_warning(root_, out_.features, out_.user_file)) {
        out_.startup_warnings.push_back(*std::move(warning));
      }
    }
    return {};
  }

  /// "Configured value for `f` is disallowed ...": what a start does with a value that requirements forbid.
  void replaced(std::string_view field, std::string_view value, const std::string& refusal) {
    out_.startup_warnings.push_back(
        fmt::format("Configured value for `{}` is disallowed by requirements; falling back to required value {}. "
                    "Details: {}",
                    field, value, refusal));
  }

  ConfigResult<> permissions() {
    const Value* enabled = root_.find({"permissions", "network", "enabled"});
    if (enabled != nullptr && enabled->boolean() == true) {
      return underivable(
          fmt::format("`permissions.network` is enabled in {}, but the managed network is not supported "
                      "by this version; remove it or set `enabled = false`",
                      origin_text(*enabled)));
    }
    approval();
    sandbox();
    web_search();
    return {};
  }

  void approval() {
    std::optional<wire::AskForApproval> chosen = typed_.approval_policy;
    if (!chosen && (typed_.bypass || typed_.full_auto)) {
      chosen = typed_.bypass ? wire::AskForApproval::never() : wire::AskForApproval::on_request();
    }
    if (!chosen) {
      if (const Value* value = settings_.find("approval_policy")) chosen = approval_from(*value);
    }
    const bool explicit_choice = chosen.has_value();
    const bool untrusted = out_.trust == Trust::untrusted;
    out_.approval_policy = chosen ? *chosen : approval_from(Value(std::string(untrusted ? "untrusted" : "on-request")));
    if (auto refusal = out_.requirements.refusal(out_.approval_policy)) {
      out_.approval_policy = out_.requirements.approval_policies->values.front();
      if (explicit_choice) replaced("approval_policy", debug_name(out_.approval_policy), *refusal);
    }
  }

  void sandbox() {
    std::optional<SandboxMode> chosen = typed_.sandbox_mode;
    if (typed_.full_auto) chosen = SandboxMode::workspace_write;
    if (typed_.bypass) chosen = SandboxMode::danger_full_access;
    if (!chosen) chosen = settings_.name<SandboxMode>("sandbox_mode");
    out_.sandbox_mode = chosen.value_or(out_.trust ? SandboxMode::workspace_write : SandboxMode::read_only);
    if (auto refusal = out_.requirements.refusal(out_.sandbox_mode)) {
      out_.sandbox_mode = SandboxMode::read_only;  // which every list of modes contains
      if (chosen) replaced("sandbox_mode", "ReadOnly { access: FullAccess, network_access: false }", *refusal);
    }
    switch (out_.sandbox_mode) {
      case SandboxMode::workspace_write:
        out_.sandbox_policy = workspace();
        break;
      case SandboxMode::danger_full_access:
        out_.sandbox_policy = wire::DangerFullAccess{};
        break;
      case SandboxMode::external_sandbox:
        out_.sandbox_policy = wire::ExternalSandbox{};
        break;
      case SandboxMode::read_only:
        out_.sandbox_policy = wire::ReadOnly{};
        break;
    }
  }

  /// Configured roots, the home's memories folder, then --add-dir (vector `human-full` of exec shows the order).
  wire::WorkspaceWrite workspace() const {
    wire::WorkspaceWrite policy;
    if (const Value* table = root_.find("sandbox_workspace_write")) {
      const Lookup members(*table, nullptr);
      policy.writable_roots = Lookup::texts(table->find("writable_roots"));
      policy.network_access = members.flag("network_access", false);
      policy.exclude_tmpdir_env_var = members.flag("exclude_tmpdir_env_var", false);
      policy.exclude_slash_tmp = members.flag("exclude_slash_tmp", false);
    }
    policy.writable_roots.push_back(path::join(out_.home, "memories"));
    for (const auto& dir : typed_.add_dirs) {
      policy.writable_roots.push_back(path::normal(path::join(out_.cwd, dir)));
    }
    return policy;
  }

  void web_search() {
    if (auto mode = settings_.name<WebSearchMode>("web_search")) {
      out_.web_search = *mode;
    } else if (out_.features.enabled(Feature::web_search_cached)) {
      out_.web_search = WebSearchMode::cached;
    } else if (out_.features.enabled(Feature::web_search_request)) {
      out_.web_search = WebSearchMode::live;
    }
    if (auto refusal = out_.requirements.refusal(out_.web_search)) {
      for (auto mode : {WebSearchMode::cached, WebSearchMode::live, WebSearchMode::disabled}) {
        if (out_.requirements.refusal(mode)) continue;
        out_.web_search = mode;
        break;
      }
      replaced("web_search_mode", debug_name(out_.web_search), *refusal);
    }
    const Value* toggle = settings_.profile() != nullptr ? settings_.profile()->find("tools_view_image") : nullptr;
    if (toggle == nullptr) toggle = root_.find({"tools", "view_image"});
    if (toggle != nullptr) out_.view_image = toggle->boolean().value_or(true);
  }

  ConfigResult<> model() {
    out_.model = typed_.model ? typed_.model : settings_.text("model");
    if (!out_.model && typed_.oss) {
      if (auto local = default_oss_model(out_.provider.id); !local.empty()) out_.model = local;
    }
    out_.model_context_window = settings_.integer("model_context_window");
    out_.model_auto_compact_token_limit = settings_.integer("model_auto_compact_token_limit");
    out_.model_reasoning_effort = settings_.name<wire::ReasoningEffort>("model_reasoning_effort");
    out_.model_reasoning_summary = settings_.name<wire::ReasoningSummary>("model_reasoning_summary");
    out_.model_supports_reasoning_summaries = settings_.flag("model_supports_reasoning_summaries");
    out_.model_verbosity = settings_.name<wire::Verbosity>("model_verbosity");
    out_.service_tier = typed_.service_tier ? typed_.service_tier : settings_.name<wire::ServiceTier>("service_tier");
    out_.personality = typed_.personality ? typed_.personality : settings_.name<wire::Personality>("personality");
    const bool with_personality = out_.features.enabled(Feature::personality);
    if (!out_.personality && with_personality) out_.personality = wire::Personality::pragmatic;
    out_.tool_output_token_limit = settings_.integer("tool_output_token_limit");
    return {};
  }

  ConfigResult<> instructions() {
    if (typed_.base_instructions) {
      out_.base_instructions = typed_.base_instructions;
    } else if (auto path = settings_.text("model_instructions_file")) {
      auto text = read_text(files_, *path, "model instructions file");
      if (!text) return tl::unexpected(text.error());
      out_.base_instructions = *std::move(text);
    }
    out_.developer_instructions =
        typed_.developer_instructions ? typed_.developer_instructions : settings_.text("developer_instructions");
    out_.commit_attribution = settings_.text("commit_attribution");
    if (auto path = settings_.text("experimental_compact_prompt_file")) {
      auto text = read_text(files_, *path, "experimental compact prompt file");
      if (!text) return tl::unexpected(text.error());
      out_.compact_prompt = *std::move(text);
    }
    if (auto text = settings_.text("compact_prompt"); text && !blank(*text)) {
      out_.compact_prompt = std::string(trim(*text));
    }
    if (const Value* history = root_.find("history")) {
      const Value* persistence = history->find("persistence");
      out_.save_messages = persistence == nullptr || persistence->text() != "none";
      const Value* max = history->find("max_bytes");
      if (auto bytes = max != nullptr ? max->integer() : std::nullopt) {
        out_.max_history_bytes = static_cast<std::uint64_t>(*bytes);
      }
    }
    if (const Value* memories = root_.find("memories")) {
      const Value* use = memories->find("use_memories");
      out_.use_memories = use == nullptr || use->boolean().value_or(true);
    }
    if (auto path = settings_.text("model_catalog_json")) {
      auto catalog = read_catalog(files_, *path);
      if (!catalog) return tl::unexpected(catalog.error());
      out_.model_catalog = *std::move(catalog);
      out_.model_catalog_path = *std::move(path);
    }
    return {};
  }

  ConfigResult<> commands() {
    out_.allow_login_shell = settings_.flag("allow_login_shell", true);
    if (auto ms = settings_.integer("background_terminal_max_timeout")) {
      out_.background_terminal_max_timeout = std::max(min_terminal_timeout_ms, static_cast<std::uint64_t>(*ms));
    }
    const Value* table = root_.find("shell_environment_policy");
    if (table == nullptr) return {};
    ShellEnvironmentPolicy& policy = out_.shell_environment_policy;
    if (const Value* inherit = table->find("inherit")) {
      const std::string name = Lookup::enum_name(*inherit);
      policy.inherit = name == "none"   ? ShellEnvironmentPolicy::Inherit::none
                       : name == "core" ? ShellEnvironmentPolicy::Inherit::core
                                        : ShellEnvironmentPolicy::Inherit::all;
    }
    policy.ignore_default_excludes = Lookup(*table, nullptr).flag("ignore_default_excludes", true);
    policy.exclude = Lookup::texts(table->find("exclude"));
    policy.include_only = Lookup::texts(table->find("include_only"));
    if (const Value* set = table->find("set")) {
      for (const auto& [name, value] : *set->table()) policy.set.emplace(name, value.text().value_or(""));
    }
    return {};
  }

  /// Sub-agents are not built yet, but a home that both programs use must fail in both (cli-config.md 6.3).
  ConfigResult<> agents() {
    const Value* table = root_.find("agents");
    if (table == nullptr) return {};
    for (std::string_view key : {"max_threads", "max_depth", "job_max_runtime_seconds"}) {
      const Value* value = table->find(key);
      if (value != nullptr && value->integer().value_or(1) < 1) {
        return underivable(fmt::format("agents.{} must be at least 1", key));
      }
    }
    for (const auto& [name, role] : *table->table()) {
      const Value* file = role.find("config_file");
      if (file == nullptr) continue;
      const std::string path = file->text().value_or("");
      if (auto info = files_.stat(path); !info) {
        return underivable(fmt::format("agents.{}.config_file must point to an existing file at {}: {}", name, path,
                                       info.error().reason()));
      }
    }
    return {};
  }

  ConfigResult<> remaining() {
    if (auto bytes = settings_.integer("project_doc_max_bytes")) {
      out_.project_doc_max_bytes = static_cast<std::uint64_t>(*bytes);
    }
    for (const auto& name : Lookup::texts(root_.find("project_doc_fallback_filenames"))) {
      if (!blank(name)) out_.project_doc_fallback_filenames.emplace_back(trim(name));
    }
    out_.hide_agent_reasoning = settings_.flag("hide_agent_reasoning", false);
    out_.show_raw_agent_reasoning = settings_.flag("show_raw_agent_reasoning", false);
    out_.cli_auth_credentials_store =
        settings_.name<CredentialsStore>("cli_auth_credentials_store").value_or(CredentialsStore::file);
    out_.rate_limit_wait_minutes = static_cast<std::uint64_t>(settings_.integer("rate_limit_wait_minutes").value_or(0));
    out_.prewarm_mode = settings_.name<PrewarmMode>("prewarm_mode").value_or(PrewarmMode::request);
    out_.forced_login_method = settings_.name<LoginMethod>("forced_login_method");
    if (auto id = settings_.text("forced_chatgpt_workspace_id"); id && !blank(*id)) {
      out_.forced_chatgpt_workspace_id = std::string(trim(*id));
    }
    out_.chatgpt_base_url = settings_.text("chatgpt_base_url").value_or(out_.chatgpt_base_url);
    limits_of_this_version();
    return {};
  }

  void limits_of_this_version() {
    out_.warnings = unused_keys(root_, out_.profile);
    if (out_.requirements.rules) {
      out_.warnings.push_back(fmt::format("`rules` is set in {} but this version does not use it yet",
                                          origin_text(*out_.requirements.rules)));
    }
    for (auto& line : unavailable_features(out_.features)) out_.warnings.push_back(std::move(line));
  }

  io::Files& files_;
  const io::Environment& env_;
  const ConfigOverrides& typed_;
  const Value& root_;
  Lookup settings_;
  Config& out_;
};

ConfigResult<const Value*> active_profile(const Value& root, const std::optional<std::string>& name) {
  if (!name) return nullptr;
  if (const Value* profiles = root.find("profiles")) {
    if (const Value* profile = profiles->find(*name)) return profile;
  }
  return underivable(fmt::format("config profile `{}` not found", *name));
}

ConfigError type_error(const SchemaError& error) {
  ConfigError out{.stage = Stage::loading, .message = error.text()};
  if (error.value != nullptr && error.value->document != nullptr && !error.value->document->name.empty()) {
    out.where = TomlError{error.message, error.value->document, error.value->place};
  }
  return out;
}

}  // namespace config_detail

ConfigResult<Config> load_config(io::Files& files, const io::Environment& env, const std::string& home,
                                 const std::string& cwd, const ConfigOverrides& overrides) {
  namespace d = config_detail;
  auto stack = load_layers(
      files, env, {.home = home, .cwd = cwd, .overrides = overrides.layers, .system_folder = overrides.system_folder});
  if (!stack) return tl::unexpected(stack.error());
  const Value root = stack->effective();
  if (auto error = check(root, config_shape())) return tl::unexpected(d::type_error(*error));

  Config out;
  out.home = home;
  out.cwd = cwd;
  out.project_root = stack->project_root;
  out.user_file = stack->user_file;
  out.trust = stack->trust;
  out.requirements = stack->requirements;
  out.profile = overrides.profile ? overrides.profile : Lookup(root, nullptr).text("profile");
  out.project_root_markers = stack->project_root_markers;
  auto profile = d::active_profile(root, out.profile);
  if (!profile) return tl::unexpected(profile.error());
  if (auto done = d::Deriver(files, env, overrides, root, *profile, out).run(); !done) {
    return tl::unexpected(done.error());
  }
  out.layers = *std::move(stack);
  return out;
}

WebSearchMode web_search_for_turn(const Config& config, const wire::SandboxPolicy& sandbox) {
  using enum WebSearchMode;
  const bool full_access = mode_of(sandbox) == SandboxMode::danger_full_access;
  if (full_access && config.web_search != disabled) {
    for (auto mode : {live, cached}) {
      if (!config.requirements.refusal(mode)) return mode;
    }
    return disabled;
  }
  if (!config.requirements.refusal(config.web_search)) return config.web_search;
  for (auto mode : {cached, live}) {
    if (!config.requirements.refusal(mode)) return mode;
  }
  return disabled;
}

SandboxMode mode_of(const wire::SandboxPolicy& policy) {
  if (std::holds_alternative<wire::WorkspaceWrite>(policy)) return SandboxMode::workspace_write;
  if (std::holds_alternative<wire::DangerFullAccess>(policy)) return SandboxMode::danger_full_access;
  if (std::holds_alternative<wire::ExternalSandbox>(policy)) return SandboxMode::external_sandbox;
  return SandboxMode::read_only;
}

}  // namespace burin::config

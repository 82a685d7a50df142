// The keys of config.toml and requirements.toml. See schema.h for what the columns mean.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "config/providers.h"
#include "config/schema.h"

namespace burin::config {
namespace keys {

using enum ShapeKind;
using enum Support;
using Names = std::span<const std::string_view>;
using Members = std::span<const Member>;

constexpr std::int64_t biggest = std::numeric_limits<std::int64_t>::max();

constexpr Shape integer_in(std::string_view noun, std::int64_t min, std::int64_t max) {
  return {.kind = integer, .noun = noun, .min = min, .max = max};
}
constexpr Shape list_of(const Shape& element) { return {.kind = list, .noun = "a sequence", .element = &element}; }
constexpr Shape map_of(const Shape& element) { return {.kind = map, .noun = "a map", .element = &element}; }
constexpr Shape record_of(std::string_view noun, Members members) {
  return {.kind = record, .noun = noun, .members = members};
}
constexpr Shape open_record(std::string_view noun, Members members, const Shape& others) {
  return {.kind = record, .noun = noun, .members = members, .element = &others};
}
constexpr Shape choice_of(Names names) { return {.kind = choice, .noun = "", .variants = names}; }

// --- scalars

constexpr Shape text{.kind = string, .noun = "a string"};
constexpr Shape file{.kind = path, .noun = "path string"};
constexpr Shape flag{.kind = boolean, .noun = "a boolean"};
constexpr Shape seconds{.kind = real, .noun = "f64"};
constexpr Shape i64 = integer_in("i64", std::numeric_limits<std::int64_t>::min(), biggest);
constexpr Shape i32 = integer_in("i32", -2147483648LL, 2147483647);
constexpr Shape u64 = integer_in("u64", 0, biggest);
constexpr Shape usize = integer_in("usize", 0, biggest);
constexpr Shape u32 = integer_in("u32", 0, 4294967295);
constexpr Shape u16 = integer_in("u16", 0, 65535);
constexpr Shape texts = list_of(text);
constexpr Shape files = list_of(file);
constexpr Shape text_map = map_of(text);

// --- enums

constexpr std::string_view effort_names[] = {"none", "minimal", "low", "medium", "high", "xhigh"};
constexpr std::string_view summary_names[] = {"auto", "concise", "detailed", "none"};
constexpr std::string_view verbosity_names[] = {"low", "medium", "high"};
constexpr std::string_view tier_names[] = {"fast", "flex"};
constexpr std::string_view personality_names[] = {"none", "friendly", "pragmatic"};
constexpr std::string_view web_names[] = {"disabled", "cached", "live"};
constexpr std::string_view sandbox_names[] = {"read-only", "workspace-write", "danger-full-access"};
constexpr std::string_view required_sandbox_names[] = {"read-only", "workspace-write", "danger-full-access",
                                                       "external-sandbox"};
constexpr std::string_view approval_names[] = {"untrusted", "on-failure", "on-request", "reject", "never"};
constexpr std::string_view inherit_names[] = {"core", "all", "none"};
constexpr std::string_view trust_names[] = {"trusted", "untrusted"};
constexpr std::string_view persistence_names[] = {"save-all", "none"};
constexpr std::string_view store_names[] = {"file", "keyring", "auto", "ephemeral"};
constexpr std::string_view mcp_store_names[] = {"auto", "file", "keyring"};
constexpr std::string_view login_names[] = {"chatgpt", "api"};
constexpr std::string_view opener_names[] = {"vscode", "vscode-insiders", "windsurf", "cursor", "none"};
constexpr std::string_view notification_names[] = {"auto", "osc9", "bel"};
constexpr std::string_view screen_names[] = {"auto", "always", "never"};
constexpr std::string_view windows_names[] = {"elevated", "unelevated"};
constexpr std::string_view network_names[] = {"limited", "full"};
constexpr std::string_view app_names[] = {"auto", "prompt", "approve"};
constexpr std::string_view exporter_names[] = {"none", "statsig", "otlp-http", "otlp-grpc"};
constexpr std::string_view protocol_names[] = {"binary", "json"};
constexpr std::string_view residency_names[] = {"us"};

constexpr Shape effort = choice_of(effort_names);
constexpr Shape summary = choice_of(summary_names);
constexpr Shape verbosity = choice_of(verbosity_names);
constexpr Shape tier = choice_of(tier_names);
constexpr Shape personality = choice_of(personality_names);
constexpr Shape web_search = choice_of(web_names);
constexpr Shape sandbox_mode = choice_of(sandbox_names);
constexpr Shape inherit = choice_of(inherit_names);
constexpr Shape trust = choice_of(trust_names);
constexpr Shape persistence = choice_of(persistence_names);
constexpr Shape credentials_store = choice_of(store_names);
constexpr Shape mcp_store = choice_of(mcp_store_names);
constexpr Shape login_method = choice_of(login_names);
constexpr Shape opener = choice_of(opener_names);
constexpr Shape notification_method = choice_of(notification_names);
constexpr Shape screen = choice_of(screen_names);
constexpr Shape windows_sandbox = choice_of(windows_names);
constexpr Shape network_mode = choice_of(network_names);
constexpr Shape app_approval{.kind = choice, .noun = "string or map", .variants = app_names};
constexpr Shape protocol = choice_of(protocol_names);

constexpr Member reject_members[] = {
    {"sandbox_approval", &flag, built, true}, {"rules", &flag, built, true}, {"mcp_elicitations", &flag, built, true}};
constexpr Shape reject = record_of("struct RejectConfig", reject_members);
constexpr Member approval_members[] = {{"reject", &reject}};
constexpr Shape approval{
    .kind = tagged, .noun = "newtype variant", .members = approval_members, .variants = approval_names};

// --- rules that types cannot express

std::optional<std::string> check_wire_api(const Value& value) {
  const auto name = value.text();
  if (!name) return fmt::format("invalid type: {}, expected a string", unexpected(value));
  if (from_string<WireApi>(*name)) return std::nullopt;
  return fmt::format("unknown variant `{}`, expected one of `responses`, `chat`, `anthropic`", *name);
}

std::optional<std::string> check_seconds(const Value& value) {
  if (value.number().value_or(0) >= 0) return std::nullopt;
  return "cannot convert float seconds to Duration: value is negative";
}

/// cli-config.md 6.6: the command decides for stdio; members of the other transport are refused.
std::optional<std::string> check_mcp_transport(const Value& value) {
  if (const Value* timeout = value.find("startup_timeout_sec")) {
    if (auto error = check_seconds(*timeout)) return error;
  }
  constexpr std::string_view not_stdio[] = {"url",          "bearer_token_env_var", "bearer_token",
                                            "http_headers", "env_http_headers",     "oauth_resource"};
  constexpr std::string_view not_http[] = {"args", "env", "env_vars", "cwd", "bearer_token"};
  const bool stdio = value.find("command") != nullptr;
  if (!stdio && value.find("url") == nullptr) return "invalid transport";
  for (auto name : stdio ? Names(not_stdio) : Names(not_http)) {
    if (value.find(name) != nullptr) {
      return fmt::format("{} is not supported for {}", name, stdio ? "stdio" : "streamable_http");
    }
  }
  return std::nullopt;
}

std::optional<std::string> check_notifications(const Value& value) {
  const Array* array = value.array();
  const bool all_texts = array != nullptr && std::all_of(array->begin(), array->end(),
                                                         [](const Value& v) { return v.string() != nullptr; });
  if (value.boolean() || all_texts) return std::nullopt;
  return "data did not match any variant of untagged enum Notifications";
}

// --- tables

constexpr Shape wire_api{.kind = custom, .noun = "a string", .check = check_wire_api};
constexpr Member provider_members[] = {{"name", &text, built, true},
                                       {"base_url", &text},
                                       {"env_key", &text},
                                       {"env_key_instructions", &text},
                                       {"experimental_bearer_token", &text},
                                       {"wire_api", &wire_api},
                                       {"query_params", &text_map},
                                       {"http_headers", &text_map},
                                       {"env_http_headers", &text_map},
                                       {"request_max_retries", &u64},
                                       {"stream_max_retries", &u64},
                                       {"stream_idle_timeout_ms", &u64},
                                       {"requires_openai_auth", &flag},
                                       {"supports_websockets", &flag}};
constexpr Shape provider = record_of("struct ModelProviderInfo", provider_members);
constexpr Shape providers = map_of(provider);

constexpr Shape timeout{.kind = real, .noun = "f64", .check = check_seconds};
constexpr Member mcp_members[] = {{"command", &text},
                                  {"args", &texts},
                                  {"env", &text_map},
                                  {"env_vars", &texts},
                                  {"cwd", &file},
                                  {"url", &text},
                                  {"bearer_token", &text},
                                  {"bearer_token_env_var", &text},
                                  {"http_headers", &text_map},
                                  {"env_http_headers", &text_map},
                                  {"startup_timeout_sec", &seconds},
                                  {"startup_timeout_ms", &u64},
                                  {"tool_timeout_sec", &timeout},
                                  {"enabled", &flag},
                                  {"required", &flag},
                                  {"enabled_tools", &texts},
                                  {"disabled_tools", &texts},
                                  {"scopes", &texts},
                                  {"oauth_resource", &text}};
constexpr Shape mcp_server{
    .kind = record, .noun = "struct RawMcpServerConfig", .members = mcp_members, .check = check_mcp_transport};
constexpr Shape mcp_servers = map_of(mcp_server);

constexpr Member tools_members[] = {{"web_search", &flag}, {"view_image", &flag}};
constexpr Shape tools = record_of("struct ToolsToml", tools_members);

constexpr Member workspace_members[] = {{"writable_roots", &files},
                                        {"network_access", &flag},
                                        {"exclude_tmpdir_env_var", &flag},
                                        {"exclude_slash_tmp", &flag}};
constexpr Shape workspace = record_of("struct SandboxWorkspaceWrite", workspace_members);

constexpr Member network_members[] = {{"enabled", &flag},
                                      {"proxy_url", &text},
                                      {"enable_socks5", &flag},
                                      {"socks_url", &text},
                                      {"enable_socks5_udp", &flag},
                                      {"admin_url", &text},
                                      {"allow_upstream_proxy", &flag},
                                      {"dangerously_allow_non_loopback_proxy", &flag},
                                      {"dangerously_allow_non_loopback_admin", &flag},
                                      {"dangerously_allow_all_unix_sockets", &flag},
                                      {"mode", &network_mode},
                                      {"allowed_domains", &texts},
                                      {"denied_domains", &texts},
                                      {"allow_unix_sockets", &texts},
                                      {"allow_local_binding", &flag}};
constexpr Shape network = record_of("struct NetworkToml", network_members);
constexpr Member permissions_members[] = {{"network", &network}};  // refused when enabled: config.cc
constexpr Shape permissions = record_of("struct PermissionsToml", permissions_members);

constexpr Member environment_members[] = {{"inherit", &inherit},    {"ignore_default_excludes", &flag},
                                          {"exclude", &texts},      {"set", &text_map},
                                          {"include_only", &texts}, {"experimental_use_profile", &flag, inert}};
constexpr Shape environment = record_of("struct ShellEnvironmentPolicyToml", environment_members);

constexpr Member project_members[] = {{"trust_level", &trust}};
constexpr Shape project = record_of("struct ProjectConfig", project_members);
constexpr Shape projects = map_of(project);

constexpr Member ghost_members[] = {
    {"ignore_large_untracked_files", &i64}, {"ignore_large_untracked_dirs", &i64}, {"disable_warnings", &flag}};
constexpr Shape ghost_snapshot = record_of("struct GhostSnapshotToml", ghost_members);

constexpr Member windows_members[] = {{"sandbox", &windows_sandbox}};
constexpr Shape windows = record_of("struct WindowsToml", windows_members);

constexpr Member history_members[] = {{"persistence", &persistence, built, true}, {"max_bytes", &usize}};
constexpr Shape history = record_of("struct History", history_members);

constexpr Member role_members[] = {{"description", &text}, {"config_file", &file}};
constexpr Shape role = record_of("struct AgentRoleToml", role_members);
constexpr Member agents_members[] = {{"max_threads", &usize}, {"max_depth", &i32}, {"job_max_runtime_seconds", &u64}};
constexpr Shape agents = open_record("struct AgentsToml", agents_members, role);

constexpr Member memories_members[] = {{"generate_memories", &flag, not_yet},
                                       {"use_memories", &flag},
                                       {"no_memories_if_mcp_or_web_search", &flag, not_yet},
                                       {"max_raw_memories_for_consolidation", &usize, not_yet},
                                       {"max_unused_days", &i64, not_yet},
                                       {"max_rollout_age_days", &i64, not_yet},
                                       {"max_rollouts_per_startup", &usize, not_yet},
                                       {"min_rollout_idle_hours", &i64, not_yet},
                                       {"extract_model", &text, not_yet},
                                       {"consolidation_model", &text, not_yet}};
constexpr Shape memories = record_of("struct MemoriesToml", memories_members);

constexpr Member skill_members[] = {{"path", &file, built, true}, {"enabled", &flag, built, true}};
constexpr Shape skill = record_of("struct SkillConfig", skill_members);
constexpr Shape skill_list = list_of(skill);
constexpr Member skills_members[] = {{"config", &skill_list}};
constexpr Shape skills = record_of("struct SkillsConfig", skills_members);

constexpr Member plugin_members[] = {{"path", &file}, {"enabled", &flag}};
constexpr Shape plugin = record_of("struct PluginConfig", plugin_members);
constexpr Shape plugins = map_of(plugin);

constexpr Member app_tool_members[] = {{"enabled", &flag}, {"approval_mode", &app_approval}};
constexpr Shape app_tool = record_of("struct AppToolConfig", app_tool_members);
constexpr Shape app_tools = open_record("struct AppToolsConfig", {}, app_tool);
constexpr Member app_members[] = {{"enabled", &flag},
                                  {"destructive_enabled", &flag},
                                  {"open_world_enabled", &flag},
                                  {"default_tools_enabled", &flag},
                                  {"default_tools_approval_mode", &app_approval},
                                  {"tools", &app_tools}};
constexpr Shape app = record_of("struct AppConfig", app_members);
constexpr Member app_default_members[] = {
    {"enabled", &flag}, {"destructive_enabled", &flag}, {"open_world_enabled", &flag}};
constexpr Shape app_default = record_of("struct AppsDefaultConfig", app_default_members);
constexpr Member apps_members[] = {{"_default", &app_default}};
constexpr Shape apps = open_record("struct AppsConfigToml", apps_members, app);

constexpr Shape notifications{.kind = custom, .noun = "", .check = check_notifications};
constexpr Shape nux = open_record("struct ModelAvailabilityNuxConfig", {}, u32);
constexpr Member tui_members[] = {{"notifications", &notifications},
                                  {"notification_method", &notification_method},
                                  {"animations", &flag},
                                  {"show_tooltips", &flag},
                                  {"alternate_screen", &screen},
                                  {"status_line", &texts},
                                  {"theme", &text},
                                  {"model_availability_nux", &nux}};
constexpr Shape tui = record_of("struct Tui", tui_members);

constexpr Member notice_members[] = {{"hide_full_access_warning", &flag},
                                     {"hide_world_writable_warning", &flag},
                                     {"hide_rate_limit_model_nudge", &flag},
                                     {"hide_gpt5_1_migration_prompt", &flag},
                                     {"hide_gpt-5.1-codex-max_migration_prompt", &flag},
                                     {"model_migrations", &text_map}};
constexpr Shape notice = record_of("struct Notice", notice_members);

constexpr Member analytics_members[] = {{"enabled", &flag}};
constexpr Shape analytics = record_of("struct AnalyticsConfigToml", analytics_members);
constexpr Shape feedback = record_of("struct FeedbackConfigToml", analytics_members);

constexpr Member tls_members[] = {
    {"ca-certificate", &file}, {"client-certificate", &file}, {"client-private-key", &file}};
constexpr Shape tls = record_of("struct OtelTlsConfig", tls_members);
constexpr Member http_members[] = {
    {"endpoint", &text, built, true}, {"protocol", &protocol, built, true}, {"headers", &text_map}, {"tls", &tls}};
constexpr Member grpc_members[] = {{"endpoint", &text, built, true}, {"headers", &text_map}, {"tls", &tls}};
constexpr Shape otlp_http = record_of("struct variant OtelExporterKind::OtlpHttp", http_members);
constexpr Shape otlp_grpc = record_of("struct variant OtelExporterKind::OtlpGrpc", grpc_members);
constexpr Member exporter_members[] = {{"otlp-http", &otlp_http}, {"otlp-grpc", &otlp_grpc}};
constexpr Shape exporter{
    .kind = tagged, .noun = "struct variant", .members = exporter_members, .variants = exporter_names};
constexpr Member otel_members[] = {{"environment", &text},
                                   {"log_user_prompt", &flag},
                                   {"exporter", &exporter},
                                   {"trace_exporter", &exporter},
                                   {"metrics_exporter", &exporter}};
constexpr Shape otel = record_of("struct OtelConfigToml", otel_members);

constexpr Member audio_members[] = {{"microphone", &text}, {"speaker", &text}};
constexpr Shape audio = record_of("struct RealtimeAudioToml", audio_members);

constexpr Shape features = open_record("struct FeaturesToml", {}, flag);

constexpr Member profile_members[] = {{"model", &text},
                                      {"service_tier", &tier},
                                      {"model_provider", &text},
                                      {"approval_policy", &approval},
                                      {"sandbox_mode", &sandbox_mode},
                                      {"model_reasoning_effort", &effort},
                                      {"plan_mode_reasoning_effort", &effort, not_yet},
                                      {"model_reasoning_summary", &summary},
                                      {"model_verbosity", &verbosity},
                                      {"personality", &personality},
                                      {"chatgpt_base_url", &text, not_yet},
                                      {"model_instructions_file", &file},
                                      {"model_catalog_json", &file},
                                      {"experimental_instructions_file", &file, inert},
                                      {"experimental_compact_prompt_file", &file},
                                      {"js_repl_node_path", &file, not_yet},
                                      {"js_repl_node_module_dirs", &files, not_yet},
                                      {"zsh_path", &file, not_yet},
                                      {"include_apply_patch_tool", &flag},
                                      {"experimental_use_unified_exec_tool", &flag},
                                      {"experimental_use_freeform_apply_patch", &flag},
                                      {"tools_web_search", &flag},
                                      {"tools_view_image", &flag},
                                      {"web_search", &web_search},
                                      {"analytics", &analytics, inert},
                                      {"windows", &windows, inert},
                                      {"features", &features},
                                      {"oss_provider", &text}};
constexpr Shape profile = record_of("struct ConfigProfile", profile_members);
constexpr Shape profiles = map_of(profile);

// --- the top level (cli-config.md 6.1-6.4)

constexpr Member top_members[] = {
    {"model", &text},
    {"review_model", &text, not_yet},
    {"model_provider", &text},
    {"model_providers", &providers},
    {"oss_provider", &text},
    {"model_context_window", &i64},
    {"model_auto_compact_token_limit", &i64},
    {"model_reasoning_effort", &effort},
    {"plan_mode_reasoning_effort", &effort, not_yet},
    {"model_reasoning_summary", &summary},
    {"model_supports_reasoning_summaries", &flag},
    {"model_verbosity", &verbosity},
    {"service_tier", &tier},
    {"personality", &personality},
    {"model_instructions_file", &file},
    {"model_catalog_json", &file},
    {"instructions", &text, inert},
    {"developer_instructions", &text},
    {"compact_prompt", &text},
    {"experimental_compact_prompt_file", &file},
    {"commit_attribution", &text},
    {"tool_output_token_limit", &usize},
    {"web_search", &web_search},
    {"tools", &tools},
    {"experimental_use_unified_exec_tool", &flag},
    {"experimental_use_freeform_apply_patch", &flag},
    {"approval_policy", &approval},
    {"sandbox_mode", &sandbox_mode},
    {"sandbox_workspace_write", &workspace},
    {"permissions", &permissions},
    {"allow_login_shell", &flag},
    {"shell_environment_policy", &environment},
    {"background_terminal_max_timeout", &u64},
    {"zsh_path", &file, not_yet},
    {"js_repl_node_path", &file, not_yet},
    {"js_repl_node_module_dirs", &files, not_yet},
    {"projects", &projects},
    {"ghost_snapshot", &ghost_snapshot, not_yet},
    {"windows", &windows, inert},
    {"windows_wsl_setup_acknowledged", &flag, inert},
    {"project_doc_max_bytes", &usize},
    {"project_doc_fallback_filenames", &texts},
    {"project_root_markers", &texts},
    {"history", &history, inert},
    {"agents", &agents, not_yet},
    {"memories", &memories},
    {"skills", &skills, not_yet},
    {"plugins", &plugins, not_yet},
    {"mcp_servers", &mcp_servers, not_yet},
    {"mcp_oauth_credentials_store", &mcp_store, not_yet},
    {"mcp_oauth_callback_port", &u16, not_yet},
    {"mcp_oauth_callback_url", &text, not_yet},
    {"apps", &apps, not_yet},
    {"cli_auth_credentials_store", &credentials_store},
    {"forced_login_method", &login_method},
    {"forced_chatgpt_workspace_id", &text, not_yet},
    {"chatgpt_base_url", &text, not_yet},
    {"notify", &texts, not_yet},
    {"file_opener", &opener, inert},
    {"hide_agent_reasoning", &flag},
    {"show_raw_agent_reasoning", &flag},
    {"tui", &tui, inert},
    {"disable_paste_burst", &flag, inert},
    {"check_for_update_on_startup", &flag, inert},
    {"suppress_unstable_features_warning", &flag},
    {"notice", &notice, inert},
    {"log_dir", &file, not_yet},
    {"sqlite_home", &file, not_yet},
    {"analytics", &analytics, inert},
    {"feedback", &feedback, inert},
    {"otel", &otel, inert},
    {"audio", &audio, inert},
    {"experimental_realtime_ws_base_url", &text, not_yet},
    {"experimental_realtime_ws_model", &text, not_yet},
    {"experimental_realtime_ws_backend_prompt", &text, not_yet},
    {"profile", &text},
    {"profiles", &profiles},
    {"features", &features},
    {"experimental_instructions_file", &file, inert},  // reported as a deprecation: notices.cc
    {"openai_base_url", &text},
};
constexpr Shape top = record_of("a table", top_members);

// --- what is read before layers are merged

constexpr Shape early_trust{.kind = choice, .noun = table_parser_noun, .variants = trust_names};
constexpr Member early_project_members[] = {{"trust_level", &early_trust}};
constexpr Shape early_project = record_of("struct ProjectConfig", early_project_members);
constexpr Shape early_projects = map_of(early_project);
constexpr Member bootstrap_members[] = {{"projects", &early_projects}, {"project_root_markers", &texts}};
constexpr Shape bootstrap = record_of("a table", bootstrap_members);

// --- requirements.toml

constexpr Shape required_sandbox{.kind = choice, .noun = table_parser_noun, .variants = required_sandbox_names};
constexpr Shape required_approval{
    .kind = tagged, .noun = table_parser_noun, .members = approval_members, .variants = approval_names};
constexpr Shape required_web{.kind = choice, .noun = table_parser_noun, .variants = web_names};
constexpr Shape residency{.kind = choice, .noun = table_parser_noun, .variants = residency_names};
constexpr Shape required_sandboxes = list_of(required_sandbox);
constexpr Shape required_approvals = list_of(required_approval);
constexpr Shape required_webs = list_of(required_web);
constexpr Shape required_features = open_record("struct FeatureRequirementsToml", {}, flag);
}  // namespace keys

const Shape& config_shape() { return keys::top; }
const Shape& bootstrap_shape() { return keys::bootstrap; }

const Shape& requirements_shape() {
  static constexpr Shape data{.kind = ShapeKind::custom, .noun = ""};  // checked by whoever uses it
  static constexpr Member members[] = {
      {"allowed_approval_policies", &keys::required_approvals},
      {"allowed_sandbox_modes", &keys::required_sandboxes},
      {"allowed_web_search_modes", &keys::required_webs},
      {"features", &keys::required_features},
      {"feature_requirements", &keys::required_features},
      {"enforce_residency", &keys::residency},
      {"mcp_servers", &data},
      {"rules", &data},
      {"experimental_network", &data},
  };
  static constexpr Shape shape = keys::record_of("a table", members);
  return shape;
}

}  // namespace burin::config

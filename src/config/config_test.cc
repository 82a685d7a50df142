#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fake_files.h"

namespace burin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::AskForApproval;

/// A home, a git project and its folders, in memory.
class LoadConfig : public testing::Test {
 protected:
  LoadConfig() : env({{"HOME", "/u"}}) {
    EXPECT_TRUE(files.make_dirs("/h"));
    EXPECT_TRUE(files.make_dirs("/p/.git"));
    EXPECT_TRUE(files.make_dirs("/p/sub/deep"));
  }

  void user(std::string_view text) { files.put("/h/config.toml", text); }
  void system(std::string_view text) { files.put("/etc/codex/config.toml", text); }
  void managed(std::string_view text) { files.put("/etc/codex/managed_config.toml", text); }
  void requirements(std::string_view text) { files.put("/etc/codex/requirements.toml", text); }
  void project(std::string_view dir, std::string_view text) {
    files.put(std::string(dir) + "/.codex/config.toml", text);
  }
  void flags(const std::vector<std::string>& texts) {
    auto parsed = parse_overrides(texts);
    ASSERT_TRUE(parsed) << parsed.error().report();
    typed.layers = *parsed;
  }
  Config loaded() {
    auto config = load_config(files, env, "/h", cwd, typed);
    EXPECT_TRUE(config) << (config ? "" : config.error().report());
    return config ? *std::move(config) : Config{};
  }
  std::string error() {
    auto config = load_config(files, env, "/h", cwd, typed);
    EXPECT_FALSE(config);
    return config ? "" : config.error().report();
  }

  io::MemFiles files;
  io::Environment env;
  ConfigOverrides typed;
  std::string cwd = "/p";
};

constexpr std::string_view trust_p = "[projects.\"/p\"]\ntrust_level = \"trusted\"\n";

TEST_F(LoadConfig, DefaultsOfAnEmptyHome) {
  const Config c = loaded();
  EXPECT_EQ(c.model, std::nullopt);
  EXPECT_EQ(c.provider.id, "openai");
  EXPECT_EQ(c.approval_policy, AskForApproval::on_request());
  EXPECT_EQ(c.sandbox_mode, SandboxMode::read_only);
  EXPECT_EQ(mode_of(c.sandbox_policy), SandboxMode::read_only);
  EXPECT_EQ(c.web_search, WebSearchMode::cached);
  EXPECT_EQ(c.personality, wire::Personality::pragmatic);
  EXPECT_TRUE(c.allow_login_shell);
  EXPECT_EQ(c.background_terminal_max_timeout, 300'000u);
  EXPECT_EQ(c.project_doc_max_bytes, 32'768u);
  EXPECT_THAT(c.project_root_markers, ElementsAre(".git"));
  EXPECT_EQ(c.project_root, "/p");
  EXPECT_EQ(c.user_file, "/h/config.toml");
  EXPECT_TRUE(c.view_image);
  EXPECT_THAT(c.warnings, ElementsAre());
  EXPECT_THAT(c.startup_warnings, ElementsAre());
  EXPECT_TRUE(c.deprecations.empty());
}

TEST_F(LoadConfig, ReadsEverySettingThatIsUsed) {
  user(R"(
model = "m"
model_provider = "mine"
model_context_window = 1000
model_auto_compact_token_limit = 900
model_reasoning_effort = "xhigh"
model_reasoning_summary = "auto"
model_supports_reasoning_summaries = true
model_verbosity = "low"
service_tier = "flex"
personality = "friendly"
model_instructions_file = "base.md"
developer_instructions = "dev"
model_catalog_json = "~/models.json"
tool_output_token_limit = 77
web_search = "live"
approval_policy = { reject = { sandbox_approval = true, rules = false, mcp_elicitations = true } }
sandbox_mode = "workspace-write"
allow_login_shell = false
background_terminal_max_timeout = 10
project_doc_max_bytes = 5
project_doc_fallback_filenames = ["A.md", " ", " B.md "]
project_root_markers = [".hg"]
hide_agent_reasoning = true
show_raw_agent_reasoning = true
cli_auth_credentials_store = "auto"
forced_login_method = "api"
[tools]
view_image = false
[sandbox_workspace_write]
writable_roots = ["rel", "~/y", "/a/../z"]
network_access = true
exclude_tmpdir_env_var = true
exclude_slash_tmp = true
[shell_environment_policy]
inherit = "core"
ignore_default_excludes = false
exclude = ["X*"]
include_only = ["P*"]
set = { A = "1" }
[model_providers.mine]
name = "Mine"
)");
  files.put("/h/base.md", " base text \n");
  files.put("/u/models.json", R"({"models":[{"slug":"m"}]})");
  typed.add_dirs = {"extra", "/abs"};
  const Config c = loaded();
  EXPECT_EQ(c.model, "m");
  EXPECT_EQ(c.provider.name, "Mine");
  EXPECT_EQ(c.model_context_window, 1000);
  EXPECT_EQ(c.model_auto_compact_token_limit, 900);
  EXPECT_EQ(c.model_reasoning_effort, wire::ReasoningEffort::xhigh);
  EXPECT_EQ(c.model_reasoning_summary, wire::ReasoningSummary::auto_);
  EXPECT_EQ(c.model_supports_reasoning_summaries, true);
  EXPECT_EQ(c.model_verbosity, wire::Verbosity::low);
  EXPECT_EQ(c.service_tier, wire::ServiceTier::flex);
  EXPECT_EQ(c.personality, wire::Personality::friendly);
  EXPECT_EQ(c.base_instructions, "base text");
  EXPECT_EQ(c.developer_instructions, "dev");
  ASSERT_NE(c.model_catalog, nullptr);
  EXPECT_EQ(c.model_catalog_path, "/u/models.json");
  EXPECT_EQ(c.tool_output_token_limit, 77);
  EXPECT_EQ(c.web_search, WebSearchMode::live);
  EXPECT_EQ(c.approval_policy, (AskForApproval{wire::ApprovalMode::reject, {true, false, true}}));
  const auto* workspace = std::get_if<wire::WorkspaceWrite>(&c.sandbox_policy);
  ASSERT_NE(workspace, nullptr);
  EXPECT_THAT(workspace->writable_roots, ElementsAre("/h/rel", "/u/y", "/z", "/h/memories", "/p/extra", "/abs"));
  EXPECT_TRUE(workspace->network_access && workspace->exclude_tmpdir_env_var && workspace->exclude_slash_tmp);
  EXPECT_FALSE(c.allow_login_shell);
  EXPECT_EQ(c.background_terminal_max_timeout, 5000u);
  EXPECT_EQ(c.project_doc_max_bytes, 5u);
  EXPECT_THAT(c.project_doc_fallback_filenames, ElementsAre("A.md", "B.md"));
  EXPECT_THAT(c.project_root_markers, ElementsAre(".hg"));
  EXPECT_TRUE(c.hide_agent_reasoning && c.show_raw_agent_reasoning);
  EXPECT_EQ(c.cli_auth_credentials_store, CredentialsStore::automatic);
  EXPECT_EQ(c.forced_login_method, LoginMethod::api);
  EXPECT_FALSE(c.view_image);
  EXPECT_EQ(c.shell_environment_policy, (ShellEnvironmentPolicy{.inherit = ShellEnvironmentPolicy::Inherit::core,
                                                                .ignore_default_excludes = false,
                                                                .exclude = {"X*"},
                                                                .set = {{"A", "1"}},
                                                                .include_only = {"P*"}}));
  EXPECT_THAT(c.warnings, ElementsAre());
}

// Unknown keys are tolerated at every level.
TEST_F(LoadConfig, UnknownKeysAreIgnored) {
  user(
      "zip = 1\n[features]\nbogus = true\n[sandbox_workspace_write]\nq = 1\n[model_providers.x]\nname = 'x'\nq = 2\n"
      "[profiles.p]\nq = []\n[tui]\nq = 1\n");
  flags({"totally_unknown=1"});
  EXPECT_THAT(loaded().warnings, ElementsAre());
}

TEST_F(LoadConfig, WhatIsNotBuiltYetIsSaid) {
  user(
      "notify = ['x']\n[mcp_servers.a]\ncommand = 'c'\n[tui]\ntheme = 'x'\n[history]\npersistence = 'none'\n"
      "[profiles.on]\nzsh_path = 'z'\n[profiles.off]\nzsh_path = 'z'\n");
  flags({"review_model=x", "profile=on", "features.multi_agent=true"});
  EXPECT_THAT(loaded().warnings,
              ElementsAre("`mcp_servers` is set in /h/config.toml:2 but this version does not use it yet",
                          "`notify` is set in /h/config.toml:1 but this version does not use it yet",
                          "`profiles.on.zsh_path` is set in /h/config.toml:9 but this version does not use it yet",
                          "`review_model` is set in the command line but this version does not use it yet",
                          "feature `multi_agent` is enabled but not available in this version"));
}

TEST_F(LoadConfig, SyntaxErrorsNameTheFile) {
  user("model = \"x\n");
  EXPECT_EQ(error(),
            "Error loading config.toml:\n/h/config.toml:1:11: invalid basic string, expected `\"`\n  |\n"
            "1 | model = \"x\n  |           ^");
  user("");
  system("a = x\n");
  EXPECT_THAT(error(), HasSubstr("/etc/codex/config.toml:1:5: string values must be quoted"));
}

// Vector `bad-config`: the message ends with a newline, printing adds one more.
TEST_F(LoadConfig, TypeErrorsNameTheKey) {
  user("model = 5\n");
  EXPECT_EQ(error(), "Error loading config.toml: invalid type: integer `5`, expected a string\nin `model`\n");
  auto located = load_config(files, env, "/h", cwd, typed).error().where;
  ASSERT_TRUE(located);
  EXPECT_THAT(render_located(*located),
              HasSubstr("/h/config.toml:1:9: invalid type: integer `5`, expected a string\n"));
  user("");
  flags({"model=5"});
  EXPECT_EQ(error(), "Error loading config.toml: invalid type: integer `5`, expected a string\nin `model`\n");
  EXPECT_FALSE(load_config(files, env, "/h", cwd, typed).error().where);
  flags({"model.x=3"});
  EXPECT_EQ(error(), "Error loading config.toml: invalid type: map, expected a string\nin `model`\n");
}

// The two keys that stacking needs are read from their file, so they have a place.
TEST_F(LoadConfig, BootstrapKeysHaveAPlace) {
  user("projects=3\n");
  EXPECT_EQ(error(),
            "Error loading config.toml:\n/h/config.toml:1:10: invalid type: integer `3`, expected a map\n  |\n"
            "1 | projects=3\n  |          ^");
  user("[projects.\"/x\"]\ntrust_level=\"zip\"\n");
  EXPECT_THAT(error(), HasSubstr("/h/config.toml:2:13: unknown variant `zip`, expected `trusted` or `untrusted`\n"));
  user("[projects.\"/x\"]\nfoo=1\ntrust_level=[\n1,\n2]\n");
  EXPECT_EQ(error(),
            "Error loading config.toml:\n/h/config.toml:3:13: wanted string or table\n  |\n3 | trust_level=[\n"
            "  |             ^");
  user("project_root_markers=[1]\n");
  EXPECT_THAT(error(), HasSubstr("/h/config.toml:1:23: invalid type: integer `1`, expected a string\n"));
  user("");
  flags({"project_root_markers=3"});
  EXPECT_EQ(error(), "Error loading config.toml: project_root_markers must be an array of strings");
  flags({"projects=3"});
  EXPECT_EQ(error(), "Error loading config.toml: invalid type: integer `3`, expected a map\nin `projects`\n");
}

TEST_F(LoadConfig, UnreadableFiles) {
  ASSERT_TRUE(files.make_dirs("/h/config.toml"));
  EXPECT_EQ(error(),
            "Error loading config.toml: Failed to read config file /h/config.toml: Is a directory (os error 21)");
  ASSERT_TRUE(files.remove_tree("/h/config.toml"));
  user("a=\"\xff\"\n");
  EXPECT_EQ(error(),
            "Error loading config.toml: Failed to read config file /h/config.toml: stream did not contain valid UTF-8");
}

TEST_F(LoadConfig, DerivingErrors) {
  const auto with = [&](std::string_view text) {
    user(text);
    return error();
  };
  EXPECT_EQ(with("profile='zip'"), "Error: config profile `zip` not found");
  EXPECT_EQ(with("model_provider='zip'"), "Error: Model provider `zip` not found");
  EXPECT_EQ(with("model_instructions_file='nope.md'"),
            "Error: failed to read model instructions file /h/nope.md: No such file or directory (os error 2)");
  files.put("/h/empty.md", " \n");
  EXPECT_EQ(with("model_instructions_file='empty.md'"), "Error: model instructions file is empty: /h/empty.md");
  EXPECT_EQ(with("experimental_compact_prompt_file='nope'"),
            "Error: failed to read experimental compact prompt file /h/nope: No such file or directory (os error 2)");
  EXPECT_EQ(with("experimental_compact_prompt_file='empty.md'"),
            "Error: experimental compact prompt file is empty: /h/empty.md");
  EXPECT_THAT(with("model_catalog_json='nope.json'"), HasSubstr("No such file or directory (os error 2)"));
  files.put("/h/c.json", "{\"models\":[]}");
  EXPECT_EQ(with("model_catalog_json='c.json'"),
            "Error: model_catalog_json path `/h/c.json` must contain at least one model");
  files.put("/h/c.json", "{\"models\"");
  EXPECT_THAT(with("model_catalog_json='c.json'"),
              HasSubstr("Error: failed to parse model_catalog_json path `/h/c.json` as JSON: "));
  files.put("/h/c.json", "{\"x\":1}");
  EXPECT_THAT(with("model_catalog_json='c.json'"), HasSubstr("as JSON: missing field `models`"));
  EXPECT_EQ(with("[agents]\nmax_threads=0"), "Error: agents.max_threads must be at least 1");
  EXPECT_EQ(with("[agents]\njob_max_runtime_seconds=0"), "Error: agents.job_max_runtime_seconds must be at least 1");
  EXPECT_EQ(with("[agents.r]\nconfig_file='nope.toml'"),
            "Error: agents.r.config_file must point to an existing file at /h/nope.toml: No such file or directory (os "
            "error 2)");
  EXPECT_THAT(with("[permissions.network]\nenabled=true"), HasSubstr("not supported"));
  user("[permissions.network]\nenabled=false");
  EXPECT_TRUE(load_config(files, env, "/h", cwd, typed));
}

TEST_F(LoadConfig, CompactPrompt) {
  files.put("/h/c.md", "from file\n");
  user("experimental_compact_prompt_file='c.md'\ncompact_prompt=' '\n");
  EXPECT_EQ(loaded().compact_prompt, "from file");
  user("experimental_compact_prompt_file='c.md'\ncompact_prompt=' own '\n");
  EXPECT_EQ(loaded().compact_prompt, "own");
  EXPECT_TRUE(loaded().use_memories);
  EXPECT_TRUE(loaded().save_messages);
  user("[history]\npersistence='none'\nmax_bytes=1000\n");
  EXPECT_FALSE(loaded().save_messages);
  EXPECT_EQ(loaded().max_history_bytes, 1000u);
  user("[memories]\nuse_memories=false\n");
  EXPECT_FALSE(loaded().use_memories);
}

TEST_F(LoadConfig, EnumsMayBeTables) {
  user("model_verbosity={high={}}\napproval_policy={never={}}\n");
  EXPECT_EQ(loaded().model_verbosity, wire::Verbosity::high);
  EXPECT_EQ(loaded().approval_policy, AskForApproval::never());
  user("model_verbosity={high=1}\n");
  EXPECT_EQ(error(), "Error loading config.toml: expected table, found integer\nin `model_verbosity`\n");
  user("approval_policy={reject={sandbox_approval=true,rules=true,mcp_elicitations=true},never={}}\n");
  EXPECT_EQ(error(),
            "Error loading config.toml: wanted exactly 1 element, more than 1 element\nin `approval_policy`\n");
}

TEST_F(LoadConfig, Oss) {
  typed.oss = true;
  EXPECT_EQ(error(),
            "Error: No default OSS provider configured. Use --local-provider=provider or set oss_provider to one of: "
            "lmstudio, ollama in config.toml");
  user("oss_provider='lmstudio'\nmodel_provider='zip'\n[profiles.p]\noss_provider='ollama'\n");
  EXPECT_EQ(loaded().provider.id, "lmstudio");
  EXPECT_EQ(loaded().model, "openai/gpt-oss-20b");
  typed.profile = "p";
  EXPECT_EQ(loaded().provider.id, "ollama");
  typed.local_provider = "lmstudio";
  typed.model = "own";
  EXPECT_EQ(loaded().provider.id, "lmstudio");
  EXPECT_EQ(loaded().model, "own");
  typed.local_provider = "zip";
  EXPECT_EQ(error(), "Error: Model provider `zip` not found");
}

// A profile beats -c for the keys it sets, and loses to typed options (cli-config.md 5.6, 11).
TEST_F(LoadConfig, ProfilePrecedence) {
  user(
      "model='top'\nmodel_verbosity='low'\n[profiles.a]\nmodel='pa'\nfeatures={plugins=true}\n[profiles.b]\n"
      "model='pb'\n");
  flags({"model=flag", "model_verbosity=high"});
  EXPECT_EQ(loaded().model, "flag");
  typed.profile = "a";
  EXPECT_EQ(loaded().model, "pa");
  EXPECT_EQ(loaded().model_verbosity, wire::Verbosity::high);
  EXPECT_TRUE(loaded().features.enabled(Feature::plugins));
  typed.model = "typed";
  EXPECT_EQ(loaded().model, "typed");
  typed.model.reset();
  typed.profile.reset();
  flags({"profile=b"});
  EXPECT_EQ(loaded().model, "pb");
  EXPECT_EQ(loaded().profile, "b");
  typed.profile = "a";
  EXPECT_EQ(loaded().model, "pa");
}

TEST_F(LoadConfig, EveryProfileKeyIsHonoured) {
  user(R"(
[profiles.p]
model_provider = "ollama"
approval_policy = "on-failure"
sandbox_mode = "danger-full-access"
model_reasoning_effort = "low"
model_reasoning_summary = "none"
model_verbosity = "high"
service_tier = "fast"
personality = "none"
model_instructions_file = "b.md"
web_search = "disabled"
tools_view_image = false
include_apply_patch_tool = true
experimental_use_unified_exec_tool = false
)");
  files.put("/h/b.md", "b");
  typed.profile = "p";
  const Config c = loaded();
  EXPECT_EQ(c.provider.id, "ollama");
  EXPECT_EQ(c.approval_policy, AskForApproval::on_failure());
  EXPECT_EQ(mode_of(c.sandbox_policy), SandboxMode::danger_full_access);
  EXPECT_EQ(c.model_reasoning_effort, wire::ReasoningEffort::low);
  EXPECT_EQ(c.model_reasoning_summary, wire::ReasoningSummary::none);
  EXPECT_EQ(c.model_verbosity, wire::Verbosity::high);
  EXPECT_EQ(c.service_tier, wire::ServiceTier::fast);
  EXPECT_EQ(c.personality, wire::Personality::none);
  EXPECT_EQ(c.base_instructions, "b");
  EXPECT_EQ(c.web_search, WebSearchMode::disabled);
  EXPECT_FALSE(c.view_image);
  EXPECT_TRUE(c.features.enabled(Feature::apply_patch_freeform));
  EXPECT_FALSE(c.features.enabled(Feature::unified_exec));
}

TEST_F(LoadConfig, TypedModes) {
  typed.full_auto = true;
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::workspace_write);
  EXPECT_EQ(loaded().approval_policy, AskForApproval::on_request());
  typed.approval_policy = AskForApproval::never();  // as exec sets it
  EXPECT_EQ(loaded().approval_policy, AskForApproval::never());
  typed = {};
  typed.bypass = true;
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::danger_full_access);
  EXPECT_EQ(loaded().approval_policy, AskForApproval::never());
  user("approval_policy='untrusted'\nsandbox_mode='read-only'\n[profiles.p]\nsandbox_mode='danger-full-access'\n");
  typed = {};
  typed.sandbox_mode = SandboxMode::workspace_write;
  typed.profile = "p";
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::workspace_write);
  EXPECT_EQ(loaded().approval_policy, AskForApproval::untrusted());
}

TEST_F(LoadConfig, DefaultsDependOnTrust) {
  user(trust_p);
  EXPECT_EQ(loaded().trust, Trust::trusted);
  EXPECT_EQ(loaded().approval_policy, AskForApproval::on_request());
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::workspace_write);
  user("[projects.\"/p\"]\ntrust_level = \"untrusted\"\n");
  EXPECT_EQ(loaded().approval_policy, AskForApproval::untrusted());
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::workspace_write);
  user("[projects.\"/p\"]\n");
  EXPECT_EQ(loaded().trust, std::nullopt);
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::read_only);
}

TEST_F(LoadConfig, WebSearch) {
  const auto mode = [&](std::string_view text) {
    user(text);
    return loaded().web_search;
  };
  EXPECT_EQ(mode("[features]\nweb_search_request=true\n"), WebSearchMode::live);
  EXPECT_EQ(mode("[features]\nweb_search_request=true\nweb_search_cached=true\n"), WebSearchMode::cached);
  EXPECT_EQ(mode("[tools]\nweb_search=true\n"), WebSearchMode::live);
  EXPECT_EQ(mode("web_search='disabled'\n[tools]\nweb_search=true\n"), WebSearchMode::disabled);
  user("web_search='cached'");
  EXPECT_EQ(web_search_for_turn(loaded(), wire::ReadOnly{}), WebSearchMode::cached);
  EXPECT_EQ(web_search_for_turn(loaded(), wire::DangerFullAccess{}), WebSearchMode::live);
  user("web_search='disabled'");
  EXPECT_EQ(web_search_for_turn(loaded(), wire::DangerFullAccess{}), WebSearchMode::disabled);
  user("web_search='cached'");
  requirements("allowed_web_search_modes=['cached']");
  EXPECT_EQ(web_search_for_turn(loaded(), wire::DangerFullAccess{}), WebSearchMode::cached);
}

TEST_F(LoadConfig, PersonalityNeedsItsFeature) {
  user("[features]\npersonality=false\n");
  EXPECT_EQ(loaded().personality, std::nullopt);
}

TEST_F(LoadConfig, DeprecatedInstructionsFile) {
  user("experimental_instructions_file='x'\n");
  const Config c = loaded();
  ASSERT_EQ(c.deprecations.size(), 1u);
  EXPECT_EQ(c.deprecations[0].summary,
            "`experimental_instructions_file` is deprecated and ignored. Use `model_instructions_file` instead.");
  EXPECT_EQ(c.base_instructions, std::nullopt);
}

// Vector `legacy-feat`.
TEST_F(LoadConfig, NoticesOfLegacyFeatures) {
  user("[features]\nweb_search = true\ncollab = true\nplugins = true\n");
  const Config c = loaded();
  EXPECT_EQ(c.deprecations.size(), 2u);
  ASSERT_EQ(c.startup_warnings.size(), 1u);
  EXPECT_THAT(c.startup_warnings[0], HasSubstr("Under-development features enabled: plugins."));
  user("suppress_unstable_features_warning = true\n[features]\nplugins = true\n");
  EXPECT_THAT(loaded().startup_warnings, ElementsAre());
}

TEST_F(LoadConfig, FeatureFlagsOfTheCommandLine) {
  auto on = feature_override("plugins", true);
  auto off = feature_override("plugins", false);
  ASSERT_TRUE(on && off);
  typed.layers = {*on, *off};
  EXPECT_FALSE(loaded().features.enabled(Feature::plugins));
  typed.layers = {*off, *on};
  EXPECT_TRUE(loaded().features.enabled(Feature::plugins));
  EXPECT_EQ(feature_override("nope", true).error().report(), "Error: Unknown feature flag: nope");
}

}  // namespace
}  // namespace burin::config

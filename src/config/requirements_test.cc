// Managed constraints (cli-config.md 5.5, INV-9); the texts were observed on the reference (0.110).
#include "config/requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "io/fake_files.h"

namespace burin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::AskForApproval;

class ManagedConfig : public testing::Test {
 protected:
  ManagedConfig() { EXPECT_TRUE(files.make_dirs("/p/.git")); }
  void requirements(std::string_view text) { files.put("/etc/codex/requirements.toml", text); }
  void managed(std::string_view text) { files.put("/etc/codex/managed_config.toml", text); }
  void user(std::string_view text) { files.put("/h/config.toml", text); }
  Config loaded() {
    auto config = load_config(files, env, "/h", "/p", typed);
    EXPECT_TRUE(config) << (config ? "" : config.error().report());
    return config ? *std::move(config) : Config{};
  }
  std::string error() {
    auto config = load_config(files, env, "/h", "/p", typed);
    EXPECT_FALSE(config);
    return config ? "" : config.error().report();
  }
  io::MemFiles files;
  io::Environment env{{{"HOME", "/u"}}};
  ConfigOverrides typed;
};

TEST_F(ManagedConfig, ConfiguredSandboxOutside) {
  requirements("allowed_sandbox_modes=['read-only','workspace-write']\n");
  user("sandbox_mode='danger-full-access'\n");
  const Config c = loaded();
  EXPECT_EQ(c.sandbox_mode, SandboxMode::read_only);
  EXPECT_THAT(
      c.startup_warnings,
      ElementsAre("Configured value for `sandbox_mode` is disallowed by requirements; falling back to required "
                  "value ReadOnly { access: FullAccess, network_access: false }. Details: invalid value for "
                  "`sandbox_mode`: `DangerFullAccess` is not in the allowed set [ReadOnly, WorkspaceWrite] (set "
                  "by /etc/codex/requirements.toml)"));
}

TEST_F(ManagedConfig, TypedSandboxAndProfileOutside) {
  requirements("allowed_sandbox_modes=['read-only']\n");
  typed.sandbox_mode = SandboxMode::workspace_write;
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::read_only);
  EXPECT_EQ(loaded().startup_warnings.size(), 1u);
  typed = {};
  typed.bypass = true;
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::read_only);
  typed = {};
  typed.profile = "a";
  user("[profiles.a]\nsandbox_mode='workspace-write'\n");
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::read_only);
  EXPECT_EQ(loaded().startup_warnings.size(), 1u);
}

TEST_F(ManagedConfig, DefaultsFallBackSilently) {
  requirements("allowed_sandbox_modes=['read-only']\nallowed_approval_policies=['untrusted']\n");
  user("[projects.'/p']\ntrust_level='trusted'\n");
  const Config c = loaded();
  EXPECT_EQ(c.sandbox_mode, SandboxMode::read_only);
  EXPECT_EQ(c.approval_policy, AskForApproval::untrusted());
  EXPECT_THAT(c.startup_warnings, ElementsAre());
}

TEST_F(ManagedConfig, ConfiguredApprovalOutside) {
  requirements("allowed_approval_policies=['untrusted']\n");
  typed.approval_policy = AskForApproval::never();
  const Config c = loaded();
  EXPECT_EQ(c.approval_policy, AskForApproval::untrusted());
  EXPECT_THAT(
      c.startup_warnings,
      ElementsAre("Configured value for `approval_policy` is disallowed by requirements; falling back to required "
                  "value UnlessTrusted. Details: invalid value for `approval_policy`: `Never` is not in the "
                  "allowed set [UnlessTrusted] (set by /etc/codex/requirements.toml)"));
}

TEST_F(ManagedConfig, WebSearch) {
  requirements("allowed_web_search_modes=['cached']\n");
  user("web_search='live'\n");
  EXPECT_EQ(loaded().web_search, WebSearchMode::cached);
  EXPECT_THAT(
      loaded().startup_warnings,
      ElementsAre("Configured value for `web_search_mode` is disallowed by requirements; falling back to required "
                  "value Cached. Details: invalid value for `web_search_mode`: `Live` is not in the allowed set "
                  "[Disabled, Cached] (set by /etc/codex/requirements.toml)"));
  requirements("allowed_web_search_modes=[]\n");
  EXPECT_EQ(loaded().web_search, WebSearchMode::disabled);
  requirements("allowed_web_search_modes=['live']\n");
  user("");
  EXPECT_EQ(loaded().web_search, WebSearchMode::live);
  EXPECT_EQ(loaded().startup_warnings.size(), 1u);
}

TEST_F(ManagedConfig, Features) {
  requirements("[features]\nplugins=true\nshell_tool=false\n");
  user("[features]\nshell_tool=true\n");
  EXPECT_TRUE(loaded().features.enabled(Feature::plugins));
  EXPECT_FALSE(loaded().features.enabled(Feature::shell_tool));
  requirements("[feature_requirements]\nunified_exec=false\n");
  EXPECT_FALSE(loaded().features.enabled(Feature::unified_exec));
  requirements("[features]\nzip=true\n");
  EXPECT_EQ(error(), "Error: invalid `features` requirement `zip` from /etc/codex/requirements.toml");
}

TEST_F(ManagedConfig, Errors) {
  const auto with = [&](std::string_view text) {
    requirements(text);
    return error();
  };
  EXPECT_EQ(with("allowed_sandbox_modes=['workspace-write']\n"),
            "Error loading config.toml: invalid value for `allowed_sandbox_modes`: `[WorkspaceWrite]` is not in the "
            "allowed set must include 'read-only' to allow any SandboxPolicy (set by /etc/codex/requirements.toml)");
  EXPECT_EQ(with("allowed_approval_policies=[]\n"),
            "Error loading config.toml: field `allowed_approval_policies` cannot be empty");
  EXPECT_EQ(
      with("allowed_sandbox_modes=[\"zip\"]\n"),
      "Error loading config.toml: Error parsing requirements file /etc/codex/requirements.toml: TOML parse error at "
      "line 1, column 24\n  |\n1 | allowed_sandbox_modes=[\"zip\"]\n  |                        ^^^^^\n"
      "unknown variant `zip`, expected one of `read-only`, `workspace-write`, `danger-full-access`, "
      "`external-sandbox`\n");
  EXPECT_THAT(with("allowed_sandbox_modes=3\n"), HasSubstr("invalid type: integer `3`, expected a sequence\n"));
  EXPECT_THAT(with("enforce_residency=\"eu\"\n"), HasSubstr("unknown variant `eu`, expected `us`\n"));
  EXPECT_THAT(with("a=\"x\n"), HasSubstr("line 1, column 5\n"));
  EXPECT_THAT(with("[experimental_network]\nenabled=true\n"), HasSubstr("not supported"));
  EXPECT_THAT(with("[experimental_network]\nallowed_domains=['x']\n"), HasSubstr("not supported"));
}

TEST_F(ManagedConfig, DataForOthers) {
  requirements(
      "enforce_residency='us'\nunknown=1\n[mcp_servers.a.identity]\ncommand='x'\n[rules]\nprefix_rules=[]\n"
      "[experimental_network]\nenabled=false\n");
  const Config c = loaded();
  EXPECT_TRUE(c.requirements.us_residency);
  ASSERT_TRUE(c.requirements.mcp_servers);
  EXPECT_EQ(c.requirements.mcp_servers->find({"a", "identity", "command"})->text(), "x");
  EXPECT_TRUE(c.requirements.rules);
  EXPECT_THAT(c.warnings, ElementsAre(HasSubstr("`rules` is set in /etc/codex/requirements.toml")));
}

TEST_F(ManagedConfig, ManagedConfigPinsItsValues) {
  managed("model='mm'\napproval_policy='untrusted'\nsandbox_mode='workspace-write'\n");
  user("model='um'\n");
  typed.approval_policy = AskForApproval::never();
  typed.sandbox_mode = SandboxMode::danger_full_access;
  const Config c = loaded();
  EXPECT_EQ(c.model, "mm");
  EXPECT_EQ(c.approval_policy, AskForApproval::untrusted());
  EXPECT_EQ(c.sandbox_mode, SandboxMode::read_only);
  EXPECT_EQ(c.startup_warnings.size(), 2u);
  EXPECT_THAT(c.startup_warnings[0], HasSubstr("(set by /etc/codex/managed_config.toml)"));
  typed = {};
  EXPECT_EQ(loaded().sandbox_mode, SandboxMode::workspace_write);
}

TEST_F(ManagedConfig, RequirementsComeBeforeManagedValues) {
  managed("approval_policy='untrusted'\n");
  requirements("allowed_approval_policies=['never','on-request']\n");
  EXPECT_EQ(loaded().approval_policy, AskForApproval::never());
}

// INV-9, for every combination of a list and a choice.
TEST_F(ManagedConfig, NothingEffectiveLiesOutside) {
  const char* modes[] = {"read-only", "workspace-write", "danger-full-access"};
  const char* policies[] = {"untrusted", "on-failure", "on-request", "never"};
  for (unsigned lists = 0; lists < 64; ++lists) {
    std::string sandbox_list = "'read-only'";
    if ((lists & 1) != 0) sandbox_list += ",'workspace-write'";
    if ((lists & 2) != 0) sandbox_list += ",'danger-full-access'";
    std::string policy_list;
    for (unsigned i = 0; i < 4; ++i) {
      if ((lists >> (2 + i) & 1) != 0)
        policy_list += (policy_list.empty() ? "'" : ",'") + std::string(policies[i]) + "'";
    }
    if (policy_list.empty()) continue;
    requirements("allowed_sandbox_modes=[" + sandbox_list + "]\nallowed_approval_policies=[" + policy_list + "]\n");
    for (const char* mode : modes) {
      for (const char* policy : policies) {
        user("sandbox_mode='" + std::string(mode) + "'\napproval_policy='" + policy + "'\n");
        const Config c = loaded();
        EXPECT_EQ(c.requirements.refusal(mode_of(c.sandbox_policy)), std::nullopt);
        EXPECT_EQ(c.requirements.refusal(c.approval_policy), std::nullopt);
      }
    }
  }
}

TEST_F(ManagedConfig, RuntimeChangesAreRefusedWithTheSet) {
  requirements(
      "allowed_approval_policies=['never',{reject={sandbox_approval=true,rules=false,mcp_elicitations=true}}]\n");
  const Config c = loaded();
  EXPECT_EQ(c.requirements.refusal(AskForApproval::on_failure()),
            "invalid value for `approval_policy`: `OnFailure` is not in the allowed set [Never, Reject(RejectConfig { "
            "sandbox_approval: true, rules: false, mcp_elicitations: true })] (set by /etc/codex/requirements.toml)");
  EXPECT_EQ(c.requirements.refusal(SandboxMode::danger_full_access), std::nullopt);
}

}  // namespace
}  // namespace burin::config

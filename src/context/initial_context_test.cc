// What the model is told besides the conversation (context.md 4).
#include "context/initial_context.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/fake_world.h"

namespace burin::context {

struct InitialContextTest : ::testing::Test, testing::FakeWorld {
  config::Config config;
  model::ModelInfo model = model::find_model(model::bundled_models(), "gpt-5.3-codex");
  ContextInputs inputs() {
    return {.config = config,
            .model = model,
            .files = files,
            .env = env,
            .cwd = "/w",
            .shell_name = "bash",
            .current_date = "2026-03-05",
            .timezone = "Europe/Madrid",
            .approval = wire::AskForApproval::never(),
            .sandbox = wire::WorkspaceWrite{},
            .personality = wire::Personality::pragmatic,
            .collaboration_mode = {},
            .base_instructions = model::model_instructions(model, wire::Personality::pragmatic),
            .user_instructions = "Prices are in cents.",
            .previous = {},
            .approved_prefixes = {}};
  }
  static std::vector<std::string> texts(const wire::ResponseItem& item) {
    std::vector<std::string> out;
    for (const auto& part : std::get<wire::Message>(item).content) out.push_back(std::get<wire::InputText>(part).text);
    return out;
  }
};

TEST_F(InitialContextTest, FullContextIsTwoMessages) {
  config.developer_instructions = "Dev.";
  auto items = full_context(inputs());
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(wire::role_of(items[0]), "developer");
  auto developer = texts(items[0]);
  ASSERT_EQ(developer.size(), 2u) << "the personality is baked into the instructions";
  EXPECT_EQ(developer[1], "Dev.");
  auto user = texts(items[1]);
  ASSERT_EQ(user.size(), 2u);
  EXPECT_EQ(user[0], "# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\nPrices are in cents.\n</INSTRUCTIONS>");
  EXPECT_EQ(user[1],
            "<environment_context>\n  <cwd>/w</cwd>\n  <shell>bash</shell>\n  <current_date>2026-03-05</current_date>\n"
            "  <timezone>Europe/Madrid</timezone>\n</environment_context>");
}

TEST_F(InitialContextTest, CommitTrailerIsTheLastDeveloperFragment) {
  auto developer = [&] { return texts(full_context(inputs())[0]); };
  EXPECT_EQ(developer().size(), 1u);
  config.features.set(config::Feature::codex_git_commit, true);
  EXPECT_TRUE(developer().back().ends_with("\nCo-authored-by: Burin <noreply@burin.invalid>"));
  config.commit_attribution = " Ana <ana@example.org>\n";
  EXPECT_TRUE(developer().back().ends_with("\nCo-authored-by: Ana <ana@example.org>"));
  config.commit_attribution = " ";
  EXPECT_EQ(developer().size(), 1u) << "a blank attribution switches the trailer off";
}

TEST_F(InitialContextTest, PermissionTextCarriesModeNetworkPolicyAndRoots) {
  auto in = inputs();
  auto text = permissions_text(in);
  EXPECT_TRUE(text.starts_with("<permissions instructions>\n"));
  EXPECT_TRUE(text.ends_with("\n</permissions instructions>"));
  EXPECT_TRUE(contains(text, "`sandbox_mode` is `workspace-write`"));
  EXPECT_TRUE(contains(text, "Network access is restricted."));
  EXPECT_TRUE(contains(text, "`never`"));
  EXPECT_TRUE(contains(text, "\n The writable root is `/w`."));
  env.set("TMPDIR", "/var/tmp");
  EXPECT_TRUE(contains(permissions_text(in), " The writable roots are `/w`, `/var/tmp`."));
  in.sandbox = wire::ReadOnly{};
  EXPECT_TRUE(contains(permissions_text(in), "`sandbox_mode` is `read-only`"));
  EXPECT_FALSE(contains(permissions_text(in), "writable root"));
  in.sandbox = wire::ExternalSandbox{.network_access = wire::NetworkAccess::enabled};
  EXPECT_TRUE(contains(permissions_text(in), "`danger-full-access`"));
  EXPECT_TRUE(contains(permissions_text(in), "Network access is enabled."));
  for (auto [policy, name] : {std::pair{wire::AskForApproval::on_failure(), "`on-failure`"},
                              {wire::AskForApproval::untrusted(), "`unless-trusted`"}}) {
    in.approval = policy;
    EXPECT_TRUE(contains(permissions_text(in), name));
  }
}

TEST_F(InitialContextTest, ApprovedPrefixes) {
  auto in = inputs();
  in.approval = wire::AskForApproval::on_request();
  EXPECT_TRUE(contains(permissions_text(in), "\n## Approved command prefixes\n")) << "also when the list is empty";
  in.approved_prefixes = {{"git", "push"}, {"ls"}, {"a", "b"}};
  EXPECT_TRUE(contains(permissions_text(in), ": \n- [\"ls\"]\n- [\"a\", \"b\"]\n- [\"git\", \"push\"]\n"));
  for (int i = 0; i < 200; ++i) in.approved_prefixes.push_back({fmt::format("cmd{}", i)});
  EXPECT_TRUE(contains(permissions_text(in), "...\n[Some commands were truncated]"));
}

TEST_F(InitialContextTest, DiffHoldsOnlyWhatChanged) {
  auto in = inputs();
  wire::TurnContext base;
  base.cwd = in.cwd;
  base.current_date = in.current_date;
  base.timezone = in.timezone;
  base.approval_policy = in.approval;
  base.sandbox_policy = in.sandbox;
  base.model = model.slug;
  base.personality = in.personality;
  base.collaboration_mode = in.collaboration_mode;
  EXPECT_TRUE(settings_diff(in, base).empty());
  base.current_date = "2026-03-04";
  auto items = settings_diff(in, base);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_FALSE(contains(texts(items[0])[0], "<cwd>")) << "a date change alone has no cwd line";
  base.approval_policy = wire::AskForApproval::on_failure();
  base.cwd = "/other";
  in.previous = PreviousTurn{"gpt-5.2-codex", false};
  base.model = "gpt-5.2-codex";
  base.personality = wire::Personality::friendly;
  items = settings_diff(in, base);
  ASSERT_EQ(items.size(), 2u);
  auto developer = texts(items[0]);
  ASSERT_EQ(developer.size(), 2u) << "on a model change the switch text carries the personality";
  EXPECT_TRUE(developer[0].starts_with("<model_switch>\n"));
  EXPECT_TRUE(developer[0].ends_with("\n</model_switch>"));
  EXPECT_TRUE(contains(texts(items[1])[0], "<cwd>/w</cwd>"));
  in.previous.reset();
  base.model = model.slug;
  developer = texts(settings_diff(in, base)[0]);
  EXPECT_TRUE(developer[1].starts_with("<personality_spec> "));
}

}  // namespace burin::context

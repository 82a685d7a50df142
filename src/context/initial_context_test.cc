// What the model is told besides the conversation (context.md 4).
#include "context/initial_context.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "context/permissions.h"
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
            .approved_prefixes = {},
            .realtime_active = false,
            .network = {},
            .subagents = {}};
  }
  static std::vector<std::string> texts(const wire::ResponseItem& item) {
    std::vector<std::string> out;
    for (const auto& part : std::get<wire::Message>(item).content) out.push_back(std::get<wire::InputText>(part).text);
    return out;
  }
  /// "role: name name | role: …", each part by its tag or its first word.
  static std::string layout(const std::vector<wire::ResponseItem>& items) {
    std::string out;
    for (const auto& item : items) {
      out += fmt::format("{}{}:", out.empty() ? "" : " | ", wire::role_of(item));
      for (const auto& text : texts(item)) {
        auto name = text.substr(std::min(text.find_first_not_of("<# "), text.size()));
        out += " " + name.substr(0, name.find_first_of(" >\n"));
      }
    }
    return out;
  }
  /// What a turn with exactly these settings recorded.
  static wire::TurnContext baseline(const ContextInputs& in) {
    wire::TurnContext base;
    base.cwd = in.cwd;
    base.current_date = in.current_date;
    base.timezone = in.timezone;
    base.approval_policy = in.approval;
    base.sandbox_policy = in.sandbox;
    base.network = in.network;
    base.realtime_active = in.realtime_active;
    base.model = in.model.slug;
    base.personality = in.personality;
    base.collaboration_mode = in.collaboration_mode;
    return base;
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

// context.md 4.4.1: sorted by words, then length, then text; at most 100, at most 5000 characters.
TEST_F(InitialContextTest, PrefixListIsSortedAndBounded) {
  auto in = inputs();
  in.approval = wire::AskForApproval::on_request();
  in.approved_prefixes = {{"b"}, {"git", "add"}, {"abc"}, {"a"}, {"say \"x\""}};
  EXPECT_TRUE(contains(permissions_text(in), R"(- ["a"]
- ["b"]
- ["abc"]
- ["say \"x\""]
- ["git", "add"]
)"));
  auto lines_of = [&] {
    auto text = permissions_text(in);
    std::size_t n = 0;
    for (auto line : lines(text)) n += line.starts_with("- [\"p");
    return n;
  };
  auto cut = [&] { return contains(permissions_text(in), "...\n[Some commands were truncated]\n"); };
  in.approved_prefixes.clear();
  for (int i = 0; i < 100; ++i) in.approved_prefixes.push_back({fmt::format("p{}", i)});
  EXPECT_EQ(lines_of(), 100u);
  EXPECT_FALSE(cut());
  in.approved_prefixes.push_back({"p100"});
  EXPECT_EQ(lines_of(), 100u);
  EXPECT_TRUE(cut());
  in.approved_prefixes = {{std::string(4994, 'x')}};  // with - ["…"] exactly 5000
  EXPECT_FALSE(cut());
  in.approved_prefixes[0][0] += 'x';
  EXPECT_TRUE(cut());
}

TEST_F(InitialContextTest, RejectPolicyListsItsCategories) {
  auto in = inputs();
  in.approval = {wire::ApprovalMode::reject, {.sandbox_approval = true, .rules = false, .mcp_elicitations = true}};
  auto text = permissions_text(in);
  EXPECT_TRUE(contains(text, "## Approved command prefixes\n"));
  EXPECT_TRUE(contains(text, "`reject`"));
  EXPECT_TRUE(contains(text, "\n- `sandbox_approval`: true\n- `rules`: false\n- `mcp_elicitations`: true\n"));
}

TEST_F(InitialContextTest, DeveloperFragmentsInOrder) {
  config.developer_instructions = "#dev";
  auto in = inputs();
  in.previous = PreviousTurn{"gpt-5.2-codex", false};
  in.collaboration_mode.settings.developer_instructions = "Plan first.";
  in.base_instructions = "others";
  auto items = full_context(in);
  EXPECT_EQ(layout(items),
            "developer: model_switch permissions dev collaboration_mode personality_spec | "
            "user: AGENTS.md environment_context");
  EXPECT_EQ(texts(items[0])[3], "<collaboration_mode>Plan first.</collaboration_mode>");
  config.developer_instructions = "";
  auto plain = inputs();
  plain.user_instructions.reset();
  EXPECT_EQ(layout(full_context(plain)), "developer: permissions  | user: environment_context")
      << "an empty text is pushed; without AGENTS.md one user part";
}

// context.md 4.2, 4.3: the order of all that there is, in both builders.
TEST_F(InitialContextTest, EveryFragmentAtOnce) {
  config.home = "/home";
  config.developer_instructions = "#dev";
  memory.put("/home/memories/memory_summary.md", "Tests need Docker.");
  for (auto feature : {config::Feature::memories, config::Feature::apps, config::Feature::codex_git_commit}) {
    config.features.set(feature, true);
  }
  auto in = inputs();
  in.previous = PreviousTurn{"gpt-5.2-codex", false};
  in.collaboration_mode.settings.developer_instructions = "Plan first.";
  in.realtime_active = true;
  in.base_instructions = "others";
  EXPECT_EQ(layout(full_context(in)),
            "developer: model_switch permissions dev Memory collaboration_mode realtime_conversation personality_spec "
            "Apps Whenever | user: AGENTS.md environment_context");
  auto base = baseline(in);
  base.cwd = "/other";
  base.approval_policy = wire::AskForApproval::on_request();
  base.collaboration_mode.reset();
  base.realtime_active = false;
  base.personality = wire::Personality::friendly;
  EXPECT_EQ(layout(settings_diff(in, base)),
            "developer: model_switch permissions collaboration_mode realtime_conversation personality_spec | "
            "user: environment_context");
}

// context.md 4.2: without a feature, a file or a word in it there is no memory.
TEST_F(InitialContextTest, MemoryIsTheSummaryOfTheHome) {
  config.home = "/home";
  auto developer = [&] { return texts(full_context(inputs())[0]); };
  const std::string path = "/home/memories/memory_summary.md";
  memory.put(path, "Tests need Docker.");
  EXPECT_EQ(developer().size(), 1u) << "the feature is off by default";
  config.features.set(config::Feature::memories, true);
  memory.put(path, " \n Tests need Docker. \n");
  ASSERT_EQ(developer().size(), 2u);
  EXPECT_TRUE(developer()[1].starts_with("## Memory\n\n"));
  EXPECT_TRUE(developer()[1].ends_with("\n\nTests need Docker."));
  EXPECT_TRUE(contains(developer()[1], " /home/memories:"));
  config.use_memories = false;
  EXPECT_EQ(developer().size(), 1u);
  config.use_memories = true;
  memory.put(path, std::string(10'000, 'a') + "12345678" + std::string(10'000, 'z'));
  EXPECT_TRUE(
      contains(developer()[1], "\n" + std::string(10'000, 'a') + "…2 tokens truncated…" + std::string(10'000, 'z')));
  memory.put(path, " \n");
  EXPECT_EQ(developer().size(), 1u);
  ASSERT_TRUE(memory.remove(path));
  EXPECT_EQ(developer().size(), 1u);
}

TEST_F(InitialContextTest, AppsAreExplained) {
  EXPECT_EQ(texts(full_context(inputs())[0]).size(), 1u);
  config.features.set(config::Feature::apps, true);
  auto developer = texts(full_context(inputs())[0]);
  ASSERT_EQ(developer.size(), 2u);
  EXPECT_TRUE(developer[1].starts_with("## Apps\n\n"));
  EXPECT_TRUE(contains(developer[1], "`[$app-name](app://{connector_id})`"));
  EXPECT_TRUE(contains(developer[1], "`codex_apps`"));
}

// context.md 4.4.6, in both builders: a full context follows a compaction in the middle of a turn.
TEST_F(InitialContextTest, RealtimeFollowsItsTable) {
  enum class Told : unsigned char { no_baseline, absent, no, yes };
  auto emitted = [&](Told told, bool before, bool now, bool full) -> std::string {
    auto in = inputs();
    in.realtime_active = now;
    in.previous = PreviousTurn{in.model.slug, before};
    auto base = baseline(in);
    base.realtime_active.reset();
    if (told == Told::no || told == Told::yes) base.realtime_active = told == Told::yes;
    auto items = full ? full_context(in, told == Told::no_baseline ? nullptr : &base) : settings_diff(in, base);
    if (items.empty() || wire::role_of(items[0]) != "developer") return "";
    for (const auto& text : texts(items[0])) {
      if (text.starts_with("<realtime_conversation>")) return text;
    }
    return "";
  };
  struct Row {
    Told told;
    bool before, now;
    std::string_view begin, end;
  };
  const std::string_view start = "<realtime_conversation>\nRealtime conversation started.\n";
  const std::string_view stop = "<realtime_conversation>\nRealtime conversation ended.\n";
  const std::string_view close = "\n</realtime_conversation>",
                         inactive = "\n\nReason: inactive\n</realtime_conversation>";
  using enum Told;
  for (auto [told, before, now, begin, end] : {
           Row{yes, true, false, stop, inactive},
           Row{yes, false, false, stop, inactive},
           Row{no, false, true, start, close},
           Row{absent, false, true, start, close},
           Row{absent, true, true, start, close},
           Row{no_baseline, true, true, start, close},
           Row{yes, true, true, "", ""},
           Row{no, true, false, "", ""},
           Row{absent, true, false, stop, inactive},
           Row{absent, false, false, "", ""},
           Row{no_baseline, true, false, stop, inactive},
           Row{no_baseline, false, false, "", ""},
       }) {
    for (bool full : {true, false}) {
      if (!full && told == no_baseline) continue;
      auto text = emitted(told, before, now, full);
      auto row =
          fmt::format("baseline {}, before {}, now {}, full {}: {}", static_cast<int>(told), before, now, full, text);
      EXPECT_EQ(text.empty(), begin.empty()) << row;
      EXPECT_TRUE(text.starts_with(begin)) << row;
      EXPECT_TRUE(text.ends_with(end)) << row;
    }
  }
  auto in = inputs();
  in.previous.reset();
  EXPECT_EQ(layout(full_context(in)), "developer: permissions | user: AGENTS.md environment_context");
}

// context.md 4.5: the network in both, the agents only in the full context, and no reason for a difference.
TEST_F(InitialContextTest, EnvironmentLines) {
  auto in = inputs();
  in.user_instructions.reset();
  in.network = wire::TurnNetwork{.allowed_domains = {"b.example", "a<&>.example"}, .denied_domains = {"evil.example"}};
  in.subagents = {{"0196", ""}, {"0195", "Atlas"}};
  const std::string head = "<environment_context>\n", cwd = "  <cwd>/w</cwd>\n";
  const std::string middle = R"(  <shell>bash</shell>
  <current_date>2026-03-05</current_date>
  <timezone>Europe/Madrid</timezone>
  <network enabled="true">
    <allowed>b.example</allowed>
    <allowed>a<&>.example</allowed>
    <denied>evil.example</denied>
  </network>
)";
  const std::string agents = "  <subagents>\n    - 0195: Atlas\n    - 0196\n  </subagents>\n";
  const std::string end = "</environment_context>";
  EXPECT_EQ(texts(full_context(in)[1])[0], head + cwd + middle + agents + end);
  auto base = baseline(in);
  EXPECT_TRUE(settings_diff(in, base).empty()) << "agents alone are not told";
  base.current_date = "2026-03-04";
  EXPECT_EQ(texts(settings_diff(in, base)[0])[0], head + middle + end);
  base.cwd = "/other";
  EXPECT_EQ(texts(settings_diff(in, base)[0])[0], head + cwd + middle + end);
}

// context.md 4.3: each setting alone, then all of them.
TEST_F(InitialContextTest, DiffOfEachSetting) {
  using Change = std::function<void(wire::TurnContext&)>;
  auto cwd = [](wire::TurnContext& b) { b.cwd = "/other"; };
  auto approval = [](wire::TurnContext& b) { b.approval_policy = wire::AskForApproval::on_request(); };
  auto sandbox = [](wire::TurnContext& b) { b.sandbox_policy = wire::WorkspaceWrite{.network_access = true}; };
  auto timezone = [](wire::TurnContext& b) { b.timezone = "Etc/UTC"; };
  auto date = [](wire::TurnContext& b) { b.current_date = "2026-03-04"; };
  auto network = [](wire::TurnContext& b) { b.network = wire::TurnNetwork{.allowed_domains = {"a.example"}}; };
  auto others = [](wire::TurnContext& b) {
    b.effort = wire::ReasoningEffort::high;
    b.user_instructions = b.developer_instructions = "changed";
  };
  const std::string permissions = "developer: permissions", environment = "user: environment_context";
  struct Row {
    Change change;
    std::string expected;
  };
  auto in = inputs();
  for (const auto& [change, expected] :
       {Row{cwd, environment}, Row{approval, permissions}, Row{sandbox, permissions}, Row{timezone, environment},
        Row{date, environment}, Row{network, environment}, Row{others, ""},
        Row{[&](auto& b) {
              cwd(b);
              approval(b);
              sandbox(b);
              timezone(b);
              date(b);
              network(b);
            },
            permissions + " | " + environment}}) {
    auto base = baseline(in);
    change(base);
    EXPECT_EQ(layout(settings_diff(in, base)), expected);
  }
}

// context.md 4.3: the model switch looks at the turn before, the personality at the baseline.
TEST_F(InitialContextTest, DiffOfModelAndPersonality) {
  auto diff = [&](std::string_view previous, std::optional<wire::Personality> before,
                  std::optional<wire::Personality> now) {
    auto in = inputs();
    auto base = baseline(in);
    base.model = previous;
    base.personality = before;
    in.personality = now;
    in.previous = PreviousTurn{std::string(previous), false};
    return layout(settings_diff(in, base));
  };
  using enum wire::Personality;
  const std::string_view same = "gpt-5.3-codex", other = "gpt-5.2-codex";
  EXPECT_EQ(diff(other, pragmatic, pragmatic), "developer: model_switch");
  EXPECT_EQ(diff(other, friendly, pragmatic), "developer: model_switch");
  EXPECT_EQ(diff(same, friendly, pragmatic), "developer: personality_spec");
  EXPECT_EQ(diff(same, std::nullopt, pragmatic), "developer: personality_spec");
  EXPECT_EQ(diff(same, friendly, none), "");
  EXPECT_EQ(diff(same, friendly, std::nullopt), "");
  config.features.set(config::Feature::personality, false);
  EXPECT_EQ(diff(same, friendly, pragmatic), "");
}

TEST_F(InitialContextTest, DiffOfTheCollaborationMode) {
  auto mode = [](std::optional<std::string> text, std::string model = "m") {
    wire::CollaborationMode out;
    out.settings.model = std::move(model);
    out.settings.developer_instructions = std::move(text);
    return out;
  };
  auto diff = [&](const std::optional<wire::CollaborationMode>& before, const wire::CollaborationMode& now) {
    auto in = inputs();
    auto base = baseline(in);
    base.collaboration_mode = before;
    in.collaboration_mode = now;
    return layout(settings_diff(in, base));
  };
  const std::string repeated = "developer: collaboration_mode";
  EXPECT_EQ(diff(mode(std::nullopt), mode("a")), repeated);
  EXPECT_EQ(diff(std::nullopt, mode("a")), repeated);
  EXPECT_EQ(diff(mode("a"), mode("a")), "");
  EXPECT_EQ(diff(mode("a"), mode("b")), repeated);
  EXPECT_EQ(diff(mode("a"), mode(std::nullopt)), "") << "clearing says nothing";
  EXPECT_EQ(diff(mode("a"), mode("")), "");
  EXPECT_EQ(diff(mode("a", "m1"), mode("a", "m2")), repeated) << "the model is part of the mode";
}

TEST_F(InitialContextTest, DiffHoldsOnlyWhatChanged) {
  auto in = inputs();
  auto base = baseline(in);
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

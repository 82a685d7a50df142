#include "config/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/toml.h"

namespace burin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Value parsed(std::string text) {
  auto value = parse_toml(std::make_shared<Document>(Document{.name = "/f", .text = std::move(text)}));
  EXPECT_TRUE(value) << (value ? "" : value.error().message);
  return value ? *std::move(value) : Value{Table{}};
}

FeatureResolution resolved(std::string text, std::string_view profile = {}) {
  const Value root = parsed(std::move(text));
  return resolve_features(root, profile.empty() ? nullptr : root.find({"profiles", profile}));
}

std::vector<std::string> summaries(const FeatureResolution& r) {
  std::vector<std::string> out;
  for (const auto& d : r.deprecations) out.push_back(d.summary);
  return out;
}

TEST(Features, DefaultsAreThoseOfTheTable) {
  const Features defaults;
  EXPECT_TRUE(defaults.enabled(Feature::shell_tool));
  EXPECT_TRUE(defaults.enabled(Feature::unified_exec));
  EXPECT_TRUE(defaults.enabled(Feature::steer));
  EXPECT_TRUE(defaults.enabled(Feature::collaboration_modes));
  EXPECT_FALSE(defaults.enabled(Feature::undo));
  std::size_t on = 0;
  for (const auto& f : feature_table()) {
    EXPECT_EQ(defaults.enabled(f.feature), f.on) << f.name;
    on += f.on ? 1 : 0;
  }
  EXPECT_EQ(on, 9u);
}

TEST(Features, OrderOfResolution) {
  EXPECT_FALSE(resolved("experimental_use_unified_exec_tool = true\n[features]\nunified_exec = false\n")
                   .features.enabled(Feature::unified_exec));
  EXPECT_TRUE(
      resolved("[features]\nunified_exec = false\n[profiles.p]\nexperimental_use_unified_exec_tool = true\n", "p")
          .features.enabled(Feature::unified_exec));
  EXPECT_FALSE(resolved("[profiles.p]\ninclude_apply_patch_tool = true\n[profiles.p.features]\n"
                        "apply_patch_freeform = false\n",
                        "p")
                   .features.enabled(Feature::apply_patch_freeform));
  EXPECT_TRUE(resolved("[features]\nplugins = true\n[profiles.p.features]\nplugins = false\n")
                  .features.enabled(Feature::plugins));
}

// Names apply in sorted order, so a canonical name may lose to a legacy spelling that sorts behind it.
TEST(Features, SpellingsOfOneFlagApplyInSortedOrder) {
  EXPECT_FALSE(resolved("[features]\ncollab = true\nmulti_agent = false\n").features.enabled(Feature::multi_agent));
  EXPECT_TRUE(resolved("[features]\nmulti_agent = true\ncollab = false\n").features.enabled(Feature::multi_agent));
}

struct LegacyCase {
  const char* toml;
  Feature feature;
  const char* summary;
};

TEST(Features, LegacySpellings) {
  const LegacyCase cases[] = {
      {"[features]\nconnectors = true", Feature::apps, "`connectors` is deprecated. Use `[features].apps` instead."},
      {"[features]\ncollab = true", Feature::multi_agent,
       "`collab` is deprecated. Use `[features].multi_agent` instead."},
      {"[features]\nmemory_tool = true", Feature::memories,
       "`memory_tool` is deprecated. Use `[features].memories` instead."},
      {"[features]\nenable_experimental_windows_sandbox = true", Feature::experimental_windows_sandbox,
       "`enable_experimental_windows_sandbox` is deprecated. Use `[features].experimental_windows_sandbox` instead."},
      {"[features]\nexperimental_use_unified_exec_tool = true", Feature::unified_exec,
       "`experimental_use_unified_exec_tool` is deprecated. Use `[features].unified_exec` instead."},
      {"[features]\ninclude_apply_patch_tool = true", Feature::apply_patch_freeform,
       "`include_apply_patch_tool` is deprecated. Use `[features].apply_patch_freeform` instead."},
      {"experimental_use_freeform_apply_patch = true", Feature::apply_patch_freeform,
       "`experimental_use_freeform_apply_patch` is deprecated. Use `[features].apply_patch_freeform` instead."},
      {"[features]\nweb_search = true", Feature::web_search_request,
       "`[features].web_search` is deprecated because web search is enabled by default."},
      {"[features]\nweb_search_request = true", Feature::web_search_request,
       "`[features].web_search_request` is deprecated because web search is enabled by default."},
      {"[features]\nweb_search_cached = true", Feature::web_search_cached,
       "`[features].web_search_cached` is deprecated because web search is enabled by default."},
      {"[tools]\nweb_search = true", Feature::web_search_request,
       "`[tools].web_search` is deprecated because web search is enabled by default."},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.toml);
    const auto r = resolved(c.toml);
    EXPECT_TRUE(r.features.enabled(c.feature));
    EXPECT_THAT(summaries(r), ElementsAre(c.summary));
  }
}

TEST(Features, NoticesSayWhatToDo) {
  const auto r = resolved("[features]\ncollab = false\nweb_search = false\n");
  ASSERT_EQ(r.deprecations.size(), 2u);
  EXPECT_EQ(r.deprecations[0].details,
            "Enable it with `--enable multi_agent` or `[features].multi_agent` in config.toml. See "
            "https://developers.openai.com/codex/config-basic#feature-flags for details.");
  EXPECT_EQ(r.deprecations[1].details,
            "Set `web_search` to `\"live\"`, `\"cached\"`, or `\"disabled\"` at the top level (or under a profile) in "
            "config.toml if you want to override it.");
}

TEST(Features, NoticesAreSortedBySpelling) {
  EXPECT_THAT(
      summaries(resolved("[features]\nweb_search = true\nweb_search_request = false\nweb_search_cached = true\n")),
      ElementsAre(HasSubstr("web_search_cached"), HasSubstr("web_search_request"), HasSubstr(".web_search`")));
  EXPECT_THAT(summaries(resolved("[profiles.a]\ninclude_apply_patch_tool = true\ntools_web_search = true\n"
                                 "experimental_use_unified_exec_tool = true\n",
                                 "a")),
              ElementsAre(HasSubstr("unified_exec"), HasSubstr("apply_patch"), HasSubstr("[tools].web_search")));
}

TEST(Features, UnknownNamesAreReportedNotFatal) {
  EXPECT_THAT(resolved("[features]\nbogus = true\nplugins = true\n").unknown, ElementsAre("bogus"));
}

TEST(Features, ToolsOnlyNeedsTheRepl) {
  EXPECT_FALSE(resolved("[features]\njs_repl_tools_only = true\n").features.enabled(Feature::js_repl_tools_only));
  EXPECT_TRUE(resolved("[features]\njs_repl_tools_only = true\njs_repl = true\n")
                  .features.enabled(Feature::js_repl_tools_only));
}

TEST(Features, UnstableWarning) {
  const Value root = parsed(
      "[features]\nplugins = true\nartifact = true\nmemory_tool = true\nundo = true\nsteer = true\n"
      "js_repl_tools_only = true\nfast_mode = false\n");
  EXPECT_EQ(unstable_features_warning(root, resolve_features(root, nullptr).features, "/h/config.toml"),
            "Under-development features enabled: artifact, plugins. Under-development features are incomplete and may "
            "behave unpredictably. To suppress this warning, set `suppress_unstable_features_warning = true` in "
            "/h/config.toml.");
  const Value none = parsed("[features]\nundo = true\n");
  EXPECT_EQ(unstable_features_warning(none, resolve_features(none, nullptr).features, "/f"), std::nullopt);
}

TEST(Features, UnavailableOnesAreNamedUnlessTheyAreDefaults) {
  EXPECT_THAT(unavailable_features(Features()), ElementsAre());
  const auto r =
      resolved("[features]\nmulti_agent = true\nfast_mode = true\nsearch_tool = true\nshell_snapshot = true\n");
  EXPECT_THAT(unavailable_features(r.features),
              ElementsAre("feature `multi_agent` is enabled but not available in this version"));
}

TEST(Features, BetaHeaderInMenuOrder) {
  EXPECT_THAT(beta_features(resolved("[features]\nprevent_idle_sleep = true\napps = true\nplugins = true\n").features),
              ElementsAre("apps", "prevent_idle_sleep"));
  EXPECT_THAT(beta_features(Features()), ElementsAre());
}

TEST(Features, NamesAndStages) {
  EXPECT_EQ(feature_named("multi_agent"), Feature::multi_agent);
  EXPECT_EQ(feature_named("collab"), Feature::multi_agent);
  EXPECT_EQ(feature_named("nope"), std::nullopt);
  EXPECT_EQ(stage_name(FeatureStage::under_development), "under development");
  for (const auto& f : feature_table()) EXPECT_EQ(feature_named(f.name), f.feature);
}

}  // namespace
}  // namespace burin::config

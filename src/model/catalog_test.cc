// Models: lookup, overrides, defaults, instructions (model-client.md 12).
#include "model/catalog.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "config/config.h"

namespace burin::model {

TEST(Catalog, Lookup) {
  const auto& all = bundled_models();
  EXPECT_EQ(find_model(all, "gpt-5.3-codex-experimental").priority, 0);
  EXPECT_EQ(find_model(all, "gpt-5.3-codex-experimental").slug, "gpt-5.3-codex-experimental");
  EXPECT_EQ(find_model(all, "gpt-5.1-codex-max-2").priority, 4) << "the longest prefix";
  EXPECT_EQ(find_model(all, "gpt-5.1-foo").priority, 7);
  EXPECT_EQ(find_model(all, "custom/gpt-5.3-codex").slug, "custom/gpt-5.3-codex");
  EXPECT_FALSE(find_model(all, "custom/gpt-5.3-codex").fallback_metadata);
  for (auto slug : {"a/b/gpt-5.3-codex", "my-org/gpt-5.3-codex", "other", "GPT-5"}) {
    EXPECT_TRUE(find_model(all, slug).fallback_metadata) << slug;
    EXPECT_EQ(find_model(all, slug).slug, slug);
  }
  EXPECT_EQ(find_model(all, "gpt-5.1-codex").usable_window(), 258400);
  EXPECT_EQ(find_model(all, "gpt-oss-20b").usable_window(), 121600);
}

TEST(Catalog, FallbackMetadata) {
  auto m = find_model(bundled_models(), "other");
  EXPECT_EQ(m.visibility, Visibility::none);
  EXPECT_EQ(m.priority, 99);
  EXPECT_EQ(m.shell_type, ShellType::default_);
  EXPECT_FALSE(m.supports_reasoning_summaries || m.support_verbosity || m.supports_parallel_tool_calls);
  EXPECT_FALSE(m.apply_patch_tool_type);
  EXPECT_EQ(m.truncation_policy.mode, wire::TruncationMode::bytes);
  EXPECT_EQ(m.truncation_policy.limit, 10000);
  EXPECT_EQ(m.context_window, 272000);
  EXPECT_TRUE(m.supports_images());
  EXPECT_FALSE(m.base_instructions.empty());
  EXPECT_FALSE(m.supports_personality());
}

TEST(Catalog, Overrides) {
  auto resolved = [](const config::Config& c, std::string_view slug) {
    return resolve_model(bundled_models(), slug, c);
  };
  config::Config c;
  c.model_supports_reasoning_summaries = true;
  c.model_context_window = 1000;
  c.model_auto_compact_token_limit = 900;
  c.tool_output_token_limit = 7;
  auto m = resolved(c, "other");
  EXPECT_TRUE(m.supports_reasoning_summaries);
  EXPECT_EQ(m.usable_window(), 950);
  EXPECT_EQ(m.auto_compact_token_limit, 900);
  EXPECT_EQ(m.truncation_policy.limit, 28) << "bytes: four for each token";
  EXPECT_EQ(resolved(c, "gpt-5.3-codex").truncation_policy.limit, 7);
  c.model_supports_reasoning_summaries = false;
  EXPECT_TRUE(resolved(c, "gpt-5").supports_reasoning_summaries) << "false changes nothing";
  EXPECT_TRUE(resolved(c, "gpt-5.3-codex").supports_personality());
  config::Config plain = c;
  plain.features.set(config::Feature::personality, false);
  EXPECT_FALSE(resolved(plain, "gpt-5.3-codex").model_messages);
  c.base_instructions = "own";
  EXPECT_EQ(resolved(c, "gpt-5.3-codex").base_instructions, "own");
  EXPECT_FALSE(resolved(c, "gpt-5.3-codex").model_messages);
}

TEST(Catalog, InstructionsByPersonality) {
  ModelInfo m;
  m.base_instructions = "base";
  EXPECT_EQ(model_instructions(m, wire::Personality::friendly), "base");
  m.model_messages = ModelMessages{"<{{ personality }}|{{ personality }}>", InstructionVariables{"d", "f", {}}};
  EXPECT_FALSE(m.supports_personality()) << "one of three is missing";
  EXPECT_EQ(model_instructions(m, std::nullopt), "<d|d>");
  EXPECT_EQ(model_instructions(m, wire::Personality::none), "<|>");
  EXPECT_EQ(model_instructions(m, wire::Personality::friendly), "<f|f>");
  EXPECT_EQ(model_instructions(m, wire::Personality::pragmatic), "<|>");
  m.model_messages->instructions_variables->personality_pragmatic = "p";
  EXPECT_TRUE(m.supports_personality());
  for (const auto& bundled : bundled_models()) {
    for (auto p : {wire::Personality::none, wire::Personality::friendly, wire::Personality::pragmatic}) {
      EXPECT_FALSE(contains(model_instructions(bundled, p), "{{")) << bundled.slug;
    }
  }
}

TEST(Catalog, DefaultModel) {
  struct Row {
    const char* slug;
    int priority;
    Visibility visibility = Visibility::list;
    bool api = true;
  };
  auto chosen = [](std::vector<Row> rows, bool chatgpt) {
    std::vector<ModelInfo> models;
    for (const auto& r : rows) {
      ModelInfo m;
      m.slug = r.slug;
      m.priority = r.priority;
      m.visibility = r.visibility;
      m.supported_in_api = r.api;
      models.push_back(std::move(m));
    }
    return default_model(models, chatgpt);
  };
  const auto hide = Visibility::hide, list = Visibility::list;
  EXPECT_EQ(default_model(bundled_models(), false), "gpt-5.3-codex");
  EXPECT_EQ(chosen({{"later", 5}, {"first", 1}, {"hidden", 0, hide}}, false), "first");
  EXPECT_EQ(chosen({{"a", 5}, {"b", 5}}, false), "a") << "sorting is stable";
  EXPECT_EQ(chosen({{"h2", 5, hide}, {"h1", 1, hide}}, false), "h1");
  EXPECT_EQ(chosen({{"no-api", 0, list, false}, {"good", 5}}, false), "good");
  EXPECT_EQ(chosen({{"no-api", 0, list, false}, {"good", 5}}, true), "no-api");
  EXPECT_EQ(chosen({{"no-api", 0, list, false}}, false), "");
  EXPECT_EQ(chosen({{"good", 1}, {"codex-auto-balanced", 9}}, true), "codex-auto-balanced");
  EXPECT_EQ(chosen({{"good", 1}, {"codex-auto-balanced", 9}}, false), "good");
  EXPECT_EQ(chosen({{"good", 1}, {"codex-auto-balanced", 0, hide}}, true), "good");
}

TEST(Catalog, OwnCatalogues) {
  const std::string entry =
      R"({"slug":"s","display_name":"S","supported_reasoning_levels":[],"shell_type":"default","visibility":"list",)"
      R"("supported_in_api":true,"priority":1,"base_instructions":"b","supports_reasoning_summaries":false,)"
      R"("support_verbosity":false,"truncation_policy":{"mode":"bytes","limit":1},)"
      R"("supports_parallel_tool_calls":false,"experimental_supported_tools":[],"minimal_client_version":[0,1]})";
  auto read = [](std::string text) { return read_catalog(*parse_json(text)); };
  auto good = read(R"({"models":[)" + entry + R"(],"more":1})");
  ASSERT_TRUE(good) << good.error().text();
  EXPECT_EQ(good->at(0).effective_context_window_percent, 95);
  EXPECT_EQ(good->at(0).default_reasoning_summary, wire::ReasoningSummary::auto_);
  EXPECT_TRUE(good->at(0).supports_images());
  EXPECT_FALSE(read(R"({"models":[)" + entry + R"(,{"slug":"bad"}]})")) << "one bad entry fails the list";
  EXPECT_FALSE(read(R"({"models":[]})"));
  EXPECT_FALSE(read("{}"));
}

}  // namespace burin::model

// Which tools are offered, in which order (tools.md 2).
#include "tools/registry.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tools/unified_exec.h"

namespace burin::tools {

std::string names(const Registry& registry) {
  auto list = parse_json(registry.definitions());
  EXPECT_TRUE(list);
  std::string out;
  for (const auto& tool : list->get_array()) {
    auto name = find_string(tool, "name");
    out += std::string(name ? *name : *find_string(tool, "type")) + " ";
  }
  return out;
}

struct RegistryTest : ::testing::Test {
  config::Config config;
  model::ModelInfo model = model::find_model(model::bundled_models(), "gpt-5.1-codex");
  Registry make(config::WebSearchMode web = config::WebSearchMode::cached) { return make_registry(config, model, web); }
};

TEST_F(RegistryTest, DefaultListOfACodexModel) {
  EXPECT_EQ(names(make()),
            "exec_command write_stdin update_plan request_user_input apply_patch web_search view_image ");
  EXPECT_EQ(make().definitions(), make().definitions()) << "byte-stable";
}

TEST_F(RegistryTest, ImageGenerationForModelsThatSeeImages) {
  config.features.set(config::Feature::image_generation, true);
  EXPECT_EQ(
      names(make()),
      "exec_command write_stdin update_plan request_user_input apply_patch web_search image_generation view_image ");
  model.input_modalities = {model::Modality::text};
  EXPECT_EQ(names(make()),
            "exec_command write_stdin update_plan request_user_input apply_patch web_search view_image ");
}

TEST_F(RegistryTest, ShellTypes) {
  config.features.set(config::Feature::unified_exec, false);
  for (auto [type, name] : {std::pair{model::ShellType::default_, "shell "},
                            {model::ShellType::local, "local_shell "},
                            {model::ShellType::shell_command, "shell_command "},
                            {model::ShellType::disabled, ""}}) {
    model.shell_type = type;
    EXPECT_EQ(names(make()), std::string(name) + "update_plan request_user_input apply_patch web_search view_image ");
    EXPECT_NE(make().find("container.exec"), nullptr) << "handled also when not offered";
    EXPECT_EQ(make().find("exec_command"), nullptr);
  }
  config.features.set(config::Feature::shell_tool, false);
  EXPECT_EQ(make().find("shell"), nullptr);
}

TEST_F(RegistryTest, PatchForms) {
  EXPECT_TRUE(make().freeform_patch());
  model.apply_patch_tool_type = model::PatchTool::function;
  EXPECT_FALSE(make().freeform_patch());
  EXPECT_NE(make().find("apply_patch"), nullptr);
  model.apply_patch_tool_type.reset();
  EXPECT_EQ(make().find("apply_patch"), nullptr);
  config.features.set(config::Feature::apply_patch_freeform, true);
  EXPECT_TRUE(make().freeform_patch());
}

TEST_F(RegistryTest, ParallelMeansOfferedAndCapable) {
  auto r = make();
  for (auto name : {"exec_command", "view_image"}) EXPECT_TRUE(r.parallel(name)) << name;
  for (auto name : {"shell", "shell_command", "apply_patch", "write_stdin", "update_plan", "nope"}) {
    EXPECT_FALSE(r.parallel(name)) << name;
  }
}

TEST_F(RegistryTest, SchemasUseTheSmallSubset) {
  config.allow_login_shell = false;
  auto list = parse_json(make(config::WebSearchMode::live).definitions());
  EXPECT_EQ(dump(list->get_array()[5]), R"({"type":"web_search","external_web_access":true})");
  for (const auto& tool : list->get_array()) {
    if (find_string(tool, "type") != "function") continue;
    EXPECT_EQ(find_bool(tool, "strict"), false);
    const auto* parameters = find(tool, "parameters");
    EXPECT_EQ(find_bool(*parameters, "additionalProperties"), false);
    std::string last;
    for (const auto& property : *find_object(*parameters, "properties")) {
      std::string key(property.key());
      EXPECT_LT(last, key) << "sorted";
      EXPECT_NE(key, "login");
      last = key;
    }
  }
}

TEST(HeadTailBuffer, KeepsBothEnds) {
  HeadTailBuffer b(10);
  b.append("abc");
  EXPECT_EQ(b.text(), "abc");
  b.append("defgh");
  EXPECT_EQ(b.text(), "abcdefgh");
  for (int i = 0; i < 1000; ++i) b.append("0123456789");
  EXPECT_EQ(b.take(), "abcde56789");
  EXPECT_TRUE(b.empty());
}

}  // namespace burin::tools

// Which tools are offered, in which order (tools.md 2).
#include "tools/registry.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
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
  config.features.set(config::Feature::unified_exec, false);
  model.shell_type = model::ShellType::shell_command;
  EXPECT_FALSE(contains(make().definitions(), "\"login\""));
  config.features.set(config::Feature::unified_exec, true);
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

/// A schema on one line: "*name: type" for each property, a star for the required ones.
std::string shape(const json::value& schema) {
  const auto type = std::string(*find_string(schema, "type"));
  if (type == "array") return "[" + shape(*find(schema, "items")) + "]";
  if (type != "object") return type;
  EXPECT_EQ(find_bool(schema, "additionalProperties"), false);
  std::set<std::string> required;
  if (const auto* list = find_array(schema, "required")) {
    for (const auto& name : *list) required.emplace(name.get_string());
  }
  std::string out;
  for (const auto& property : *find_object(schema, "properties")) {
    std::string name(property.key());
    out += (out.empty() ? "" : ", ") + std::string(required.contains(name) ? "*" : "") + name + ": " +
           shape(property.value());
  }
  return "{" + out + "}";
}

TEST_F(RegistryTest, EveryDefinition) {
  const std::map<std::string, std::string> shapes = {
      {"shell",
       "{*command: [string], justification: string, prefix_rule: [string], sandbox_permissions: string, timeout_ms: "
       "number, workdir: string}"},
      {"shell_command",
       "{*command: string, justification: string, login: boolean, prefix_rule: [string], sandbox_permissions: string, "
       "timeout_ms: number, workdir: string}"},
      {"exec_command",
       "{*cmd: string, justification: string, login: boolean, max_output_tokens: number, prefix_rule: [string], "
       "sandbox_permissions: string, shell: string, tty: boolean, workdir: string, yield_time_ms: number}"},
      {"write_stdin", "{chars: string, max_output_tokens: number, *session_id: number, yield_time_ms: number}"},
      {"update_plan", "{explanation: string, *plan: [{*status: string, *step: string}]}"},
      {"request_user_input",
       "{*questions: [{*header: string, *id: string, *options: [{*description: string, *label: string}], *question: "
       "string}]}"},
      {"apply_patch", "{*input: string}"},
      {"view_image", "{*path: string}"},
  };
  std::set<std::string> seen;
  model.apply_patch_tool_type = model::PatchTool::function;
  for (auto type : {model::ShellType::unified_exec, model::ShellType::default_, model::ShellType::shell_command}) {
    config.features.set(config::Feature::unified_exec, type == model::ShellType::unified_exec);
    model.shell_type = type;
    auto list = parse_json(make(config::WebSearchMode::disabled).definitions());
    for (const auto& tool : list->get_array()) {
      std::vector<std::string> keys;
      for (const auto& member : tool.get_object()) keys.emplace_back(member.key());
      EXPECT_EQ(keys, (std::vector<std::string>{"type", "name", "description", "strict", "parameters"}));
      const std::string name(*find_string(tool, "name"));
      EXPECT_EQ(shape(*find(tool, "parameters")), shapes.at(name)) << name;
      EXPECT_NE(*find_string(tool, "description"), "") << name;
      seen.insert(name);
    }
  }
  EXPECT_EQ(seen.size(), shapes.size());
}

TEST_F(RegistryTest, TheFreeformPatchCarriesItsGrammar) {
  auto list = parse_json(make().definitions());
  const auto& patch = list->get_array()[4];
  EXPECT_TRUE(dump(patch).starts_with(R"({"type":"custom","name":"apply_patch","description":")"));
  EXPECT_TRUE(
      dump(*find(patch, "format"))
          .starts_with(R"({"type":"grammar","syntax":"lark","definition":"start: begin_patch hunk+ end_patch\n)"));
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

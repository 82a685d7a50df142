// The history's invariants (context.md 1), by example and over random histories.
#include "context/history.h"

#include <random>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "context/fragments.h"

namespace burin::context {

const wire::TruncationPolicy wide{wire::TruncationMode::bytes, 100000};

wire::ResponseItem item(std::string_view text) {
  auto document = parse_json(text);
  auto read = wire::read_item(*document);
  EXPECT_TRUE(read) << text;
  return *read;
}
wire::ResponseItem user(std::string text) { return *text_message("user", {std::move(text)}); }

std::vector<std::string> input(const History& h, ViewOptions options = {}) {
  auto view = h.view(options);
  return {view.input.begin(), view.input.end()};
}

TEST(History, WhatIsNeverRecorded) {
  History h;
  EXPECT_FALSE(h.record(item(R"({"type":"novelty","x":1})"), wide));
  EXPECT_FALSE(h.record(*text_message("system", {"s"}), wide));
  EXPECT_TRUE(h.empty());
}

TEST(History, EveryKnownKindIsRecorded) {
  const std::string_view kinds[] = {
      R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]})",
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}],"phase":"commentary"})",
      R"({"type":"reasoning","summary":[],"content":null,"encrypted_content":"E"})",
      R"({"type":"function_call","name":"f","arguments":"{}","call_id":"a"})",
      R"({"type":"function_call_output","call_id":"a","output":"o"})",
      R"({"type":"custom_tool_call","call_id":"b","name":"apply_patch","input":"x"})",
      R"({"type":"custom_tool_call_output","call_id":"b","output":"o"})",
      R"({"type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}})",
      R"({"type":"compaction","encrypted_content":"E"})",
  };
  History h;
  for (auto text : kinds) EXPECT_TRUE(h.record(item(text), wide)) << text;
  auto in = input(h);
  ASSERT_EQ(in.size(), std::size(kinds));
  for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(in[i], kinds[i]);
}

TEST(History, MissingOutputsAreSuppliedRightAfterTheCall) {
  History h;
  h.record(item(R"({"type":"function_call","name":"f","arguments":"{}","call_id":"a"})"), wide);
  h.record(item(R"({"type":"custom_tool_call","name":"apply_patch","input":"x","call_id":"b"})"), wide);
  h.record(
      item(
          R"({"type":"local_shell_call","call_id":"c","status":"completed","action":{"type":"exec","command":["x"]}})"),
      wide);
  h.record(
      item(
          R"({"type":"local_shell_call","id":"only-id","status":"completed","action":{"type":"exec","command":["x"]}})"),
      wide);
  auto in = input(h);
  ASSERT_EQ(in.size(), 7u);
  EXPECT_EQ(in[1], R"({"type":"function_call_output","call_id":"a","output":"aborted"})");
  EXPECT_EQ(in[3], R"({"type":"custom_tool_call_output","call_id":"b","output":"aborted"})");
  EXPECT_EQ(in[5], R"({"type":"function_call_output","call_id":"c","output":"aborted"})");
  EXPECT_EQ(h.size(), 4u) << "the stored list is not changed";
}

TEST(History, OrphanOutputsAreLeftOut) {
  History h;
  h.record(item(R"({"type":"function_call_output","call_id":"x","output":"o"})"), wide);
  h.record(item(R"({"type":"custom_tool_call_output","call_id":"y","output":"o"})"), wide);
  h.record(item(R"({"type":"function_call_output","call_id":"","output":"LocalShellCall without call_id or id"})"),
           wide);
  EXPECT_TRUE(input(h).empty());
  h.record(item(R"({"type":"function_call","name":"f","arguments":"{}","call_id":"x"})"), wide);
  EXPECT_EQ(input(h).size(), 2u) << "presence anywhere counts, not order";
}

TEST(History, OutputsBelongToACallOfTheirKind) {
  History h;
  h.record(
      item(
          R"({"type":"local_shell_call","call_id":"l","status":"completed","action":{"type":"exec","command":["x"]}})"),
      wide);
  h.record(item(R"({"type":"function_call_output","call_id":"l","output":"kept"})"), wide);
  h.record(item(R"({"type":"custom_tool_call","name":"apply_patch","input":"x","call_id":"c"})"), wide);
  h.record(item(R"({"type":"function_call_output","call_id":"c","output":"not a custom output"})"), wide);
  auto in = input(h);
  ASSERT_EQ(in.size(), 4u);
  EXPECT_TRUE(contains(in[1], "kept"));
  EXPECT_EQ(in[3], R"({"type":"custom_tool_call_output","call_id":"c","output":"aborted"})");
}

TEST(History, ImagesAreReplacedForModelsWithoutVision) {
  History h;
  h.record(item(R"({"type":"message","role":"user","content":[{"type":"input_text","text":"<image>"},)"
                R"({"type":"input_image","image_url":"data:u"},{"type":"input_text","text":"</image>"}]})"),
           wide);
  h.record(item(R"({"type":"image_generation_call","id":"i","status":"completed","result":"QUJD"})"), wide);
  for (std::string_view custom : {"", "custom_tool_"}) {
    h.record(item(custom.empty() ? R"({"type":"function_call","name":"f","arguments":"{}","call_id":"f"})"
                                 : R"({"type":"custom_tool_call","name":"x","input":"","call_id":"f"})"),
             wide);
    h.record(item(fmt::format(R"({{"type":"{}call_output","call_id":"f","output":[{{"type":"input_text","text":"t"}},)"
                              R"({{"type":"input_image","image_url":"data:v","detail":"original"}}]}})",
                              custom.empty() ? "function_" : custom)),
             wide);
  }
  auto seen = input(h);
  EXPECT_EQ(seen[1], R"({"type":"message","role":"user","content":[{"type":"input_image",)"
                     R"("image_url":"data:image/png;base64,QUJD"}]})");
  auto blind = input(h, {.images = false});
  for (std::size_t i : {0, 1, 3, 5}) {
    EXPECT_FALSE(contains(blind[i], "input_image"));
    EXPECT_TRUE(contains(blind[i], "image content omitted because you do not support image input"));
  }
  EXPECT_TRUE(contains(blind[0], R"("text":"<image>"},)")) << "the tags stay";
  EXPECT_EQ(input(h), seen) << "stored images come back with vision";
}

TEST(History, StructuredOutputsBecomeTextOnlyForFreeformPatchRequests) {
  History h;
  auto output =
      R"({"type":"function_call_output","call_id":"s","output":"{\"output\":\"Total output lines: 9\\n\\na\\n\",)"
      R"(\"metadata\":{\"exit_code\":3,\"duration_seconds\":0.0}}"})";
  h.record(item(R"({"type":"function_call","name":"shell","arguments":"{}","call_id":"s"})"), wide);
  h.record(item(output), wide);
  EXPECT_EQ(input(h)[1], output);
  EXPECT_EQ(input(h, {.freeform_patch = true})[1],
            R"({"type":"function_call_output","call_id":"s","output":"Exit code: 3\nWall time: 0 seconds\n)"
            R"(Total output lines: 9\nOutput:\na\n"})");
  History other;
  other.record(item(R"({"type":"function_call","name":"exec_command","arguments":"{}","call_id":"s"})"), wide);
  other.record(item(output), wide);
  EXPECT_EQ(input(other, {.freeform_patch = true})[1], output) << "only outputs of the named tools";
}

TEST(History, RemovingAnImage) {
  History h;
  h.record(item(R"({"type":"message","role":"user","content":[{"type":"input_text","text":"<image>"},)"
                R"({"type":"input_image","image_url":"data:a"},{"type":"input_text","text":"</image>"}]})"),
           wide);
  h.images_accepted();
  h.record(item(R"({"type":"function_call","name":"view_image","arguments":"{}","call_id":"v"})"), wide);
  h.record(item(R"({"type":"function_call_output","call_id":"v","output":[{"type":"input_image","image_url":"data:x"},)"
                R"({"type":"input_image","image_url":"data:y"}]})"),
           wide);
  EXPECT_EQ(h.suspect_images(), (std::vector<ImageRef>{{2, 0}, {2, 1}})) << "the first was taken by the server";
  std::vector<ImageRef> hidden{{2, 1}};
  EXPECT_EQ(input(h, {.hide = &hidden})[2],
            R"({"type":"function_call_output","call_id":"v","output":[{"type":"input_image","image_url":"data:x"},)"
            R"({"type":"input_text","text":"Invalid image"}]})");
  auto before = h.items()[2];
  h.remove_image({2, 0});
  EXPECT_EQ(input(h)[2],
            R"({"type":"function_call_output","call_id":"v","output":[{"type":"input_text","text":"Invalid image"},)"
            R"({"type":"input_image","image_url":"data:y"}]})");
  EXPECT_EQ(h.suspect_images(), (std::vector<ImageRef>{{2, 0}})) << "numbers count the images that are left";
  h.put_back(2, before);
  EXPECT_EQ(h.suspect_images().size(), 2u);
  h.images_accepted();
  EXPECT_EQ(h.suspect_images().size(), 3u) << "all of them, once all were taken";
  h.remove_image({0, 0});
  EXPECT_TRUE(contains(input(h)[0], "An image was here.")) << "a message says more than a tool's output";
}

TEST(History, DroppingUserTurns) {
  History h;
  h.record(user("<environment_context>\n</environment_context>"), wide);
  for (auto text : {"one", "two", "three"}) h.record(user(text), wide);
  h.record(user("<turn_aborted>\nx\n</turn_aborted>"), wide);
  History copy = h;
  copy.drop_last_user_turns(2);
  EXPECT_EQ(copy.size(), 2u);
  copy.drop_last_user_turns(9);
  EXPECT_EQ(copy.size(), 1u) << "cut at the first one, context before it stays";
  copy.drop_last_user_turns(1);
  EXPECT_EQ(copy.size(), 1u);
}

TEST(History, OutputsAreCutWhenRecorded) {
  History h;
  h.record(item(R"({"type":"function_call","name":"f","arguments":"{}","call_id":"a"})"), wide);
  h.record(wire::FunctionCallOutput{.call_id = "a", .output = {std::string(200, 'x'), std::nullopt}},
           {wire::TruncationMode::bytes, 100});
  EXPECT_TRUE(contains(input(h)[1], "…80 chars truncated…")) << "the policy times 1.2";
}

/// Every call has exactly one output and every output its call, in every view of any history.
void expect_paired(const History& h, std::uint64_t seed) {
  for (bool images : {true, false}) {
    auto view = h.view({.images = images, .freeform_patch = (seed & 1) != 0});
    std::map<std::string, int> calls, outputs;
    for (auto text : view.input) {
      auto document = parse_json(text);
      ASSERT_TRUE(document) << text;
      auto type = *find_string(*document, "type");
      ASSERT_NE(type, "ghost_snapshot");
      if (!images) ASSERT_FALSE(contains(text, "\"input_image\"")) << seed;
      bool custom = type.starts_with("custom");
      if (type == "function_call" || type == "custom_tool_call" || type == "local_shell_call") {
        const auto* id = find(*document, "call_id");
        if (id->is_null()) continue;
        ++calls[fmt::format("{}{}", custom, burin::view(id->get_string()))];
      } else if (type.ends_with("_output")) {
        ++outputs[fmt::format("{}{}", custom, *find_string(*document, "call_id"))];
      }
    }
    for (const auto& [id, n] : calls) ASSERT_EQ(outputs[id], 1) << "call " << id << " seed " << seed;
    for (const auto& [id, n] : outputs) ASSERT_EQ(calls[id], 1) << "output " << id << " seed " << seed;
  }
}

TEST(History, RandomHistoriesArePaired) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937_64 random(seed);
    History h;
    std::set<std::string> called, answered;
    for (int i = 0; i < 30; ++i) {
      auto id = std::to_string(random() % 12);
      switch (random() % 9) {
        case 0:
          h.record(user("u"), wide);
          break;
        case 1:
          if (called.insert("f" + id).second) {
            h.record(item(R"({"type":"function_call","name":"shell","arguments":"{}","call_id":"f)" + id + "\"}"),
                     wide);
          }
          break;
        case 2:
          if (called.insert("c" + id).second) {
            h.record(item(R"({"type":"custom_tool_call","name":"apply_patch","input":"","call_id":"c)" + id + "\"}"),
                     wide);
          }
          break;
        case 3:
        case 4:
          if (answered.insert("f" + id).second) {
            h.record(wire::FunctionCallOutput{.call_id = "f" + id, .output = {"o", std::nullopt}}, wide);
          }
          break;
        case 5:
          if (answered.insert("c" + id).second) {
            std::vector<wire::ContentItem> parts{wire::InputImage{.image_url = "data:x"}};
            h.record(wire::CustomToolCallOutput{.call_id = "c" + id, .output = {std::move(parts), std::nullopt}}, wide);
          }
          break;
        case 6:
          if (random() % 4 == 0) h.drop_last_user_turns(random() % 3);
          break;
        case 8:
          if (called.insert("f" + id).second) {
            h.record(item(R"({"type":"local_shell_call","status":"completed","action":{"type":"exec","command":["x"]},)"
                          R"("call_id":"f)" +
                          id + "\"}"),
                     wide);
          }
          break;
        case 7:
          h.record(item(R"({"type":"ghost_snapshot","ghost_commit":{"id":"g"}})"), wide);
          break;
      }
    }
    expect_paired(h, seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace burin::context

// Items in any order become alternating messages with each output at its call.
#include "model/transcript.h"

#include "model/wire_fixture.h"

namespace burin::model {

/// "U: a|b", "A: hi|call c1 sh {}=out": one turn a line.
std::string shown(const WirePrompt& from) {
  auto t = read_transcript(from.prompt());
  if (!t) return t.error().message;
  std::string out;
  for (auto text : t->system) out += fmt::format("S: {}\n", text);
  for (const auto& turn : t->turns) {
    out += turn.assistant ? "A: " : "U: ";
    std::string_view separator;
    for (const auto& block : turn.blocks) {
      out += separator;
      separator = "|";
      if (const auto* text = std::get_if<std::string_view>(&block)) out += *text;
      if (std::holds_alternative<const wire::InputImage*>(block)) out += "image";
      if (std::holds_alternative<const wire::Reasoning*>(block)) out += "reasoning";
      const auto* call = std::get_if<TranscriptCall>(&block);
      if (call == nullptr) continue;
      out += fmt::format("call {} {} {}=", call->id, call->name, call->arguments);
      out += call->output == nullptr ? "none" : call->output->text() != nullptr ? *call->output->text() : "parts";
    }
    out += '\n';
  }
  return out;
}

std::string message(std::string_view role, std::string_view text) {
  return wire::dump_item(wire::make_message(std::string(role), std::string(text)));
}
std::string call(std::string_view id, std::string_view name = "sh", std::string_view arguments = "{}") {
  return wire::dump_item(wire::FunctionCall{
      .id = {}, .name = std::string(name), .arguments = std::string(arguments), .call_id = std::string(id)});
}
std::string output(std::string_view id, std::string_view text) {
  return wire::dump_item(wire::FunctionCallOutput{.call_id = std::string(id), .output = {std::string(text), {}}});
}

TEST(Transcript, NeighboursOfOneSideAreOneTurn) {
  EXPECT_EQ(shown({.items = {message("user", "a"), message("user", "b"), message("assistant", "c"),
                             message("assistant", "d"), message("user", "  "), message("assistant", "e")}}),
            "U: a|b\nA: c|d|e\n");
}

TEST(Transcript, DeveloperTextsFirstAreInstructionsLaterOnesUserText) {
  EXPECT_EQ(shown({.items = {message("developer", "rules"), message("user", "a"), message("developer", "new rules")}}),
            "S: rules\nU: a|new rules\n");
}

TEST(Transcript, OutputsGoWithTheirCalls) {
  EXPECT_EQ(
      shown({.items = {message("user", "go"), message("assistant", "on it"), call("1"), call("2"), output("2", "two"),
                       output("1", "one"), call("3"), output("3", "three"), message("assistant", "done")}}),
      "U: go\nA: on it|call 1 sh {}=one|call 2 sh {}=two\nA: call 3 sh {}=three\nA: done\n");
}

TEST(Transcript, WhatStandsBetweenCallAndOutputComesAfterBoth) {
  EXPECT_EQ(
      shown({.items = {call("1"), message("user", "warning"), call("2"), output("1", "one"), output("2", "two")}}),
      "A: call 1 sh {}=one\nU: warning\nA: call 2 sh {}=two\n");
}

TEST(Transcript, IdsAreUniqueAndPlainAndRepeatedOnesKeepTheirOrder) {
  EXPECT_EQ(
      shown({.items = {call("0"), output("0", "first"), call("0"), output("0", "second"), call("a|b"), call("")}}),
      "A: call 0 sh {}=first\nA: call 0_2 sh {}=second\nA: call a_b sh {}=none|call call sh {}=none\n");
}

TEST(Transcript, ArgumentsAreObjectsAndNamesPlain) {
  EXPECT_EQ(shown({.items = {call("1", "functions.sh", ""), call("2", "", "{\"a\": 1}"), call("3", "sh", "{bad \"")}}),
            "A: call 1 functions_sh {}=none|call 2 unnamed {\"a\":1}=none|call 3 sh "
            "{\"invalid_arguments\":\"{bad \\\"\"}=none\n");
}

TEST(Transcript, OtherCallsAreShownAsFunctions) {
  EXPECT_EQ(shown({.items = {R"({"type":"custom_tool_call","call_id":"c","name":"apply_patch","input":"*** \"x\""})",
                             R"({"type":"custom_tool_call_output","call_id":"c","output":"ok"})",
                             R"({"type":"local_shell_call","call_id":"l","status":"completed","action":{"type":"exec",)"
                             R"("command":["ls"],"timeout_ms":null,"working_directory":"/w","env":null,"user":null}})",
                             output("l", "files")}}),
            "A: call c apply_patch {\"input\":\"*** \\\"x\\\"\"}=ok\nA: call l local_shell {\"command\":[\"ls\"],"
            "\"timeout_ms\":null,\"working_directory\":\"/w\",\"env\":null,\"user\":null}=files\n");
}

TEST(Transcript, ItemsOfTheServerAreLeftOut) {
  EXPECT_EQ(shown({.items = {message("user", "a"), R"({"type":"web_search_call","status":"completed"})",
                             R"({"type":"compaction","encrypted_content":"E"})",
                             R"({"type":"reasoning","summary":[],"encrypted_content":"E"})"}}),
            "U: a\nA: reasoning\n");
}

TEST(Transcript, AnUnreadableItemIsNamed) {
  EXPECT_EQ(shown({.items = {message("user", "a"), R"({"type":"message","role":5})"}}).substr(0, 37),
            "item 1 of the history cannot be read:");
}

TEST(Transcript, MarkedReasoningBelongsToItsWire) {
  auto of = [](std::string_view text, std::string_view wire) {
    wire::Reasoning r;
    r.encrypted_content.emplace(text);
    return std::string(marked_reasoning(r, wire).value_or("<none>"));
  };
  EXPECT_EQ(of("burin-wire:chat:reasoning", "chat"), "reasoning");
  EXPECT_EQ(of("burin-wire:chat:reasoning", "anthropic"), "<none>");
  EXPECT_EQ(of("burin-wire:chatty:x", "chat"), "<none>");
  EXPECT_EQ(of("gAAAAA", "chat"), "<none>");
  EXPECT_EQ(marked_reasoning(wire::Reasoning{}, "chat"), std::nullopt);
}

TEST(FunctionTools, FreeformOnesTakeInputAndHostedOnesAreLeftOut) {
  auto tools = function_tools(
      R"([{"type":"function","name":"sh","description":"d","strict":false,"parameters":{"type":"object"}},)"
      R"({"type":"custom","name":"apply_patch","description":"Patch.","format":{"type":"grammar","syntax":"lark",)"
      R"("definition":"start: x"}},{"type":"web_search"},{"type":"local_shell"}])");
  ASSERT_EQ(tools.size(), 2u);
  EXPECT_EQ(tools[0].name + tools[0].description + tools[0].parameters, R"(shd{"type":"object"})");
  EXPECT_EQ(tools[1].name, "apply_patch");
  EXPECT_TRUE(tools[1].description.starts_with("Patch.\n\n"));
  EXPECT_TRUE(tools[1].description.ends_with("(lark):\nstart: x"));
  EXPECT_EQ(parsed(tools[1].parameters).at("required"), json::value(json::array{"input"}));
}

TEST(CallNames, FreeformCallsComeBackAsSuch) {
  CallNames names(WirePrompt{.tools = R"([{"type":"custom","name":"apply_patch"}])"}.prompt());
  auto dumped = [&](std::string name, std::string arguments) {
    return wire::dump_item(names.call("c", std::move(name), std::move(arguments)));
  };
  EXPECT_EQ(dumped("apply_patch", R"({"input":"a\nb"})"),
            R"({"type":"custom_tool_call","call_id":"c","name":"apply_patch","input":"a\nb"})");
  EXPECT_EQ(dumped("apply_patch", "*** Begin"),
            R"({"type":"custom_tool_call","call_id":"c","name":"apply_patch","input":"*** Begin"})");
  EXPECT_EQ(dumped("sh", R"({"input":"a"})"),
            R"({"type":"function_call","name":"sh","arguments":"{\"input\":\"a\"}","call_id":"c"})");
}

}  // namespace burin::model

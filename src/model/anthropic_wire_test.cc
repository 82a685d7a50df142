// The messages API: the request of a history with everything in it, thinking in tool loops, headers, errors.
#include "model/anthropic_wire.h"

#include <gmock/gmock.h>

#include "model/wire_fixture.h"

namespace burin::model {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct AnthropicWireTest : ::testing::Test {
  AnthropicWire wire;
  WirePrompt with;
  TurnSettings settings;
  void SetUp() override { settings.model.slug = "claude-sonnet-4-5"; }

  std::string text() { return wire.body(with.prompt(), settings, "thread", {}).value(); }
  std::string messages() {
    std::string out;
    auto request = parsed(text());
    for (const auto& m : request.at("messages").as_array()) out += dump(m) + "\n";
    return out;
  }
  void user(std::string_view text) {
    with.items.push_back(wire::dump_item(wire::make_message("user", std::string(text))));
  }
  void call(std::string_view id) {
    with.items.push_back(
        fmt::format(R"({{"type":"function_call","name":"sh","arguments":"{{}}","call_id":"{}"}})", id));
  }
  void output(std::string_view id) {
    with.items.push_back(fmt::format(R"({{"type":"function_call_output","call_id":"{0}","output":"out {0}"}})", id));
  }
  void thought(std::string_view carried) {
    wire::Reasoning r;
    r.encrypted_content.emplace(carried);
    with.items.push_back(wire::dump_item(r));
  }
};

TEST_F(AnthropicWireTest, PlainRequest) {
  user("hi");
  EXPECT_EQ(
      text(),
      R"({"model":"claude-sonnet-4-5","max_tokens":32000,"system":[{"type":"text","text":"Be good.",)"
      R"("cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"hi",)"
      R"("cache_control":{"type":"ephemeral"}}]}],"stream":true})");
}

TEST_F(AnthropicWireTest, EveryOption) {
  user("hi");
  with.tools = R"([{"type":"function","name":"sh","description":"d","strict":false,"parameters":{"type":"object"}},)"
               R"({"type":"web_search"}])";
  with.parallel = false;
  with.schema = json::object{{"type", "object"}};
  settings.effort = wire::ReasoningEffort::high;
  auto request = parsed(text());
  EXPECT_EQ(
      dump(request.at("tools")),
      R"([{"name":"sh","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}])");
  EXPECT_EQ(dump(request.at("tool_choice")), R"({"type":"auto","disable_parallel_tool_use":true})");
  EXPECT_EQ(dump(request.at("thinking")), R"({"type":"enabled","budget_tokens":16384})");
  EXPECT_EQ(request.at("system").as_array().size(), 2u);
  EXPECT_THAT(dump(request.at("system").at(1).at("text")), HasSubstr(R"(Schema:\n{\"type\":\"object\"}")"));
}

TEST_F(AnthropicWireTest, LimitsAndBudgets) {
  EXPECT_EQ(max_output_tokens("claude-opus-4-1"), 32000);
  EXPECT_EQ(max_output_tokens("claude-3-5-haiku-latest"), 8192);
  EXPECT_EQ(max_output_tokens("claude-3-haiku-20240307"), 4096);
  using enum wire::ReasoningEffort;
  std::int64_t last = -1;
  for (auto effort : {none, minimal, low, medium, high, xhigh}) {
    auto budget = thinking_budget(effort);
    EXPECT_GT(budget, last);
    EXPECT_TRUE(budget == 0 || budget >= 1024);
    EXPECT_LT(budget, max_output_tokens("claude-opus-4-1"));
    last = budget;
  }
  user("hi");
  settings.effort = none;
  EXPECT_THAT(text(), Not(HasSubstr("\"thinking\"")));
  settings.effort = xhigh;
  settings.model.slug = "claude-3-haiku-20240307";
  EXPECT_THAT(text(), HasSubstr(R"("budget_tokens":3072)"));
}

TEST_F(AnthropicWireTest, HistoryWithEverything) {
  with.items = {R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"rules"}]})",
                R"({"type":"message","role":"user","content":[{"type":"input_text","text":"look"},)"
                R"({"type":"input_image","image_url":"data:image/jpg;base64,AA"},)"
                R"({"type":"input_image","image_url":"https://h/i.png"},{"type":"input_image","image_url":"data:x"}]})",
                R"({"type":"reasoning","summary":[],"content":null,"encrypted_content":"foreign"})",
                R"({"type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}})",
                R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"first"}]})",
                R"({"type":"function_call","name":"sh","arguments":"{\"cmd\":\"ls\"}","call_id":"c1"})",
                R"({"type":"custom_tool_call","call_id":"c2","name":"apply_patch","input":"p"})",
                R"({"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"seen"},)"
                R"({"type":"input_image","image_url":"data:image/png;base64,BB","detail":"original"},)"
                R"({"type":"input_text","text":" "}]})",
                R"({"type":"custom_tool_call_output","call_id":"c2","output":"patched"})",
                R"({"type":"compaction","encrypted_content":"E"})",
                R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"new rules"}]})",
                R"({"type":"message","role":"user","content":[{"type":"input_text","text":"and now?"}]})"};
  EXPECT_EQ(
      messages(),
      R"({"role":"user","content":[{"type":"text","text":"look"},{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AA"}},{"type":"image","source":{"type":"url","url":"https://h/i.png"}},{"type":"text","text":"[an image in a form that cannot be sent]","cache_control":{"type":"ephemeral"}}]})"
      "\n"
      R"({"role":"assistant","content":[{"type":"text","text":"first"},{"type":"tool_use","id":"c1","name":"sh","input":{"cmd":"ls"}},{"type":"tool_use","id":"c2","name":"apply_patch","input":{"input":"p"}}]})"
      "\n"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"seen"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"BB"}}]},{"type":"tool_result","tool_use_id":"c2","content":"patched"},{"type":"text","text":"new rules"},{"type":"text","text":"and now?","cache_control":{"type":"ephemeral"}}]})"
      "\n");
  auto request = parsed(text());
  EXPECT_EQ(
      dump(request.at("system")),
      R"([{"type":"text","text":"Be good."},{"type":"text","text":"rules","cache_control":{"type":"ephemeral"}}])");
  // Old calls, but no tools: their names must still be known.
  EXPECT_EQ(dump(request.at("tools")),
            R"([{"name":"apply_patch","input_schema":{"type":"object"}},)"
            R"({"name":"sh","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}])");
  EXPECT_EQ(dump(request.at("tool_choice")), R"({"type":"none"})");
}

TEST_F(AnthropicWireTest, TheSidesAlternateAndTheUserBeginsAndEnds) {
  const std::string continued =
      R"({"role":"user","content":[{"type":"text","text":"Continue.","cache_control":{"type":"ephemeral"}}]})"
      "\n";
  EXPECT_EQ(messages(), continued);
  with.items = {wire::dump_item(wire::make_message("assistant", "a"))};
  EXPECT_EQ(messages(), continued +
                            R"({"role":"assistant","content":[{"type":"text","text":"a"}]})"
                            "\n" +
                            continued);
}

TEST_F(AnthropicWireTest, OutputsWithoutText) {
  call("1");
  call("2");
  with.items.push_back(R"({"type":"function_call_output","call_id":"1","output":"\n"})");
  EXPECT_THAT(messages(), HasSubstr(R"x("tool_use_id":"1","content":"(no output)"})x"));
  EXPECT_THAT(messages(), HasSubstr(R"("tool_use_id":"2","content":"aborted",)"));
}

const std::string marked_thought = R"(burin-wire:anthropic:{"type":"thinking","thinking":"hm","signature":"S"})";
const std::string sent_thought = R"({"type":"thinking","thinking":"hm","signature":"S"})";

TEST_F(AnthropicWireTest, ThinkingGoesBackWhileTheModelThinks) {
  user("go");
  thought(marked_thought);
  call("1");
  output("1");
  EXPECT_THAT(text(), Not(HasSubstr("\"thinking\""))) << "without an effort it neither thinks nor is shown thoughts";
  settings.effort = wire::ReasoningEffort::low;
  EXPECT_THAT(text(), HasSubstr(R"("thinking":{"type":"enabled")"));
  EXPECT_THAT(messages(), HasSubstr(R"({"role":"assistant","content":[)" + sent_thought + ","));
  // The next call of the same loop came without a thought of its own.
  call("2");
  output("2");
  EXPECT_THAT(text(), HasSubstr(sent_thought));
  // So did a word of the user while it ran.
  user("faster");
  EXPECT_THAT(text(), HasSubstr(sent_thought));
}

TEST_F(AnthropicWireTest, ALoopThatBeganElsewhereGoesOnWithoutThinking) {
  settings.effort = wire::ReasoningEffort::low;
  user("go");
  thought("encrypted by another server");
  call("1");
  output("1");
  thought(marked_thought);
  call("2");
  output("2");
  EXPECT_THAT(text(), Not(HasSubstr("\"thinking\"")));
  with.items.push_back(wire::dump_item(wire::make_message("assistant", "done")));
  user("next");
  EXPECT_THAT(text(), HasSubstr(R"("thinking":{"type":"enabled")")) << "a new loop may think";
  EXPECT_THAT(text(), Not(HasSubstr("another server")));
}

TEST_F(AnthropicWireTest, ThoughtsOfOtherWiresOrWithoutSignatureStayHere) {
  settings.effort = wire::ReasoningEffort::low;
  user("go");
  thought(marked_thought);
  thought("burin-wire:chat:reasoning");
  thought(carried_thinking("unsigned", ""));
  thought(carried_redacted_thinking("R"));
  with.items.push_back(wire::dump_item(wire::make_message("assistant", "done")));
  user("next");
  EXPECT_THAT(messages(), HasSubstr(R"({"role":"assistant","content":[)" + sent_thought +
                                    R"(,{"type":"redacted_thinking","data":"R"},{"type":"text","text":"done"}]})"));
}

TEST_F(AnthropicWireTest, Headers) {
  io::Headers headers{{"authorization", "Bearer k"}, {"session_id", "t"}, {"originator", "o"}};
  wire.adapt(headers, {.bearer = "k", .account_id = {}});
  EXPECT_THAT(headers, ElementsAre(std::pair("originator", "o"), std::pair("x-api-key", "k"),
                                   std::pair("anthropic-version", "2023-06-01")));
  io::Headers own{{"Authorization", "Bearer other"}, {"Anthropic-Version", "2030-01-01"}, {"X-Api-Key", "mine"}};
  auto before = own;
  wire.adapt(own, {.bearer = "k", .account_id = {}});
  EXPECT_EQ(own, before) << "what the provider's http_headers say stays";
}

TEST_F(AnthropicWireTest, ErrorsOfReplies) {
  auto cls = [&](int status, std::string_view type, std::string_view message) {
    auto error = wire.http_error(
        status, fmt::format(R"({{"type":"error","error":{{"type":"{}","message":"{}"}}}})", type, message));
    return error ? std::optional(error->cls) : std::nullopt;
  };
  EXPECT_EQ(cls(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
            ErrorClass::context_window_exceeded);
  EXPECT_EQ(
      cls(400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000"),
      ErrorClass::context_window_exceeded);
  EXPECT_EQ(cls(400, "invalid_request_error", "Your credit balance is too low"), ErrorClass::quota_exceeded);
  EXPECT_EQ(cls(413, "request_too_large", "Request exceeds the maximum size"), ErrorClass::invalid_request);
  EXPECT_EQ(cls(529, "overloaded_error", "Overloaded"), ErrorClass::server_overloaded);
  EXPECT_EQ(cls(400, "invalid_request_error", "max_tokens: required"), std::nullopt);
  EXPECT_EQ(cls(401, "authentication_error", "invalid x-api-key"), std::nullopt);
  EXPECT_EQ(cls(429, "rate_limit_error", "slow"), std::nullopt);
  EXPECT_EQ(wire.http_error(529, "overloaded"), std::nullopt);
}

}  // namespace burin::model

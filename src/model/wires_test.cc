// Chat completions and Anthropic's messages: what is asked, what answers mean, and that a dialogue goes round.
#include "model/wires.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "model/anthropic_wire.h"
#include "model/chat_wire.h"
#include "model/dialogue.h"
#include "model/sse.h"

namespace burin::model {

namespace {

using E = wire::ReasoningEffort;

struct WiresTest : ::testing::Test {
  std::vector<std::string> items;
  std::string tools =
      R"([{"type":"function","name":"shell","description":"runs","strict":false,"parameters":{"type":"object"}},)"
      R"({"type":"custom","name":"apply_patch","description":"patches","format":{"type":"grammar","syntax":"lark","definition":"GRAMMAR"}},)"
      R"({"type":"web_search"}])";
  TurnSettings settings;
  json::value schema;
  bool with_schema = false;

  WiresTest() { settings.model = find_model({}, "my-model"); }
  Prompt prompt() {
    Prompt p;
    p.instructions = "Be good.";
    p.input.assign(items.begin(), items.end());
    p.tools = tools;
    if (with_schema) p.output_schema = &schema;
    return p;
  }
  json::value ask(const Wire& wire) {
    auto p = prompt();
    auto body = wire.body(p, settings, "thread", {});
    EXPECT_TRUE(body);
    auto value = parse_json(*body);
    EXPECT_TRUE(value) << *body;
    return value ? *value : json::value();
  }
  std::string messages(const Wire& wire) { return dump(*find(ask(wire), "messages")); }

  struct Heard {
    std::vector<std::string> events;  // one word each, with what matters
    std::vector<wire::ResponseItem> items;
    std::optional<wire::Completed> completed;
    std::optional<ModelError> error;
  };
  /// The answer in pieces of `size` bytes (0: whole).
  Heard hear(const Wire& wire, const std::string& body, std::size_t size = 0) {
    auto p = prompt();
    auto decoder = wire.decoder(p);
    SseParser parser;
    std::vector<wire::ModelEvent> events;
    for (std::size_t at = 0; at < body.size(); at += size == 0 ? body.size() : size) {
      parser.feed(std::string_view(body).substr(at, size == 0 ? body.size() : size), [&](std::string_view data) {
        if (!decoder->completed() && !decoder->fatal()) decoder->feed(data, events);
      });
    }
    if (!decoder->completed() && !decoder->fatal()) decoder->end(events);
    Heard out;
    for (auto& e : events) {
      if (std::holds_alternative<wire::Created>(e)) out.events.emplace_back("created");
      if (std::holds_alternative<wire::ItemAdded>(e)) out.events.emplace_back("added");
      if (auto* d = std::get_if<wire::TextDelta>(&e)) out.events.push_back("text " + d->delta);
      if (auto* d = std::get_if<wire::ReasoningContentDelta>(&e)) out.events.push_back("thought " + d->delta);
      if (auto* d = std::get_if<wire::ItemDone>(&e)) {
        out.events.push_back("done " + wire::dump_item(d->item));
        out.items.push_back(d->item);
      }
      if (auto* c = std::get_if<wire::Completed>(&e)) out.completed = *c;
    }
    out.error = decoder->error();
    return out;
  }
  static std::string sse(std::initializer_list<std::string_view> data, std::string_view end = {}) {
    std::string out;
    for (auto d : data) out += fmt::format("data: {}\n\n", d);
    return out + std::string(end);
  }
  static std::string item(const wire::ResponseItem& i) { return wire::dump_item(i); }

  void a_long_history() {
    items = {
        R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"Rules."}]})",
        R"({"type":"message","role":"user","content":[{"type":"input_text","text":"context"}]})",
        R"({"type":"message","role":"user","content":[{"type":"input_text","text":"look"},{"type":"input_image","image_url":"data:image/png;base64,AAA="}]})",
        R"({"type":"reasoning","summary":[],"content":null,"encrypted_content":"OPENAI"})",
        R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]})",
        R"({"type":"function_call","name":"shell","arguments":"{\"command\":\"ls\"}","call_id":"c1"})",
        R"({"type":"custom_tool_call","status":"completed","call_id":"c.2","name":"apply_patch","input":"*** Begin"})",
        R"({"type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}})",
        R"({"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"one"},{"type":"input_image","image_url":"https://x/y.png"}]})",
        R"({"type":"custom_tool_call_output","call_id":"c.2","output":"Done"})",
        R"({"type":"compaction","encrypted_content":"X"})",
        R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"New rule."}]})",
        R"({"type":"message","role":"user","content":[{"type":"input_text","text":"next"}]})",
    };
  }
};

TEST_F(WiresTest, TheProviderChoosesTheWire) {
  config::ProviderDef provider;
  EXPECT_EQ(wire_of(provider).path(), "responses");
  provider.wire_api = config::WireApi::chat;
  EXPECT_EQ(wire_of(provider).path(), "chat/completions");
  provider.wire_api = config::WireApi::anthropic;
  EXPECT_EQ(wire_of(provider).path(), "messages");
}

TEST_F(WiresTest, ChatMessages) {
  a_long_history();
  EXPECT_EQ(
      messages(chat_wire()),
      R"([{"role":"system","content":"Be good.\n\nRules."},)"
      R"({"role":"user","content":[{"type":"text","text":"context"},{"type":"text","text":"look"},)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAA="}}]},)"
      R"({"role":"assistant","content":"I look.","tool_calls":[)"
      R"({"id":"c1","type":"function","function":{"name":"shell","arguments":"{\"command\":\"ls\"}"}},)"
      R"({"id":"c.2","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"*** Begin\"}"}}]},)"
      R"({"role":"tool","tool_call_id":"c1","content":"one"},)"
      R"({"role":"tool","tool_call_id":"c.2","content":"Done"},)"
      R"({"role":"user","content":[{"type":"text","text":"Picture of the tool call c1:"},)"
      R"({"type":"image_url","image_url":{"url":"https://x/y.png"}},)"
      R"({"type":"text","text":"New rule."},{"type":"text","text":"next"}]}])");
}

TEST_F(WiresTest, ChatFields) {
  auto body = ask(chat_wire());
  EXPECT_EQ(find_string(body, "model"), "my-model");
  EXPECT_TRUE(find(body, "stream")->as_bool());
  EXPECT_TRUE(find(*find(body, "stream_options"), "include_usage")->as_bool());
  EXPECT_EQ(find_array(body, "tools")->size(), 2U) << "the server's own tools are left out";
  EXPECT_EQ(find(body, "reasoning_effort"), nullptr);
  EXPECT_EQ(find(body, "response_format"), nullptr);
  for (auto absent : {"store", "include", "prompt_cache_key", "instructions", "input"})
    EXPECT_EQ(find(body, absent), nullptr);
  settings.effort = E::high;
  with_schema = true;
  schema = json::object{{"type", "object"}};
  body = ask(chat_wire());
  EXPECT_EQ(find_string(body, "reasoning_effort"), "high");
  EXPECT_EQ(dump(*find(*find(*find(body, "response_format"), "json_schema"), "schema")), R"({"type":"object"})");
  tools = "[]";
  EXPECT_EQ(find(ask(chat_wire()), "tools"), nullptr);
}

const std::string chat_answer =
    "data: {\"id\":\"r1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,"
    "\"reasoning_content\":\"hm\"}}]}\n\n"
    "data: {\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"m\"}}]}\n\n"
    "data: {\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"I \"}}]}\n\n"
    "data: {\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"look\"}}]}\n\n"
    "data: "
    "{\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":"
    "\"function\","
    "\"function\":{\"name\":\"shell\",\"arguments\":\"{\\\"com\"}}]}}]}\n\n"
    "data: "
    "{\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
    "\"mand\\\":1}\"}}]}}]}\n\n"
    "data: {\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"function\":{\"name\":"
    "\"apply_patch\",\"arguments\":\"{\\\"input\\\":\\\"P\\\"}\"}}]}}]}\n\n"
    "data: {\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: {\"id\":\"r1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":4,\"total_tokens\":14,"
    "\"prompt_tokens_details\":{\"cached_tokens\":3},\"completion_tokens_details\":{\"reasoning_tokens\":2}}}\n\n"
    "data: [DONE]\n\n";

TEST_F(WiresTest, ChatAnswersHoweverTheyAreCut) {
  auto whole = hear(chat_wire(), chat_answer);
  EXPECT_EQ(
      whole.events,
      (std::vector<std::string>{
          "created", "added", "thought hm", "thought m",
          R"(done {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hmm"}],"encrypted_content":null})",
          "added", "text I ", "text look",
          R"(done {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look"}]})",
          R"(done {"type":"function_call","name":"shell","arguments":"{\"command\":1}","call_id":"a"})",
          R"(done {"type":"custom_tool_call","status":"completed","call_id":"call_0_1","name":"apply_patch","input":"P"})"}));
  ASSERT_TRUE(whole.completed);
  EXPECT_EQ(whole.completed->id, "r1");
  EXPECT_EQ(*whole.completed->usage, (wire::TokenUsage{10, 3, 4, 2, 14}));
  for (std::size_t size : {1, 2, 3, 7, 64}) {
    auto cut = hear(chat_wire(), chat_answer, size);
    EXPECT_EQ(cut.events, whole.events) << size;
    EXPECT_TRUE(cut.completed);
  }
}

TEST_F(WiresTest, AChatAnswerThatBreaksOffIsNeverComplete) {
  auto finished = chat_answer.find("\"finish_reason\":\"tool_calls\"");
  for (std::size_t at = 0; at < finished; ++at) {
    auto cut = hear(chat_wire(), chat_answer.substr(0, at));
    ASSERT_FALSE(cut.completed) << at;
    for (const auto& i : cut.items) {
      const auto* call = std::get_if<wire::FunctionCall>(&i);
      ASSERT_TRUE(call == nullptr || call->arguments == R"({"command":1})") << at;
    }
  }
  // Servers that end without [DONE] have still said that they are done.
  EXPECT_TRUE(hear(chat_wire(), chat_answer.substr(0, chat_answer.find("data: [DONE]"))).completed);
}

TEST_F(WiresTest, HowChatAnswersEnd) {
  auto ends = [&](std::string_view reason) {
    return hear(chat_wire(),
                sse({R"({"choices":[{"delta":{"content":"x"}}]})",
                     fmt::format(R"({{"choices":[{{"delta":{{}},"finish_reason":"{}"}}]}})", reason), "[DONE]"}));
  };
  EXPECT_TRUE(ends("stop").completed);
  EXPECT_TRUE(ends("length").error->retryable());
  EXPECT_EQ(ends("content_filter").error->cls, ErrorClass::invalid_request);
  auto failed = [&](std::string_view error) { return *hear(chat_wire(), sse({error})).error; };
  EXPECT_EQ(failed(R"({"error":{"message":"This model's maximum context length is 8192 tokens"}})").cls,
            ErrorClass::context_window_exceeded);
  EXPECT_EQ(failed(R"({"error":{"message":"slow down, try again in 2s"}})").delay, std::chrono::seconds(2));
  EXPECT_TRUE(failed(R"({"error":"broken"})").retryable());
  EXPECT_TRUE(hear(chat_wire(), sse({"[DONE]"})).completed) << "an empty answer";
  EXPECT_TRUE(hear(chat_wire(), sse({"nonsense", R"({"choices":[{"delta":{"content":"x"}}]})", "[DONE]"})).completed);
}

TEST_F(WiresTest, AnthropicMessages) {
  a_long_history();
  auto body = ask(anthropic_wire());
  EXPECT_EQ(dump(*find(body, "system")),
            R"([{"type":"text","text":"Be good.\n\nRules.","cache_control":{"type":"ephemeral"}}])");
  EXPECT_EQ(
      dump(*find(body, "messages")),
      R"([{"role":"user","content":[{"type":"text","text":"context"},{"type":"text","text":"look"},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAA="}}]},)"
      R"({"role":"assistant","content":[{"type":"text","text":"I look."},)"
      R"({"type":"tool_use","id":"c1","name":"shell","input":{"command":"ls"}},)"
      R"({"type":"tool_use","id":"c_2","name":"apply_patch","input":{"input":"*** Begin"}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"one"},)"
      R"({"type":"image","source":{"type":"url","url":"https://x/y.png"}}]},)"
      R"({"type":"tool_result","tool_use_id":"c_2","content":[{"type":"text","text":"Done"}]},)"
      R"({"type":"text","text":"New rule."},{"type":"text","text":"next","cache_control":{"type":"ephemeral"}}]}])");
  EXPECT_EQ(find_array(body, "tools")->size(), 2U);
  EXPECT_NE(find((*find_array(body, "tools"))[1], "cache_control"), nullptr);
  EXPECT_EQ(find_int(body, "max_tokens"), 32000);
  EXPECT_EQ(find(body, "thinking"), nullptr);
}

TEST_F(WiresTest, AnthropicThinksWhenAskedAndWhereItMay) {
  auto budget = [&] {
    auto body = ask(anthropic_wire());
    const auto* thinking = find(body, "thinking");
    return thinking != nullptr ? find_int(*thinking, "budget_tokens").value_or(-1) : 0;
  };
  items = {R"({"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]})"};
  EXPECT_EQ(budget(), 0);
  settings.effort = E::none;
  EXPECT_EQ(budget(), 0);
  settings.effort = E::low;
  EXPECT_EQ(budget(), 4096);
  settings.effort = E::xhigh;
  EXPECT_LT(budget(), 32000);
  // A tool loop that began without thinking goes on without it.
  items.push_back(R"({"type":"function_call","name":"shell","arguments":"{}","call_id":"c1"})");
  items.push_back(R"({"type":"function_call_output","call_id":"c1","output":"x"})");
  EXPECT_EQ(budget(), 0);
  items.push_back(R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]})");
  items.push_back(items[0]);
  EXPECT_GT(budget(), 0) << "a new question";
}

const std::string anthropic_answer =
    "event: message_start\n"
    "data: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":"
    "20,"
    "\"cache_creation_input_tokens\":7,\"output_tokens\":1}}}\n\n"
    "data: "
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n"
    "data: {\"type\":\"ping\"}\n\n"
    "data: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hmm\"}}\n\n"
    "data: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"SIG\"}}\n\n"
    "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "data: "
    "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"RED\"}}"
    "\n\n"
    "data: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
    "data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    "data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"text_delta\",\"text\":\"I look\"}}\n\n"
    "data: {\"type\":\"content_block_stop\",\"index\":2}\n\n"
    "data: "
    "{\"type\":\"content_block_start\",\"index\":3,\"content_block\":{\"type\":\"tool_use\",\"id\":\"tu1\",\"name\":"
    "\"shell\","
    "\"input\":{}}}\n\n"
    "data: "
    "{\"type\":\"content_block_delta\",\"index\":3,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{"
    "\\\"a\\\":\"}}\n\n"
    "data: "
    "{\"type\":\"content_block_delta\",\"index\":3,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}}"
    "\n\n"
    "data: {\"type\":\"content_block_stop\",\"index\":3}\n\n"
    "data: "
    "{\"type\":\"content_block_start\",\"index\":4,\"content_block\":{\"type\":\"tool_use\",\"id\":\"tu2\",\"name\":"
    "\"apply_patch\","
    "\"input\":{\"input\":\"P\"}}}\n\n"
    "data: {\"type\":\"content_block_stop\",\"index\":4}\n\n"
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":9}}\n\n"
    "data: {\"type\":\"message_stop\"}\n\n";

TEST_F(WiresTest, AnthropicAnswersGoRoundWithTheirThinking) {
  auto whole = hear(anthropic_wire(), anthropic_answer);
  ASSERT_TRUE(whole.completed);
  EXPECT_EQ(*whole.completed->usage, (wire::TokenUsage{32, 20, 9, 0, 41}));
  ASSERT_EQ(whole.items.size(), 5U);
  EXPECT_EQ(item(whole.items[2]),
            R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look"}]})");
  EXPECT_EQ(item(whole.items[3]), R"({"type":"function_call","name":"shell","arguments":"{\"a\":1}","call_id":"tu1"})");
  EXPECT_EQ(item(whole.items[4]),
            R"({"type":"custom_tool_call","status":"completed","call_id":"tu2","name":"apply_patch","input":"P"})");
  for (std::size_t size : {1, 3, 50}) EXPECT_EQ(hear(anthropic_wire(), anthropic_answer, size).events, whole.events);
  for (std::size_t at = 0; at + 20 < anthropic_answer.size(); ++at) {
    ASSERT_FALSE(hear(anthropic_wire(), anthropic_answer.substr(0, at)).completed) << at;
  }
  // The next request gives the thinking back, signature and all, before the calls.
  items = {R"({"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]})"};
  for (const auto& i : whole.items) items.push_back(item(i));
  items.push_back(R"({"type":"function_call_output","call_id":"tu1","output":"x"})");
  items.push_back(R"({"type":"custom_tool_call_output","call_id":"tu2","output":""})");
  settings.effort = E::medium;
  auto body = ask(anthropic_wire());
  EXPECT_NE(find(body, "thinking"), nullptr);
  EXPECT_EQ(dump((*find_array(body, "messages"))[1]),
            R"({"role":"assistant","content":[{"type":"thinking","thinking":"hmm","signature":"SIG"},)"
            R"({"type":"redacted_thinking","data":"RED"},{"type":"text","text":"I look"},)"
            R"({"type":"tool_use","id":"tu1","name":"shell","input":{"a":1}},)"
            R"({"type":"tool_use","id":"tu2","name":"apply_patch","input":{"input":"P"}}]})");
  // Others never see it.
  EXPECT_FALSE(contains(messages(chat_wire()), "SIG"));
  auto p = prompt();
  EXPECT_TRUE(sealed_for_others(items[1]));
  EXPECT_FALSE(contains(build_body(p, settings, "t", false), "burin-"));
}

TEST_F(WiresTest, HowAnthropicAnswersEnd) {
  auto ends = [&](std::string_view reason) {
    return hear(anthropic_wire(),
                sse({R"({"type":"message_start","message":{"id":"m"}})",
                     fmt::format(R"({{"type":"message_delta","delta":{{"stop_reason":"{}"}}}})", reason),
                     R"({"type":"message_stop"})"}));
  };
  for (auto good : {"end_turn", "tool_use", "stop_sequence", "pause_turn"}) EXPECT_TRUE(ends(good).completed) << good;
  EXPECT_TRUE(ends("max_tokens").error->retryable());
  EXPECT_EQ(ends("refusal").error->cls, ErrorClass::invalid_request);
  EXPECT_EQ(ends("model_context_window_exceeded").error->cls, ErrorClass::context_window_exceeded);
  auto failed = [&](std::string_view type, std::string_view message) {
    return *hear(anthropic_wire(),
                 sse({fmt::format(R"({{"type":"error","error":{{"type":"{}","message":"{}"}}}})", type, message)}))
                .error;
  };
  EXPECT_TRUE(failed("overloaded_error", "Overloaded").retryable());
  EXPECT_FALSE(failed("invalid_request_error", "bad").retryable());
  EXPECT_EQ(failed("invalid_request_error", "prompt is too long: 9 tokens").cls, ErrorClass::context_window_exceeded);
}

TEST_F(WiresTest, HeadersOfOtherWires) {
  io::Headers headers = {
      {"authorization", "Bearer k"}, {"session_id", "t"}, {"x-codex-turn-metadata", "{}"}, {"user-agent", "a"}};
  auto chat = headers;
  chat_wire().adapt(chat, {"k", {}});
  EXPECT_EQ(chat, (io::Headers{{"authorization", "Bearer k"}, {"user-agent", "a"}}));
  anthropic_wire().adapt(headers, {"k", {}});
  EXPECT_EQ(headers, (io::Headers{{"user-agent", "a"}, {"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}}));
}

TEST_F(WiresTest, ALongDialogueOfCallsWithoutIdsHasUniqueOnes) {
  std::set<std::string> ids;
  for (int turn = 0; turn < 5; ++turn) {
    auto heard = hear(
        chat_wire(),
        sse({R"({"choices":[{"delta":{"tool_calls":[{"function":{"name":"shell","arguments":"{}"}},{"function":{"name":"shell","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})",
             "[DONE]"}));
    ASSERT_EQ(heard.items.size(), 2U);
    for (const auto& i : heard.items) {
      EXPECT_TRUE(ids.insert(std::get<wire::FunctionCall>(i).call_id).second);
      items.push_back(item(i));
    }
  }
}

}  // namespace

}  // namespace burin::model

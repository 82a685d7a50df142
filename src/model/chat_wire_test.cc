// Chat completions: the request of a history with everything in it, and tool loops through answers and requests.
#include "model/chat_wire.h"

#include <gmock/gmock.h>

#include "model/wire_fixture.h"

namespace burin::model {

using ::testing::ElementsAre;

struct ChatWireTest : ::testing::Test {
  ChatWire wire;
  WirePrompt with;
  TurnSettings settings;
  void SetUp() override { settings.model.slug = "qwen3"; }

  json::value body() {
    auto text = wire.body(with.prompt(), settings, "thread", {});
    EXPECT_TRUE(text) << (text ? "" : text.error().message);
    return text ? parsed(*text) : json::value();
  }
  std::string messages() {
    std::string out;
    auto request = body();
    for (const auto& m : request.at("messages").as_array()) out += dump(m) + "\n";
    return out;
  }
  Decoded decode(std::initializer_list<std::string_view> events) {
    return decode_recut(wire, with.prompt(), sse_of(events));
  }
};

TEST_F(ChatWireTest, PlainRequest) {
  with.items = {R"({"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]})"};
  EXPECT_EQ(wire.body(with.prompt(), settings, "thread", {}).value(),
            R"({"model":"qwen3","messages":[{"role":"system","content":"Be good."},{"role":"user","content":"hi"}],)"
            R"("stream":true,"stream_options":{"include_usage":true}})");
}

TEST_F(ChatWireTest, EveryOption) {
  with.tools = R"([{"type":"function","name":"sh","description":"d","strict":false,"parameters":{"type":"object"}},)"
               R"({"type":"web_search"}])";
  with.parallel = false;
  with.schema = json::object{{"type", "object"}};
  settings.effort = wire::ReasoningEffort::high;
  EXPECT_EQ(
      wire.body(with.prompt(), settings, "thread", {}).value(),
      R"({"model":"qwen3","messages":[{"role":"system","content":"Be good."}],"tools":[{"type":"function","function":)"
      R"({"name":"sh","description":"d","parameters":{"type":"object"}}}],"tool_choice":"auto",)"
      R"("parallel_tool_calls":false,"reasoning_effort":"high","response_format":{"type":"json_schema","json_schema":)"
      R"({"name":"codex_output_schema","strict":true,"schema":{"type":"object"}}},"stream":true,)"
      R"("stream_options":{"include_usage":true}})");
}

TEST_F(ChatWireTest, HistoryWithEverything) {
  with.items = {R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"rules"}]})",
                R"({"type":"message","role":"user","content":[{"type":"input_text","text":"look"},)"
                R"({"type":"input_image","image_url":"data:image/png;base64,AA"}]})",
                R"({"type":"reasoning","summary":[],"content":null,"encrypted_content":"foreign"})",
                R"({"type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}})",
                R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"first"}]})",
                R"({"type":"function_call","name":"sh","arguments":"{\"cmd\":\"ls\"}","call_id":"c1"})",
                R"({"type":"custom_tool_call","call_id":"c2","name":"apply_patch","input":"p"})",
                R"({"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"seen"},)"
                R"({"type":"input_image","image_url":"data:image/png;base64,BB","detail":"original"}]})",
                R"({"type":"custom_tool_call_output","call_id":"c2","output":"patched"})",
                R"({"type":"compaction","encrypted_content":"E"})",
                R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"new rules"}]})",
                R"({"type":"message","role":"user","content":[{"type":"input_text","text":"and now?"}]})"};
  EXPECT_EQ(
      messages(),
      R"({"role":"system","content":"Be good.\n\nrules"})"
      "\n"
      R"({"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]})"
      "\n"
      R"({"role":"assistant","content":"first","tool_calls":[{"id":"c1","type":"function","function":{"name":"sh","arguments":"{\"cmd\":\"ls\"}"}},{"id":"c2","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"p\"}"}}]})"
      "\n"
      R"({"role":"tool","content":"seen","tool_call_id":"c1"})"
      "\n"
      R"({"role":"tool","content":"patched","tool_call_id":"c2"})"
      "\n"
      R"({"role":"user","content":[{"type":"text","text":"Images of the tool call c1:"},{"type":"image_url","image_url":{"url":"data:image/png;base64,BB","detail":"high"}},{"type":"text","text":"new rules"},{"type":"text","text":"and now?"}]})"
      "\n");
}

TEST_F(ChatWireTest, AnOutputOfImagesOnlyAndOneThatIsMissing) {
  with.items = {R"({"type":"function_call","name":"view","arguments":"{}","call_id":"c1"})",
                R"({"type":"function_call","name":"sh","arguments":"{}","call_id":"c2"})",
                R"({"type":"function_call_output","call_id":"c1","output":[{"type":"input_image","image_url":"u"}]})"};
  EXPECT_EQ(
      messages(),
      R"({"role":"system","content":"Be good."})"
      "\n"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"view","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"sh","arguments":"{}"}}]})"
      "\n"
      R"({"role":"tool","content":"The images follow in the next message.","tool_call_id":"c1"})"
      "\n"
      R"({"role":"tool","content":"aborted","tool_call_id":"c2"})"
      "\n"
      R"({"role":"user","content":[{"type":"text","text":"Images of the tool call c1:"},{"type":"image_url","image_url":{"url":"u"}}]})"
      "\n");
}

TEST_F(ChatWireTest, ToolLoopWithParallelCallsAndReasoning) {
  with.items = {R"({"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]})"};
  with.tools = R"([{"type":"custom","name":"apply_patch","description":"d"}])";
  auto first = decode(
      {R"({"id":"r1","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"I must "}}]})",
       R"({"id":"r1","choices":[{"index":0,"delta":{"reasoning_content":"look."}}]})",
       R"({"id":"r1","choices":[{"index":0,"delta":{"content":"Two calls."}}]})",
       R"({"id":"r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":)"
       R"({"name":"sh","arguments":""}}]}}]})",
       R"({"id":"r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"apply_patch",)"
       R"("arguments":"{\"input\":"}},{"index":0,"function":{"arguments":"{\"x\":1}"}}]}}]})",
       R"({"id":"r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"\"p\"}"}}]},)"
       R"("finish_reason":"tool_calls"}]})",
       "[DONE]"});
  ASSERT_TRUE(first.completed);
  for (const auto& item : first.done) with.items.push_back(wire::dump_item(item));
  with.items.push_back(R"({"type":"function_call_output","call_id":"a","output":"A"})");
  with.items.push_back(R"({"type":"custom_tool_call_output","call_id":"b","output":"B"})");
  const std::string rest =
      R"("tool_calls":[{"id":"a","type":"function","function":{"name":"sh","arguments":"{\"x\":1}"}},{"id":"b","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"p\"}"}}]})"
      "\n"
      R"({"role":"tool","content":"A","tool_call_id":"a"})"
      "\n"
      R"({"role":"tool","content":"B","tool_call_id":"b"})"
      "\n";
  const std::string start = R"({"role":"system","content":"Be good."})"
                            "\n"
                            R"({"role":"user","content":"go"})"
                            "\n";
  EXPECT_EQ(messages(),
            start + R"({"role":"assistant","content":"Two calls.","reasoning_content":"I must look.",)" + rest);
  // After the next user message reasoning is old.
  with.items.push_back(R"({"type":"message","role":"user","content":[{"type":"input_text","text":"more"}]})");
  EXPECT_EQ(messages(), start + R"({"role":"assistant","content":"Two calls.",)" + rest +
                            R"({"role":"user","content":"more"})"
                            "\n");
}

TEST_F(ChatWireTest, HeadersForOpenAiStayHere) {
  io::Headers headers{{"authorization", "Bearer k"}, {"session_id", "t"},         {"X-Codex-Turn-Metadata", "{}"},
                      {"x-openai-subagent", "s"},    {"ChatGPT-Account-ID", "a"}, {"originator", "o"}};
  wire.adapt(headers, {.bearer = "k", .account_id = "a"});
  EXPECT_THAT(headers, ElementsAre(std::pair("authorization", "Bearer k"), std::pair("originator", "o")));
}

TEST_F(ChatWireTest, ErrorsOfReplies) {
  struct Row {
    int status;
    std::string_view body;
    std::optional<ErrorClass> cls;
  };
  const Row rows[] = {
      {400, R"({"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}})",
       ErrorClass::context_window_exceeded},
      {400,
       R"({"error":{"code":400,"message":"the request exceeds the available context size, try increasing it",)"
       R"("type":"exceed_context_size_error","n_ctx":4096}})",
       ErrorClass::context_window_exceeded},
      {500, R"({"error":{"code":500,"message":"the request exceeds the available context size"}})",
       ErrorClass::context_window_exceeded},
      {400, R"({"error":{"message":"This model's maximum context length is 4096 tokens.","code":400}})",
       ErrorClass::context_window_exceeded},
      {429, R"({"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}})",
       ErrorClass::quota_exceeded},
      {402, R"({"error":{"message":"Insufficient credits","code":402}})", ErrorClass::quota_exceeded},
      {400, R"({"error":{"message":"bad","type":"invalid_request_error"}})", std::nullopt},
      {500, R"({"error":"plain text"})", std::nullopt},
      {502, "<html>", std::nullopt},
  };
  for (const auto& row : rows) {
    auto error = wire.http_error(row.status, row.body);
    EXPECT_EQ(error ? std::optional(error->cls) : std::nullopt, row.cls) << row.body;
    if (error) EXPECT_EQ(error->status, row.status);
  }
}

}  // namespace burin::model

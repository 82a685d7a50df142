// Events of the messages API, cut everywhere; a tool loop with thinking from the answer into the next request.
#include "model/anthropic_decoder.h"

#include <gmock/gmock.h>

#include "io/clock.h"
#include "model/anthropic_wire.h"
#include "model/wire_fixture.h"

namespace burin::model {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct AnthropicDecoderTest : ::testing::Test {
  AnthropicWire wire;
  WirePrompt with;
  Decoded decode(std::initializer_list<std::string_view> events) {
    return decode_recut(wire, with.prompt(), sse_of(events));
  }
};

const std::string start =
    R"({"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"usage":)"
    R"({"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":1}}})";
const std::string text_block = R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})";
const std::string tool_block =
    R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"sh","input":{}}})";
const std::string block_stop = R"({"type":"content_block_stop","index":0})";
const std::string stop = R"({"type":"message_stop"})";
std::string delta_of(std::string_view type, std::string_view key, std::string_view text) {
  return fmt::format(R"({{"type":"content_block_delta","index":0,"delta":{{"type":"{}","{}":"{}"}}}})", type, key,
                     text);
}
std::string stop_reason(std::string_view reason) {
  return fmt::format(R"({{"type":"message_delta","delta":{{"stop_reason":"{}"}},"usage":{{"output_tokens":7}}}})",
                     reason);
}
const std::string hello = delta_of("text_delta", "text", "hé");

TEST_F(AnthropicDecoderTest, TextAndUsage) {
  auto got = decode({start, R"({"type":"ping"})", text_block, hello, delta_of("text_delta", "text", " you"), block_stop,
                     stop_reason("end_turn"), stop});
  EXPECT_THAT(
      got.events,
      ElementsAre(
          "counted", "created", "added message msg_m_1", "text hé", "text  you",
          R"(done msg_m_1{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hé you"}]})",
          "completed m in 17 (4 cached) out 7 (0 reasoning) total 24"));
}

TEST_F(AnthropicDecoderTest, ThinkingIsASummaryWithItsSignature) {
  auto got = decode(
      {start,
       R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
       delta_of("thinking_delta", "thinking", "h"), delta_of("thinking_delta", "thinking", "m"),
       delta_of("signature_delta", "signature", "S"), block_stop,
       R"({"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"R"}})",
       block_stop, text_block, hello, block_stop, stop_reason("end_turn"), stop});
  EXPECT_THAT(
      got.events,
      ElementsAre(
          "counted", "created", "added reasoning rs_m_1", "part", "summary h", "summary m",
          R"(done rs_m_1{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"content":null,"encrypted_content":"burin-wire:anthropic:{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"S\"}"})",
          "added reasoning rs_m_2", "part",
          R"(done rs_m_2{"type":"reasoning","summary":[],"content":null,"encrypted_content":"burin-wire:anthropic:{\"type\":\"redacted_thinking\",\"data\":\"R\"}"})",
          "added message msg_m_3", "text hé",
          R"(done msg_m_3{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hé"}]})",
          "completed m in 17 (4 cached) out 7 (0 reasoning) total 24"));
}

TEST_F(AnthropicDecoderTest, ToolLoopWithParallelCallsAndThinking) {
  with.items = {wire::dump_item(wire::make_message("user", "go"))};
  with.tools = R"([{"type":"custom","name":"apply_patch","description":"d"}])";
  auto got = decode(
      {start,
       R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
       delta_of("thinking_delta", "thinking", R"(a \"b\"\n)"),
       delta_of("signature_delta", "signature", "S"),
       block_stop,
       text_block,
       hello,
       block_stop,
       tool_block,
       delta_of("input_json_delta", "partial_json", ""),
       delta_of("input_json_delta", "partial_json", R"({\"x\":)"),
       delta_of("input_json_delta", "partial_json", "1}"),
       block_stop,
       R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t2","name":"apply_patch","input":{}}})",
       delta_of("input_json_delta", "partial_json", R"({\"input\":\"p\"})"),
       block_stop,
       R"({"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t3","name":"ls","input":{}}})",
       block_stop,
       stop_reason("tool_use"),
       stop});
  ASSERT_TRUE(got.completed);
  ASSERT_EQ(got.done.size(), 5u);
  for (const auto& item : got.done) with.items.push_back(wire::dump_item(item));
  for (auto id : {"t1", "t3"}) {
    with.items.push_back(fmt::format(R"({{"type":"function_call_output","call_id":"{0}","output":"{0}"}})", id));
  }
  with.items.push_back(R"({"type":"custom_tool_call_output","call_id":"t2","output":"t2"})");
  TurnSettings settings;
  settings.effort = wire::ReasoningEffort::medium;
  auto request = parsed(wire.body(with.prompt(), settings, "thread", {}).value());
  EXPECT_EQ(
      dump(request.at("messages").at(1)),
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"a \"b\"\n","signature":"S"},{"type":"text","text":"hé"},{"type":"tool_use","id":"t1","name":"sh","input":{"x":1}},{"type":"tool_use","id":"t2","name":"apply_patch","input":{"input":"p"}},{"type":"tool_use","id":"t3","name":"ls","input":{}}]})");
  EXPECT_EQ(
      dump(request.at("messages").at(2)),
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"t1"},{"type":"tool_result","tool_use_id":"t2","content":"t2"},{"type":"tool_result","tool_use_id":"t3","content":"t3","cache_control":{"type":"ephemeral"}}]})");
}

TEST_F(AnthropicDecoderTest, EveryStopReason) {
  for (auto good : {"end_turn", "tool_use", "stop_sequence", "pause_turn"}) {
    EXPECT_TRUE(decode({start, text_block, hello, block_stop, stop_reason(good), stop}).completed) << good;
  }
  for (auto [bad, word] : {std::pair{"max_tokens", "max_output_tokens"}, std::pair{"refusal", "content_filter"}}) {
    auto got = decode({start, text_block, hello, stop_reason(bad), stop});
    EXPECT_TRUE(got.done.empty());
    EXPECT_EQ(got.error->message,
              fmt::format("stream disconnected before completion: Incomplete response returned, reason: {}", word));
  }
  EXPECT_EQ(decode({start, stop_reason("model_context_window_exceeded"), stop}).error->cls,
            ErrorClass::context_window_exceeded);
}

TEST_F(AnthropicDecoderTest, ErrorsInsideTheStream) {
  auto of = [&](std::string_view type, std::string_view message) {
    auto event = fmt::format(R"({{"type":"error","error":{{"type":"{}","message":"{}"}}}})", type, message);
    return *decode({start, event, stop_reason("end_turn"), stop}).error;
  };
  EXPECT_EQ(of("overloaded_error", "Overloaded").cls, ErrorClass::server_overloaded);
  EXPECT_EQ(of("invalid_request_error", "prompt is too long: 2 > 1").cls, ErrorClass::context_window_exceeded);
  EXPECT_EQ(of("invalid_request_error", "no").cls, ErrorClass::invalid_request);
  EXPECT_EQ(of("billing_error", "no").cls, ErrorClass::quota_exceeded);
  for (auto passing : {"api_error", "rate_limit_error", "timeout_error"}) {
    EXPECT_EQ(of(passing, "boo").message, "stream disconnected before completion: boo");
  }
}

TEST_F(AnthropicDecoderTest, CutStreamsFailAndRecordNothingHalf) {
  const std::string body =
      sse_of({start, text_block, hello, block_stop, tool_block, delta_of("input_json_delta", "partial_json", "{}"),
              block_stop, stop_reason("tool_use"), stop});
  expect_cut_streams_fail(wire, with.prompt(), body, stop + "\n\n");
  auto in_tool = decode_body(wire, with.prompt(), body.substr(0, body.find("{}\"")), 7);
  EXPECT_EQ(in_tool.done.size(), 1u) << "the finished message only";
  EXPECT_EQ(decode({start, text_block, hello, block_stop, stop}).error->message,
            "stream disconnected before completion: the answer ended without a stop reason");
}

TEST_F(AnthropicDecoderTest, JunkIsSkipped) {
  auto got = decode({"not json", "[1]", R"({"type":5})", R"({"type":"new_event"})", R"({"type":"content_block_delta"})",
                     start, R"({"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use"}})",
                     delta_of("input_json_delta", "partial_json", "{}"), block_stop, text_block, hello,
                     delta_of("citations_delta", "citation", "c"), block_stop, stop_reason("end_turn"), stop});
  EXPECT_TRUE(got.completed);
  EXPECT_EQ(got.done.size(), 1u);
}

TEST_F(AnthropicDecoderTest, LongAnswersTakeTimeInProportion) {
  AnthropicDecoder decoder(with.prompt());
  std::vector<wire::ModelEvent> out;
  auto began = io::real_clock().now_ns();
  decoder.feed(text_block, out);
  for (int i = 0; i < 200'000; ++i) {
    decoder.feed(hello, out);
    out.clear();
  }
  EXPECT_LT(io::real_clock().now_ns() - began, 5'000'000'000) << "far from it in every build";
}

}  // namespace burin::model

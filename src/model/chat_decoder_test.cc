// Chunks of chat completions as llama.cpp, vLLM, Ollama and OpenRouter send them, cut everywhere.
#include "model/chat_decoder.h"

#include <chrono>

#include <gmock/gmock.h>

#include "io/clock.h"
#include "model/chat_wire.h"
#include "model/wire_fixture.h"

namespace burin::model {

using ::testing::ElementsAre;

struct ChatDecoderTest : ::testing::Test {
  ChatWire wire;
  WirePrompt with;
  Decoded decode(std::initializer_list<std::string_view> events) {
    return decode_recut(wire, with.prompt(), sse_of(events));
  }
};

const std::string usage = R"("usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,)"
                          R"("prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":)"
                          R"({"reasoning_tokens":2}})";
const std::string hello = R"({"id":"r","choices":[{"index":0,"delta":{"role":"assistant","content":"hé"}}]})";
const std::string stop = R"({"id":"r","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

TEST_F(ChatDecoderTest, TextWithUsageInAChunkOfItsOwn) {
  auto got =
      decode({R"({"id":"r","choices":[{"index":0,"delta":{"role":"assistant","content":null}}]})", hello,
              R"({"id":"r","choices":[{"index":0,"delta":{"content":" you"},"finish_reason":null}],"usage":null})",
              stop, R"({"id":"r","choices":[],)" + usage + "}", "[DONE]"});
  EXPECT_THAT(
      got.events,
      ElementsAre(
          "counted", "created", "added message msg_r_1", "text hé", "text  you",
          R"(done msg_r_1{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hé you"}]})",
          "completed r in 10 (4 cached) out 5 (2 reasoning) total 15"));
}

TEST_F(ChatDecoderTest, UsageWithTheFinishReasonOrNever) {
  auto with_finish = R"({"id":"r","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],)" + usage + "}";
  EXPECT_EQ(decode({hello, with_finish, "[DONE]"}).events.back(),
            "completed r in 10 (4 cached) out 5 (2 reasoning) total 15");
  EXPECT_EQ(decode({hello, stop, "[DONE]"}).events.back(), "completed r");
  EXPECT_EQ(decode({hello, stop}).events.back(), "completed r") << "the end of the body completes";
  EXPECT_EQ(decode({hello, stop,
                    R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,)"
                    R"("prompt_cache_hit_tokens":2,"prompt_tokens_details":null}})"})
                .events.back(),
            "completed r in 3 (2 cached) out 1 (0 reasoning) total 4");
}

TEST_F(ChatDecoderTest, CompletesOnceThoughTheBodyGoesOn) {
  auto got = decode({hello, stop, R"({"id":"r","choices":[],)" + usage + "}", "[DONE]", stop});
  EXPECT_EQ(std::ranges::count_if(got.events, [](const auto& e) { return e.starts_with("completed"); }), 1);
}

TEST_F(ChatDecoderTest, ReasoningOfBothNames) {
  for (std::string field : {"reasoning_content", "reasoning"}) {
    auto got = decode({R"({"id":"r","choices":[{"delta":{")" + field + R"(":"hm"}}]})", hello, stop, "[DONE]"});
    EXPECT_THAT(
        got.events,
        ElementsAre(
            "counted", "created", "added reasoning rs_r_1", "raw hm",
            R"(done rs_r_1{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}],)"
            R"("encrypted_content":"burin-wire:chat:)" +
                field + "\"}",
            "added message msg_r_2", "text hé",
            R"(done msg_r_2{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hé"}]})",
            "completed r"));
  }
  // Both at once are the same text twice.
  auto both = decode({R"({"id":"r","choices":[{"delta":{"reasoning":"hm","reasoning_content":"hm"}}]})", stop});
  EXPECT_EQ(std::ranges::count(both.events, "raw hm"), 1);
}

std::vector<std::string> calls_of(const Decoded& got) {
  std::vector<std::string> out;
  for (const auto& item : got.done) {
    const auto* call = std::get_if<wire::FunctionCall>(&item);
    if (call != nullptr) out.push_back(fmt::format("{} {} {}", call->call_id, call->name, call->arguments));
  }
  return out;
}

std::string chunk_of_calls(std::string_view calls) {
  return fmt::format(R"({{"id":"r","choices":[{{"delta":{{"tool_calls":[{}]}}}}]}})", calls);
}

TEST_F(ChatDecoderTest, FragmentsOfCallsComeInAnyOrder) {
  auto got =
      decode({chunk_of_calls(R"({"index":0,"id":"a","type":"function","function":{"name":"sh","arguments":""}})"),
              chunk_of_calls(R"({"index":1,"id":"b","function":{"name":"ls","arguments":"{"}})"),
              chunk_of_calls(R"({"index":0,"function":{"arguments":"{\"x\":"}})"),
              chunk_of_calls(R"({"index":1,"function":{"arguments":"}"}},{"index":0,"function":{"arguments":"1}"}})"),
              stop, "[DONE]"});
  EXPECT_THAT(calls_of(got), ElementsAre(R"(a sh {"x":1})", "b ls {}"));
}

TEST_F(ChatDecoderTest, CallsOfServersWithHabits) {
  // All with index 0 (Ollama), without an index, with the arguments as an object, without arguments.
  EXPECT_THAT(calls_of(decode(
                  {chunk_of_calls(R"({"index":0,"id":"a","function":{"name":"sh","arguments":"{}"}})"),
                   chunk_of_calls(R"({"index":0,"id":"b","function":{"name":"sh","arguments":"{\"y\":1}"}})"), stop})),
              ElementsAre("a sh {}", R"(b sh {"y":1})"));
  EXPECT_THAT(calls_of(decode({chunk_of_calls(R"({"id":"a","function":{"name":"sh","arguments":"{"}})"),
                               chunk_of_calls(R"({"function":{"arguments":"}"}})"),
                               chunk_of_calls(R"({"id":"b","function":{"name":"ls","arguments":{"y":1}}})"),
                               chunk_of_calls(R"({"id":"c","function":{"name":"ls"}})"), stop})),
              ElementsAre("a sh {}", R"(b ls {"y":1})", "c ls {}"));
  // An id that changes with every fragment is still one call.
  EXPECT_THAT(calls_of(decode({chunk_of_calls(R"({"index":0,"id":"a","function":{"name":"sh","arguments":"{"}})"),
                               chunk_of_calls(R"({"index":0,"id":"b","function":{"arguments":"}"}})"), stop})),
              ElementsAre("a sh {}"));
}

TEST_F(ChatDecoderTest, MissingIdsAreMadeUp) {
  auto two = chunk_of_calls(R"({"index":0,"function":{"name":"sh"}},{"index":1,"id":"","function":{"name":"sh"}})");
  auto got = calls_of(decode({two, stop}));
  ASSERT_EQ(got.size(), 2u);
  EXPECT_NE(got[0], got[1]);
  EXPECT_EQ(got, calls_of(decode({two, stop}))) << "the same for the same bytes";
  with.items = {"{}"};
  EXPECT_NE(got[0], calls_of(decode({two, stop}))[0]) << "another in the next request";
  auto same = calls_of(decode({chunk_of_calls(R"({"index":0,"id":"0","function":{"name":"sh"}},)"
                                              R"({"index":1,"id":"0","function":{"name":"sh"}})"),
                               stop}));
  ASSERT_EQ(same.size(), 2u);
  EXPECT_NE(same[0], same[1]) << "an id of the server is used once";
}

TEST_F(ChatDecoderTest, EveryFinishReason) {
  auto with_reason = [&](std::string_view reason) {
    return decode(
        {hello, fmt::format(R"({{"id":"r","choices":[{{"delta":{{}},"finish_reason":"{}"}}]}})", reason), "[DONE]"});
  };
  for (auto good : {"stop", "tool_calls", "function_call", "eos", "end_turn"}) {
    EXPECT_TRUE(with_reason(good).completed) << good;
  }
  for (auto [bad, word] : {std::pair{"length", "max_output_tokens"}, std::pair{"content_filter", "content_filter"}}) {
    auto got = with_reason(bad);
    EXPECT_TRUE(got.done.empty()) << "nothing half is done";
    EXPECT_EQ(got.error->message,
              fmt::format("stream disconnected before completion: Incomplete response returned, reason: {}", word));
    EXPECT_TRUE(got.error->retryable());
  }
}

TEST_F(ChatDecoderTest, ErrorsInsideTheStream) {
  auto of = [&](std::string_view event) { return *decode({hello, event, "[DONE]"}).error; };
  EXPECT_EQ(of(R"({"error":{"message":"the request exceeds the available context size","code":400}})").cls,
            ErrorClass::context_window_exceeded);
  EXPECT_EQ(of(R"({"error":{"message":"busy","type":"overloaded_error"}})").cls, ErrorClass::server_overloaded);
  auto passing = of(R"({"id":"r","error":{"code":502,"message":"provider gone, try again in 2s"},)"
                    R"("choices":[{"delta":{"content":""},"finish_reason":"error"}]})");
  EXPECT_EQ(passing.message, "stream disconnected before completion: provider gone, try again in 2s");
  EXPECT_EQ(passing.delay, io::Span(std::chrono::seconds(2)));
  EXPECT_EQ(of(R"({"error":"plain"})").message, "stream disconnected before completion: plain");
  auto refused = of(R"({"error":{"message":"no such model","type":"invalid_request_error"}})");
  EXPECT_EQ(refused.message, "no such model");
  EXPECT_FALSE(refused.retryable());
}

TEST_F(ChatDecoderTest, CutStreamsFailAndRecordNothingHalf) {
  const std::string body = sse_of({hello, chunk_of_calls(R"({"index":0,"id":"a","function":{"name":"sh"}})"),
                                   chunk_of_calls(R"({"index":0,"function":{"arguments":"{}"}})"), stop, "[DONE]"});
  expect_cut_streams_fail(wire, with.prompt(), body, stop + "\n\n");
  auto cut = decode_body(wire, with.prompt(), body.substr(0, body.find(stop)), 7);
  EXPECT_TRUE(cut.done.empty());
  EXPECT_EQ(decode({hello, "[DONE]"}).error->message,
            "stream disconnected before completion: the answer ended without a finish reason");
}

TEST_F(ChatDecoderTest, JunkIsSkipped) {
  auto got = decode({"not json", "[1]", "3", R"({"choices":5})", R"({"id":"r","choices":[{"delta":5}]})",
                     R"({"id":"r","choices":[{"delta":{"content":5,"tool_calls":[5,{"index":0,"function":7}]}}]})",
                     hello, stop, "[DONE]"});
  EXPECT_TRUE(got.completed);
  EXPECT_EQ(std::ranges::count(got.events, "text hé"), 1);
}

TEST_F(ChatDecoderTest, LongAnswersTakeTimeInProportion) {
  ChatDecoder decoder(with.prompt());
  std::vector<wire::ModelEvent> out;
  auto began = io::real_clock().now_ns();
  for (int i = 0; i < 200'000; ++i) {
    decoder.feed(hello, out);
    out.clear();
  }
  EXPECT_LT(io::real_clock().now_ns() - began, 5'000'000'000) << "far from it in every build";
}

}  // namespace burin::model

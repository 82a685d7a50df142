// Events of a response (model-client.md 8.3-8.5).
#include "model/stream_decoder.h"

#include <gtest/gtest.h>

namespace burin::model {

template <class T>
const T* only(const std::vector<wire::ModelEvent>& events) {
  return events.size() == 1 ? std::get_if<T>(&events[0]) : nullptr;
}

std::vector<wire::ModelEvent> decode(StreamDecoder& decoder, std::string_view data) {
  std::vector<wire::ModelEvent> out;
  decoder.feed(data, out);
  return out;
}

TEST(StreamDecoder, Deltas) {
  StreamDecoder d;
  auto events = decode(d, R"({"type":"response.output_text.delta","delta":"hé"})");
  ASSERT_NE(only<wire::TextDelta>(events), nullptr);
  EXPECT_EQ(only<wire::TextDelta>(events)->delta, "hé");
  events = decode(d, R"({"type":"response.reasoning_summary_text.delta","delta":"s","summary_index":2})");
  ASSERT_NE(only<wire::ReasoningSummaryDelta>(events), nullptr);
  EXPECT_EQ(only<wire::ReasoningSummaryDelta>(events)->summary_index, 2);
  events = decode(d, R"({"type":"response.reasoning_text.delta","delta":"r","content_index":1})");
  ASSERT_NE(only<wire::ReasoningContentDelta>(events), nullptr);
  events = decode(d, R"({"type":"response.reasoning_summary_part.added","summary_index":0})");
  ASSERT_NE(only<wire::ReasoningSummaryPartAdded>(events), nullptr);
}

TEST(StreamDecoder, WrongTypesAndJunkAreSkipped) {
  StreamDecoder d;
  for (
      std::string_view data :
      {"not json", "[1]", "3", "{}", R"({"type":5})", R"({"type":"response.output_text.delta","delta":5})",
       R"({"type":"response.output_text.delta"})", R"({"type":"response.reasoning_text.delta","delta":"x"})",
       R"({"type":"response.reasoning_summary_text.delta","delta":"x","summary_index":"0"})",
       R"({"type":"response.in_progress","response":{}})", R"({"type":"error","message":"no"})",
       R"({"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"refusal"}]}})",
       R"({"type":"response.created"})", R"({"type":"response.completed"})",
       R"({"type":"response.created","response":null})", R"({"type":"response.completed","response":null})",
       // A shared member of a wrong type spoils any event.
       R"({"type":"response.completed","delta":5,"response":{"id":"r"}})",
       R"({"type":"response.output_text.delta","delta":"x","summary_index":"a"})",
       R"({"type":"response.output_item.done","content_index":1.5,"item":{"type":"reasoning","summary":[]}})",
       R"({"type":"response.failed","delta":{},"response":{"error":{"code":"insufficient_quota"}}})",
       R"({"type":"x","delta":1,"headers":{"openai-model":"m"}})"}) {
    EXPECT_TRUE(decode(d, data).empty()) << data;
  }
  EXPECT_FALSE(d.completed());
  EXPECT_FALSE(d.error());
}

TEST(StreamDecoder, ItemsAddedAndDone) {
  StreamDecoder d;
  auto events = decode(d, R"({"type":"response.output_item.done","item":{"type":"function_call","id":"fc","name":"n",)"
                          R"("arguments":"{}","call_id":"c","status":"completed"}})");
  ASSERT_NE(only<wire::ItemDone>(events), nullptr);
  EXPECT_EQ(wire::dump_item(only<wire::ItemDone>(events)->item),
            R"({"type":"function_call","name":"n","arguments":"{}","call_id":"c"})");
  events = decode(d, R"({"type":"response.output_item.added","item":{"type":"message","role":"assistant","id":"m",)"
                     R"("content":[]}})");
  ASSERT_NE(only<wire::ItemAdded>(events), nullptr);
  EXPECT_EQ(wire::item_id(only<wire::ItemAdded>(events)->item), "m");
  events = decode(d, R"({"type":"response.created","response":{"id":"r"}})");
  EXPECT_NE(only<wire::Created>(events), nullptr);
}

TEST(StreamDecoder, CompletionMapsUsage) {
  StreamDecoder d;
  auto events =
      decode(d, R"({"type":"response.completed","response":{"id":"r","usage":{"input_tokens":10,)"
                R"("input_tokens_details":{"cached_tokens":4},"output_tokens":5,"output_tokens_details":null,)"
                R"("total_tokens":15}}})");
  const auto* done = only<wire::Completed>(events);
  ASSERT_NE(done, nullptr);
  EXPECT_TRUE(d.completed());
  EXPECT_EQ(done->id, "r");
  EXPECT_EQ(done->usage->cached_input_tokens, 4);
  EXPECT_EQ(done->usage->reasoning_output_tokens, 0);
  EXPECT_EQ(done->usage->total_tokens, 15);
}

// The reasons are those of the reference.
TEST(StreamDecoder, BrokenCompletionIsFatalWithTheReason) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({})", "missing field `id`"},
      {R"({"id":5})", "invalid type: integer `5`, expected a string"},
      {R"("x")", R"(invalid type: string "x", expected struct ResponseCompleted)"},
      {R"({"id":"r","usage":5})", "invalid type: integer `5`, expected struct ResponseCompletedUsage"},
      {R"({"id":"r","usage":{"input_tokens":10}})", "missing field `output_tokens`"},
      {R"({"id":"r","usage":{"input_tokens":"1"}})", R"(invalid type: string "1", expected i64)"},
      {R"({"id":"r","usage":{"input_tokens":1.5}})", "invalid type: floating point `1.5`, expected i64"},
      {R"({"id":"r","usage":{"input_tokens":1,"input_tokens_details":{}}})", "missing field `cached_tokens`"},
      {R"({"id":"r","usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":"x"}}})",
       R"(invalid type: string "x", expected i64)"},
  };
  for (const auto& [response, reason] : rows) {
    StreamDecoder d;
    decode(d, fmt::format(R"({{"type":"response.completed","response":{}}})", response));
    ASSERT_TRUE(d.fatal()) << response;
    EXPECT_EQ(d.error()->message,
              fmt::format("stream disconnected before completion: failed to parse ResponseCompleted: {}", reason));
  }
}

TEST(StreamDecoder, DoneCompletesWithoutResponse) {
  StreamDecoder d;
  auto events = decode(d, R"({"type":"response.done"})");
  ASSERT_NE(only<wire::Completed>(events), nullptr);
  EXPECT_EQ(only<wire::Completed>(events)->id, "");
}

TEST(StreamDecoder, FailureIsRememberedAndCompletionWins) {
  StreamDecoder d;
  decode(d, R"({"type":"response.failed","response":{"error":{"code":"insufficient_quota","message":"m"}}})");
  ASSERT_TRUE(d.error());
  EXPECT_EQ(d.error()->cls, ErrorClass::quota_exceeded);
  decode(d, R"({"type":"response.completed","response":{"id":"r"}})");
  EXPECT_TRUE(d.completed());
}

TEST(StreamDecoder, FailureCodes) {
  struct Row {
    std::string_view event;
    ErrorClass cls;
    std::string_view message;
  };
  const Row rows[] = {
      {R"({"type":"response.failed","response":{"error":{"code":"context_length_exceeded"}}})",
       ErrorClass::context_window_exceeded, ""},
      {R"({"type":"response.failed","response":{"error":{"code":"usage_not_included"}}})",
       ErrorClass::usage_not_included, ""},
      {R"({"type":"response.failed","response":{"error":{"code":"invalid_prompt","message":"bad"}}})",
       ErrorClass::invalid_request, "bad"},
      {R"({"type":"response.failed","response":{"error":{"code":"slow_down"}}})", ErrorClass::server_overloaded, ""},
      {R"({"type":"response.failed","response":{"error":{"code":"x","message":"boo"}}})", ErrorClass::stream,
       "stream disconnected before completion: boo"},
      {R"({"type":"response.failed"})", ErrorClass::stream,
       "stream disconnected before completion: response.failed event received"},
      {R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}})",
       ErrorClass::stream,
       "stream disconnected before completion: Incomplete response returned, reason: max_output_tokens"},
      {R"({"type":"response.incomplete"})", ErrorClass::stream,
       "stream disconnected before completion: Incomplete response returned, reason: unknown"},
  };
  for (const auto& row : rows) {
    StreamDecoder d;
    decode(d, row.event);
    ASSERT_TRUE(d.error()) << row.event;
    EXPECT_EQ(d.error()->cls, row.cls) << row.event;
    if (!row.message.empty()) EXPECT_EQ(d.error()->message, row.message);
  }
}

TEST(StreamDecoder, RetryHints) {
  using namespace std::chrono_literals;
  EXPECT_EQ(retry_hint("Rate limit. Please try again in 1.5s."), io::Span(1500ms));
  EXPECT_EQ(retry_hint("TRY AGAIN IN 28ms"), io::Span(28ms));
  EXPECT_EQ(retry_hint("try again in 35 seconds"), io::Span(35s));
  EXPECT_EQ(retry_hint("try again in 6m0s"), std::nullopt);
  EXPECT_EQ(retry_hint("try again later"), std::nullopt);
  StreamDecoder d;
  decode(
      d,
      R"({"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"try again in 2s"}}})");
  EXPECT_EQ(d.error()->delay, io::Span(2s));
  StreamDecoder other;
  decode(other, R"({"type":"response.failed","response":{"error":{"code":"x","message":"try again in 2s"}}})");
  EXPECT_EQ(other.error()->delay, std::nullopt);
}

TEST(StreamDecoder, ServingModelIsReportedWhenItChanges) {
  StreamDecoder d;
  auto first = decode(d, R"({"type":"codex.response.metadata","headers":{"OpenAI-Model":["a","b"]}})");
  ASSERT_NE(only<wire::ServerModel>(first), nullptr);
  EXPECT_EQ(only<wire::ServerModel>(first)->model, "a");
  EXPECT_TRUE(decode(d, R"({"type":"x","response":{"headers":{"x-openai-model":"a"}}})").empty());
  EXPECT_EQ(decode(d, R"({"type":"x","response":{"headers":{"x-openai-model":"c"}}})").size(), 1u);
  EXPECT_TRUE(decode(d, R"({"type":"x","response":{"model":"z"}})").empty());
}

}  // namespace burin::model

// Both flavours of scripts, and errors that name their place.
#include "testkit/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/client_fixture.h"
#include "testkit/event_builders.h"

namespace burin::testkit {

using ::testing::HasSubstr;
using ::testing::SizeIs;

namespace script_test_detail {

Script parsed(std::string_view text) {
  auto s = parse_script(text);
  EXPECT_TRUE(s) << s.error().text();
  return s ? std::move(*s) : Script{};
}

std::string error_of(std::string_view text) {
  auto s = parse_script(text);
  return s ? "(no error)" : s.error().text();
}

template <class T>
const T* step(const Response& r, std::size_t i) {
  return i < r.steps.size() ? std::get_if<T>(&r.steps[i]) : nullptr;
}

}  // namespace script_test_detail

using namespace script_test_detail;  // NOLINT: test file

TEST(Script, ReadsTheArrayFlavour) {
  Script s = parsed(R"([
    [{"type":"response.created","response":{"id":"r"}}, {"type":"response.completed","response":{"id":"r"}}],
    {"events":[{"type":"a","n":1},{"type":"b","n":2}], "delayMs": 250},
    {"hang": true, "events":[{"type":"a","n":1}]},
    {"status": 429, "headers": {"retry-after": "3", "x-n": 5}, "body": {"error": {"code": "c"}}}])");
  EXPECT_TRUE(s.repeat_last);
  ASSERT_THAT(s.responses, SizeIs(4));
  EXPECT_EQ(s.responses[0].content_type, "text/event-stream");
  EXPECT_THAT(s.responses[0].steps, SizeIs(2));
  ASSERT_THAT(s.responses[1].steps, SizeIs(4));
  EXPECT_EQ(step<SleepStep>(s.responses[1], 1)->span, io::milliseconds(250));
  EXPECT_NE(step<SleepStep>(s.responses[1], 3), nullptr);
  EXPECT_EQ(s.responses[2].end, End::keep_open);
  EXPECT_EQ(s.responses[3].status, 429);
  EXPECT_EQ(s.responses[3].headers, (io::Headers{{"retry-after", "3"}, {"x-n", "5"}}));
  EXPECT_EQ(s.responses[3].content_type, "application/json");
  EXPECT_EQ(body_text(s.responses[3]), R"({"error":{"code":"c"}})");
}

TEST(Script, ReadsTheObjectFlavour) {
  Script s = parsed(R"({
    "responses": [{"status":503,"text":"busy","delay_ms":20}, {"json":[1]}, {"base64":"AAE="}, [{"type":"x","n":1}]],
    "models": [{"slug":"m"}],
    "compact": {"default_summary":"S","shape":"compaction_item"},
    "token": [{"json":{"access_token":"t"}}],
    "stubs": [{"method":"GET","path":"/x","response":{"text":"y"}}, {"path":"/a/*","response":{"status":204}}]})");
  EXPECT_FALSE(s.repeat_last);
  ASSERT_THAT(s.responses, SizeIs(4));
  EXPECT_EQ(s.responses[0].delay_before_headers, io::milliseconds(20));
  EXPECT_EQ(s.responses[0].content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(body_text(s.responses[1]), "[1]");
  EXPECT_EQ(body_text(s.responses[2]), std::string("\0\1", 2));
  EXPECT_EQ(body_text(*s.models), R"({"models":[{"slug":"m"}]})");
  EXPECT_EQ(s.default_summary, "S");
  EXPECT_EQ(s.summary_shape, SummaryShape::compaction_item);
  EXPECT_THAT(s.token, SizeIs(1));
  ASSERT_THAT(s.stubs, SizeIs(2));
  EXPECT_EQ(s.stubs[1].endpoint.method, "GET");
  EXPECT_EQ(s.stubs[1].response.status, 204);
}

TEST(Script, ReadsSteps) {
  Script s = parsed(R"({"responses":[{"split":3,"crlf":true,"events":[
    {"type":"a","n":1}, {"$sleep":5}, {"$raw":"data: x\n\n"}, {"$comment":"c"}, {"$gate":"g"}, {"$binary":"AAE="},
    {"$end":"reset"}]}, [{"$drop":true}], {"events":[],"end":"no_blank_line"}]})");
  const auto& r = s.responses.at(0);
  ASSERT_THAT(r.steps, SizeIs(6));
  EXPECT_NE(step<EventStep>(r, 0), nullptr);
  EXPECT_EQ(step<SleepStep>(r, 1)->span, io::milliseconds(5));
  EXPECT_EQ(step<RawStep>(r, 2)->bytes, "data: x\n\n");
  EXPECT_EQ(step<CommentStep>(r, 3)->text, "c");
  EXPECT_EQ(step<GateStep>(r, 4)->name, "g");
  EXPECT_EQ(step<RawStep>(r, 5)->bytes, std::string("\0\1", 2));
  EXPECT_EQ(r.end, End::reset);
  EXPECT_EQ(r.split, 3u);
  EXPECT_TRUE(r.crlf);
  EXPECT_EQ(s.responses.at(1).end, End::truncate);
  EXPECT_EQ(s.responses.at(2).end, End::no_blank_line);
}

TEST(Script, ReadsModelsAndCompactInEachForm) {
  EXPECT_EQ(body_text(*parsed(R"({"models":{"models":[],"x":1}})").models), R"({"models":[],"x":1})");
  EXPECT_EQ(parsed(R"({"models":{"status":500,"json":{}}})").models->status, 500);
  EXPECT_THAT(parsed(R"({"compact":[{"json":{"output":[]}},{"status":400}]})").compact, SizeIs(2));
}

TEST(Script, ErrorsNameTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"[1", "line 1 column"},
      {"3", "the top level: expected an array of responses or an object, got integer"},
      {R"({"response":[]})", "the top level: unknown key \"response\""},
      {R"([3])", "responses[0]: expected an array of events or a response object, got integer"},
      {R"([[{"type":"a"}],[{"type":"a"},"x"]])", "responses[1][1]: expected an event (an object), got string"},
      {R"([{"events":{}}])", "responses[0].events: expected an array of events, got map"},
      {R"({"responses":[{"event":[]}]})", "responses[0]: unknown key \"event\""},
      {R"({"responses":[{"status":"x"}]})", "responses[0].status: expected an integer, got string"},
      {R"({"responses":[{"status":42}]})", "responses[0].status: 42 is not between 100 and 999"},
      {R"({"responses":[{"headers":[]}]})", "responses[0].headers: expected an object of header values"},
      {R"({"responses":[{"headers":{"a":[]}}]})", "responses[0].headers.a: expected a string, got sequence"},
      {R"({"responses":[{"json":1,"text":"x"}]})", "responses[0]: has both \"json\" and \"text\""},
      {R"([[{"$sleep":-1}]])", "responses[0][0].$sleep: -1 is not between"},
      {R"([[{"$nap":1}]])", "responses[0][0]: unknown key \"$nap\""},
      {R"([[{"$sleep":1,"x":2}]])", "responses[0][0]: $sleep must be alone"},
      {R"([[{"$end":"reset"},{"type":"a"}]])", "responses[0][0].$end: must be the last event"},
      {R"([[{"$end":"boom"}]])", "responses[0][0].$end: unknown end \"boom\""},
      {R"([[{"$ping":"x"}]])", "responses[0][0].$ping: is a WebSocket step"},
      {R"([[{"$binary":"?"}]])", "responses[0][0].$binary: not base64"},
      {R"([{"delayMs":"x","events":[]}])", "responses[0].delayMs: expected an integer"},
      {R"([{"hang":1}])", "responses[0].hang: expected true or false, got integer"},
      {R"({"models":3})", "models: expected a list of models or an object"},
      {R"({"compact":{}})", "compact: default_summary is missing"},
      {R"({"compact":{"default_summary":"x","shape":"y"}})", "compact.shape: unknown shape \"y\""},
      {R"({"compact":{"summary":"x"}})", "compact: unknown key \"summary\""},
      {R"({"token":{}})", "token: expected an array of responses, got map"},
      {R"({"ws":{}})", "ws: expected an array of connections, got map"},
      {R"({"ws":[{"requests":[[{"$x":1}]]}]})", "ws[0].requests[0][0]: unknown key \"$x\""},
      {R"({"ws":[{"requests":[{}]}]})", "ws[0].requests[0]: expected an array of events"},
      {R"({"ws_default":{"after_last":"x"}})", "ws_default.after_last: unknown end \"x\""},
      {R"({"stubs":[{"path":"/x"}]})", "stubs[0]: response is missing"},
      {R"({"stubs":[{"response":{}}]})", "stubs[0]: path is missing"},
      {R"({"stubs":[{"path":"/x","answer":1}]})", "stubs[0]: unknown key \"answer\""},
  };
  for (const auto& [text, place] : cases) EXPECT_THAT(error_of(text), HasSubstr(place)) << text;
}

TEST(Script, ErrorsNameTheRemedy) {
  auto s = parse_script(R"({"responses":[{"event":[]}]})");
  ASSERT_FALSE(s);
  EXPECT_THAT(s.error().fix, HasSubstr("events"));
}

struct MountScriptTest : ClientFixture {
  TestServer server{loop};
};

TEST_F(MountScriptTest, ServesAllSections) {
  mount_script(*server, parsed(R"({
    "responses": [[{"type":"response.completed","response":{"id":"1"}}], {"status":400,"text":"no"}],
    "models": [{"slug":"m"}],
    "compact": {"default_summary":"S"},
    "token": [{"json":{"access_token":"t"}}],
    "stubs": [{"path":"/x","response":{"text":"y"}}]})"));
  EXPECT_EQ(post(*server, R"({"input":[]})").body,
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"1\"}}\n\n");
  EXPECT_EQ(post(*server, R"({"input":[]})").status, 400);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(get(server->base_url() + "/models").body, R"({"models":[{"slug":"m"}]})");
    EXPECT_EQ(post(*server, R"({"input":[]})", "/responses/compact").body,
              R"({"output":[{"type":"message","role":"user","content":[{"type":"input_text","text":"S"}]}]})");
    EXPECT_EQ(get(server->base_url() + "/x").body, "y");
  }
  EXPECT_EQ(post(*server, "{}", "/oauth/token").body, R"({"access_token":"t"})");
}

TEST_F(MountScriptTest, ScriptsOfThousandsOfResponsesAreFast) {
  std::string text = "[";
  for (int i = 0; i < 5000; ++i) {
    text += fmt::format(R"({}[{{"type":"response.completed","response":{{"id":"{}"}}}}])", i == 0 ? "" : ",", i);
  }
  mount_script(*server, parsed(text + "]"));
  // Enough requests to show quadratic work, few enough for a slow machine.
  for (int i = 0; i < 500; ++i) {
    ASSERT_THAT(post(*server, R"({"input":[]})").body, HasSubstr(fmt::format("\"id\":\"{}\"", i)));
  }
  server.dont_verify();
}

}  // namespace burin::testkit

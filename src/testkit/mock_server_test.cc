// Mounting, recording and verifying, seen through our own HTTP client on the same loop.
#include "testkit/mock_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "base/text.h"
#include "testkit/client_fixture.h"
#include "testkit/event_builders.h"
#include "testkit/mismatch.h"

namespace burin::testkit {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct MockServerTest : ClientFixture {
  TestServer server{loop};
  static constexpr const char* empty = R"({"input":[]})";

  std::vector<std::string> problems() {
    std::vector<std::string> out;
    for (const auto& p : server->problems_at_end()) out.push_back(fmt::format("{}: {}", problem_name(p.kind), p.text));
    return out;
  }
};

TEST_F(MockServerTest, StreamsAndRecords) {
  auto mount = server->mount_sse_once({ev_response_created("r1"), ev_completed("r1")});
  auto reply = post(*server, empty, "/responses?a=b", {{"X-Mixed-Case", "v"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/event-stream");
  EXPECT_EQ(reply.body, sse_completed("r1"));
  const auto& r = mount.single_request();
  EXPECT_EQ(r.method, "POST");
  EXPECT_EQ(r.path, "/v1/responses");
  EXPECT_EQ(r.query, "a=b");
  EXPECT_EQ(r.sequence, 1u);
  EXPECT_EQ(r.body(), empty);
  EXPECT_GT(r.arrived_ms, 1'700'000'000'000);
  EXPECT_GE(r.delivery->completed_ms, r.arrived_ms);
  EXPECT_TRUE(r.delivery->done);
  EXPECT_FALSE(r.delivery->client_left);
  EXPECT_THAT(r.headers, ::testing::Contains(std::pair<std::string, std::string>("X-Mixed-Case", "v")));
  EXPECT_THAT(server->requests(), SizeIs(1));
}

TEST_F(MockServerTest, AnswersWithAnyStatusHeadersAndBody) {
  Response r = Response::json_body(json::object{{"error", json::object{{"message", "slow down"}}}}, 429);
  r.headers = {{"Retry-After", "3"}, {"x-request-id", "abc"}};
  server->mount_response_sequence(
      {r, Response::text_body("plain", 503), Response::bytes_body(std::string("\0\1", 2), "a/b")});
  auto first = post(*server, empty);
  EXPECT_EQ(first.status, 429);
  EXPECT_EQ(first.header("retry-after"), "3");
  EXPECT_EQ(first.header("content-type"), "application/json");
  EXPECT_EQ(first.body, R"({"error":{"message":"slow down"}})");
  auto second = post(*server, empty);
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.body, "plain");
  EXPECT_EQ(post(*server, empty).body, std::string("\0\1", 2));
  // All on one connection: the bodies were properly ended.
  EXPECT_EQ(server->requests().back()->connection, server->requests().front()->connection);
}

TEST_F(MockServerTest, OwnContentTypeWins) {
  Response r = Response::stream({ev_completed("r")});
  r.headers = {{"Content-Type", "text/event-stream; charset=utf-8"}};
  server->mount_response_once(r);
  auto reply = post(*server, empty);
  EXPECT_EQ(reply.header("content-type"), "text/event-stream; charset=utf-8");
}

TEST_F(MockServerTest, UsesMountsInOrder) {
  auto has = [](std::string text) { return [text](const CapturedRequest& r) { return r.body_contains_text(text); }; };
  auto special = server->mount_sse_once_match(has("special"), {ev_completed("special")});
  auto first = server->mount_sse_once({ev_completed("first")});
  auto second = server->mount_sse_once({ev_completed("second")});
  auto rest = server->mount_always(Response::stream({ev_completed("rest")}));
  auto id = [&](const char* text) {
    auto reply = post(*server, fmt::format(R"({{"input":[],"x":"{}"}})", text)).body;
    return reply.substr(reply.find("\"id\":\"") + 6, 3);
  };
  EXPECT_EQ(id("a"), "fir");
  EXPECT_EQ(id("special"), "spe");
  EXPECT_EQ(id("special"), "sec");
  EXPECT_EQ(id("b"), "res");
  EXPECT_EQ(id("c"), "res");
  EXPECT_EQ(special.single_request().sequence, 2u);
  EXPECT_EQ(first.single_request().sequence, 1u);
  EXPECT_EQ(second.single_request().sequence, 3u);
  EXPECT_THAT(rest.requests(), SizeIs(2));
  EXPECT_EQ(rest.last_request().sequence, 5u);
}

TEST_F(MockServerTest, TellsSurplusRequests) {
  server.dont_verify();
  server->mount_sse_sequence({{ev_completed("a")}, {ev_completed("b")}});
  EXPECT_THAT(post(*server, empty).body, HasSubstr("\"a\""));
  EXPECT_THAT(post(*server, empty).body, HasSubstr("\"b\""));
  auto reply = post(*server, empty);
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, R"({"error":{"message":"no response queued"}})");
  EXPECT_THAT(problems(), ElementsAre("surplus: request 3 (POST /v1/responses): no response is left for it"));
}

TEST_F(MockServerTest, TellsUnusedMounts) {
  server.dont_verify();
  server->mount_sse_sequence({{ev_completed("a")}, {ev_completed("b")}});
  server->mount_always(Response::text_body("x"), compact_endpoint());
  post(*server, empty);
  EXPECT_THAT(problems(), ElementsAre("unused: POST /responses: 1 of 2 expected requests came"));
  auto verified = server->verify();
  ASSERT_FALSE(verified);
  EXPECT_THAT(verified.error().what, HasSubstr("1 of 2 expected"));
  post(*server, empty);
  EXPECT_TRUE(server->verify());
}

TEST_F(MockServerTest, TellsUnmatchedRequests) {
  server.dont_verify();
  auto reply = post(*server, "{}", "/nowhere");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "{}");
  EXPECT_EQ(get(server->base_url() + "/models?client_version=1").body, R"({"models":[]})");
  EXPECT_THAT(problems(), ElementsAre("unmatched: request 1 (POST /v1/nowhere): nothing is mounted for it"));
}

TEST_F(MockServerTest, TellsBrokenBodies) {
  server.dont_verify();
  server->mount_always(Response::stream({ev_completed("r")}));
  post(*server, "{");
  post(*server, "junk", "/responses", {{"content-encoding", "zstd"}});
  post(*server, R"({"input":[{"type":"function_call_output","call_id":"x","output":""}]})");
  auto all = problems();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_THAT(all[0], HasSubstr("body: request 1 (POST /v1/responses): body is not JSON"));
  EXPECT_THAT(all[1], HasSubstr("zstd"));
  EXPECT_EQ(
      all[2],
      "invariant: request 3 (POST /v1/responses): input[0]: function_call_output x answers no call in this input");
}

TEST_F(MockServerTest, ReadsZstdBodies) {
  auto mount = server->mount_sse_once({ev_completed("r")});
  std::string text = R"({"input":[],"x":"packed"})", packed(1000, '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  post(*server, packed, "/responses", {{"content-encoding", "zstd"}});
  EXPECT_TRUE(mount.single_request().body_contains_text("packed"));
  EXPECT_EQ(mount.single_request().body_bytes(), packed);
}

TEST_F(MockServerTest, HandlesThrowWhenTheirClaimIsWrong) {
  auto mount = server->mount_always(Response::stream({ev_completed("r")}));
  EXPECT_THROW((void)mount.single_request(), Mismatch);
  EXPECT_THROW((void)mount.last_request(), Mismatch);
  post(*server, empty);
  EXPECT_NO_THROW((void)mount.single_request());
  post(*server, empty);
  EXPECT_THROW((void)mount.single_request(), Mismatch);
}

TEST_F(MockServerTest, FunctionCallAgentResponse) {
  auto [call, answer] = server->mount_function_call_agent_response("c1", R"({"a":1})", "tool");
  EXPECT_EQ(post(*server, empty).body,
            sse({ev_response_created("resp-1"), ev_function_call("c1", "tool", R"({"a":1})"), ev_completed("resp-1")}));
  auto second = post(*server, R"({"input":[{"type":"function_call","call_id":"c1","name":"tool","arguments":"{}"},
      {"type":"function_call_output","call_id":"c1","output":"result"}]})");
  EXPECT_THAT(second.body, HasSubstr("done"));
  EXPECT_EQ(answer.function_call_output_text("c1"), "result");
  EXPECT_TRUE(answer.saw_function_call("c1"));
  EXPECT_FALSE(call.saw_function_call("c1"));
}

TEST_F(MockServerTest, CompactsByTheDefaultRule) {
  auto mount = server->mount_compact_user_history_with_summary_sequence({"S1", "S2"});
  server->mount_compact_user_history_with_summary_once("S3", SummaryShape::compaction_item);
  std::string body = R"({"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"u"}]},
    {"type":"message","role":"assistant","content":[]},{"type":"reasoning","summary":[]},
    {"type":"message","role":"developer","content":[],"extra":1},
    {"type":"function_call","call_id":"c"},{"type":"function_call_output","call_id":"c","output":""}]})";
  std::string kept = R"({"type":"message","role":"user","content":[{"type":"input_text","text":"u"}]},)"
                     R"({"type":"message","role":"developer","content":[],"extra":1},)";
  auto with = [&](std::string summary) { return R"({"output":[)" + kept + summary + "]}"; };
  EXPECT_EQ(post(*server, body, "/responses/compact").body, with(dump(user_message_item("S1"))));
  EXPECT_EQ(post(*server, body, "/responses/compact").body, with(dump(user_message_item("S2"))));
  EXPECT_EQ(post(*server, body, "/responses/compact").body, with(R"({"type":"compaction","encrypted_content":"S3"})"));
  EXPECT_THAT(mount.requests(), SizeIs(2));
}

TEST_F(MockServerTest, ServesTheOtherEndpoints) {
  server->mount_models_once({json::object{{"slug", "m"}}}, "W/\"1\"");
  server->mount_token_refresh_once(Response::json_body(json::object{{"access_token", "t"}}));
  server->mount_compact_json_once(json::object{{"output", json::array()}});
  server->mount_always(Response::text_body("memories"), memories_endpoint());
  server->mount_always(Response::text_body("stub"), {"GET", "/files/*/content"});
  auto models = get(server->base_url() + "/models?client_version=0.110.0");
  EXPECT_EQ(models.header("etag"), "W/\"1\"");
  EXPECT_EQ(models.body, R"({"models":[{"slug":"m"}]})");
  EXPECT_EQ(post(*server, "{}", "/oauth/token").body, R"({"access_token":"t"})");
  EXPECT_EQ(post(*server, "{}", "/responses/compact").body, R"({"output":[]})");
  EXPECT_EQ(post(*server, "{}", "/memories/trace_summarize").body, "memories");
  EXPECT_EQ(get(replace_all(server->base_url(), "/v1", "") + "/files/7/content").body, "stub");
}

TEST_F(MockServerTest, RepeatsTheLastResponse) {
  MockOptions options;
  options.repeat_last = true;
  TestServer other(loop, std::move(options));
  other->mount_sse_sequence({{ev_completed("a")}, {ev_completed("b")}});
  for (const char* id : {"\"a\"", "\"b\"", "\"b\"", "\"b\""}) EXPECT_THAT(post(*other, empty).body, HasSubstr(id));
  EXPECT_THAT(other->requests(), SizeIs(4));
}

TEST_F(MockServerTest, ForgetsAtReset) {
  auto mount = server->mount_sse_sequence({{ev_completed("a")}, {ev_completed("b")}});
  post(*server, empty);
  server->reset();
  EXPECT_THAT(server->requests(), IsEmpty());
  EXPECT_TRUE(server->verify());
  EXPECT_THAT(mount.requests(), SizeIs(1));
  server->mount_sse_once({ev_completed("c")});
  EXPECT_THAT(post(*server, empty).body, HasSubstr("\"c\""));
  EXPECT_EQ(server->requests().front()->sequence, 2u);
}

TEST_F(MockServerTest, WaitsAreBounded) {
  EXPECT_FALSE(run(server->wait_for_requests(1, io::milliseconds(1))));
  EXPECT_FALSE(run(server->wait_for_answers(1, io::milliseconds(1))));
  EXPECT_FALSE(run(server->wait_gate_reached("g", io::milliseconds(1))));
  auto mount = server->mount_always(Response::stream({ev_completed("r")}));
  auto late = run(mount.wait_for_request(0, io::milliseconds(1)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::timeout);
  post(*server, empty);
  EXPECT_TRUE(run(server->wait_for_requests(1, io::seconds(5))));
  EXPECT_TRUE(run(server->wait_for_answers(1, io::seconds(5))));
  EXPECT_EQ((*run(mount.wait_for_request(0, io::seconds(5))))->sequence, 1u);
}

TEST_F(MockServerTest, ServesWithoutRecording) {
  MockOptions options;
  options.record = false;
  TestServer other(loop, std::move(options));
  auto mount = other->mount_always(Response::stream({ev_completed("r")}));
  EXPECT_EQ(post(*other, "not json").status, 200);
  EXPECT_THAT(other->requests(), IsEmpty());
  EXPECT_THAT(mount.requests(), IsEmpty());
  EXPECT_EQ(other->answers_done(), 1u);
}

/// One client of many: at the first sign of an answer its request must be in the log (INV-23).
static io::Task<> parallel_client(io::Http* http, MockServer* server, int number, int* answered) {
  std::string body = fmt::format(R"({{"input":[],"n":{}}})", number);
  auto response = co_await http->send(ClientFixture::post_request(server->base_url() + "/responses", body));
  if (!response) co_return;
  const auto& log = server->requests();
  bool recorded = std::any_of(log.begin(), log.end(), [&](auto& r) { return find_int(r->json, "n") == number; });
  auto text = co_await io::read_body(**response);
  if (recorded && text && *text == sse_completed("r")) ++*answered;
}

static io::Task<Result<>> parallel_clients(io::Http* http, MockServer* server, int count, int* answered) {
  io::Scope scope(co_await io::Here{});
  for (int i = 0; i < count; ++i) scope.spawn(parallel_client(http, server, i, answered));
  co_await scope.join();
  co_return Result<>();
}

TEST_F(MockServerTest, RecordsBeforeItRepliesUnderLoad) {
  server->mount_always(Response::stream({ev_response_created("r"), ev_completed("r")}));
  int answered = 0;
  ASSERT_TRUE(run(parallel_clients(http.get(), &*server, 100, &answered)));
  EXPECT_EQ(answered, 100);
  EXPECT_THAT(server->requests(), SizeIs(100));
}

TEST_F(MockServerTest, SeveralServersLiveSideBySide) {
  TestServer other(loop);
  server->mount_sse_once({ev_completed("one")});
  other->mount_sse_once({ev_completed("two")});
  EXPECT_THAT(post(*other, empty).body, HasSubstr("two"));
  EXPECT_THAT(post(*server, empty).body, HasSubstr("one"));
  EXPECT_NE(other->port(), server->port());
}

TEST_F(MockServerTest, DestructorStopsWhatRuns) {
  auto started = io::run_task(loop, MockServer::start(loop));
  ASSERT_TRUE(started);
  std::string url = (*started)->base_url() + "/models";
  EXPECT_EQ(get(url).status, 200);
  started->reset();
  EXPECT_EQ(get(url).status, 0);
}

TEST_F(MockServerTest, TellsThatThePortIsTaken) {
  MockOptions options;
  options.port = server->port();
  auto second = io::run_task(loop, MockServer::start(loop, std::move(options)));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text(), HasSubstr(std::to_string(server->port())));
}

}  // namespace burin::testkit

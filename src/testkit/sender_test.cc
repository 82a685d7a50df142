// How answers are written: ends, pieces, delays, gates; and what a client that leaves does to them.
#include "testkit/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "testkit/client_fixture.h"
#include "testkit/event_builders.h"
#include "testkit/fault_script.h"

namespace burin::testkit {

struct SenderTest : ClientFixture {
  TestServer server{loop};
  static constexpr const char* empty = R"({"input":[]})";

  Reply answer(Response r) {
    server->mount_response_once(std::move(r));
    return post(*server, empty);
  }
};

TEST_F(SenderTest, EndsInEveryWay) {
  std::string text = sse_completed("r");
  Response r = Response::stream({ev_response_created("r"), ev_completed("r")});
  auto plain = answer(r);
  EXPECT_EQ(plain.body, text);
  EXPECT_EQ(plain.error, "");
  EXPECT_EQ(plain.header("transfer-encoding"), "chunked");

  r.end = End::no_blank_line;
  auto unfinished = answer(r);
  EXPECT_EQ(unfinished.body, text.substr(0, text.size() - 1));
  EXPECT_EQ(unfinished.error, "");

  r.end = End::truncate;
  auto cut = answer(r);
  EXPECT_EQ(cut.body, text);
  EXPECT_NE(cut.error, "");

  r.end = End::reset;
  auto broken = answer(r);
  EXPECT_NE(broken.error, "");
  EXPECT_EQ(broken.body, text.substr(0, broken.body.size()));
}

TEST_F(SenderTest, EveryEndWorksForWholeBodies) {
  Response r = Response::json_body(json::object{{"a", 1}}, 400);
  r.end = End::truncate;
  auto cut = answer(r);
  EXPECT_EQ(cut.status, 400);
  EXPECT_EQ(cut.body, R"({"a":1})");
  EXPECT_NE(cut.error, "");
}

TEST_F(SenderTest, CutsAtEveryByte) {
  Response whole = Response::stream({ev_completed("r")});
  std::string text = body_text(whole);
  for (std::size_t n = 0; n < text.size(); n += 7) {
    auto reply = answer(cut_after(whole, n));
    EXPECT_EQ(reply.body, text.substr(0, n));
    EXPECT_NE(reply.error, "") << n;
  }
}

/// Reads an answer and counts the pieces that the client saw.
static io::Task<Result<std::pair<std::string, int>>> count_pieces(io::Http* http, io::HttpRequest request) {
  CO_TRY(auto response, co_await http->send(std::move(request)));
  std::pair<std::string, int> out;
  for (;;) {
    CO_TRY(auto piece, co_await response->read());
    if (piece.empty()) co_return out;
    out.first += piece;
    ++out.second;
  }
}

TEST_F(SenderTest, SplitsIntoPieces) {
  Response r = Response::stream({ev_response_created("r"), ev_completed("r")});
  r.split = 1;
  std::string text = body_text(r);
  server->mount_response_once(r);
  auto seen = run(count_pieces(http.get(), post_request(server->base_url() + "/responses", empty)));
  ASSERT_TRUE(seen) << seen.error().text();
  EXPECT_EQ(seen->first, text);
  // The system may join some of them, not most.
  EXPECT_GT(seen->second, static_cast<int>(text.size()) / 4);
}

TEST_F(SenderTest, WritesCrLfAndComments) {
  Response r = Response::stream_steps({CommentStep{"alive"}, EventStep{json::object{{"type", "a"}, {"n", 1}}}});
  r.crlf = true;
  EXPECT_EQ(answer(r).body, ": alive\r\n\r\nevent: a\r\ndata: {\"type\":\"a\",\"n\":1}\r\n\r\n");
}

TEST_F(SenderTest, Delays) {
  Response r = Response::stream_steps({RawStep{"a"}, SleepStep{io::milliseconds(30)}, RawStep{"b"}});
  r.delay_before_headers = io::milliseconds(30);
  auto from = loop.now();
  EXPECT_EQ(answer(r).body, "ab");
  EXPECT_GE(loop.now() - from, io::milliseconds(60));
}

/// Reads up to the first gate, opens the gates in turn, reads on.
static io::Task<Result<std::string>> walk_through_gates(io::Http* http, MockServer* server, io::HttpRequest request) {
  CO_TRY(auto response, co_await http->send(std::move(request)));
  std::string log;
  CO_CHECK(co_await server->wait_gate_reached("one", io::seconds(5)));
  CO_TRY(auto first, co_await response->read());
  log += std::string(first) + "|";
  if (server->requests()[0]->delivery->done) co_return fail(Kind::internal, "done before the gates are open");
  server->open_gate("one");
  CO_TRY(auto second, co_await response->read());
  log += std::string(second) + "|";
  CO_CHECK(co_await server->wait_gate_reached("two", io::seconds(5)));
  server->open_gate("two");
  CO_TRY(auto rest, co_await io::read_body(*response));
  log += rest;
  CO_CHECK(co_await server->wait_completed(server->requests()[0], io::seconds(5)));
  co_return log;
}

TEST_F(SenderTest, GatesHoldTheStream) {
  server->mount_response_once(
      Response::stream_steps({RawStep{"a"}, GateStep{"one"}, RawStep{"b"}, GateStep{"two"}, RawStep{"c"}}));
  auto log = run(walk_through_gates(http.get(), &*server, post_request(server->base_url() + "/responses", empty)));
  ASSERT_TRUE(log) << log.error().text();
  EXPECT_EQ(*log, "a|b|c");
}

TEST_F(SenderTest, OpenGatesDoNotHold) {
  server->open_gate("one");
  EXPECT_EQ(answer(Response::stream_steps({RawStep{"a"}, GateStep{"one"}, RawStep{"b"}})).body, "ab");
  EXPECT_TRUE(run(server->wait_gate_reached("one", io::seconds(1))));
}

/// Reads one piece and leaves.
static io::Task<Result<std::string>> read_once(io::Http* http, io::HttpRequest request) {
  CO_TRY(auto response, co_await http->send(std::move(request)));
  CO_TRY(auto piece, co_await response->read());
  co_return std::string(piece);
}

TEST_F(SenderTest, AClientThatLeavesEndsEveryWait) {
  struct Case {
    Step wait;
    End end;
    bool left;
  };
  for (auto& c : std::vector<Case>{{SleepStep{io::seconds(1000)}, End::close, true},
                                   {GateStep{"never"}, End::close, true},
                                   {CommentStep{}, End::keep_open, false}}) {
    Response r = Response::stream_steps({RawStep{"a"}, c.wait});
    r.end = c.end;
    server->mount_response_once(r);
    auto piece = run(read_once(http.get(), post_request(server->base_url() + "/responses", empty)));
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece->front(), 'a');
    auto request = server->requests().back();
    ASSERT_TRUE(run(server->wait_completed(request, io::seconds(5))));
    EXPECT_EQ(request->delivery->client_left, c.left);
  }
}

TEST_F(SenderTest, StopEndsWhatWaits) {
  for (Step wait : {Step(SleepStep{io::seconds(1000)}), Step(GateStep{"never"})}) {
    auto other = *io::run_task(loop, MockServer::start(loop));
    Response r = Response::stream_steps({RawStep{"a"}, wait});
    r.end = End::keep_open;
    other->mount_response_once(r);
    struct Stopper {
      static io::Task<Result<std::string>> go(io::Http* http, MockServer* server, io::HttpRequest request) {
        CO_TRY(auto response, co_await http->send(std::move(request)));
        CO_TRY(auto piece, co_await response->read());
        std::string text(piece);
        co_await server->stop();
        auto after = co_await response->read();
        co_return text + (after ? "?" : "|");
      }
    };
    auto text = run(Stopper::go(http.get(), other.get(), post_request(other->base_url() + "/responses", empty)));
    ASSERT_TRUE(text) << text.error().text();
    EXPECT_EQ(*text, "a|");
  }
}

TEST_F(SenderTest, ReusesTheConnectionAfterPauses) {
  // The watch for a leaving client must not eat what a staying one sends next.
  server->mount_response_sequence({Response::stream_steps({RawStep{"a"}, SleepStep{io::milliseconds(1)}, RawStep{"b"}}),
                                   Response::text_body("second")});
  EXPECT_EQ(post(*server, empty).body, "ab");
  EXPECT_EQ(post(*server, empty).body, "second");
  EXPECT_EQ(server->requests()[0]->connection, server->requests()[1]->connection);
}

TEST_F(SenderTest, StreamsManyDeltas) {
  // 160 bytes each: the size of a real stream of deltas, 32 MB in all. Bounded by the fixture's 20 s, not measured
  // here.
  std::vector<json::value> events(200'000, ev_output_text_delta(std::string(70, 'x')));
  std::size_t size = 0;
  std::string one;
  append_event(one, events[0]);
  size = one.size() * events.size();
  auto reply = answer(Response::stream(std::move(events)));
  EXPECT_EQ(reply.body.size(), size);
  EXPECT_EQ(reply.error, "");
}

}  // namespace burin::testkit

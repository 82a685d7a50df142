// The WebSocket half of the scripted server, with our own client over real sockets (model-client.md 16.9, 16.12).
#include <gtest/gtest.h>

#include "io/fault_relay.h"
#include "io/websocket.h"
#include "testkit/client_fixture.h"
#include "testkit/event_builders.h"
#include "testkit/mismatch.h"
#include "testkit/script.h"

namespace burin::testkit {

using namespace std::chrono_literals;

struct MockWebSocketTest : ClientFixture {
  TestServer server{loop};

  Result<io::WsOpened> try_open(bool deflate = true, std::uint16_t port = 0) {
    std::string url = fmt::format("ws://127.0.0.1:{}/v1/responses", port == 0 ? server->port() : port);
    return run(
        io::open_websocket(*http, io::real_random(), {.url = url, .headers = {{"x-a", "b"}}, .deflate = deflate}));
  }
  std::unique_ptr<io::WebSocket> open(bool deflate = true) {
    auto opened = try_open(deflate);
    EXPECT_TRUE(opened) << opened.error().text();
    return opened ? std::move(opened->socket) : nullptr;
  }
  void say(io::WebSocket& s, std::string text) { EXPECT_TRUE(run(s.send(text))); }
  static io::Task<Result<std::vector<std::string>>> texts(io::WebSocket* s, std::size_t count) {
    std::vector<std::string> out;
    while (out.size() < count) {
      auto items = co_await s->receive();
      if (items.empty()) break;
      for (auto& item : items) out.push_back(item.data);
    }
    co_return out;
  }
  std::vector<std::string> hear(io::WebSocket& s, std::size_t count = 1000) { return run(texts(&s, count)).value(); }
  static std::string create(std::string input, std::string extra = {}) {
    return fmt::format(R"({{"type":"response.create","input":[{}]{}}})", input, extra);
  }
  static WsConnection answers(std::vector<std::vector<WsStep>> requests) {
    WsConnection c;
    c.requests = std::move(requests);
    return c;
  }
  static WsStep event(const json::value& e) { return EventStep{e}; }
};

TEST_F(MockWebSocketTest, HandshakesMessagesAndEndsAreRecorded) {
  server->mount_ws(answers({{event(ev_completed("r1"))}, {event(ev_completed("r2"))}}));
  auto s = open();
  ASSERT_TRUE(s);
  EXPECT_EQ(server->handshakes().size(), 1U);
  EXPECT_EQ(server->single_handshake().handshake.header("X-A"), "b");
  say(*s, create(""));
  EXPECT_EQ(hear(*s, 1).size(), 1U);
  auto first = run(server->wait_for_message(0, 0, 5s));
  ASSERT_TRUE(first);
  EXPECT_TRUE((*first)->compressed);
  say(*s, create(R"({"a":1})"));
  EXPECT_EQ(hear(*s).size(), 1U);
  EXPECT_EQ(s->end()->how, io::WsEnd::How::close_frame) << "after the last answer";
  s.reset();
  ASSERT_TRUE(run(server->wait_for_close(0, 5s)));
  EXPECT_EQ(server->single_connection().messages.size(), 2U);
  EXPECT_EQ(server->single_connection().extension, "permessage-deflate");
  EXPECT_FALSE(run(server->wait_for_handshakes(2, 50ms))) << "a bounded wait";
  EXPECT_THROW((void)server->single_connection().messages.at(7), std::out_of_range);
}

TEST_F(MockWebSocketTest, RefusedThenAcceptedThenOutOfScript) {
  WsConnection refuse;
  refuse.refuse = Response::text_body("not now", 503);
  server->mount_ws(std::move(refuse));
  WsConnection plain = answers({{event(ev_completed("r"))}});
  plain.deflate = false;
  plain.response_headers = {{"x-codex-turn-state", "ts"}};
  server->mount_ws(std::move(plain));
  auto first = try_open();
  ASSERT_TRUE(first && first->refused);
  EXPECT_EQ(first->refused->status, 503);
  EXPECT_EQ(first->refused->body, "not now");
  auto second = try_open();
  ASSERT_TRUE(second && second->socket);
  say(*second->socket, create(""));
  hear(*second->socket);
  EXPECT_EQ(server->single_connection().extension, "");
  EXPECT_FALSE(server->single_connection().messages.at(0).compressed);
  auto third = try_open();
  ASSERT_TRUE(third && third->refused);
  EXPECT_EQ(third->refused->status, 503);
  EXPECT_EQ(server->problems().size(), 1U);
  EXPECT_EQ(server->handshakes().size(), 3U);
  EXPECT_THROW((void)server->single_handshake(), Mismatch);
  server.dont_verify();
}

TEST_F(MockWebSocketTest, AMessageDuringAnAnswerIsAProblem) {
  server->mount_ws(answers({{GateStep{"g"}, event(ev_completed("r1"))}, {event(ev_completed("r2"))}}));
  auto s = open();
  say(*s, create(""));
  ASSERT_TRUE(run(server->wait_gate_reached("g", 5s)));
  say(*s, create(""));
  ASSERT_TRUE(run(server->wait_for_message(0, 1, 5s)));
  server->open_gate("g");
  EXPECT_EQ(hear(*s).size(), 2U);
  EXPECT_TRUE(server->single_connection().messages.at(1).overlapping);
  ASSERT_EQ(server->problems().size(), 1U);
  server.dont_verify();
}

TEST_F(MockWebSocketTest, TheRulesHoldForWhatAMessageMeans) {
  const std::string call_item = R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{}"})";
  WsConnection c = answers({{event(ev_function_call("c1", "f", "{}")), event(ev_completed("r1"))},
                            {event(ev_completed("r2"))},
                            {event(ev_completed("r3"))}});
  server->mount_ws(std::move(c));
  auto s = open();
  say(*s, create(R"({"type":"message"})"));
  hear(*s, 2);
  say(*s, create(R"({"type":"function_call_output","call_id":"c1","output":"x"})", R"(,"previous_response_id":"r1")"));
  hear(*s, 1);
  const auto& connection = server->single_connection();
  EXPECT_EQ(connection.full_input(1).size(), 3U);
  EXPECT_TRUE(server->problems().empty()) << problems_text(server->problems());
  say(*s, create(R"({"type":"function_call_output","call_id":"zz","output":"x"})", R"(,"previous_response_id":"r2")"));
  hear(*s, 1);
  ASSERT_EQ(server->problems().size(), 1U);
  EXPECT_NE(server->problems()[0].text.find("zz"), std::string::npos);
  server.dont_verify();
}

TEST_F(MockWebSocketTest, BuildingOnWhatWasNotSaidIsAProblemAndOldClientsAppend) {
  server->mount_ws(answers({{event(ev_completed("r1"))}, {event(ev_completed("r2"))}, {event(ev_completed("r3"))}}));
  auto s = open();
  say(*s, create(R"({"a":1})"));
  hear(*s, 1);
  say(*s, R"({"type":"response.append","input":[{"b":2}]})");
  hear(*s, 1);
  EXPECT_EQ(server->single_connection().full_input(1).size(), 2U);
  EXPECT_TRUE(server->problems().empty());
  say(*s, create("", R"(,"previous_response_id":"other")"));
  hear(*s, 1);
  EXPECT_EQ(server->problems().size(), 1U);
  server.dont_verify();
}

TEST_F(MockWebSocketTest, EveryStepDoesWhatItSays) {
  server->mount_ws(
      answers({{TextStep{"raw"}, BinaryStep{"\x01"}, PingStep{"p"}, SleepStep{1ms}, event(ev_completed("r"))},
               {CloseStep{1013}}}));
  auto s = open();
  say(*s, create(""));
  EXPECT_EQ(hear(*s, 3).size(), 3U);
  say(*s, create(""));
  EXPECT_TRUE(hear(*s).empty());
  EXPECT_EQ(s->end()->code, 1013);
  EXPECT_EQ(server->single_connection().pongs, std::vector<std::string>{"p"});
  for (WsStep step : {WsStep(DropStep{}), WsStep(HalfFrameStep{}), WsStep(BytesStep{"\xff\xff"})}) {
    server->mount_ws(answers({{step}}));
    auto t = open();
    say(*t, create(""));
    EXPECT_TRUE(hear(*t).empty());
    EXPECT_NE(t->end()->how, io::WsEnd::How::close_frame);
  }
}

TEST_F(MockWebSocketTest, AConnectionMayStayOpenAndTheClientSaysGoodbye) {
  WsConnection c = answers({{event(ev_completed("r"))}});
  c.after_last = WsConnection::AfterLast::keep_open;
  server->mount_ws(std::move(c));
  auto s = open();
  say(*s, create(""));
  hear(*s, 1);
  EXPECT_TRUE(s->open());
  s->close();
  s.reset();
  ASSERT_TRUE(run(server->wait_for_close(0, 5s)));
  EXPECT_EQ(server->single_connection().close_code, io::ws_no_code);
  EXPECT_EQ(server->single_connection().how, "client closed");
}

TEST_F(MockWebSocketTest, BothTransportsLiveOnOnePort) {
  auto script = parse_script(R"({"ws":[{"refuse":{"status":426,"json":{}}}],"responses":[[{"type":"x"}]]})");
  ASSERT_TRUE(script);
  mount_script(*server, std::move(*script));
  auto refused = try_open();
  ASSERT_TRUE(refused && refused->refused);
  EXPECT_EQ(refused->refused->status, 426);
  EXPECT_EQ(post(*server, R"({"input":[]})").status, 200);
}

TEST_F(MockWebSocketTest, AHundredClientsAreAllOnRecordBeforeTheirAnswer) {
  WsConnection c = answers({{event(ev_completed("r"))}});
  server->mount_ws_default(std::move(c));
  struct Client {
    static io::Task<> run(MockWebSocketTest* t, int* missing) {
      std::string url = fmt::format("ws://127.0.0.1:{}/v1/responses", t->server->port());
      std::string mark = fmt::format("client-{}", reinterpret_cast<std::uintptr_t>(&url));
      auto opened =
          co_await io::open_websocket(*t->http, io::real_random(), {.url = url, .headers = {{"x-mark", mark}}});
      if (!opened || !opened->socket) co_return;
      WsRecordPtr mine;
      for (const auto& r : t->server->handshakes()) {
        if (r->handshake.header("x-mark") == mark) mine = r;
      }
      *missing += mine == nullptr;
      (void)co_await opened->socket->send(create(""));
      (void)co_await opened->socket->receive();
      *missing += mine == nullptr || mine->messages.size() != 1;
    }
    static io::Task<Result<int>> all(MockWebSocketTest* t) {
      int missing = 0;
      io::Scope scope(co_await io::Here{});
      for (int i = 0; i < 100; ++i) scope.spawn(run(t, &missing));
      co_await scope.join();
      co_return missing;
    }
  };
  auto missing = run(Client::all(this));
  ASSERT_TRUE(missing);
  EXPECT_EQ(*missing, 0);
  EXPECT_EQ(server->connections().size(), 100U);
}

/// The real client, a real exchange, and a fault at every byte of the server's side: it ends, with an error or with
/// exactly what was sent before, and never with anything else.
TEST_F(MockWebSocketTest, FaultsAtEveryByteOfARealExchange) {
  using Fault = io::FaultPlan::Fault;
  WsConnection c = answers({{TextStep{"one"}, TextStep{"two"}, TextStep{std::string(130, 'x')}}});
  server->mount_ws_default(std::move(c));
  const std::vector<std::string> said = {"one", "two", std::string(130, 'x')};
  io::FaultPlan plan;
  auto relay = io::FaultRelay::start(loop, server->port(), [&](std::size_t) { return plan; });
  ASSERT_TRUE(relay);
  auto exchange = [&]() -> std::optional<std::vector<std::string>> {
    auto opened = try_open(true, (*relay)->port());
    if (!opened || !opened->socket) return std::nullopt;
    if (!run(opened->socket->send(create("")))) return std::vector<std::string>{};
    auto heard = run(texts(opened->socket.get(), plan.fault == Fault::stall ? 0 : 1000));
    return heard ? *heard : std::vector<std::string>{"<hung>"};
  };
  ASSERT_EQ(exchange(), said);
  std::size_t size = (*relay)->answered(), points = 0;
  for (auto fault : {Fault::cut, Fault::reset}) {
    for (std::size_t at = 0; at < size; ++at) {
      plan = {.fault = fault, .after = at};
      auto heard = exchange();
      ++points;
      if (!heard) continue;
      ASSERT_LE(heard->size(), said.size()) << at;
      ASSERT_TRUE(std::equal(heard->begin(), heard->end(), said.begin())) << at << ": " << heard->back();
    }
  }
  plan = {.fault = Fault::dribble, .after = 0};
  EXPECT_EQ(exchange(), said);
  plan = {.fault = Fault::stall, .after = size};
  EXPECT_TRUE(exchange());
  std::printf("faults over real sockets: %zu points\n", points);
  EXPECT_TRUE(run([](io::FaultRelay* r) -> io::Task<Result<>> {
    co_await r->stop();
    co_return Result<>();
  }(relay->get())));
  server.dont_verify();  // broken connections leave messages unsaid
}

}  // namespace burin::testkit

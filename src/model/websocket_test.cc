// Requests over WebSocket: what is sent, what may build on what, turn state, errors and the way back to HTTP
// (model-client.md 10).
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "io/fake_connection.h"
#include "model/client.h"
#include "model/preconnect.h"
#include "model/ws_verdict.h"
#include "testing/fake_world.h"
#include "testing/read_stream.h"

namespace burin::model {

using namespace std::chrono_literals;

struct ModelWebSocketTest : ::testing::Test, testing::FakeWorld {
  using Peer = io::FakeWsServer::Peer;
  io::FakeWsServer server{loop};
  ClientOptions options;
  TurnSettings settings;
  Prompt prompt;
  std::unique_ptr<ModelClient> client;
  std::unique_ptr<ModelSession> session;
  std::vector<std::string> script;  // frames of each answer, joined by newlines
  std::string metadata = R"({"turn_id":"t"})";

  const std::string done = R"({"type":"response.completed","response":{"id":"r1"}})";
  const std::string message = R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"hi"}]})";
  const std::string message_done =
      R"({"type":"response.output_item.done","item":{"type":"message","id":"m1","role":"assistant","content":[{"type":"output_text","text":"hi"}]}})";

  void SetUp() override {
    options.provider.id = options.provider.name = "mock";
    options.provider.base_url = "http://mock/v1";
    options.provider.supports_websockets = true;
    options.provider.request_max_retries = 0;
    options.provider.stream_idle_timeout_ms = 1000;
    options.websockets_enabled = true;
    options.thread_id = "thread-1";
    options.identity = {.originator = "codex_exec", .user_agent = "agent", .version = "0.110.0", .residency = {}};
    settings.model = find_model(bundled_models(), "gpt-5.1-codex");
    prompt.instructions = "be good";
    prompt.tools = "[]";
    http.dial = [this](io::ConnectRequest r) { return server.dial(std::move(r)); };
    server.on_message = [this](Peer& peer, const std::string&) {
      if (script.empty()) return;
      std::string frames = std::move(script.front());
      script.erase(script.begin());
      for (auto frame : lines(frames)) peer.text(frame);
    };
    client = std::make_unique<ModelClient>(world, options);
    session = client->new_session();
  }
  void TearDown() override { session.reset(); }

  void remake() {
    session.reset();
    client = std::make_unique<ModelClient>(world, options);
    session = client->new_session();
  }
  void next_turn() {
    session.reset();
    session = client->new_session();
  }

  using Outcome = testing::StreamOutcome;
  Outcome ask(std::vector<std::string_view> input) {
    prompt.input = std::move(input);
    return io::run_task(loop, testing::read_stream(session.get(), &prompt, &settings, metadata));
  }
  Outcome ask(std::vector<std::string_view> input, std::string answer) {
    script.push_back(std::move(answer));
    return ask(std::move(input));
  }
  /// Everything that came as a text message over connection `n`.
  std::vector<json::value> sent(std::size_t n) const {
    std::vector<json::value> out;
    for (const auto& item : server.peers.at(n)->received) {
      if (item.kind == io::WsKind::text) out.push_back(*parse_json(item.data));
    }
    return out;
  }
  static std::string previous(const json::value& request) {
    return std::string(find_string(request, "previous_response_id").value_or("<full>"));
  }
  static std::size_t items(const json::value& request) { return find_array(request, "input")->size(); }
  void settle() { io::run_task(loop, io::sleep(1ms)); }
  std::string header(std::size_t n, std::string_view name) const {
    return std::string(server.peers.at(n)->handshake->header(name).value_or("<absent>"));
  }
  void queue_http(std::string id = "h") {
    http.queue(io::ScriptedResponse::text(
        200, "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"" + id + "\"}}\n\n"));
  }
};

TEST_F(ModelWebSocketTest, HandshakeAndFirstMessage) {
  options.beta_features = "apps";
  options.timing_metrics = true;
  options.provider.query_params = {{"v", "1"}};
  options.provider.http_headers = {{"x-mine", "yes"}, {"session_id", "no"}};
  options.subagent = "review";
  remake();
  auto out = ask({"{\"a\":1}"}, done);
  ASSERT_FALSE(out.error) << out.error->message;
  EXPECT_TRUE(out.completed());
  EXPECT_EQ(server.dialled.at(0).url, "ws://mock/v1/responses?v=1");
  EXPECT_EQ(header(0, "openai-beta"), "responses_websockets=2026-02-06");
  EXPECT_EQ(header(0, "x-responsesapi-include-timing-metrics"), "true");
  EXPECT_EQ(header(0, "session_id"), "thread-1");
  EXPECT_EQ(header(0, "x-codex-beta-features"), "apps");
  EXPECT_EQ(header(0, "x-codex-turn-metadata"), metadata);
  EXPECT_EQ(header(0, "x-mine"), "yes");
  EXPECT_EQ(header(0, "originator"), "codex_exec");
  for (auto absent : {"user-agent", "x-openai-subagent", "accept", "content-type", "x-codex-turn-state"}) {
    EXPECT_EQ(header(0, absent), "<absent>") << absent;
  }
  const auto request = sent(0).at(0);
  EXPECT_EQ(find_string(request, "type"), "response.create");
  EXPECT_EQ(find_string(request, "instructions"), "be good");
  EXPECT_EQ(find_string(request, "prompt_cache_key"), "thread-1");
  EXPECT_EQ(find(request, "previous_response_id"), nullptr);
  EXPECT_EQ(find(request, "generate"), nullptr);
  EXPECT_EQ(find_string(*find(request, "client_metadata"), "x-codex-turn-metadata"), metadata);
  EXPECT_TRUE(find(request, "stream")->as_bool());
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(ModelWebSocketTest, MetadataThatIsNotAsciiIsLeftOutOfTheMessage) {
  metadata = "{\"turn_id\":\"\xc3\xa9\"}";
  ASSERT_TRUE(ask({}, done).completed());
  EXPECT_EQ(header(0, "x-codex-turn-metadata"), metadata);
  EXPECT_EQ(find(sent(0).at(0), "client_metadata"), nullptr);
}

TEST_F(ModelWebSocketTest, OnlyNewItemsAreSentWithinAndAcrossTurns) {
  ASSERT_TRUE(ask({"{\"a\":1}"}, message_done + "\n" + done).completed());
  ASSERT_TRUE(
      ask({"{\"a\":1}", message, "{\"b\":2}"}, R"({"type":"response.completed","response":{"id":"r2"}})").completed());
  next_turn();
  ASSERT_TRUE(
      ask({"{\"a\":1}", message, "{\"b\":2}", "{\"c\":3}"}, R"({"type":"response.completed","response":{"id":"r3"}})")
          .completed());
  ASSERT_TRUE(ask({"{\"a\":1}", message, "{\"b\":2}", "{\"c\":3}"}, done).completed());
  auto requests = sent(0);
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(previous(requests[0]), "<full>");
  EXPECT_EQ(previous(requests[1]), "r1");
  EXPECT_EQ(items(requests[1]), 1U);
  EXPECT_EQ(previous(requests[2]), "r2");
  EXPECT_EQ(items(requests[2]), 1U);
  EXPECT_EQ(previous(requests[3]), "r3");
  EXPECT_EQ(items(requests[3]), 0U) << "an empty delta is allowed";
  for (const auto& r : requests) EXPECT_EQ(find_string(r, "instructions"), "be good");
}

TEST_F(ModelWebSocketTest, WhatDoesNotExtendTheLastRequestIsSentWhole) {
  struct Case {
    const char* what;
    std::string answer;
    std::function<void(ModelWebSocketTest&)> change;
    std::vector<std::string_view> second;
  };
  const std::vector<std::string_view> grown = {"{\"a\":1}", message, "{\"b\":2}"};
  const std::string good = message_done + "\n" + done;
  const Case cases[] = {
      {"changed model", good, [](auto& t) { t.settings.model.slug = "other"; }, grown},
      {"changed effort", good, [](auto& t) { t.settings.effort = wire::ReasoningEffort::high; }, grown},
      {"changed tools", good, [](auto& t) { t.prompt.tools = "[{}]"; }, grown},
      {"changed instructions", good, [](auto& t) { t.prompt.instructions = "be bad"; }, grown},
      {"parallel calls", good, [](auto& t) { t.prompt.parallel_tool_calls = true; }, grown},
      {"shorter", good, [](auto&) {}, {"{\"a\":1}"}},
      {"other beginning", good, [](auto&) {}, {"{\"x\":1}", message, "{\"b\":2}"}},
      {"output altered", good, [](auto&) {}, {"{\"a\":1}", "{\"m\":0}", "{\"b\":2}"}},
      {"inserted before the output", good, [](auto&) {}, {"{\"a\":1}", "{\"w\":1}", message}},
      {"empty id", message_done + "\n" + R"({"type":"response.completed","response":{"id":""}})", [](auto&) {}, grown},
      {"unknown item kept nowhere",
       R"({"type":"response.output_item.done","item":{"type":"mystery"}})" + ("\n" + done),
       [](auto&) {},
       {"{\"a\":1}", "{\"b\":2}"}},
  };
  for (const auto& c : cases) {
    settings = {};
    settings.model = find_model(bundled_models(), "gpt-5.1-codex");
    prompt = {};
    prompt.instructions = "be good";
    prompt.tools = "[]";
    remake();
    ASSERT_TRUE(ask({"{\"a\":1}"}, c.answer).completed()) << c.what;
    c.change(*this);
    ASSERT_TRUE(ask(c.second, done).completed()) << c.what;
    auto requests = sent(server.peers.size() - 1);
    ASSERT_EQ(requests.size(), 2U) << c.what;
    EXPECT_EQ(previous(requests[1]), "<full>") << c.what;
    EXPECT_EQ(items(requests[1]), c.second.size()) << c.what;
    // And the request after it builds on the full one.
    auto third = c.second;
    third.emplace_back("{\"z\":9}");
    ASSERT_TRUE(ask(third, done).completed()) << c.what;
    EXPECT_EQ(previous(sent(server.peers.size() - 1)[2]), "r1") << c.what;
  }
}

TEST_F(ModelWebSocketTest, AStreamThatDoesNotEndWellMeansANewConnectionAndAFullRequest) {
  struct Case {
    const char* what;
    std::function<void(Peer&)> act;
    std::string text;
  };
  const Case cases[] = {
      {"close", [](Peer& p) { p.close(1011); }, "websocket closed by server before response.completed"},
      {"drop", [](Peer& p) { p.drop(); }, "WebSocket protocol error: Connection reset without closing handshake"},
      {"binary", [](Peer& p) { p.frame({.opcode = 2}, "x"); }, "unexpected binary websocket event"},
      {"failed",
       [](Peer& p) { p.text(R"({"type":"response.failed","response":{"error":{"code":"x","message":"no"}}})"); }, "no"},
      {"incomplete",
       [](Peer& p) { p.text(R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"max"}}})"); },
       "Incomplete response returned, reason: max"},
      {"silence", [](Peer&) {}, "idle timeout waiting for websocket"},
      {"pings only", [](Peer& p) { p.ping("x"); }, "idle timeout waiting for websocket"},
      {"age limit",
       [](Peer& p) {
         p.text(
             R"({"type":"error","status":400,"error":{"code":"websocket_connection_limit_reached","message":"60 minutes"}})");
       },
       "60 minutes"},
  };
  for (const auto& c : cases) {
    remake();
    ASSERT_TRUE(ask({"{\"a\":1}"}, done).completed()) << c.what;
    auto usual = server.on_message;
    server.on_message = [&](Peer& p, const std::string&) { c.act(p); };
    auto out = ask({"{\"a\":1}", "{\"b\":2}"});
    server.on_message = usual;
    ASSERT_TRUE(out.error) << c.what;
    EXPECT_EQ(out.error->message, "stream disconnected before completion: " + c.text);
    EXPECT_TRUE(out.error->retryable());
    std::size_t before = server.peers.size();
    settle();
    EXPECT_TRUE(server.peers.back()->closed_by_client) << c.what;
    ASSERT_TRUE(ask({"{\"a\":1}", "{\"b\":2}"}, done).completed()) << c.what;
    ASSERT_EQ(server.peers.size(), before + 1) << c.what;
    EXPECT_EQ(previous(sent(before).at(0)), "<full>");
  }
}

TEST_F(ModelWebSocketTest, ErrorFramesAreHttpErrorsWithTheFrameAsBody) {
  auto error_of = [&](std::string frame) {
    remake();
    auto out = ask({}, std::move(frame));
    EXPECT_TRUE(out.error);
    return out.error.value_or(ModelError{});
  };
  std::string limit =
      R"({"type":"error","status":429,"error":{"type":"usage_limit_reached","message":"m","plan_type":"pro"},"headers":{"x-codex-primary-used-percent":"100.0","x-codex-primary-window-minutes":15}})";
  auto e = error_of(limit);
  EXPECT_EQ(e.cls, ErrorClass::usage_limit_reached);
  ASSERT_TRUE(e.rate_limits);
  EXPECT_EQ(e.rate_limits->primary->used_percent, 100);
  EXPECT_EQ(e.rate_limits->primary->window_minutes, 15);
  std::string bad = R"({"type":"error","status":400,"error":{"message":"bad"}})";
  e = error_of(bad);
  EXPECT_EQ(e.cls, ErrorClass::invalid_request);
  EXPECT_EQ(e.message, bad);
  e = error_of(R"({"type":"error","status_code":503,"error":{"code":"slow_down"}})");
  EXPECT_EQ(e.cls, ErrorClass::server_overloaded);
  e = error_of(R"({"type":"error","status":401,"error":{"message":"who"}})");
  EXPECT_EQ(e.cls, ErrorClass::unexpected_status);
  EXPECT_TRUE(e.retryable());
  remake();
  EXPECT_TRUE(ask({}, R"({"type":"error","error":{"message":"no status"}})" + ("\n" + done)).completed());
  EXPECT_TRUE(ask({}, R"({"type":"error","status":200,"error":{"message":"fine"}})" + ("\n" + done)).completed());
}

TEST_F(ModelWebSocketTest, RateLimitsComeAsEvents) {
  auto out = ask(
      {},
      R"({"type":"codex.rate_limits","plan_type":"plus","rate_limits":{"primary":{"used_percent":42,"window_minutes":60,"reset_at":1700000000},"secondary":null},"credits":{"has_credits":true,"unlimited":false,"balance":"123"},"metered_limit_name":"Codex-Other"})" +
          ("\n" + done));
  ASSERT_EQ(out.events.size(), 2U);
  const auto& s = std::get<wire::RateLimits>(out.events[0]).snapshot;
  EXPECT_EQ(s.limit_id, "codex_other");
  EXPECT_EQ(s.primary->resets_at, 1700000000);
  EXPECT_EQ(s.plan_type, wire::PlanType::plus);
  EXPECT_EQ(s.credits->balance, "123");
}

TEST_F(ModelWebSocketTest, TheHandshakesHeadersAreRepeatedForEveryRequest) {
  server.on_handshake = [](const io::ServerRequest&, Peer&) {
    return io::FakeWsServer::Answer{
        .headers = {{"openai-model", "m"}, {"x-models-etag", "e"}, {"x-reasoning-included", "false"}}};
  };
  for (int i = 0; i < 2; ++i) {
    auto out = ask({}, done);
    ASSERT_EQ(out.events.size(), 4U);
    EXPECT_EQ(std::get<wire::ServerModel>(out.events[0]).model, "m");
    EXPECT_EQ(std::get<wire::ModelsEtag>(out.events[1]).etag, "e");
    EXPECT_TRUE(std::holds_alternative<wire::ReasoningIncluded>(out.events[2]));
  }
  EXPECT_EQ(server.peers.size(), 1U);
}

TEST_F(ModelWebSocketTest, TurnStateIsWrittenOnceAndEndsWithTheTurn) {
  int handshakes = 0;
  server.on_handshake = [&](const io::ServerRequest&, Peer&) {
    return io::FakeWsServer::Answer{.headers = {{"x-codex-turn-state", fmt::format("ts-{}", ++handshakes)}}};
  };
  auto usual = server.on_message;
  server.on_message = [](Peer& p, const std::string&) { p.drop(); };
  EXPECT_TRUE(ask({}).error);
  server.on_message = usual;
  EXPECT_EQ(header(0, "x-codex-turn-state"), "<absent>");
  ASSERT_TRUE(ask({}, done).completed());
  EXPECT_EQ(header(1, "x-codex-turn-state"), "ts-1");
  // Over to HTTP in the same turn: the token goes along.
  EXPECT_TRUE(session->switch_to_http_fallback(settings.model));
  EXPECT_FALSE(session->switch_to_http_fallback(settings.model)) << "only the call that flips it";
  queue_http();
  ASSERT_TRUE(ask({}).completed());
  auto state_of = [&](std::size_t n) {
    for (const auto& [name, value] : http.requests().at(n).headers) {
      if (equals_ignore_case(name, "x-codex-turn-state")) return value;
    }
    return std::string("<absent>");
  };
  EXPECT_EQ(state_of(0), "ts-1");
  next_turn();
  queue_http();
  ASSERT_TRUE(ask({}).completed());
  EXPECT_EQ(state_of(1), "<absent>");
  EXPECT_EQ(server.peers.size(), 2U) << "no handshake after the fallback";
}

TEST_F(ModelWebSocketTest, ANewTurnOnAnOldConnectionHasNoTurnState) {
  server.on_handshake = [&](const io::ServerRequest&, Peer&) {
    return io::FakeWsServer::Answer{.headers = {{"x-codex-turn-state", "ts"}}};
  };
  ASSERT_TRUE(ask({}, done).completed());
  next_turn();
  ASSERT_TRUE(ask({}, done).completed());
  EXPECT_EQ(server.peers.size(), 1U);
  auto usual = server.on_message;
  server.on_message = [](Peer& p, const std::string&) { p.drop(); };
  EXPECT_TRUE(ask({}).error);
  server.on_message = usual;
  ASSERT_TRUE(ask({}, done).completed());
  EXPECT_EQ(header(1, "x-codex-turn-state"), "<absent>");
}

TEST_F(ModelWebSocketTest, UpgradeRequiredGoesToHttpSilentlyAtOnce) {
  server.on_handshake = [](const io::ServerRequest&, Peer&) { return io::FakeWsServer::Answer{.status = 426}; };
  queue_http();
  auto out = ask({});
  ASSERT_TRUE(out.completed());
  for (const auto& e : out.events) EXPECT_FALSE(std::holds_alternative<wire::TransportFallback>(e));
  EXPECT_EQ(server.peers.size(), 1U);
  EXPECT_EQ(http.requests().size(), 1U);
  EXPECT_FALSE(client->websocket_active(settings.model));
}

TEST_F(ModelWebSocketTest, RefusalsByStatusAreErrorsOfThatStatus) {
  for (auto [code, cls] : {std::pair{401, ErrorClass::unexpected_status},
                           {404, ErrorClass::unexpected_status},
                           {500, ErrorClass::internal_server_error},
                           {429, ErrorClass::retry_limit}}) {
    remake();
    server.on_handshake = [status = code](const io::ServerRequest&, Peer&) {
      return io::FakeWsServer::Answer{.status = status, .body = "{}"};
    };
    for (int i = 0; i < 3; ++i) {
      auto out = ask({});
      ASSERT_TRUE(out.error);
      EXPECT_EQ(out.error->cls, cls);
    }
    EXPECT_TRUE(client->websocket_active(settings.model)) << "whether to fall back is the retry loop's decision";
  }
  remake();
  server.on_handshake = [](const io::ServerRequest&, Peer&) {
    return io::FakeWsServer::Answer{.status = 404, .headers = {{"x-request-id", "q"}}, .body = "gone"};
  };
  server.on_handshake = [](const io::ServerRequest&, Peer&) {
    return io::FakeWsServer::Answer{.status = 403,
                                    .body = "<html>" + std::string(100'000, ' ') + "Cloudflare: blocked</html>"};
  };
  EXPECT_TRUE(contains(ask({}).error->message, "blocked by Cloudflare"));
  server.on_handshake = [](const io::ServerRequest&, Peer&) {
    return io::FakeWsServer::Answer{.status = 404, .headers = {{"x-request-id", "q"}}, .body = "gone"};
  };
  EXPECT_EQ(ask({}).error->message,
            "unexpected status 404 Not Found: gone, url: ws://mock/v1/responses, request id: q");
}

/// Whatever the network does to the handshake or right after it, HTTP is asked within a second.
TEST_F(ModelWebSocketTest, ANetworkThatEatsWebSocketsCostsASecondAtMost) {
  struct Case {
    const char* what;
    std::function<void(ModelWebSocketTest&)> prepare;
  };
  const Case cases[] = {
      {"black hole",
       [](auto& t) {
         t.server.on_handshake = [](const io::ServerRequest&, Peer&) {
           return io::FakeWsServer::Answer{.never = true};
         };
       }},
      {"refused", [](auto& t) { t.server.refuse_connections = Error{.kind = Kind::unavailable, .what = "refused"}; }},
      {"closed at once",
       [](auto& t) {
         t.server.on_handshake = [](const io::ServerRequest&, Peer&) { return io::FakeWsServer::Answer{.drop = true}; };
       }},
      {"closed after the handshake",
       [](auto& t) { t.server.on_message = [](Peer& p, const std::string&) { p.close(1013); }; }},
  };
  for (const auto& c : cases) {
    server.on_handshake = {};
    server.refuse_connections.reset();
    remake();
    auto usual = server.on_message;
    c.prepare(*this);
    queue_http();
    auto start = loop.now();
    Outcome out;
    for (int retry = 1; retry <= 6; ++retry) {
      out = ask({});
      if (!out.error) break;
      ASSERT_TRUE(out.error->retryable()) << c.what;
      if (session->gives_up_websocket(settings.model)) continue;
      io::run_task(loop, io::sleep(std::chrono::milliseconds(220 << (retry - 1))));
    }
    server.on_message = usual;
    ASSERT_TRUE(out.completed()) << c.what;
    EXPECT_TRUE(std::holds_alternative<wire::TransportFallback>(out.events.front())) << c.what;
    EXPECT_LE(loop.now() - start, 1s) << c.what;
    EXPECT_FALSE(client->websocket_active(settings.model));
  }
}

TEST_F(ModelWebSocketTest, TheVerdictOnANetworkIsRememberedForAWhile) {
  options.home = "/home/.codex";
  ASSERT_TRUE(memory.make_dirs(options.home));
  memory.put("/proc/net/route", "Iface\tDestination\tGateway\neth0\t00000000\t0100A8C0\n");
  remake();
  server.on_handshake = [](const io::ServerRequest&, Peer&) { return io::FakeWsServer::Answer{.never = true}; };
  EXPECT_TRUE(ask({}).error);
  queue_http();
  EXPECT_TRUE(ask({}).completed());
  server.on_handshake = {};
  remake();
  EXPECT_FALSE(client->websocket_active(settings.model)) << "a later session starts with HTTP";
  memory.put("/proc/net/route", "Iface\tDestination\tGateway\nwlan0\t00000000\t0100A8C0\n");
  remake();
  EXPECT_TRUE(client->websocket_active(settings.model)) << "another network";
  memory.put("/proc/net/route", "Iface\tDestination\tGateway\neth0\t00000000\t0100A8C0\n");
  options.provider.base_url = "http://other/v1";
  remake();
  EXPECT_TRUE(client->websocket_active(settings.model)) << "another provider";
  options.provider.base_url = "http://mock/v1";
  clock.advance_ms(verdict_life_s * 1000 + 1000);
  remake();
  EXPECT_TRUE(client->websocket_active(settings.model)) << "forgotten";
  memory.put(options.home + "/websocket_verdicts.json", "[broken");
  remake();
  EXPECT_TRUE(client->websocket_active(settings.model));
}

TEST_F(ModelWebSocketTest, AServersRefusalIsNoVerdictOnTheNetwork) {
  options.home = "/home/.codex";
  ASSERT_TRUE(memory.make_dirs(options.home));
  remake();
  server.on_handshake = [](const io::ServerRequest&, Peer&) { return io::FakeWsServer::Answer{.status = 426}; };
  queue_http();
  EXPECT_TRUE(ask({}).completed());
  remake();
  EXPECT_TRUE(client->websocket_active(settings.model));
}

TEST_F(ModelWebSocketTest, WhereAndWhenWebSocketsAreActive) {
  EXPECT_TRUE(client->websocket_active(settings.model));
  options.websockets_enabled = false;
  remake();
  EXPECT_FALSE(client->websocket_active(settings.model));
  settings.model.prefer_websockets = true;
  EXPECT_TRUE(client->websocket_active(settings.model));
  options.provider.supports_websockets = false;
  options.websockets_enabled = true;
  remake();
  EXPECT_FALSE(client->websocket_active(settings.model));
}

TEST_F(ModelWebSocketTest, AnInterruptedAnswerClosesItsConnection) {
  struct Interrupt {
    static io::Task<> run(ModelWebSocketTest* t) {
      auto stream = co_await t->session->stream(t->prompt, t->settings, {});
      auto first = co_await (*stream)->next();
      EXPECT_TRUE(first);
    }
  };
  script.push_back(R"({"type":"response.created","response":{"id":"x"}})");
  io::run_task(loop, Interrupt::run(this));
  settle();
  EXPECT_TRUE(server.peers[0]->closed_by_client);
  EXPECT_EQ(server.peers[0]->received.back().kind, io::WsKind::close);
  next_turn();
  ASSERT_TRUE(ask({}, done).completed());
  EXPECT_EQ(previous(sent(1).at(0)), "<full>");
}

TEST_F(ModelWebSocketTest, FramesAfterTheEndOfAnAnswerBelongToNoRequest) {
  ASSERT_TRUE(ask({}, done + "\n" + R"({"type":"response.failed","response":{}})").completed());
  settle();
  EXPECT_TRUE(ask({}, done).completed());
  EXPECT_EQ(server.peers.size(), 1U);
}

TEST_F(ModelWebSocketTest, AConnectionThatDiedWhileIdleIsReplacedUnseen) {
  ASSERT_TRUE(ask({"{\"a\":1}"}, done).completed());
  server.peers[0]->close(1001);
  settle();
  ASSERT_TRUE(ask({"{\"a\":1}", "{\"b\":1}"}, done).completed());
  ASSERT_EQ(server.peers.size(), 2U);
  EXPECT_EQ(previous(sent(1).at(0)), "<full>");
}

TEST_F(ModelWebSocketTest, ASecondSessionHasItsOwnConnection) {
  ASSERT_TRUE(ask({"{\"a\":1}"}, done).completed());
  {
    auto compaction = client->new_session();
    script.push_back(done);
    auto out = io::run_task(loop, testing::read_stream(compaction.get(), &prompt, &settings, ""));
    ASSERT_TRUE(out.completed());
    EXPECT_EQ(server.peers.size(), 2U);
  }
  ASSERT_TRUE(ask({"{\"a\":1}", "{\"b\":1}"}, done).completed());
  EXPECT_EQ(previous(sent(0).at(1)), "r1");
  next_turn();  // the turn's own connection replaces that of the compaction
  settle();
  EXPECT_TRUE(server.peers[1]->closed_by_client);
}

struct PreconnectTest : ModelWebSocketTest {
  Preconnect slot;
  const TurnMetadata no_metadata;
  Preconnect::Work handshake() {
    return [this](ModelSession& s, io::Event&) { return s.preconnect(settings.model, no_metadata); };
  }
  Preconnect::Work request() {
    return
        [this](ModelSession& s, io::Event& connected) { return s.prewarm(prompt, settings, no_metadata, &connected); };
  }
  /// The slot's work beside a turn that starts at once.
  Outcome turn(Preconnect::Work work, std::vector<std::string_view> input) {
    session.reset();
    struct Both {
      static io::Task<Outcome> run(PreconnectTest* t, Preconnect::Work work, std::vector<std::string_view> input) {
        io::Scope scope(co_await io::Here{});
        scope.spawn(t->slot.run(*t->client, std::move(work)));
        co_await io::sleep(0ms);
        t->session = co_await t->slot.adopt(*t->client);
        t->prompt.input = std::move(input);
        auto out = co_await testing::read_stream(t->session.get(), &t->prompt, &t->settings, "");
        co_await scope.join();
        co_return out;
      }
    };
    return io::run_task(loop, Both::run(this, std::move(work), std::move(input)));
  }
};

TEST_F(PreconnectTest, AHandshakeInFlightIsAwaitedAndAdopted) {
  server.on_handshake = [](const io::ServerRequest&, Peer&) {
    return io::FakeWsServer::Answer{.delay = 300ms, .headers = {{"x-codex-turn-state", "ts"}}};
  };
  script.push_back(done);
  ASSERT_TRUE(turn(handshake(), {"{\"a\":1}"}).completed());
  EXPECT_EQ(server.peers.size(), 1U);
  ASSERT_EQ(sent(0).size(), 1U) << "a preconnect says nothing";
  EXPECT_EQ(items(sent(0)[0]), 1U);
  EXPECT_EQ(slot.state(), Preconnect::State::idle);
  auto usual = server.on_message;
  server.on_message = [](Peer& p, const std::string&) { p.drop(); };
  EXPECT_TRUE(ask({}).error);
  server.on_message = usual;
  ASSERT_TRUE(ask({}, done).completed());
  EXPECT_EQ(header(1, "x-codex-turn-state"), "ts") << "the preconnect's token is the turn's";
}

TEST_F(PreconnectTest, APrewarmSaysEverythingButTheInput) {
  script = {R"({"type":"response.completed","response":{"id":"warm"}})", done};
  ASSERT_TRUE(turn(request(), {"{\"a\":1}"}).completed());
  auto requests = sent(0);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_FALSE(find(requests[0], "generate")->as_bool());
  EXPECT_EQ(items(requests[0]), 0U);
  EXPECT_EQ(find_string(requests[0], "instructions"), "be good");
  EXPECT_EQ(previous(requests[1]), "warm");
  EXPECT_EQ(items(requests[1]), 1U);
  EXPECT_EQ(find(requests[1], "generate"), nullptr);
}

TEST_F(PreconnectTest, FailuresAreForgottenAndTheTurnStartsAfresh) {
  const std::string failures[] = {
      R"({"type":"error","status":500,"error":{}})",
      R"({"type":"response.failed","response":{"error":{"code":"invalid_prompt"}}})",
      message_done + "\n" + R"({"type":"response.completed","response":{"id":"warm"}})",
      R"({"type":"response.completed","response":{"id":""}})",
  };
  for (const auto& answer : failures) {
    remake();
    std::size_t before = server.peers.size();
    script = {answer, done};
    ASSERT_TRUE(turn(request(), {"{\"a\":1}"}).completed()) << answer;
    bool kept = answer.find("warm") != std::string::npos || answer.find("\"\"") != std::string::npos;
    EXPECT_EQ(server.peers.size(), before + (kept ? 1 : 2)) << answer;
    auto last = sent(server.peers.size() - 1).back();
    EXPECT_EQ(previous(last), "<full>") << answer;
    EXPECT_EQ(items(last), 1U);
  }
}

TEST_F(PreconnectTest, A426AtThePrewarmGoesToHttpWithoutAWord) {
  server.on_handshake = [](const io::ServerRequest&, Peer&) { return io::FakeWsServer::Answer{.status = 426}; };
  queue_http();
  auto out = turn(request(), {});
  ASSERT_TRUE(out.completed());
  EXPECT_EQ(server.peers.size(), 1U);
  for (const auto& e : out.events) EXPECT_FALSE(std::holds_alternative<wire::TransportFallback>(e));
}

TEST_F(PreconnectTest, A426AtTheHandshakeOnlyIsSeenAgainByTheTurn) {
  server.on_handshake = [](const io::ServerRequest&, Peer&) { return io::FakeWsServer::Answer{.status = 426}; };
  queue_http();
  ASSERT_TRUE(turn(handshake(), {}).completed());
  EXPECT_EQ(server.peers.size(), 2U);
}

TEST_F(PreconnectTest, ABlackHoleKeepsTheTurnForASecondAtMost) {
  server.on_handshake = [](const io::ServerRequest&, Peer&) { return io::FakeWsServer::Answer{.never = true}; };
  queue_http();
  auto start = loop.now();
  auto out = turn(request(), {});
  ASSERT_TRUE(out.completed());
  EXPECT_TRUE(std::holds_alternative<wire::TransportFallback>(out.events.front()));
  EXPECT_LE(loop.now() - start, 1s + 1ms);
  EXPECT_EQ(server.peers.size(), 1U);
  settle();
  EXPECT_TRUE(server.peers[0]->closed_by_client);
}

TEST_F(PreconnectTest, ASilentPrewarmIsGivenUpAfterItsPatience) {
  options.provider.stream_idle_timeout_ms = 300'000;
  remake();
  int messages = 0;
  server.on_message = [&](Peer& p, const std::string&) {
    if (++messages == 2) p.text(done);
  };
  auto start = loop.now();
  ASSERT_TRUE(turn(request(), {}).completed());
  EXPECT_LE(loop.now() - start, Preconnect::answer_patience + 1s);
  EXPECT_EQ(server.peers.size(), 2U);
}

}  // namespace burin::model

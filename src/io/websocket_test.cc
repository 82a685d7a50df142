// The WebSocket client against a server in memory: handshake, messages, ends, and bytes cut anywhere.
#include "io/websocket.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/fake_connection.h"
#include "io/fake_http.h"
#include "io/loop.h"

namespace burin::io {

struct WebSocketTest : ::testing::Test {
  WebSocketTest() {
    loop.use_virtual_time();
    http.dial = [this](ConnectRequest r) { return server.dial(std::move(r)); };
  }
  Result<WsOpened> open(WsRequest request = {.url = "ws://host:1234/v1/responses?a=b"}) {
    return run_task(loop, with_deadline(seconds(60), "handshake", open_websocket(http, random, std::move(request))));
  }
  std::unique_ptr<WebSocket> socket() {
    auto opened = open();
    EXPECT_TRUE(opened) << opened.error().text();
    return opened && opened->socket ? std::move(opened->socket) : nullptr;
  }
  std::vector<WsItem> receive(WebSocket& s) { return run_task(loop, s.receive()); }
  /// Everything up to the end.
  std::vector<std::string> all(WebSocket& s) {
    std::vector<std::string> out;
    for (;;) {
      auto items = receive(s);
      if (items.empty()) return out;
      for (auto& item : items) out.push_back(item.data);
    }
  }
  void settle() { run_task(loop, sleep(milliseconds(1))); }

  Loop loop;
  ScriptedHttp http;
  FakeWsServer server{loop};
  Random& random = real_random();
};

TEST_F(WebSocketTest, ShakesHandsAndExchangesMessages) {
  server.on_message = [](FakeWsServer::Peer& p, const std::string& m) { p.text("re: " + m); };
  auto s = socket();
  ASSERT_TRUE(s);
  const auto& request = *server.peers[0]->handshake;
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/v1/responses?a=b");
  EXPECT_EQ(request.header("host"), "host:1234");
  EXPECT_EQ(request.header("sec-websocket-version"), "13");
  EXPECT_EQ(request.header("sec-websocket-extensions"), "permessage-deflate; client_max_window_bits");
  EXPECT_FALSE(request.header("user-agent"));
  for (std::string text : {"", "x", "hällo"}) {
    ASSERT_TRUE(run_task(loop, s->send(text)));
    auto items = receive(*s);
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].data, "re: " + text);
  }
}

TEST_F(WebSocketTest, EveryCutOfTheServersBytesReadsTheSame) {
  for (std::size_t split : {1, 2, 3, 7, 100}) {
    for (bool deflate : {false, true}) {
      server.on_handshake = [&](const ServerRequest&, FakeWsServer::Peer& p) {
        p.wire.split = split;
        return FakeWsServer::Answer{.deflate = deflate};
      };
      server.on_message = [](FakeWsServer::Peer& p, const std::string&) {
        p.text(std::string(300, 'a'));
        p.frame({.fin = false, .opcode = 1}, "one ");
        p.ping("between");
        p.frame({.fin = false, .opcode = 0}, "");
        p.frame({.opcode = 0}, "two");
        p.text(std::string(70'000, 'b'));
        p.close(1000);
      };
      auto s = socket();
      ASSERT_TRUE(s);
      ASSERT_TRUE(run_task(loop, s->send("go")));
      auto got = all(*s);
      ASSERT_EQ(got.size(), 3U) << split;
      EXPECT_EQ(got[0], std::string(300, 'a'));
      EXPECT_EQ(got[1], "one two");
      EXPECT_EQ(got[2], std::string(70'000, 'b'));
      EXPECT_EQ(s->end()->how, WsEnd::How::close_frame);
      EXPECT_EQ(s->end()->code, 1000);
      settle();
      const auto& received = server.peers.back()->received;
      ASSERT_EQ(received.size(), 3U);
      EXPECT_EQ(received[0].compressed, deflate);
      EXPECT_EQ(received[1].kind, WsKind::pong);
      EXPECT_EQ(received[1].data, "between");
      EXPECT_EQ(received[2].kind, WsKind::close);
    }
  }
}

TEST_F(WebSocketTest, CompressionKeepsItsContextUnlessToldOtherwise) {
  std::string big;
  for (int i = 0; i < 2000; ++i) big += std::to_string(i * 7919 % 10007) + ",";
  struct Case {
    const char* terms;
    bool keeps;
  };
  for (auto c : {Case{"", true}, Case{"; client_no_context_takeover", false}, Case{"; client_max_window_bits=15", true},
                 Case{"; server_no_context_takeover; client_max_window_bits=9", false}}) {
    server.on_handshake = [&](const ServerRequest&, FakeWsServer::Peer&) {
      return FakeWsServer::Answer{.deflate = true, .deflate_terms = c.terms};
    };
    server.on_message = [](FakeWsServer::Peer& p, const std::string& m) { p.text(m); };
    auto s = socket();
    ASSERT_TRUE(s);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(run_task(loop, s->send(big)));
      auto items = receive(*s);
      ASSERT_EQ(items.size(), 1U);
      EXPECT_EQ(items[0].data, big);
      EXPECT_TRUE(items[0].compressed);
    }
    const auto& received = server.peers.back()->received;
    EXPECT_LT(received[0].wire_size, big.size());
    EXPECT_EQ(received[2].wire_size * 10 < received[0].wire_size, c.keeps) << c.terms;
  }
}

TEST_F(WebSocketTest, LargeMessagesAreCompressedBesideTheLoop) {
  Pool pool{1};
  server.on_handshake = [&](const ServerRequest&, FakeWsServer::Peer&) {
    return FakeWsServer::Answer{.deflate = true};
  };
  auto opened = open({.url = "ws://host:1/x", .connect_timeout = {}, .pool = &pool});
  ASSERT_TRUE(opened && opened->socket);
  for (std::size_t size : {10U, 1U << 20, 20U, 3U << 20}) {
    ASSERT_TRUE(run_task(loop, opened->socket->send(std::string(size, 'x'))));
  }
  settle();
  const auto& received = server.peers[0]->received;
  ASSERT_EQ(received.size(), 4U);
  EXPECT_EQ(received[3].data, std::string(3U << 20, 'x'));
  EXPECT_TRUE(received[3].compressed);
}

TEST_F(WebSocketTest, AWindowThatZlibLacksMeansNoCompressionByUs) {
  server.on_handshake = [&](const ServerRequest&, FakeWsServer::Peer&) {
    return FakeWsServer::Answer{.deflate = true, .deflate_terms = "; client_max_window_bits=8"};
  };
  auto s = socket();
  ASSERT_TRUE(s);
  ASSERT_TRUE(run_task(loop, s->send("plain")));
  settle();
  EXPECT_FALSE(server.peers[0]->received[0].compressed);
}

TEST_F(WebSocketTest, ARefusalIsReadWithItsBody) {
  server.on_handshake = [](const ServerRequest&, FakeWsServer::Peer& p) {
    p.wire.split = 5;
    return FakeWsServer::Answer{.status = 426, .headers = {{"X-Why", "old"}}, .body = "use http"};
  };
  auto opened = open();
  ASSERT_TRUE(opened);
  ASSERT_TRUE(opened->refused);
  EXPECT_FALSE(opened->socket);
  EXPECT_EQ(opened->refused->status, 426);
  EXPECT_EQ(opened->refused->body, "use http");
}

TEST_F(WebSocketTest, HandshakesThatAreNoneFail) {
  auto answer_with = [&](std::string bytes, bool end) {
    server.on_handshake = [bytes, end](const ServerRequest&, FakeWsServer::Peer& p) {
      p.wire.send(bytes);
      if (end) p.wire.end();
      return FakeWsServer::Answer{.never = true};
    };
    auto opened = open();
    EXPECT_FALSE(opened) << bytes;
    return opened ? std::string() : opened.error().what;
  };
  EXPECT_EQ(answer_with("", true), "connection closed before the WebSocket handshake ended");
  EXPECT_EQ(answer_with("SSH-2.0-OpenSSH\r\n", false), "the server's answer is not HTTP");
  EXPECT_EQ(answer_with("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n", false),
            "the server's answer is not that of a WebSocket");
  EXPECT_EQ(answer_with("HTTP/1.1 101 X\r\n\r\n", false), "the server's answer is not that of a WebSocket");
  server.on_handshake = [](const ServerRequest&, FakeWsServer::Peer&) {
    return FakeWsServer::Answer{.headers = {{"Sec-WebSocket-Extensions", "x-unknown"}}};
  };
  auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().what.find("not offered"), std::string::npos);
  server.on_handshake = [](const ServerRequest&, FakeWsServer::Peer&) { return FakeWsServer::Answer{.never = true}; };
  opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Kind::timeout);
  EXPECT_TRUE(server.peers.back()->closed_by_client);
}

TEST_F(WebSocketTest, BrokenRulesEndTheConnectionWithTheirCode) {
  using Peer = FakeWsServer::Peer;
  struct Case {
    const char* what;
    std::function<void(Peer&)> misbehave;
    std::uint16_t code;
  };
  const Case cases[] = {
      {"reserved bits", [](Peer& p) { p.wire.send(std::string("\xb1\x00", 2)); }, 1002},
      {"unknown opcode", [](Peer& p) { p.frame({.opcode = 3}, ""); }, 1002},
      {"compressed without agreement", [](Peer& p) { p.frame({.compressed = true}, "x"); }, 1002},
      {"masked", [](Peer& p) { p.wire.send(std::string("\x81\x81\x00\x00\x00\x00x", 7)); }, 1002},
      {"continuation of nothing", [](Peer& p) { p.frame({.opcode = 0}, "x"); }, 1002},
      {"message inside a message",
       [](Peer& p) {
         p.frame({.fin = false}, "a");
         p.frame({}, "b");
       },
       1002},
      {"fragmented ping", [](Peer& p) { p.frame({.fin = false, .opcode = 9}, "a"); }, 1002},
      {"long ping", [](Peer& p) { p.frame({.opcode = 9}, std::string(126, 'a')); }, 1002},
      {"not UTF-8", [](Peer& p) { p.frame({}, "\xff"); }, 1007},
      {"half a close code", [](Peer& p) { p.frame({.opcode = 8}, "\x03"); }, 1002},
      {"illegal close code", [](Peer& p) { p.frame({.opcode = 8}, std::string("\x03\xed", 2)); }, 1002},
      {"too large", [](Peer& p) { p.wire.send(std::string("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10)); }, 1009},
  };
  for (const auto& c : cases) {
    server.on_message = [&](Peer& p, const std::string&) { c.misbehave(p); };
    auto s = socket();
    ASSERT_TRUE(s);
    ASSERT_TRUE(run_task(loop, s->send("go")));
    EXPECT_TRUE(all(*s).empty()) << c.what;
    ASSERT_TRUE(s->end()) << c.what;
    EXPECT_EQ(s->end()->how, WsEnd::How::broken) << c.what;
    EXPECT_EQ(s->end()->code, c.code) << c.what;
    EXPECT_FALSE(s->open());
    EXPECT_FALSE(run_task(loop, s->send("more")));
    settle();
    const auto& last = server.peers.back()->received.back();
    EXPECT_EQ(last.kind, WsKind::close) << c.what;
    EXPECT_EQ(last.close_code, c.code) << c.what;
  }
}

TEST_F(WebSocketTest, PingsAreAnsweredAndTheEndIsNoticedWhileNobodyWaits) {
  auto s = socket();
  ASSERT_TRUE(s);
  server.peers[0]->ping("are you there");
  settle();
  ASSERT_EQ(server.peers[0]->received.size(), 1U);
  EXPECT_EQ(server.peers[0]->received[0].kind, WsKind::pong);
  EXPECT_TRUE(s->open());
  server.peers[0]->close(1001);
  settle();
  EXPECT_FALSE(s->open());
  EXPECT_EQ(s->end()->code, 1001);
}

TEST_F(WebSocketTest, NothingIsReadAfterACloseFrame) {
  server.on_message = [](FakeWsServer::Peer& p, const std::string&) {
    p.text("before");
    p.close(1000);
    p.text("after");
  };
  auto s = socket();
  ASSERT_TRUE(s);
  ASSERT_TRUE(run_task(loop, s->send("go")));
  EXPECT_EQ(all(*s), std::vector<std::string>{"before"});
}

TEST_F(WebSocketTest, AReaderThatLagsMakesTheServerWait) {
  server.on_message = [](FakeWsServer::Peer& p, const std::string&) {
    p.wire.split = 64 << 10;
    for (int i = 0; i < 20'000; ++i) p.text(std::string(100, 'x'));
    p.close(1000);
  };
  auto s = socket();
  ASSERT_TRUE(s);
  ASSERT_TRUE(run_task(loop, s->send("go")));
  run_task(loop, sleep(seconds(5)));
  EXPECT_TRUE(s->open());  // the close frame has not been read yet
  EXPECT_EQ(all(*s).size(), 20'000U);
}

}  // namespace burin::io

// What the server does on the wire, seen by a client that speaks raw bytes.
#include "io/http_server.h"

#include <cerrno>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "io/fd.h"
#include "io/loop.h"

namespace burin::io {

struct ServerTest : ::testing::Test {
  void SetUp() override {
    auto started = HttpServer::start(loop, [this](ServerExchange& x) { return answer(this, x); });
    ASSERT_TRUE(started) << started.error().text();
    server = std::move(*started);
  }
  void TearDown() override {
    if (server) run_task(loop, server->stop());
  }
  static Task<> answer(ServerTest* t, ServerExchange& x);

  Fd dial() {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(server->port());
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    return fd;
  }
  static void say(const Fd& fd, std::string_view bytes) {
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  /// Everything until the server closes, or until `count` bytes have come; "[errno]" at a reset.
  std::string hear(const Fd& fd, std::size_t count = 1 << 30) {
    static auto listen = [](int socket, std::size_t wanted, std::string* all) -> Task<Result<>> {
      while (all->size() < wanted) {
        char buffer[4096];
        ssize_t n = ::recv(socket, buffer, std::min(sizeof buffer, wanted - all->size()), MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
          co_await readable(socket);
          continue;
        }
        if (n < 0) *all += "[" + std::to_string(errno) + "]";
        if (n <= 0) break;
        all->append(buffer, static_cast<std::size_t>(n));
      }
      co_return Result<>();
    };
    std::string all;
    auto r = run_task(loop, with_deadline(seconds(10), "server", listen(fd.get(), count, &all)));
    EXPECT_TRUE(r) << all;
    return all;
  }
  template <class F>
  bool until(F condition) {
    for (int i = 0; i < 5000 && !condition(); ++i) run_task(loop, sleep(milliseconds(2)));
    return condition();
  }

  Loop loop;
  std::unique_ptr<HttpServer> server;
  std::vector<std::string> log;
};

Task<> ServerTest::answer(ServerTest* t, ServerExchange& x) {
  const ServerRequest& r = x.request();
  t->log.push_back(r.method + " " + r.path + " " + std::to_string(x.connection()) + " " + r.body);
  if (r.path == "/upgrade") {
    (void)co_await x.head(101, {{"upgrade", "shout"}});
    for (;;) {
      auto bytes = co_await x.read();
      if (!bytes || bytes->empty()) break;
      for (char& c : *bytes) c = static_cast<char>(std::toupper(c));
      (void)co_await x.write(*bytes);
    }
    t->log.emplace_back("upgraded connection ended");
  } else if (r.path == "/reset") {
    (void)co_await x.head(200, {});
    x.reset();
    if (!co_await x.write("late")) t->log.emplace_back("write after reset fails");
  } else if (r.path == "/wait") {
    co_await x.peer_closed();
    t->log.emplace_back("peer closed");
    for (int i = 0; i < 50; ++i) {
      if (!co_await x.write(std::string(1000, 'x'))) co_return t->log.emplace_back("write fails"), void();
      co_await sleep(milliseconds(1));
    }
  } else if (r.path == "/hang") {
    co_await sleep(seconds(3600));
  } else if (r.path == "/throw") {
    throw std::runtime_error("handler bug");
  } else if (r.path == "/reason") {
    (void)co_await x.head(299, {{"a", "1"}, {"A", "2"}}, "My Reason");
  } else {
    (void)co_await x.respond(200, {}, "ok");
  }
}

TEST_F(ServerTest, AnswersExactBytes) {
  Fd c = dial();
  say(c, "GET /reason HTTP/1.1\r\n\r\n");
  EXPECT_EQ(hear(c), "HTTP/1.1 299 My Reason\r\na: 1\r\nA: 2\r\n\r\n");
  Fd d = dial();
  say(d, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(hear(d), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
}

TEST_F(ServerTest, KeepsConnectionsAndTakesPipelinedRequestsInOrder) {
  Fd c = dial();
  say(c,
      "POST /a HTTP/1.1\r\ncontent-length: 1\r\n\r\nxPOST /b HTTP/1.1\r\ncontent-length: 1\r\nconnection: "
      "close\r\n\r\ny");
  std::string one = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  EXPECT_EQ(hear(c), one + one);
  EXPECT_EQ(log, (std::vector<std::string>{"POST /a 0 x", "POST /b 0 y"}));
}

TEST_F(ServerTest, RefusesMalformedAndOversizedRequests) {
  Fd c = dial();
  say(c, "GET / HTTP/1.1\nHost: x\n\n");
  EXPECT_TRUE(hear(c).starts_with("HTTP/1.1 400 Bad Request\r\n"));
  Fd d = dial();
  say(d, "POST / HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n");
  say(d, std::string(200'000, 'x'));
  std::string answer = hear(d);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_TRUE(log.empty());
}

TEST_F(ServerTest, SendsContinue) {
  Fd c = dial();
  say(c, "POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  EXPECT_EQ(hear(c, 25), "HTTP/1.1 100 Continue\r\n\r\n");
  say(c, "hi");
  EXPECT_EQ(hear(c, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(log[0], "POST /a 0 hi");
}

TEST_F(ServerTest, UpgradedConnectionsAreRawBothWays) {
  Fd c = dial();
  say(c, "GET /upgrade HTTP/1.1\r\n\r\nearly");
  std::string head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: shout\r\n\r\n";
  EXPECT_EQ(hear(c, head.size() + 5), head + "EARLY");
  say(c, "more");
  EXPECT_EQ(hear(c, 4), "MORE");
  ::shutdown(c.get(), SHUT_WR);
  EXPECT_EQ(hear(c), "");
  EXPECT_EQ(log.back(), "upgraded connection ended");
}

TEST_F(ServerTest, ResetIsSeenAsReset) {
  Fd c = dial();
  say(c, "GET /reset HTTP/1.1\r\n\r\n");
  std::string heard = hear(c);
  EXPECT_TRUE(heard.ends_with("[104]")) << heard;
  EXPECT_EQ(log.back(), "write after reset fails");
}

TEST_F(ServerTest, NoticesThatThePeerWentAway) {
  {
    Fd c = dial();
    say(c, "GET /wait HTTP/1.1\r\n\r\nextra bytes");
    EXPECT_TRUE(until([&] { return log.size() == 1; }));
  }
  EXPECT_TRUE(until([&] { return log.back() == "write fails"; }));
  EXPECT_EQ(log[1], "peer closed");
  EXPECT_TRUE(until([&] { return server->open_connections() == 0; }));
}

TEST_F(ServerTest, StopEndsHandlersAndConnections) {
  Fd a = dial(), b = dial();
  say(a, "GET /hang HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(until([&] { return log.size() == 1 && server->open_connections() == 2; }));
  run_task(loop, server->stop());
  EXPECT_EQ(server->open_connections(), 0u);
  server.reset();
  EXPECT_EQ(hear(a), "");
  EXPECT_EQ(hear(b), "");
}

TEST_F(ServerTest, ABugInAHandlerIsNotHidden) {
  Fd c = dial();
  say(c, "GET /throw HTTP/1.1\r\n\r\n");
  EXPECT_EQ(hear(c), "");
  EXPECT_THROW(run_task(loop, server->stop()), std::runtime_error);
  server.reset();
}

TEST_F(ServerTest, PortInUseIsAnError) {
  auto second = HttpServer::start(loop, [this](ServerExchange& x) { return answer(this, x); }, server->port());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().sys, EADDRINUSE);
  EXPECT_NE(second.error().what.find(std::to_string(server->port())), std::string::npos);
}

}  // namespace burin::io

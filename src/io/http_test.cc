// The real client against the real server, on one loop.
#include "io/http.h"

#include <cerrno>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "io/curl_api.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "io/process.h"

namespace burin::io {

namespace curl_api_detail {
Result<CurlApi> load(const char* name);
}

struct HttpTest : ::testing::Test {
  void SetUp() override { listen(); }
  void TearDown() override {
    http.reset();
    if (server) run_task(loop, server->stop());
  }

  void listen() {
    auto started = HttpServer::start(loop, [this](ServerExchange& x) { return answer(this, x); });
    ASSERT_TRUE(started) << started.error().text();
    server = std::move(*started);
  }
  static Task<> answer(HttpTest* t, ServerExchange& x);

  std::string url(std::string path) const { return server->url() + path; }
  Result<std::unique_ptr<HttpResponse>> send(HttpRequest r) {
    return run_task(loop, with_deadline(seconds(20), "response", http->send(std::move(r))));
  }
  Result<std::unique_ptr<HttpResponse>> get(std::string path) { return send({.url = url(std::move(path))}); }
  Result<std::string> body(HttpResponse& r) {
    return run_task(loop, with_deadline(seconds(20), "body", read_body(r, 1 << 30)));
  }
  Result<std::string_view> read(HttpResponse& r) {
    return run_task(loop, with_deadline(seconds(20), "piece", r.read()));
  }
  /// Runs the loop until the condition holds, for at most ten seconds.
  template <class F>
  bool until(F condition) {
    for (int i = 0; i < 5000 && !condition(); ++i) run_task(loop, sleep(milliseconds(2)));
    return condition();
  }
  void use(std::map<std::string, std::string> vars) {
    env = Environment(std::move(vars));
    http = make_real_http(loop, pool, env);
  }

  Loop loop;
  Pool pool{1};
  Environment env;
  std::unique_ptr<Http> http = make_real_http(loop, pool, env);
  std::unique_ptr<HttpServer> server;
  std::vector<ServerRequest> seen;
  std::vector<std::size_t> connections;
  bool peer_closed = false;
  std::size_t sent = 0;
};

Task<> HttpTest::answer(HttpTest* t, ServerExchange& x) {
  const ServerRequest& r = x.request();
  t->seen.push_back(r);
  t->connections.push_back(x.connection());
  if (r.path == "/echo") {
    (void)co_await x.respond(200, {{"Content-Type", "text/plain"}, {"X-Thing", "a"}, {"X-Thing", "b"}}, r.body);
  } else if (r.path == "/status") {
    (void)co_await x.respond(503, {{"Retry-After", "7"}}, "busy");
  } else if (r.path == "/stream") {
    (void)co_await x.head(200, {{"transfer-encoding", "chunked"}});
    for (int i = 0; i < 5; ++i) {
      (void)co_await x.chunk("piece " + std::to_string(i) + "\n");
      co_await sleep(milliseconds(20));
    }
    (void)co_await x.finish();
  } else if (r.path == "/big") {
    (void)co_await x.head(200, {{"content-length", "20000000"}});
    for (int i = 0; i < 200; ++i) {
      if (!co_await x.write(std::string(100'000, static_cast<char>('a' + i % 26)))) co_return;
      t->sent += 100'000;
    }
  } else if (r.path == "/cut") {
    (void)co_await x.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    x.close();
  } else if (r.path == "/short") {
    (void)co_await x.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello");
    x.close();
  } else if (r.path == "/reset") {
    (void)co_await x.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello");
    co_await sleep(milliseconds(20));
    x.reset();
  } else if (r.path == "/nothing") {
    x.close();
  } else if (r.path == "/garbage") {
    (void)co_await x.write("hello world\r\n\r\n");
  } else if (r.path == "/badchunk") {
    (void)co_await x.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n");
  } else if (r.path == "/eof") {
    (void)co_await x.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  } else if (r.path == "/trailers") {
    (void)co_await x.write(
        "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nab\r\n0\r\nX-Late: 1\r\n\r\n");
  } else if (r.path == "/gzip") {
    (void)co_await x.respond(200, {{"content-encoding", "gzip"}}, "not really gzip");
  } else if (r.path == "/move") {
    (void)co_await x.respond(302, {{"location", "/echo"}}, "");
  } else if (r.path == "/silence") {
    (void)co_await x.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    co_await x.peer_closed();
    t->peer_closed = true;
  } else if (r.path == "/never") {
    co_await x.peer_closed();
    t->peer_closed = true;
  } else if (r.method == "CONNECT") {
    (void)co_await x.respond(403, {{"x-proxy-error", "blocked"}}, "");
  } else {
    (void)co_await x.respond(404, {}, "{}");
  }
}

TEST_F(HttpTest, StatusHeadersBody) {
  auto r = send({.method = "POST", .url = url("/echo?a=b"), .headers = {{"X-A", "1"}}, .body = "hello"});
  ASSERT_TRUE(r) << r.error().text();
  EXPECT_EQ((*r)->status(), 200);
  const Headers expected = {
      {"Content-Type", "text/plain"}, {"X-Thing", "a"}, {"X-Thing", "b"}, {"content-length", "5"}};
  EXPECT_EQ((*r)->headers(), expected);
  EXPECT_EQ((*r)->header("x-thing"), "a");
  EXPECT_EQ(*body(**r), "hello");
  EXPECT_EQ(*read(**r), "");
  r = get("/status");
  EXPECT_EQ((*r)->status(), 503);
  EXPECT_EQ((*r)->header("retry-after"), "7");
  EXPECT_EQ(*body(**r), "busy");
  EXPECT_EQ(seen[0].query, "a=b");
}

TEST_F(HttpTest, OnlyTheGivenHeadersAreSent) {
  ASSERT_TRUE(get("/echo"));
  std::string host = "127.0.0.1:" + std::to_string(server->port());
  EXPECT_EQ(seen[0].headers, (Headers{{"Host", host}}));
  EXPECT_EQ(seen[0].method, "GET");
  ASSERT_TRUE(send(
      {.method = "POST",
       .url = url("/echo"),
       .headers = {{"user-agent", "burin"}, {"accept", "text/event-stream"}, {"X-Empty", ""}, {"b", "2"}, {"B", "3"}},
       .body = "x"}));
  const Headers expected = {
      {"Host", host}, {"user-agent", "burin"}, {"accept", "text/event-stream"}, {"X-Empty", ""}, {"b", "2"},
      {"B", "3"},     {"Content-Length", "1"}};
  EXPECT_EQ(seen[1].headers, expected);
  ASSERT_TRUE(send({.method = "POST", .url = url("/echo")}));
  EXPECT_EQ(seen[2].header("content-length"), "0");
  ASSERT_TRUE(send({.method = "DELETE", .url = url("/echo")}));
  EXPECT_EQ(seen[3].method, "DELETE");
  EXPECT_EQ(seen[3].header("content-length"), std::nullopt);
  ASSERT_TRUE(send({.method = "PUT", .url = url("/echo"), .body = "y"}));
  EXPECT_EQ(seen[4].method + seen[4].body, "PUTy");
  auto head = send({.method = "HEAD", .url = url("/echo")});
  ASSERT_TRUE(head);
  EXPECT_EQ(seen[5].method, "HEAD");
  EXPECT_EQ(*body(**head), "");
}

TEST_F(HttpTest, HeadersCannotSmuggle) {
  for (auto value : {std::string("a\r\nX-Evil: 1"), std::string("a\nb"), std::string("a\0b", 3)}) {
    auto r = send({.url = url("/echo"), .headers = {{"X-A", value}}});
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().kind, Kind::invalid);
  }
  EXPECT_TRUE(seen.empty());
}

TEST_F(HttpTest, PiecesArriveAsTheyAreSent) {
  auto r = get("/stream");
  ASSERT_TRUE(r);
  EXPECT_EQ(*read(**r), "piece 0\n");
  EXPECT_EQ(*read(**r), "piece 1\n");
  EXPECT_EQ(*body(**r), "piece 2\npiece 3\npiece 4\n");
}

TEST_F(HttpTest, BigBodiesBothWaysWithBackPressure) {
  auto r = get("/big");
  ASSERT_TRUE(r);
  run_task(loop, sleep(milliseconds(200)));
  std::size_t ahead = sent;
  // What the client has not read stays on the wire and with the server; the kernel's buffers hold a few MB.
  EXPECT_LT(ahead, 16'000'000u);
  std::size_t total = 0, largest = 0;
  for (;;) {
    auto piece = read(**r);
    ASSERT_TRUE(piece) << piece.error().text();
    if (piece->empty()) break;
    for (std::size_t i = 0; i < piece->size(); i += 997) {
      ASSERT_EQ((*piece)[i], static_cast<char>('a' + (total + i) / 100'000 % 26));
    }
    total += piece->size();
    largest = std::max(largest, piece->size());
  }
  EXPECT_EQ(total, 20'000'000u);
  EXPECT_LE(largest, (256u << 10) + (16u << 10));

  std::string up(8'000'000, 'u');
  auto echo = send({.method = "POST", .url = url("/echo"), .body = up});
  ASSERT_TRUE(echo) << echo.error().text();
  EXPECT_TRUE(*body(**echo) == up);
  EXPECT_EQ(seen[1].header("expect"), std::nullopt);
}

TEST_F(HttpTest, BrokenBodiesAreErrors) {
  for (auto path : {"/cut", "/short", "/reset", "/badchunk"}) {
    auto r = get(path);
    ASSERT_TRUE(r) << path << ": " << r.error().text();
    auto all = body(**r);
    ASSERT_FALSE(all) << path;
    EXPECT_EQ(all.error().what, "error decoding response body") << path;
    EXPECT_EQ(all.error().kind, Kind::unavailable) << path;
    EXPECT_NE(all.error().text().find("127.0.0.1"), std::string::npos) << all.error().text();
    // Asked again it says the same.
    EXPECT_FALSE(read(**r));
  }
  auto r = get("/cut");
  ASSERT_TRUE(r);
  EXPECT_EQ(*read(**r), "hello");
}

TEST_F(HttpTest, BodiesWithoutLengthEndWithTheConnection) {
  auto r = get("/eof");
  ASSERT_TRUE(r);
  EXPECT_EQ(*body(**r), "until the end");
}

TEST_F(HttpTest, NoAnswerIsAnErrorOfSending) {
  for (auto path : {"/nothing", "/garbage"}) {
    auto r = get(path);
    ASSERT_FALSE(r) << path;
    EXPECT_EQ(r.error().what, "error sending request for url (" + url(path) + ")");
    EXPECT_EQ(r.error().kind, Kind::unavailable);
    EXPECT_NE(r.error().cause, nullptr);
  }
}

TEST_F(HttpTest, InterimAnswersTrailersEncodingsAndRedirectsAreLeftAlone) {
  auto r = get("/trailers");
  ASSERT_TRUE(r);
  EXPECT_EQ((*r)->headers(), (Headers{{"Transfer-Encoding", "chunked"}}));
  EXPECT_EQ(*body(**r), "ab");
  EXPECT_EQ((*r)->headers().size(), 1u);
  r = get("/gzip");
  EXPECT_EQ(*body(**r), "not really gzip");
  r = get("/move");
  EXPECT_EQ((*r)->status(), 302);
  EXPECT_EQ((*r)->header("Location"), "/echo");
  EXPECT_EQ(seen.size(), 3u);
}

TEST_F(HttpTest, RefusedConnectionsNameHostAndReason) {
  std::string gone = url("/v1/responses?x=1");
  std::uint16_t port = server->port();
  run_task(loop, server->stop());
  server.reset();
  auto r = send({.method = "POST", .url = gone, .body = "{}"});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().kind, Kind::unavailable);
  EXPECT_EQ(r.error().sys, ECONNREFUSED);
  EXPECT_EQ(r.error().text(), "error sending request for url (" + gone + "): cannot connect to 127.0.0.1 port " +
                                  std::to_string(port) + ": Connection refused (os error 111)");
  auto lost = send({.url = "http://user:secret@no-such-host.invalid/"});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().text(),
            "error sending request for url (http://no-such-host.invalid/): cannot find the address of "
            "no-such-host.invalid");
  EXPECT_FALSE(lost.error().fix.empty());
  EXPECT_EQ(send({.url = "ftp://h/"}).error().kind, Kind::invalid);
  EXPECT_EQ(send({.url = "nonsense"}).error().kind, Kind::invalid);
}

TEST_F(HttpTest, ConnectTimeoutIsATimeout) {
  // A listener whose queue is full answers no further connection.
  Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof a;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&a), size), 0);
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&a), &size), 0);
  std::vector<Fd> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)::connect(fillers.back().get(), reinterpret_cast<sockaddr*>(&a), size);
  }
  auto r = send(
      {.url = "http://127.0.0.1:" + std::to_string(ntohs(a.sin_port)) + "/", .connect_timeout = milliseconds(200)});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().kind, Kind::timeout) << r.error().text();
}

TEST_F(HttpTest, ConnectionsAreReused) {
  for (int i = 0; i < 3; ++i) {
    auto r = send({.method = "POST", .url = url("/echo"), .body = "x"});
    ASSERT_TRUE(r);
    EXPECT_EQ(*body(**r), "x");
  }
  auto streamed = get("/stream");
  ASSERT_TRUE(body(**streamed));
  ASSERT_TRUE(get("/echo"));
  EXPECT_EQ(connections, (std::vector<std::size_t>{0, 0, 0, 0, 0}));
}

TEST_F(HttpTest, AStaleConnectionIsReplaced) {
  std::uint16_t port = server->port();
  ASSERT_TRUE(body(**get("/echo")));
  run_task(loop, server->stop());
  server.reset();
  auto again = HttpServer::start(loop, [this](ServerExchange& x) { return answer(this, x); }, port);
  ASSERT_TRUE(again) << again.error().text();
  server = std::move(*again);
  auto r = send({.method = "POST", .url = url("/echo"), .body = "fresh"});
  ASSERT_TRUE(r) << r.error().text();
  EXPECT_EQ(*body(**r), "fresh");
}

TEST_F(HttpTest, DestroyingAResponseClosesItsConnection) {
  auto r = get("/silence");
  ASSERT_TRUE(r);
  EXPECT_EQ(*read(**r), "hello");
  EXPECT_FALSE(peer_closed);
  r->reset();
  EXPECT_TRUE(until([&] { return peer_closed; }));
  EXPECT_TRUE(until([&] { return server->open_connections() == 0; }));
}

TEST_F(HttpTest, CancellingAReadKeepsTheResponseAndCancellingASendClosesIt) {
  auto r = get("/silence");
  ASSERT_TRUE(r);
  EXPECT_EQ(*read(**r), "hello");
  auto idle = run_task(loop, with_deadline(milliseconds(50), "idle", (*r)->read()));
  ASSERT_FALSE(idle);
  EXPECT_EQ(idle.error().kind, Kind::timeout);
  EXPECT_FALSE(peer_closed);
  r->reset();
  EXPECT_TRUE(until([&] { return peer_closed; }));

  peer_closed = false;
  auto sending = run_task(loop, with_deadline(milliseconds(50), "head", http->send({.url = url("/never")})));
  ASSERT_FALSE(sending);
  EXPECT_TRUE(until([&] { return peer_closed; }));
}

TEST_F(HttpTest, ManyAtOnce) {
  static auto one = [](HttpTest* t, std::size_t* good) -> Task<> {
    auto r = co_await t->http->send({.url = t->url("/stream")});
    if (!r) co_return;
    auto all = co_await read_body(**r);
    if (all && all->size() == 40) ++*good;
  };
  static auto many = [](HttpTest* t, std::size_t* good) -> Task<> {
    Scope scope(co_await Here{});
    for (int i = 0; i < 100; ++i) scope.spawn(one(t, good));
    co_await scope.join();
  };
  std::size_t good = 0;
  run_task(loop, many(this, &good));
  EXPECT_EQ(good, 100u);
}

// model-client.md 14
TEST_F(HttpTest, HttpProxyGetsTheAbsoluteForm) {
  use({{"HTTP_PROXY", "http://me:pw@127.0.0.1:" + std::to_string(server->port())}});
  auto r = send({.method = "POST",
                 .url = "http://api.example.test/echo?q=1",
                 .headers = {{"authorization", "Bearer k"}},
                 .body = "x"});
  ASSERT_TRUE(r) << r.error().text();
  EXPECT_EQ(*body(**r), "x");
  EXPECT_EQ(seen[0].target, "http://api.example.test/echo?q=1");
  EXPECT_EQ(seen[0].header("host"), "api.example.test");
  EXPECT_EQ(seen[0].header("proxy-authorization"), "Basic " + base64("me:pw"));
  EXPECT_EQ(seen[0].header("proxy-connection"), std::nullopt);
  auto direct = send({.url = url("/echo"), .use_proxy = false});
  ASSERT_TRUE(direct);
  EXPECT_EQ(seen[1].target, "/echo");
}

TEST_F(HttpTest, SeatbeltAndNoProxyGoDirect) {
  std::string proxy = "http://127.0.0.1:1";
  use({{"http_proxy", proxy}, {"CODEX_SANDBOX", "seatbelt"}});
  EXPECT_TRUE(get("/echo"));
  use({{"http_proxy", proxy}, {"no_proxy", "127.0.0.0/8"}});
  EXPECT_TRUE(get("/echo"));
  use({{"http_proxy", proxy}});
  EXPECT_FALSE(get("/echo"));
}

TEST_F(HttpTest, ProxyThatRefusesTheTunnelIsNamed) {
  use({{"HTTPS_PROXY", server->url()}});
  auto r = send({.url = "https://api.example.test/v1", .headers = {{"authorization", "Bearer secret"}}});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text(),
            "error sending request for url (https://api.example.test/v1): the proxy refused the connection to "
            "api.example.test port 443 with HTTP status 403");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "CONNECT api.example.test:443");
  EXPECT_EQ(seen[0].header("authorization"), std::nullopt);
}

TEST_F(HttpTest, TlsTrustsWhatTheEnvironmentNames) {
  auto processes = make_real_processes(loop);
  std::string dir = *real_files().make_temp_dir(::testing::TempDir() + "tls-");
  auto command = [&](std::vector<std::string> argv) {
    SpawnSpec s;
    s.argv = std::move(argv);
    s.cwd = dir;
    s.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", dir}};
    return s;
  };
  auto made = run_task(
      loop, run_command(*processes,
                        command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                 "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj",
                                 "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"}),
                        seconds(20)));
  if (!made || made->status.code != 0) GTEST_SKIP() << "the openssl command is missing";
  auto peer = run_task(loop, processes->spawn(command({"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
                                                       "cert.pem", "-key", "key.pem", "-www"})));
  ASSERT_TRUE(peer);
  std::string said;
  while (said.find("ACCEPT 127.0.0.1:") == std::string::npos || !said.ends_with('\n')) {
    auto piece = run_task(loop, with_deadline(seconds(20), "openssl", (*peer)->read(Stream::out)));
    ASSERT_TRUE(piece && !piece->empty()) << said;
    said += *piece;
  }
  std::size_t at = said.find("ACCEPT 127.0.0.1:") + 17;
  std::string target = "https://127.0.0.1:" + said.substr(at, said.find('\n', at) - at) + "/";

  auto untrusted = send({.url = target});
  ASSERT_FALSE(untrusted);
  EXPECT_NE(untrusted.error().text().find("no secure connection to 127.0.0.1"), std::string::npos);
  EXPECT_NE(untrusted.error().fix.find("SSL_CERT_FILE"), std::string::npos);
  for (auto name : {"SSL_CERT_FILE", "CODEX_CA_CERTIFICATE", "BURIN_CA_CERTIFICATE"}) {
    use({{name, dir + "/cert.pem"}});
    auto r = send({.url = target});
    ASSERT_TRUE(r) << name << ": " << r.error().text();
    EXPECT_EQ((*r)->status(), 200);
    EXPECT_NE(body(**r)->find("<HTML>"), std::string::npos);
  }
  use({{"SSL_CERT_FILE", dir + "/missing.pem"}});
  auto bad = send({.url = target});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text().find("missing.pem"), std::string::npos) << bad.error().text();
  http.reset();
  peer->reset();
  EXPECT_TRUE(real_files().remove_tree(dir));
}

TEST_F(HttpTest, AMissingLibraryIsNamedWithTheRemedy) {
  auto missing = curl_api_detail::load("libcurl-of-nobody.so.4");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, Kind::unavailable);
  EXPECT_NE(missing.error().what.find("libcurl-of-nobody.so.4"), std::string::npos);
  EXPECT_NE(missing.error().fix.find("libcurl4"), std::string::npos);
  auto wrong = curl_api_detail::load("libm.so.6");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("has no function curl_"), std::string::npos);
}

TEST_F(HttpTest, WarmUpLoadsTheLibrary) {
  http->warm_up();
  EXPECT_TRUE(get("/echo"));
}

}  // namespace burin::io

#include "io/http_parser.h"

#include <gtest/gtest.h>

namespace burin::io {

constexpr std::string_view chunked_post =
    "POST http://example.com:8080/v1/responses?a=1&b HTTP/1.1\r\n"
    "Host: example.com\r\n"
    "X-Mixed-CASE:  two words \t\r\n"
    "X-Empty:\r\n"
    "Transfer-Encoding: chunked\r\n"
    "\r\n"
    "5;ext=1\r\nhello\r\n"
    "00006\r\n\r\nworl\r\n"
    "0\r\nTrailer: x\r\n\r\n";

void expect_chunked_post(const ServerRequest& r) {
  EXPECT_EQ(r.method, "POST");
  EXPECT_EQ(r.target, "http://example.com:8080/v1/responses?a=1&b");
  EXPECT_EQ(r.path, "/v1/responses");
  EXPECT_EQ(r.query, "a=1&b");
  EXPECT_EQ(r.body, "hello\r\nworl");
  ASSERT_EQ(r.headers.size(), 4u);
  EXPECT_EQ(r.headers[1], (std::pair<std::string, std::string>("X-Mixed-CASE", "two words")));
  EXPECT_EQ(r.header("x-empty"), "");
  EXPECT_EQ(r.header("nope"), std::nullopt);
  EXPECT_TRUE(r.keeps_alive());
}

TEST(RequestParser, SplitsAnywhere) {
  for (std::size_t cut = 0; cut <= chunked_post.size(); ++cut) {
    RequestParser parser;
    EXPECT_TRUE(parser.idle());
    std::size_t took = parser.feed(chunked_post.substr(0, cut));
    EXPECT_EQ(took, cut);
    EXPECT_EQ(parser.done(), cut == chunked_post.size());
    parser.feed(chunked_post.substr(took));
    ASSERT_TRUE(parser.done()) << parser.error_text();
    expect_chunked_post(parser.take());
    EXPECT_TRUE(parser.idle());
  }
  RequestParser parser;
  for (char c : chunked_post) EXPECT_EQ(parser.feed({&c, 1}), 1u);
  ASSERT_TRUE(parser.done());
  expect_chunked_post(parser.take());
}

TEST(RequestParser, StopsAtTheEndOfTheRequest) {
  RequestParser parser;
  std::string two = "PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.0\r\n\r\n";
  std::size_t took = parser.feed(two);
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.take().body, "abc");
  EXPECT_EQ(parser.feed(std::string_view(two).substr(took)), two.size() - took);
  ASSERT_TRUE(parser.done());
  ServerRequest second = parser.take();
  EXPECT_EQ(second.path, "/b");
  EXPECT_EQ(second.minor_version, 0);
  EXPECT_FALSE(second.keeps_alive());
}

TEST(RequestParser, KeepAlive) {
  auto keeps = [](std::string_view head) {
    RequestParser parser;
    parser.feed(head);
    EXPECT_TRUE(parser.done());
    return parser.take().keeps_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nConnection: foo, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"));
}

TEST(RequestParser, ExpectationIsTakenOnce) {
  RequestParser parser;
  parser.feed("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_TRUE(parser.take_expectation());
  EXPECT_FALSE(parser.take_expectation());
  parser.feed("x");
  EXPECT_TRUE(parser.done());
}

TEST(RequestParser, RefusesWhatIsMalformed) {
  struct Case {
    std::string bytes;
    int status;
  };
  std::string head = "POST / HTTP/1.1\r\n";
  const Case cases[] = {
      {"GET / HTTP/1.1\n\n", 400},
      {"\r\n", 400},
      {"GET  / HTTP/1.1\r\n", 400},
      {"GET /\r\n", 400},
      {"G@T / HTTP/1.1\r\n", 400},
      {"GET /\x01 HTTP/1.1\r\n", 400},
      {"GET / HTTP/2.0\r\n", 505},
      {"GET / FTP/1.1\r\n", 505},
      {head + "no colon\r\n", 400},
      {head + "name : value\r\n", 400},
      {head + ": value\r\n", 400},
      {head + "a: b\r\n folded\r\n", 400},
      {head + "a: b\x02"
              "c\r\n",
       400},
      {head + "content-length: -1\r\n\r\n", 400},
      {head + "content-length: 1x\r\n\r\n", 400},
      {head + "content-length: 1\r\ncontent-length: 2\r\n\r\n", 400},
      {head + "content-length: 99999999999999999999999\r\n\r\n", 400},
      {head + "content-length: 1001\r\n\r\n", 413},
      {head + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400},
      {head + "transfer-encoding: gzip, chunked\r\n\r\n", 501},
      {head + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", 400},
      {head + "transfer-encoding: chunked\r\n\r\nzz\r\n", 400},
      {head + "transfer-encoding: chunked\r\n\r\n\r\n", 400},
      {head + "transfer-encoding: chunked\r\n\r\n-1\r\n", 400},
      {head + "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
      {head + "transfer-encoding: chunked\r\n\r\n2\r\nabc\r\n", 400},
      {head + "transfer-encoding: chunked\r\n\r\n3e9\r\n", 413},
      {head + "transfer-encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\n", 413},
      {head + "a: " + std::string(70'000, 'x'), 431},
      {std::string(70'000, 'x'), 431},
      {head + "transfer-encoding: chunked\r\n\r\n1;" + std::string(70'000, 'x'), 431},
  };
  for (const Case& c : cases) {
    RequestParser parser(1000);
    parser.feed(c.bytes);
    EXPECT_TRUE(parser.failed()) << c.bytes.substr(0, 80);
    EXPECT_EQ(parser.error_status(), c.status) << c.bytes.substr(0, 80);
    EXPECT_FALSE(parser.error_text().empty());
    EXPECT_EQ(parser.feed("more"), 0u);
  }
}

TEST(RequestParser, BodyOfExactlyTheLimit) {
  RequestParser parser(1000);
  parser.feed("POST / HTTP/1.1\r\ncontent-length: 1000\r\n\r\n" + std::string(1000, 'x'));
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.take().body.size(), 1000u);
}

TEST(RequestParser, TargetForms) {
  auto path = [](std::string target) {
    RequestParser parser;
    parser.feed("GET " + target + " HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(parser.done());
    ServerRequest r = parser.take();
    EXPECT_EQ(r.target, target);
    return r.path + "|" + r.query;
  };
  EXPECT_EQ(path("/a/b?c?d"), "/a/b|c?d");
  EXPECT_EQ(path("HTTP://h"), "/|");
  EXPECT_EQ(path("http://h?q"), "|q");
  EXPECT_EQ(path("example.com:443"), "|");
  EXPECT_EQ(path("*"), "|");
}

}  // namespace burin::io

// A loop, a real HTTP client and short calls for the tests of this room.
#pragma once
#include <gtest/gtest.h>

#include "base/text.h"
#include "io/loop.h"
#include "testkit/test_server.h"

namespace burin::testkit {

struct Reply {
  int status = 0;
  io::Headers headers;
  std::string body;   // what came before the end or the failure
  std::string error;  // why the body ended too early; empty when it did not
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (equals_ignore_case(key, name)) return value;
    }
    return "(none)";
  }
};

/// Sends and reads to the end, whatever that is.
inline io::Task<Result<Reply>> exchange(io::Http* http, io::HttpRequest request) {
  CO_TRY(auto response, co_await http->send(std::move(request)));
  Reply reply{response->status(), response->headers(), {}, {}};
  for (;;) {
    auto piece = co_await response->read();
    if (!piece) reply.error = piece.error().text();
    if (!piece || piece->empty()) co_return reply;
    reply.body += *piece;
  }
}

struct ClientFixture : ::testing::Test {
  io::Loop loop;
  io::Pool pool;
  io::Environment env;
  std::unique_ptr<io::Http> http = io::make_real_http(loop, pool, env);

  /// Runs a task for at most 20 s.
  template <class T>
  Result<T> run(io::Task<Result<T>> task) {
    return io::run_task(loop, io::with_deadline(io::seconds(20), "test", std::move(task)));
  }
  Reply send(io::HttpRequest request) {
    auto done = run(exchange(http.get(), std::move(request)));
    return done ? std::move(*done) : Reply{0, {}, {}, done.error().text()};
  }
  static io::HttpRequest post_request(const std::string& url, std::string body, io::Headers headers = {}) {
    headers.emplace_back("content-type", "application/json");
    return {"POST", url, std::move(headers), std::move(body), {}, true};
  }
  Reply post(MockServer& server, std::string body, const std::string& path = "/responses", io::Headers headers = {}) {
    return send(post_request(server.base_url() + path, std::move(body), std::move(headers)));
  }
  Reply get(const std::string& url) { return send({"GET", url, {}, {}, {}, true}); }
};

}  // namespace burin::testkit

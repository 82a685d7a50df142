// A loop, a real HTTP client and short calls for the tests of this room.
#pragma once
#include <gtest/gtest.h>

#include "io/loop.h"
#include "testkit/test_server.h"

namespace burin::testkit {

struct Reply {
  int status = 0;
  io::Headers headers;
  std::string body;   // what came before the end or the failure
  std::string error;  // why the body ended too early; empty when it did not
  std::string header(std::string_view name) const;
};

/// Sends and reads to the end, whatever that is.
io::Task<Result<Reply>> exchange(io::Http* http, io::HttpRequest request);

struct ClientFixture : ::testing::Test {
  io::Loop loop;
  io::Pool pool;
  io::Environment env;
  std::unique_ptr<io::Http> http = io::make_real_http(loop, pool, env);

  /// All within 20 s.
  Reply send(io::HttpRequest request);
  Reply post(MockServer& server, std::string body, std::string path = "/responses", io::Headers headers = {});
  Reply get(const std::string& url);
};

}  // namespace burin::testkit

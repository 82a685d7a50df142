// A scripted server for GoogleTest, for tests outside of coroutines: started with the fixture, stopped and verified
// with it.
//
//   io::Loop loop;
//   testkit::TestServer server(loop);
//   auto mount = server->mount_sse_once({testkit::ev_completed("resp-1")});
//   ...
//   EXPECT_EQ(mount.single_request().input().size(), 1u);
//
// Problems and unused mounts become test failures when it goes out of scope; tests that provoke them call
// dont_verify(). The loop must outlive it and must not be running when it begins and ends.
#pragma once
#include <memory>

#include <gtest/gtest.h>

#include "io/loop.h"
#include "testkit/mock_server.h"

namespace burin::testkit {

class TestServer {
 public:
  explicit TestServer(io::Loop& loop, MockOptions options = {}) : loop_(loop) {
    auto started = io::run_task(loop, MockServer::start(loop, std::move(options)));
    if (!started) throw std::runtime_error(started.error().text());
    server_ = std::move(*started);
  }
  ~TestServer() {
    if (auto verified = server_->verify(); verify_ && !verified) ADD_FAILURE() << verified.error().text();
    io::run_task(loop_, server_->stop());
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  MockServer* operator->() { return server_.get(); }
  MockServer& operator*() { return *server_; }
  void dont_verify() { verify_ = false; }

 private:
  io::Loop& loop_;
  std::unique_ptr<MockServer> server_;
  bool verify_ = true;
};

}  // namespace burin::testkit

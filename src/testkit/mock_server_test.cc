// The server on the wire, seen through our own HTTP client on the same loop.
#include "testkit/mock_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "testkit/client_fixture.h"
#include "testkit/event_builders.h"
#include "testkit/mismatch.h"

namespace burin::testkit {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct MockServerTest : ClientFixture {};

TEST_F(MockServerTest, StreamsAndRecords) {
  TestServer server(loop);
  auto mount = server->mount_sse_once({ev_response_created("r1"), ev_completed("r1")});
  auto reply = post(*server, R"({"input":[]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/event-stream");
  EXPECT_EQ(reply.body, sse_completed("r1"));
  EXPECT_EQ(mount.single_request().path, "/v1/responses");
}

}  // namespace burin::testkit

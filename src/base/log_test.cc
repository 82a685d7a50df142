#include "base/log.h"

#include "base/json.h"

namespace burin {

struct LogTest : ::testing::Test {
  void TearDown() override { set_log_filter("off"); }
};

TEST_F(LogTest, OffByDefaultAndAfterOff) {
  set_log_filter("");
  EXPECT_FALSE(log_enabled(Level::error, "x"));
  set_log_filter("off");
  EXPECT_FALSE(log_enabled(Level::error, "x"));
}

TEST_F(LogTest, LevelsAndTargets) {
  set_log_filter("warn, model=debug,io=off,nonsense,store=loud");
  EXPECT_TRUE(log_enabled(Level::warn, "agent"));
  EXPECT_FALSE(log_enabled(Level::info, "agent"));
  EXPECT_TRUE(log_enabled(Level::debug, "model"));
  EXPECT_TRUE(log_enabled(Level::debug, "model::sse"));
  EXPECT_FALSE(log_enabled(Level::trace, "model"));
  EXPECT_FALSE(log_enabled(Level::error, "io"));
  EXPECT_TRUE(log_enabled(Level::warn, "store"));
  EXPECT_FALSE(log_enabled(Level::off, "agent"));
}

TEST_F(LogTest, WritesOnlyWhatIsEnabled) {
  set_log_filter("info");
  ::testing::internal::CaptureStderr();
  log(Level::info, "room", "n={}", 3);
  log(Level::debug, "room", "hidden");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), " info room: n=3\n");
}

TEST_F(LogTest, JsonLines) {
  set_log_filter("info", true);
  ::testing::internal::CaptureStderr();
  log(Level::error, "room", "a\"b\n");
  const auto line = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(line, "{\"level\":\"error\",\"target\":\"room\",\"message\":\"a\\\"b\\n\"}\n");
}

}  // namespace burin

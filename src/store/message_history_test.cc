// history.jsonl: two writers, the limit, and what can be looked up (session.md 4.9, 15.42).
#include "store/message_history.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/fake_world.h"

namespace burin::store {

namespace {

struct MessageHistoryTest : ::testing::Test, testing::FakeWorld {
  const std::string path = "/h/history.jsonl";
  void SetUp() override { ASSERT_TRUE(memory.make_dirs("/h")); }
  Result<> add(std::string text, std::optional<std::uint64_t> max = std::nullopt) {
    MessageHistory history(world, "/h", max);
    return io::run_task(loop, history.add("t", std::move(text)));
  }
  std::string content() { return *memory.read(path); }
};

}  // namespace

TEST_F(MessageHistoryTest, OneLineForEachMessage) {
  ASSERT_TRUE(add("one"));
  ASSERT_TRUE(add("two\nlines \"quoted\""));
  EXPECT_EQ(content(), fmt::format("{{\"session_id\":\"t\",\"ts\":{0},\"text\":\"one\"}}\n"
                                   "{{\"session_id\":\"t\",\"ts\":{0},\"text\":\"two\\nlines \\\"quoted\\\"\"}}\n",
                                   clock.now_ms() / 1000));
  EXPECT_EQ(memory.stat(path)->mode, 0600u);
  ASSERT_TRUE(memory.set_mode(path, 0644));
  ASSERT_TRUE(add("three"));
  EXPECT_EQ(memory.stat(path)->mode, 0600u) << "with every write";
}

TEST_F(MessageHistoryTest, Lookup) {
  MessageHistory history(world, "/h", std::nullopt);
  EXPECT_EQ(history.summary().entries, 0u);
  ASSERT_TRUE(add("one"));
  ASSERT_TRUE(add("two"));
  auto summary = history.summary();
  EXPECT_EQ(summary.entries, 2u);
  EXPECT_EQ(summary.log_id, memory.stat(path)->inode);
  EXPECT_EQ(history.entry(summary.log_id, 1)->text, "two");
  EXPECT_EQ(history.entry(0, 0)->text, "one") << "0 asks for any log";
  EXPECT_FALSE(history.entry(summary.log_id, 2));
  EXPECT_FALSE(history.entry(summary.log_id + 1, 0));
  memory.put(path, "junk\n");
  EXPECT_FALSE(history.entry(0, 0));
}

TEST_F(MessageHistoryTest, TheLimitDropsWholeOldLines) {
  for (int n = 0; n < 100; ++n) {
    ASSERT_TRUE(add(fmt::format("message {}", n), 1000));
    EXPECT_LE(content().size(), 1000u);
    EXPECT_TRUE(contains(content(), fmt::format("\"message {}\"", n))) << "the newest is there";
    EXPECT_TRUE(content().starts_with("{\"session_id\"") && content().ends_with("}\n"));
  }
  ASSERT_TRUE(add(std::string(5000, 'x'), 1000));
  EXPECT_EQ(count_lines(content()), 1u) << "even when it alone is larger than the limit";
}

TEST_F(MessageHistoryTest, AWriterWaitsForTheLockAndGivesUp) {
  ASSERT_TRUE(add("one"));
  auto holder = memory.open_append(path, false);
  ASSERT_TRUE(holder && (*holder)->lock());
  auto began = loop.now();
  auto refused = add("two");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::timeout);
  EXPECT_EQ(loop.now() - began, io::milliseconds(900));
  loop.timer(loop.now() + io::milliseconds(250), [&] { holder->reset(); });
  EXPECT_TRUE(add("three"));
  EXPECT_FALSE(contains(content(), "two"));
}

TEST_F(MessageHistoryTest, AFileThatWasReplacedMeanwhileIsNotWrittenTo) {
  ASSERT_TRUE(add("one"));
  auto holder = memory.open_append(path, false);
  ASSERT_TRUE(holder && (*holder)->lock());
  loop.timer(loop.now() + io::milliseconds(150), [&] {
    ASSERT_TRUE(memory.write_atomic(path, "{\"session_id\":\"u\",\"ts\":1,\"text\":\"shortened\"}\n", 0600));
    holder->reset();
  });
  ASSERT_TRUE(add("two"));
  EXPECT_TRUE(content().starts_with("{\"session_id\":\"u\""));
  EXPECT_TRUE(contains(content(), "two"));
}

}  // namespace burin::store

// Running one command: what is kept of its output, deltas, time limit (sandbox.md 5).
#include "tools/exec.h"

#include <gtest/gtest.h>

#include "testing/tool_turn.h"

namespace burin::tools {

namespace exec_test_detail {

constexpr std::size_t mib = 1 << 20;

struct Turn : testing::ToolTurn {
  Turn() { sandbox = testing::full_access(); }
  ExecOutput once(io::CommandScript script, io::Span timeout = io::seconds(10)) {
    fake.processes.otherwise(std::move(script));
    ExecOutput output;
    play([&](ToolContext& context) -> io::Task<> {
      auto result = co_await run_once(
          context, {.call_id = "c1", .argv = {"x"}, .cwd = "/w", .env = {}, .timeout = timeout}, false);
      EXPECT_TRUE(result);
      if (result) output = *result;
    });
    return output;
  }
};

io::CommandScript prints(std::size_t out, std::size_t err) {
  auto script = io::CommandScript::output(std::string(out, 'o'));
  script.steps.push_back({io::Stream::err, std::string(err, 'e'), {}});
  return script;
}

}  // namespace exec_test_detail

using namespace exec_test_detail;

TEST(RunOnce, OutputIsCappedAndTheCapShared) {
  struct Row {
    std::size_t out, err, from_out, from_err;
  };
  const Row rows[] = {{100, 100, 100, 100},
                      {mib / 2, mib / 2, mib / 2, mib / 2},
                      {2 * mib, 2 * mib, mib / 3, mib - mib / 3},
                      {2 * mib, 100, mib - 100, 100},
                      {100, 2 * mib, 100, mib - 100},
                      {2 * mib, mib / 2, mib - mib / 2, mib / 2},
                      {2 * mib, 0, mib, 0}};
  for (const auto& row : rows) {
    Turn turn;
    auto output = turn.once(prints(row.out, row.err));
    EXPECT_TRUE(output.merged == std::string(row.from_out, 'o') + std::string(row.from_err, 'e')) << row.out;
    EXPECT_EQ(output.out.size(), std::min(row.out, mib));
    EXPECT_EQ(output.err.size(), std::min(row.err, mib));
  }
}

TEST(RunOnce, DeltasComeInSmallPiecesUntilTheCapOfTheStream) {
  Turn turn;
  turn.host.deltas = true;
  turn.once(prints(10'000 * 8192 + 1, 20'000));
  std::size_t sent = 0, other = 0;
  for (const auto& delta : turn.host.all<wire::event::ExecCommandOutputDelta>()) {
    EXPECT_LE(delta.chunk.data.size(), 8192u);
    ++(delta.stream == wire::OutputStream::out ? sent : other);
  }
  EXPECT_EQ(sent, 10'000u);
  EXPECT_EQ(other, 3u) << "each stream has its own";
  turn.host.events.clear();
  turn.host.deltas = false;
  turn.once(prints(10, 10));
  EXPECT_TRUE(turn.host.events.empty());
}

TEST(RunOnce, APipeThatSomethingHoldsIsGivenUpAndEmpty) {
  auto script = prints(5, 5);
  script.holds_output = true;
  Turn turn;
  const auto start = turn.fake.loop.now();
  auto output = turn.once(script);
  EXPECT_EQ(turn.fake.loop.now() - start, io::seconds(2));
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_EQ(output.merged, "");
  EXPECT_FALSE(turn.fake.processes.child(0).killed) << "the holder may be a server for the next call";
}

TEST(RunOnce, TheTimeLimitKills) {
  auto script = prints(5, 0);
  script.exit.reset();
  Turn turn;
  auto output = turn.once(script, io::milliseconds(300));
  EXPECT_TRUE(output.timed_out);
  EXPECT_EQ(output.exit_code, 124);
  EXPECT_EQ(output.merged, "ooooo");
  EXPECT_EQ(output.duration, io::milliseconds(300));
  EXPECT_TRUE(turn.fake.processes.child(0).killed);
}

TEST(RunOnce, OutputIsUtf8Always) {
  Turn turn;
  EXPECT_EQ(turn.once(io::CommandScript::output("gr\u00fc\u00df \xff.")).merged, "gr\u00fc\u00df \ufffd.");
}

TEST(RunOnce, WhatCannotBeConfinedIsNotRun) {
  Turn turn;
  turn.sandbox = testing::workspace();
  turn.mechanisms = {};
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto result = co_await run_once(context, {.call_id = "c1", .argv = {"x"}, .cwd = "/w", .env = {}}, true);
    EXPECT_FALSE(result);
    if (!result) EXPECT_EQ(result.error().why, ExecFailure::Why::unsupported);
  });
  EXPECT_EQ(turn.fake.processes.count(), 0u);
}

TEST(CommandKey, IsTheCanonicalCommand) {
  auto key = [](std::vector<std::string> argv, std::optional<bool> tty = std::nullopt) {
    return command_cache_key(argv, "/w", tty, false);
  };
  EXPECT_EQ(key({"/bin/bash", "-lc", "cargo  test"}), key({"bash", "-c", "cargo \"test\""}));
  EXPECT_EQ(key({"/bin/bash", "-lc", "cargo test"}), key({"cargo", "test"}));
  EXPECT_NE(key({"bash", "-lc", "a && b"}), key({"bash", "-c", "a && b"}));
  EXPECT_EQ(key({"bash", "-lc", "a && b"}), key({"zsh", "-lc", "a && b"}));
  EXPECT_NE(key({"a"}), key({"a"}, false)) << "unified exec has keys of its own";
  EXPECT_NE(key({"a"}, true), key({"a"}, false));
  EXPECT_NE(command_cache_key({"a"}, "/w", {}, true), key({"a"}));
  EXPECT_NE(command_cache_key({"a"}, "/v", {}, false), key({"a"}));
}

}  // namespace burin::tools

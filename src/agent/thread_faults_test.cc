// A disk that fails under a running thread: the turn goes on, the user is told, the file is complete in the end.
#include <cerrno>

#include "store/rollout_log.h"
#include "testing/log_disk.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

struct FaultyThread : ThreadTest {
  void TestBody() override {}

  /// Two turns with a tool each. `fault` says which calls on the session's files fail during the first.
  std::string play(std::function<int(std::size_t call)> fault) {
    SetUp();
    for (int n = 1; n <= 2; ++n) {
      answer(sse({call("shell_command", R"({"command":"x"})", fmt::format("c{}", n)), completed}));
      answer(sse({message(fmt::format("done {}", n)), completed}));
    }
    processes.otherwise(io::CommandScript::output("out"));
    files.fail_when([this, fault](const auto& call) {
      return contains(call.path, "/sessions") && fault ? fault(++session_calls) : 0;
    });
    recorder.then = [this](const wire::Event& e) {
      if (std::holds_alternative<wire::event::TaskComplete>(e.msg)) files.heal();
    };
    auto path = run({turn("first"), turn("second")});
    return memory.read(path).value_or("");
  }
  std::size_t told() const {
    std::size_t n = 0;
    for (const auto& e : recorder.events) {
      const auto* warning = std::get_if<wire::event::Warning>(&e.msg);
      n += warning != nullptr && contains(warning->message, "session file") ? 1 : 0;
    }
    return n;
  }
  std::size_t session_calls = 0;
};

TEST(ThreadFaults, EveryErrorAtEveryCallOfATurn) {
  FaultyThread clean;
  auto whole = clean.play([](auto) { return 0; });
  ASSERT_FALSE(whole.empty());
  const auto calls = clean.session_calls;
  ASSERT_GT(calls, 15u);
  std::size_t points = 0;
  for (std::size_t n = 1; n <= calls; ++n) {
    for (int error : {ENOSPC, EDQUOT, EIO, EACCES, EROFS, EMFILE, EINTR, EBADF, ENOENT, ESTALE}) {
      for (bool stays : {false, true}) {
        SCOPED_TRACE(fmt::format("call {} fails with {}{}", n, error, stays ? ", and all after it" : ""));
        FaultyThread thread;
        EXPECT_EQ(thread.play([&](auto call) { return call == n || (stays && call > n) ? error : 0; }), whole);
        EXPECT_EQ(FaultyThread::count_ends(thread.recorder), 2u);
        // A folder above that we may not open was not made by us.
        EXPECT_GE(thread.told(), error == EACCES ? 0u : 1u);
        EXPECT_LE(thread.told(), stays ? 2u : 1u) << "once for writing, once for syncing";
        ++points;
      }
      ASSERT_FALSE(::testing::Test::HasFailure());
    }
  }
  testing::covered("L5", fmt::format("{} points in a turn with {} file calls", points, calls));
}

/// Read before it is locked, a file may grow in between, and its last lines would be missing in the history.
TEST_F(ThreadTest, ASessionIsLockedBeforeItIsRead) {
  answer(sse({message("one"), completed}));
  auto path = run({turn("first")});
  options.resume_path = path;
  recorder.events.clear();
  std::vector<std::string> calls;
  files.fail_when([&](const auto& call) {
    if (call.path == path) calls.push_back(call.name);
    return 0;
  });
  answer(sse({message("two"), completed}));
  run({turn("second")});
  auto at = [&](std::string_view name) { return std::ranges::find(calls, name) - calls.begin(); };
  EXPECT_LT(at("lock"), at("read_range"));
  EXPECT_LT(at("read_range"), at("append"));
}

/// A first record that was cut short leaves a thread that is known by its file's name alone.
TEST_F(ThreadTest, AFileWithoutItsFirstRecordGetsOneAgain) {
  const std::string id = "0197a000-1111-7000-8000-000000000001";
  options.resume_path = "/home/sessions/2026/03/02/rollout-2026-03-02T10-15-10-" + id + ".jsonl";
  memory.put(*options.resume_path, R"({"timestamp":"2026-03-02T10:15:10.000Z","type":"session_me)");
  answer(sse({message("done"), completed}));
  auto path = run({turn("hi")});
  auto loaded = store::load_rollout(memory, path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->thread_id, id);
  EXPECT_EQ(loaded->skipped(), 0u);
  ASSERT_TRUE(std::holds_alternative<wire::SessionMeta>(loaded->lines.front().payload));
  EXPECT_EQ(std::get<wire::SessionMeta>(loaded->lines.front().payload).id, id);
}

}  // namespace burin::agent

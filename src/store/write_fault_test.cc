// Every error at every file call of a session: told once, nothing glued, repeated or dropped (session.md 11.2).
#include <cerrno>

#include "testing/log_disk.h"

namespace burin::store {

using testing::covered;
using testing::LogDisk;

constexpr std::array errors = {ENOSPC, EDQUOT, EIO,   EACCES, EPERM,  EROFS,  EMFILE, ENFILE, EINTR,
                               EBADF,  ENOENT, EFBIG, ENXIO,  ESTALE, EAGAIN, ENOMEM, ENOLCK, ETIMEDOUT};

struct WriteFaultTest : testing::LogFixture {
  static constexpr int records = 24;

  /// Never parts of lines in the file while the log says that all is written.
  void write(LogDisk& d, RolloutLog& log, int n) {
    append(log, n);
    if (log.pending() == 0) EXPECT_TRUE(d.text().ends_with("\n"));
    if (n % 4 == 3) sync(log);
  }

  /// Two programs write one session on a disk that fails as planned; the disk is healed before the last records.
  void play(LogDisk& d) {
    auto log = d.log();
    for (int n = 0; n < records / 2; ++n) write(d, *log, n);
    // The first program stays until its lines are written, as the engine does.
    while (log->pending() > 0) append_again(*log, d);
    log.reset();
    log = d.log();
    if (!log) {
      d.files.heal();
      log = d.log();  // the error was the caller's to tell
    }
    ASSERT_TRUE(log);
    for (int n = records / 2; n < records; ++n) {
      if (n == records - 2) d.files.heal();
      write(d, *log, n);
    }
    sync(*log);
    EXPECT_EQ(log->pending(), 0u);
  }
  void append_again(RolloutLog& log, LogDisk& d) {
    sync(log);
    if (log.pending() > 0) d.files.heal();
  }

  void expect_complete(LogDisk& d, std::size_t told) {
    auto found = back(d);
    EXPECT_EQ(found.numbers, numbers_up_to(records));
    EXPECT_TRUE(found.whole);
    EXPECT_LE(d.said.size(), told) << d.said.back();
    d.disk.cut(0);
    EXPECT_EQ(back(d).numbers, numbers_up_to(records)) << "the backlog is on stable storage";
  }
};

TEST_F(WriteFaultTest, EveryErrorAtEveryCall) {
  LogDisk clean(*this, std::string(id));
  play(clean);
  expect_complete(clean, 0);
  std::size_t points = 0;
  const auto& calls = clean.files.journal();
  auto expect = [&](std::size_t told, const std::function<void(io::FaultFiles&)>& plan) {
    LogDisk d(*this, std::string(id));
    plan(d.files);
    play(d);
    expect_complete(d, told);
    ++points;
  };
  for (std::size_t n = 1; n <= calls.size(); ++n) {
    for (int error : errors) {
      SCOPED_TRACE(fmt::format("{} (call {}) fails with {}", calls[n - 1].name, n, error));
      expect(1, [&](auto& files) { files.fail_call(n, error); });
      // All calls fail for a while: writing and syncing are told once each.
      expect(2, [&](auto& files) {
        files.fail_when(
            [&files, n, error](const auto&) { return files.calls() >= n && files.calls() < n + 9 ? error : 0; });
      });
      if (calls[n - 1].name == "append") {
        expect(1, [&](auto& files) { files.short_write(n, 1 + n % calls[n - 1].bytes, error); });
      }
      ASSERT_FALSE(HasFailure());
    }
  }
  covered("L5", fmt::format("{} points: {} errors at each of {} file calls", points, errors.size(), calls.size()));
}

TEST_F(WriteFaultTest, AnErrorThatStaysIsToldOnceForEachKindOfCall) {
  for (std::string_view name : {"append", "sync", "sync_dir", "make_dirs", "open_append", "lock"}) {
    SCOPED_TRACE(name);
    LogDisk d(*this, std::string(id));
    d.files.fail_when([name](const auto& call) { return call.name == name ? EIO : 0; });
    auto log = d.log();
    for (int n = 0; n < records; ++n) write(d, *log, n);
    ASSERT_EQ(d.said.size(), 1u);
    EXPECT_TRUE(contains(d.said[0], d.path) && contains(d.said[0], "Input/output error")) << d.said[0];
    d.files.heal();
    sync(*log);
    log.reset();
    expect_complete(d, 1);
  }
}

/// While the disk was full another program looked at the file; it neither finds nor leaves a gap.
TEST_F(WriteFaultTest, NobodyGetsBetweenAFailureAndItsBacklog) {
  LogDisk d(*this, std::string(id));
  auto log = d.log();
  append(*log, 0);
  d.files.fail_when([](const auto& call) { return call.name == "truncate" ? EIO : 0; });
  d.files.short_write(d.files.calls() + 1, 20, ENOSPC);
  append(*log, 1);
  EXPECT_EQ(log->pending(), 1u);
  d.files.heal();
  auto other = RolloutLog::open(d.world, d.path, [](auto) {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, Kind::conflict);
  append(*log, 2);
  EXPECT_EQ(back(d).numbers, numbers_up_to(3));
}

/// Somebody deletes the session, or moves it, between our opening and our lock.
TEST_F(WriteFaultTest, NobodyWritesWhereNobodyLooks) {
  LogDisk d(*this, std::string(id));
  append(*d.log(), 0);
  for (bool back_again : {false, true}) {
    d.disk.put(d.path, expected_line(0) + "\n");
    d.files.fail_when([&](const auto& call) {
      if (call.name == "lock") static_cast<void>(d.disk.remove(d.path));
      if (call.name == "lock" && back_again) d.disk.put(d.path, "another file");
      return 0;
    });
    EXPECT_FALSE(RolloutLog::open(d.world, d.path, [](auto) {}));
  }
}

}  // namespace burin::store

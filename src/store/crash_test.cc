// Programs that are killed and power that fails, at every file call (session.md 11).
#include <random>

#include "testing/log_disk.h"

namespace burin::store {

using testing::covered;
using testing::LogDisk;

struct CrashTest : testing::LogFixture {
  static constexpr int records = 300;

  /// A session in two programs, the second of which continues the file; returns how many records were acknowledged.
  int play(LogDisk& d) {
    int n = 0;
    for (int end : {records / 2, records}) {
      auto log = d.log();
      if (!log) return n;
      while (n < end) {
        append(*log, n);
        if (d.files.stopped()) return n;
        EXPECT_EQ(log->pending(), 0u);
        if (++n % 10 == 0) sync(*log);
        if (d.files.stopped()) return n;
      }
    }
    return n;
  }

  void expect_killed_at(std::size_t call, std::size_t bytes) {
    SCOPED_TRACE(fmt::format("killed at call {} after {} bytes", call, bytes));
    LogDisk d(*this, std::string(id));
    d.files.stop_at(call, bytes);
    int acknowledged = play(d);
    d.files.heal();
    auto found = back(d);
    auto there = static_cast<int>(found.numbers.size());
    EXPECT_EQ(found.numbers, numbers_up_to(there));
    EXPECT_TRUE(there == acknowledged || there == acknowledged + 1) << there << " of " << acknowledged;
    EXPECT_LE(found.skipped, 1u) << "no more than the record in flight";

    d.said.clear();
    auto log = d.log();
    ASSERT_TRUE(log);
    append(*log, there);
    append(*log, there + 1);
    sync(*log);
    log.reset();
    auto after = back(d);
    EXPECT_EQ(after.numbers, numbers_up_to(there + 2));
    EXPECT_TRUE(after.whole);
    EXPECT_EQ(d.said.size(), found.skipped) << "what was cut is told";
  }
};

TEST_F(CrashTest, ASessionKilledAtEveryCallKeepsWhatWasAcknowledged) {
  LogDisk clean(*this, std::string(id));
  ASSERT_EQ(play(clean), records);
  ASSERT_TRUE(back(clean).whole);
  std::size_t points = 0;
  const auto& calls = clean.files.journal();
  // Killed before call n is killed after call n-1; the last point is after all of them.
  for (std::size_t n = 1; n <= calls.size() + 1 && !HasFailure(); ++n, ++points) expect_killed_at(n, 0);
  for (std::size_t n = 1; n <= calls.size() && !HasFailure(); ++n) {
    if (calls[n - 1].name != "append") continue;
    auto size = calls[n - 1].bytes;
    for (auto bytes : {std::size_t{1}, size / 2, size - 1, size}) {
      expect_killed_at(n, bytes);
      ++points;
    }
  }
  covered("L1", fmt::format("{} records, killed at {} points of {} file calls", records, points, calls.size()));
}

/// One disk, several programs, each ended by a kill or by a power cut.
struct PowerSeed {
  PowerSeed(testing::LogFixture& fixture, std::uint64_t seed)
      : t(fixture), d(fixture, std::string(testing::LogFixture::id)), random(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random() % n); }

  void live() {
    d.files.heal();
    if (below(4) > 0) d.files.stop_at(d.files.calls() + 1 + below(80), below(3) == 0 ? below(9000) : 0);
    auto log = d.log();
    if (!log) return;
    for (std::size_t n = 1 + below(40); n > 0 && !d.files.stopped(); --n) {
      t.append(*log, next);
      wrote.push_back(next++);
      if (below(6) > 0) continue;
      t.sync(*log);
      if (!d.files.stopped()) synced = wrote.size();
    }
  }

  void die() {
    bool power = below(3) > 0;
    auto in_memory = d.text();
    d.files.heal();
    if (power) d.disk.cut(random());
    auto found = t.back(d);
    if (!power) {
      EXPECT_EQ(d.text(), in_memory);
      EXPECT_GE(found.numbers.size() + 1, wrote.size()) << "only the record in flight is missing";
    }
    EXPECT_TRUE(found.readable || synced == 0) << "a synced file is gone";
    ASSERT_GE(found.numbers.size(), synced);
    for (std::size_t i = 0; i < found.numbers.size(); ++i) {
      if (i < synced || (holes == 0 && found.skipped == 0)) {
        ASSERT_EQ(found.numbers[i], wrote[i]) << "a record is missing and nothing was said";
      }
    }
    // Beyond the synced ones some may be lost in between, which is reported; never moved or repeated.
    auto at = wrote.begin();
    for (int n : found.numbers) {
      at = std::find(at, wrote.end(), n);
      ASSERT_NE(at, wrote.end()) << n << " is out of order or there twice";
      ++at;
    }
    cuts += power ? 1 : 0;
    holes = found.skipped;
    wrote = found.numbers;
    synced = power ? wrote.size() : synced;
  }

  void play() {
    for (std::size_t lives = 2 + below(3); lives > 0 && !::testing::Test::HasFailure(); --lives) {
      live();
      die();
    }
    d.files.heal();
    auto log = d.log();
    ASSERT_TRUE(log);
    t.append(*log, next);
    wrote.push_back(next);
    t.sync(*log);
    synced = wrote.size();
    d.disk.cut(random());
    EXPECT_EQ(t.back(d).numbers, wrote);
  }

  testing::LogFixture& t;
  LogDisk d;
  std::mt19937_64 random;
  std::vector<int> wrote;  // in the order of their appends
  std::size_t synced = 0;  // how many of them sync() has acknowledged
  std::size_t holes = 0, cuts = 0;
  int next = 0;
};

TEST_F(CrashTest, WhatWasSyncedSurvivesThePower) {
  testing::Seeds seeds(2000);
  std::size_t cuts = 0;
  for (auto seed = seeds.first; seed <= seeds.last; ++seed) {
    PowerSeed one(*this, seed);
    one.play();
    cuts += one.cuts + 1;
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  covered("L2", fmt::format("{} power cuts, {}", cuts, seeds.text()));
}

/// The next record is written where the torn one was: a cut in between must not make one record of two halves.
TEST_F(CrashTest, ARepairedTailIsNeverJoinedToWhatFollows) {
  auto record = [&](char letter) {
    auto message = fmt::format(R"({{"type":"message","role":"user","content":[{{"type":"input_text","text":"{}"}}]}})",
                               std::string(3000, letter));
    return fmt::format(R"({{"timestamp":"{}","type":"response_item","payload":{}}})", io::utc_ms_text(clock.now_ms()),
                       message);
  };
  const auto torn = record('o'), next = record('n');
  const auto payload_at = next.find(R"("payload":)") + 10;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    LogDisk d(*this, std::string(id));
    d.disk.put(d.path, expected_line(0) + "\n" + torn.substr(0, 2500));
    d.disk.settle();
    auto log = d.log();
    log->append("response_item", std::string_view(next).substr(payload_at, next.size() - 1 - payload_at));
    d.disk.cut(seed);
    static_cast<void>(scan_rollout(d.disk, d.path, [&](const auto& line, const auto&, std::string_view text) {
      bool item = std::holds_alternative<wire::ResponseItem>(line.payload);
      EXPECT_EQ(text, item ? next : expected_line(0)) << "seed " << seed;
    }));
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace burin::store

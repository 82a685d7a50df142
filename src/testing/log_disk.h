// What the fault tests of session files share: a disk on which programs die, numbered records, and what a log holds.
//
// The records of a log are numbered from 0, and each text follows from its number: a reader that finds a record which
// was glued, repeated, torn or misread finds one that is not expected_line(n).
#pragma once
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/power_files.h"
#include "store/rollout_log.h"
#include "testing/fake_world.h"

namespace burin::testing {

/// The seeds of a random test: `BURIN_TEST_CASES=n` plays more or fewer, `BURIN_TEST_SEED=n` that one alone.
struct Seeds {
  explicit Seeds(std::uint64_t cases) : last(cases) {
    if (const char* n = std::getenv("BURIN_TEST_CASES")) last = parse_uint(n).value_or(last);
    if (const char* one = std::getenv("BURIN_TEST_SEED")) first = last = parse_uint(one).value_or(1);
  }
  std::string text() const { return fmt::format("{} seeds, {} to {}", last - first + 1, first, last); }
  std::uint64_t first = 1, last;
};

/// One line on what a test covered, for the one who reads the log of a run.
inline void covered(std::string_view test, std::string_view what) { fmt::print("{}: {}\n", test, what); }

/// A disk, and the program on it, which a plan of `files` can kill at any call.
struct LogDisk {
  LogDisk(FakeWorld& host, std::string id)
      : path("/h/.burin/sessions/2026/03/02/rollout-2026-03-02T10-15-10-" + id + ".jsonl"),
        world{host.loop, host.pool, host.clock, host.random, files, host.processes, host.http, host.env} {
    static_cast<void>(disk.make_dirs("/h"));
    disk.settle();
  }
  io::PowerFiles disk;
  io::FaultFiles files{disk};
  std::string path;
  io::World world;
  std::vector<std::string> said;

  /// The log as the next program finds it: continued when there is a file, else new.
  std::unique_ptr<store::RolloutLog> log() {
    auto warn = [this](std::string text) { said.push_back(std::move(text)); };
    if (disk.exists(path)) {
      auto opened = store::RolloutLog::open(world, path, warn);
      return opened ? std::move(*opened) : nullptr;
    }
    auto made = store::RolloutLog::create(world, path, warn);
    made->materialise();
    return made;
  }
  std::string text() {
    auto bytes = disk.read(path);
    return bytes ? *bytes : "";
  }
};

struct LogFixture : ::testing::Test, FakeWorld {
  static constexpr std::string_view id = "0197a000-1111-7000-8000-000000000001";

  static std::string payload(int n) {
    if (n == 0) {
      return fmt::format(R"({{"id":"{}","timestamp":"2026-03-02T10:15:10.000Z","cwd":"/w","originator":"o",)"
                         R"("cli_version":"1","source":"vscode","model_provider":null,"base_instructions":null}})",
                         id);
    }
    // Mostly short, some of several sectors.
    auto size = static_cast<std::size_t>(hash64(std::to_string(n)) % (n % 9 == 4 ? 9000 : 300));
    return fmt::format(R"({{"type":"message","role":"user","content":[{{"type":"input_text","text":"{} {}"}}]}})", n,
                       std::string(size, static_cast<char>('a' + n % 26)));
  }
  static void append(store::RolloutLog& log, int n) {
    log.append(n == 0 ? "session_meta" : "response_item", payload(n));
  }
  std::string expected_line(int n) {
    return fmt::format(R"({{"timestamp":"{}","type":"{}","payload":{}}})", io::utc_ms_text(clock.now_ms()),
                       n == 0 ? "session_meta" : "response_item", payload(n));
  }
  void sync(store::RolloutLog& log) {
    io::run_task(loop, [](store::RolloutLog* l) -> io::Task<> { co_await l->sync(); }(&log));
  }

  /// What a reader gets.
  struct Back {
    bool readable = false;
    std::vector<int> numbers;
    std::size_t skipped = 0;  // lines
    bool whole = false;       // nothing was skipped and the last line has its newline
  };
  Back back(LogDisk& d) {
    Back out;
    auto info = store::scan_rollout(d.disk, d.path, [&](const auto& line, const auto&, std::string_view text) {
      int n = 0;
      if (const auto* item = std::get_if<wire::ResponseItem>(&line.payload)) {
        std::string item_text;
        wire::write_item(item_text, *item);
        auto at = item_text.find(R"("text":")");
        n = std::atoi(item_text.c_str() + at + 8);
      }
      EXPECT_EQ(text, expected_line(n));
      out.numbers.push_back(n);
    });
    out.readable = info.has_value();
    if (info) {
      out.skipped = info->skipped();
      out.whole = out.skipped == 0 && info->ends_in_newline;
    }
    return out;
  }
  static std::vector<int> numbers_up_to(int n) {
    std::vector<int> out;
    for (int i = 0; i < n; ++i) out.push_back(i);
    return out;
  }
};

}  // namespace burin::testing

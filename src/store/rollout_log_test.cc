// The promise of the log: nothing acknowledged is lost, nothing is glued, repeated or torn, whatever the disk does.
#include "store/rollout_log.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/fake_world.h"

namespace burin::store {

struct RolloutLogTest : ::testing::Test, testing::FakeWorld {
  std::vector<std::string> warnings;
  RolloutLog::Warn warn = [this](std::string text) { warnings.push_back(std::move(text)); };
  const std::string path =
      "/home/u/.codex/sessions/2026/03/02/rollout-2026-03-02T10-15-10-"
      "0197a000-1111-7000-8000-000000000001.jsonl";
  std::string content() {
    auto text = memory.read(path);
    return text ? *text : "";
  }
};

io::Task<> sync_log(RolloutLog* log) { co_await log->sync(); }

std::string numbered(int n) { return fmt::format("{{\"n\":{}}}", n); }

/// Every line parses, and the numbers are 0, 1, 2, … without gap or repetition.
void expect_sequence(const std::string& text, int count) {
  ASSERT_TRUE(text.empty() || text.ends_with('\n'));
  int n = 0;
  for (auto line : lines(text)) {
    auto document = parse_json(line);
    ASSERT_TRUE(document) << line;
    ASSERT_EQ(find_int(*find(*document, "payload"), "n"), n) << line;
    ++n;
  }
  ASSERT_EQ(n, count);
}

TEST_F(RolloutLogTest, NoFileBeforeMaterialise) {
  auto log = RolloutLog::create(world, path, warn);
  log->append("x", numbered(0));
  EXPECT_FALSE(memory.exists(path));
  log->materialise();
  EXPECT_EQ(content(), "{\"timestamp\":\"2026-03-02T10:15:10.000Z\",\"type\":\"x\",\"payload\":{\"n\":0}}\n");
  log->append("x", numbered(1));
  expect_sequence(content(), 2);
}

TEST_F(RolloutLogTest, AFullDiskAtEveryWriteLosesAndGluesNothing) {
  // First a run that counts the calls, then one for each call and kind of failure.
  auto run = [&](std::function<void(io::FaultFiles&)> plan) {
    io::MemFiles disk;
    io::FaultFiles faulty(disk);
    io::World w{loop, pool, clock, random, faulty, processes, http, env};
    plan(faulty);
    std::vector<std::string> said;
    {
      auto log = RolloutLog::create(w, path, [&](std::string t) { said.push_back(std::move(t)); });
      log->materialise();
      for (int i = 0; i < 12; ++i) {
        log->append("x", numbered(i));
        // Whatever is in the file now is whole lines.
        auto text = disk.read(path);
        if (text && !text->empty() && log->pending() == 0) EXPECT_TRUE(text->ends_with('\n'));
        if (i == 8) faulty.heal();
      }
      io::run_task(loop, sync_log(log.get()));
      EXPECT_EQ(log->pending(), 0u);
    }
    auto text = disk.read(path);
    ASSERT_TRUE(text);
    expect_sequence(*text, 12);
    EXPECT_LE(said.size(), 2u) << "told once for each period of failure";
  };
  run([](io::FaultFiles&) {});
  io::MemFiles disk;
  io::FaultFiles counting(disk);
  for (std::uint64_t call = 1; call <= 20; ++call) {
    for (int error : {ENOSPC, EIO, EROFS}) {
      SCOPED_TRACE(fmt::format("call {} errno {}", call, error));
      run([&](io::FaultFiles& f) { f.fail_call(call, error); });
      run([&](io::FaultFiles& f) { f.short_write(call, 5, error); });
    }
  }
}

TEST_F(RolloutLogTest, TheUserIsToldOnceAndWritingResumes) {
  auto log = RolloutLog::create(world, path, warn);
  log->materialise();
  log->append("x", numbered(0));
  files.fail_when([](const auto& call) -> int { return call.name == "append" ? ENOSPC : 0; });
  for (int i = 1; i < 5; ++i) log->append("x", numbered(i));
  EXPECT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(contains(warnings[0], "No space left on device"));
  EXPECT_EQ(log->pending(), 4u);
  files.heal();
  log->append("x", numbered(5));
  EXPECT_EQ(log->pending(), 0u);
  expect_sequence(content(), 6);
}

TEST_F(RolloutLogTest, APartialLineThatCannotBeCutAtOnceIsCutLater) {
  auto log = RolloutLog::create(world, path, warn);
  log->materialise();
  log->append("x", numbered(0));
  files.fail_when([](const auto& call) -> int { return call.name == "truncate" ? EIO : 0; });
  files.short_write(files.calls() + 1, 7, ENOSPC);
  log->append("x", numbered(1));
  log->append("x", numbered(2));
  EXPECT_EQ(log->pending(), 2u);
  files.heal();
  log->append("x", numbered(3));
  expect_sequence(content(), 4);
}

TEST_F(RolloutLogTest, ATornTailIsSetAsideAtEveryCut) {
  std::string whole;
  for (int i = 0; i < 3; ++i) {
    whole += fmt::format("{{\"timestamp\":\"t\",\"type\":\"x\",\"payload\":{}}}\n", numbered(i));
  }
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    SCOPED_TRACE(cut);
    warnings.clear();
    memory.put(path, whole.substr(0, cut));
    auto log = RolloutLog::open(world, path, warn);
    ASSERT_TRUE(log);
    int kept = static_cast<int>(std::count(whole.begin(), whole.begin() + static_cast<long>(cut), '\n'));
    // A last line that lost only its newline is whole.
    if (cut < whole.size() && whole[cut] == '\n') ++kept;
    (*log)->append("x", numbered(kept));
    log->reset();
    expect_sequence(content(), kept + 1);
    bool torn = cut != 0 && whole[cut - 1] != '\n' && !(cut < whole.size() && whole[cut] == '\n');
    EXPECT_EQ(warnings.size(), torn ? 1u : 0u);
  }
}

TEST_F(RolloutLogTest, OneWriterForEachFile) {
  memory.put(path, "");
  auto first = RolloutLog::open(world, path, warn);
  ASSERT_TRUE(first);
  auto second = RolloutLog::open(world, path, warn);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::conflict);
  EXPECT_TRUE(contains(second.error().what, "open in another process"));
  first->reset();
  EXPECT_TRUE(RolloutLog::open(world, path, warn));
}

TEST_F(RolloutLogTest, PathsAndNames) {
  EXPECT_EQ(rollout_path("/h", {2026, 3, 2, 4, 5, 6}, "id"),
            "/h/sessions/2026/03/02/rollout-2026-03-02T04-05-06-id.jsonl");
  auto name = parse_rollout_name("rollout-2026-03-02T10-15-10-0197a000-1111-7000-8000-000000000001.jsonl");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->time, "2026-03-02T10-15-10");
  EXPECT_EQ(name->id, "0197a000-1111-7000-8000-000000000001");
  for (std::string_view bad : {"rollout-2026-03-02T10-15-10-x.jsonl", "other.jsonl", "rollout-.jsonl",
                               "rollout-2026-03-02T10:15:10-0197a000-1111-7000-8000-000000000001.jsonl",
                               "rollout-2026-03-02T10-15-10-0197a000-1111-7000-8000-000000000001.jsonl.zst"}) {
    EXPECT_FALSE(parse_rollout_name(bad)) << bad;
  }
}

TEST_F(RolloutLogTest, BadLinesNeverMakeAThreadUnloadable) {
  std::string meta = R"({"timestamp":"t","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000001",)"
                     R"("timestamp":"t","cwd":"/w","originator":"o","cli_version":"1"}})";
  std::string item = R"({"timestamp":"t","type":"response_item","payload":{"type":"message","role":"user",)"
                     R"("content":[{"type":"input_text","text":"hi"}]}})";
  memory.put(path, "junk\n" + meta + "\n\n{\"half\":\n" + item + "\n\xFF\xFE\n" + item.substr(0, 40) + item + "\n");
  auto loaded = load_rollout(files, path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->thread_id, "0197a000-1111-7000-8000-000000000001");
  std::size_t items = 0;
  for (const auto& line : loaded->lines) items += std::holds_alternative<wire::ResponseItem>(line.payload) ? 1 : 0;
  EXPECT_EQ(items, 2u) << "the glued good record is salvaged";
  EXPECT_EQ(loaded->skipped(), 4u);
  memory.put(path, "  \n");
  EXPECT_FALSE(load_rollout(files, path));
  memory.put(path, item + "\n");
  loaded = load_rollout(files, path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->thread_id, "0197a000-1111-7000-8000-000000000001") << "from the file name";
}

}  // namespace burin::store

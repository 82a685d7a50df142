// What a check finds in damaged files, and what a rescue saves of them.
#include "store/fsck.h"

#include <random>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/fake_files.h"
#include "store/rollout_log.h"

namespace burin::store {

namespace {

constexpr std::string_view id = "0195a000-0000-7000-8000-000000000001";
const std::string path = fmt::format("/s/rollout-2026-03-05T10-00-00-{}.jsonl", id);

std::string line(int n, std::string_view text = "hello") {
  return fmt::format(
             R"({{"timestamp":"2026-03-05T10:00:00.{:03}Z","type":"response_item","payload":{{"type":"message",)"
             R"("role":"user","content":[{{"type":"input_text","text":"{}"}}]}}}})",
             n, text) +
         "\n";
}
const std::string meta =
    fmt::format(R"({{"timestamp":"2026-03-05T10:00:00.000Z","type":"session_meta","payload":{{"id":"{}","timestamp":)"
                R"("2026-03-05T10:00:00.000Z","cwd":"/w","originator":"o","cli_version":"1","source":"exec"}}}})",
                id) +
    "\n";

struct FsckTest : ::testing::Test {
  io::MemFiles files;
  CheckReport check(std::string_view content) {
    files.put(path, content);
    auto report = check_rollout(files, path);
    EXPECT_TRUE(report);
    EXPECT_EQ(*files.read(path), content) << "a check never writes";
    return *report;
  }
  static std::vector<std::string> kinds(const CheckReport& report) {
    std::vector<std::string> out;
    for (const auto& f : report.findings) out.push_back(f.kind);
    return out;
  }
  std::string rescue(std::string_view content) {
    files.put(path, content);
    (void)files.remove("/s/new.jsonl");
    auto report = rescue_rollout(files, path, "/s/new.jsonl");
    EXPECT_TRUE(report) << (report ? "" : report.error().text());
    EXPECT_EQ(*files.read(path), content) << "the old file is never touched";
    if (report) EXPECT_FALSE(report->damaged());
    return *files.read("/s/new.jsonl");
  }
  using Words = std::vector<std::string>;
};

}  // namespace

TEST_F(FsckTest, ASoundFileHasNoFindings) {
  auto report = check(meta + line(1) + line(2));
  EXPECT_TRUE(report.findings.empty());
  EXPECT_FALSE(report.damaged());
  EXPECT_EQ(report.records, 3u);
  EXPECT_EQ(report.thread_id, id);
}

TEST_F(FsckTest, EveryKindOfDamage) {
  auto torn = line(9).substr(0, 50);
  struct Case {
    std::string content;
    Words kinds;
    std::string rescued;
  };
  for (const auto& c : std::initializer_list<Case>{
           {meta + line(1) + torn, {"torn_tail"}, meta + line(1)},
           {meta + line(1) + "junk\n{}x\n" + line(2), {"unreadable"}, meta + line(1) + line(2)},
           {meta + torn + line(2), {"unreadable"}, meta + line(2)},
           {meta + line(1) + line(1) + line(2), {"repeated"}, meta + line(1) + line(2)},
           {line(1), {"no_meta"}, ""},
           {meta + std::string(5000, '\0') + "\n" + line(1), {"unreadable"}, meta + line(1)},
           {meta + line(1) + "junk\n" + line(2) + torn, {"unreadable", "torn_tail"}, meta + line(1) + line(2)}}) {
    auto report = check(c.content);
    EXPECT_EQ(kinds(report), c.kinds) << c.content;
    EXPECT_TRUE(report.damaged());
    if (!c.rescued.empty()) EXPECT_EQ(rescue(c.content), c.rescued);
  }
  auto made = rescue(line(1));
  EXPECT_TRUE(made.ends_with(line(1)));
  EXPECT_TRUE(contains(made.substr(0, made.find('\n')), fmt::format(R"("id":"{}")", id)));
}

TEST_F(FsckTest, PlacesAreExact) {
  auto report = check(meta + line(1) + "junk\nmore junk\n" + line(2));
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].offset, meta.size() + line(1).size());
  EXPECT_EQ(report.findings[0].size, std::string_view("junk\nmore junk").size());
  EXPECT_EQ(report.findings[0].lines, 2u);
}

TEST_F(FsckTest, RemarksAreNoDamage) {
  auto complete = line(1);
  complete.pop_back();
  EXPECT_EQ(kinds(check(meta + complete)), (Words{"no_newline"}));
  EXPECT_EQ(kinds(check(meta + R"({"timestamp":"t","type":"novelty","payload":{}})" + "\n")), (Words{"unknown_kinds"}));
  EXPECT_EQ(
      kinds(check(meta + R"({"timestamp":"t","type":"event_msg","payload":{"type":"task_started","turn_id":"x"}})" +
                  "\n")),
      (Words{"open_turn"}));
  EXPECT_EQ(
      kinds(check(
          meta +
          R"({"timestamp":"t","type":"response_item","payload":{"type":"function_call","name":"f","arguments":"","call_id":"a"}})"
          "\n"
          R"({"timestamp":"t","type":"response_item","payload":{"type":"function_call_output","call_id":"b","output":""}})"
          "\n")),
      (Words{"calls_without_output", "outputs_without_call"}));
  auto other = replace_all(meta, id, "0195a000-0000-7000-8000-000000000002");
  EXPECT_EQ(kinds(check(other)), (Words{"other_id"}));
  EXPECT_FALSE(check(other).damaged());
}

TEST_F(FsckTest, OtherFilesAreNamed) {
  EXPECT_EQ(kinds(check("\x28\xB5\x2F\xFD....")), (Words{"no_session"}));
  EXPECT_TRUE(contains(check("\x28\xB5\x2F\xFD....").findings[0].text, "zstd"));
  EXPECT_EQ(kinds(check("")), (Words{"no_session"}));
  EXPECT_EQ(kinds(check(R"({"timestamp":"t","type":"page","payload":{}})"
                        "\n")),
            (Words{"no_session"}));
  EXPECT_FALSE(check_rollout(files, "/nowhere"));
}

TEST_F(FsckTest, ARescueNeverOverwrites) {
  files.put("/s/new.jsonl", "mine");
  files.put(path, meta);
  auto report = rescue_rollout(files, path, "/s/new.jsonl");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, Kind::conflict);
  EXPECT_EQ(*files.read("/s/new.jsonl"), "mine");
}

// Whatever happens to the bytes: nothing crashes, what is readable is saved, and the saved file is sound.
TEST_F(FsckTest, RandomDamage) {
  std::string whole = meta;
  for (int n = 1; n < 12; ++n) whole += line(n, fmt::format("message {}", n));
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    std::mt19937_64 random(seed);
    auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    auto hurt = whole;
    for (std::size_t n = 1 + below(3); n > 0; --n) {
      auto at = below(hurt.size()), size = std::min(1 + below(400), hurt.size() - at);
      switch (below(5)) {
        case 0:
          hurt.erase(at, size);
          break;
        case 1:
          std::fill_n(hurt.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
          break;
        case 2:
          for (std::size_t i = at; i < at + size; ++i) hurt[i] = static_cast<char>(random());
          break;
        case 3:
          hurt.insert(at, hurt.substr(at, size));
          break;
        default:
          hurt.resize(std::max<std::size_t>(at, 1));
      }
    }
    files.put(path, hurt);
    auto before = check_rollout(files, path);
    ASSERT_TRUE(before) << seed;
    if (before->thread_id.empty()) continue;
    (void)files.remove("/s/new.jsonl");
    auto after = rescue_rollout(files, path, "/s/new.jsonl");
    ASSERT_TRUE(after) << seed << " " << after.error().text();
    EXPECT_FALSE(after->damaged()) << seed << " " << after->findings[0].text;
    EXPECT_LE(after->records, before->records + 1) << seed;
  }
}

}  // namespace burin::store

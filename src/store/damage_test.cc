// Logs that were cut, overwritten, or written by somebody else: what is read, what is told, what is kept.
#include <random>

#include "store/fsck.h"
#include "testing/log_disk.h"
#include "wire/rollout_samples.h"

namespace burin::store {

using testing::covered;
using Strings = std::vector<std::string>;

struct DamageTest : ::testing::Test, testing::FakeWorld {
  static constexpr std::array samples = {wire::samples::tool_turn,        wire::samples::aborted_turn,
                                         wire::samples::compacted_thread, wire::samples::rolled_back_thread,
                                         wire::samples::review,           wire::samples::fork};
  static constexpr std::string_view more = R"({"type":"message","role":"user","content":[]})";
  const std::string path =
      "/h/sessions/2026/03/05/rollout-2026-03-05T10-15-10-0197a000-1111-7000-8000-00000000000f.jsonl";
  Strings said;

  std::string text() { return memory.read(path).value_or(""); }
  static Strings lines_of(std::string_view text) {
    auto all = burin::lines(text);
    return {all.begin(), all.end()};
  }
  static std::string joined(const Strings& lines) {
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
  }
  void append_one() {
    auto log = RolloutLog::open(world, path, [this](auto told) { said.push_back(std::move(told)); });
    ASSERT_TRUE(log);
    (*log)->append("response_item", more);
  }
  std::string appended() {
    return fmt::format(R"({{"timestamp":"{}","type":"response_item","payload":{}}})", io::utc_ms_text(clock.now_ms()),
                       more);
  }
  /// The texts of the readable lines.
  Strings readable(RolloutInfo& info) {
    Strings out;
    auto scanned = scan_rollout(memory, path, [&](const auto&, const auto&, auto line) { out.emplace_back(line); });
    if (scanned) info = std::move(*scanned);
    return out;
  }
};

TEST_F(DamageTest, SampleLogsCutAtEveryByte) {
  std::size_t points = 0;
  for (auto sample : samples) {
    for (std::size_t cut = 1; cut <= sample.size(); ++cut, ++points) {
      SCOPED_TRACE(fmt::format("cut at {} of {}", cut, sample.size()));
      auto left = std::string(sample.substr(0, cut));
      memory.put(path, left);
      auto good = left.rfind('\n') + 1;
      bool complete = good == cut || sample[cut] == '\n';  // at most its newline is missing
      RolloutInfo info;
      auto before = readable(info);
      EXPECT_EQ(info.ends_in_newline, good == cut);
      if (complete) {
        EXPECT_TRUE(info.damages.empty());
      } else if (good > 0) {
        ASSERT_EQ(info.damages.size(), 1u);
        EXPECT_EQ(info.damages[0].offset, good);
        EXPECT_EQ(info.damages[0].size, cut - good);
      }
      said.clear();
      append_one();
      auto whole = complete ? left + (good == cut ? "" : "\n") : left.substr(0, good);
      EXPECT_EQ(text(), whole + appended() + "\n");
      EXPECT_EQ(said.size(), complete ? 0u : 1u);
      if (!complete) {
        auto aside = fmt::format("{}.torn-{}", path, good);
        EXPECT_EQ(memory.read(aside).value_or(""), left.substr(good));
        ASSERT_TRUE(memory.remove(aside));
      }
      append_one();
      EXPECT_EQ(text(), whole + appended() + "\n" + appended() + "\n");
      ASSERT_FALSE(HasFailure());
    }
  }
  covered("L3", fmt::format("{} cuts of {} logs", points, samples.size()));
}

}  // namespace burin::store

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

/// One way to spoil a line in the middle of a log.
struct Spoil {
  std::string_view name;
  /// What stands in the place of line `i`, newlines included.
  std::string (*bytes)(const Strings& lines, std::size_t i, std::mt19937_64& random);
  bool keeps = false;  // the line itself can still be read
  /// Bytes from the start of the line to the first that cannot be read; what cannot be read ends where `bytes` end.
  std::size_t (*skip)(const Strings& lines, std::size_t i) = [](const auto&, auto) { return std::size_t{0}; };
  std::string_view kind = "unreadable";
};

std::string noise(std::size_t size, std::mt19937_64& random) {
  std::string out(size, '\0');
  for (auto& c : out) c = static_cast<char>(random());
  out[0] = '\x01';  // not a blank
  return out;
}

const std::array spoils = {
    Spoil{"zeros", [](auto& lines, auto i, auto&) { return std::string(lines[i].size() + 1, '\0'); }},
    Spoil{"a line of zeros", [](auto& lines, auto i, auto&) { return std::string(lines[i].size(), '\0') + "\n"; }},
    Spoil{"zeros in its end",
          [](auto& lines, auto i, auto&) { return lines[i].substr(0, 60) + std::string(lines[i].size() - 59, '\0'); }},
    Spoil{"noise", [](auto& lines, auto i, auto& random) { return noise(lines[i].size(), random) + "\n"; }},
    Spoil{"a block of zeros before it",
          [](auto& lines, auto i, auto&) { return std::string(4096, '\0') + "\n" + lines[i] + "\n"; }, true},
    Spoil{"its first half, and then the next",
          [](auto& lines, auto i, auto&) { return lines[i].substr(0, lines[i].size() / 2); }},
    Spoil{"invalid UTF-8 around it", [](auto& lines, auto i, auto&) { return "\xFF" + lines[i] + "\xC3\n"; }},
    Spoil{.name = "it twice",
          .bytes = [](auto& lines, auto i, auto&) { return lines[i] + "\n" + lines[i] + "\n"; },
          .keeps = true,
          .skip = [](auto& lines, auto i) { return lines[i].size() + 1; },
          .kind = "repeated"},
};

struct SpoiledLog : DamageTest {
  void expect(const Strings& lines, std::size_t i, const Spoil& spoil, std::mt19937_64& random) {
    auto bytes = spoil.bytes(lines, i, random);
    auto before = joined({lines.begin(), lines.begin() + static_cast<long>(i)});
    auto after = joined({lines.begin() + static_cast<long>(i) + 1, lines.end()});
    auto whole = before + bytes + after;
    memory.put(path, whole);

    RolloutInfo info;
    auto read = readable(info);
    auto kept = lines;
    if (!spoil.keeps) kept.erase(kept.begin() + static_cast<long>(i));
    bool twice = spoil.kind == "repeated";
    if (twice) {
      auto raw = kept;
      raw.insert(raw.begin() + static_cast<long>(i), lines[i]);
      EXPECT_EQ(read, raw);
    } else {
      EXPECT_EQ(read, kept);
      ASSERT_EQ(info.damages.size(), 1u);
      EXPECT_EQ(info.damages[0].offset, before.size());
      EXPECT_GE(info.damages[0].lines, 1u);
      EXPECT_EQ(info.problems().size(), 1u);
      EXPECT_TRUE(contains(info.problems()[0], fmt::format("at byte {} (", before.size())));
    }
    // Two equal events in a row are no sign of damage.
    bool said_by_check = !twice || !contains(lines[i], R"("type":"event_msg")");
    auto report = check_rollout(memory, path);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->damaged(), said_by_check);
    if (said_by_check) {
      EXPECT_EQ(report->findings[0].kind, spoil.kind);
      EXPECT_EQ(report->findings[0].offset, before.size() + spoil.skip(lines, i));
      EXPECT_GE(report->findings[0].lines, 1u);
    }
    expect_rescue(whole, said_by_check ? kept : read);
  }

  void expect_rescue(const std::string& whole, Strings kept) {
    const auto saved = path::join(std::string(path::parent(path)),
                                  "rollout-2026-03-05T10-15-10-0197a000-1111-7000-8000-0000000000ff.jsonl");
    auto rescued = rescue_rollout(memory, path, saved);
    ASSERT_TRUE(rescued) << rescued.error().text();
    EXPECT_FALSE(rescued->damaged());
    EXPECT_EQ(text(), whole) << "the original is kept";
    auto got = lines_of(*memory.read(saved));
    bool made_meta = !kept.empty() && !contains(kept[0], "session_meta");
    if (made_meta) {
      EXPECT_TRUE(contains(got.at(0), "session_meta") && contains(got[0], "-00000000000f"));
      got.erase(got.begin());
    }
    EXPECT_EQ(got, kept);
    ASSERT_TRUE(memory.remove(saved));
  }
};

TEST_F(SpoiledLog, AnyLineOfAnySample) {
  std::mt19937_64 random(4);
  std::size_t points = 0;
  for (auto sample : samples) {
    auto lines = lines_of(sample);
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
      for (const auto& spoil : spoils) {
        SCOPED_TRACE(fmt::format("line {}: {}", i, spoil.name));
        expect(lines, i, spoil, random);
        ASSERT_FALSE(HasFailure()) << lines[i];
        ++points;
      }
    }
  }
  covered("L4", fmt::format("{} spoiled lines, {} ways", points, spoils.size()));
}

}  // namespace burin::store

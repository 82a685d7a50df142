#include "tools/unified_diff.h"

#include <ctime>
#include <random>

#include <gtest/gtest.h>

#include "base/text.h"

namespace burin::tools {

namespace unified_diff_test_detail {

using Texts = std::vector<std::string>;

Texts lines_of(std::string_view text) {
  Texts out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto size = end == std::string_view::npos ? text.size() : end + 1;
    out.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

/// Reads "3" or "3,2" and drops it.
std::pair<std::size_t, std::size_t> range(std::string_view& text) {
  const auto end = text.find_first_of(" @");
  const auto parts = split(text.substr(0, end), ',');
  text.remove_prefix(end);
  return {*parse_uint(parts[0]), parts.size() > 1 ? *parse_uint(parts[1]) : 1};
}

struct Applied {
  std::string text;
  std::size_t changed = 0;
};

/// Applies a diff as patch(1) would, checking every line number, context line and length.
Applied applied(std::string_view before, std::string_view diff) {
  const Texts old = lines_of(before);
  const Texts diff_lines = lines_of(diff);
  Applied out;
  std::size_t at = 0, made = 0;
  for (std::size_t i = 0; i < diff_lines.size();) {
    std::string_view header = diff_lines[i++];
    EXPECT_TRUE(header.starts_with("@@ -")) << header;
    header.remove_prefix(4);
    const auto [from, from_count] = range(header);
    header.remove_prefix(2);
    const auto [to, to_count] = range(header);
    EXPECT_EQ(header, " @@\n");
    const std::size_t start = from_count == 0 ? from : from - 1;
    for (; at < start; ++at, ++made) out.text += old.at(at);
    EXPECT_EQ(made, to_count == 0 ? to : to - 1);
    std::size_t gone = 0, come = 0;
    for (; i < diff_lines.size() && !diff_lines[i].starts_with('@'); ++i) {
      std::string line = diff_lines[i].substr(1);
      if (i + 1 < diff_lines.size() && diff_lines[i + 1] == "\\ No newline at end of file\n") {
        line.pop_back();
      }
      switch (diff_lines[i][0]) {
        case '\\':
          break;
        case ' ':
        case '-':
          EXPECT_EQ(old.at(at), line);
          ++at, ++gone;
          if (diff_lines[i][0] == '-') {
            ++out.changed;
            break;
          }
          [[fallthrough]];
        case '+':
          out.changed += diff_lines[i][0] == '+' ? 1 : 0;
          out.text += line;
          ++come, ++made;
          break;
        default:
          ADD_FAILURE() << diff_lines[i];
      }
    }
    EXPECT_EQ(gone, from_count);
    EXPECT_EQ(come, to_count);
  }
  for (; at < old.size(); ++at) out.text += old[at];
  return out;
}

/// The number of lines of a shortest diff, by the textbook table.
std::size_t shortest(const Texts& a, const Texts& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      common[i][j] = a[i - 1] == b[j - 1] ? common[i - 1][j - 1] + 1 : std::max(common[i - 1][j], common[i][j - 1]);
    }
  }
  return a.size() + b.size() - 2 * common[a.size()][b.size()];
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace unified_diff_test_detail

using namespace unified_diff_test_detail;

TEST(UnifiedDiff, Shapes) {
  EXPECT_EQ(unified_diff("a\n", "a\n", 3), "");
  EXPECT_EQ(unified_diff("", "", 3), "");
  EXPECT_EQ(unified_diff("", "x\n", 3), "@@ -0,0 +1 @@\n+x\n");
  EXPECT_EQ(unified_diff("", "x\ny\n", 3), "@@ -0,0 +1,2 @@\n+x\n+y\n");
  EXPECT_EQ(unified_diff("x\n", "", 3), "@@ -1 +0,0 @@\n-x\n");
  EXPECT_EQ(unified_diff("x\n", "y\n", 3), "@@ -1 +1 @@\n-x\n+y\n");
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\n", "a\nb\nC\nd\ne\n", 1), "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n");
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n", 1), "@@ -5 +5,2 @@\n e\n+f\n");
  EXPECT_EQ(unified_diff("a\nb\n", "a\n", 0), "@@ -2 +1,0 @@\n-b\n");
}

TEST(UnifiedDiff, MissingFinalNewline) {
  EXPECT_EQ(unified_diff("a", "a\n", 3), "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  EXPECT_EQ(unified_diff("a\n", "a", 3), "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
  EXPECT_EQ(unified_diff("x\nb", "y\nb", 3), "@@ -1,2 +1,2 @@\n-x\n+y\n b\n\\ No newline at end of file\n");
}

TEST(UnifiedDiff, HunksJoinWhenTheirContextsTouch) {
  const std::string before = "1\n2\n3\n4\n5\n6\n";
  EXPECT_EQ(unified_diff(before, "one\n2\n3\nfour\n5\n6\n", 1), "@@ -1,5 +1,5 @@\n-1\n+one\n 2\n 3\n-4\n+four\n 5\n");
  EXPECT_EQ(unified_diff(before, "one\n2\n3\n4\nfive\n6\n", 1),
            "@@ -1,2 +1,2 @@\n-1\n+one\n 2\n@@ -4,3 +4,3 @@\n 4\n-5\n+five\n 6\n");
}

/// What the reference prints for the same texts.
TEST(UnifiedDiff, OfSeveralShortestDiffsItIsTheReferences) {
  // Additions stand as low as they can, also behind removals; removals stay where the search found them.
  EXPECT_EQ(unified_diff("a\nb\n}\nc\n", "a\nb\n}\nb\n}\nc\n", 0), "@@ -3,0 +4,2 @@\n+b\n+}\n");
  EXPECT_EQ(unified_diff("x\nx\nx\n", "x\n", 0), "@@ -2,2 +1,0 @@\n-x\n-x\n");
  EXPECT_EQ(unified_diff("k\nc\nb\na\na\n\n", "k\nc\nx\nc\nb\na\n\n", 1), "@@ -2,4 +2,5 @@\n c\n+x\n+c\n b\n-a\n a\n");
  EXPECT_EQ(unified_diff("f\na\n", "f\nd\na\n", 1), "@@ -1,2 +1,3 @@\n f\n+d\n a\n");
}

TEST(UnifiedDiff, RandomTextsGiveShortestCorrectDiffs) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    auto text = [&] {
      std::string out;
      const unsigned kinds = 1 + random() % 6;
      for (unsigned n = random() % 30; n > 0; --n)
        out += std::string(1, static_cast<char>('a' + random() % kinds)) + "\n";
      if (!out.empty() && random() % 4 == 0) out.pop_back();
      return out;
    };
    const std::string before = text(), after = text();
    for (const std::size_t context : {0u, 1u, 3u}) {
      const auto diff = unified_diff(before, after, context);
      const auto made = applied(before, diff);
      ASSERT_EQ(made.text, after) << diff;
      ASSERT_EQ(made.changed, shortest(lines_of(before), lines_of(after))) << diff;
    }
  }
}

TEST(UnifiedDiff, BigTexts) {
  std::string before, few, scattered, reversed;
  std::mt19937 random(4);
  for (int i = 0; i < 100'000; ++i) {
    const std::string line = "line " + std::to_string(i % 977) + " of " + std::to_string(random() % 5000) + "\n";
    before += line;
    few += i % 20'000 == 5 ? "changed\n" : line;
    if (i % 10 != 3) scattered += line;
    if (i % 10 == 7) scattered += "new " + line;
    reversed.insert(reversed.end(), line.rbegin() + 1, line.rend());
    reversed += '\n';
  }
  std::string shuffled;
  for (const auto& line : lines_of(before)) shuffled.insert(random() % 2 == 0 ? shuffled.size() : 0, line);
  const double start = cpu_seconds();
  EXPECT_EQ(applied(before, unified_diff(before, few, 1)).changed, 10u);
  EXPECT_EQ(applied(before, unified_diff(before, scattered, 3)).text, scattered);
  EXPECT_EQ(applied(before, unified_diff(before, reversed, 3)).text, reversed);
  EXPECT_EQ(applied(before, unified_diff(before, shuffled, 3)).text, shuffled);
  // Much more than it takes without optimisation; a search without bounds would need hours.
  EXPECT_LT(cpu_seconds() - start, 60.0);
}

}  // namespace burin::tools

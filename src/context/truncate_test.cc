// Cutting outputs (context.md 2).
#include "context/truncate.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace burin::context {

using wire::TruncationMode;

std::string cut(std::string_view text, TruncationMode mode, std::int64_t limit) {
  return truncate(text, {mode, limit});
}

TEST(Truncate, WorkedValuesOfTheSpec) {
  EXPECT_EQ(cut("abcdef", TruncationMode::tokens, 0), "…2 tokens truncated…");
  EXPECT_EQ(cut("example output", TruncationMode::tokens, 1), "ex…3 tokens truncated…ut");
  EXPECT_EQ(cut("example output", TruncationMode::bytes, 1), "…13 chars truncated…t");
  std::string seq;
  for (int i = 1; i <= 100000; ++i) seq += std::to_string(i) + "\n";
  ASSERT_EQ(seq.size(), 588895u);
  EXPECT_TRUE(contains(cut(seq, TruncationMode::tokens, 10000), "…137224 tokens truncated…"));
}

TEST(Truncate, UnderAndAtTheBudgetNothingChanges) {
  EXPECT_EQ(cut("", TruncationMode::bytes, 0), "");
  EXPECT_EQ(cut("abcd", TruncationMode::tokens, 1), "abcd");
  EXPECT_EQ(cut("abcd", TruncationMode::bytes, 4), "abcd");
  EXPECT_EQ(cut("äö", TruncationMode::bytes, 0), "…2 chars truncated…");
}

TEST(Truncate, OddBudgetsAndWideCodePoints) {
  // left = B div 2, right = B - left; a code point that straddles either cut is left out.
  EXPECT_EQ(cut("abcdefgh", TruncationMode::bytes, 5), "ab…3 chars truncated…fgh");
  EXPECT_EQ(cut("€€€€", TruncationMode::bytes, 7), "€…2 chars truncated…€");
  EXPECT_EQ(cut("a€b€c", TruncationMode::bytes, 6), "a…3 chars truncated…c") << "both cuts fall into a sign";
  EXPECT_EQ(cut("😀😀", TruncationMode::bytes, 3), "…2 chars truncated…");
  EXPECT_EQ(cut("😀😀😀", TruncationMode::tokens, 2), "😀…1 tokens truncated…😀");
}

TEST(Truncate, ResultIsValidAndBounded) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += i % 3 == 0 ? "€" : i % 3 == 1 ? "a" : "😀";
  for (std::int64_t limit = 0; limit < 900; ++limit) {
    for (auto mode : {TruncationMode::bytes, TruncationMode::tokens}) {
      auto out = cut(text, mode, limit);
      ASSERT_TRUE(utf8_valid(out)) << limit;
      ASSERT_LE(out.size(), static_cast<std::size_t>(byte_budget({mode, limit})) + 40);
    }
  }
}

TEST(Truncate, HeaderCountsTheOriginalLines) {
  std::string text = "1\n2\n3\n4\n5\n6\n7\n8\n";
  EXPECT_EQ(truncate_with_header(text, {TruncationMode::tokens, 1}),
            "Total output lines: 8\n\n1\n…3 tokens truncated…8\n");
  EXPECT_EQ(truncate_with_header(text, {TruncationMode::tokens, 100}), text);
}

TEST(Truncate, HistoryPolicyRoundsUp) {
  EXPECT_EQ(history_policy({TruncationMode::tokens, 10000}).limit, 12000);
  EXPECT_EQ(history_policy({TruncationMode::bytes, 1}).limit, 2);
  EXPECT_EQ(history_policy({TruncationMode::bytes, 0}).limit, 0);
}

TEST(Truncate, ArraysShareOneBudget) {
  std::vector<wire::ContentItem> items{
      wire::InputText{"aaaa"}, wire::InputImage{.image_url = "data:x"}, wire::InputText{"bbbbbbbb"},
      wire::InputText{"cc"},   wire::InputImage{.image_url = "data:y"}, wire::InputText{"dd"}};
  auto out = truncate_items(items, {TruncationMode::bytes, 8});
  ASSERT_EQ(out.size(), 5u);
  EXPECT_EQ(std::get<wire::InputText>(out[0]).text, "aaaa");
  EXPECT_EQ(std::get<wire::InputText>(out[2]).text, "bb…4 chars truncated…bb");
  EXPECT_TRUE(std::holds_alternative<wire::InputImage>(out[3]));
  EXPECT_EQ(std::get<wire::InputText>(out[4]).text, "[omitted 2 text items ...]");
  EXPECT_EQ(truncate_items(items, {TruncationMode::bytes, 1000}).size(), items.size());
  items.resize(3);
  out = truncate_items(items, {TruncationMode::tokens, 2});
  ASSERT_EQ(out.size(), 3u) << "a cut text alone brings no omitted line";
  EXPECT_EQ(std::get<wire::InputText>(out[2]).text, "bb…1 tokens truncated…bb");
}

}  // namespace burin::context

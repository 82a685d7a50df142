#include "tools/patch_match.h"

#include <random>

#include <gtest/gtest.h>

#include "base/text.h"

namespace burin::tools {

namespace patch_match_test_detail {

using Texts = std::vector<std::string>;

std::optional<std::size_t> seek(const Texts& lines, const Texts& pattern, std::size_t start = 0, bool eof = false) {
  std::vector<std::string_view> views(lines.begin(), lines.end());
  return LineFinder(views).seek(pattern, start, eof);
}

/// tools.md 5.4 as it is written, sharing nothing with the code under test but trimming.
std::string normal_form(std::string_view line, int pass) {
  if (pass == 0) return std::string(line);
  if (pass == 1) return std::string(trim_end(line));
  line = trim(line);
  if (pass == 2) return std::string(line);
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t from = at;
    const char32_t c = next_code_point(line, at);
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212) {
      out += '-';
    } else if (c >= 0x2018 && c <= 0x201B) {
      out += '\'';
    } else if (c >= 0x201C && c <= 0x201F) {
      out += '"';
    } else if (c == 0xA0 || (c >= 0x2002 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000) {
      out += ' ';
    } else {
      out += line.substr(from, at - from);
    }
  }
  return out;
}

std::optional<std::size_t> naive(const Texts& lines, const Texts& pattern, std::size_t start, bool eof) {
  if (pattern.empty()) return start;
  if (pattern.size() > lines.size()) return std::nullopt;
  const std::size_t last = lines.size() - pattern.size();
  for (int pass = 0; pass < 4; ++pass) {
    for (std::size_t at = eof ? last : start; at <= last; ++at) {
      bool all = true;
      for (std::size_t i = 0; all && i < pattern.size(); ++i) {
        all = normal_form(lines[at + i], pass) == normal_form(pattern[i], pass);
      }
      if (all) return at;
    }
  }
  return std::nullopt;
}

}  // namespace patch_match_test_detail

using namespace patch_match_test_detail;

TEST(PatchMatch, EachPassDecides) {
  EXPECT_EQ(seek({"a", "b"}, {"b"}), 1u);
  EXPECT_EQ(seek({"a", "b \t"}, {"b"}), 1u);
  EXPECT_EQ(seek({"a", "b"}, {"b\u00a0 "}), 1u);
  EXPECT_EQ(seek({"a", "  b"}, {"b "}), 1u);
  EXPECT_EQ(seek({"a", "say “hi” – it’s\u00a0me"}, {"say \"hi\" - it's me"}), 1u);
  EXPECT_EQ(seek({"a", "B"}, {"b"}), std::nullopt);
  EXPECT_EQ(seek({"a", "«b»"}, {"\"b\""}), std::nullopt);
}

TEST(PatchMatch, EveryMappedCharacter) {
  struct Row {
    char32_t first, last;
    const char* plain;
  };
  const Row rows[] = {{0x2010, 0x2015, "x-x"},  {0x2212, 0x2212, "x-x"}, {0x2018, 0x201B, "x'x"},
                      {0x201C, 0x201F, "x\"x"}, {0x00A0, 0x00A0, "x x"}, {0x2002, 0x200A, "x x"},
                      {0x202F, 0x202F, "x x"},  {0x205F, 0x205F, "x x"}, {0x3000, 0x3000, "x x"}};
  for (const auto& row : rows) {
    for (char32_t c = row.first - 1; c <= row.last + 1; ++c) {
      std::string line = "x";
      append_code_point(line, c);
      line += "x";
      const bool mapped = normal_form(line, 3) == row.plain;
      if (c >= row.first && c <= row.last) EXPECT_TRUE(mapped) << static_cast<unsigned>(c);
      EXPECT_EQ(seek({line}, {row.plain}).has_value(), mapped) << static_cast<unsigned>(c);
    }
  }
}

TEST(PatchMatch, AnEarlierPassBeatsAnEarlierPosition) {
  EXPECT_EQ(seek({"  x", "x  ", "x"}, {"x"}), 2u);
  EXPECT_EQ(seek({"  x", "x  "}, {"x"}), 1u);
  EXPECT_EQ(seek({"“x”", " \"x\""}, {"\"x\""}), 1u);
}

TEST(PatchMatch, StartAndEndOfFile) {
  EXPECT_EQ(seek({"a", "b", "a"}, {"a"}, 1), 2u);
  EXPECT_EQ(seek({"a", "b", "a"}, {"b"}, 2), std::nullopt);
  EXPECT_EQ(seek({"a", "b", "a"}, {"a"}, 0, true), 2u);
  EXPECT_EQ(seek({"a", "b"}, {"a"}, 0, true), std::nullopt);  // no other place is tried
  EXPECT_EQ(seek({"a", "b", "c"}, {"b", "c"}, 3, true), 1u);  // and the start does not count
  EXPECT_EQ(seek({"a", "b "}, {"b"}, 0, true), 1u);
}

TEST(PatchMatch, EmptyAndTooLong) {
  EXPECT_EQ(seek({"a"}, {}, 1), 1u);
  EXPECT_EQ(seek({}, {}, 0), 0u);
  EXPECT_EQ(seek({"a"}, {"a", "b"}), std::nullopt);
  EXPECT_EQ(seek({}, {"a"}), std::nullopt);
  EXPECT_EQ(seek({"a"}, {"a"}, 1), std::nullopt);
}

/// One finder answers many questions, so that its tables come into play, and each answer is the naive one.
TEST(PatchMatch, EqualsTheDefinitionOnRandomFiles) {
  const Texts atoms = {"",    "a",        "b",    " a",   "a ",      "\ta",     "“a”", "\"a\"", " \"a\"  ", "a–b",
                       "a-b", "a\u2212b", "it’s", "it's", "\u00a0a", "a\u3000", "   ", "é",     "}",        "a\r"};
  std::mt19937 random(20);
  auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  int found = 0, missed = 0;
  for (int round = 0; round < 400; ++round) {
    const std::size_t variety = 1 + pick(atoms.size());
    Texts lines(pick(60));
    for (auto& line : lines) line = atoms[pick(variety)];
    std::vector<std::string_view> views(lines.begin(), lines.end());
    LineFinder finder(views);
    for (int question = 0; question < 30; ++question) {
      Texts pattern(pick(5));
      const std::size_t from = pick(lines.size() + 1);
      for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool copy = from + i < lines.size() && pick(8) != 0;
        pattern[i] = copy ? lines[from + i] : atoms[pick(variety)];
      }
      const std::size_t start = pick(lines.size() + 1);
      const bool eof = pick(5) == 0;
      const auto expected = naive(lines, pattern, start, eof);
      (expected ? found : missed)++;
      ASSERT_EQ(finder.seek(pattern, start, eof), expected)
          << "round " << round << ", question " << question << ", start " << start << "\n"
          << join(lines, "|") << "\n"
          << join(pattern, "|");
    }
  }
  EXPECT_GT(found, 1000);
  EXPECT_GT(missed, 1000);
}

/// Long repetitive patterns take the linear search.
TEST(PatchMatch, RepetitiveFilesEqualTheDefinition) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    Texts lines(200);
    for (auto& line : lines) line = random() % 12 == 0 ? "b" : "a";
    std::vector<std::string_view> views(lines.begin(), lines.end());
    LineFinder finder(views);
    for (int question = 0; question < 20; ++question) {
      const std::size_t size = 1 + random() % 40;
      const std::size_t from = random() % (lines.size() - size);
      Texts pattern(lines.begin() + static_cast<std::ptrdiff_t>(from),
                    lines.begin() + static_cast<std::ptrdiff_t>(from + size));
      if (random() % 3 == 0) pattern.back() = pattern.back() == "a" ? "b" : "a";
      const std::size_t start = random() % lines.size();
      ASSERT_EQ(finder.seek(pattern, start, false), naive(lines, pattern, start, false)) << round << " " << question;
    }
  }
}

}  // namespace burin::tools

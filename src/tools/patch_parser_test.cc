#include "tools/patch_parser.h"

#include <gtest/gtest.h>

namespace burin::tools {

namespace patch_parser_test_detail {

std::string patch_of(std::string_view body) { return "*** Begin Patch\n" + std::string(body) + "*** End Patch"; }

std::vector<Hunk> parsed(std::string_view text) {
  auto hunks = parse_patch(text);
  EXPECT_TRUE(hunks.has_value()) << (hunks ? "" : hunks.error().as_command());
  return hunks.value_or(std::vector<Hunk>{});
}

UpdateHunk update(std::string_view chunks) {
  auto hunks = parsed(patch_of("*** Update File: f\n" + std::string(chunks)));
  if (hunks.size() != 1) return {};
  return std::get<UpdateHunk>(hunks[0]);
}

using Texts = std::vector<std::string>;

}  // namespace patch_parser_test_detail

using namespace patch_parser_test_detail;

TEST(PatchParser, ReadsEveryKindOfHunk) {
  auto hunks =
      parsed(patch_of("*** Add File: a dir/new.txt\n+one\n+\n++two\n"
                      "*** Delete File: gone\n"
                      "*** Update File: old\n*** Move to: sub/new\n@@ def f():\n x\n-y\n+z\n"));
  ASSERT_EQ(hunks.size(), 3u);
  const auto& add = std::get<AddHunk>(hunks[0]);
  EXPECT_EQ(add.path, "a dir/new.txt");
  EXPECT_EQ(add.content, "one\n\n+two\n");
  EXPECT_EQ(std::get<DeleteHunk>(hunks[1]).path, "gone");
  const auto& changed = std::get<UpdateHunk>(hunks[2]);
  EXPECT_EQ(changed.path, "old");
  EXPECT_EQ(changed.move, "sub/new");
  ASSERT_EQ(changed.chunks.size(), 1u);
  EXPECT_EQ(changed.chunks[0].context, "def f():");
  EXPECT_EQ(changed.chunks[0].old_lines, (Texts{"x", "y"}));
  EXPECT_EQ(changed.chunks[0].new_lines, (Texts{"x", "z"}));
  EXPECT_EQ(changed.chunks[0].origins, (std::vector<Chunk::Origin>{{true, 0}, {false, 2}}));
  EXPECT_FALSE(changed.chunks[0].end_of_file);
}

TEST(PatchParser, NoHunksAndEmptyAdditionsAreFine) {
  EXPECT_TRUE(parsed("*** Begin Patch\n*** End Patch").empty());
  auto hunks = parsed(patch_of("*** Add File: empty\n"));
  ASSERT_EQ(hunks.size(), 1u);
  EXPECT_EQ(std::get<AddHunk>(hunks[0]).content, "");
}

TEST(PatchParser, WhiteSpaceAroundMarkersIsForgiven) {
  auto hunks = parsed("\n \u00a0 *** Begin Patch  \r\n  *** Add File: a \t\r\n+x\r\n\t*** End Patch \n\n");
  ASSERT_EQ(hunks.size(), 1u);
  EXPECT_EQ(std::get<AddHunk>(hunks[0]).path, "a");
  EXPECT_EQ(std::get<AddHunk>(hunks[0]).content, "x\n");
}

TEST(PatchParser, HeredocSentInsideTheArgument) {
  const std::string patch = "*** Begin Patch\n*** Delete File: a\n*** End Patch";
  for (std::string_view open : {"<<EOF", "<<'EOF'", "<<\"EOF\""}) {
    EXPECT_EQ(parsed(std::string(open) + "\n" + patch + "\nEOF\n").size(), 1u) << open;
    EXPECT_EQ(parsed(std::string(open) + "\n" + patch + "\nxxEOF").size(), 1u) << open;
  }
  // Other words, no end, or too few lines: the first line is then simply wrong.
  for (const std::string& text : {"<<EOF2\n" + patch + "\nEOF", "<< EOF\n" + patch + "\nEOF", "<<EOF\n" + patch,
                                  std::string("<<EOF\n*** Begin Patch\nEOF")}) {
    auto hunks = parse_patch(text);
    ASSERT_FALSE(hunks) << text;
    EXPECT_EQ(hunks.error().as_command(), "Invalid patch: The first line of the patch must be '*** Begin Patch'");
  }
  auto unfinished = parse_patch("<<EOF\n*** Begin Patch\n*** Delete File: a\nEOF");
  ASSERT_FALSE(unfinished);
  EXPECT_EQ(unfinished.error().message, "The last line of the patch must be '*** End Patch'");
}

TEST(PatchParser, ChunkHeaders) {
  auto hunk = update("@@\n-a\n@@ \n-b\n@@  c\n-c\n");
  ASSERT_EQ(hunk.chunks.size(), 3u);
  EXPECT_EQ(hunk.chunks[0].context, std::nullopt);
  EXPECT_EQ(hunk.chunks[1].context, "");
  EXPECT_EQ(hunk.chunks[2].context, " c");
  EXPECT_EQ(update("-a\n+b\n").chunks[0].context, std::nullopt);
}

TEST(PatchParser, BlankLinesAreContextInsideAChunkAndNothingBetweenThem) {
  auto hunk = update("\n   \n@@\n a\n\n b\n@@\n-c\n");
  ASSERT_EQ(hunk.chunks.size(), 2u);
  EXPECT_EQ(hunk.chunks[0].old_lines, (Texts{"a", "", "b"}));
  EXPECT_EQ(hunk.chunks[0].new_lines, (Texts{"a", "", "b"}));
}

TEST(PatchParser, EndOfFileEndsTheChunk) {
  auto hunk = update("@@\n-a\n+b\n*** End of File\n\n@@\n c\n");
  ASSERT_EQ(hunk.chunks.size(), 2u);
  EXPECT_TRUE(hunk.chunks[0].end_of_file);
  EXPECT_FALSE(hunk.chunks[1].end_of_file);
}

TEST(PatchParser, AnIndentedHeaderIsAHeaderButAnIndentedMoveIsNot) {
  auto hunks = parsed(patch_of("  *** Update File: f\n  *** Move to: g\n+x\n"));
  ASSERT_EQ(hunks.size(), 1u);
  const auto& hunk = std::get<UpdateHunk>(hunks[0]);
  EXPECT_EQ(hunk.move, std::nullopt);
  EXPECT_EQ(hunk.chunks[0].old_lines, (Texts{" *** Move to: g"}));
  EXPECT_EQ(std::get<UpdateHunk>(parsed(patch_of("*** Update File: f\n*** Move to:  g \n+x\n"))[0]).move, " g ");
}

struct BadPatch {
  const char* text;
  const char* as_command;
  const char* as_verification;
};

class PatchParserErrors : public testing::TestWithParam<BadPatch> {};

TEST_P(PatchParserErrors, AreWordedForBothReaders) {
  const auto& bad = GetParam();
  auto hunks = parse_patch(bad.text);
  ASSERT_FALSE(hunks);
  EXPECT_EQ(hunks.error().as_command(), bad.as_command);
  EXPECT_EQ(hunks.error().as_verification(), bad.as_verification);
}

#define HEADERS                                                                                              \
  "is not a valid hunk header. Valid hunk headers: '*** Add File: {path}', '*** Delete File: {path}', '*** " \
  "Update File: {path}'"
#define BODY_LINES "Every line should start with ' ' (context line), '+' (added line), or '-' (removed line)"

INSTANTIATE_TEST_SUITE_P(
    All, PatchParserErrors,
    testing::Values(
        BadPatch{"hello", "Invalid patch: The first line of the patch must be '*** Begin Patch'",
                 "invalid patch: The first line of the patch must be '*** Begin Patch'"},
        BadPatch{"", "Invalid patch: The last line of the patch must be '*** End Patch'",
                 "invalid patch: The last line of the patch must be '*** End Patch'"},
        BadPatch{"*** Begin Patch", "Invalid patch: The last line of the patch must be '*** End Patch'",
                 "invalid patch: The last line of the patch must be '*** End Patch'"},
        BadPatch{"*** Begin Patch\n*** Delete File: x\n",
                 "Invalid patch: The last line of the patch must be '*** End Patch'",
                 "invalid patch: The last line of the patch must be '*** End Patch'"},
        BadPatch{"*** Begin Patch\n\n*** End Patch", "Invalid patch hunk on line 2: '' " HEADERS,
                 "invalid hunk at line 2, '' " HEADERS},
        BadPatch{"*** Begin Patch\n*** Add File: a\n+x\n\n*** End Patch", "Invalid patch hunk on line 4: '' " HEADERS,
                 "invalid hunk at line 4, '' " HEADERS},
        BadPatch{"*** Begin Patch\n*** Delete File: a\n  junk \n*** End Patch",
                 "Invalid patch hunk on line 3: 'junk' " HEADERS, "invalid hunk at line 3, 'junk' " HEADERS},
        BadPatch{"*** Begin Patch\n*** add file: a\n*** End Patch",
                 "Invalid patch hunk on line 2: '*** add file: a' " HEADERS,
                 "invalid hunk at line 2, '*** add file: a' " HEADERS},
        BadPatch{"*** Begin Patch\n*** Add File: \n+x\n*** End Patch",
                 "Invalid patch hunk on line 2: '*** Add File:' " HEADERS,
                 "invalid hunk at line 2, '*** Add File:' " HEADERS},
        BadPatch{"*** Begin Patch\n*** Delete File: a\n*** Update File: b\n*** End Patch",
                 "Invalid patch hunk on line 3: Update file hunk for path 'b' is empty",
                 "invalid hunk at line 3, Update file hunk for path 'b' is empty"},
        BadPatch{"*** Begin Patch\n*** Update File: b\n*** Move to: c\n\n*** End Patch",
                 "Invalid patch hunk on line 2: Update file hunk for path 'b' is empty",
                 "invalid hunk at line 2, Update file hunk for path 'b' is empty"},
        BadPatch{"*** Begin Patch\n*** Update File: b\n@@\n*** End Patch",
                 "Invalid patch hunk on line 4: Update hunk does not contain any lines",
                 "invalid hunk at line 4, Update hunk does not contain any lines"},
        BadPatch{"*** Begin Patch\n*** Update File: b\n@@ x\n*** End of File\n*** End Patch",
                 "Invalid patch hunk on line 4: Update hunk does not contain any lines",
                 "invalid hunk at line 4, Update hunk does not contain any lines"},
        BadPatch{"*** Begin Patch\n*** Update File: b\n@@\njunk\n*** End Patch",
                 "Invalid patch hunk on line 4: Unexpected line found in update hunk: 'junk'. " BODY_LINES,
                 "invalid hunk at line 4, Unexpected line found in update hunk: 'junk'. " BODY_LINES},
        BadPatch{"*** Begin Patch\n*** Update File: b\njunk\n*** End Patch",
                 "Invalid patch hunk on line 4: Unexpected line found in update hunk: 'junk'. " BODY_LINES,
                 "invalid hunk at line 4, Unexpected line found in update hunk: 'junk'. " BODY_LINES},
        BadPatch{"*** Begin Patch\n*** Update File: b\n@@\n-x\njunk\n*** End Patch",
                 "Invalid patch hunk on line 5: Expected update hunk to start with a @@ context marker, got: 'junk'",
                 "invalid hunk at line 5, Expected update hunk to start with a @@ context marker, got: 'junk'"},
        // Behind a stray heredoc the Begin line is still line 1.
        BadPatch{"<<EOF\n*** Begin Patch\njunk\n*** End Patch\nEOF", "Invalid patch hunk on line 2: 'junk' " HEADERS,
                 "invalid hunk at line 2, 'junk' " HEADERS}));

}  // namespace burin::tools

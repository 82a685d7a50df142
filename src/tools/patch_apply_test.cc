#include "tools/patch_apply.h"

#include <cerrno>
#include <ctime>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/fake_files.h"

namespace burin::tools {

namespace patch_apply_test_detail {

std::vector<Chunk> chunks_of(std::string_view body) {
  auto hunks = parse_patch("*** Begin Patch\n*** Update File: f\n" + std::string(body) + "*** End Patch");
  EXPECT_TRUE(hunks.has_value()) << (hunks ? "" : hunks.error().as_command());
  return hunks ? std::get<UpdateHunk>((*hunks)[0]).chunks : std::vector<Chunk>{};
}

/// The new text, or "error: …".
std::string applied(std::string_view content, std::string_view body) {
  auto result = apply_chunks(content, chunks_of(body), "f");
  return result ? *result : "error: " + result.error();
}

struct Disk {
  io::MemFiles memory;
  io::FaultFiles files{memory};

  /// What a patch prints, or "error: …".
  std::string run(std::string_view body) {
    auto hunks = parse_patch("*** Begin Patch\n" + std::string(body) + "*** End Patch");
    EXPECT_TRUE(hunks.has_value()) << (hunks ? "" : hunks.error().as_command());
    auto done = run_patch(files, "/w", hunks.value_or(std::vector<Hunk>{}));
    return done ? *done : "error: " + done.error();
  }
  PatchResult<wire::FileChanges> verify(std::string_view body) {
    auto hunks = parse_patch("*** Begin Patch\n" + std::string(body) + "*** End Patch");
    EXPECT_TRUE(hunks.has_value()) << (hunks ? "" : hunks.error().as_command());
    return verify_patch(files, "/w", hunks.value_or(std::vector<Hunk>{}));
  }
  std::string text(const std::string& path) { return memory.read(path).value_or("(none)"); }
  Disk() { EXPECT_TRUE(memory.make_dirs("/w")); }
};

}  // namespace patch_apply_test_detail

using namespace patch_apply_test_detail;

TEST(PatchApply, ReplacesAddsAndRemoves) {
  EXPECT_EQ(applied("a\nb\nc\n", " a\n-b\n+B\n c\n"), "a\nB\nc\n");
  EXPECT_EQ(applied("a\nb\nc\n", "-b\n"), "a\nc\n");
  EXPECT_EQ(applied("a\nb\nc\n", " a\n+x\n+y\n b\n"), "a\nx\ny\nb\nc\n");
  EXPECT_EQ(applied("line1\nline2\nline3\nline4\n", "@@\n-line2\n+changed2\n@@\n-line4\n+changed4\n"),
            "line1\nchanged2\nline3\nchanged4\n");
}

TEST(PatchApply, EachMatchingPassDecides) {
  EXPECT_EQ(applied("x \nx\n", "-x\n+y\n"), "x \ny\n");     // equal, further down
  EXPECT_EQ(applied("  x\nx \n", "-x\n+y\n"), "  x\ny\n");  // without trailing space
  EXPECT_EQ(applied("a\n  x\n", "-x\n+y\n"), "a\ny\n");     // trimmed
  EXPECT_EQ(applied("a – b\n", "-a - b\n+y\n"), "y\n");     // punctuation
  EXPECT_EQ(applied("x\n", "-z\n+y\n"), "error: Failed to find expected lines in f:\nz");
}

TEST(PatchApply, AFuzzyMatchWritesThePatchsContext) {
  EXPECT_EQ(applied("  it’s \nold\n", " it's\n-old\n+new\n"), "it's\nnew\n");
}

TEST(PatchApply, ContextLinesJump) {
  const std::string file = "class A\n  x\nclass B\n  x\n";
  EXPECT_EQ(applied(file, "@@ class B\n-  x\n+  y\n"), "class A\n  x\nclass B\n  y\n");
  EXPECT_EQ(applied(file, "@@   class B \n-  x\n+  y\n"), "class A\n  x\nclass B\n  y\n");
  EXPECT_EQ(applied(file, "@@ class C\n-  x\n+  y\n"), "error: Failed to find context 'class C' in f");
  EXPECT_EQ(applied(file, "@@ class B\n-class B\n+class C\n"),
            "error: Failed to find expected lines in f:\nclass B");  // the search goes on behind it
}

TEST(PatchApply, LaterChunksSearchOnFromTheOneBefore) {
  EXPECT_EQ(applied("x\nx\nx\n", "-x\n+1\n@@\n-x\n+2\n"), "1\n2\nx\n");
  EXPECT_EQ(applied("a\nb\n", "@@\n-b\n+B\n@@\n-a\n+A\n"), "error: Failed to find expected lines in f:\na");
}

TEST(PatchApply, PureAdditions) {
  EXPECT_EQ(applied("a\nb\n", "@@\n+c\n"), "a\nb\nc\n");
  EXPECT_EQ(applied("a\nb", "@@\n+c\n"), "a\nb\nc\n");
  EXPECT_EQ(applied("", "@@\n+c\n"), "c\n");
  EXPECT_EQ(applied("a\n\n", "@@\n+c\n"), "a\nc\n");  // before a last empty line, which then makes the final newline
  EXPECT_EQ(applied("a\nb\n", "@@ a\n+c\n"), "a\nb\nc\n");
  EXPECT_EQ(applied("a\nb\n", "@@ z\n+c\n"), "error: Failed to find context 'z' in f");
  EXPECT_EQ(applied("a\nb\n", "@@ a\n+c\n@@\n-b\n+B\n"), "a\nB\nc\n");
}

TEST(PatchApply, EndOfFile) {
  EXPECT_EQ(applied("x\nx\n", "-x\n+y\n*** End of File\n"), "x\ny\n");
  EXPECT_EQ(applied("x\nz\n", "-x\n+y\n*** End of File\n"), "error: Failed to find expected lines in f:\nx");
  EXPECT_EQ(applied("a\nx\n", "@@\n-x\n+1\n@@\n a\n-x\n+2\n*** End of File\n"), "a\n2\n");  // goes back, and wins
}

TEST(PatchApply, ATrailingEmptyLineOfThePatchIsRetriedWithout) {
  EXPECT_EQ(applied("a\nb\n", " a\n-b\n+c\n\n"), "a\nc\n");
  EXPECT_EQ(applied("a\nb\n", "-a\n-b\n-\n+c\n"), "c\n");
  EXPECT_EQ(applied("a\nb\n", " a\n \n"), "a\nb\n");
  // What is left of the pattern may be nothing: that is found where the search stands.
  EXPECT_EQ(applied("a\nb\n", "@@ a\n-\n+x\n"), "a\nx\nb\n");
}

TEST(PatchApply, TheFileEndsWithANewline) {
  EXPECT_EQ(applied("a\nb", "-a\n+A\n"), "A\nb\n");
  EXPECT_EQ(applied("a", "-a\n+A\n"), "A\n");
  EXPECT_EQ(applied("a\n", "-a\n"), "");
  // As in the reference, a last empty line becomes the final newline.
  EXPECT_EQ(applied("a\nb\n\n", "-a\n+A\n"), "A\nb\n");
  EXPECT_EQ(applied("a\nb\n\n\n", "-a\n+A\n"), "A\nb\n\n");
  EXPECT_EQ(applied("a\n", " a\n+b\n+\n"), "a\nb\n");
}

TEST(PatchApply, CrlfFilesStayCrlf) {
  EXPECT_EQ(applied("a\r\nb\r\nc\r\n", " a\n-b\n+B\n+new\n c\n"), "a\r\nB\r\nnew\r\nc\r\n");
  EXPECT_EQ(applied("a\r\nb\r\n", "@@\n+c\n"), "a\r\nb\r\nc\r\n");
  EXPECT_EQ(applied("a\r\nb", "-b\n+B\n"), "a\r\nB\r\n");
  EXPECT_EQ(applied("a\r\nb", "-a\n+A\n"), "A\r\nb\r\n");
  EXPECT_EQ(applied("a\r\nb\r", "-a\n+A\n"), "A\r\nb\r\n");
  EXPECT_EQ(applied("a\r\nb\r\n\r\n", "-a\n+A\n"), "A\r\nb\r\n\r\n");  // the last line is not empty: nothing is lost
  EXPECT_EQ(applied("a\r\nb\r\n", "@@ a\n+x\n-b\n"), "a\r\nx\r\n");
  // A patch with line ends of its own is read without them.
  EXPECT_EQ(applied("a\r\nb\r\n", "-b\r\n+B\r\n"), "a\r\nB\r\n");
}

TEST(PatchApply, CrlfMatchesAsWellAsLf) {
  // Without the line end both lines are equal, so the first wins; "x " would win the second pass only.
  EXPECT_EQ(applied("x\r\nx\n", "-x\n+y\n"), "y\r\nx\n");
  EXPECT_EQ(applied("x \nx\r\n", "-x\n+y\n"), "x \ny\r\n");
}

TEST(PatchApply, MixedLineEndsAreKeptLineByLine) {
  EXPECT_EQ(applied("a\r\nb\nc\r\nd\n", " a\n b\n-c\n+C\n d\n"), "a\r\nb\nC\r\nd\n");
  // An added line ends like the original line before it, the first of the file like the one behind it.
  EXPECT_EQ(applied("a\r\nb\n", " a\n+1\n b\n+2\n"), "a\r\n1\r\nb\n2\n");
  EXPECT_EQ(applied("a\nb\r\n", " a\n+1\n b\n+2\n"), "a\n1\nb\r\n2\r\n");
  EXPECT_EQ(applied("a\r\nb\n", "+0\n a\n"), "0\r\na\r\nb\n");
  EXPECT_EQ(applied("a\nb\r\nc\n", "+1\n-b\n"), "a\n1\nc\n");
  EXPECT_EQ(applied("a\nb\r\nc\n", "-b\n+B\n"), "a\nB\r\nc\n");
}

TEST(PatchApply, TheByteOrderMarkStays) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(applied(mark + "a\nb\n", "-a\n+A\n"), mark + "A\nb\n");
  EXPECT_EQ(applied(mark + "a\r\nb\r\n", "@@ a\n-b\n+B\n"), mark + "a\r\nB\r\n");
  EXPECT_EQ(applied(mark + "a\nb\n", "+0\n a\n"), mark + "0\na\nb\n");
  EXPECT_EQ(applied(mark + "a\nb\n", "-" + mark + "a\n+" + mark + "A\n"), mark + "A\nb\n");
  EXPECT_EQ(applied(mark + "a\nb\n", " " + mark + "a\n-b\n+B\n"), mark + "a\nB\n");
}

TEST(PatchApply, VerticalTabsAndOtherSeparatorsAreNoLineEnds) {
  EXPECT_EQ(applied("a\x0b\x0c\xC2\x85z\nb\rc\n", "-b\rc\n+d\n"), "a\x0b\x0c\xC2\x85z\nd\n");
}

TEST(PatchApply, ManyFuzzyPlacesInABigFileAreFoundFast) {
  std::string file, body, expected;
  for (int i = 0; i < 100'000; ++i) {
    const std::string line = i % 4 == 0 ? "}" : "call “" + std::to_string(i) + "”";
    const bool place = i % 100 == 50;
    file += "  " + line + "\n";
    if (place) body += "@@\n-call \"" + std::to_string(i) + "\"\n+new\n";
    expected += place ? "new\n" : "  " + line + "\n";
  }
  const std::clock_t start = std::clock();
  EXPECT_TRUE(applied(file, body) == expected);
  // About 20 ms with optimisation; trying every position in every pass takes many times as long.
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 3.0);
}

TEST(PatchRun, EveryHunkAndTheSummaryByKind) {
  Disk disk;
  disk.memory.put("/w/delete.txt", "obsolete\n");
  disk.memory.put("/w/modify.txt", "line1\nline2\n");
  disk.memory.put("/w/old/name", "x\n");
  EXPECT_EQ(disk.run("*** Delete File: delete.txt\n*** Update File: old/name\n*** Move to: new/dir/name\n-x\n+y\n"
                     "*** Add File: nested/new.txt\n+created\n*** Update File: modify.txt\n-line2\n+changed\n"
                     "*** Add File: /abs\n"),
            "Success. Updated the following files:\nA nested/new.txt\nA /abs\nM new/dir/name\nM modify.txt\nD "
            "delete.txt\n");
  EXPECT_EQ(disk.text("/w/nested/new.txt"), "created\n");
  EXPECT_EQ(disk.text("/w/modify.txt"), "line1\nchanged\n");
  EXPECT_EQ(disk.text("/w/new/dir/name"), "y\n");
  EXPECT_EQ(disk.text("/abs"), "");
  EXPECT_FALSE(disk.memory.exists("/w/old/name"));
  EXPECT_FALSE(disk.memory.exists("/w/delete.txt"));
}

TEST(PatchRun, HunksSeeWhatEarlierOnesDid) {
  Disk disk;
  EXPECT_EQ(disk.run("*** Add File: a\n+1\n*** Update File: a\n-1\n+2\n*** Update File: a\n*** Move to: b\n-2\n+3\n"
                     "*** Update File: b\n-3\n+4\n"),
            "Success. Updated the following files:\nA a\nM a\nM b\nM b\n");
  EXPECT_EQ(disk.text("/w/b"), "4\n");
  EXPECT_FALSE(disk.memory.exists("/w/a"));
}

TEST(PatchRun, NothingToDo) {
  Disk disk;
  EXPECT_EQ(disk.run(""), "error: No files were modified.");
}

TEST(PatchRun, AddAndMoveOverwrite) {
  Disk disk;
  disk.memory.put("/w/a", "old\n");
  disk.memory.put("/w/b", "old\n");
  disk.memory.put("/w/c", "x\n");
  disk.run("*** Add File: a\n+new\n*** Update File: c\n*** Move to: b\n-x\n+y\n");
  EXPECT_EQ(disk.text("/w/a"), "new\n");
  EXPECT_EQ(disk.text("/w/b"), "y\n");
}

TEST(PatchRun, AMoveOntoItselfKeepsTheFile) {
  Disk disk;
  disk.memory.put("/w/a", "x\n");
  EXPECT_EQ(disk.run("*** Update File: a\n*** Move to: ./a\n-x\n+y\n"),
            "Success. Updated the following files:\nM ./a\n");
  EXPECT_EQ(disk.text("/w/a"), "y\n");
}

TEST(PatchRun, ModesStayInPlaceAndAreNewAfterAMove) {
  Disk disk;
  disk.memory.put("/w/a", "x\n");
  disk.memory.put("/w/b", "x\n");
  ASSERT_TRUE(disk.memory.set_mode("/w/a", 0755));
  ASSERT_TRUE(disk.memory.set_mode("/w/b", 0755));
  disk.run("*** Update File: a\n-x\n+y\n*** Update File: b\n*** Move to: c\n-x\n+y\n");
  EXPECT_EQ(disk.memory.stat("/w/a")->mode & 0111, 0111u);
  EXPECT_EQ(disk.memory.stat("/w/c")->mode & 0111, 0u);
}

TEST(PatchRun, SymlinksAreFollowed) {
  Disk disk;
  disk.memory.put("/w/real", "x\n");
  ASSERT_TRUE(disk.memory.symlink("/w/real", "/w/link"));
  disk.run("*** Update File: link\n-x\n+y\n");
  EXPECT_EQ(disk.text("/w/real"), "y\n");
  EXPECT_EQ(disk.memory.lstat("/w/link")->type, io::FileInfo::Type::symlink);
}

TEST(PatchRun, FailuresNameWhatFailed) {
  Disk disk;
  disk.memory.put("/w/dir/foo.txt", "stable\n");
  disk.memory.put("/w/bad", "x\xff\n");
  disk.memory.put("/w/f", "x\n");
  EXPECT_EQ(disk.run("*** Delete File: dir\n"), "error: Failed to delete file dir");
  EXPECT_EQ(disk.run("*** Delete File: missing\n"), "error: Failed to delete file missing");
  EXPECT_EQ(disk.run("*** Update File: missing\n-x\n"),
            "error: Failed to read file to update missing: No such file or directory (os error 2)");
  EXPECT_EQ(disk.run("*** Update File: dir\n-x\n"),
            "error: Failed to read file to update dir: Is a directory (os error 21)");
  EXPECT_EQ(disk.run("*** Update File: bad\n-x\n"),
            "error: Failed to read file to update bad: stream did not contain valid UTF-8");
  EXPECT_EQ(disk.run("*** Add File: f/x\n+a\n"), "error: Failed to create parent directories for f/x");
  EXPECT_EQ(disk.run("*** Add File: dir\n+a\n"), "error: Failed to write file dir");
  EXPECT_EQ(disk.run("*** Update File: f\n*** Move to: dir\n-x\n"), "error: Failed to write file dir");
  EXPECT_EQ(disk.run("*** Update File: f\n-y\n"), "error: Failed to find expected lines in f:\ny");
  EXPECT_EQ(disk.text("/w/f"), "x\n");

  auto refuse = [&](std::string name) {
    disk.files.fail_when([name](const io::FaultFiles::Call& call) { return call.name == name ? EACCES : 0; });
  };
  refuse("write");
  EXPECT_EQ(disk.run("*** Update File: f\n-x\n+y\n"), "error: Failed to write file f");
  refuse("remove");
  EXPECT_EQ(disk.run("*** Update File: f\n*** Move to: g\n-x\n+y\n"), "error: Failed to remove original f");
  EXPECT_EQ(disk.text("/w/g"), "y\n");
}

TEST(PatchRun, AFailureLeavesWhatCameBefore) {
  Disk disk;
  EXPECT_EQ(
      disk.run("*** Add File: created.txt\n+hello\n*** Update File: missing.txt\n-old\n+new\n*** Add File: never\n"),
      "error: Failed to read file to update missing.txt: No such file or directory (os error 2)");
  EXPECT_EQ(disk.text("/w/created.txt"), "hello\n");
  EXPECT_FALSE(disk.memory.exists("/w/never"));
}

TEST(PatchVerify, TellsTheChangesByAbsolutePath) {
  Disk disk;
  disk.memory.put("/w/gone", "bye\n");
  disk.memory.put("/w/f", "1\n2\n3\n4\n5\n");
  disk.memory.put("/w/m", "x");
  auto changes = disk.verify(
      "*** Add File: new\n+n\n*** Delete File: gone\n*** Update File: f\n-3\n+three\n"
      "*** Update File: m\n*** Move to: d/m\n-x\n+y\n");
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 4u);
  EXPECT_EQ(std::get<wire::FileAdd>(changes->at("/w/new")).content, "n\n");
  EXPECT_EQ(std::get<wire::FileDelete>(changes->at("/w/gone")).content, "bye\n");
  EXPECT_EQ(std::get<wire::FileUpdate>(changes->at("/w/f")).unified_diff, "@@ -2,3 +2,3 @@\n 2\n-3\n+three\n 4\n");
  EXPECT_FALSE(std::get<wire::FileUpdate>(changes->at("/w/f")).move_path.has_value());
  const auto& moved = std::get<wire::FileUpdate>(changes->at("/w/m"));
  EXPECT_EQ(moved.move_path, "/w/d/m");
  EXPECT_EQ(moved.unified_diff, "@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n");
  EXPECT_EQ(disk.text("/w/f"), "1\n2\n3\n4\n5\n");  // nothing was done
  EXPECT_FALSE(disk.memory.exists("/w/new"));
}

TEST(PatchVerify, LooksAtTheDiskAndNotAtEarlierHunks) {
  Disk disk;
  disk.memory.put("/w/f", "1\n2\n");
  EXPECT_EQ(disk.verify("*** Update File: f\n-1\n+one\n*** Update File: f\n-one\n+1\n").error(),
            "Failed to find expected lines in /w/f:\none");
  auto changes = disk.verify("*** Update File: f\n-1\n+one\n*** Update File: f\n-2\n+two\n");
  ASSERT_TRUE(changes);
  EXPECT_EQ(std::get<wire::FileUpdate>(changes->at("/w/f")).unified_diff, "@@ -1,2 +1,2 @@\n 1\n-2\n+two\n");
  EXPECT_TRUE(disk.verify("*** Add File: f\n+overwrites\n"));  // an existing file is not looked at
}

TEST(PatchVerify, ErrorsHaveAbsolutePaths) {
  Disk disk;
  disk.memory.put("/w/bad", "\xff");
  disk.memory.put("/w/f", "x\n");
  EXPECT_EQ(disk.verify("*** Delete File: none\n").error(),
            "Failed to read /w/none: No such file or directory (os error 2)");
  EXPECT_EQ(disk.verify("*** Delete File: bad\n").error(), "Failed to read /w/bad: stream did not contain valid UTF-8");
  EXPECT_EQ(disk.verify("*** Update File: none\n-x\n").error(),
            "Failed to read file to update /w/none: No such file or directory (os error 2)");
  EXPECT_EQ(disk.verify("*** Update File: f\n@@ z\n-x\n").error(), "Failed to find context 'z' in /w/f");
}

TEST(PatchVerify, WritesNothing) {
  Disk disk;
  disk.memory.put("/w/f", "x\n");
  ASSERT_TRUE(disk.verify("*** Add File: a/b\n+1\n*** Update File: f\n*** Move to: g\n-x\n+y\n"));
  for (const auto& call : disk.files.journal()) {
    EXPECT_TRUE(call.name == "read" || call.name == "stat") << call.name << " " << call.path;
  }
}

}  // namespace burin::tools

#include "tools/turn_diff.h"

#include <gtest/gtest.h>

#include "io/fake_files.h"

namespace burin::tools {

namespace turn_diff_test_detail {

constexpr const char* zero = "0000000000000000000000000000000000000000";
constexpr const char* empty_blob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
constexpr const char* x_blob = "587be6b4c3f93f93c489c0111bba5596147a26cb";  // "x\n"
constexpr const char* y_blob = "975fbec8256d3e8a3797e7a3611380f27c49f4ac";  // "y\n"

struct Turn {
  io::MemFiles files;
  TurnDiff diff{files, "/repo"};

  Turn() {
    EXPECT_TRUE(files.make_dirs("/repo/.git"));
    EXPECT_TRUE(files.make_dirs("/out"));
  }
  void add(const std::string& path, const std::string& content) {
    diff.before({{path, wire::FileAdd{content}}});
    files.put(path, content);
  }
  void update(const std::string& path, const std::string& content) {
    diff.before({{path, wire::FileUpdate{}}});
    files.put(path, content);
  }
  void move(const std::string& from, const std::string& to, const std::string& content) {
    wire::FileUpdate change;
    change.move_path = to;
    diff.before({{from, change}});
    EXPECT_TRUE(files.remove(from));
    files.put(to, content);
  }
  void remove(const std::string& path) {
    diff.before({{path, wire::FileDelete{}}});
    EXPECT_TRUE(files.remove(path));
  }
};

std::string text(std::initializer_list<std::string> parts) {
  std::string out;
  for (const auto& part : parts) out += part;
  return out;
}

}  // namespace turn_diff_test_detail

using namespace turn_diff_test_detail;

TEST(TurnDiff, NothingTouchedOrNothingChanged) {
  Turn turn;
  EXPECT_EQ(turn.diff.unified(), "");
  turn.files.put("/repo/a", "x\n");
  turn.update("/repo/a", "x\n");
  turn.add("/repo/b", "y\n");
  turn.remove("/repo/b");
  EXPECT_EQ(turn.diff.unified(), "");
}

TEST(TurnDiff, AddUpdateDeleteSortedByShownPath) {
  Turn turn;
  turn.files.put("/repo/sub/gone", "x\n");
  turn.files.put("/repo/m", "x\n");
  turn.remove("/repo/sub/gone");
  turn.update("/repo/m", "y\n");
  turn.add("/repo/a/new", "y\n");
  EXPECT_EQ(turn.diff.unified(),
            text({"diff --git a/a/new b/a/new\nnew file mode 100644\nindex ", zero, "..", y_blob,
                  "\n--- /dev/null\n+++ b/a/new\n@@ -0,0 +1 @@\n+y\n", "diff --git a/m b/m\nindex ", x_blob, "..",
                  y_blob, "\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n-x\n+y\n",
                  "diff --git a/sub/gone b/sub/gone\ndeleted file mode 100644\nindex ", x_blob, "..", zero,
                  "\n--- a/sub/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"}));
}

TEST(TurnDiff, TheBaselineIsThatOfTheFirstPatch) {
  Turn turn;
  turn.files.put("/repo/m", "x\n");
  turn.update("/repo/m", "1\n");
  turn.update("/repo/m", "y\n");
  const auto expected =
      text({"diff --git a/m b/m\nindex ", x_blob, "..", y_blob, "\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n-x\n+y\n"});
  EXPECT_EQ(turn.diff.unified(), expected);
  EXPECT_EQ(turn.diff.unified(), expected);
  turn.files.put("/repo/m", "x\n");  // somebody puts it back
  EXPECT_EQ(turn.diff.unified(), "");
}

TEST(TurnDiff, Moves) {
  Turn turn;
  turn.files.put("/repo/a", "x\n");
  turn.files.put("/repo/same", "x\n");
  turn.move("/repo/a", "/repo/b", "y\n");
  turn.move("/repo/same", "/repo/other", "x\n");  // without a change it is left out
  turn.update("/repo/b", "y\n");                  // and the new path is the tracked file
  EXPECT_EQ(turn.diff.unified(),
            text({"diff --git a/a b/b\nindex ", x_blob, "..", y_blob, "\n--- a/a\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n"}));
  turn.move("/repo/b", "/repo/c", "y\n");
  EXPECT_EQ(turn.diff.unified(),
            text({"diff --git a/a b/c\nindex ", x_blob, "..", y_blob, "\n--- a/a\n+++ b/c\n@@ -1 +1 @@\n-x\n+y\n"}));
  turn.add("/repo/a", "y\n");  // the old name is free for another file
  EXPECT_EQ(turn.diff.unified(), text({"diff --git a/a b/a\nnew file mode 100644\nindex ", zero, "..", y_blob,
                                       "\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+y\n", "diff --git a/a b/c\nindex ",
                                       x_blob, "..", y_blob, "\n--- a/a\n+++ b/c\n@@ -1 +1 @@\n-x\n+y\n"}));
}

TEST(TurnDiff, Modes) {
  Turn turn;
  turn.files.put("/repo/run", "x\n");
  ASSERT_TRUE(turn.files.set_mode("/repo/run", 0755));
  turn.move("/repo/run", "/repo/walk", "y\n");
  EXPECT_EQ(turn.diff.unified(), text({"diff --git a/run b/walk\nold mode 100755\nnew mode 100644\nindex ", x_blob,
                                       "..", y_blob, "\n--- a/run\n+++ b/walk\n@@ -1 +1 @@\n-x\n+y\n"}));
}

TEST(TurnDiff, SymlinksAreTheirTarget) {
  Turn turn;
  turn.files.put("/repo/x", "content\n");
  ASSERT_TRUE(turn.files.symlink("x", "/repo/link"));
  turn.remove("/repo/link");
  EXPECT_EQ(
      turn.diff.unified(),
      text({"diff --git a/link b/link\ndeleted file mode 120000\nindex c1b0730e0133447badcfd47fd144e254807b06e1..",
            zero, "\n--- a/link\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n"}));
}

TEST(TurnDiff, Binary) {
  Turn turn;
  turn.files.put("/repo/b", "\xff\xfe");
  turn.update("/repo/b", "y\n");
  EXPECT_EQ(turn.diff.unified(), text({"diff --git a/b b/b\nindex 46b134b197f35e75e0784bedbf94a8dd124693b1..", y_blob,
                                       "\n--- a/b\n+++ b/b\nBinary files differ\n"}));
}

TEST(TurnDiff, EmptyFilesHaveNoHunks) {
  Turn turn;
  turn.add("/repo/e", "");
  EXPECT_EQ(turn.diff.unified(),
            text({"diff --git a/e b/e\nnew file mode 100644\nindex ", zero, "..", empty_blob, "\n"}));
}

TEST(TurnDiff, OutsideOfAnyRepositoryPathsAreAbsolute) {
  Turn turn;
  turn.add("/out/n", "x\n");
  EXPECT_EQ(turn.diff.unified(), text({"diff --git a//out/n b//out/n\nnew file mode 100644\nindex ", zero, "..", x_blob,
                                       "\n--- /dev/null\n+++ b//out/n\n@@ -0,0 +1 @@\n+x\n"}));
}

TEST(TurnDiff, TheNearestRepositoryCounts) {
  Turn turn;
  turn.files.put("/repo/inner/.git", "gitdir: /elsewhere\n");  // a submodule or work tree
  turn.add("/repo/inner/d/n", "x\n");
  EXPECT_TRUE(turn.diff.unified().starts_with("diff --git a/d/n b/d/n\n")) << turn.diff.unified();
}

TEST(TurnDiff, ThreeLinesOfContext) {
  Turn turn;
  turn.files.put("/repo/f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  turn.update("/repo/f", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n");
  EXPECT_NE(turn.diff.unified().find("@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"), std::string::npos);
}

}  // namespace burin::tools

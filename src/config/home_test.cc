#include "config/home.h"

#include <gtest/gtest.h>

#include "io/fake_files.h"

namespace burin::config {
namespace {

class FindHome : public testing::Test {
 protected:
  FindHome() { env.set("HOME", "/u"); }
  std::string found() {
    auto home = find_home(files, env);
    return home ? *home : home.error().report();
  }
  io::MemFiles files;
  io::Environment env;
};

TEST_F(FindHome, DefaultNeedNotExist) { EXPECT_EQ(found(), "/u/.codex"); }

TEST_F(FindHome, OwnFolderWhenItExists) {
  ASSERT_TRUE(files.make_dirs("/u/.burin"));
  EXPECT_EQ(found(), "/u/.burin");
}

TEST_F(FindHome, OwnNameMustBeAFolder) {
  files.put("/u/.burin", "");
  EXPECT_EQ(found(), "/u/.codex");
}

TEST_F(FindHome, VariablesInOrder) {
  ASSERT_TRUE(files.make_dirs("/u/.burin"));
  ASSERT_TRUE(files.make_dirs("/c"));
  ASSERT_TRUE(files.make_dirs("/b"));
  env.set("CODEX_HOME", "/c");
  EXPECT_EQ(found(), "/c");
  env.set("BURIN_HOME", "/b");
  EXPECT_EQ(found(), "/b");
  env.set("BURIN_HOME", "");
  EXPECT_EQ(found(), "/c");
  env.set("CODEX_HOME", "");
  EXPECT_EQ(found(), "/u/.burin");
}

TEST_F(FindHome, IsCanonicalWhenNamedByAVariable) {
  ASSERT_TRUE(files.make_dirs("/real"));
  ASSERT_TRUE(files.symlink("/real", "/link"));
  env.set("CODEX_HOME", "/link/");
  EXPECT_EQ(found(), "/real");
}

// A set but wrong variable is never a reason to look further (INV-14).
TEST_F(FindHome, Errors) {
  files.put("/file", "");
  env.set("CODEX_HOME", "/x");
  EXPECT_EQ(found(), "Error finding codex home: CODEX_HOME points to \"/x\", but that path does not exist");
  env.set("CODEX_HOME", "/file");
  EXPECT_EQ(found(), "Error finding codex home: CODEX_HOME points to \"/file\", but that path is not a directory");
  env.set("BURIN_HOME", "/y\"z");
  EXPECT_EQ(found(), "Error finding codex home: BURIN_HOME points to \"/y\\\"z\", but that path does not exist");
}

TEST_F(FindHome, WithoutAnyHome) {
  env.unset("HOME");
  EXPECT_NE(found().find("Could not find home directory"), std::string::npos);
}

std::map<std::string, std::string> applied(std::string_view text) {
  io::Environment env({{"P", "process"}, {"H", "/u"}});
  apply_dotenv(text, env);
  auto all = env.all();
  all.erase("H");
  if (all["P"] == "process") all.erase("P");
  return all;
}
using Vars = std::map<std::string, std::string>;

// Most of these were observed on the reference.
TEST(Dotenv, Syntax) {
  EXPECT_EQ(applied("A=plain\n"), (Vars{{"A", "plain"}}));
  EXPECT_EQ(applied("  A = spaced  \n"), (Vars{{"A", "spaced"}}));
  EXPECT_EQ(applied("export A=x\n"), (Vars{{"A", "x"}}));
  EXPECT_EQ(applied("# c\n\nA=a # c\nB=a#b\nC=\"#x\" # c"), (Vars{{"A", "a"}, {"B", "a#b"}, {"C", "#x"}}));
  EXPECT_EQ(applied("A=\"q \\\"e\\\" \\n nl \\$X \\\\ |\"\n"), (Vars{{"A", "q \"e\" \n nl $X \\ |"}}));
  EXPECT_EQ(applied("A='s $P \\n'\n"), (Vars{{"A", "s $P \\n"}}));
  EXPECT_EQ(applied("A=$P-${P}-${NO}-x\n"), (Vars{{"A", "process-process--x"}}));
  EXPECT_EQ(applied("A=\"in ${P}\"\nB=\"$P x\"\nC=\"x $P\""),
            (Vars{{"A", "in process"}, {"B", "process x"}, {"C", "x process"}}));
  EXPECT_EQ(applied("A=\"x\"y'z'\n"), (Vars{{"A", "xyz"}}));
  EXPECT_EQ(applied("A=\"two\nlines\"\nB=1\n"), (Vars{{"A", "two\nlines"}, {"B", "1"}}));
  EXPECT_EQ(applied("A=\r\nB=1\r\n"), (Vars{{"A", ""}, {"B", "1"}}));
  EXPECT_EQ(applied("A=a\\ b\\$c\\\"d\n"), (Vars{{"A", "a b$c\"d"}}));
  EXPECT_EQ(applied("A=~/x\n"), (Vars{{"A", "~/x"}}));
  EXPECT_EQ(applied("\xEF\xBB\xBF"
                    "A=1"),
            (Vars{{"A", "1"}}));
}

TEST(Dotenv, LaterLinesSeeAndReplaceEarlierOnes) {
  EXPECT_EQ(applied("A=1\nB=${A}\nA=2\nC=$A\n"), (Vars{{"A", "2"}, {"B", "1"}, {"C", "2"}}));
}

TEST(Dotenv, MalformedLinesAreIgnored) {
  EXPECT_EQ(applied("A\n=x\n1B=digit\nC-D=x\nE=a b\nF=\"\\q\"\nG=\"open\nH2=${P\nZ=last\n"), (Vars{{"Z", "last"}}));
}

TEST(Dotenv, OverridesTheEnvironment) { EXPECT_EQ(applied("P=file\n"), (Vars{{"P", "file"}})); }

TEST(Dotenv, OwnNamesAreSkipped) {
  EXPECT_EQ(applied("CODEX_HOME=/x\ncodex_y=1\nBURIN_HOME=/x\nBurin_z=1\nCODEXX=1\n"), (Vars{{"CODEXX", "1"}}));
}

TEST(Dotenv, ComesFromTheHome) {
  io::MemFiles files;
  files.put("/h/.env", "A=1\n");
  io::Environment env;
  load_dotenv(files, "/h", env);
  EXPECT_EQ(env.get("A"), "1");
  load_dotenv(files, "/none", env);
}

}  // namespace
}  // namespace burin::config

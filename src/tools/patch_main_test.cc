#include "tools/patch_main.h"

#include <gtest/gtest.h>

#include "io/fake_files.h"

namespace burin::tools {

namespace patch_main_test_detail {

constexpr const char* good = "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch";

struct Program {
  io::MemFiles files;
  int asked = 0;

  PatchExit run(const std::vector<std::string>& args, Result<std::string> input = std::string()) {
    return apply_patch_command(args, [&] { return ++asked, input; }, files, "/w");
  }
};

void expect_exit(const PatchExit& end, int code, std::string_view out, std::string_view err) {
  EXPECT_EQ(end.code, code);
  EXPECT_EQ(end.out, out);
  EXPECT_EQ(end.err, err);
}

constexpr const char* done = "Success. Updated the following files:\nA a\n";

}  // namespace patch_main_test_detail

using namespace patch_main_test_detail;

TEST(PatchMain, TakesThePatchAsArgument) {
  Program program;
  expect_exit(program.run({good}), 0, done, "");
  EXPECT_EQ(program.files.read("/w/a").value(), "x\n");
  EXPECT_EQ(program.asked, 0);
}

TEST(PatchMain, OrFromTheInput) {
  Program program;
  expect_exit(program.run({}, std::string(good) + "\n"), 0, done, "");
  EXPECT_EQ(program.files.read("/w/a").value(), "x\n");
}

TEST(PatchMain, UsageAndBadInput) {
  Program program;
  expect_exit(program.run({}), 2, "", "Usage: apply_patch 'PATCH'\n       echo 'PATCH' | apply_patch\n");
  expect_exit(program.run({good, "more"}), 2, "", "Error: apply_patch accepts exactly one argument.\n");
  expect_exit(program.run({"\xff"}), 1, "", "Error: apply_patch requires a UTF-8 PATCH argument.\n");
  expect_exit(program.run({"\xff", "more"}), 1, "", "Error: apply_patch requires a UTF-8 PATCH argument.\n");
  expect_exit(program.run({}, std::string("\xff")), 1, "",
              "Error: Failed to read PATCH from stdin.\nstream did not contain valid UTF-8\n");
  expect_exit(program.run({}, fail(Kind::internal, "broken")), 1, "",
              "Error: Failed to read PATCH from stdin.\nbroken\n");
  EXPECT_FALSE(program.files.exists("/w/a"));
}

TEST(PatchMain, ParseAndApplyErrors) {
  Program program;
  expect_exit(program.run({""}), 1, "", "Invalid patch: The last line of the patch must be '*** End Patch'\n");
  expect_exit(program.run({"hi"}), 1, "", "Invalid patch: The first line of the patch must be '*** Begin Patch'\n");
  expect_exit(program.run({"*** Begin Patch\n*** Update File: f\n*** End Patch"}), 1, "",
              "Invalid patch hunk on line 2: Update file hunk for path 'f' is empty\n");
  expect_exit(program.run({"*** Begin Patch\n*** End Patch"}), 1, "", "No files were modified.\n");
  expect_exit(program.run({"*** Begin Patch\n*** Delete File: f\n*** End Patch"}), 1, "", "Failed to delete file f\n");
}

TEST(PatchMain, TheInternalFlag) {
  io::MemFiles files;
  constexpr const char* complaint = "Error: --codex-run-as-apply-patch requires a UTF-8 PATCH argument.\n";
  expect_exit(internal_patch_command({}, files, "/w"), 1, "", complaint);
  expect_exit(internal_patch_command({"\xff"}, files, "/w"), 1, "", complaint);
  expect_exit(internal_patch_command({good, "ignored"}, files, "/w"), 0, done, "");
  expect_exit(internal_patch_command({"hi", "ignored"}, files, "/w"), 1, "",
              "Invalid patch: The first line of the patch must be '*** Begin Patch'\n");
}

}  // namespace burin::tools

#include "tools/patch_detect.h"

#include <gtest/gtest.h>

namespace burin::tools {

namespace patch_detect_test_detail {

using Kind = PatchCall::Kind;
using Argv = std::vector<std::string>;

const std::string patch = "*** Begin Patch\n*** Add File: a\n+$HOME `x` \\n\n*** End Patch";
constexpr const char* guard =
    "apply_patch verification failed: patch detected without explicit call to apply_patch. Rerun as [\"apply_patch\", "
    "\"<patch>\"]";

std::string heredoc(std::string_view before = "apply_patch", std::string_view after = "") {
  return std::string(before) + " <<'EOF'" + std::string(after) + "\n" + patch + "\nEOF\n";
}

PatchCall bash(const std::string& script) { return detect_patch_call({"bash", "-lc", script}, "/w"); }

}  // namespace patch_detect_test_detail

using namespace patch_detect_test_detail;

TEST(PatchDetect, DirectCalls) {
  for (const char* name : {"apply_patch", "applypatch"}) {
    auto call = detect_patch_call({name, patch}, "/w");
    EXPECT_EQ(call.kind, Kind::patch) << name;
    EXPECT_EQ(call.patch, patch);
    EXPECT_EQ(call.cwd, "/w");
  }
  EXPECT_EQ(detect_patch_call({"apply_patch"}, "/w").kind, Kind::none);
  EXPECT_EQ(detect_patch_call({"apply_patch", patch, "more"}, "/w").kind, Kind::none);
  EXPECT_EQ(detect_patch_call({"/usr/bin/apply_patch", patch}, "/w").kind, Kind::none);
  EXPECT_EQ(detect_patch_call({}, "/w").kind, Kind::none);
}

TEST(PatchDetect, ScriptsOfEveryShell) {
  for (const Argv& shell :
       {Argv{"bash", "-lc"}, Argv{"/bin/bash", "-c"}, Argv{"zsh", "-lc"}, Argv{"/usr/bin/zsh", "-c"}, Argv{"sh", "-c"},
        Argv{"sh", "-lc"}, Argv{"pwsh", "-Command"}, Argv{"powershell.exe", "-command"},
        Argv{"pwsh", "-NoProfile", "-Command"}, Argv{"cmd", "/c"}}) {
    Argv argv = shell;
    argv.push_back(heredoc());
    auto call = detect_patch_call(argv, "/w");
    EXPECT_EQ(call.kind, Kind::patch) << shell[0] << " " << shell.back();
    EXPECT_EQ(call.patch, patch) << shell[0];  // taken as it stands: nothing is expanded
    EXPECT_EQ(call.cwd, "/w");
  }
  for (const Argv& shell : {Argv{"fish", "-c"}, Argv{"bash", "-x"}, Argv{"bash"}, Argv{"pwsh", "-c"}}) {
    Argv argv = shell;
    argv.push_back(heredoc());
    EXPECT_EQ(detect_patch_call(argv, "/w").kind, Kind::none) << shell[0] << " " << shell.back();
  }
}

TEST(PatchDetect, HeredocForms) {
  EXPECT_EQ(bash(heredoc("applypatch")).kind, Kind::patch);
  EXPECT_EQ(bash("apply_patch <<EOF\n" + patch + "\nEOF").kind, Kind::patch);
  EXPECT_EQ(bash("apply_patch <<EOF\n" + patch + "\nEOF").patch, patch);
  EXPECT_EQ(bash("apply_patch <<\"PATCH\"\n" + patch + "\nPATCH\n").patch, patch);
}

TEST(PatchDetect, WithCd) {
  EXPECT_EQ(bash(heredoc("cd sub && apply_patch")).kind, Kind::patch);
  EXPECT_EQ(bash(heredoc("cd sub && apply_patch")).cwd, "/w/sub");
  EXPECT_EQ(bash(heredoc("cd sub && apply_patch")).patch, patch);
  EXPECT_EQ(bash(heredoc("cd /abs && apply_patch")).cwd, "/abs");
  EXPECT_EQ(bash(heredoc("cd \"a b\" && apply_patch")).cwd, "/w/a b");
  EXPECT_EQ(bash(heredoc("cd 'a b' && applypatch")).cwd, "/w/a b");
}

TEST(PatchDetect, NearMissesAreCommands) {
  for (const std::string& script :
       {heredoc("echo x; apply_patch"), heredoc("apply_patch", " && echo done"), heredoc("apply_patch", " | cat"),
        heredoc("apply_patch", " > out"), heredoc("apply_patch arg"), heredoc("cd a b && apply_patch"),
        heredoc("cd a; apply_patch"), heredoc("cd a || apply_patch"), heredoc("cd && apply_patch"),
        heredoc("cd $X && apply_patch"), heredoc("cd a && cd b && apply_patch"), heredoc("cat"),
        heredoc() + "echo after\n", std::string("apply_patch"), std::string("echo hi"), "apply_patch '" + patch + "'",
        std::string("apply_patch <<'EOF'\nno end")}) {
    EXPECT_EQ(bash(script).kind, Kind::none) << script;
  }
}

TEST(PatchDetect, RawPatchesAreRefused) {
  EXPECT_EQ(detect_patch_call({patch}, "/w").kind, Kind::refused);
  EXPECT_EQ(detect_patch_call({patch}, "/w").text, guard);
  EXPECT_EQ(bash(patch).kind, Kind::refused);
  EXPECT_EQ(bash(patch).text, guard);
  EXPECT_EQ(bash("*** Begin Patch\njunk\n*** End Patch").kind, Kind::none);
}

TEST(PatchDetect, CallsWithABadBodyAreRefusedWithTheReason) {
  auto direct = detect_patch_call({"apply_patch", "foo"}, "/w");
  EXPECT_EQ(direct.kind, Kind::refused);
  EXPECT_EQ(direct.text,
            "apply_patch verification failed: invalid patch: The first line of the patch must be '*** Begin Patch'");
  auto script = bash("apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: f\n*** End Patch\nEOF\n");
  EXPECT_EQ(script.kind, Kind::refused);
  EXPECT_EQ(script.text,
            "apply_patch verification failed: invalid hunk at line 2, Update file hunk for path 'f' is empty");
}

}  // namespace burin::tools

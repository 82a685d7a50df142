#include "sandbox/policy.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/mapping.h"
#include "io/fake_files.h"

namespace burin::sandbox {
namespace {

using Paths = std::vector<std::string>;

TEST(PolicyJson, EveryShapeSurvives) {
  const char* const shapes[] = {
      R"({"type":"danger-full-access"})",
      R"({"type":"read-only"})",
      R"({"type":"read-only","network_access":true})",
      R"({"type":"read-only","access":{"type":"restricted","include_platform_defaults":true,"readable_roots":["/data"]}})",
      R"({"type":"external-sandbox","network_access":"restricted"})",
      R"({"type":"external-sandbox","network_access":"enabled"})",
      R"({"type":"workspace-write","writable_roots":["/opt"],"network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false})",
      R"({"type":"workspace-write","network_access":true,"exclude_tmpdir_env_var":true,"exclude_slash_tmp":true})",
  };
  for (const char* text : shapes) {
    auto policy = read_mapped<wire::SandboxPolicy>(*parse_json(text));
    ASSERT_TRUE(policy) << text << policy.error().text();
    EXPECT_EQ(dump_mapped(*policy), text);
  }
}

TEST(PolicyJson, DefaultsMayBeLeftOut) {
  auto policy = read_mapped<wire::SandboxPolicy>(*parse_json(R"({"type":"workspace-write"})"));
  ASSERT_TRUE(policy);
  EXPECT_EQ(*policy, wire::SandboxPolicy(wire::WorkspaceWrite{}));
  EXPECT_FALSE(read_mapped<wire::SandboxPolicy>(*parse_json(R"({"type":"sometimes"})")));
  EXPECT_FALSE(read_mapped<wire::SandboxPolicy>(*parse_json("{}")));
}

struct Roots : ::testing::Test {
  Paths of(const wire::SandboxPolicy& policy) {
    Paths out;
    for (const auto& root : writable_roots(policy, "/w", files, env)) out.push_back(root.root);
    return out;
  }
  Paths parts(const std::string& cwd = "/w") {
    wire::WorkspaceWrite policy;
    policy.exclude_slash_tmp = policy.exclude_tmpdir_env_var = true;
    return writable_roots(policy, cwd, files, env).at(0).read_only_subpaths;
  }
  io::MemFiles files;
  io::Environment env{{{"TMPDIR", "/var/tmp"}}};
};

TEST_F(Roots, OrderAndExclusions) {
  ASSERT_TRUE(files.make_dirs("/tmp"));
  wire::WorkspaceWrite policy;
  policy.writable_roots = {"/opt", "relative", "/w", ""};
  EXPECT_EQ(of(policy), (Paths{"/opt", "/w", "/w", "/tmp", "/var/tmp"}));
  policy.exclude_slash_tmp = true;
  EXPECT_EQ(of(policy), (Paths{"/opt", "/w", "/w", "/var/tmp"}));
  policy.exclude_tmpdir_env_var = true;
  EXPECT_EQ(of(policy), (Paths{"/opt", "/w", "/w"}));
}

TEST_F(Roots, TmpMustBeAFolderAndTmpdirNotEmpty) {
  files.put("/tmp", "a file");
  env = io::Environment({{"TMPDIR", ""}});
  EXPECT_EQ(of(wire::WorkspaceWrite{}), (Paths{"/w"}));
  env = io::Environment({{"TMPDIR", "relative"}});
  EXPECT_EQ(of(wire::WorkspaceWrite{}), (Paths{"/w"}));
}

TEST_F(Roots, OnlyWorkspaceWriteHasAny) {
  for (const wire::SandboxPolicy& policy :
       {wire::SandboxPolicy(wire::ReadOnly{}), wire::SandboxPolicy(wire::DangerFullAccess{}),
        wire::SandboxPolicy(wire::ExternalSandbox{})}) {
    EXPECT_EQ(of(policy), Paths());
  }
}

TEST_F(Roots, ReadOnlyPartsThatExist) {
  EXPECT_EQ(parts(), Paths());
  ASSERT_TRUE(files.make_dirs("/w/.git"));
  ASSERT_TRUE(files.make_dirs("/w/.agents"));
  ASSERT_TRUE(files.make_dirs("/w/.codex"));
  ASSERT_TRUE(files.make_dirs("/w/sub/.git"));
  EXPECT_EQ(parts(), (Paths{"/w/.git", "/w/.agents", "/w/.codex"}));
}

TEST_F(Roots, FilesOfThoseNames) {
  files.put("/w/.agents", "x");
  files.put("/w/.codex", "x");
  files.put("/w/.git", "not a pointer");
  EXPECT_EQ(parts(), (Paths{"/w/.git"}));
}

TEST_F(Roots, GitFilePointsElsewhere) {
  files.put("/w/.git", "gitdir: ../main/.git/worktrees/w\n");
  EXPECT_EQ(parts(), (Paths{"/w/.git"}));  // nothing is there
  ASSERT_TRUE(files.make_dirs("/main/.git/worktrees/w"));
  EXPECT_EQ(parts(), (Paths{"/w/.git", "/main/.git/worktrees/w"}));
  files.put("/w/.git", "gitdir: /main/.git\n");
  EXPECT_EQ(parts(), (Paths{"/w/.git", "/main/.git"}));
}

TEST(Writable, EachRootKnowsOnlyItsOwnParts) {
  const std::vector<WritableRoot> roots{{"/tmp/w", {"/tmp/w/.git"}}, {"/opt/", {}}};
  EXPECT_TRUE(is_writable(roots, "/tmp/w"));
  EXPECT_TRUE(is_writable(roots, "/tmp/w/a/b"));
  EXPECT_TRUE(is_writable(roots, "/opt/x"));
  EXPECT_FALSE(is_writable(roots, "/tmp/w/.git"));
  EXPECT_FALSE(is_writable(roots, "/tmp/w/.git/config"));
  EXPECT_TRUE(is_writable(roots, "/tmp/w/.gitignore"));
  EXPECT_FALSE(is_writable(roots, "/tmp/other"));
  EXPECT_FALSE(is_writable(roots, "/tmp/wide"));
  EXPECT_FALSE(is_writable({}, "/"));
  // Roots stand as they were configured.
  EXPECT_FALSE(is_writable({{"/x/../w/", {"/x/../w/.git"}}}, "/w/.git/config"));
  EXPECT_TRUE(is_writable({{"/x/../w/", {"/x/../w/.git"}}}, "/w/a"));
  // A .git below another root is writable through that one (sandbox.md 6.2).
  auto with_tmp = roots;
  with_tmp.push_back({"/tmp", {}});
  EXPECT_TRUE(is_writable(with_tmp, "/tmp/w/.git/config"));
}

TEST(PolicyFacts, Table) {
  wire::ReadOnly reading{.access = {}, .network_access = true};
  wire::WorkspaceWrite writing;
  writing.network_access = true;
  struct Row {
    wire::SandboxPolicy policy;
    bool full_write, full_network, sandbox;
    std::string_view tag;
  };
  const Row rows[] = {{wire::ReadOnly{}, false, false, true, "seccomp"},
                      {reading, false, true, true, "seccomp"},
                      {wire::WorkspaceWrite{}, false, false, true, "seccomp"},
                      {writing, false, true, true, "seccomp"},
                      {wire::ExternalSandbox{}, true, false, false, "external"},
                      {wire::ExternalSandbox{wire::NetworkAccess::enabled}, true, true, false, "external"},
                      {wire::DangerFullAccess{}, true, true, false, "none"}};
  for (const auto& row : rows) {
    auto name = dump_mapped(row.policy);
    EXPECT_EQ(has_full_write(row.policy), row.full_write) << name;
    EXPECT_EQ(has_full_network(row.policy), row.full_network) << name;
    EXPECT_EQ(needs_sandbox(row.policy), row.sandbox) << name;
    EXPECT_EQ(metadata_tag(row.policy), row.tag) << name;
  }
}

}  // namespace
}  // namespace burin::sandbox

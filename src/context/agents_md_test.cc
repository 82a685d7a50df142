// AGENTS.md discovery (context.md 5).
#include "context/agents_md.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/fake_world.h"

namespace burin::context {

struct AgentsMdTest : ::testing::Test, testing::FakeWorld {
  config::Config config;
  void SetUp() override { ASSERT_TRUE(memory.make_dirs("/repo/.git")); }
  std::string project(const std::string& cwd) { return project_documents(files, config, cwd).value_or("<none>"); }
};

TEST_F(AgentsMdTest, GlobalOverrideFallsThroughWhenBlank) {
  EXPECT_FALSE(global_instructions(files, "/home"));
  memory.put("/home/AGENTS.md", "\n plain \n");
  memory.put("/home/AGENTS.override.md", " \n");
  EXPECT_EQ(global_instructions(files, "/home"), "plain");
  memory.put("/home/AGENTS.override.md", "over");
  EXPECT_EQ(global_instructions(files, "/home"), "over");
}

TEST_F(AgentsMdTest, FromRootDownWithOneFileEach) {
  memory.put("/AGENTS.md", "above the root");
  memory.put("/repo/AGENTS.md", "root\n");
  memory.put("/repo/a/AGENTS.md", "hidden");
  memory.put("/repo/a/AGENTS.override.md", "a");
  memory.put("/repo/a/b/c.txt", "");
  EXPECT_EQ(project("/repo/a/b"), "root\n\n\na");
  EXPECT_EQ(project("/repo"), "root\n");
  memory.put("/repo/a/AGENTS.override.md", "  ");
  EXPECT_EQ(project("/repo/a"), "root\n") << "a blank override hides its folder's AGENTS.md";
}

TEST_F(AgentsMdTest, WithoutMarkerOnlyTheStartFolder) {
  memory.put("/x/AGENTS.md", "x");
  memory.put("/x/y/AGENTS.md", "y");
  EXPECT_EQ(project("/x/y"), "y");
  config.project_root_markers = {};
  EXPECT_EQ(project("/repo"), "<none>");
}

TEST_F(AgentsMdTest, TheNearestMarkerOfAnyKindIsTheRoot) {
  memory.put("/repo/AGENTS.md", "outer");
  memory.put("/repo/sub/AGENTS.md", "inner");
  memory.put("/repo/sub/dir/x", "");
  memory.put("/repo/sub/.git", "gitdir: ../.git/worktrees/sub");
  EXPECT_EQ(project("/repo/sub/dir"), "inner") << "a .git file counts";
  config.project_root_markers = {"go.mod", "WORKSPACE"};
  EXPECT_EQ(project("/repo/sub/dir"), "<none>") << "no marker: only the start folder";
  memory.put("/repo/WORKSPACE", "");
  EXPECT_EQ(project("/repo/sub/dir"), "outer\n\ninner");
}

TEST_F(AgentsMdTest, BudgetIsSharedAndCutsLossily) {
  config.project_doc_max_bytes = 6;
  memory.put("/repo/AGENTS.md", "abcd");
  memory.put("/repo/a/AGENTS.md", "x€yz");
  EXPECT_EQ(project("/repo/a"), "abcd\n\nx\xEF\xBF\xBD");
  config.project_doc_max_bytes = 4;
  EXPECT_EQ(project("/repo/a"), "abcd") << "nothing is left for the next one";
  memory.put("/repo/AGENTS.md", " \n ");
  EXPECT_EQ(project("/repo/a"), "x€") << "blank documents cost nothing";
  config.project_doc_max_bytes = 0;
  EXPECT_EQ(project("/repo/a"), "<none>");
}

TEST_F(AgentsMdTest, FallbacksFoldersAndBrokenLinks) {
  config.project_doc_fallback_filenames = {"", "CLAUDE.md", "AGENTS.md"};
  ASSERT_TRUE(memory.make_dirs("/repo/AGENTS.md"));
  memory.put("/repo/CLAUDE.md", "fallback");
  EXPECT_EQ(project("/repo"), "fallback");
  ASSERT_TRUE(memory.symlink("/nowhere", "/repo/AGENTS.override.md"));
  EXPECT_EQ(project("/repo"), "<none>") << "a dangling symlink is skipped, but it is that folder's file";
  ASSERT_TRUE(memory.remove("/repo/AGENTS.override.md"));
  ASSERT_TRUE(memory.symlink("/repo/CLAUDE.md", "/repo/AGENTS.override.md"));
  EXPECT_EQ(project("/repo"), "fallback") << "a symlink to a file is read";
}

TEST_F(AgentsMdTest, UnreadableDocumentGivesNone) {
  memory.put("/repo/AGENTS.md", "x");
  files.fail_when([](const auto& call) { return call.name == "read_range" ? EACCES : 0; });
  EXPECT_EQ(project("/repo"), "<none>");
}

TEST_F(AgentsMdTest, BinaryAndHugeFilesDoNoHarm) {
  memory.put("/repo/AGENTS.md", std::string(3 << 20, '\xFE'));
  auto text = project("/repo");
  EXPECT_TRUE(utf8_valid(text));
  EXPECT_LE(text.size(), 3u * 32768);
}

TEST_F(AgentsMdTest, Assembly) {
  EXPECT_FALSE(user_instructions(files, config, "/home", "/repo"));
  memory.put("/home/AGENTS.md", "global");
  EXPECT_EQ(user_instructions(files, config, "/home", "/repo"), "global");
  memory.put("/repo/AGENTS.md", "project\n");
  EXPECT_EQ(user_instructions(files, config, "/home", "/repo"), "global\n\n--- project-doc ---\n\nproject\n");
  config.features.set(config::Feature::child_agents_md, true);
  auto with = user_instructions(files, config, "/home", "/repo").value();
  EXPECT_TRUE(with.starts_with("global\n\n--- project-doc ---\n\nproject\n\n\n")) << with;
  auto note = user_instructions(files, config, "/nowhere", "/").value();
  EXPECT_TRUE(contains(note, "AGENTS.md")) << "the note is there without documents too";
  EXPECT_TRUE(with.ends_with(note));
}

}  // namespace burin::context

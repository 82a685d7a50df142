// Stacking: order, merging, trust, project roots (cli-config.md 5.2-5.4, INV-7, INV-8).
#include "config/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fake_files.h"

namespace burin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Layers : public testing::Test {
 protected:
  Layers() {
    options.home = "/h";
    options.cwd = "/p/a/b";
    EXPECT_TRUE(files.make_dirs("/h"));
    EXPECT_TRUE(files.make_dirs("/p/.git"));
    EXPECT_TRUE(files.make_dirs("/p/a/b"));
  }
  ConfigResult<LayerStack> load() { return load_layers(files, env, options); }
  LayerStack stack() {
    auto loaded = load();
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().report());
    return loaded ? *std::move(loaded) : LayerStack{};
  }
  std::string value(std::string_view key) {
    const Value root = stack().effective();
    const Value* found = root.find(key);
    return found == nullptr ? "-" : found->text().value_or("?");
  }
  void flag(std::string_view text) { options.overrides.push_back(*parse_override(text)); }
  std::string error() {
    auto loaded = load();
    EXPECT_FALSE(loaded);
    return loaded ? "" : loaded.error().report();
  }

  io::MemFiles files;
  io::Environment env{{{"HOME", "/u"}}};
  LayerOptions options;
};

constexpr const char* trusted = "[projects.\"/p\"]\ntrust_level = \"trusted\"\n";
constexpr const char* untrusted = "[projects.\"/p\"]\ntrust_level = \"untrusted\"\n";

// Every non-empty subset of the six places: the highest one that sets the key wins.
TEST_F(Layers, TheHighestLayerThatSetsAKeyWins) {
  const std::pair<const char*, const char*> places[] = {
      {"system", "/etc/codex/config.toml"},  {"user", "/h/config.toml"}, {"root", "/p/.codex/config.toml"},
      {"near", "/p/a/b/.codex/config.toml"}, {"flags", nullptr},         {"managed", "/etc/codex/managed_config.toml"}};
  for (unsigned subset = 1; subset < 64; ++subset) {
    SCOPED_TRACE(subset);
    options.overrides.clear();
    flag(R"(projects={"/p"={trust_level="trusted"}})");
    std::string want;
    for (unsigned i = 0; i < 6; ++i) {
      const bool set = (subset >> i & 1) != 0;
      if (places[i].second != nullptr) {
        files.put(places[i].second, set ? "model = '" + std::string(places[i].first) + "'\n" : "");
      } else if (set) {
        flag("model=flags");
      }
      if (set) want = places[i].first;
    }
    EXPECT_EQ(value("model"), want);
  }
}

TEST_F(Layers, TablesJoinAndArraysAreReplaced) {
  files.put("/etc/codex/config.toml", "notify = ['a', 'b']\n[tui]\nx = 1\ny = 1\n");
  files.put("/h/config.toml", "notify = ['c']\n[tui]\ny = 2\n");
  flag("tui.z=3");
  const Value root = stack().effective();
  EXPECT_EQ(root.find("notify")->array()->size(), 1u);
  EXPECT_EQ(root.find({"tui", "x"})->integer(), 1);
  EXPECT_EQ(root.find({"tui", "y"})->integer(), 2);
  EXPECT_EQ(root.find({"tui", "z"})->integer(), 3);
  EXPECT_EQ(origin_text(*root.find({"tui", "x"})), "/etc/codex/config.toml:3");
  EXPECT_EQ(origin_text(*root.find({"tui", "y"})), "/h/config.toml:3");
}

TEST_F(Layers, RelativePathsBelongToTheirFile) {
  files.put("/h/config.toml", std::string("model_instructions_file = 'u.md'\n") + trusted);
  EXPECT_EQ(value("model_instructions_file"), "/h/u.md");
  files.put("/p/.codex/config.toml", "model_instructions_file = '../p.md'\nlog_dir = '~/l'\n");
  EXPECT_EQ(value("model_instructions_file"), "/p/p.md");
  EXPECT_EQ(value("log_dir"), "/u/l");
  flag("model_instructions_file=c.md");
  EXPECT_EQ(value("model_instructions_file"), "/p/a/b/c.md");
}

TEST_F(Layers, OrderOfProjectFolders) {
  files.put("/h/config.toml", trusted);
  files.put("/p/.codex/config.toml", "model = 'root'\nreview_model = 'root'\n");
  files.put("/p/a/.codex/config.toml", "model = 'a'\n");
  ASSERT_TRUE(files.make_dirs("/p/a/b/.codex"));  // without a file: no layer
  files.put("/.codex/config.toml", "model = 'above'\n");
  EXPECT_EQ(value("model"), "a");
  EXPECT_EQ(value("review_model"), "root");
  std::vector<std::string> paths;
  for (const Layer& layer : stack().layers) paths.push_back(layer.path);
  EXPECT_THAT(paths, ElementsAre("/etc/codex/config.toml", "/h/config.toml", "/p/.codex/config.toml",
                                 "/p/a/.codex/config.toml"));
}

TEST_F(Layers, ProjectRootMarkers) {
  EXPECT_EQ(stack().project_root, "/p");
  files.put("/p/a/mark", "");
  files.put("/h/config.toml", "project_root_markers = ['mark']\n");
  EXPECT_EQ(stack().project_root, "/p/a");
  flag("project_root_markers=[]");
  EXPECT_EQ(stack().project_root, "/p/a/b");
  options.overrides.clear();
  flag("project_root_markers=[\"nowhere\"]");
  EXPECT_EQ(stack().project_root, "/p/a/b");
  files.put("/p/a/b/.codex/config.toml", "project_root_markers = ['.git']\n");  // a project does not choose its root
  EXPECT_EQ(stack().project_root, "/p/a/b");
}

TEST_F(Layers, TheHomeIsNoProjectFolder) {
  options.home = "/p/.codex";
  files.put("/p/.codex/config.toml", std::string("model = 'home'\n") + trusted);
  const LayerStack s = stack();
  EXPECT_EQ(s.layers.size(), 2u);
  EXPECT_EQ(s.layers[1].kind, LayerKind::user);
}

TEST_F(Layers, DisabledProjectsInfluenceNothing) {
  files.put("/p/.codex/config.toml", "model = 'proj'\n");
  EXPECT_EQ(value("model"), "-");
  const LayerStack undecided = stack();
  ASSERT_EQ(undecided.layers.size(), 3u);
  EXPECT_EQ(undecided.layers[2].disabled_reason, "To load config.toml, add /p as a trusted project in /h/config.toml.");
  EXPECT_EQ(*undecided.layers[2].config.find("model")->string(), "proj");
  EXPECT_EQ(undecided.trust, std::nullopt);

  files.put("/h/config.toml", untrusted);
  EXPECT_EQ(value("model"), "-");
  EXPECT_EQ(stack().layers[2].disabled_reason,
            "/p is marked as untrusted in /h/config.toml. To load config.toml, mark it trusted.");

  files.put("/h/config.toml", trusted);
  EXPECT_EQ(value("model"), "proj");
  EXPECT_EQ(stack().layers[2].disabled_reason, std::nullopt);
  EXPECT_EQ(stack().trust, Trust::trusted);
}

TEST_F(Layers, MalformedProjectFiles) {
  files.put("/p/.codex/config.toml", "model=\"x\n");
  EXPECT_EQ(value("model"), "-");
  files.put("/h/config.toml", untrusted);
  EXPECT_EQ(value("model"), "-");
  files.put("/h/config.toml", trusted);
  EXPECT_EQ(
      error(),
      "Error loading config.toml: Error parsing project config file /p/.codex/config.toml: TOML parse error at line "
      "1, column 9\n  |\n1 | model=\"x\n  |         ^\ninvalid basic string, expected `\"`\n");
  ASSERT_TRUE(files.remove("/p/.codex/config.toml"));
  ASSERT_TRUE(files.make_dirs("/p/.codex/config.toml"));
  EXPECT_EQ(error(),
            "Error loading config.toml: Failed to read project config file /p/.codex/config.toml: Is a directory (os "
            "error 21)");
}

TEST_F(Layers, TrustIsReadFromSharedLayersOnly) {
  files.put("/p/.codex/config.toml", std::string("model = 'proj'\n") + trusted);
  EXPECT_EQ(value("model"), "-");
  flag(R"(projects={"/p"={trust_level="trusted"}})");
  EXPECT_EQ(value("model"), "proj");
}

TEST_F(Layers, TheNearestDecisionCounts) {
  files.put("/h/config.toml", std::string(trusted) + "[projects.\"/p/a/b\"]\ntrust_level = \"untrusted\"\n");
  EXPECT_EQ(stack().trust, Trust::untrusted);
  files.put("/p/.codex/config.toml", "model = 'root'\n");
  files.put("/p/a/b/.codex/config.toml", "model = 'near'\n");
  EXPECT_EQ(value("model"), "root");  // each folder is judged by itself
}

TEST_F(Layers, TrustFollowsSymlinks) {
  ASSERT_TRUE(files.symlink("/p", "/link"));
  files.put("/h/config.toml", "[projects.\"/link\"]\ntrust_level = \"trusted\"\n");
  EXPECT_EQ(stack().trust, Trust::trusted);
}

// A linked worktree inherits from its main repository; a submodule is a project of its own.
TEST_F(Layers, WorktreesInherit) {
  files.put("/h/config.toml", trusted);
  files.put("/w/.git", "gitdir: /p/.git/worktrees/w\n");
  files.put("/p/.git/worktrees/w/commondir", "../..\n");
  files.put("/w/.codex/config.toml", "model = 'tree'\n");
  options.cwd = "/w";
  EXPECT_EQ(stack().trust, Trust::trusted);
  EXPECT_EQ(value("model"), "tree");
  EXPECT_EQ(main_repository_root(files, "/w"), "/p");

  files.put("/p/sub/.git", "gitdir: ../.git/modules/sub\n");
  EXPECT_EQ(main_repository_root(files, "/p/sub"), "/p/sub");
  EXPECT_EQ(main_repository_root(files, "/h"), std::nullopt);
}

TEST_F(Layers, OverrideTexts) {
  EXPECT_EQ(parse_overrides({"a=1", "noequals"}).error().report(),
            "Error parsing -c overrides: Invalid override (missing '='): noequals");
  EXPECT_EQ(parse_overrides({"=x"}).error().report(), "Error parsing -c overrides: Empty key in override: =x");
  options.overrides = *parse_overrides({"model=a", "model=b", "tui.x=1", "tui=5", "tui.y=2"});
  const Value root = stack().effective();
  EXPECT_EQ(root.find("model")->text(), "b");
  EXPECT_EQ(root.find({"tui", "y"})->integer(), 2);
  EXPECT_EQ(root.find({"tui", "x"}), nullptr);
}

}  // namespace
}  // namespace burin::config

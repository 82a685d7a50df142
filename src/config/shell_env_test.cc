#include "config/shell_env.h"

#include <gtest/gtest.h>

namespace burin::config {
namespace {

using Inherit = ShellEnvironmentPolicy::Inherit;
using Vars = std::map<std::string, std::string>;

const io::Environment& sample() {
  static const io::Environment env({{"PATH", "/bin"},
                                    {"HOME", "/u"},
                                    {"TMPDIR", "/t"},
                                    {"LANG", "C"},
                                    {"API_KEY", "k"},
                                    {"My_Secret_X", "s"},
                                    {"github_token", "t"},
                                    {"CODEX_THREAD_ID", "old"}});
  return env;
}

Vars built(const ShellEnvironmentPolicy& policy) { return build_environment(policy, sample(), "tid"); }

TEST(ShellEnvironment, InheritsAllByDefault) {
  Vars want = sample().all();
  want["CODEX_THREAD_ID"] = "tid";
  EXPECT_EQ(built({}), want);  // secrets included: ignore_default_excludes is true by default
}

TEST(ShellEnvironment, CoreAndNone) {
  EXPECT_EQ(built({.inherit = Inherit::core}),
            (Vars{{"PATH", "/bin"}, {"HOME", "/u"}, {"TMPDIR", "/t"}, {"CODEX_THREAD_ID", "tid"}}));
  EXPECT_EQ(built({.inherit = Inherit::none}), (Vars{{"CODEX_THREAD_ID", "tid"}}));
}

TEST(ShellEnvironment, DefaultExcludesAreCaseInsensitive) {
  EXPECT_EQ(built({.ignore_default_excludes = false}),
            (Vars{{"PATH", "/bin"}, {"HOME", "/u"}, {"TMPDIR", "/t"}, {"LANG", "C"}, {"CODEX_THREAD_ID", "tid"}}));
}

TEST(ShellEnvironment, ExcludeMatchesWholeNames) {
  const Vars vars = built({.exclude = {"la?g", "P*", "HOM"}});
  EXPECT_FALSE(vars.contains("LANG"));
  EXPECT_FALSE(vars.contains("PATH"));
  EXPECT_TRUE(vars.contains("HOME"));
}

TEST(ShellEnvironment, SetComesAfterTheExcludes) {
  const Vars vars = built({.inherit = Inherit::core,
                           .ignore_default_excludes = false,
                           .exclude = {"X*"},
                           .set = {{"XKEY", "1"}, {"PATH", "/own"}}});
  EXPECT_EQ(vars.at("XKEY"), "1");
  EXPECT_EQ(vars.at("PATH"), "/own");
}

TEST(ShellEnvironment, IncludeOnlyAlsoFiltersSet) {
  EXPECT_EQ(built({.set = {{"A", "1"}, {"B", "2"}}, .include_only = {"path", "A"}}),
            (Vars{{"PATH", "/bin"}, {"A", "1"}, {"CODEX_THREAD_ID", "tid"}}));
}

}  // namespace
}  // namespace burin::config

#include "sandbox/script.h"

#include <random>

#include <gtest/gtest.h>

#include "base/text.h"

namespace burin::sandbox {
namespace {

using Commands = std::vector<Argv>;

TEST(PlainCommands, AcceptedConstructs) {
  struct Case {
    const char* script;
    Commands commands;
  };
  const Case cases[] = {
      {"ls", {{"ls"}}},
      {"ls\npwd", {{"ls"}, {"pwd"}}},
      {"ls;", {{"ls"}}},
      {"\n  ls -la  \n\n", {{"ls", "-la"}}},
      {"ls &&\npwd", {{"ls"}, {"pwd"}}},
      {"a && b || c; d | e\nf", {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}}},
      {"ls *.txt ~/x {a,b}", {{"ls", "*.txt", "~/x", "{a,b}"}}},
      {R"(echo a\ b "c\"d")", {{"echo", R"(a\ b)", R"(c\"d)"}}},
      {"/bin/ls", {{"/bin/ls"}}},
      {"git -C . status", {{"git", "-C", ".", "status"}}},
      {R"(rg -n "foo" -g"*.py")", {{"rg", "-n", "foo", "-g*.py"}}},
      {"echo 'single $HOME `x` > y' 42", {{"echo", "single $HOME `x` > y", "42"}}},
      {R"(echo "" '')", {{"echo", "", ""}}},
      {R"(echo a"b c"'d'e)", {{"echo", "ab cde"}}},
      {R"(echo "  inner  ")", {{"echo", "  inner  "}}},
      {"echo a=b x=1", {{"echo", "a=b", "x=1"}}},
      {"echo a#b", {{"echo", "a#b"}}},
      {"ls \\\n  -la", {{"ls", "-la"}}},
      {"ls |\n wc -l", {{"ls"}, {"wc", "-l"}}},
      {"echo \"two\nlines\"", {{"echo", "two\nlines"}}},
      {"echo häuser 'ü' \"ß\"", {{"echo", "häuser", "ü", "ß"}}},
      {"sed -n 1,200p src/main.c", {{"sed", "-n", "1,200p", "src/main.c"}}},
      {"head -n 5 -- -x", {{"head", "-n", "5", "--", "-x"}}},
  };
  for (const auto& [script, commands] : cases) EXPECT_EQ(plain_commands(script), commands) << script;
}

TEST(PlainCommands, RejectedConstructs) {
  const char* const scripts[] = {
      "",
      " ",
      "\n",
      "(ls)",
      "{ ls; }",
      "ls 2>/dev/null",
      "ls > x",
      "cat < x",
      "ls >> x",
      "ls &> x",
      "ls >| x",
      "echo $HOME",
      "echo ${HOME}",
      "echo \"$HOME\"",
      "echo \"${HOME}\"",
      "echo $(ls)",
      "echo \"$(ls)\"",
      "echo `ls`",
      "echo \"`ls`\"",
      "echo $((1+1))",
      "ls &",
      "ls & pwd",
      "A=1 ls",
      "A=1",
      "A+=1 ls",
      "ls # hi",
      "# hi",
      "! true",
      "echo $'a'",
      "echo $\"a\"",
      "echo $",
      "echo \"$\"",
      "echo a$",
      "cat <<E\nx\nE",
      "cat <<< x",
      "cat <(ls)",
      "diff <(ls) >(cat)",
      "ls |& cat",
      "ls &&",
      "&& ls",
      "ls ||",
      "| ls",
      "ls ;; pwd",
      "if true; then ls; fi",
      "while true; do ls; done",
      "for f in a; do ls; done",
      "case a in a) ls;; esac",
      "f() { ls; }",
      "function f { ls; }",
      "a=(1 2)",
      "[ -f x ]",
      "[[ -f x ]]",
      "((1))",
      "echo {1..3}",
      "echo \"unclosed",
      "echo 'unclosed",
      "echo )",
      "$CMD x",
      "\"ls\"",
      "'ls' x",
      "l\"s\"",
      "echo a > 'b'",
      "time (ls)",

      "select x in a; do ls; done",
      "export A=1",
      "declare -x A",
      "unset A",
      "ls\\",
      "echo <x",
      "echo x>y",
      "2>x ls",
      "ls 2>&1",
      "echo ~$USER",
  };
  for (const char* script : scripts) EXPECT_EQ(plain_commands(script), std::nullopt) << script;
}

// Where the grammar sees a boundary and bash sees none, or the other way round.
TEST(PlainCommands, BoundariesOfBashDecide) {
  const std::string_view scripts[] = {"cat\rx",      "cat\\\nx",   "cat\vx",
                                      "cat\fx",      "cat\u00a0x", "cat\u2003x y",
                                      {"ls\0rm", 5}, "ls \xff",    "echo \"a\"\\\n\"b\""};
  for (auto script : scripts) {
    auto commands = plain_commands(script);
    if (!commands) continue;
    // The blank that only Unicode knows is part of the word for bash.
    EXPECT_EQ((*commands)[0][0], script.substr(0, script.find(' '))) << script;
  }
  EXPECT_EQ(plain_commands("cat\rx"), std::nullopt);
  EXPECT_EQ(plain_commands("cat\\\nx"), std::nullopt);
}

TEST(PlainCommands, LongChainsAreLinear) {
  std::string chain = "true";
  for (int i = 0; i < 20'000; ++i) chain += " && echo x";
  auto commands = plain_commands(chain);
  ASSERT_TRUE(commands);
  EXPECT_EQ(commands->size(), 20'001u);
  std::string words = "echo";
  for (int i = 0; i < 50'000; ++i) words += " w";
  EXPECT_EQ(plain_commands(words)->at(0).size(), 50'001u);
}

/// What bash would act on, looked for without any grammar: characters outside of quotes.
bool has_live_character(std::string_view script) {
  char quote = 0;
  for (std::size_t i = 0; i < script.size(); ++i) {
    char c = script[i];
    if (quote == '\'') {
      if (c == '\'') quote = 0;
    } else if (c == '\\') {
      ++i;
    } else if (c == '$' || c == '`') {
      return true;
    } else if (quote == '"') {
      if (c == '"') quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '<' || c == '>' || c == '(' || c == ')') {
      return true;
    }
  }
  return false;
}

TEST(PlainCommands, NothingThatBashExpandsOrRedirectsIsEverAccepted) {
  const std::string_view pieces[] = {
      "ls", "echo", " ", " ",    " ",  "a",   "b/c", "-x", "1", "\"",  "'",  "\\", "$",  "$(", ")",   "`",  "<",  ">",
      "<<", "<<<",  "&", "&&",   "|",  "||",  ";",   "\n", "{", "}",   "(",  "#",  "!",  "=",  "A=1", "${", "$'", "2>",
      "*",  "~",    "[", "\\\n", "\t", "EOF", "ä",   "@(", ",", "cat", "||", "if", "fi", "do", "[[",  "$(("};
  std::mt19937 random(20260301);
  auto pick = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); };
  int accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string script = "ls ";
    for (std::size_t n = pick(10); n > 0; --n) script += pieces[pick(std::size(pieces))];
    auto commands = plain_commands(script);
    if (!commands) continue;
    ++accepted;
    ASSERT_FALSE(has_live_character(script)) << script;
    for (const auto& words : *commands) ASSERT_FALSE(words.empty()) << script;
  }
  EXPECT_GT(accepted, 1000);  // or the test would show nothing
}

// The words must be those that bash itself would make of the script.
TEST(PlainCommands, WordsWithoutBackslashesAndGlobsAreThoseOfAShell) {
  const char* const scripts[] = {"echo a 'b c' \"d e\" f'g'\"h\"", "rg -n \"foo bar\" src -g'*.c'",
                                 "git log -n 5 --format='%h %s'"};
  for (const char* script : scripts) EXPECT_EQ(plain_commands(script), (Commands{*shell_split(script)})) << script;
}

TEST(PlainCommandsOf, ShellsAndFlags) {
  const Commands ls{{"ls"}};
  for (const char* shell : {"bash", "/bin/bash", "zsh", "sh", "/usr/bin/zsh", "bash.exe"}) {
    EXPECT_EQ(plain_commands_of({shell, "-lc", "ls"}), ls) << shell;
    EXPECT_EQ(plain_commands_of({shell, "-c", "ls"}), ls) << shell;
  }
  EXPECT_EQ(plain_commands_of({"fish", "-c", "ls"}), std::nullopt);
  EXPECT_EQ(plain_commands_of({"pwsh", "-c", "ls"}), std::nullopt);
  EXPECT_EQ(plain_commands_of({"bash", "-l", "ls"}), std::nullopt);
  EXPECT_EQ(plain_commands_of({"bash", "-lc", "ls", "x"}), std::nullopt);
  EXPECT_EQ(plain_commands_of({"bash", "-lc"}), std::nullopt);
  EXPECT_EQ(plain_commands_of({}), std::nullopt);
}

TEST(HeredocCommand, TheOnlyCommandOfTheScript) {
  const Argv python{"python3", "-"};
  EXPECT_EQ(heredoc_command("python3 - <<'PY'\nprint(1)\nPY"), python);
  EXPECT_EQ(heredoc_command("python3 - <<PY\nprint(1)\nPY\n"), python);
  EXPECT_EQ(heredoc_command("A=1 python3 - <<'PY' > out\nprint(1)\nPY"), python);
  EXPECT_EQ(heredoc_command("# note\npython3 - <<'PY'\nprint(1)\nPY"), python);
  EXPECT_EQ(heredoc_command("cat <<E\nplain\nE"), Argv{"cat"});
  EXPECT_EQ(heredoc_command("python3 -u - > out <<E\nx\nE"), (Argv{"python3", "-u", "-"}));
}

TEST(HeredocCommand, NothingElse) {
  const char* const scripts[] = {
      "cat x",
      "cat <<< x",
      "cat <<E | sh\nx\nE",
      "cat <<E && ls\nx\nE",
      "cat <<E\nx\nE\nls",
      "cat <<E\n$(rm x)\nE",
      "cat $X <<E\nx\nE",
      "cat 'x' <<E\nx\nE",
      "cat \"x\" <<E\nx\nE",
      "A=$(ls) cat <<E\nx\nE",
      "git <<E push\nx\nE",
      "$X <<E\nx\nE",
      "cat <<E",
  };
  for (const char* script : scripts) EXPECT_EQ(heredoc_command(script), std::nullopt) << script;
}

std::string patch_script(std::string_view before, std::string_view delimiter, std::string_view after = "") {
  return fmt::format("{}apply_patch <<{}{}\n*** Begin Patch\n*** Add File: a $x `y`\n+1\n*** End Patch\nEOF\n", before,
                     delimiter, after);
}
constexpr std::string_view patch_body = "*** Begin Patch\n*** Add File: a $x `y`\n+1\n*** End Patch";

TEST(HeredocPatch, TwoForms) {
  for (const char* delimiter : {"EOF", "'EOF'", "\"EOF\""}) {
    auto result = heredoc_patch(patch_script("", delimiter));
    ASSERT_TRUE(result.patch) << delimiter;
    EXPECT_EQ(result.patch->body, patch_body);
    EXPECT_EQ(result.patch->cd, std::nullopt);
  }
  struct Case {
    const char *before, *dir;
  };
  for (auto [before, dir] : {Case{"cd sub && ", "sub"}, Case{"cd 'a b' && ", "a b"}, Case{"cd \"c d\" && ", "c d"},
                             Case{"cd /abs/dir &&  ", "/abs/dir"}}) {
    auto result = heredoc_patch(patch_script(before, "'EOF'"));
    ASSERT_TRUE(result.patch) << before;
    EXPECT_EQ(result.patch->cd, dir);
    EXPECT_EQ(result.patch->body, patch_body);
  }
  auto script = replace_all(patch_script("", "'EOF'"), "apply_patch", "applypatch");
  EXPECT_TRUE(heredoc_patch(script).patch);
  EXPECT_EQ(heredoc_patch("apply_patch <<'P'\nx\n\nP").patch->body, "x\n");
}

TEST(HeredocPatch, AnythingAroundMakesItAnOrdinaryScript) {
  for (const char* before : {"echo x; ", "echo x && ", "cd a b && ", "cd a; ", "cd a || ", "cd && ", "cd a && cd b && ",
                             "cd $X && ", "cd \"$X\" && ", "A=1 ", "! ", "cd a\"b\" && ", "ls | ", "pushd a && "}) {
    auto result = heredoc_patch(patch_script(before, "'EOF'"));
    EXPECT_FALSE(result.patch) << before;
  }
  for (const char* after : {" && echo done", " | cat", " > out", "; echo x", " &", " || true", " arg", " # note"}) {
    EXPECT_FALSE(heredoc_patch(patch_script("", "'EOF'", after)).patch) << after;
  }
  EXPECT_FALSE(heredoc_patch(patch_script("", "'EOF'") + "echo done\n").patch);
  EXPECT_FALSE(heredoc_patch("(" + patch_script("", "'EOF'") + ")").patch);
  EXPECT_FALSE(heredoc_patch("apply_patch x <<'EOF'\ny\nEOF").patch);
  EXPECT_FALSE(heredoc_patch("apply_patch - <<'EOF'\ny\nEOF").patch);
  EXPECT_FALSE(heredoc_patch("apply_patches <<'EOF'\ny\nEOF").patch);
  EXPECT_FALSE(heredoc_patch("apply_patch <<< x").patch);
  EXPECT_FALSE(heredoc_patch("ls").patch);
  EXPECT_FALSE(heredoc_patch("ls").unparsable);
  EXPECT_TRUE(heredoc_patch("if apply_patch <<'EOF'\nx\nEOF").unparsable);
}

TEST(ScriptOf, ShellsFlagsAndForms) {
  const std::string script = "s";
  const Argv yes[] = {{"bash", "-lc", script},
                      {"/bin/BASH", "-c", script},
                      {"zsh", "-lc", script},
                      {"sh", "-c", script},
                      {"pwsh", "-command", script},
                      {"powershell.exe", "-Command", script},
                      {"pwsh", "-NoProfile", "-Command", script},
                      {"powershell", "-noprofile", "-COMMAND", script},
                      {"cmd", "/c", script},
                      {"cmd.exe", "/C", script}};
  for (const auto& argv : yes) EXPECT_EQ(script_of(argv), script) << shell_join(argv);
  const Argv no[] = {{"bash", "-l", script}, {"fish", "-c", script},         {"bash", "-lc"},
                     {"pwsh", "-c", script}, {"bash", "-x", "-c", script},   {"pwsh", "-Login", "-Command", script},
                     {"cmd", "/k", script},  {"bash", "-lc", script, "arg"}, {}};
  for (const auto& argv : no) EXPECT_EQ(script_of(argv), std::nullopt) << shell_join(argv);
}

}  // namespace
}  // namespace burin::sandbox

#include "sandbox/parsed_cmd.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/mapping.h"
#include "base/text.h"

namespace burin::sandbox {
namespace {

/// One line for each entry: "read <cmd> | <name> | <path>", with "-" for null.
std::string text(const wire::ParsedCommand& command) {
  auto or_dash = [](const auto& value) { return value ? *value : std::string("-"); };
  if (const auto* r = std::get_if<wire::ParsedRead>(&command))
    return fmt::format("read {} | {} | {}", r->cmd, r->name, r->path);
  if (const auto* l = std::get_if<wire::ParsedListFiles>(&command))
    return fmt::format("list {} | {}", l->cmd, or_dash(l->path));
  if (const auto* s = std::get_if<wire::ParsedSearch>(&command)) {
    return fmt::format("search {} | {} | {}", s->cmd, or_dash(s->query), or_dash(s->path));
  }
  return "unknown " + std::get<wire::ParsedUnknown>(command).cmd;
}

using Texts = std::vector<std::string>;
Texts parsed(const Argv& argv) {
  Texts out;
  for (const auto& command : parse_command(argv)) out.push_back(text(command));
  return out;
}
Texts script(const std::string& text) { return parsed({"/bin/bash", "-lc", text}); }

struct Line {
  const char* script;
  const char* reading;
};

void expect_single(std::initializer_list<Line> cases) {
  for (const auto& [line, reading] : cases) {
    EXPECT_EQ(script(line), Texts{reading}) << line;
    EXPECT_EQ(parsed(*shell_split(line)), Texts{reading}) << line;
  }
}

TEST(ParsedCommand, Listings) {
  expect_single(
      {{"ls", "list ls | -"},
       {"ls -la src/app/", "list ls -la src/app/ | app"},
       {"ls -I '*.o' dir", "list ls -I '*.o' dir | dir"},
       {"ls --color=always -- -odd", "list ls '--color=always' -- -odd | -odd"},
       {"eza --sort size a/b", "list eza --sort size a/b | b"},
       {"exa", "list exa | -"},
       {"tree -L 2 web/src", "list tree -L 2 web/src | web"},
       {"du -d 1 .", "list du -d 1 . | ."},
       {"rg --files", "list rg --files | -"},
       {"rg --files -g '*.c' lib/", "list rg --files -g '*.c' lib/ | lib"},
       {"git ls-files --exclude x docs", "list git ls-files --exclude x docs | docs"},
       {"fd", "list fd | -"},
       {"fd ./sub", "list fd ./sub | sub"},
       {"fd -t f ..", "list fd -t f .. | .."},
       {"find . -type f", "list find . -type f | ."},
       {"find -maxdepth 1", "list find -maxdepth 1 | 1"},
       {"python3 -c 'import os; print(os.listdir())'", "list python3 -c 'import os; print(os.listdir())' | -"},
       {"python3.11 -c 'import pathlib; pathlib.Path()'", "list python3.11 -c 'import pathlib; pathlib.Path()' | -"},
       {"python -c 'os.walk(1)'", "list python -c 'os.walk(1)' | -"},
       {"python -c 'os.scandir(1)'", "list python -c 'os.scandir(1)' | -"},
       {"python -c 'glob.glob(1)'", "list python -c 'glob.glob(1)' | -"},
       {"python -c 'glob.iglob(1)'", "list python -c 'glob.iglob(1)' | -"},
       {"python -c 'list(p.rglob(1))'", "list python -c 'list(p.rglob(1))' | -"}});
}

TEST(ParsedCommand, Searches) {
  expect_single({{"rg foo", "search rg foo | foo | -"},
                 {"rg -n -g '*.c' 'a/b' src/lib", "search rg -n -g '*.c' a/b src/lib | a/b | lib"},
                 {"rga x y", "search rga x y | x | y"},
                 {"git grep -n foo src/x", "search git grep -n foo src/x | foo | x"},
                 {"grep -R TODO .", "search grep -R TODO . | TODO | ."},
                 {"egrep -A 3 a b", "search egrep -A 3 a b | a | b"},
                 {"fgrep -e pat dir/f", "search fgrep -e pat dir/f | pat | f"},
                 {"grep -f patterns file", "search grep -f patterns file | patterns | file"},
                 {"grep -- -x f", "search grep -- -x f | -x | f"},
                 {"ag -G '.c$' q p", "search ag -G '.c$' q p | q | p"},
                 {"ack q", "search ack q | q | -"},
                 {"pt q node_modules/", "search pt q node_modules/ | q | node_modules"},
                 {"fd name", "search fd name | name | -"},
                 {"fd -e rs name a/build", "search fd -e rs name a/build | name | a"},
                 {"find src -name '*.c'", "search find src -name '*.c' | *.c | src"},
                 {"find . ! -iname x", "search find . '!' -iname x | x | ."},
                 {"ripgrep-all x", "search ripgrep-all x | x | -"},
                 {"find . -regex y", "search find . -regex y | y | ."},
                 {"grep --regexp pat f", "search grep --regexp pat f | pat | f"},
                 {"grep --file pats f", "search grep --file pats f | pats | f"},
                 {"find -path x", "search find -path x | x | x"}});
}

TEST(ParsedCommand, Reads) {
  expect_single({{"cat a/b.c", "read cat a/b.c | b.c | a/b.c"},
                 {"more x", "read more x | x | x"},
                 {"bat --theme dark x", "read bat --theme dark x | x | x"},
                 {"batcat x", "read batcat x | x | x"},
                 {"less -p foo x", "read less -p foo x | x | x"},
                 {"cat -- -x", "read cat -- -x | -x | -x"},
                 {"head x", "read head x | x | x"},
                 {"head -n 50 x", "read head -n 50 x | x | x"},
                 {"head -n50 x", "read head -n50 x | x | x"},
                 {"tail -n +5 x", "read tail -n +5 x | x | x"},
                 {"tail -n+5 x", "read tail -n+5 x | x | x"},
                 {"awk '{print $1}' data", "read awk '{print $1}' data | data | data"},
                 {"awk -F , -f prog data", "read awk -F ',' -f prog data | data | data"},
                 {"nl -ba -s '  ' x", "read nl -ba -s '  ' x | x | x"},
                 {"sed -n 1,20p a/x", "read sed -n '1,20p' a/x | x | a/x"},
                 {"sed -n -e 5p x", "read sed -n -e 5p x | x | x"},
                 {"cat src/", "read cat src/ | src | src/"}});
}

TEST(ParsedCommand, Unknowns) {
  for (const char* line : {"touch x", "cat a b", "cat", "git status", "git", "python3 x.py", "python3 -c 'print(1)'",
                           "make && ls", "cargo test | head", "npm run build"}) {
    EXPECT_EQ(script(line), Texts{std::string("unknown ") + line}) << line;
  }
  EXPECT_EQ(parsed({"head", "-n", "x", "f"}), Texts{"unknown head -n x f"});
  EXPECT_EQ(script("echo $HOME | cat x"), Texts{"unknown echo $HOME | cat x"});
  EXPECT_EQ(script("cat x > y"), Texts{"unknown cat x > y"});
  EXPECT_EQ(script(""), Texts{"unknown "});
  EXPECT_EQ(parsed({"pwsh", "-NoProfile", "-Command", "Get-ChildItem | x"}), Texts{"unknown Get-ChildItem | x"});
  EXPECT_EQ(parsed({"touch", "a b"}), Texts{"unknown touch 'a b'"});
  EXPECT_EQ(parsed({}), Texts{"unknown "});
}

TEST(ParsedCommand, FormattingHelpersGo) {
  for (const char* helper : {"wc -l",         "tr a b",     "cut -c 1",   "sort",      "uniq",
                             "tee x",         "column -t",  "yes",        "printf x",  "xargs echo",
                             "awk '{print}'", "head",       "head -n 5",  "head -c 9", "head -5",
                             "tail",          "tail -n +5", "sed s/a/b/", "sed -n p",  "xargs -I {} cat {}"}) {
    EXPECT_EQ(script(std::string("rg foo | ") + helper), Texts{"search rg foo | foo | -"}) << helper;
  }
  for (const char* editor : {"xargs sed -i s/a/b/", "xargs perl -pi -e x", "xargs -n 1 ruby -i x",
                             "xargs sed --in-place s/a/b/", "xargs rg --replace x", "xargs -- sed -i x"}) {
    auto line = std::string("rg -l foo | ") + editor;
    EXPECT_EQ(script(line), Texts{"unknown " + line}) << editor;
  }
  EXPECT_EQ(script("sort | uniq"), Texts{"unknown sort | uniq"});
}

TEST(ParsedCommand, FoldersOfReads) {
  EXPECT_EQ(script("cd a && cat b.c"), Texts{"read cat b.c | b.c | a/b.c"});
  EXPECT_EQ(script("cd a && cd -P b && cat c"), Texts{"read cat c | c | a/b/c"});
  EXPECT_EQ(script("cd /abs && cat c && cat /d/e"), (Texts{"read cat c | c | /abs/c", "read cat /d/e | e | /d/e"}));
  EXPECT_EQ(script("cd -- -odd && cat c"), Texts{"read cat c | c | -odd/c"});
  EXPECT_EQ(script("cd a && ls b"), Texts{"list ls b | b"});
  EXPECT_EQ(parsed({"cd", "a", "&&", "cat", "b"}), Texts{"read cat b | b | a/b"});
  EXPECT_EQ(script("cd a"), Texts());
}

TEST(ParsedCommand, FramesGo) {
  EXPECT_EQ(script("echo start && ls && rg x"), (Texts{"list ls | -", "search rg x | x | -"}));
  EXPECT_EQ(script("ls || true"), Texts{"list ls | -"});
  EXPECT_EQ(script("cat x | nl -ba"), Texts{"read cat x | x | x"});
  EXPECT_EQ(script("echo a; true; echo b; ls"), Texts{"list ls | -"});
  EXPECT_EQ(script("ls; echo end"), Texts{"unknown ls; echo end"});
  EXPECT_EQ(script("echo a"), Texts{"unknown echo a"});
  EXPECT_EQ(script("echo a; echo b"), Texts{"unknown echo a; echo b"});
  EXPECT_EQ(script("true"), Texts{"unknown true"});
}

TEST(ParsedCommand, EqualNeighboursCollapse) {
  EXPECT_EQ(script("ls; ls; rg x; ls"), (Texts{"list ls | -", "search rg x | x | -", "list ls | -"}));
}

TEST(ParsedCommand, WhatStandsForTheScript) {
  EXPECT_EQ(script("rg   -n  \"foo bar\""), Texts{"search rg -n 'foo bar' | foo bar | -"});
  EXPECT_EQ(script("cat x | sed -n 1,5p"), Texts{"read cat x | sed -n 1,5p | x | x"});
  EXPECT_EQ(script("cd d && sed -n 1,5p x"), Texts{"read sed -n '1,5p' x | x | d/x"});
  EXPECT_EQ(script("rg --files | head -n 50"), Texts{"list rg --files | -"});
}

TEST(ParsedCommand, ConnectorsOfPlainArguments) {
  EXPECT_EQ(parsed({"yes", "|", "cat", "x"}), Texts{"read cat x | x | x"});
  for (const char* word : {"y", "no", "n"}) EXPECT_EQ(parsed({word, "|", "ls"}), Texts{"list ls | -"}) << word;
  EXPECT_EQ(parsed({"ls", "&&", "rg", "x", ";", "cat", "y"}),
            (Texts{"list ls | -", "search rg x | x | -", "read cat y | y | y"}));
  EXPECT_EQ(parsed({"ls", "|", "sort"}), Texts{"unknown ls '|' sort"});  // helpers go in scripts only
}

TEST(ParsedCommand, Json) {
  auto json = [](const char* line) { return dump_mapped(parse_command({"bash", "-c", line}).at(0)); };
  EXPECT_EQ(json("cat a/b"), R"({"type":"read","cmd":"cat a/b","name":"b","path":"a/b"})");
  EXPECT_EQ(json("ls"), R"({"type":"list_files","cmd":"ls","path":null})");
  EXPECT_EQ(json("rg x"), R"({"type":"search","cmd":"rg x","query":"x","path":null})");
  EXPECT_EQ(json("touch x"), R"({"type":"unknown","cmd":"touch x"})");
}

}  // namespace
}  // namespace burin::sandbox

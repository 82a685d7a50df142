#include "config/toml.h"

#include <gtest/gtest.h>

namespace burin::config {
namespace {

Value parse_good(std::string text) {
  auto parsed = parse_toml(std::make_shared<Document>(Document{.name = "/f", .text = std::move(text)}));
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? *std::move(parsed) : Value{Table{}};
}

TEST(Toml, TypesAndPlaces) {
  const Value root = parse_good("s = \"ü\"\ni = -7\nf = 1.5\nb = true\nd = 2020-01-02\na = [1, \"x\"]\n[t.u]\nk = 1\n");
  EXPECT_EQ(*root.find("s")->string(), "ü");
  EXPECT_EQ(root.find("i")->integer(), -7);
  EXPECT_EQ(root.find("f")->number(), 1.5);
  EXPECT_EQ(root.find("b")->boolean(), true);
  EXPECT_EQ(root.find("d")->text(), "2020-01-02");
  EXPECT_EQ(root.find("a")->array()->size(), 2u);
  EXPECT_EQ(root.find({"t", "u", "k"})->integer(), 1);
  EXPECT_EQ(root.find("s")->place, (Place{{1, 5}, {1, 8}}));
  EXPECT_EQ(origin_text(*root.find({"t", "u", "k"})), "/f:8");
  EXPECT_EQ(root.find({"t", "none"}), nullptr);
}

TEST(Toml, MergeReplacesArraysAndJoinsTables) {
  Value base = parse_good("a = [1, 2]\nx = 1\n[t]\nk = 1\nl = 2\n[u]\nz = 1\n");
  merge(base, parse_good("\n\na = [3]\nu = 5\n[t]\nl = 3\nm = 4\n"));
  EXPECT_TRUE(base.same_as(parse_good("a = [3]\nx = 1\nu = 5\n[t]\nk = 1\nl = 3\nm = 4\n")));
  EXPECT_EQ(origin_text(*base.find("a")), "/f:3");
  EXPECT_EQ(origin_text(*base.find({"t", "k"})), "/f:4");
}

TEST(Toml, MergeIsAssociative) {
  const Value layers[] = {parse_good("a = 1\n[t]\nx = 1\n"), parse_good("t = 3\nb = [1]\n"),
                          parse_good("b = { y = 1 }\n[t]\nz = 2\n")};
  Value left = layers[0];
  merge(left, layers[1]);
  merge(left, layers[2]);
  Value right = layers[1];
  merge(right, layers[2]);
  Value all = layers[0];
  merge(all, right);
  // A scalar between two tables hides the lower one, whichever way the layers are taken together.
  EXPECT_TRUE(left.find("b")->same_as(*all.find("b")));
  EXPECT_TRUE(left.find("a")->same_as(*all.find("a")));
  EXPECT_EQ(left.find({"t", "x"}), nullptr);
}

TEST(Toml, SetPathCreatesAndReplaces) {
  Value root = parse_good("a = 1\n");
  set_path(root, {"a", "b", "c"}, Value(std::int64_t{5}));
  set_path(root, {"d"}, Value(true));
  EXPECT_TRUE(root.same_as(parse_good("d = true\n[a.b]\nc = 5\n")));
}

struct OverrideCase {
  const char* text;
  const char* toml;  // the table that setting it gives
};

TEST(Override, Values) {
  const OverrideCase cases[] = {
      {"model=o3", "model = 'o3'"},
      {"model=\"o3\"", "model = 'o3'"},
      {" model =  o3 ", "model = 'o3'"},
      {"a.b=[1,2]", "[a]\nb = [1, 2]"},
      {"x=true", "x = true"},
      {"x=1.5", "x = 1.5"},
      {"y={k=\"v\"}", "y = { k = 'v' }"},
      {"a.b.c=1", "[a.b]\nc = 1"},
      {"x=a=b", "x = 'a=b'"},
      {"x=", "x = ''"},
      {"x='half", "x = 'half'"},
      {"x=\"'both'\" more", "x = \"both'\\\" more\""},
      {"x=-3", "x = -3"},
      {"x=tru", "x = 'tru'"},
      {"x=2020-01-01", "x = 2020-01-01"},
      {"use_linux_sandbox_bwrap=true", "[features]\nuse_linux_sandbox_bwrap = true"},
      {"a..b=1", "[a.\"\"]\nb = 1"},
      {"x=[1", "x = '[1'"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    auto parsed = parse_override(c.text);
    ASSERT_TRUE(parsed);
    Value root{Table{}};
    set_path(root, parsed->path, parsed->value);
    EXPECT_TRUE(root.same_as(parse_good(c.toml)));
  }
}

TEST(Override, Errors) {
  EXPECT_EQ(parse_override("noequals").error(), "Invalid override (missing '='): noequals");
  EXPECT_EQ(parse_override("=x").error(), "Empty key in override: =x");
  EXPECT_EQ(parse_override(" =x").error(), "Empty key in override:  =x");
}

TEST(Override, ComesFromTheCommandLine) {
  EXPECT_EQ(origin_text(parse_override("x=1")->value), "the command line");
  EXPECT_EQ(origin_text(parse_override("x=raw text")->value), "the command line");
}

TEST(Debug, QuotesAsRust) {
  EXPECT_EQ(debug_quoted("a\"b\\c\nd\te\x07\x7f é"), "\"a\\\"b\\\\c\\nd\\te\\u{7}\\u{7f} é\"");
  EXPECT_EQ(debug_quoted(""), "\"\"");
}

}  // namespace
}  // namespace burin::config

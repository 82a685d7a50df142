// Syntax errors: text, place and marks as the reference (0.110) printed them for the same files.
#include <gtest/gtest.h>

#include "config/toml.h"

namespace burin::config {
namespace {

tl::expected<Value, TomlError> parse_as(std::string name, std::string text) {
  return parse_toml(std::make_shared<Document>(Document{.name = std::move(name), .text = std::move(text)}));
}

struct SyntaxCase {
  const char* text;
  const char* error;
  int marks;
};

constexpr SyntaxCase syntax_cases[] = {
    {"model = x\n", "1:9: string values must be quoted, expected literal string", 1},
    {"model = \n", "1:9: string values must be quoted, expected literal string", 1},
    {"model\n", "1:6: key with no value, expected `=`", 1},
    {"= 3\n", "1:1: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", 1},
    {"[a\nx=1\n", "1:3: unclosed table, expected `]`", 1},
    {"[a]]\nx=1\n", "1:4: unexpected key or value, expected newline, `#`", 1},
    {"[]\n", "1:2: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", 1},
    {"[a.]\n", "1:4: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", 1},
    {"a = 1 2\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a = \"x\" y\n", "1:9: unexpected key or value, expected newline, `#`", 1},
    {"a = [1, 2\nb=3\n", "2:1: missing comma between array elements, expected `,`", 1},
    {"a = {x=1\nb=2}\n", "2:1: missing comma between key-value pairs, expected `,`", 1},
    {"a = \"\\q\"\n", "1:7: missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`", 1},
    {"a = \"\"\"x\n", "1:10: invalid multi-line basic string, expected `\"`", 1},
    {"a = 'x\n", "1:7: invalid literal string, expected `'`", 1},
    {"a = '''x\n", "1:10: invalid multi-line literal string, expected `'`", 1},
    {"a = 01\n", "1:5: unexpected leading zero, expected nothing", 1},
    {"a = 1__0\n", "1:7: `_` may only go between digits", 1},
    {"a = 0x\n", "1:5: integer number overflowed", 2},
    {"a = 1.\n", "1:7: invalid fraction, expected digits", 1},
    {"a = .5\n", "1:5: invalid mantissa, expected digits", 1},
    {"a = tru\n", "1:5: invalid boolean, expected `true`", 3},
    {"a = TRUE\n", "1:5: invalid boolean, expected `true`", 4},
    {"a = 2020-13-01\n", "1:5: invalid date, expected month between 01 and 12", 10},
    {"a = 2020-01-01T25:00:00\n", "1:5: invalid time, expected hour between 00 and 23", 19},
    {"[a]\n[a]\n", "2:2: duplicate key", 1},
    {"a=1\n[a]\n", "2:2: duplicate key", 1},
    {"a.b=1\na=2\n", "2:1: duplicate key", 1},
    {"[[a]]\n[a]\n", "2:2: duplicate key", 1},
    {"a = 99999999999999999999\n",
     "1:5: invalid type: integer `99999999999999999999` as i128, expected any valid TOML value", 20},
    {"\001\n", "1:2: key with no value, expected `=`", 1},
    {"a = \"\001\"\n", "1:6: invalid basic string, expected non-double-quote visible characters, `\\`", 1},
    {"\"x\n", "1:3: key with no value, expected `=`", 1},
    {"a b = 1\n", "1:3: key with no value, expected `=`", 1},
    {"a = 1\r\rb=2\n", "1:7: carriage return must be followed by newline, expected newline", 1},
    {"å = 1\n", "1:1: invalid unquoted key, expected letters, numbers, `-`, `_`", 1},
    {"a = \"ü\" x\n", "1:9: unexpected key or value, expected newline, `#`", 1},
    {"[x] y\n", "1:5: unexpected key or value, expected newline, `#`", 1},
    {"a = [1,,2]\n", "1:8: extra comma in array, expected value", 1},
    {"a = [,]\n", "1:6: extra comma in array, expected value", 1},
    {"a = {,}\n", "1:6: extra comma in inline table, expected key", 1},
    {"a = {x 1}\n", "1:8: missing assignment between key-value pairs, expected `=`", 1},
    {"a = {x=1 y=2}\n", "1:11: extra assignment between key-value pairs, expected `,`", 1},
    {"a = \\\n", "1:5: string values must be quoted, expected literal string", 1},
    {"a==1\n", "1:3: extra `=`, expected nothing", 1},
    {"a = \"\\u12\"\n", "1:10: too few unicode value digits, expected unicode hexadecimal value", 1},
    {"a = \"\\uD800\"\n", "1:8: invalid value, expected unicode hexadecimal value", 1},
    {"model = \"unterminated", "1:22: invalid basic string, expected `\"`", 1},
    {"\tmodel = \"x\n", "1:12: invalid basic string, expected `\"`", 1},
    {"a = 1 # c\nmodel = nope # hi\n", "2:9: invalid float, expected `nan`", 4},
    {"x = inf2\n", "1:5: invalid float, expected `inf`", 4},
    {"a = +\n", "1:5: string values must be quoted, expected literal string", 1},
    {"a=1_\n", "1:4: `_` may only go between digits, expected nothing", 1},
    {"a=1e\n", "1:5: invalid exponent, expected digits", 1},
    {"[a]\nb=1\nb=2\n", "3:1: duplicate key", 1},
    {"a = {b=1,b=2}\n", "1:10: duplicate key", 1},
    {"a = [1\n", "1:8: unclosed array, expected `]`", 1},
    {"a = ]\n", "1:5: missing array opening, expected `[`", 1},
    {"a = }\n", "1:5: missing inline table opening, expected `{`", 1},
    {"[[a]\n", "1:5: unclosed array table, expected `]`", 1},
    {"[[a]] x\n", "1:7: unexpected key or value, expected newline, `#`", 1},
    {"[a b]\n", "1:3: unclosed table, expected `]`", 1},
    {"['a\n", "1:4: unclosed table, expected `]`", 1},
    {"a.\"b = 1\n", "1:9: key with no value, expected `=`", 1},
    {"a = yes\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a = none\n", "1:5: invalid float, expected `nan`", 4},
    {"a = /path/x\n", "1:5: string values must be quoted, expected literal string", 7},
    {"a = ~/x\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a = read-only\n", "1:5: string values must be quoted, expected literal string", 9},
    {"a = workspace-write\n", "1:5: string values must be quoted, expected literal string", 15},
    {"model = gpt-5\n", "1:9: string values must be quoted, expected literal string", 5},
    {"#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\nmodel = \"x\n", "12:11: invalid basic string, expected `\"`", 1},
    {"model = \"x\r\nb=1\r\n", "1:12: invalid basic string, expected `\"`", 1},
    {"\"日本\"=1\nx = \"日本\" y\n", "2:10: unexpected key or value, expected newline, `#`", 1},
    {"[a.b]\n[a.b]\n", "2:4: duplicate key", 1},
    {"a=[]\n[[a]]\n", "2:3: duplicate key", 1},
    {"a.b=1\na.b=2\n", "2:3: duplicate key", 1},
    {"a={}\n[a.b]\n", "2:2: cannot extend value of type inline table with a dotted key", 1},
    {"[a]\nb.c=1\n[a.b]\n", "3:4: duplicate key", 1},
    {"a = 1 2 3 # c\n", "1:5: string values must be quoted, expected literal string", 5},
    {"a = [x y, z]\n", "1:6: string values must be quoted, expected literal string", 3},
    {"a = x\nb = y\n", "1:5: string values must be quoted, expected literal string", 1},
    {"a=1\n[[a]]\n", "2:3: duplicate key", 1},
    {"a = 12:99:00\n", "1:5: invalid time, expected minute between 00 and 59", 8},
    {"a = 2020-02-30\n", "1:5: invalid date, expected day between 01 and 29", 10},
    {"a = 1.5.5\n", "1:8: invalid float, expected nothing", 2},
    {"a = 0xZZ\n", "1:7: invalid hexadecimal number", 1},
    {"a = -0x1\n", "1:5: integers with a radix cannot be signed, expected nothing", 1},
    {"a = 1st\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a = true1\n", "1:5: invalid boolean, expected `true`", 5},
    {"a = 1,\n", "1:6: unexpected key or value, expected newline, `#`", 1},
    {"a = 1;\n", "1:5: string values must be quoted, expected literal string", 2},
    {"a: 1\n", "1:4: key with no value, expected `=`", 1},
    {"{\"a\": 1}\n", "1:1: invalid key-value pair, expected key", 1},
    {"a = \"x'\n", "1:8: invalid basic string, expected `\"`", 1},
    {"a = \"C:\\Users\"\n", "1:10: too few unicode value digits, expected unicode hexadecimal value", 1},
    {"[tab le]\nx=1\n", "1:5: unclosed table, expected `]`", 1},
    {"a = http://x\n", "1:5: string values must be quoted, expected literal string", 8},
    {"\xEF\xBB\xBF"
     "model=\"x\n",
     "1:10: invalid basic string, expected `\"`", 1},
    {"å=1\n", "1:1: invalid unquoted key, expected letters, numbers, `-`, `_`", 1},
    {"a+b=1\n", "1:2: invalid unquoted key, expected letters, numbers, `-`, `_`", 1},
    {"[[a\n", "1:4: unclosed array table, expected `]]`", 1},
    {"a = {x=1\n", "1:10: unclosed inline table, expected `}`", 1},
    {"a = [1 2]\n", "1:6: string values must be quoted, expected literal string", 3},
    {"a = \"x\" \"y\"\n", "1:9: unexpected key or value, expected newline, `#`", 1},
    {"a = [1] 2\n", "1:9: unexpected key or value, expected newline, `#`", 1},
    {"x = { a = 1, a = 2 }\n", "1:14: duplicate key", 1},
    {"a = false1\n", "1:5: invalid boolean, expected `false`", 6},
    {"a = [\n \"x\",\n y,\n]\n", "3:2: string values must be quoted, expected literal string", 1},
    {"a = 0o9\n", "1:7: invalid octal number", 1},
    {"a = 0b2\n", "1:7: invalid binary number", 1},
    {"a = \"\\x4\"\n", "1:9: too few unicode value digits, expected unicode hexadecimal value", 1},
    {"  [a]\n  [a]\n", "2:4: duplicate key", 1},
    {"a = 'it''s'\n", "1:9: unexpected key or value, expected newline, `#`", 1},
    {"a = \"say \"hi\"\"\n", "1:11: unexpected key or value, expected newline, `#`", 1},
    {"=\n", "1:1: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", 1},
    {"a.=1\n", "1:3: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", 1},
    {".a=1\n", "1:1: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", 1},
    {"[a]\nx\n", "2:2: key with no value, expected `=`", 1},
    {"a = '''\nfoo\n", "2:5: invalid multi-line literal string, expected `'`", 1},
    {"a = \"\"\"\nfoo\nbar", "3:4: invalid multi-line basic string, expected `\"`", 1},
    {"x = 1\n\n\ny = oops oops\n", "4:5: string values must be quoted, expected literal string", 9},
    {"a = on\n", "1:5: string values must be quoted, expected literal string", 2},
    {"a = off\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a = infinity\n", "1:5: invalid float, expected `inf`", 8},
    {"a = null\n", "1:5: invalid float, expected `nan`", 4},
    {"a = nil\n", "1:5: invalid float, expected `nan`", 3},
    {"a = -\n", "1:5: string values must be quoted, expected literal string", 1},
    {"a = 12abc\n", "1:5: string values must be quoted, expected literal string", 5},
    {"a = 1.2.3\n", "1:8: invalid float, expected nothing", 2},
    {"a = 127.0.0.1\n", "1:10: invalid float, expected nothing", 4},
    {"a = 5m\n", "1:5: string values must be quoted, expected literal string", 2},
    {"a = 50%\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a = $HOME\n", "1:5: string values must be quoted, expected literal string", 5},
    {"a = [read-only]\n", "1:6: string values must be quoted, expected literal string", 9},
    {"a = {x = y}\n", "1:10: string values must be quoted, expected literal string", 1},
    {"a = `x`\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a = (1)\n", "1:5: string values must be quoted, expected literal string", 3},
    {"a: \"x\"\n", "1:4: key with no value, expected `=`", 1},
    {"model \"gpt\"\n", "1:7: key with no value, expected `=`", 1},
    {"model := \"x\"\n", "1:7: key with no value, expected `=`", 1},
    {"[model\n", "1:7: unclosed table, expected `]`", 1},
    {"<<<<<<< HEAD\nmodel=\"a\"\n", "1:9: key with no value, expected `=`", 1},
    {"// c\n", "1:4: key with no value, expected `=`", 1},
    {"/* c */\n", "1:4: key with no value, expected `=`", 1},
    {"; c\n", "1:3: key with no value, expected `=`", 1},
    {"- a\n", "1:3: key with no value, expected `=`", 1},
    {"\"a\" \"b\" = 1\n", "1:5: key with no value, expected `=`", 1},
};

TEST(TomlErrors, AreThoseOfTheReference) {
  for (const auto& c : syntax_cases) {
    SCOPED_TRACE(c.text);
    auto parsed = parse_as("F", c.text);
    if (parsed) {
      ADD_FAILURE() << "was accepted";
      continue;
    }
    const std::string shown = render_located(parsed.error());
    EXPECT_EQ(shown.substr(0, shown.find('\n')), std::string("F:") + c.error);
    EXPECT_EQ(std::count(shown.begin() + static_cast<std::ptrdiff_t>(shown.rfind('|')), shown.end(), '^'), c.marks);
  }
}

TEST(TomlErrors, AcceptWhatTheReferenceAccepts) {
  for (const char* text : {"a = {x=1,}\n", "a = {\n b=1 }\n", "a = \"\\e\\x41\"\n"}) {
    EXPECT_TRUE(parse_as("F", text)) << text;
  }
}

// Vector `bad-toml`.
TEST(TomlErrors, RenderWithGutterAndMarks) {
  auto parsed = parse_as("/h/config.toml", "model = \"x\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(render_located(parsed.error()),
            "/h/config.toml:1:11: invalid basic string, expected `\"`\n"
            "  |\n"
            "1 | model = \"x\n"
            "  |           ^");
}

TEST(TomlErrors, GutterGrowsWithTheLineNumber) {
  auto parsed = parse_as("F", std::string(11, '\n') + "model = \"x\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(render_located(parsed.error()),
            "F:12:11: invalid basic string, expected `\"`\n"
            "   |\n"
            "12 | model = \"x\n"
            "   |           ^");
}

TEST(TomlErrors, ParseErrorForm) {
  auto parsed = parse_as("F", "a=\"x\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(render_parse_error(parsed.error()),
            "TOML parse error at line 1, column 5\n"
            "  |\n"
            "1 | a=\"x\n"
            "  |     ^\n"
            "invalid basic string, expected `\"`\n");
}

TEST(TomlErrors, UnknownComplaintsKeepTheParsersWords) {
  std::string deep(400, '[');
  auto parsed = parse_as("F", "a = " + deep);
  ASSERT_FALSE(parsed);
  EXPECT_FALSE(parsed.error().message.empty());
}

// Random cuts and damage must neither crash nor give places outside of the text.
TEST(TomlErrors, AnyDamageIsReportedInsideTheText) {
  const std::string good =
      "# c\nmodel = \"x\"\n[a.b]\nk = [1, 'two', { x = 1.5, y = 2020-01-01 }]\n[[l]]\ns = \"\"\"\nq\n\"\"\"\n";
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    for (const char* junk : {"", "\"", "]", "}", "=", "{", "\x01", "\xC3\xA9", "\\", "."}) {
      for (const auto& rest : {good.substr(std::min(cut + 1, good.size())), good.substr(cut), std::string()}) {
        auto parsed = parse_as("F", good.substr(0, cut) + junk + rest);
        if (parsed) continue;
        const Place& place = parsed.error().place;
        EXPECT_GE(place.begin.line, 1u);
        EXPECT_LE(place.begin.line, 10u);
        EXPECT_GE(place.begin.column, 1u);
        EXPECT_FALSE(render_located(parsed.error()).empty());
      }
    }
  }
}

}  // namespace
}  // namespace burin::config

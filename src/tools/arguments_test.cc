// Errors of malformed arguments in serde's words and positions (tools.md 1.2).
#include "tools/arguments.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tools/json_position.h"
#include "wire/event.h"

namespace burin::tools {

struct Sample {
  std::string cmd;
  std::optional<bool> tty;
  std::optional<std::int32_t> session_id;
  std::optional<std::vector<std::string>> words;
};
BURIN_WIRE(Sample, cmd, tty, session_id, words)

std::string error_of(std::string_view raw) {
  auto read = read_arguments<Sample>(raw);
  return read ? "<ok>" : read.error().what;
}

TEST(Arguments, SyntaxErrors) {
  struct Row {
    std::string_view raw, error;
  };
  // What serde_json prints for these texts.
  const Row rows[] = {
      {"", "EOF while parsing a value at line 1 column 0"},
      {"  ", "EOF while parsing a value at line 1 column 2"},
      {"{", "EOF while parsing an object at line 1 column 1"},
      {"{\"cmd\"", "EOF while parsing an object at line 1 column 6"},
      {"{\"cmd\":", "EOF while parsing a value at line 1 column 7"},
      {"{\"cmd\":\"x", "EOF while parsing a string at line 1 column 9"},
      {"{\"cmd\":\"x\"", "EOF while parsing an object at line 1 column 10"},
      {"{cmd:1}", "key must be a string at line 1 column 2"},
      {"not json", "expected ident at line 1 column 2"},
      {"hello", "expected value at line 1 column 1"},
      {"{\"cmd\" \"x\"}", "expected `:` at line 1 column 8"},
      {"{\"cmd\":\"x\" \"y\"}", "expected `,` or `}` at line 1 column 12"},
      {"{\"cmd\":\"x\",}", "trailing comma at line 1 column 12"},
      {"{\"cmd\":\"x\"} y", "trailing characters at line 1 column 13"},
      {"{\"cmd\":\"a\nb\"}", "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0"},
      {"{\"cmd\":\"\\q\"}", "invalid escape at line 1 column 10"},
      {"{\"cmd\":01}", "invalid number at line 1 column 9"},
      {"{\"words\":[\"a\" \"b\"]}", "expected `,` or `]` at line 1 column 15"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of(row.raw), row.error) << row.raw;
}

TEST(Arguments, WrongValues) {
  EXPECT_EQ(error_of("{}"), "missing field `cmd` at line 1 column 2");
  EXPECT_EQ(error_of("{\"tty\":true,\n \"x\":1}"), "missing field `cmd` at line 2 column 7");
  EXPECT_EQ(error_of(R"({"cmd":5})"), "invalid type: integer `5`, expected a string at line 1 column 8");
  EXPECT_EQ(error_of(R"({"cmd":"x","session_id":"12"})"),
            R"(invalid type: string "12", expected i32 at line 1 column 28)");
  EXPECT_EQ(error_of(R"({"cmd":["x"]})"), "invalid type: sequence, expected a string at line 1 column 7");
  EXPECT_EQ(error_of(R"({"cmd":"x","tty":"yes"})"),
            R"(invalid type: string "yes", expected a boolean at line 1 column 22)");
  EXPECT_EQ(error_of(R"({"cmd":"x","words":"y"})"),
            R"(invalid type: string "y", expected a sequence at line 1 column 22)");
  EXPECT_EQ(error_of(R"({"cmd":"x","unknown":1})"), "<ok>");
}

TEST(Arguments, StrictArgumentsRefuseUnknownFields) {
  auto read =
      read_strict_arguments<wire::event::PlanUpdate>(R"({"plan":[],"zip":1})", {.names = {"explanation", "plan"}});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "unknown field `zip`, expected `explanation` or `plan` at line 1 column 16");
}

TEST(Arguments, EveryPrefixOfAGoodTextIsASyntaxErrorAndTheWholeIsNot) {
  std::string text = R"({"a":[1,-2.5e3,true,null,{"b":"\u00e4\n"}],"c":false})";
  EXPECT_FALSE(json_syntax_problem(text));
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_TRUE(json_syntax_problem(text.substr(0, n))) << n;
}

}  // namespace burin::tools

#include "testkit/captured_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "base/text.h"
#include "testkit/event_builders.h"
#include "testkit/mismatch.h"

namespace burin::testkit {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace captured_test_detail {

CapturedRequest captured(std::string body, io::Headers headers = {}, std::string query = {}) {
  io::ServerRequest r;
  r.method = "POST";
  r.path = "/v1/responses";
  r.query = std::move(query);
  r.headers = std::move(headers);
  r.body = std::move(body);
  return CapturedRequest::from(r);
}

std::string compressed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

const char* const rich_body = R"({
  "instructions": "be kind",
  "tools": [{"type":"function","name":"shell"}, {"type":"web_search"}],
  "input": [
    {"type":"message","role":"developer","content":[{"type":"input_text","text":"dev"}]},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"one"},{"type":"input_image","image_url":"data:x"},{"type":"input_text","text":"two"}]},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"a\nb"}]},
    {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
    {"type":"function_call_output","call_id":"c1","output":"text"},
    {"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},
    {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"only"}]},
    {"type":"function_call","call_id":"c3","name":"f","arguments":"{}"},
    {"type":"function_call_output","call_id":"c3","output":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"u"}]},
    {"type":"custom_tool_call","call_id":"c4","name":"g","input":"i"},
    {"type":"custom_tool_call_output","call_id":"c4","output":{"content":"old","success":false}}
  ]})";

std::vector<std::string> violations(std::string_view input) {
  return check_invariants(*parse_json(fmt::format(R"({{"input":{}}})", input)));
}

}  // namespace captured_test_detail

using captured_test_detail::captured;

TEST(CapturedRequest, AnswersQuestionsAboutInput) {
  auto r = captured(captured_test_detail::rich_body);
  ASSERT_TRUE(r.has_json) << r.trouble;
  EXPECT_EQ(r.instructions_text(), "be kind");
  EXPECT_EQ(r.input().size(), 11u);
  EXPECT_THAT(r.inputs_of_type("message"), SizeIs(3));
  EXPECT_THAT(r.message_input_texts("user"), ElementsAre("one", "two", "a\nb"));
  EXPECT_THAT(r.message_input_texts("developer"), ElementsAre("dev"));
  EXPECT_THAT(r.message_input_text_groups("user"), ElementsAre(ElementsAre("one", "two"), ElementsAre("a\nb")));
  EXPECT_TRUE(r.has_message_with_input_texts("user", [](auto& texts) { return texts.size() == 2; }));
  EXPECT_FALSE(r.has_message_with_input_texts("user", [](auto& texts) { return texts.size() == 3; }));
  EXPECT_THAT(r.message_input_image_urls("user"), ElementsAre("data:x"));
  EXPECT_TRUE(r.body_contains_text("a\nb"));
  EXPECT_FALSE(r.body_contains_text("a\\nb\\n"));
  EXPECT_THAT(r.tool_names(), ElementsAre("shell", "web_search"));
}

TEST(CapturedRequest, FindsOutputsOfCalls) {
  auto r = captured(captured_test_detail::rich_body);
  EXPECT_TRUE(r.has_function_call("c1"));
  EXPECT_FALSE(r.has_function_call("c4"));
  EXPECT_NE(r.function_call_output("c1"), nullptr);
  EXPECT_EQ(r.function_call_output("c4"), nullptr);
  EXPECT_NE(r.custom_tool_call_output("c4"), nullptr);
  EXPECT_EQ(r.call_output("c1", "custom_tool_call_output"), nullptr);
  EXPECT_EQ(r.function_call_output_text("c1"), "text");
  EXPECT_EQ(r.function_call_output_text("c2"), "only");
  EXPECT_EQ(r.function_call_output_text("c3"), std::nullopt);
  ASSERT_TRUE(r.function_call_output_content_and_success("c3"));
  EXPECT_EQ(r.function_call_output_content_and_success("none"), std::nullopt);
  auto old = r.custom_tool_call_output_content_and_success("c4");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->content, "old");
  EXPECT_EQ(old->success, false);
}

TEST(CapturedRequest, AnswersQuestionsAboutHeadersAndQuery) {
  auto r = captured("{}", {{"X-A", "1"}, {"x-a", "2"}}, "client_version=0.110.0&q=a%20b+c&flag&bad=%zz");
  EXPECT_EQ(r.header("x-A"), "1");
  EXPECT_EQ(r.header("y"), std::nullopt);
  EXPECT_THAT(r.headers_all("x-a"), ElementsAre("1", "2"));
  EXPECT_EQ(r.query_param("client_version"), "0.110.0");
  EXPECT_EQ(r.query_param("q"), "a b c");
  EXPECT_EQ(r.query_param("flag"), "");
  EXPECT_EQ(r.query_param("bad"), "%zz");
  EXPECT_EQ(r.query_param("none"), std::nullopt);
}

TEST(CapturedRequest, UndoesZstd) {
  std::string text = R"({"input":[],"pad":")" + std::string(300'000, 'x') + "\"}";
  std::string packed = captured_test_detail::compressed(text);
  auto r = captured(packed, {{"Content-Encoding", "zstd"}});
  EXPECT_EQ(r.trouble, "");
  EXPECT_EQ(r.body(), text);
  EXPECT_EQ(r.body_bytes(), packed);
  EXPECT_TRUE(r.has_json);
  // Two frames are one text (RFC 8878).
  EXPECT_EQ(*zstd_decode(captured_test_detail::compressed("ab") + captured_test_detail::compressed("c")), "abc");
}

TEST(CapturedRequest, TellsWhyABodyIsUnreadable) {
  std::string packed = captured_test_detail::compressed(std::string(1000, 'x'));
  EXPECT_THAT(captured("{").trouble, HasSubstr("not JSON"));
  EXPECT_THAT(captured("junk", {{"content-encoding", "zstd"}}).trouble, HasSubstr("content-encoding"));
  EXPECT_THAT(captured(packed.substr(0, packed.size() - 3), {{"content-encoding", "zstd"}}).trouble,
              HasSubstr("ends inside a frame"));
  EXPECT_THAT(captured("x", {{"content-encoding", "br"}}).trouble, HasSubstr("br"));
  EXPECT_EQ(captured("{}", {{"content-encoding", "identity"}}).trouble, "");
  EXPECT_EQ(captured("").trouble, "");
  EXPECT_EQ(captured("a=b", {{"content-type", "application/x-www-form-urlencoded"}}).trouble, "");
  EXPECT_THAT(captured("a=b", {{"content-type", "application/JSON; charset=utf-8"}}).trouble, HasSubstr("not JSON"));
  EXPECT_FALSE(zstd_decode(packed, 999));
  EXPECT_TRUE(zstd_decode(packed, 1000));
  EXPECT_FALSE(zstd_decode(""));
}

TEST(CapturedRequest, RefusesToShowJsonThatIsNotThere) { EXPECT_THROW(captured("x").body_json(), Mismatch); }

TEST(CheckInvariants, AcceptsPairedCalls) {
  EXPECT_THAT(check_invariants(captured(captured_test_detail::rich_body).json), IsEmpty());
  EXPECT_THAT(captured_test_detail::violations(R"([{"type":"local_shell_call","call_id":"s"},
      {"type":"function_call_output","call_id":"s","output":""}])"),
              IsEmpty());
  // A call without an id cannot be answered; unknown kinds of output need only an id.
  EXPECT_THAT(captured_test_detail::violations(R"([{"type":"local_shell_call"},{"type":"x_output","call_id":"1"}])"),
              IsEmpty());
}

TEST(CheckInvariants, FindsEachViolation) {
  using captured_test_detail::violations;
  EXPECT_THAT(check_invariants(json::object()), ElementsAre("input is not an array"));
  EXPECT_THAT(check_invariants(json::object{{"input", "text"}}), ElementsAre("input is not an array"));
  EXPECT_THAT(violations(R"([{"type":"function_call_output","output":""}])"),
              ElementsAre("input[0]: function_call_output has no call_id"));
  EXPECT_THAT(violations(R"([{"type":"message"},{"type":"function_call_output","call_id":"a","output":""}])"),
              ElementsAre("input[1]: function_call_output a answers no call in this input"));
  EXPECT_THAT(violations(R"([{"type":"function_call","call_id":"a"},
      {"type":"custom_tool_call_output","call_id":"a","output":""}])"),
              ElementsAre("input[0]: function_call a has no function_call_output",
                          "input[1]: custom_tool_call_output a answers no call in this input"));
  EXPECT_THAT(violations(R"([{"type":"custom_tool_call","call_id":"a"},{"type":"local_shell_call","call_id":"b"}])"),
              ElementsAre("input[0]: custom_tool_call a has no custom_tool_call_output",
                          "input[1]: local_shell_call b has no function_call_output"));
}

}  // namespace burin::testkit

// The examples of context.md section 10, and each line of its table.
#include "testkit/snapshot.h"

#include <gtest/gtest.h>

#include "testkit/event_builders.h"

namespace burin::testkit {

namespace snapshot_test_detail {

json::array items(std::string_view text) { return parse_json(text)->as_array(); }

const char* const first_request = R"([
  {"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>\nlong\n</permissions instructions>"}]},
  {"type":"message","role":"user","content":[
    {"type":"input_text","text":"# AGENTS.md instructions for /work/shop\n\n<INSTRUCTIONS>\nx\n</INSTRUCTIONS>"},
    {"type":"input_text","text":"<environment_context>\n  <cwd>/work/shop</cwd>\n  <shell>bash</shell>\n</environment_context>"}]},
  {"type":"message","role":"user","content":[{"type":"input_text","text":"list the open orders"}]}])";

const char* const second_request_tail = R"([
  {"type":"reasoning","summary":[{"type":"summary_text","text":"Looking at the table"}],"content":null,"encrypted_content":"abc"},
  {"type":"function_call","name":"shell_command","arguments":"{}","call_id":"c"},
  {"type":"function_call_output","call_id":"c","output":"Exit code: 0\nWall time: 0 seconds\nOutput:\n12 orders\n"},
  {"type":"message","role":"assistant","content":[{"type":"output_text","text":"There are 12."}]},
  {"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>\nother"}]},
  {"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/tmp</cwd>\n</environment_context>"}]},
  {"type":"message","role":"user","content":[
    {"type":"input_text","text":"<image>"},
    {"type":"input_image","image_url":"data:image/png;base64,AA=="},
    {"type":"input_text","text":"</image>"},
    {"type":"input_text","text":"now this one"}]}])";

std::string one(std::string_view item, const SnapshotOptions& options = {}) {
  return format_response_items_snapshot(items("[" + std::string(item) + "]"), options).substr(3);
}

std::string of_text(std::string_view text, const SnapshotOptions& options = {}) {
  json::array message{user_message_item(text)};
  return format_response_items_snapshot(message, options).substr(std::string_view("00:message/user:").size());
}

}  // namespace snapshot_test_detail

using namespace snapshot_test_detail;  // NOLINT: test file

TEST(Snapshot, RendersTheExampleOfTheSpecification) {
  json::array first = items(first_request);
  json::array second = first;
  for (auto& item : items(second_request_tail)) second.push_back(item);
  EXPECT_EQ(format_labeled_items_snapshot("Second turn changes the directory and the approval policy.",
                                          {{"First request", first}, {"Second request", second}}),
            R"(Scenario: Second turn changes the directory and the approval policy.

## First request
00:message/developer:<PERMISSIONS_INSTRUCTIONS>
01:message/user[2]:
    [01] <AGENTS_MD>
    [02] <ENVIRONMENT_CONTEXT:cwd=<CWD>>
02:message/user:list the open orders

## Second request
00:message/developer:<PERMISSIONS_INSTRUCTIONS>
01:message/user[2]:
    [01] <AGENTS_MD>
    [02] <ENVIRONMENT_CONTEXT:cwd=<CWD>>
02:message/user:list the open orders
03:reasoning:summary=Looking at the table:encrypted=true
04:function_call/shell_command
05:function_call_output:Exit code: 0\nWall time: 0 seconds\nOutput:\n12 orders\n
06:message/assistant:There are 12.
07:message/developer:<PERMISSIONS_INSTRUCTIONS>
08:message/user:<ENVIRONMENT_CONTEXT:cwd=<CWD>>
09:message/user[4]:
    [01] <image>
    [02] <input_image:image_url>
    [03] </image>
    [04] now this one)");
}

TEST(Snapshot, RendersKindsOnly) {
  SnapshotOptions options{.mode = RenderMode::kind_only};
  EXPECT_EQ(format_response_items_snapshot(items(first_request), options),
            "00:message/developer\n01:message/user\n02:message/user");
  EXPECT_EQ(one(R"({"type":"function_call","name":"f"})", options), "function_call");
  EXPECT_EQ(one(R"({"type":"reasoning","summary":[]})", options), "reasoning");
}

TEST(Snapshot, CutsTexts) {
  SnapshotOptions options{.mode = RenderMode::kind_with_text_prefix, .max_chars = 20};
  EXPECT_EQ(of_text("<model_switch>\nplease continue", options), "<model_switch>\\nplea...");
  EXPECT_EQ(of_text("exactly twenty chars", options), "exactly twenty chars");
  EXPECT_EQ(of_text("äöüäöüäöüäöüäöüäöüäöü", options), "äöüäöüäöüäöüäöüäöüäö...");
  EXPECT_EQ(of_text("<permissions instructions> and more", options), "<PERMISSIONS_INSTRUC...");
}

TEST(Snapshot, ShowsFullTexts) {
  SnapshotOptions options{.mode = RenderMode::full_text};
  EXPECT_EQ(of_text("<permissions instructions>\r\na\rb\nc", options), "<permissions instructions>\\na\\nb\\nc");
}

TEST(Snapshot, RendersEachKindOfItem) {
  EXPECT_EQ(one(R"({"role":"user"})"), "<MISSING_TYPE>");
  EXPECT_EQ(one(R"(3)"), "<MISSING_TYPE>");
  EXPECT_EQ(one(R"({"type":"message","role":"user","content":[]})"), "message/user:<NO_TEXT>");
  EXPECT_EQ(one(R"({"type":"message"})"), "message/unknown:<NO_TEXT>");
  EXPECT_EQ(one(R"({"type":"message","role":"user","content":[{"type":"x"}]})"), "message/user:<x>");
  EXPECT_EQ(one(R"({"type":"message","role":"user","content":[{"type":"x","c":1,"b":2}]})"), "message/user:<x:b,c>");
  EXPECT_EQ(one(R"({"type":"message","role":"user","content":[{"b":2}]})"), "message/user:<UNKNOWN_CONTENT_ITEM>");
  EXPECT_EQ(one(R"({"type":"message","role":"user","content":["s"]})"), "message/user:<UNKNOWN_CONTENT_ITEM>");
  EXPECT_EQ(one(R"({"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:x"}]})"),
            "message/user:<input_image:image_url>");
  EXPECT_EQ(one(R"({"type":"function_call"})"), "function_call/unknown");
  EXPECT_EQ(one(R"({"type":"function_call_output","output":[]})"), "function_call_output:<NON_STRING_OUTPUT>");
  EXPECT_EQ(one(R"({"type":"local_shell_call","action":{"command":["ls","-l"]}})"), "local_shell_call:ls -l");
  EXPECT_EQ(one(R"({"type":"local_shell_call","action":{}})"), "local_shell_call:<NO_COMMAND>");
  EXPECT_EQ(one(R"({"type":"reasoning","summary":[],"encrypted_content":null})"),
            "reasoning:summary=<NO_SUMMARY>:encrypted=false");
  EXPECT_EQ(one(R"({"type":"compaction","encrypted_content":"x"})"), "compaction:encrypted=true");
  EXPECT_EQ(one(R"({"type":"compaction","encrypted_content":""})"), "compaction:encrypted=false");
  EXPECT_EQ(one(R"({"type":"web_search_call","status":"x"})"), "web_search_call");
}

TEST(Snapshot, MarksEnvironments) {
  EXPECT_EQ(of_text("<environment_context>\n  <shell>bash</shell>\n</environment_context>"), "<ENVIRONMENT_CONTEXT>");
  EXPECT_EQ(of_text("<environment_context>\n<subagents>\n  - a: x\n  - b\n  not one\n</subagents>\n"),
            "<ENVIRONMENT_CONTEXT:subagents=2>");
  EXPECT_EQ(of_text("<environment_context>\n<cwd>/a</cwd><subagents>\n- a\n</subagents>\n"),
            "<ENVIRONMENT_CONTEXT:cwd=<CWD>:subagents=1>");
  EXPECT_EQ(of_text("<environment_context><cwd>/a/PRETURN_CONTEXT_DIFF_CWD</cwd>"),
            "<ENVIRONMENT_CONTEXT:cwd=PRETURN_CONTEXT_DIFF_CWD>");
  SnapshotOptions other{.cwd_suffixes = {"second"}};
  EXPECT_EQ(of_text("<environment_context><cwd>/a/second</cwd>", other), "<ENVIRONMENT_CONTEXT:cwd=second>");
}

TEST(Snapshot, MarksCompactions) {
  SnapshotOptions options{.compaction_prompt = "Write a handover.", .summary_prefix = "Someone began this."};
  EXPECT_EQ(of_text("Write a handover.\nMore", options), "<SUMMARIZATION_PROMPT>");
  EXPECT_EQ(of_text("Someone began this. Use it:\nall\ndone", options), "<COMPACTION_SUMMARY>\\nall\\ndone");
  EXPECT_EQ(of_text("Someone began this.", options), "Someone began this.");
  EXPECT_EQ(of_text("Write a handover.\nMore"), "Write a handover.\\nMore");
}

TEST(Snapshot, RendersRequests) {
  auto request = std::make_shared<CapturedRequest>();
  request->json = json::object{{"input", items(first_request)}};
  SnapshotOptions options{.mode = RenderMode::kind_only};
  EXPECT_EQ(format_labeled_requests_snapshot("S", {{"A", request}, {"B", request}}, options),
            "Scenario: S\n\n## A\n00:message/developer\n01:message/user\n02:message/user\n\n## B\n"
            "00:message/developer\n01:message/user\n02:message/user");
  EXPECT_EQ(format_request_input_snapshot(*request, options), "00:message/developer\n01:message/user\n02:message/user");
}

}  // namespace burin::testkit

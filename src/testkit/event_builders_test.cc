// Every builder against the JSON of model-client.md 16.6.
#include "testkit/event_builders.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace burin::testkit {

namespace event_builders_test_detail {

const char* const zero_usage =
    R"("usage":{"input_tokens":0,"input_tokens_details":null,"output_tokens":0,"output_tokens_details":null,"total_tokens":0})";

std::string done(std::string_view item) {
  return fmt::format(R"({{"type":"response.output_item.done","item":{}}})", item);
}
std::string added(std::string_view item) {
  return fmt::format(R"({{"type":"response.output_item.added","item":{}}})", item);
}

struct Case {
  json::value built;
  std::string expected;
};

std::vector<Case> cases() {
  std::string b550 = base64(std::string(550, 'b'));
  std::string b550_raw = base64(std::string(550, 'b') + "r1r2");
  std::vector<Case> out;
  out.push_back({ev_response_created("r"), R"({"type":"response.created","response":{"id":"r"}})"});
  out.push_back(
      {ev_completed("r"), fmt::format(R"({{"type":"response.completed","response":{{"id":"r",{}}}}})", zero_usage)});
  out.push_back(
      {ev_completed_with_tokens("r", 7),
       R"({"type":"response.completed","response":{"id":"r","usage":{"input_tokens":7,"input_tokens_details":null,"output_tokens":0,"output_tokens_details":null,"total_tokens":7}}})"});
  out.push_back({ev_done(), fmt::format(R"({{"type":"response.done","response":{{{}}}}})", zero_usage)});
  out.push_back(
      {ev_done_with_id("r"), fmt::format(R"({{"type":"response.done","response":{{"id":"r",{}}}}})", zero_usage)});
  std::string message =
      R"({"type":"message","role":"assistant","id":"m","content":[{"type":"output_text","text":"hi \"you\""}]})";
  out.push_back({ev_assistant_message("m", "hi \"you\""), done(message)});
  out.push_back({ev_message_item_added("m", "hi \"you\""), added(message)});
  out.push_back({ev_output_text_delta("d"), R"({"type":"response.output_text.delta","delta":"d"})"});
  out.push_back(
      {ev_reasoning_item("i", {"s1", "s2"}),
       done(fmt::format(
           R"({{"type":"reasoning","id":"i","summary":[{{"type":"summary_text","text":"s1"}},{{"type":"summary_text","text":"s2"}}],"encrypted_content":"{}"}})",
           b550))});
  out.push_back(
      {ev_reasoning_item("i", {}, {"r1", "r2"}),
       done(fmt::format(
           R"({{"type":"reasoning","id":"i","summary":[],"encrypted_content":"{}","content":[{{"type":"reasoning_text","text":"r1"}},{{"type":"reasoning_text","text":"r2"}}]}})",
           b550_raw))});
  out.push_back({ev_reasoning_item_added("i", {"s"}),
                 added(R"({"type":"reasoning","id":"i","summary":[{"type":"summary_text","text":"s"}]})")});
  out.push_back({ev_reasoning_summary_text_delta("d"),
                 R"({"type":"response.reasoning_summary_text.delta","delta":"d","summary_index":0})"});
  out.push_back(
      {ev_reasoning_text_delta("d"), R"({"type":"response.reasoning_text.delta","delta":"d","content_index":0})"});
  out.push_back({ev_web_search_call_added_partial("w", "in_progress"),
                 added(R"({"type":"web_search_call","id":"w","status":"in_progress"})")});
  out.push_back(
      {ev_web_search_call_done("w", "completed", "q"),
       done(R"({"type":"web_search_call","id":"w","status":"completed","action":{"type":"search","query":"q"}})")});
  out.push_back(
      {ev_image_generation_call("g", "completed", "p", "AA=="),
       done(R"({"type":"image_generation_call","id":"g","status":"completed","revised_prompt":"p","result":"AA=="})")});
  out.push_back({ev_function_call("c", "f", "{\"a\":1}"),
                 done(R"({"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"})")});
  out.push_back({ev_custom_tool_call("c", "f", "in"),
                 done(R"({"type":"custom_tool_call","call_id":"c","name":"f","input":"in"})")});
  out.push_back(
      {ev_local_shell_call("c", "completed", {"ls", "-l"}),
       done(
           R"({"type":"local_shell_call","call_id":"c","status":"completed","action":{"type":"exec","command":["ls","-l"]}})")});
  out.push_back(
      {ev_shell_command_call("c", "ls"),
       done(R"({"type":"function_call","call_id":"c","name":"shell_command","arguments":"{\"command\":\"ls\"}"})")});
  out.push_back(
      {ev_shell_command_call_with_args("c", json::object{{"command", "ls"}, {"timeout_ms", 5}}),
       done(
           R"({"type":"function_call","call_id":"c","name":"shell_command","arguments":"{\"command\":\"ls\",\"timeout_ms\":5}"})")});
  out.push_back({ev_failed("r", "c", "m"),
                 R"({"type":"response.failed","response":{"id":"r","error":{"code":"c","message":"m"}}})"});
  out.push_back(
      {user_message_item("u"), R"({"type":"message","role":"user","content":[{"type":"input_text","text":"u"}]})"});
  out.push_back({compaction_item("e"), R"({"type":"compaction","encrypted_content":"e"})"});
  out.push_back(
      {ev_rate_limits(RateWindow{42, 60, 1700000000}, {}, "plus"),
       R"({"type":"codex.rate_limits","plan_type":"plus","rate_limits":{"primary":{"used_percent":42.0,"window_minutes":60,"reset_at":1700000000},"secondary":null}})"});
  out.push_back({ev_error(429, json::object{{"type", "t"}}, json::object{{"h", 1}}),
                 R"({"type":"error","status":429,"error":{"type":"t"},"headers":{"h":1}})"});
  out.push_back({ev_error({}, json::object{{"type", "t"}}), R"({"type":"error","error":{"type":"t"}})"});
  return out;
}

}  // namespace event_builders_test_detail

TEST(EventBuilders, GiveExactJson) {
  for (const auto& c : event_builders_test_detail::cases()) EXPECT_EQ(dump(c.built), c.expected);
}

TEST(EventBuilders, HandOverPatchesInEveryForm) {
  auto item = [](PatchCall variant) {
    auto event = ev_apply_patch_call("c", "*** P\n", variant);
    auto& i = event.at("item");
    auto body = find_string(i, "arguments") ? find_string(i, "arguments") : find_string(i, "input");
    return fmt::format("{} {} {}", *find_string(i, "type"), *find_string(i, "name"), *body);
  };
  EXPECT_EQ(item(PatchCall::freeform), "custom_tool_call apply_patch *** P\n");
  EXPECT_EQ(item(PatchCall::function), R"(function_call apply_patch {"input":"*** P\n"})");
  EXPECT_EQ(item(PatchCall::shell), R"(function_call shell {"command":["apply_patch","*** P\n"]})");
  EXPECT_EQ(item(PatchCall::shell_heredoc),
            R"(function_call shell {"command":["bash","-lc","apply_patch <<'EOF'\n*** P\n\nEOF\n"]})");
  EXPECT_EQ(item(PatchCall::shell_command_heredoc),
            R"(function_call shell_command {"command":"apply_patch <<'EOF'\n*** P\n\nEOF\n"})");
}

TEST(EventBuilders, WriteTheTextOfStreams) {
  EXPECT_EQ(sse({json::object{{"type", "ping"}}}), "event: ping\n\n");
  EXPECT_EQ(sse({json::object{{"x", 1}}}), "data: {\"x\":1}\n\n");
  EXPECT_EQ(sse({ev_output_text_delta("a"), json::object{{"type", "b"}}}),
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
            "event: b\n\n");
  EXPECT_EQ(sse_failed("r", "c", "m"), sse({ev_failed("r", "c", "m")}));
  EXPECT_EQ(sse_completed("r"), sse({ev_response_created("r"), ev_completed("r")}));
}

}  // namespace burin::testkit

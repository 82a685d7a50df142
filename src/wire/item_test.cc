#include "wire/item.h"

#include "wire/model_event.h"

namespace burin::wire {

namespace item_test {

std::string again(std::string_view text) {
  const auto item = read_item(parse_json(text).value());
  return item ? dump_item(*item) : "error: " + item.error().what;
}

ResponseItem item(std::string_view text) { return read_item(parse_json(text).value()).value(); }

}  // namespace item_test
using item_test::again;
using item_test::item;

// The stored and sent forms of model-client.md 7.1, 7.2 and 15.2.
TEST(Item, WireFormsRoundTripByteForByte) {
  for (
      const std::string_view text : {
          R"({"type":"message","role":"user","content":[{"type":"input_text","text":"hi"},{"type":"input_image","image_url":"u"}]})",
          R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"working"}],"phase":"commentary"})",
          R"({"type":"message","role":"assistant","content":[],"end_turn":false,"phase":"final_answer"})",
          R"({"type":"reasoning","summary":[{"type":"summary_text","text":"think"}],"content":null,"encrypted_content":"ENC"})",
          R"({"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"raw"}],"encrypted_content":null})",
          R"({"type":"reasoning","summary":[],"content":[{"type":"text","text":"a"},{"type":"reasoning_text","text":"b"}],"encrypted_content":null})",
          R"({"type":"local_shell_call","call_id":"c","status":"completed","action":{"type":"exec","command":["ls"],"timeout_ms":null,"working_directory":null,"env":null,"user":null}})",
          R"({"type":"local_shell_call","call_id":null,"status":"in_progress","action":{"type":"exec","command":[],"timeout_ms":5,"working_directory":"/w","env":{"A":"b"},"user":"u"}})",
          R"({"type":"function_call","name":"shell_command","arguments":"{\"command\":\"echo hi\"}","call_id":"c1"})",
          R"({"type":"function_call_output","call_id":"c1","output":"Exit code: 0\nOutput:\nhi\n"})",
          R"({"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"t"},{"type":"input_image","image_url":"u","detail":"original"}]})",
          R"({"type":"custom_tool_call","status":"completed","call_id":"c2","name":"apply_patch","input":"*** Begin Patch…"})",
          R"({"type":"custom_tool_call","call_id":"c2","name":"apply_patch","input":""})",
          R"({"type":"custom_tool_call_output","call_id":"c2","output":"…"})",
          R"({"type":"custom_tool_call_output","call_id":"c2","output":[]})",
          R"({"type":"web_search_call","status":"completed","action":{"type":"search","query":"q","queries":["q","r"]}})",
          R"({"type":"web_search_call","action":{"type":"open_page","url":"u"}})",
          R"({"type":"web_search_call","action":{"type":"find_in_page","url":"u","pattern":"p"}})",
          R"({"type":"web_search_call"})",
          R"({"type":"image_generation_call","id":"ig","status":"completed","revised_prompt":"p","result":"AA=="})",
          R"({"type":"image_generation_call","id":"ig","status":"completed","result":"AA=="})",
          R"({"type":"ghost_snapshot","ghost_commit":{"id":"abc","parent":null,"preexisting_untracked_files":["a"],"preexisting_untracked_dirs":[]}})",
          R"({"type":"compaction","encrypted_content":"E"})",
      }) {
    EXPECT_EQ(again(text), text);
  }
}

TEST(Item, IdsAreReadAndNeverWritten) {
  struct Case {
    std::string_view in, out;
  };
  for (
      const auto& [in, out] : std::initializer_list<Case>{
          {R"({"type":"message","id":"x1","role":"assistant","content":[]})",
           R"({"type":"message","role":"assistant","content":[]})"},
          {R"({"type":"reasoning","id":"x1","summary":[],"encrypted_content":"E"})",
           R"({"type":"reasoning","summary":[],"content":null,"encrypted_content":"E"})"},
          {R"({"type":"function_call","id":"x1","status":"completed","name":"n","arguments":"","call_id":"c"})",
           R"({"type":"function_call","name":"n","arguments":"","call_id":"c"})"},
          {R"({"type":"custom_tool_call","id":"x1","call_id":"c","name":"n","input":"i"})",
           R"({"type":"custom_tool_call","call_id":"c","name":"n","input":"i"})"},
          {R"({"type":"web_search_call","id":"x1","status":"in_progress"})",
           R"({"type":"web_search_call","status":"in_progress"})"},
          {R"({"type":"local_shell_call","id":"x1","status":"incomplete","action":{"type":"exec","command":["ls"]}})",
           R"({"type":"local_shell_call","call_id":null,"status":"incomplete","action":{"type":"exec","command":["ls"],"timeout_ms":null,"working_directory":null,"env":null,"user":null}})"},
      }) {
    EXPECT_EQ(item_id(item(in)), "x1") << in;
    EXPECT_EQ(again(in), out);
  }
  EXPECT_EQ(item_id(item(R"({"type":"message","id":null,"role":"user","content":[]})")), "");
}

// model-client.md 7.1: absent becomes null, a list without reasoning_text disappears.
TEST(Item, ThreeFormsOfReasoningContent) {
  EXPECT_EQ(again(R"({"type":"reasoning","summary":[]})"),
            R"({"type":"reasoning","summary":[],"content":null,"encrypted_content":null})");
  const std::string_view none = R"({"type":"reasoning","summary":[],"encrypted_content":null})";
  EXPECT_EQ(again(R"({"type":"reasoning","summary":[],"content":[{"type":"text","text":"t"}]})"), none);
  EXPECT_EQ(again(R"({"type":"reasoning","summary":[],"content":[]})"), none);
  EXPECT_EQ(again(R"({"type":"reasoning"})"), "error: missing field `summary`");
}

TEST(Item, KnownKindsDropExtraKeys) {
  EXPECT_EQ(
      again(
          R"({"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"t","annotations":[],"logprobs":[]}]})"),
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"t"}]})");
}

TEST(Item, CompactionSummaryIsCompaction) {
  EXPECT_EQ(again(R"({"type":"compaction_summary","id":"x","encrypted_content":"E"})"),
            R"({"type":"compaction","encrypted_content":"E"})");
}

TEST(Item, UnknownWebSearchActionIsOther) {
  EXPECT_EQ(again(R"({"type":"web_search_call","action":{"type":"teleport","x":1}})"),
            R"({"type":"web_search_call","action":{"type":"other"}})");
}

TEST(Item, UnknownKindsKeepTheirJson) {
  const std::string_view text = R"({"id":"v","type":"video_call","frames":[1.5,{"a":null}]})";
  EXPECT_EQ(again(text), text);
  EXPECT_EQ(item_type(item(text)), "video_call");
  EXPECT_EQ(call_id_of(item(text)), "");
  EXPECT_FALSE(is_call(item(text)) || is_output(item(text)) || is_model_generated(item(text)));
}

TEST(Item, UnknownValuesInsideAKnownKindMakeItUnreadable) {
  EXPECT_EQ(
      again(R"({"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"no"}]})"),
      "error: content[0].type: unknown variant `refusal`, expected one of `input_text`, `input_image`, `output_text`");
  EXPECT_EQ(again(R"({"type":"local_shell_call","status":"odd","action":{"type":"exec","command":[]}})"),
            "error: status: unknown variant `odd`, expected one of `completed`, `in_progress`, `incomplete`");
  EXPECT_EQ(again(R"({"type":"function_call","name":"n","arguments":{},"call_id":"c"})"),
            "error: arguments: invalid type: map, expected a string");
  EXPECT_EQ(again(R"({"type":"function_call_output","call_id":"c","output":{"content":"x","success":true}})"),
            "error: output: invalid type: map, expected a string or a sequence");
  EXPECT_EQ(again(R"({"type":"function_call_output","call_id":"c","output":[{"type":"output_text","text":"x"}]})"),
            "error: output[0]: unknown variant `output_text`, expected `input_text` or `input_image`");
  EXPECT_EQ(again("[]"), "error: invalid type: sequence, expected a map");
  EXPECT_EQ(again("{}"), "error: missing field `type`");
}

TEST(Item, UnknownPhaseCountsAsNone) {
  EXPECT_EQ(again(R"({"type":"message","role":"assistant","content":[],"phase":"musing"})"),
            R"({"type":"message","role":"assistant","content":[]})");
}

TEST(Item, SuccessStaysInTheProcess) {
  FunctionCallOutput out{.call_id = "c", .output = {.body = "text", .success = false}};
  EXPECT_EQ(dump_item(out), R"({"type":"function_call_output","call_id":"c","output":"text"})");
  EXPECT_EQ(*out.output.text(), "text");
  EXPECT_EQ(out.output.items(), nullptr);
}

TEST(Item, Accessors) {
  struct Case {
    std::string_view text, type, call_id;
    bool call, output, generated;
  };
  for (
      const auto& c : std::initializer_list<Case>{
          {R"({"type":"message","role":"user","content":[]})", "message", "", false, false, false},
          {R"({"type":"message","role":"assistant","content":[]})", "message", "", false, false, true},
          {R"({"type":"reasoning","summary":[]})", "reasoning", "", false, false, true},
          {R"({"type":"function_call","name":"n","arguments":"","call_id":"c"})", "function_call", "c", true, false,
           true},
          {R"({"type":"custom_tool_call","call_id":"c","name":"n","input":""})", "custom_tool_call", "c", true, false,
           true},
          {R"({"type":"local_shell_call","id":"i","call_id":"c","status":"completed","action":{"type":"exec","command":[]}})",
           "local_shell_call", "c", true, false, true},
          {R"({"type":"local_shell_call","id":"i","status":"completed","action":{"type":"exec","command":[]}})",
           "local_shell_call", "i", true, false, true},
          {R"({"type":"function_call_output","call_id":"c","output":""})", "function_call_output", "c", false, true,
           false},
          {R"({"type":"custom_tool_call_output","call_id":"c","output":""})", "custom_tool_call_output", "c", false,
           true, false},
          {R"({"type":"web_search_call"})", "web_search_call", "", false, false, true},
          {R"({"type":"image_generation_call","id":"i","status":"s","result":""})", "image_generation_call", "", false,
           false, true},
          {R"({"type":"ghost_snapshot","ghost_commit":{"id":"a"}})", "ghost_snapshot", "", false, false, false},
          {R"({"type":"compaction","encrypted_content":""})", "compaction", "", false, false, true},
      }) {
    const auto i = item(c.text);
    EXPECT_EQ(item_type(i), c.type);
    EXPECT_EQ(call_id_of(i), c.call_id) << c.text;
    EXPECT_EQ(is_call(i), c.call) << c.text;
    EXPECT_EQ(is_output(i), c.output) << c.text;
    EXPECT_EQ(is_model_generated(i), c.generated) << c.text;
  }
}

TEST(Item, MakeMessagePicksThePartByRole) {
  EXPECT_EQ(dump_item(make_message("developer", "d")),
            R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]})");
  const auto reply = make_message("assistant", "a");
  EXPECT_EQ(dump_item(reply), R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]})");
  EXPECT_EQ(text_of(reply.content), "a");
}

}  // namespace burin::wire

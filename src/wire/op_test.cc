#include "wire/op.h"

#include <set>

namespace burin::wire {

namespace op_test {

std::string again(std::string_view text) {
  const auto value = read_op(parse_json(text).value());
  if (!value) return "error: " + value.error().what;
  std::string out;
  write_op(out, *value);
  return out;
}

constexpr std::string_view kExamples[] = {
    // clang-format off
    R"({"type":"user_input","items":[{"type":"text","text":"t","text_elements":[]}],"final_output_json_schema":{"type":"object"}})",
    R"({"type":"user_turn","items":[],"cwd":"/w","approval_policy":"never","sandbox_policy":{"type":"read-only"},"model":"m","effort":"low","summary":"auto","service_tier":null,"final_output_json_schema":null,"collaboration_mode":{"mode":"plan","settings":{"model":"m","reasoning_effort":null,"developer_instructions":null}},"personality":"none"})",
    R"({"type":"override_turn_context"})",
    R"({"type":"interrupt"})",
    R"({"type":"clean_background_terminals"})",
    R"({"type":"exec_approval","id":"i","turn_id":"t","decision":"approved"})",
    R"({"type":"patch_approval","id":"i","decision":"abort"})",
    R"({"type":"resolve_elicitation","server_name":"s","request_id":7,"decision":"decline"})",
    R"({"type":"user_input_answer","id":"t","response":{"answers":{"q":{"answers":["a"]}}}})",
    R"({"type":"dynamic_tool_response","id":"c","response":{"contentItems":[{"type":"inputText","text":"x"}],"success":true}})",
    R"({"type":"add_to_history","text":"t"})",
    R"({"type":"get_history_entry_request","offset":1,"log_id":2})",
    R"({"type":"list_mcp_tools"})",
    R"({"type":"refresh_mcp_servers","config":{"mcp_servers":{"a":{}},"mcp_oauth_credentials_store_mode":"auto"}})",
    R"({"type":"reload_user_config"})",
    R"({"type":"list_custom_prompts"})",
    R"({"type":"list_skills","cwds":["/w"],"force_reload":true})",
    R"({"type":"list_remote_skills","hazelnut_scope":"h","product_surface":"p","enabled":true})",
    R"({"type":"download_remote_skill","hazelnut_id":"h"})",
    R"({"type":"compact"})",
    R"({"type":"undo"})",
    R"({"type":"thread_rollback","num_turns":2})",
    R"({"type":"review","review_request":{"target":{"type":"baseBranch","branch":"main"},"user_facing_hint":"h"}})",
    R"({"type":"run_user_shell_command","command":"ls"})",
    R"({"type":"set_thread_name","name":"n"})",
    R"({"type":"drop_memories"})",
    R"({"type":"update_memories"})",
    R"({"type":"realtime_conversation_start","prompt":"p","session_id":"s"})",
    R"({"type":"realtime_conversation_audio","frame":{"data":"AA==","sample_rate":24000,"num_channels":1}})",
    R"({"type":"realtime_conversation_text","text":"t"})",
    R"({"type":"realtime_conversation_close"})",
    R"({"type":"list_models"})",
    R"({"type":"shutdown"})",
    // clang-format on
};

}  // namespace op_test
using op_test::again;
using op_test::kExamples;

TEST(Op, EveryKindRoundTripsByteForByte) {
  std::set<std::size_t> seen;
  for (const auto text : kExamples) {
    EXPECT_EQ(again(text), text);
    const auto v = parse_json(text).value();
    const auto op = read_op(v).value();
    EXPECT_EQ(op_type(op), find_string(v, "type"));
    seen.insert(op.index());
  }
  EXPECT_EQ(seen.size(), std::variant_size_v<Op::Base> - 1);  // all but Unknown
}

TEST(Op, AbsentNullAndValueAreThreeThings) {
  for (
      const std::string_view text :
      {R"({"type":"override_turn_context","effort":null,"service_tier":null})",
       R"({"type":"override_turn_context","effort":"high","service_tier":"flex"})",
       R"({"type":"override_turn_context","cwd":"/w","approval_policy":"untrusted","sandbox_policy":{"type":"danger-full-access"},"windows_sandbox_level":"disabled","model":"m","summary":"none","personality":"friendly"})"}) {
    EXPECT_EQ(again(text), text);
  }
  const auto keep =
      std::get<op::OverrideTurnContext>(read_op(parse_json(R"({"type":"override_turn_context"})").value()).value());
  EXPECT_FALSE(keep.effort.has_value());
  const auto clear = std::get<op::OverrideTurnContext>(
      read_op(parse_json(R"({"type":"override_turn_context","effort":null})").value()).value());
  ASSERT_TRUE(clear.effort.has_value());
  EXPECT_FALSE(clear.effort->has_value());
}

TEST(Op, OldNamesAndDefaults) {
  EXPECT_EQ(again(R"({"type":"request_user_input_response","id":"t","response":{"answers":{}}})"),
            R"({"type":"user_input_answer","id":"t","response":{"answers":{}}})");
  EXPECT_EQ(again(R"({"type":"list_skills"})"), R"({"type":"list_skills"})");
}

TEST(Op, UnknownOpsSurvive) { EXPECT_EQ(again(R"({"type":"fly","high":true})"), R"({"type":"fly","high":true})"); }

TEST(Op, Submissions) {
  for (const std::string_view text :
       {R"({"id":"i","op":{"type":"interrupt"}})",
        R"({"id":"i","op":{"type":"compact"},"trace":{"traceparent":"00-a-b-01","tracestate":"x=y"}})"}) {
    const auto submission = read_submission(parse_json(text).value());
    ASSERT_TRUE(submission) << submission.error().what;
    std::string out;
    write_submission(out, *submission);
    EXPECT_EQ(out, text);
  }
  EXPECT_EQ(
      read_submission(parse_json(R"({"id":"i","op":{"type":"exec_approval","id":"x","decision":"maybe"}})").value())
          .error()
          .what.substr(0, 43),
      "op.decision: unknown variant `maybe`, expec");
}

}  // namespace burin::wire

#include "wire/event.h"

#include <set>

namespace burin::wire {

namespace event_test {

std::string again(std::string_view text) {
  const auto value = read_event(parse_json(text).value());
  if (!value) return "error: " + value.error().what;
  if (std::holds_alternative<Unknown>(*value)) return "unknown";
  std::string out;
  write_event(out, *value);
  return out;
}

/// One complete example of every event with its column P: L, E or -.
struct Example {
  char kept;
  std::string_view text;
};
constexpr Example kExamples[] =
    {
        // clang-format off
    {'-', R"({"type":"session_configured","session_id":"s","forked_from_id":"f","thread_name":"n","model":"m","model_provider_id":"p","service_tier":"fast","approval_policy":"never","sandbox_policy":{"type":"read-only"},"cwd":"/w","reasoning_effort":"low","history_log_id":1,"history_entry_count":2,"initial_messages":[{"type":"warning","message":"w"}],"network_proxy":{"http_addr":"h","socks_addr":"s","admin_addr":"a"},"rollout_path":"/r"})"},
    {'L', R"({"type":"task_started","turn_id":"t","model_context_window":258400,"collaboration_mode_kind":"plan"})"},
    {'L', R"({"type":"task_complete","turn_id":"t","last_agent_message":"m"})"},
    {'L', R"({"type":"turn_aborted","turn_id":"t","reason":"replaced"})"},
    {'L', R"({"type":"token_count","info":null,"rate_limits":null})"},
    {'L', R"({"type":"user_message","message":"m","images":["u"],"local_images":["/p"],"text_elements":[{"byte_range":{"start":0,"end":1},"placeholder":"x"}]})"},
    {'L', R"({"type":"agent_message","message":"m","phase":"final_answer"})"},
    {'-', R"({"type":"agent_message_delta","delta":"d"})"},
    {'L', R"({"type":"agent_reasoning","text":"t"})"},
    {'-', R"({"type":"agent_reasoning_delta","delta":"d"})"},
    {'L', R"({"type":"agent_reasoning_raw_content","text":"t"})"},
    {'-', R"({"type":"agent_reasoning_raw_content_delta","delta":"d"})"},
    {'-', R"({"type":"agent_reasoning_section_break","item_id":"i","summary_index":1})"},
    {'-', R"({"type":"item_started","thread_id":"h","turn_id":"t","item":{"type":"ContextCompaction","id":"i"}})"},
    {'-', R"({"type":"item_completed","thread_id":"h","turn_id":"t","item":{"type":"WebSearch","id":"i","query":"q","action":{"type":"other"}}})"},
    {'L', R"({"type":"item_completed","thread_id":"h","turn_id":"t","item":{"type":"Plan","id":"t-plan","text":"p"}})"},
    {'-', R"({"type":"agent_message_content_delta","thread_id":"h","turn_id":"t","item_id":"i","delta":"d"})"},
    {'-', R"({"type":"plan_delta","thread_id":"h","turn_id":"t","item_id":"i","delta":"d"})"},
    {'-', R"({"type":"reasoning_content_delta","thread_id":"h","turn_id":"t","item_id":"i","delta":"d","summary_index":0})"},
    {'-', R"({"type":"reasoning_raw_content_delta","thread_id":"h","turn_id":"t","item_id":"i","delta":"d","content_index":2})"},
    {'-', R"({"type":"raw_response_item","item":{"type":"compaction","encrypted_content":"E"}})"},
    {'L', R"({"type":"context_compacted"})"},
    {'L', R"({"type":"thread_rolled_back","num_turns":1})"},
    {'L', R"({"type":"entered_review_mode","target":{"type":"commit","sha":"abc","title":null},"user_facing_hint":"h"})"},
    {'L', R"({"type":"exited_review_mode","review_output":{"findings":[{"title":"[P1] x","body":"b","confidence_score":0.9,"priority":1,"code_location":{"absolute_file_path":"/f","line_range":{"start":10,"end":14}}}],"overall_correctness":"c","overall_explanation":"e","overall_confidence_score":0.8}})"},
    {'-', R"({"type":"undo_started","message":"m"})"},
    {'L', R"({"type":"undo_completed","success":true,"message":"m"})"},
    {'E', R"({"type":"error","message":"m","codex_error_info":"other"})"},
    {'-', R"({"type":"warning","message":"m"})"},
    {'-', R"({"type":"stream_error","message":"m","codex_error_info":{"response_stream_disconnected":{"http_status_code":null}},"additional_details":null})"},
    {'-', R"({"type":"deprecation_notice","summary":"s","details":"d"})"},
    {'-', R"({"type":"background_event","message":"m"})"},
    {'-', R"({"type":"model_reroute","from_model":"a","to_model":"b","reason":"high_risk_cyber_activity"})"},
    {'-', R"({"type":"exec_command_begin","call_id":"c","process_id":"1","turn_id":"t","command":["ls"],"cwd":"/w","parsed_cmd":[{"type":"list_files","cmd":"ls","path":null},{"type":"read","cmd":"cat a","name":"a","path":"a"},{"type":"search","cmd":"rg x","query":"x","path":null},{"type":"unknown","cmd":"y"}],"source":"agent"})"},
    {'-', R"({"type":"exec_command_output_delta","call_id":"c","stream":"stderr","chunk":"AP8K"})"},
    {'-', R"({"type":"terminal_interaction","call_id":"c","process_id":"1","stdin":"y\n"})"},
    {'E', R"({"type":"exec_command_end","call_id":"c","turn_id":"t","command":["ls"],"cwd":"/w","parsed_cmd":[],"source":"unified_exec_interaction","interaction_input":"i","stdout":"o","stderr":"e","aggregated_output":"oe","exit_code":-1,"duration":{"secs":1,"nanos":5},"formatted_output":"f","status":"declined"})"},
    {'-', R"({"type":"patch_apply_begin","call_id":"c","turn_id":"t","auto_approved":true,"changes":{"/a":{"type":"add","content":"x"},"/b":{"type":"delete","content":"y"},"/c":{"type":"update","unified_diff":"d","move_path":null}}})"},
    {'E', R"({"type":"patch_apply_end","call_id":"c","turn_id":"t","stdout":"o","stderr":"","success":false,"changes":{},"status":"failed"})"},
    {'-', R"({"type":"turn_diff","unified_diff":"d"})"},
    {'-', R"({"type":"mcp_tool_call_begin","call_id":"c","invocation":{"server":"s","tool":"t","arguments":null}})"},
    {'E', R"({"type":"mcp_tool_call_end","call_id":"c","invocation":{"server":"s","tool":"t","arguments":{"a":1}},"duration":{"secs":0,"nanos":1},"result":{"Ok":{"content":[{"type":"text","text":"x"}],"structuredContent":{"n":1},"isError":false,"_meta":{}}}})"},
    {'E', R"({"type":"mcp_tool_call_end","call_id":"c","invocation":{"server":"s","tool":"t","arguments":null},"duration":{"secs":0,"nanos":1},"result":{"Err":"boom"}})"},
    {'-', R"({"type":"web_search_begin","call_id":"c"})"},
    {'E', R"({"type":"web_search_end","call_id":"c","query":"q","action":{"type":"search","query":"q"}})"},
    {'E', R"({"type":"view_image_tool_call","call_id":"c","path":"/p"})"},
    {'E', R"({"type":"dynamic_tool_call_request","callId":"c","turnId":"t","tool":"x","arguments":{"a":[]}})"},
    {'E', R"({"type":"dynamic_tool_call_response","call_id":"c","turn_id":"t","tool":"x","arguments":null,"content_items":[{"type":"inputText","text":"a"},{"type":"inputImage","imageUrl":"u"}],"success":true,"error":null,"duration":{"secs":0,"nanos":0}})"},
    {'-', R"({"type":"exec_approval_request","call_id":"c1","turn_id":"t1","command":["/bin/bash","-lc","touch x"],"cwd":"/w","reason":"r","proposed_execpolicy_amendment":["touch","x"],"available_decisions":["approved",{"approved_execpolicy_amendment":{"proposed_execpolicy_amendment":["touch","x"]}},"abort"],"parsed_cmd":[{"type":"unknown","cmd":"touch x"}]})"},
    {'-', R"({"type":"exec_approval_request","call_id":"c1","approval_id":"a","turn_id":"t1","command":[],"cwd":"/w","network_approval_context":{"host":"h","protocol":"socks5_udp"},"proposed_network_policy_amendments":[{"host":"h","action":"allow"}],"additional_permissions":{"file_system":{"read":["/r"]}},"parsed_cmd":[]})"},
    {'-', R"({"type":"apply_patch_approval_request","call_id":"c","turn_id":"t","changes":{},"reason":"r","grant_root":"/g"})"},
    {'-', R"({"type":"request_user_input","call_id":"c","turn_id":"t","questions":[{"id":"q","header":"h","question":"?","isOther":true,"isSecret":false,"options":[{"label":"l","description":"d"}]}]})"},
    {'-', R"({"type":"elicitation_request","server_name":"s","id":7,"message":"m"})"},
    {'-', R"({"type":"plan_update","explanation":null,"plan":[{"step":"s","status":"in_progress"}]})"},
    {'-', R"({"type":"thread_name_updated","thread_id":"h","thread_name":"n"})"},
    {'-', R"({"type":"mcp_startup_update","server":"s","status":{"state":"failed","error":"e"}})"},
    {'-', R"({"type":"mcp_startup_update","server":"s","status":{"state":"ready"}})"},
    {'-', R"({"type":"mcp_startup_complete","ready":["a"],"failed":[{"server":"s","error":"e"}],"cancelled":[]})"},
    {'-', R"({"type":"mcp_list_tools_response","tools":{"t":{}},"resources":{},"resource_templates":{},"auth_statuses":{}})"},
    {'-', R"({"type":"list_custom_prompts_response","custom_prompts":[{"name":"n","path":"/p","content":"c","description":null,"argument_hint":null}]})"},
    {'-', R"({"type":"list_skills_response","skills":[{"cwd":"/w","skills":[{"name":"n","description":"d","path":"/p","scope":"repo","enabled":true}],"errors":[{"path":"/e","message":"m"}]}]})"},
    {'-', R"({"type":"list_remote_skills_response","skills":[{"id":"i","name":"n","description":"d"}]})"},
    {'-', R"({"type":"remote_skill_downloaded","id":"i","name":"n","path":"/p"})"},
    {'-', R"({"type":"skills_update_available"})"},
    {'-', R"({"type":"get_history_entry_response","offset":1,"log_id":2,"entry":{"conversation_id":"c","ts":3,"text":"t"}})"},
    {'-', R"({"type":"realtime_conversation_started","session_id":null})"},
    {'-', R"({"type":"realtime_conversation_realtime","payload":{"SessionUpdated":{"session_id":"s","instructions":"i"}}})"},
    {'-', R"({"type":"realtime_conversation_realtime","payload":{"AudioOut":{"data":"AA==","sample_rate":24000,"num_channels":1,"samples_per_channel":480}}})"},
    {'-', R"({"type":"realtime_conversation_realtime","payload":{"ConversationItemAdded":{"any":[1]}}})"},
    {'-', R"({"type":"realtime_conversation_realtime","payload":{"ConversationItemDone":{"item_id":"i"}}})"},
    {'-', R"({"type":"realtime_conversation_realtime","payload":{"HandoffRequested":{"handoff_id":"h","item_id":"i","input_transcript":"t","messages":[{"role":"user","text":"x"}]}}})"},
    {'-', R"({"type":"realtime_conversation_realtime","payload":{"Error":"e"}})"},
    {'-', R"({"type":"realtime_conversation_closed","reason":"requested"})"},
    {'-', R"({"type":"collab_agent_spawn_begin","call_id":"c","sender_thread_id":"s","prompt":"p"})"},
    {'E', R"({"type":"collab_agent_spawn_end","call_id":"c","sender_thread_id":"s","new_thread_id":null,"new_agent_nickname":"n","new_agent_role":"r","prompt":"p","status":"pending_init"})"},
    {'-', R"({"type":"collab_agent_interaction_begin","call_id":"c","sender_thread_id":"s","receiver_thread_id":"r","prompt":"p"})"},
    {'E', R"({"type":"collab_agent_interaction_end","call_id":"c","sender_thread_id":"s","receiver_thread_id":"r","receiver_agent_nickname":"n","receiver_agent_role":"r","prompt":"p","status":"running"})"},
    {'-', R"({"type":"collab_waiting_begin","sender_thread_id":"s","receiver_thread_ids":["r"],"receiver_agents":[{"thread_id":"r","agent_nickname":"n"}],"call_id":"c"})"},
    {'E', R"({"type":"collab_waiting_end","sender_thread_id":"s","call_id":"c","agent_statuses":[{"thread_id":"r","agent_role":"x","status":{"completed":null}}],"statuses":{"r":{"completed":"m"}}})"},
    {'-', R"({"type":"collab_close_begin","call_id":"c","sender_thread_id":"s","receiver_thread_id":"r"})"},
    {'E', R"({"type":"collab_close_end","call_id":"c","sender_thread_id":"s","receiver_thread_id":"r","status":{"errored":"e"}})"},
    {'-', R"({"type":"collab_resume_begin","call_id":"c","sender_thread_id":"s","receiver_thread_id":"r","receiver_agent_nickname":"n","receiver_agent_role":"x"})"},
    {'E', R"({"type":"collab_resume_end","call_id":"c","sender_thread_id":"s","receiver_thread_id":"r","status":"not_found"})"},
    {'-', R"({"type":"shutdown_complete"})"},
        // clang-format on
};

}  // namespace event_test
using event_test::again;
using event_test::kExamples;

TEST(Event, EveryKindRoundTripsByteForByte) {
  for (const auto& example : kExamples) EXPECT_EQ(again(example.text), example.text);
}

TEST(Event, ExamplesCoverEveryKind) {
  std::set<std::size_t> seen;
  for (const auto& example : kExamples) seen.insert(read_event(parse_json(example.text).value()).value().index());
  EXPECT_EQ(seen.size(), std::variant_size_v<EventMsg::Base> - 1);  // all but Unknown
}

TEST(Event, FilesKeepColumnP) {
  for (const auto& example : kExamples) {
    const auto event = read_event(parse_json(example.text).value()).value();
    EXPECT_EQ(persisted(event, false), example.kept == 'L') << example.text;
    EXPECT_EQ(persisted(event, true), example.kept != '-') << example.text;
  }
  EXPECT_FALSE(persisted(read_event(parse_json(R"({"type":"new_event"})").value()).value(), true));
}

TEST(Event, TypeIsTheWireTag) {
  for (const auto& example : kExamples) {
    const auto v = parse_json(example.text).value();
    EXPECT_EQ(event_type(read_event(v).value()), find_string(v, "type"));
  }
  EXPECT_EQ(event_type(read_event(parse_json(R"({"type":"turn_started","turn_id":"t"})").value()).value()),
            "task_started");
  EXPECT_EQ(event_type(read_event(parse_json(R"({"type":"new_event"})").value()).value()), "new_event");
}

TEST(Event, OptionalMembersAreLeftOut) {
  EXPECT_EQ(again(R"({"type":"undo_completed","success":false})"), R"({"type":"undo_completed","success":false})");
  EXPECT_EQ(again(R"({"type":"thread_name_updated","thread_id":"h"})"),
            R"({"type":"thread_name_updated","thread_id":"h"})");
  EXPECT_EQ(again(R"({"type":"collab_waiting_begin","sender_thread_id":"s","receiver_thread_ids":[],"call_id":"c"})"),
            R"({"type":"collab_waiting_begin","sender_thread_id":"s","receiver_thread_ids":[],"call_id":"c"})");
}

TEST(Event, ReviewFindingsMayLackThePriority) {
  const std::string_view without =
      R"({"title":"t","body":"b","confidence_score":1.0,"code_location":{"absolute_file_path":"/f","line_range":{"start":1,"end":2}}})";
  const auto finding = read_mapped<ReviewFinding>(parse_json(without).value());
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->priority, 0);
}

TEST(Event, ChunksAreBytes) {
  event::ExecCommandOutputDelta delta{
      .call_id = "c", .stream = OutputStream::out, .chunk = {std::string("\0\xff\n", 3)}};
  EXPECT_EQ(dump_mapped(delta), R"({"call_id":"c","stream":"stdout","chunk":"AP8K"})");
  EXPECT_EQ(again(R"({"type":"exec_command_output_delta","call_id":"c","stream":"stdout","chunk":"A"})"),
            "error: chunk: invalid type: string \"A\", expected base64 text");
}

TEST(Event, QueueEntries) {
  std::string out;
  write_event(out, Event{.id = "i", .msg = event::Warning{"m"}});
  EXPECT_EQ(out, R"({"id":"i","msg":{"type":"warning","message":"m"}})");
}

TEST(Event, CopyingKeepsTheAlternative) {
  EventMsg a = event::Warning{"w"};
  EventMsg b = a;
  a = event::TurnDiff{"d"};
  EXPECT_EQ(std::get<event::Warning>(b).message, "w");
  b = std::move(a);
  EXPECT_EQ(std::get<event::TurnDiff>(b).unified_diff, "d");
}

TEST(TurnItem, EveryKindRoundTrips) {
  for (const std::string_view text :
       {R"({"type":"UserMessage","id":"i","content":[{"type":"text","text":"t","text_elements":[]}]})",
        R"({"type":"AgentMessage","id":"i","content":[{"type":"Text","text":"t"}],"phase":"commentary"})",
        R"({"type":"AgentMessage","id":"i","content":[]})", R"({"type":"Plan","id":"i","text":"t"})",
        R"({"type":"Reasoning","id":"i","summary_text":["s"],"raw_content":["r"]})",
        R"({"type":"WebSearch","id":"i","query":"q","action":{"type":"open_page","url":"u"}})",
        R"({"type":"ContextCompaction","id":"i"})", R"({"type":"ImageGeneration","id":"i","status":"s"})"}) {
    const auto item = read_mapped<TurnItem>(parse_json(text).value()).value();
    EXPECT_EQ(dump_mapped(item), text);
    EXPECT_EQ(item_id(item), "i");
  }
}

}  // namespace burin::wire

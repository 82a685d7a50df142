#include "wire/settings.h"

#include "wire/usage.h"
#include "wire/user_input.h"

namespace burin::wire {

namespace settings_test {

template <class T>
std::string again(std::string_view text) {
  const auto value = read_mapped<T>(parse_json(text).value());
  return value ? dump_mapped(*value) : "error: " + value.error().what;
}

template <class T>
void same(std::initializer_list<std::string_view> texts) {
  for (const auto text : texts) EXPECT_EQ(again<T>(text), text);
}

}  // namespace settings_test
using settings_test::again;
using settings_test::same;

TEST(Settings, ApprovalPolicies) {
  same<AskForApproval>({R"("untrusted")", R"("on-failure")", R"("on-request")", R"("never")",
                        R"({"reject":{"sandbox_approval":true,"rules":false,"mcp_elicitations":true}})"});
  EXPECT_EQ(again<AskForApproval>(R"({"reject":{"sandbox_approval":true,"rules":false}})"),
            "error: reject: missing field `mcp_elicitations`");
  EXPECT_EQ(again<AskForApproval>(R"("reject")").substr(0, 6), "error:");
  EXPECT_EQ(
      again<AskForApproval>(R"("always")"),
      "error: unknown variant `always`, expected one of `untrusted`, `on-failure`, `on-request`, `never`, `reject`");
  EXPECT_EQ(AskForApproval(), AskForApproval::on_request());
  EXPECT_NE(AskForApproval(), AskForApproval::never());
}

TEST(Settings, SandboxPolicies) {
  same<SandboxPolicy>(
      {R"({"type":"danger-full-access"})", R"({"type":"read-only"})", R"({"type":"read-only","network_access":true})",
       R"({"type":"read-only","access":{"type":"restricted","include_platform_defaults":true,"readable_roots":["/data"]}})",
       R"({"type":"read-only","access":{"type":"restricted","include_platform_defaults":false}})",
       R"({"type":"external-sandbox","network_access":"restricted"})",
       R"({"type":"external-sandbox","network_access":"enabled"})",
       R"({"type":"workspace-write","writable_roots":["/opt"],"network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false})",
       R"({"type":"workspace-write","read_only_access":{"type":"restricted","include_platform_defaults":true},"network_access":true,"exclude_tmpdir_env_var":true,"exclude_slash_tmp":true})"});
}

TEST(Settings, SandboxPolicyDefaults) {
  EXPECT_EQ(
      again<SandboxPolicy>(R"({"type":"workspace-write"})"),
      R"({"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false})");
  EXPECT_EQ(again<SandboxPolicy>(
                R"({"type":"workspace-write","writable_roots":[],"read_only_access":{"type":"full-access"}})"),
            again<SandboxPolicy>(R"({"type":"workspace-write"})"));
  EXPECT_EQ(again<SandboxPolicy>(R"({"type":"read-only","access":{"type":"full-access"},"network_access":false})"),
            R"({"type":"read-only"})");
  EXPECT_EQ(again<SandboxPolicy>(R"({"type":"read-only","access":{"type":"restricted"}})"),
            R"({"type":"read-only","access":{"type":"restricted","include_platform_defaults":true}})");
  EXPECT_EQ(again<SandboxPolicy>(R"({"type":"external-sandbox"})"),
            R"({"type":"external-sandbox","network_access":"restricted"})");
  EXPECT_EQ(again<SandboxPolicy>(R"({"type":"open"})").substr(0, 36), "error: type: unknown variant `open`,");
  EXPECT_EQ(dump_mapped(SandboxPolicy()), R"({"type":"read-only"})");
}

TEST(Settings, Equality) {
  SandboxPolicy a = WorkspaceWrite{.writable_roots = {"/a"}};
  SandboxPolicy b = a;
  EXPECT_TRUE(a == b);
  std::get<WorkspaceWrite>(b).network_access = true;
  EXPECT_FALSE(a == b);
  CollaborationMode c, d;
  d.settings.reasoning_effort = ReasoningEffort::low;
  EXPECT_FALSE(c == d);
}

TEST(Settings, ErrorClasses) {
  same<CodexErrorInfo>({R"("context_window_exceeded")", R"("thread_rollback_failed")", R"("other")",
                        R"({"http_connection_failed":{"http_status_code":null}})",
                        R"({"response_too_many_failed_attempts":{"http_status_code":503}})"});
  EXPECT_EQ(again<CodexErrorInfo>(R"("gremlins")").substr(0, 40), "error: unknown variant `gremlins`, expec");
  EXPECT_EQ(again<CodexErrorInfo>("3"), "error: invalid type: integer `3`, expected an error class");
  EXPECT_TRUE(CodexErrorInfo::named("other").fails_turn());
  EXPECT_FALSE(CodexErrorInfo::named("thread_rollback_failed").fails_turn());
}

TEST(Settings, AgentStatuses) {
  same<AgentStatus>({R"("pending_init")", R"("running")", R"({"completed":null})", R"({"completed":"done"})",
                     R"({"errored":"why"})", R"("shutdown")", R"("not_found")"});
  EXPECT_FALSE(AgentStatus{AgentState::running}.is_final());
  EXPECT_TRUE(AgentStatus{AgentState::not_found}.is_final());
}

TEST(Settings, ModesReadTheirOldNames) {
  for (const std::string_view old : {"code", "pair_programming", "execute", "custom", "default"}) {
    EXPECT_EQ(from_string<ModeKind>(old), ModeKind::default_);
  }
  EXPECT_EQ(to_string(ModeKind::default_), "default");
  same<CollaborationMode>(
      {R"({"mode":"plan","settings":{"model":"m","reasoning_effort":"none","developer_instructions":null}})"});
}

TEST(Settings, Usage) {
  same<RateLimitSnapshot>(
      {R"({"limit_id":"codex","limit_name":null,"primary":{"used_percent":12.5,"window_minutes":300,"resets_at":1790000000},"secondary":null,"credits":{"has_credits":true,"unlimited":false,"balance":"123"},"plan_type":"plus"})",
       R"({"limit_id":null,"limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null})"});
  EXPECT_EQ(
      again<RateLimitSnapshot>(R"({"primary":{"used_percent":42},"plan_type":"platinum"})"),
      R"({"limit_id":null,"limit_name":null,"primary":{"used_percent":42.0,"window_minutes":null,"resets_at":null},"secondary":null,"credits":null,"plan_type":"unknown"})");
  TokenUsage total{.input_tokens = 1, .total_tokens = 2};
  total += TokenUsage{10, 20, 30, 40, 50};
  EXPECT_EQ(total, (TokenUsage{11, 20, 30, 40, 52}));
}

TEST(Settings, UserInputs) {
  same<UserInput>(
      {R"({"type":"text","text":"t","text_elements":[{"byte_range":{"start":0,"end":1},"placeholder":null}]})",
       R"({"type":"image","image_url":"u"})", R"({"type":"local_image","path":"/p"})",
       R"({"type":"skill","name":"n","path":"/p"})", R"({"type":"mention","name":"n","path":"app://x"})"});
  EXPECT_EQ(again<UserInput>(R"({"type":"text","text":"t"})"), R"({"type":"text","text":"t","text_elements":[]})");
}

TEST(Settings, ReviewDecisions) {
  same<ReviewDecision>({R"("approved")", R"("approved_for_session")", R"("denied")", R"("abort")",
                        R"({"approved_execpolicy_amendment":{"proposed_execpolicy_amendment":["touch","x"]}})",
                        R"({"network_policy_amendment":{"network_policy_amendment":{"host":"h","action":"deny"}}})"});
  EXPECT_EQ(tag_of(ReviewDecision()), "denied");
}

}  // namespace burin::wire

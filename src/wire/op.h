// Ops: what a client may ask of a thread (session.md 1.1). Unknown op types survive as Unknown and are ignored.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapping.h"
#include "wire/event_service.h"
#include "wire/review.h"
#include "wire/settings.h"
#include "wire/user_input.h"

namespace burin::wire {

namespace op {

struct UserInput {
  std::vector<wire::UserInput> items;
  std::optional<json::value> final_output_json_schema;
};
BURIN_WIRE_TABLE(UserInput, items, final_output_json_schema)

struct UserTurn {
  std::vector<wire::UserInput> items;
  std::string cwd;
  AskForApproval approval_policy;
  SandboxPolicy sandbox_policy;
  std::string model;
  std::optional<ReasoningEffort> effort;
  std::optional<ReasoningSummary> summary;
  std::optional<Nullable<ServiceTier>> service_tier;  // absent keeps, null clears
  Nullable<json::value> final_output_json_schema;
  std::optional<CollaborationMode> collaboration_mode;
  std::optional<Personality> personality;
};
BURIN_WIRE_TABLE(UserTurn, items, cwd, approval_policy, sandbox_policy, model, effort, summary, service_tier,
                 final_output_json_schema, collaboration_mode, personality)

struct OverrideTurnContext {
  std::optional<std::string> cwd;
  std::optional<AskForApproval> approval_policy;
  std::optional<SandboxPolicy> sandbox_policy;
  std::optional<std::string> windows_sandbox_level;
  std::optional<std::string> model;
  std::optional<Nullable<ReasoningEffort>> effort;  // absent keeps, null clears
  std::optional<ReasoningSummary> summary;
  std::optional<Nullable<ServiceTier>> service_tier;  // absent keeps, null clears
  std::optional<CollaborationMode> collaboration_mode;
  std::optional<Personality> personality;
};
BURIN_WIRE_TABLE(OverrideTurnContext, cwd, approval_policy, sandbox_policy, windows_sandbox_level, model, effort,
                 summary, service_tier, collaboration_mode, personality)

struct Interrupt {};
BURIN_WIRE_TABLE(Interrupt)
struct CleanBackgroundTerminals {};
BURIN_WIRE_TABLE(CleanBackgroundTerminals)

struct ExecApproval {
  std::string id;  // approval id, else call id
  std::optional<std::string> turn_id;
  ReviewDecision decision;
};
BURIN_WIRE_TABLE(ExecApproval, id, turn_id, decision)
struct PatchApproval {
  std::string id;  // call id
  ReviewDecision decision;
};
BURIN_WIRE_TABLE(PatchApproval, id, decision)

enum class ElicitationAction : unsigned char { accept, decline, cancel };
BURIN_ENUM(ElicitationAction, {ElicitationAction::accept, "accept"}, {ElicitationAction::decline, "decline"},
           {ElicitationAction::cancel, "cancel"})
struct ResolveElicitation {
  std::string server_name;
  json::value request_id;  // string or integer
  ElicitationAction decision{};
};
BURIN_WIRE_TABLE(ResolveElicitation, server_name, request_id, decision)
struct UserInputAnswer {
  std::string id;  // turn id
  UserInputResponse response;
};
BURIN_WIRE_TABLE(UserInputAnswer, id, response)
struct DynamicToolResponse {
  std::string id;  // call id
  wire::DynamicToolResponse response;
};
BURIN_WIRE_TABLE(DynamicToolResponse, id, response)

struct AddToHistory {
  std::string text;
};
BURIN_WIRE_TABLE(AddToHistory, text)
struct GetHistoryEntryRequest {
  std::uint64_t offset = 0;
  std::uint64_t log_id = 0;
};
BURIN_WIRE_TABLE(GetHistoryEntryRequest, offset, log_id)

struct ListMcpTools {};
BURIN_WIRE_TABLE(ListMcpTools)
struct McpRefreshConfig {
  json::value mcp_servers;
  json::value mcp_oauth_credentials_store_mode;
};
BURIN_WIRE_TABLE(McpRefreshConfig, mcp_servers, mcp_oauth_credentials_store_mode)
struct RefreshMcpServers {
  McpRefreshConfig config;
};
BURIN_WIRE_TABLE(RefreshMcpServers, config)
struct ReloadUserConfig {};
BURIN_WIRE_TABLE(ReloadUserConfig)
struct ListCustomPrompts {};
BURIN_WIRE_TABLE(ListCustomPrompts)
struct ListSkills {
  std::vector<std::string> cwds;  // empty: the session's
  bool force_reload = false;
};
BURIN_WIRE_TABLE(ListSkills, (cwds, omit_empty), (force_reload, omit_empty))
struct ListRemoteSkills {
  std::string hazelnut_scope;
  std::string product_surface;
  json::value enabled;  // bool or null
};
BURIN_WIRE_TABLE(ListRemoteSkills, hazelnut_scope, product_surface, (enabled, defaulted))
struct DownloadRemoteSkill {
  std::string hazelnut_id;
};
BURIN_WIRE_TABLE(DownloadRemoteSkill, hazelnut_id)

struct Compact {};
BURIN_WIRE_TABLE(Compact)
struct Undo {};
BURIN_WIRE_TABLE(Undo)
struct ThreadRollback {
  std::uint32_t num_turns = 0;
};
BURIN_WIRE_TABLE(ThreadRollback, num_turns)
struct Review {
  ReviewRequest review_request;
};
BURIN_WIRE_TABLE(Review, review_request)
struct RunUserShellCommand {
  std::string command;
};
BURIN_WIRE_TABLE(RunUserShellCommand, command)
struct SetThreadName {
  std::string name;
};
BURIN_WIRE_TABLE(SetThreadName, name)
struct DropMemories {};
BURIN_WIRE_TABLE(DropMemories)
struct UpdateMemories {};
BURIN_WIRE_TABLE(UpdateMemories)

struct RealtimeConversationStart {
  std::string prompt;
  std::optional<std::string> session_id;
};
BURIN_WIRE_TABLE(RealtimeConversationStart, prompt, session_id)
struct RealtimeConversationAudio {
  AudioFrame frame;
};
BURIN_WIRE_TABLE(RealtimeConversationAudio, frame)
struct RealtimeConversationText {
  std::string text;
};
BURIN_WIRE_TABLE(RealtimeConversationText, text)
struct RealtimeConversationClose {};
BURIN_WIRE_TABLE(RealtimeConversationClose)
struct ListModels {};
BURIN_WIRE_TABLE(ListModels)
struct Shutdown {};
BURIN_WIRE_TABLE(Shutdown)

}  // namespace op

namespace op_detail {
using Union =
    OneOf<"type", Alt<"user_input", op::UserInput>, Alt<"user_turn", op::UserTurn>,
          Alt<"override_turn_context", op::OverrideTurnContext>, Alt<"interrupt", op::Interrupt>,
          Alt<"clean_background_terminals", op::CleanBackgroundTerminals>, Alt<"exec_approval", op::ExecApproval>,
          Alt<"patch_approval", op::PatchApproval>, Alt<"resolve_elicitation", op::ResolveElicitation>,
          Alt<"user_input_answer", op::UserInputAnswer, "request_user_input_response">,
          Alt<"dynamic_tool_response", op::DynamicToolResponse>, Alt<"add_to_history", op::AddToHistory>,
          Alt<"get_history_entry_request", op::GetHistoryEntryRequest>, Alt<"list_mcp_tools", op::ListMcpTools>,
          Alt<"refresh_mcp_servers", op::RefreshMcpServers>, Alt<"reload_user_config", op::ReloadUserConfig>,
          Alt<"list_custom_prompts", op::ListCustomPrompts>, Alt<"list_skills", op::ListSkills>,
          Alt<"list_remote_skills", op::ListRemoteSkills>, Alt<"download_remote_skill", op::DownloadRemoteSkill>,
          Alt<"compact", op::Compact>, Alt<"undo", op::Undo>, Alt<"thread_rollback", op::ThreadRollback>,
          Alt<"review", op::Review>, Alt<"run_user_shell_command", op::RunUserShellCommand>,
          Alt<"set_thread_name", op::SetThreadName>, Alt<"drop_memories", op::DropMemories>,
          Alt<"update_memories", op::UpdateMemories>, Alt<"realtime_conversation_start", op::RealtimeConversationStart>,
          Alt<"realtime_conversation_audio", op::RealtimeConversationAudio>,
          Alt<"realtime_conversation_text", op::RealtimeConversationText>,
          Alt<"realtime_conversation_close", op::RealtimeConversationClose>, Alt<"list_models", op::ListModels>,
          Alt<"shutdown", op::Shutdown>>;
}
/// A type of its own for the reason of EventMsg (event.h).
struct Op : op_detail::Union {
  using op_detail::Union::Union;
  Op();
  Op(const Op& other);
  Op(Op&& other) noexcept;
  Op& operator=(const Op& other);
  Op& operator=(Op&& other) noexcept;
  ~Op();
};

/// W3C trace context of the caller.
struct TraceContext {
  std::optional<std::string> traceparent;
  std::optional<std::string> tracestate;
};
BURIN_WIRE_TABLE(TraceContext, traceparent, tracestate)

/// An entry of the submission queue. The id is chosen by the submitter; a turn that the op starts has the same id.
struct Submission {
  std::string id;
  Op op;
  std::optional<TraceContext> trace;
};

Result<Op> read_op(const json::value& value);
void write_op(std::string& out, const Op& op);
Result<Submission> read_submission(const json::value& value);
void write_submission(std::string& out, const Submission& submission);
std::string_view op_type(const Op& op);

}  // namespace burin::wire

template <>
struct burin::mapping::As<burin::wire::Op> {
  static bool read(wire::Op& out, const json::value& v, Bad& bad);
  static void write(std::string& out, const wire::Op& value);
};

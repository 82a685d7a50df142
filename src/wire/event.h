// Session events: everything a thread tells its subscribers, and the part of it that files keep (session.md 1.3).
//
// EventMsg is a union over `type`; its structs live in event_turn.h, event_tool.h and event_service.h. Events of
// unknown types, from files of other versions, survive as Unknown.
#pragma once
#include <string>
#include <string_view>

#include "wire/event_service.h"
#include "wire/event_tool.h"
#include "wire/event_turn.h"

namespace burin::wire {

namespace event_detail {
using Union = OneOf<
    "type", Alt<"session_configured", event::SessionConfigured>,
    Alt<"task_started", event::TaskStarted, "turn_started">, Alt<"task_complete", event::TaskComplete, "turn_complete">,
    Alt<"turn_aborted", event::TurnAborted>, Alt<"token_count", event::TokenCount>,
    Alt<"user_message", event::UserMessage>, Alt<"agent_message", event::AgentMessage>,
    Alt<"agent_message_delta", event::AgentMessageDelta>, Alt<"agent_reasoning", event::AgentReasoning>,
    Alt<"agent_reasoning_delta", event::AgentReasoningDelta>,
    Alt<"agent_reasoning_raw_content", event::AgentReasoningRawContent>,
    Alt<"agent_reasoning_raw_content_delta", event::AgentReasoningRawContentDelta>,
    Alt<"agent_reasoning_section_break", event::AgentReasoningSectionBreak>, Alt<"item_started", event::ItemStarted>,
    Alt<"item_completed", event::ItemCompleted>, Alt<"agent_message_content_delta", event::AgentMessageContentDelta>,
    Alt<"plan_delta", event::PlanDelta>, Alt<"reasoning_content_delta", event::ReasoningContentDelta>,
    Alt<"reasoning_raw_content_delta", event::ReasoningRawContentDelta>,
    Alt<"raw_response_item", event::RawResponseItem>, Alt<"context_compacted", event::ContextCompacted>,
    Alt<"thread_rolled_back", event::ThreadRolledBack>, Alt<"entered_review_mode", event::EnteredReviewMode>,
    Alt<"exited_review_mode", event::ExitedReviewMode>, Alt<"undo_started", event::UndoStarted>,
    Alt<"undo_completed", event::UndoCompleted>, Alt<"error", event::Error>, Alt<"warning", event::Warning>,
    Alt<"stream_error", event::StreamError>, Alt<"deprecation_notice", event::DeprecationNotice>,
    Alt<"background_event", event::BackgroundEvent>, Alt<"model_reroute", event::ModelReroute>,
    Alt<"exec_command_begin", event::ExecCommandBegin>, Alt<"exec_command_output_delta", event::ExecCommandOutputDelta>,
    Alt<"terminal_interaction", event::TerminalInteraction>, Alt<"exec_command_end", event::ExecCommandEnd>,
    Alt<"patch_apply_begin", event::PatchApplyBegin>, Alt<"patch_apply_end", event::PatchApplyEnd>,
    Alt<"turn_diff", event::TurnDiff>, Alt<"mcp_tool_call_begin", event::McpToolCallBegin>,
    Alt<"mcp_tool_call_end", event::McpToolCallEnd>, Alt<"web_search_begin", event::WebSearchBegin>,
    Alt<"web_search_end", event::WebSearchEnd>, Alt<"view_image_tool_call", event::ViewImageToolCall>,
    Alt<"dynamic_tool_call_request", event::DynamicToolCallRequest>,
    Alt<"dynamic_tool_call_response", event::DynamicToolCallResponse>,
    Alt<"exec_approval_request", event::ExecApprovalRequest>,
    Alt<"apply_patch_approval_request", event::ApplyPatchApprovalRequest>,
    Alt<"request_user_input", event::RequestUserInput>, Alt<"elicitation_request", event::ElicitationRequest>,
    Alt<"plan_update", event::PlanUpdate>, Alt<"thread_name_updated", event::ThreadNameUpdated>,
    Alt<"mcp_startup_update", event::McpStartupUpdate>, Alt<"mcp_startup_complete", event::McpStartupComplete>,
    Alt<"mcp_list_tools_response", event::McpListToolsResponse>,
    Alt<"list_custom_prompts_response", event::ListCustomPromptsResponse>,
    Alt<"list_skills_response", event::ListSkillsResponse>,
    Alt<"list_remote_skills_response", event::ListRemoteSkillsResponse>,
    Alt<"remote_skill_downloaded", event::RemoteSkillDownloaded>,
    Alt<"skills_update_available", event::SkillsUpdateAvailable>,
    Alt<"get_history_entry_response", event::GetHistoryEntryResponse>,
    Alt<"realtime_conversation_started", event::RealtimeConversationStarted>,
    Alt<"realtime_conversation_realtime", event::RealtimeConversationRealtime>,
    Alt<"realtime_conversation_closed", event::RealtimeConversationClosed>,
    Alt<"collab_agent_spawn_begin", event::CollabAgentSpawnBegin>,
    Alt<"collab_agent_spawn_end", event::CollabAgentSpawnEnd>,
    Alt<"collab_agent_interaction_begin", event::CollabAgentInteractionBegin>,
    Alt<"collab_agent_interaction_end", event::CollabAgentInteractionEnd>,
    Alt<"collab_waiting_begin", event::CollabWaitingBegin>, Alt<"collab_waiting_end", event::CollabWaitingEnd>,
    Alt<"collab_close_begin", event::CollabCloseBegin>, Alt<"collab_close_end", event::CollabCloseEnd>,
    Alt<"collab_resume_begin", event::CollabResumeBegin>, Alt<"collab_resume_end", event::CollabResumeEnd>,
    Alt<"shutdown_complete", event::ShutdownComplete>>;
}

/// The union, as a type of its own: copying and destroying so many alternatives is compiled once, in event.cc.
struct EventMsg : event_detail::Union {
  using event_detail::Union::Union;
  EventMsg();
  EventMsg(const EventMsg& other);
  EventMsg(EventMsg&& other) noexcept;
  EventMsg& operator=(const EventMsg& other);
  EventMsg& operator=(EventMsg&& other) noexcept;
  ~EventMsg();
};

/// An entry of the event queue. `id` is the submission it belongs to (the turn id for turn events), "" at start-up.
struct Event {
  std::string id;
  EventMsg msg;
};

Result<EventMsg> read_event(const json::value& value);
/// The message alone, `type` first.
void write_event(std::string& out, const EventMsg& msg);
/// `{"id":…,"msg":{…}}`.
void write_event(std::string& out, const Event& event);
/// The wire tag; for unknown events the one they came with.
std::string_view event_type(const EventMsg& msg);

/// Whether a session file keeps the event: column P of session.md 1.3. `extended` is chosen for each thread.
bool persisted(const EventMsg& msg, bool extended);

}  // namespace burin::wire

template <>
struct burin::mapping::As<burin::wire::EventMsg> {
  static bool read(wire::EventMsg& out, const json::value& v, Bad& bad);
  static void write(std::string& out, const wire::EventMsg& value);
};

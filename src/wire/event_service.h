// Events of MCP start-up, lists, realtime conversations and sub-agents (session.md 1.3, second half of the list).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"
#include "wire/settings.h"

namespace burin::wire {

namespace mcp_status {
struct Starting {};
BURIN_WIRE_TABLE(Starting)
struct Ready {};
BURIN_WIRE_TABLE(Ready)
struct Failed {
  std::string error;
};
BURIN_WIRE_TABLE(Failed, error)
struct Cancelled {};
BURIN_WIRE_TABLE(Cancelled)
}  // namespace mcp_status
using McpStartupStatus = StrictOneOf<"state", Alt<"starting", mcp_status::Starting>, Alt<"ready", mcp_status::Ready>,
                                     Alt<"failed", mcp_status::Failed>, Alt<"cancelled", mcp_status::Cancelled>>;
struct McpStartupFailure {
  std::string server;
  std::string error;
};
BURIN_WIRE_TABLE(McpStartupFailure, server, error)

struct CustomPrompt {
  std::string name;
  std::string path;
  std::string content;
  Nullable<std::string> description;
  Nullable<std::string> argument_hint;
};
BURIN_WIRE_TABLE(CustomPrompt, name, path, content, description, argument_hint)
enum class SkillScope : unsigned char { user, repo, system, admin };
BURIN_ENUM(SkillScope, {SkillScope::user, "user"}, {SkillScope::repo, "repo"}, {SkillScope::system, "system"},
           {SkillScope::admin, "admin"})
struct Skill {
  std::string name;
  std::string description;
  std::optional<std::string> short_description;
  std::optional<json::value> interface;
  std::optional<json::value> dependencies;
  std::string path;
  SkillScope scope{};
  bool enabled = true;
};
BURIN_WIRE_TABLE(Skill, name, description, short_description, interface, dependencies, path, scope, enabled)
struct SkillError {
  std::string path;
  std::string message;
};
BURIN_WIRE_TABLE(SkillError, path, message)
struct SkillsOfCwd {
  std::string cwd;
  std::vector<Skill> skills;
  std::vector<SkillError> errors;
};
BURIN_WIRE_TABLE(SkillsOfCwd, cwd, skills, errors)
struct RemoteSkill {
  std::string id;
  std::string name;
  std::string description;
};
BURIN_WIRE_TABLE(RemoteSkill, id, name, description)
struct HistoryEntry {
  std::string conversation_id;
  std::uint64_t ts = 0;  // Unix seconds
  std::string text;
};
BURIN_WIRE_TABLE(HistoryEntry, conversation_id, ts, text)

struct AudioFrame {
  std::string data;  // base64
  std::uint32_t sample_rate = 0;
  std::uint32_t num_channels = 0;
  std::optional<std::uint32_t> samples_per_channel;
};
BURIN_WIRE_TABLE(AudioFrame, data, sample_rate, num_channels, samples_per_channel)
namespace realtime {
struct SessionUpdated {
  std::string session_id;
  Nullable<std::string> instructions;
};
BURIN_WIRE_TABLE(SessionUpdated, session_id, instructions)
struct AudioOut {
  AudioFrame frame;
};
BURIN_NEWTYPE(AudioOut, frame)
struct ConversationItemAdded {
  json::value item;
};
BURIN_NEWTYPE(ConversationItemAdded, item)
struct ConversationItemDone {
  std::string item_id;
};
BURIN_WIRE_TABLE(ConversationItemDone, item_id)
struct HandoffMessage {
  std::string role;
  std::string text;
};
BURIN_WIRE_TABLE(HandoffMessage, role, text)
struct HandoffRequested {
  std::string handoff_id;
  std::string item_id;
  std::string input_transcript;
  std::vector<HandoffMessage> messages;
};
BURIN_WIRE_TABLE(HandoffRequested, handoff_id, item_id, input_transcript, messages)
struct Failure {
  std::string message;
};
BURIN_NEWTYPE(Failure, message)
}  // namespace realtime
using RealtimePayload = Tagged<Alt<"SessionUpdated", realtime::SessionUpdated>, Alt<"AudioOut", realtime::AudioOut>,
                               Alt<"ConversationItemAdded", realtime::ConversationItemAdded>,
                               Alt<"ConversationItemDone", realtime::ConversationItemDone>,
                               Alt<"HandoffRequested", realtime::HandoffRequested>, Alt<"Error", realtime::Failure>>;

struct CollabAgent {
  std::string thread_id;
  std::optional<std::string> agent_nickname;
  std::optional<std::string> agent_role;
};
BURIN_WIRE_TABLE(CollabAgent, thread_id, agent_nickname, (agent_role, alias("agent_type")))
struct CollabAgentStatus {
  std::string thread_id;
  std::optional<std::string> agent_nickname;
  std::optional<std::string> agent_role;
  AgentStatus status;
};
BURIN_WIRE_TABLE(CollabAgentStatus, thread_id, agent_nickname, (agent_role, alias("agent_type")), status)

namespace event {

struct McpStartupUpdate {
  std::string server;
  McpStartupStatus status;
};
BURIN_WIRE_TABLE(McpStartupUpdate, server, status)
struct McpStartupComplete {
  std::vector<std::string> ready;
  std::vector<McpStartupFailure> failed;
  std::vector<std::string> cancelled;
};
BURIN_WIRE_TABLE(McpStartupComplete, ready, failed, cancelled)
struct McpListToolsResponse {
  json::object tools;
  json::object resources;
  json::object resource_templates;
  json::object auth_statuses;
};
BURIN_WIRE_TABLE(McpListToolsResponse, tools, resources, resource_templates, auth_statuses)

struct ListCustomPromptsResponse {
  std::vector<CustomPrompt> custom_prompts;
};
BURIN_WIRE_TABLE(ListCustomPromptsResponse, custom_prompts)
struct ListSkillsResponse {
  std::vector<SkillsOfCwd> skills;
};
BURIN_WIRE_TABLE(ListSkillsResponse, skills)
struct ListRemoteSkillsResponse {
  std::vector<RemoteSkill> skills;
};
BURIN_WIRE_TABLE(ListRemoteSkillsResponse, skills)
struct RemoteSkillDownloaded {
  std::string id;
  std::string name;
  std::string path;
};
BURIN_WIRE_TABLE(RemoteSkillDownloaded, id, name, path)
struct SkillsUpdateAvailable {};
BURIN_WIRE_TABLE(SkillsUpdateAvailable)
struct GetHistoryEntryResponse {
  std::uint64_t offset = 0;
  std::uint64_t log_id = 0;
  std::optional<HistoryEntry> entry;
};
BURIN_WIRE_TABLE(GetHistoryEntryResponse, offset, log_id, entry)

struct RealtimeConversationStarted {
  Nullable<std::string> session_id;
};
BURIN_WIRE_TABLE(RealtimeConversationStarted, session_id)
struct RealtimeConversationRealtime {
  RealtimePayload payload;
};
BURIN_WIRE_TABLE(RealtimeConversationRealtime, payload)
struct RealtimeConversationClosed {
  std::optional<std::string> reason;
};
BURIN_WIRE_TABLE(RealtimeConversationClosed, reason)

struct CollabAgentSpawnBegin {
  std::string call_id;
  std::string sender_thread_id;
  std::string prompt;
};
BURIN_WIRE_TABLE(CollabAgentSpawnBegin, call_id, sender_thread_id, prompt)
struct CollabAgentSpawnEnd {
  std::string call_id;
  std::string sender_thread_id;
  Nullable<std::string> new_thread_id;
  std::optional<std::string> new_agent_nickname;
  std::optional<std::string> new_agent_role;
  std::string prompt;
  AgentStatus status;
};
BURIN_WIRE_TABLE(CollabAgentSpawnEnd, call_id, sender_thread_id, new_thread_id, new_agent_nickname, new_agent_role,
                 prompt, status)
struct CollabAgentInteractionBegin {
  std::string call_id;
  std::string sender_thread_id;
  std::string receiver_thread_id;
  std::string prompt;
};
BURIN_WIRE_TABLE(CollabAgentInteractionBegin, call_id, sender_thread_id, receiver_thread_id, prompt)
struct CollabAgentInteractionEnd {
  std::string call_id;
  std::string sender_thread_id;
  std::string receiver_thread_id;
  std::optional<std::string> receiver_agent_nickname;
  std::optional<std::string> receiver_agent_role;
  std::string prompt;
  AgentStatus status;
};
BURIN_WIRE_TABLE(CollabAgentInteractionEnd, call_id, sender_thread_id, receiver_thread_id, receiver_agent_nickname,
                 receiver_agent_role, prompt, status)
struct CollabWaitingBegin {
  std::string sender_thread_id;
  std::vector<std::string> receiver_thread_ids;
  std::vector<CollabAgent> receiver_agents;
  std::string call_id;
};
BURIN_WIRE_TABLE(CollabWaitingBegin, sender_thread_id, receiver_thread_ids, (receiver_agents, omit_empty), call_id)
struct CollabWaitingEnd {
  std::string sender_thread_id;
  std::string call_id;
  std::vector<CollabAgentStatus> agent_statuses;
  std::map<std::string, AgentStatus> statuses;
};
BURIN_WIRE_TABLE(CollabWaitingEnd, sender_thread_id, call_id, (agent_statuses, omit_empty), statuses)
struct CollabCloseBegin {
  std::string call_id;
  std::string sender_thread_id;
  std::string receiver_thread_id;
};
BURIN_WIRE_TABLE(CollabCloseBegin, call_id, sender_thread_id, receiver_thread_id)
struct CollabCloseEnd {
  std::string call_id;
  std::string sender_thread_id;
  std::string receiver_thread_id;
  std::optional<std::string> receiver_agent_nickname;
  std::optional<std::string> receiver_agent_role;
  AgentStatus status;  // before the close
};
BURIN_WIRE_TABLE(CollabCloseEnd, call_id, sender_thread_id, receiver_thread_id, receiver_agent_nickname,
                 receiver_agent_role, status)
struct CollabResumeBegin {
  std::string call_id;
  std::string sender_thread_id;
  std::string receiver_thread_id;
  std::optional<std::string> receiver_agent_nickname;
  std::optional<std::string> receiver_agent_role;
};
BURIN_WIRE_TABLE(CollabResumeBegin, call_id, sender_thread_id, receiver_thread_id, receiver_agent_nickname,
                 receiver_agent_role)
struct CollabResumeEnd {
  std::string call_id;
  std::string sender_thread_id;
  std::string receiver_thread_id;
  std::optional<std::string> receiver_agent_nickname;
  std::optional<std::string> receiver_agent_role;
  AgentStatus status;  // after the resume
};
BURIN_WIRE_TABLE(CollabResumeEnd, call_id, sender_thread_id, receiver_thread_id, receiver_agent_nickname,
                 receiver_agent_role, status)

}  // namespace event
}  // namespace burin::wire

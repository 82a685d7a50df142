// Events of threads, turns, messages and reasoning (session.md 1.3, first half of the list).
//
// A struct is named by its wire tag. The event enters EventMsg in event.h; which ones files keep is a table in
// event.cc.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"
#include "wire/item.h"
#include "wire/review.h"
#include "wire/settings.h"
#include "wire/turn_item.h"
#include "wire/usage.h"
#include "wire/user_input.h"

namespace burin::wire::event {

struct NetworkProxy {
  std::string http_addr;
  std::string socks_addr;
  std::string admin_addr;
};
BURIN_WIRE_TABLE(NetworkProxy, http_addr, socks_addr, admin_addr)

/// The first event of every session (session.md 9.4).
struct SessionConfigured {
  std::string session_id;
  std::optional<std::string> forked_from_id;
  std::optional<std::string> thread_name;
  std::string model;
  std::string model_provider_id;
  std::optional<ServiceTier> service_tier;
  AskForApproval approval_policy;
  SandboxPolicy sandbox_policy;
  std::string cwd;
  std::optional<ReasoningEffort> reasoning_effort;
  std::uint64_t history_log_id = 0;
  std::uint64_t history_entry_count = 0;
  std::optional<json::array> initial_messages;  // events; absent for a new thread
  std::optional<NetworkProxy> network_proxy;
  std::optional<std::string> rollout_path;  // absent when ephemeral
};
BURIN_WIRE_TABLE(SessionConfigured, session_id, forked_from_id, thread_name, model, model_provider_id, service_tier,
                 approval_policy, sandbox_policy, cwd, reasoning_effort, history_log_id, history_entry_count,
                 initial_messages, network_proxy, rollout_path)

struct TaskStarted {
  std::string turn_id;
  Nullable<std::int64_t> model_context_window;
  ModeKind collaboration_mode_kind{};
};
BURIN_WIRE_TABLE(TaskStarted, turn_id, model_context_window, (collaboration_mode_kind, defaulted))

struct TaskComplete {
  std::string turn_id;
  Nullable<std::string> last_agent_message;
};
BURIN_WIRE_TABLE(TaskComplete, turn_id, last_agent_message)

enum class AbortReason : unsigned char { interrupted, replaced, review_ended };
BURIN_ENUM(AbortReason, {AbortReason::interrupted, "interrupted"}, {AbortReason::replaced, "replaced"},
           {AbortReason::review_ended, "review_ended"})
struct TurnAborted {
  Nullable<std::string> turn_id;  // old files lack it
  AbortReason reason{};
};
BURIN_WIRE_TABLE(TurnAborted, turn_id, reason)

struct TokenCount {
  Nullable<TokenUsageInfo> info;
  Nullable<RateLimitSnapshot> rate_limits;
};
BURIN_WIRE_TABLE(TokenCount, info, rate_limits)

struct UserMessage {
  std::string message;
  std::vector<std::string> images;        // URLs
  std::vector<std::string> local_images;  // paths
  std::vector<TextElement> text_elements;
};
BURIN_WIRE_TABLE(UserMessage, message, (images, defaulted), (local_images, defaulted), (text_elements, defaulted))

struct AgentMessage {
  std::string message;
  Nullable<MessagePhase> phase;
};
BURIN_WIRE_TABLE(AgentMessage, message, phase)
struct AgentMessageDelta {
  std::string delta;
};
BURIN_WIRE_TABLE(AgentMessageDelta, delta)

struct AgentReasoning {
  std::string text;
};
BURIN_WIRE_TABLE(AgentReasoning, text)
struct AgentReasoningDelta {
  std::string delta;
};
BURIN_WIRE_TABLE(AgentReasoningDelta, delta)
struct AgentReasoningRawContent {
  std::string text;
};
BURIN_WIRE_TABLE(AgentReasoningRawContent, text)
struct AgentReasoningRawContentDelta {
  std::string delta;
};
BURIN_WIRE_TABLE(AgentReasoningRawContentDelta, delta)
struct AgentReasoningSectionBreak {
  std::string item_id;
  std::int64_t summary_index = 0;
};
BURIN_WIRE_TABLE(AgentReasoningSectionBreak, (item_id, defaulted), (summary_index, defaulted))

struct ItemStarted {
  std::string thread_id;
  std::string turn_id;
  TurnItem item;
};
BURIN_WIRE_TABLE(ItemStarted, thread_id, turn_id, item)
struct ItemCompleted {
  std::string thread_id;
  std::string turn_id;
  TurnItem item;
};
BURIN_WIRE_TABLE(ItemCompleted, thread_id, turn_id, item)

struct AgentMessageContentDelta {
  std::string thread_id;
  std::string turn_id;
  std::string item_id;
  std::string delta;
};
BURIN_WIRE_TABLE(AgentMessageContentDelta, thread_id, turn_id, item_id, delta)
struct PlanDelta {
  std::string thread_id;
  std::string turn_id;
  std::string item_id;
  std::string delta;
};
BURIN_WIRE_TABLE(PlanDelta, thread_id, turn_id, item_id, delta)
struct ReasoningContentDelta {
  std::string thread_id;
  std::string turn_id;
  std::string item_id;
  std::string delta;
  std::int64_t summary_index = 0;
};
BURIN_WIRE_TABLE(ReasoningContentDelta, thread_id, turn_id, item_id, delta, (summary_index, defaulted))
struct ReasoningRawContentDelta {
  std::string thread_id;
  std::string turn_id;
  std::string item_id;
  std::string delta;
  std::int64_t content_index = 0;
};
BURIN_WIRE_TABLE(ReasoningRawContentDelta, thread_id, turn_id, item_id, delta, (content_index, defaulted))

struct RawResponseItem {
  ResponseItem item;
};
BURIN_WIRE_TABLE(RawResponseItem, item)

struct ContextCompacted {};
BURIN_WIRE_TABLE(ContextCompacted)
struct ThreadRolledBack {
  std::uint32_t num_turns = 0;
};
BURIN_WIRE_TABLE(ThreadRolledBack, num_turns)

struct EnteredReviewMode {
  ReviewTarget target;
  std::optional<std::string> user_facing_hint;
};
BURIN_WIRE_TABLE(EnteredReviewMode, target, user_facing_hint)
struct ExitedReviewMode {
  Nullable<ReviewOutput> review_output;
};
BURIN_WIRE_TABLE(ExitedReviewMode, review_output)

struct UndoStarted {
  std::optional<std::string> message;
};
BURIN_WIRE_TABLE(UndoStarted, message)
struct UndoCompleted {
  bool success = false;
  std::optional<std::string> message;
};
BURIN_WIRE_TABLE(UndoCompleted, success, message)

struct Error {
  std::string message;
  Nullable<CodexErrorInfo> codex_error_info;
};
BURIN_WIRE_TABLE(Error, message, codex_error_info)
struct Warning {
  std::string message;
};
BURIN_WIRE_TABLE(Warning, message)
struct StreamError {
  std::string message;
  Nullable<CodexErrorInfo> codex_error_info;
  Nullable<std::string> additional_details;
};
BURIN_WIRE_TABLE(StreamError, message, codex_error_info, additional_details)
struct DeprecationNotice {
  std::string summary;
  std::optional<std::string> details;
};
BURIN_WIRE_TABLE(DeprecationNotice, summary, details)
struct BackgroundEvent {
  std::string message;
};
BURIN_WIRE_TABLE(BackgroundEvent, message)

enum class RerouteReason : unsigned char { high_risk_cyber_activity };
BURIN_ENUM(RerouteReason, {RerouteReason::high_risk_cyber_activity, "high_risk_cyber_activity"})
struct ModelReroute {
  std::string from_model;
  std::string to_model;
  RerouteReason reason{};
};
BURIN_WIRE_TABLE(ModelReroute, from_model, to_model, reason)

struct ThreadNameUpdated {
  std::string thread_id;
  std::optional<std::string> thread_name;
};
BURIN_WIRE_TABLE(ThreadNameUpdated, thread_id, thread_name)
struct ShutdownComplete {};
BURIN_WIRE_TABLE(ShutdownComplete)

}  // namespace burin::wire::event

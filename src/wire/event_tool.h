// Events of tools and of the questions they ask (session.md 1.3, tools.md 5.9 and 15, sandbox.md 11).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"
#include "wire/item.h"
#include "wire/settings.h"
#include "wire/user_input.h"

namespace burin::wire {

struct Duration {
  std::uint64_t secs = 0;
  std::uint32_t nanos = 0;
};
BURIN_WIRE_TABLE(Duration, secs, nanos)

/// Raw bytes; base64 on the wire.
struct Bytes {
  std::string data;
};

/// What a patch did to one file.
struct FileAdd {
  std::string content;
};
BURIN_WIRE_TABLE(FileAdd, content)
struct FileDelete {
  std::string content;
};
BURIN_WIRE_TABLE(FileDelete, content)
struct FileUpdate {
  std::string unified_diff;
  Nullable<std::string> move_path;
};
BURIN_WIRE_TABLE(FileUpdate, unified_diff, move_path)
using FileChange = StrictOneOf<"type", Alt<"add", FileAdd>, Alt<"delete", FileDelete>, Alt<"update", FileUpdate>>;
/// By path.
using FileChanges = std::map<std::string, FileChange>;

/// A best-effort reading of a command for display (tools.md 15.1).
struct ParsedRead {
  std::string cmd;
  std::string name;
  std::string path;
  bool operator==(const ParsedRead&) const = default;
};
BURIN_WIRE_TABLE(ParsedRead, cmd, name, path)
struct ParsedListFiles {
  std::string cmd;
  Nullable<std::string> path;
  bool operator==(const ParsedListFiles&) const = default;
};
BURIN_WIRE_TABLE(ParsedListFiles, cmd, path)
struct ParsedSearch {
  std::string cmd;
  Nullable<std::string> query;
  Nullable<std::string> path;
  bool operator==(const ParsedSearch&) const = default;
};
BURIN_WIRE_TABLE(ParsedSearch, cmd, query, path)
struct ParsedUnknown {
  std::string cmd;
  bool operator==(const ParsedUnknown&) const = default;
};
BURIN_WIRE_TABLE(ParsedUnknown, cmd)
using ParsedCommand = StrictOneOf<"type", Alt<"unknown", ParsedUnknown>, Alt<"read", ParsedRead>,
                                  Alt<"list_files", ParsedListFiles>, Alt<"search", ParsedSearch>>;

enum class ExecSource : unsigned char { agent, user_shell, unified_exec_startup, unified_exec_interaction };
BURIN_ENUM(ExecSource, {ExecSource::agent, "agent"}, {ExecSource::user_shell, "user_shell"},
           {ExecSource::unified_exec_startup, "unified_exec_startup"},
           {ExecSource::unified_exec_interaction, "unified_exec_interaction"})
/// Of commands and of patches.
enum class ToolStatus : unsigned char { completed, failed, declined };
BURIN_ENUM(ToolStatus, {ToolStatus::completed, "completed"}, {ToolStatus::failed, "failed"},
           {ToolStatus::declined, "declined"})
enum class OutputStream : unsigned char { out, err };
BURIN_ENUM(OutputStream, {OutputStream::out, "stdout"}, {OutputStream::err, "stderr"})

enum class NetworkProtocol : unsigned char { http, https, socks5_tcp, socks5_udp };
BURIN_ENUM(NetworkProtocol, {NetworkProtocol::http, "http"}, {NetworkProtocol::https, "https"},
           {NetworkProtocol::socks5_tcp, "socks5_tcp"}, {NetworkProtocol::socks5_udp, "socks5_udp"})
struct NetworkApprovalContext {
  std::string host;
  NetworkProtocol protocol{};
};
BURIN_WIRE_TABLE(NetworkApprovalContext, host, protocol)

struct McpInvocation {
  std::string server;
  std::string tool;
  Nullable<json::value> arguments;
};
BURIN_WIRE_TABLE(McpInvocation, server, tool, arguments)
/// Result of an MCP call, in the protocol's own names.
struct McpResult {
  std::vector<json::value> content;
  std::optional<json::value> structured_content;
  std::optional<bool> is_error;
  std::optional<json::value> meta;
};
BURIN_WIRE_TABLE(McpResult, content, (structured_content, as("structuredContent")), (is_error, as("isError")),
                 (meta, as("_meta")))
struct McpFailure {
  std::string message;
};
BURIN_NEWTYPE(McpFailure, message)
using McpOutcome = Tagged<Alt<"Ok", McpResult>, Alt<"Err", McpFailure>>;

enum class StepStatus : unsigned char { pending, in_progress, completed };
BURIN_ENUM(StepStatus, {StepStatus::pending, "pending"}, {StepStatus::in_progress, "in_progress"},
           {StepStatus::completed, "completed"})
struct PlanStep {
  std::string step;
  StepStatus status{};
};
BURIN_WIRE_TABLE(PlanStep, step, status)

struct QuestionOption {
  std::string label;
  std::string description;
};
BURIN_WIRE_TABLE(QuestionOption, label, description)
struct Question {
  std::string id;
  std::string header;
  std::string question;
  bool is_other = false;   // a free-text answer is offered as well
  bool is_secret = false;  // do not show what is typed
  std::optional<std::vector<QuestionOption>> options;
};
BURIN_WIRE_TABLE(Question, id, header, question, (is_other, as("isOther"), defaulted),
                 (is_secret, as("isSecret"), defaulted), options)

namespace event {

struct ExecCommandBegin {
  std::string call_id;
  std::optional<std::string> process_id;
  std::string turn_id;
  std::vector<std::string> command;
  std::string cwd;
  std::vector<ParsedCommand> parsed_cmd;
  ExecSource source{};
  std::optional<std::string> interaction_input;
};
BURIN_WIRE_TABLE(ExecCommandBegin, call_id, process_id, turn_id, command, cwd, parsed_cmd, (source, defaulted),
                 interaction_input)

struct ExecCommandOutputDelta {
  std::string call_id;
  OutputStream stream{};
  Bytes chunk;
};

struct TerminalInteraction {
  std::string call_id;
  std::string process_id;
  std::string stdin_text;
};
BURIN_WIRE_TABLE(TerminalInteraction, call_id, process_id, (stdin_text, as("stdin")))

struct ExecCommandEnd {
  std::string call_id;
  std::optional<std::string> process_id;
  std::string turn_id;
  std::vector<std::string> command;
  std::string cwd;
  std::vector<ParsedCommand> parsed_cmd;
  ExecSource source{};
  std::optional<std::string> interaction_input;
  std::string stdout_text;
  std::string stderr_text;
  std::string aggregated_output;
  std::int32_t exit_code = 0;
  Duration duration;
  std::string formatted_output;
  ToolStatus status{};
};
BURIN_WIRE_TABLE(ExecCommandEnd, call_id, process_id, turn_id, command, cwd, parsed_cmd, (source, defaulted),
                 interaction_input, (stdout_text, as("stdout")), (stderr_text, as("stderr")),
                 (aggregated_output, defaulted), exit_code, duration, formatted_output, status)

struct PatchApplyBegin {
  std::string call_id;
  std::string turn_id;
  bool auto_approved = false;
  FileChanges changes;
};
BURIN_WIRE_TABLE(PatchApplyBegin, call_id, (turn_id, defaulted), auto_approved, changes)
struct PatchApplyEnd {
  std::string call_id;
  std::string turn_id;
  std::string stdout_text;
  std::string stderr_text;
  bool success = false;
  FileChanges changes;
  ToolStatus status{};
};
BURIN_WIRE_TABLE(PatchApplyEnd, call_id, (turn_id, defaulted), (stdout_text, as("stdout")), (stderr_text, as("stderr")),
                 success, (changes, defaulted), status)
struct TurnDiff {
  std::string unified_diff;
};
BURIN_WIRE_TABLE(TurnDiff, unified_diff)

struct McpToolCallBegin {
  std::string call_id;
  McpInvocation invocation;
};
BURIN_WIRE_TABLE(McpToolCallBegin, call_id, invocation)
struct McpToolCallEnd {
  std::string call_id;
  McpInvocation invocation;
  Duration duration;
  McpOutcome result;
};
BURIN_WIRE_TABLE(McpToolCallEnd, call_id, invocation, duration, result)

struct WebSearchBegin {
  std::string call_id;
};
BURIN_WIRE_TABLE(WebSearchBegin, call_id)
struct WebSearchEnd {
  std::string call_id;
  std::string query;
  WebSearchAction action;
};
BURIN_WIRE_TABLE(WebSearchEnd, call_id, query, action)

struct ViewImageToolCall {
  std::string call_id;
  std::string path;
};
BURIN_WIRE_TABLE(ViewImageToolCall, call_id, path)

/// The one event in camelCase.
struct DynamicToolCallRequest {
  std::string call_id;
  std::string turn_id;
  std::string tool;
  json::value arguments;
};
BURIN_WIRE_TABLE(DynamicToolCallRequest, (call_id, as("callId")), (turn_id, as("turnId")), tool, arguments)
struct DynamicToolCallResponse {
  std::string call_id;
  std::string turn_id;
  std::string tool;
  json::value arguments;
  std::vector<DynamicContent> content_items;
  bool success = false;
  Nullable<std::string> error;
  Duration duration;
};
BURIN_WIRE_TABLE(DynamicToolCallResponse, call_id, turn_id, tool, arguments, content_items, success, error, duration)

struct ExecApprovalRequest {
  std::string call_id;
  std::optional<std::string> approval_id;  // answers name it, else the call id
  std::string turn_id;
  std::vector<std::string> command;
  std::string cwd;
  std::optional<std::string> reason;
  std::optional<NetworkApprovalContext> network_approval_context;
  std::optional<std::vector<std::string>> proposed_execpolicy_amendment;
  std::optional<std::vector<NetworkPolicyAmendment>> proposed_network_policy_amendments;
  std::optional<PermissionProfile> additional_permissions;
  std::optional<std::vector<ReviewDecision>> available_decisions;
  std::vector<ParsedCommand> parsed_cmd;
};
BURIN_WIRE_TABLE(ExecApprovalRequest, call_id, approval_id, (turn_id, defaulted), command, cwd, reason,
                 network_approval_context, proposed_execpolicy_amendment, proposed_network_policy_amendments,
                 additional_permissions, available_decisions, parsed_cmd)
struct ApplyPatchApprovalRequest {
  std::string call_id;
  std::string turn_id;
  FileChanges changes;
  std::optional<std::string> reason;
  std::optional<std::string> grant_root;
};
BURIN_WIRE_TABLE(ApplyPatchApprovalRequest, call_id, (turn_id, defaulted), changes, reason, grant_root)

struct RequestUserInput {
  std::string call_id;
  std::string turn_id;
  std::vector<Question> questions;
};
BURIN_WIRE_TABLE(RequestUserInput, call_id, (turn_id, defaulted), questions)
struct ElicitationRequest {
  std::string server_name;
  json::value id;  // string or integer
  std::string message;
};
BURIN_WIRE_TABLE(ElicitationRequest, server_name, id, message)

struct PlanUpdate {
  Nullable<std::string> explanation;
  std::vector<PlanStep> plan;
};
BURIN_WIRE_TABLE(PlanUpdate, explanation, plan)

}  // namespace event
}  // namespace burin::wire

template <>
struct burin::mapping::As<burin::wire::Bytes> {
  static bool read(wire::Bytes& out, const json::value& v, Bad& bad);
  static void write(std::string& out, const wire::Bytes& value);
};

namespace burin::wire::event {
BURIN_WIRE_TABLE(ExecCommandOutputDelta, call_id, stream, chunk)
}

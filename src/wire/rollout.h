// Lines of session files (session.md 4.2): one JSON object each, {"timestamp", "type", "payload"}.
//
// The store room owns files and order; here is only what one line says. Old shapes load (session.md 5.4): lifecycle
// aliases, missing members, and the bare lines of mid-2025, which have no envelope. Lines that nobody understands are
// kept as they came, for forks copy them verbatim.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/mapping.h"
#include "wire/event.h"
#include "wire/item.h"
#include "wire/settings.h"

namespace burin::wire {

namespace subagent {
struct Review {};
BURIN_WIRE_TABLE(Review)
struct Compact {};
BURIN_WIRE_TABLE(Compact)
struct MemoryConsolidation {};
BURIN_WIRE_TABLE(MemoryConsolidation)
struct ThreadSpawn {
  std::string parent_thread_id;
  std::int32_t depth = 0;
  Nullable<std::string> agent_nickname;
  Nullable<std::string> agent_role;
};
BURIN_WIRE_TABLE(ThreadSpawn, parent_thread_id, depth, agent_nickname, (agent_role, alias("agent_type")))
struct Other {
  std::string name;
};
BURIN_NEWTYPE(Other, name)
}  // namespace subagent
using SubAgentSource = Tagged<Alt<"review", subagent::Review>, Alt<"compact", subagent::Compact>,
                              Alt<"memory_consolidation", subagent::MemoryConsolidation>,
                              Alt<"thread_spawn", subagent::ThreadSpawn>, Alt<"other", subagent::Other>>;

namespace source {
struct Vscode {};
BURIN_WIRE_TABLE(Vscode)
struct Cli {};
BURIN_WIRE_TABLE(Cli)
struct Exec {};
BURIN_WIRE_TABLE(Exec)
struct Mcp {};
BURIN_WIRE_TABLE(Mcp)
struct SubAgent {
  SubAgentSource what;
};
BURIN_NEWTYPE(SubAgent, what)
struct Unrecognised {
  static constexpr bool catch_all = true;
};
BURIN_WIRE_TABLE(Unrecognised)
}  // namespace source
/// Who started the thread. Default: vscode, as for files that do not say.
using SessionSource =
    Tagged<Alt<"vscode", source::Vscode>, Alt<"cli", source::Cli>, Alt<"exec", source::Exec>, Alt<"mcp", source::Mcp>,
           Alt<"subagent", source::SubAgent>, Alt<"unknown", source::Unrecognised>>;

struct GitInfo {
  std::optional<std::string> commit_hash;
  std::optional<std::string> branch;  // absent on a detached head
  std::optional<std::string> repository_url;
};
BURIN_WIRE_TABLE(GitInfo, commit_hash, branch, repository_url)
struct BaseInstructions {
  std::string text;
};
BURIN_WIRE_TABLE(BaseInstructions, text)
struct DynamicTool {
  std::string name;
  std::string description;
  json::value input_schema;
};
BURIN_WIRE_TABLE(DynamicTool, name, description, (input_schema, as("inputSchema")))

struct SessionMeta {
  std::string id;  // the thread's
  std::optional<std::string> forked_from_id;
  std::string timestamp;  // session start, UTC with milliseconds
  std::string cwd;
  std::string originator;
  std::string cli_version;
  SessionSource source;
  std::optional<std::string> agent_nickname;
  std::optional<std::string> agent_role;
  Nullable<std::string> model_provider;
  Nullable<BaseInstructions> base_instructions;
  std::optional<std::vector<DynamicTool>> dynamic_tools;
  std::optional<std::string> memory_mode;
  std::optional<GitInfo> git;
  json::object extra;
};
BURIN_WIRE_TABLE(SessionMeta, id, forked_from_id, timestamp, cwd, originator, cli_version, (source, defaulted),
                 agent_nickname, (agent_role, alias("agent_type")), model_provider, base_instructions, dynamic_tools,
                 memory_mode, git)

struct TurnNetwork {
  std::vector<std::string> allowed_domains;
  std::vector<std::string> denied_domains;
  bool operator==(const TurnNetwork&) const = default;
};
BURIN_WIRE_TABLE(TurnNetwork, allowed_domains, denied_domains)

/// The settings of a turn, written when one starts; the baseline for telling the model of changes.
struct TurnContext {
  std::optional<std::string> turn_id;
  std::string cwd;
  std::optional<std::string> current_date;  // YYYY-MM-DD, local
  std::optional<std::string> timezone;      // IANA name
  AskForApproval approval_policy;
  SandboxPolicy sandbox_policy;
  std::optional<TurnNetwork> network;
  std::string model;
  std::optional<Personality> personality;
  std::optional<CollaborationMode> collaboration_mode;
  std::optional<bool> realtime_active;
  std::optional<ReasoningEffort> effort;
  ReasoningSummary summary{};
  std::optional<std::string> user_instructions;
  std::optional<std::string> developer_instructions;
  std::optional<json::value> final_output_json_schema;
  std::optional<TruncationPolicy> truncation_policy;
  json::object extra;
};
BURIN_WIRE_TABLE(TurnContext, turn_id, cwd, current_date, timezone, approval_policy, sandbox_policy, network, model,
                 personality, collaboration_mode, realtime_active, effort, summary, user_instructions,
                 developer_instructions, final_output_json_schema, truncation_policy)

/// History was replaced; without `replacement_history` (old files) the reader rebuilds it from `message`.
struct Compacted {
  std::string message;
  std::optional<std::vector<ResponseItem>> replacement_history;
};
BURIN_WIRE_TABLE(Compacted, message, replacement_history)

/// A line of a type that nobody knows: the whole line.
struct UnknownLine {
  json::value raw;
};

using RolloutPayload = std::variant<UnknownLine, SessionMeta, ResponseItem, Compacted, TurnContext, EventMsg>;

struct RolloutLine {
  std::string timestamp;  // of writing, "2026-03-05T09:15:10.017Z"; "" on bare lines of mid-2025
  RolloutPayload payload;
};

/// Fails for text that is not a JSON object and for known types whose payload cannot be read; readers skip such lines.
Result<RolloutLine> read_rollout_line(std::string_view line);

/// Appends one line with its "\n". The first form takes the payload as JSON text.
void write_rollout_line(std::string& out, std::string_view timestamp, std::string_view type, std::string_view payload);
void write_rollout_line(std::string& out, std::string_view timestamp, const SessionMeta& meta);
void write_rollout_line(std::string& out, std::string_view timestamp, const ResponseItem& item);
void write_rollout_line(std::string& out, std::string_view timestamp, const Compacted& compacted);
void write_rollout_line(std::string& out, std::string_view timestamp, const TurnContext& context);
void write_rollout_line(std::string& out, std::string_view timestamp, const EventMsg& event);
/// An unknown line is written as it came, with its own timestamp.
void write_rollout_line(std::string& out, const RolloutLine& line);

}  // namespace burin::wire

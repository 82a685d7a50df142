// Settings and small vocabularies that items, events, ops and files share (session.md 1.2, sandbox.md 6.1 and 8.1).
//
// All are plain values with an equality where a setting is compared with another. What they mean is for the rooms that
// act on them; here is only how they read and write.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapping.h"

namespace burin::wire {

enum class ReasoningEffort : unsigned char { none, minimal, low, medium, high, xhigh };
BURIN_ENUM(ReasoningEffort, {ReasoningEffort::none, "none"}, {ReasoningEffort::minimal, "minimal"},
           {ReasoningEffort::low, "low"}, {ReasoningEffort::medium, "medium"}, {ReasoningEffort::high, "high"},
           {ReasoningEffort::xhigh, "xhigh"})

enum class ReasoningSummary : unsigned char { auto_, concise, detailed, none };
BURIN_ENUM(ReasoningSummary, {ReasoningSummary::auto_, "auto"}, {ReasoningSummary::concise, "concise"},
           {ReasoningSummary::detailed, "detailed"}, {ReasoningSummary::none, "none"})

enum class Verbosity : unsigned char { low, medium, high };
BURIN_ENUM(Verbosity, {Verbosity::low, "low"}, {Verbosity::medium, "medium"}, {Verbosity::high, "high"})

enum class Personality : unsigned char { none, friendly, pragmatic };
BURIN_ENUM(Personality, {Personality::none, "none"}, {Personality::friendly, "friendly"},
           {Personality::pragmatic, "pragmatic"})

enum class ServiceTier : unsigned char { fast, flex };
BURIN_ENUM(ServiceTier, {ServiceTier::fast, "fast"}, {ServiceTier::flex, "flex"})

enum class ModeKind : unsigned char { default_, plan };
BURIN_ENUM(ModeKind, {ModeKind::plan, "plan"}, {ModeKind::default_, "default"}, {ModeKind::default_, "code"},
           {ModeKind::default_, "pair_programming"}, {ModeKind::default_, "execute"}, {ModeKind::default_, "custom"})

struct ModeSettings {
  std::string model;
  Nullable<ReasoningEffort> reasoning_effort;
  Nullable<std::string> developer_instructions;
  bool operator==(const ModeSettings&) const = default;
};
BURIN_WIRE_TABLE(ModeSettings, model, reasoning_effort, developer_instructions)
struct CollaborationMode {
  ModeKind mode{};
  ModeSettings settings;
  bool operator==(const CollaborationMode&) const = default;
};
BURIN_WIRE_TABLE(CollaborationMode, mode, settings)

enum class TruncationMode : unsigned char { bytes, tokens };
BURIN_ENUM(TruncationMode, {TruncationMode::bytes, "bytes"}, {TruncationMode::tokens, "tokens"})
struct TruncationPolicy {
  TruncationMode mode{};
  std::int64_t limit = 0;
  bool operator==(const TruncationPolicy&) const = default;
};
BURIN_WIRE_TABLE(TruncationPolicy, mode, limit)

/// `reject` is the one with parameters: which categories of questions are refused without asking.
enum class ApprovalMode : unsigned char { untrusted, on_failure, on_request, never, reject };
BURIN_ENUM(ApprovalMode, {ApprovalMode::untrusted, "untrusted"}, {ApprovalMode::on_failure, "on-failure"},
           {ApprovalMode::on_request, "on-request"}, {ApprovalMode::never, "never"}, {ApprovalMode::reject, "reject"})
struct RejectRules {
  bool sandbox_approval = false;
  bool rules = false;
  bool mcp_elicitations = false;
  bool operator==(const RejectRules&) const = default;
};
BURIN_WIRE_TABLE(RejectRules, sandbox_approval, rules, mcp_elicitations)

/// When a person is asked before a command runs.
struct AskForApproval {
  ApprovalMode mode = ApprovalMode::on_request;
  RejectRules reject{};  // only with ApprovalMode::reject

  static AskForApproval untrusted() { return {ApprovalMode::untrusted}; }
  static AskForApproval on_failure() { return {ApprovalMode::on_failure}; }
  static AskForApproval on_request() { return {ApprovalMode::on_request}; }
  static AskForApproval never() { return {ApprovalMode::never}; }
  bool operator==(const AskForApproval&) const = default;
};

struct FullReadAccess {
  bool operator==(const FullReadAccess&) const = default;
};
BURIN_WIRE_TABLE(FullReadAccess)
struct RestrictedReadAccess {
  bool include_platform_defaults = true;
  std::vector<std::string> readable_roots;  // absolute paths
  bool operator==(const RestrictedReadAccess&) const = default;
};
BURIN_WIRE_TABLE(RestrictedReadAccess, (include_platform_defaults, defaulted), (readable_roots, omit_empty))
using ReadAccess = StrictOneOf<"type", Alt<"full-access", FullReadAccess>, Alt<"restricted", RestrictedReadAccess>>;

struct ReadOnly {
  ReadAccess access;
  bool network_access = false;
  bool operator==(const ReadOnly&) const = default;
};
BURIN_WIRE_TABLE(ReadOnly, (access, omit_empty), (network_access, omit_empty))

struct WorkspaceWrite {
  std::vector<std::string> writable_roots;  // absolute paths, besides cwd and the temporary directories
  ReadAccess read_only_access;
  bool network_access = false;
  bool exclude_tmpdir_env_var = false;
  bool exclude_slash_tmp = false;
  bool operator==(const WorkspaceWrite&) const = default;
};
BURIN_WIRE_TABLE(WorkspaceWrite, (writable_roots, omit_empty), (read_only_access, omit_empty),
                 (network_access, defaulted), (exclude_tmpdir_env_var, defaulted), (exclude_slash_tmp, defaulted))

enum class NetworkAccess : unsigned char { restricted, enabled };
BURIN_ENUM(NetworkAccess, {NetworkAccess::restricted, "restricted"}, {NetworkAccess::enabled, "enabled"})
/// Someone else confines us.
struct ExternalSandbox {
  NetworkAccess network_access{};
  bool operator==(const ExternalSandbox&) const = default;
};
BURIN_WIRE_TABLE(ExternalSandbox, (network_access, defaulted))

struct DangerFullAccess {
  bool operator==(const DangerFullAccess&) const = default;
};
BURIN_WIRE_TABLE(DangerFullAccess)

/// What commands may touch. Default: read-only with full read access.
using SandboxPolicy =
    StrictOneOf<"type", Alt<"read-only", ReadOnly>, Alt<"workspace-write", WorkspaceWrite>,
                Alt<"external-sandbox", ExternalSandbox>, Alt<"danger-full-access", DangerFullAccess>>;

/// The class of an error as clients see it: a plain name, or a name with the HTTP status behind it.
struct CodexErrorInfo {
  std::string kind = "other";
  std::optional<std::int64_t> http_status_code;

  static CodexErrorInfo named(std::string_view kind) { return {std::string(kind), std::nullopt}; }
  /// For http_connection_failed, response_stream_connection_failed, response_stream_disconnected and
  /// response_too_many_failed_attempts, which always are objects on the wire.
  static CodexErrorInfo with_status(std::string_view kind, std::optional<std::int64_t> status) {
    return {std::string(kind), status};
  }
  /// thread_rollback_failed alone leaves the turn as it was.
  bool fails_turn() const { return kind != "thread_rollback_failed"; }
  bool operator==(const CodexErrorInfo&) const = default;
};

enum class AgentState : unsigned char { pending_init, running, completed, errored, shutdown, not_found };
BURIN_ENUM(AgentState, {AgentState::pending_init, "pending_init"}, {AgentState::running, "running"},
           {AgentState::completed, "completed"}, {AgentState::errored, "errored"}, {AgentState::shutdown, "shutdown"},
           {AgentState::not_found, "not_found"})
struct AgentStatus {
  AgentState state{};
  std::optional<std::string> message;  // completed: the last message, if any; errored: the error's text

  bool is_final() const { return state != AgentState::pending_init && state != AgentState::running; }
  bool operator==(const AgentStatus&) const = default;
};

/// Additional permissions that a command asks for (sandbox.md 14).
struct FileSystemPermissions {
  std::optional<std::vector<std::string>> read;
  std::optional<std::vector<std::string>> write;
};
BURIN_WIRE_TABLE(FileSystemPermissions, read, write)
struct PermissionProfile {
  std::optional<FileSystemPermissions> file_system;
  json::object extra;
};
BURIN_WIRE_TABLE(PermissionProfile, file_system)

}  // namespace burin::wire

#define BURIN_OWN_FORM(T)                                     \
  template <>                                                 \
  struct burin::mapping::As<T> {                              \
    static bool read(T& out, const json::value& v, Bad& bad); \
    static void write(std::string& out, const T& value);      \
  };
BURIN_OWN_FORM(burin::wire::AskForApproval)
BURIN_OWN_FORM(burin::wire::CodexErrorInfo)
BURIN_OWN_FORM(burin::wire::AgentStatus)
#undef BURIN_OWN_FORM

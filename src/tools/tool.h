// What a tool is, what it is handed, and what it gives back (tools.md 1).
//
// A tool owns nothing of the turn: it works on the ToolContext that the turn lends it, reports through Host, and
// returns one output. It is cancelled by its stop node like any task; the router, not the tool, then answers the model.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "io/world.h"
#include "model/catalog.h"
#include "sandbox/linux.h"
#include "sandbox/shell.h"
#include "wire/event.h"
#include "wire/item.h"

namespace burin::tools {

class TurnDiff;
class UnifiedExec;

enum class Payload : unsigned char { function, custom, local_shell };

/// A call as it left the model.
struct ToolCall {
  std::string call_id;
  std::string name;
  Payload payload = Payload::function;
  std::string input;                 // raw arguments (function) or raw input (custom)
  wire::LocalShellExec local_shell;  // Payload::local_shell only
};

/// The answer to the model. `success` is internal: events, hooks, metrics.
struct ToolOutput {
  wire::FunctionOutput body;
  bool success = true;
};
inline ToolOutput answer(std::string text, bool success = true) { return {{std::move(text), std::nullopt}, success}; }

/// The error of a Result<ToolOutput> is a *fatal* tool error (tools.md 1.2): logged, and the call is left without a
/// recorded output. Everything that the model should read is a ToolOutput with success = false.
using ToolResult = Result<ToolOutput>;

/// What the turn does for a tool.
class Host {
 public:
  virtual ~Host() = default;
  /// Logs the event, then shows it to subscribers.
  virtual void emit(wire::EventMsg event) = 0;
  /// Whether somebody wants exec_command_output_delta events; building them is skipped otherwise.
  virtual bool wants_output_deltas() const = 0;
  /// A user message "Warning: <text>" in the history and a warning event.
  virtual void model_warning(std::string text) = 0;
  /// Returns once everything recorded so far is on stable storage; before side effects start.
  virtual io::Task<> durable() = 0;
  /// Asks the user. Never called under the policy "never". Denied when nobody can answer.
  virtual io::Task<wire::ReviewDecision> approve_exec(wire::event::ExecApprovalRequest request) = 0;
  virtual io::Task<wire::ReviewDecision> approve_patch(wire::event::ApplyPatchApprovalRequest request) = 0;
};

/// Answers that the user gave for the rest of the session; keys are JSON texts (sandbox.md 11.3).
class ApprovalCache {
 public:
  bool all_known(const std::vector<std::string>& keys) const {
    for (const auto& k : keys) {
      if (!keys_.contains(k)) return false;
    }
    return !keys.empty();
  }
  void remember(const std::vector<std::string>& keys) { keys_.insert(keys.begin(), keys.end()); }

 private:
  std::set<std::string> keys_;
};

/// Lent to each call of a turn; everything outlives the call.
struct ToolContext {
  io::World& world;
  const config::Config& config;
  const model::ModelInfo& model;
  Host& host;
  ApprovalCache& approvals;
  UnifiedExec& unified_exec;
  TurnDiff& diff;
  const sandbox::Mechanisms& mechanisms;
  sandbox::Shell shell;
  std::string login_shell;                         // of the user database, for shells that the model names
  std::map<std::string, std::string> environment;  // by the shell environment policy, thread id included
  std::string thread_id;
  std::string turn_id;
  std::string cwd;
  wire::AskForApproval approval;
  wire::SandboxPolicy sandbox;
  wire::ModeKind mode{};
};

class Tool {
 public:
  virtual ~Tool() = default;
  virtual bool takes(Payload payload) const { return payload == Payload::function; }
  /// Whether a call may change something: it then waits for what must happen before (durability, snapshots).
  virtual bool mutating(const ToolCall&, const ToolContext&) const { return false; }
  virtual io::Task<ToolResult> run(ToolCall call, ToolContext& context) = 0;
};

}  // namespace burin::tools

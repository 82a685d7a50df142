// Which commands are known to be safe, which dangerous, and what that means under an approval policy
// (sandbox.md 8.2, 9.3, 9.4).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/script.h"
#include "wire/settings.h"

namespace burin::sandbox {

bool known_safe(const Argv& argv);
bool dangerous(const Argv& argv);

/// What must happen before a command may run.
struct Requirement {
  enum class Kind : unsigned char { skip, ask, forbidden } kind = Kind::skip;
  bool bypass_sandbox = false;             // skip only: a rule allowed it outside the sandbox
  std::string reason;                      // forbidden: text for the model; ask: reason for the user, may be empty
  std::optional<Argv> proposed_amendment;  // a prefix that the user may save; with skip: for a later retry
};

struct CommandRequest {
  const Argv& argv;
  const wire::AskForApproval& approval;
  const wire::SandboxPolicy& sandbox;
  bool escalation = false;               // sandbox_permissions is not use_default
  std::optional<Argv> prefix_rule = {};  // proposed by the model
};

/// The decision table without rule files: heuristics only.
Requirement requirement_for(const CommandRequest& request);

/// The heuristic for a denial by the sandbox (sandbox.md 5); only for sandboxed runs.
bool looks_denied(int exit_code, std::string_view out, std::string_view err);

/// "Never", "OnFailure", "UnlessTrusted", "OnRequest", "Reject(RejectConfig { … })": debug spelling in model texts.
std::string approval_debug_name(const wire::AskForApproval& approval);

/// Whether the policy allows questions of the kind "run outside the sandbox".
bool may_ask(const wire::AskForApproval& approval);

}  // namespace burin::sandbox

// The arguments that every command tool shares: how a call asks for more than the sandbox gives (tools.md 2.4, 3.1,
// sandbox.md 14).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"
#include "tools/tool.h"

namespace burin::tools {

enum class SandboxPermissions : unsigned char { use_default, require_escalated, with_additional_permissions };
BURIN_ENUM(SandboxPermissions, {SandboxPermissions::use_default, "use_default"},
           {SandboxPermissions::require_escalated, "require_escalated"},
           {SandboxPermissions::with_additional_permissions, "with_additional_permissions"})

struct ApprovalArguments {
  SandboxPermissions permissions = SandboxPermissions::use_default;
  std::string justification;
  std::optional<std::vector<std::string>> prefix_rule;
  std::optional<wire::PermissionProfile> additional;
  bool escalated() const { return permissions == SandboxPermissions::require_escalated; }
};

/// The text that refuses the call, or nothing. `verb`: "should not" (shell tools) or "cannot" (exec_command).
std::optional<std::string> check_approval_arguments(const ToolContext& context, const ApprovalArguments& arguments,
                                                    std::string_view verb);

/// Refuses `login: true` while the configuration forbids login shells.
std::optional<std::string> refuse_login(const ToolContext& context, std::optional<bool> login);

}  // namespace burin::tools

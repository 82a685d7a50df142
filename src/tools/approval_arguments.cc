#include "tools/approval_arguments.h"

#include "tools/exec.h"

namespace burin::tools {

std::optional<std::string> check_approval_arguments(const ToolContext& context, const ApprovalArguments& arguments,
                                                    std::string_view verb) {
  if (arguments.permissions == SandboxPermissions::with_additional_permissions || arguments.additional) {
    return "additional permissions are disabled; enable `features.request_permission` before using "
           "`with_additional_permissions`";
  }
  return refuse_escalation(context, arguments.escalated(), verb);
}

std::optional<std::string> refuse_login(const ToolContext& context, std::optional<bool> login) {
  if (login.value_or(false) && !context.config.allow_login_shell) {
    return "login shell is disabled by config; omit `login` or set it to false.";
  }
  return std::nullopt;
}

}  // namespace burin::tools

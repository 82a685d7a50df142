// The one-shot shell tools: shell, container.exec, local_shell (argv) and shell_command (script) (tools.md 3).
#pragma once
#include <memory>

#include "tools/tool.h"

namespace burin::tools {

enum class ShellForm : unsigned char { argv, script };
std::shared_ptr<Tool> make_shell_tool(ShellForm form);

}  // namespace burin::tools

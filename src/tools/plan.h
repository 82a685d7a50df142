// update_plan and request_user_input (tools.md 6).
#pragma once
#include <memory>

#include "tools/tool.h"

namespace burin::tools {
std::shared_ptr<Tool> make_plan_tool();
std::shared_ptr<Tool> make_request_user_input_tool();
}  // namespace burin::tools

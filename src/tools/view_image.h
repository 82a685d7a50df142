// view_image (tools.md 8).
#pragma once
#include <memory>

#include "tools/tool.h"

namespace burin::tools {
std::shared_ptr<Tool> make_view_image_tool();
}  // namespace burin::tools

// apply_patch as a tool, and the calls of shell tools that really are patches (tools.md 5.6-5.9).
//
// The patch is checked against the disk first, then approved, then applied by a child process of our own executable, in
// the sandbox of the turn: applying it in this process would bypass the sandbox.
#pragma once
#include <memory>

#include "tools/patch_detect.h"
#include "tools/tool.h"

namespace burin::tools {

std::shared_ptr<Tool> make_patch_tool();

/// A patch that came through a shell tool: as the tool, plus a warning to the model (tools.md 5.6).
io::Task<ToolResult> run_intercepted_patch(ToolContext& context, const ToolCall& call, PatchCall patch,
                                           io::Span timeout);

}  // namespace burin::tools

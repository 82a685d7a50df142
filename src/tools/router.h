// From a response item to the output that answers it (tools.md 1).
#pragma once
#include <optional>
#include <string>

#include "io/task.h"
#include "tools/registry.h"
#include "tools/tool.h"

namespace burin::tools {

struct CallOf {
  ToolCall call;
  std::string problem;  // the item is a call that cannot be dispatched: answered with this under an empty call id
};
/// The call that an item is, or nothing for items that are not calls.
std::optional<CallOf> call_of(const wire::ResponseItem& item);

/// Runs one call: waits for its turn in the lock, for durability if it may change something, then for the tool. Returns
/// the output item; nothing after a fatal tool error. When the call is stopped, the output says so; never throws
/// Cancelled.
io::Task<std::optional<wire::ResponseItem>> dispatch(ToolCall call, ToolContext& context, const Registry& registry,
                                                     io::FairLock& lock);

}  // namespace burin::tools

// What commands may do, as the model is told of it: sandbox, questions, approved prefixes, writable roots
// (context.md 4.4.1, sandbox.md 16).
#pragma once
#include <string>

#include "context/initial_context.h"

namespace burin::context {

/// `<permissions instructions>` …
std::string permissions_text(const ContextInputs& inputs);

}  // namespace burin::context

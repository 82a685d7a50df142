// A reading of a command for display: which file it reads, what it lists or searches (tools.md 15.1).
//
// Best effort and without any weight: nothing is allowed or refused because of it. Clients show "Read main.rs" instead
// of a pipeline of cat, nl and sed. As soon as one part of a command is not understood the whole is `unknown`.
// Pure: no file is looked at, paths are only texts.
#pragma once
#include <vector>

#include "sandbox/script.h"
#include "wire/event_tool.h"

namespace burin::sandbox {

/// In the order of execution. Empty for commands that only change the folder.
std::vector<wire::ParsedCommand> parse_command(const Argv& argv);

}  // namespace burin::sandbox

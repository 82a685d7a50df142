// AGENTS.md discovery and the user instructions made of it (context.md 5).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "io/files.h"

namespace burin::context {

/// First non-blank of AGENTS.override.md and AGENTS.md in the home, trimmed.
std::optional<std::string> global_instructions(io::Files& files, const std::string& home);

/// Documents from the project root down to the (canonical) cwd, with one shared byte budget, joined by blank lines.
/// Unreadable documents are logged and give none.
std::optional<std::string> project_documents(io::Files& files, const config::Config& config, const std::string& cwd);

/// Global text, separator, project documents, feature notes. Nothing when all are empty.
std::optional<std::string> user_instructions(io::Files& files, const config::Config& config, const std::string& home,
                                             const std::string& cwd);

}  // namespace burin::context

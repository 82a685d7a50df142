// The writable roots of a workspace-write policy, as they are told to the model and given to the sandbox
// (sandbox.md 6.2).
#pragma once
#include <string>
#include <vector>

#include "io/environment.h"
#include "io/files.h"
#include "wire/settings.h"

namespace burin::config {

/// Configured roots, cwd, /tmp, $TMPDIR, in this order; absolute, not canonicalised, not deduplicated. Relative entries
/// are left out. Empty for other policies.
std::vector<std::string> workspace_roots(const wire::SandboxPolicy& policy, const std::string& cwd, io::Files& files,
                                         const io::Environment& env);

}  // namespace burin::config

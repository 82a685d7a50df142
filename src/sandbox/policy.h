// What a sandbox policy means on this machine: writable roots, their protected parts, network (sandbox.md 6).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "io/environment.h"
#include "io/files.h"
#include "wire/settings.h"

namespace burin::sandbox {

struct WritableRoot {
  std::string root;                             // absolute, as configured: not canonicalised
  std::vector<std::string> read_only_subpaths;  // .git (and where its file points to), .agents, .codex: what exists now
};

/// workspace-write only, in the order configured roots, cwd, /tmp, $TMPDIR; not deduplicated. Empty for other policies.
std::vector<WritableRoot> writable_roots(const wire::SandboxPolicy& policy, const std::string& cwd, io::Files& files,
                                         const io::Environment& env);

/// True when some root holds `path` (absolute, textually normal) and that root's read-only subpaths do not.
bool is_writable(const std::vector<WritableRoot>& roots, std::string_view path);

bool has_full_write(const wire::SandboxPolicy& policy);  // danger-full-access, external-sandbox
bool has_full_network(const wire::SandboxPolicy& policy);
bool needs_sandbox(const wire::SandboxPolicy& policy);  // read-only, workspace-write

/// Tag of x-codex-turn-metadata: "none", "external" or "seccomp" (model-client.md 5.3).
std::string_view metadata_tag(const wire::SandboxPolicy& policy);

}  // namespace burin::sandbox

#include "sandbox/policy.h"

#include "base/text.h"
#include "config/workspace_roots.h"

namespace burin::sandbox {

namespace policy_detail {

std::vector<std::string> protected_parts(const std::string& root, io::Files& files) {
  std::vector<std::string> out;
  std::string git = path::join(root, ".git");
  if (auto info = files.stat(git)) {
    if (info->type == io::FileInfo::Type::directory) {
      out.push_back(git);
    } else if (info->type == io::FileInfo::Type::regular) {
      out.push_back(git);
      auto text = files.read(git, 4096);
      constexpr std::string_view pointer = "gitdir:";
      if (text && trim(*text).starts_with(pointer)) {
        auto target = path::normal(path::join(root, trim(trim(*text).substr(pointer.size()))));
        if (files.exists(target)) out.push_back(target);
      }
    }
  }
  for (std::string_view name : {".agents", ".codex"}) {
    auto dir = path::join(root, name);
    if (files.is_dir(dir)) out.push_back(std::move(dir));
  }
  return out;
}

}  // namespace policy_detail

std::vector<WritableRoot> writable_roots(const wire::SandboxPolicy& policy, const std::string& cwd, io::Files& files,
                                         const io::Environment& env) {
  std::vector<WritableRoot> out;
  for (auto& root : config::workspace_roots(policy, cwd, files, env)) {
    auto parts = policy_detail::protected_parts(root, files);
    out.push_back({std::move(root), std::move(parts)});
  }
  return out;
}

bool is_writable(const std::vector<WritableRoot>& roots, std::string_view file) {
  for (const auto& root : roots) {
    if (!path::contains(path::normal(root.root), file)) continue;
    bool locked = false;
    for (const auto& part : root.read_only_subpaths) {
      locked = locked || path::contains(path::normal(part), file);
    }
    if (!locked) return true;
  }
  return false;
}

bool has_full_write(const wire::SandboxPolicy& policy) {
  return std::holds_alternative<wire::DangerFullAccess>(policy) ||
         std::holds_alternative<wire::ExternalSandbox>(policy);
}

bool has_full_network(const wire::SandboxPolicy& policy) {
  if (const auto* p = std::get_if<wire::ReadOnly>(&policy)) return p->network_access;
  if (const auto* p = std::get_if<wire::WorkspaceWrite>(&policy)) return p->network_access;
  if (const auto* p = std::get_if<wire::ExternalSandbox>(&policy)) {
    return p->network_access == wire::NetworkAccess::enabled;
  }
  return true;
}

bool needs_sandbox(const wire::SandboxPolicy& policy) { return !has_full_write(policy); }

std::string_view metadata_tag(const wire::SandboxPolicy& policy) {
  if (std::holds_alternative<wire::DangerFullAccess>(policy)) return "none";
  if (std::holds_alternative<wire::ExternalSandbox>(policy)) return "external";
  return "seccomp";
}

}  // namespace burin::sandbox

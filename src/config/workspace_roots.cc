#include "config/workspace_roots.h"

#include "base/log.h"
#include "base/text.h"

namespace burin::config {

std::vector<std::string> workspace_roots(const wire::SandboxPolicy& policy, const std::string& cwd, io::Files& files,
                                         const io::Environment& env) {
  const auto* workspace = std::get_if<wire::WorkspaceWrite>(&policy);
  if (workspace == nullptr) return {};
  std::vector<std::string> roots;
  auto add = [&](std::string_view root) {
    if (path::is_absolute(root)) {
      roots.emplace_back(root);
    } else {
      log(Level::warn, "config", "the writable root {} is not absolute and was ignored", root);
    }
  };
  for (const auto& root : workspace->writable_roots) add(root);
  add(cwd);
  if (!workspace->exclude_slash_tmp && files.is_dir("/tmp")) add("/tmp");
  if (!workspace->exclude_tmpdir_env_var) {
    if (auto tmp = env.non_empty("TMPDIR")) add(*tmp);
  }
  return roots;
}

}  // namespace burin::config

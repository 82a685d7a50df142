#include "config/trust.h"

#include "base/text.h"

namespace burin::config {
namespace trust_detail {

constexpr std::uint64_t link_limit = 64 * 1024;  // of a .git or commondir file

std::string canonical_or_same(io::Files& files, const std::string& path) {
  auto canonical = files.canonical(path);
  return canonical ? *std::move(canonical) : path::normal(path);
}

/// The folder that a `.git` file points to: "gitdir: <path>", relative to the file's folder.
std::optional<std::string> git_folder(io::Files& files, const std::string& dir) {
  const auto text = files.read(path::join(dir, ".git"), link_limit);
  if (!text) return std::nullopt;
  std::string_view line = trim(*text);
  constexpr std::string_view lead = "gitdir:";
  if (!line.starts_with(lead)) return std::nullopt;
  return path::normal(path::join(dir, trim(line.substr(lead.size()))));
}

}  // namespace trust_detail

std::string find_project_root(io::Files& files, const std::string& cwd, const std::vector<std::string>& markers) {
  if (markers.empty()) return cwd;
  for (std::string_view dir = cwd; !dir.empty(); dir = path::parent(dir)) {
    for (const auto& marker : markers) {
      if (files.exists(path::join(dir, marker))) return std::string(dir);
    }
  }
  return cwd;
}

std::optional<std::string> main_repository_root(io::Files& files, const std::string& start) {
  for (std::string_view at = start; !at.empty(); at = path::parent(at)) {
    const std::string dir(at);
    const std::string dot_git = path::join(dir, ".git");
    if (files.is_dir(dot_git)) return dir;
    if (!files.is_file(dot_git)) continue;
    const auto git_dir = trust_detail::git_folder(files, dir);
    if (!git_dir) return std::nullopt;
    // A worktree's folder names the repository's common folder; that of a submodule has none and is its own project.
    const auto common = files.read(path::join(*git_dir, "commondir"), trust_detail::link_limit);
    if (!common) return dir;
    const std::string common_dir = path::normal(path::join(*git_dir, trim(*common)));
    return std::string(path::parent(trust_detail::canonical_or_same(files, common_dir)));
  }
  return std::nullopt;
}

TrustBook::TrustBook(io::Files& files, const Value& merged, const std::string& cwd, std::string project_root)
    : files_(files), project_root_(std::move(project_root)), repository_root_(main_repository_root(files, cwd)) {
  const Value* projects = merged.find("projects");
  if (projects == nullptr || projects->table() == nullptr) return;
  for (const auto& [path, project] : *projects->table()) {
    const Value* level = project.find("trust_level");
    const std::string* name = level == nullptr ? nullptr : level->string();
    if (name == nullptr) continue;
    const Trust trust = *name == "trusted" ? Trust::trusted : Trust::untrusted;
    by_path_[path] = trust;
    if (path::is_absolute(path)) by_path_.try_emplace(trust_detail::canonical_or_same(files, path), trust);
  }
}

std::optional<Trust> TrustBook::look_up(const std::string& dir) const {
  if (auto it = by_path_.find(dir); it != by_path_.end()) return it->second;
  if (auto it = by_path_.find(trust_detail::canonical_or_same(files_, dir)); it != by_path_.end()) return it->second;
  return std::nullopt;
}

TrustBook::Decision TrustBook::decide(const std::string& dir) const {
  if (auto trust = look_up(dir)) return {trust, dir};
  if (auto trust = look_up(project_root_)) return {trust, project_root_};
  if (repository_root_) {
    if (auto trust = look_up(*repository_root_)) return {trust, *repository_root_};
  }
  return {std::nullopt, repository_root_.value_or(project_root_)};
}

}  // namespace burin::config

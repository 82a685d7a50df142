// Which folders are a project, and whether the user trusts it.
//
// Trust decides whether a project's own config.toml counts at all and what approvals and sandbox default to
// (cli-config.md 5.4, 5.7). Decisions are keyed by path text in `[projects]`; paths are also compared in canonical
// form, so that a symlinked checkout keeps its decision. Linked git worktrees inherit from their main repository.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/value.h"
#include "io/files.h"

namespace burin::config {

enum class Trust : std::uint8_t { trusted, untrusted };

/// The nearest folder from `cwd` upwards that holds one of `markers`; `cwd` itself when none does or `markers` is
/// empty.
std::string find_project_root(io::Files& files, const std::string& cwd, const std::vector<std::string>& markers);

/// The top folder of the main repository that `dir` belongs to: of the folder holding `.git`, or, in a linked worktree,
/// of the repository that owns the worktree.
std::optional<std::string> main_repository_root(io::Files& files, const std::string& dir);

/// The decisions of `[projects]`, looked up for folders of one project.
class TrustBook {
 public:
  struct Decision {
    std::optional<Trust> trust;
    std::string key;  // the folder that has the decision, or should get one
  };

  /// `merged` holds the layers whose decisions count (system, user, command line).
  TrustBook(io::Files& files, const Value& merged, const std::string& cwd, std::string project_root);
  /// The folder itself, then its project root, then the main repository root.
  Decision decide(const std::string& dir) const;

 private:
  std::optional<Trust> look_up(const std::string& dir) const;

  io::Files& files_;
  std::map<std::string, Trust> by_path_;  // as written, and canonical
  std::string project_root_;
  std::optional<std::string> repository_root_;
};

}  // namespace burin::config

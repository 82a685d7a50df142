// What the model's server is told of the repository: the x-codex-turn-metadata header (model-client.md 5.3), and the
// git part of session files (session.md 4.2).
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "io/world.h"
#include "wire/rollout.h"

namespace burin::agent {

struct TurnContext;

/// The header's value for one turn: ids at once, git facts once a background task has found them.
class GitMetadata {
 public:
  GitMetadata(io::World& world, const TurnContext& turn, io::Ctx ctx);
  ~GitMetadata();
  /// Starts the search, once; called when the first request is on its way, so that it delays nothing.
  void start();
  std::string header() const;
  /// Ends the search; to be awaited before destruction.
  io::Task<> finish();

 private:
  io::Task<> search();
  io::World& world_;
  std::string turn_id_, cwd_, sandbox_tag_, workspaces_;
  io::Scope scope_;
  bool started_ = false;
};

/// The nearest ancestor with a `.git` entry, itself included.
std::optional<std::string> git_root(io::Files& files, const std::string& cwd);

/// Commit, branch and origin of a repository, read from its files; nullopt outside of one.
std::optional<wire::GitInfo> read_git_info(io::Files& files, const std::string& cwd);

}  // namespace burin::agent

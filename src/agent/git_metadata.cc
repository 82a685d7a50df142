#include "agent/git_metadata.h"

#include "agent/session.h"
#include "base/json.h"
#include "base/text.h"
#include "sandbox/policy.h"

namespace burin::agent {

namespace git_metadata_detail {

constexpr io::Span git_limit = io::seconds(5);

/// The folder that holds the repository's data: .git itself, or where a .git file points.
std::optional<std::string> git_dir(io::Files& files, const std::string& root) {
  std::string dot = path::join(root, ".git");
  if (files.is_dir(dot)) return dot;
  auto text = files.read(dot, 4096);
  if (!text || !text->starts_with("gitdir:")) return std::nullopt;
  return path::normal(path::join(root, trim(std::string_view(*text).substr(7))));
}

/// A linked worktree keeps refs and config in the main repository.
std::string common_dir(io::Files& files, const std::string& dir) {
  auto text = files.read(path::join(dir, "commondir"), 4096);
  return text ? path::normal(path::join(dir, trim(*text))) : dir;
}

bool is_hash(std::string_view s) {
  if (s.size() != 40 && s.size() != 64) return false;
  return s.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::string> resolve_ref(io::Files& files, const std::string& dir, const std::string& common,
                                       std::string_view ref) {
  for (const auto& base : {dir, common}) {
    auto loose = files.read(path::join(base, ref), 4096);
    if (loose && is_hash(trim(*loose))) return std::string(trim(*loose));
  }
  auto packed = files.read(path::join(common, "packed-refs"), 64 << 20);
  if (!packed) return std::nullopt;
  for (auto line : lines(*packed)) {
    auto space = line.find(' ');
    if (space != std::string_view::npos && line.substr(space + 1) == ref && is_hash(line.substr(0, space))) {
      return std::string(line.substr(0, space));
    }
  }
  return std::nullopt;
}

struct Head {
  std::optional<std::string> commit, branch;
};

Head read_head(io::Files& files, const std::string& dir, const std::string& common) {
  Head head;
  auto text = files.read(path::join(dir, "HEAD"), 4096);
  if (!text) return head;
  auto line = trim(*text);
  if (is_hash(line)) {
    head.commit = std::string(line);
  } else if (line.starts_with("ref: ")) {
    auto ref = trim(line.substr(5));
    head.commit = resolve_ref(files, dir, common, ref);
    constexpr std::string_view branches = "refs/heads/";
    if (ref.starts_with(branches)) head.branch = std::string(ref.substr(branches.size()));
  }
  return head;
}

/// Fetch URLs by remote name, from the repository's config file.
std::map<std::string, std::string> read_remotes(io::Files& files, const std::string& common) {
  std::map<std::string, std::string> out;
  auto text = files.read(path::join(common, "config"), 1 << 20);
  if (!text) return out;
  std::string remote;
  for (auto raw : lines(*text)) {
    auto line = trim(raw);
    if (line.starts_with('[')) {
      remote.clear();
      constexpr std::string_view section = "[remote \"";
      auto end = line.rfind("\"]");
      if (line.starts_with(section) && end != std::string_view::npos && end > section.size()) {
        remote = std::string(line.substr(section.size(), end - section.size()));
      }
      continue;
    }
    auto equals = line.find('=');
    if (remote.empty() || equals == std::string_view::npos || trim(line.substr(0, equals)) != "url") continue;
    out.emplace(remote, std::string(trim(line.substr(equals + 1))));
  }
  return out;
}

/// Secrets in a URL's user part are nobody's business.
std::string without_user(const std::string& url) {
  auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  auto host = scheme + 3;
  auto end = url.find('/', host);
  auto at = url.rfind('@', end);
  if (at == std::string::npos || at < host) return url;
  return url.substr(0, host) + url.substr(at + 1);
}

}  // namespace git_metadata_detail

using namespace git_metadata_detail;

std::optional<std::string> git_root(io::Files& files, const std::string& cwd) {
  for (std::string_view dir = cwd; !dir.empty(); dir = path::parent(dir)) {
    if (files.exists(path::join(dir, ".git"))) return std::string(dir);
  }
  return std::nullopt;
}

std::optional<wire::GitInfo> read_git_info(io::Files& files, const std::string& cwd) {
  auto root = git_root(files, cwd);
  if (!root) return std::nullopt;
  wire::GitInfo info;
  if (auto dir = git_dir(files, *root)) {
    auto common = common_dir(files, *dir);
    auto head = read_head(files, *dir, common);
    info.commit_hash = head.commit;
    info.branch = head.branch;
    auto remotes = read_remotes(files, common);
    if (auto it = remotes.find("origin"); it != remotes.end()) info.repository_url = it->second;
  }
  if (!info.commit_hash && !info.branch && !info.repository_url) return std::nullopt;
  return info;
}

GitMetadata::GitMetadata(io::World& world, const TurnContext& turn, io::Ctx ctx)
    : world_(world),
      turn_id_(turn.id),
      cwd_(turn.settings.cwd),
      sandbox_tag_(sandbox::metadata_tag(turn.settings.sandbox)),
      scope_(ctx) {}

GitMetadata::~GitMetadata() = default;

std::string GitMetadata::header() const {
  std::string out = "{\"turn_id\":";
  write_json_string(out, turn_id_);
  if (!workspaces_.empty()) out += ",\"workspaces\":" + workspaces_;
  out += ",\"sandbox\":";
  write_json_string(out, sandbox_tag_);
  out += '}';
  return model::legal_header_value(out) ? out : std::string();
}

void GitMetadata::start() {
  if (started_) return;
  started_ = true;
  scope_.spawn(search());
}

io::Task<> GitMetadata::search() {
  auto root = git_root(world_.files, cwd_);
  if (!root) co_return;
  auto dir = git_dir(world_.files, *root);
  if (!dir) co_return;
  auto common = common_dir(world_.files, *dir);
  json::object facts;
  auto remotes = read_remotes(world_.files, common);
  if (!remotes.empty()) {
    json::object urls;
    for (const auto& [name, url] : remotes) urls[name] = without_user(url);
    facts["associated_remote_urls"] = std::move(urls);
  }
  if (auto head = read_head(world_.files, *dir, common); head.commit) facts["latest_git_commit_hash"] = *head.commit;
  io::SpawnSpec spec;
  spec.argv = {"git", "-C", *root, "--no-optional-locks", "status", "--porcelain"};
  spec.cwd = *root;
  spec.env = world_.env.all();
  auto status = co_await io::run_command(world_.processes, std::move(spec), git_limit);
  if (status && status->status.code == 0) facts["has_changes"] = !trim(status->out).empty();
  if (facts.empty()) co_return;
  json::object workspaces;
  workspaces[*root] = std::move(facts);
  workspaces_ = dump(workspaces);
}

io::Task<> GitMetadata::finish() {
  scope_.cancel(io::Why::finished);
  try {
    co_await scope_.join();
  } catch (const io::Cancelled&) {
    // The search is of no use any more; join has waited for its end.
  }
}

}  // namespace burin::agent

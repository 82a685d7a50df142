#include "tools/turn_diff.h"

#include <fmt/format.h>

#include "base/text.h"
#include "tools/unified_diff.h"

namespace burin::tools {

namespace turn_diff_detail {

constexpr std::size_t context_lines = 3;
constexpr std::string_view no_file = "/dev/null";

/// The object id that git gives to the content of a file.
std::string blob_id(std::string_view content) {
  std::string object = fmt::format("blob {}", content.size());
  object += '\0';
  object += content;
  const auto digest = sha1(object);
  return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace turn_diff_detail

using namespace turn_diff_detail;

TurnDiff::TurnDiff(io::Files& files, std::string cwd) : files_(files), cwd_(std::move(cwd)) {}

void TurnDiff::before(const wire::FileChanges& changes) {
  for (const auto& [name, change] : changes) {
    const std::string path = path::normal(path::join(cwd_, name));
    auto known = by_path_.find(path);
    if (known == by_path_.end()) {
      known = by_path_.emplace(path, tracked_.size()).first;
      tracked_.push_back({path, path, read(path)});
    }
    const auto* update = std::get_if<wire::FileUpdate>(&change);
    if (update == nullptr || !update->move_path) continue;
    const std::size_t at = known->second;
    by_path_.erase(known);
    tracked_[at].new_path = path::normal(path::join(cwd_, *update->move_path));
    by_path_[tracked_[at].new_path] = at;
  }
}

std::optional<TurnDiff::Side> TurnDiff::read(const std::string& path) const {
  const auto info = files_.lstat(path);
  // A link that leads nowhere counts as no file, as in the reference.
  if (!info || !files_.exists(path)) return std::nullopt;
  Side side;
  Result<std::string> content = fail(Kind::unsupported, path);
  if (info->type == io::FileInfo::Type::symlink) {
    side.mode = 0120000;
    content = files_.read_link(path);
  } else if (info->type == io::FileInfo::Type::regular) {
    side.mode = (info->mode & 0111) != 0 ? 0100755 : 0100644;
    content = files_.read(path);
  }
  if (!content) return std::nullopt;
  side.content = *std::move(content);
  return side;
}

std::string TurnDiff::display(const std::string& path) const {
  const std::string folder(path::parent(path));
  auto known = root_of_.find(folder);
  if (known == root_of_.end()) {
    std::string root = folder;
    while (!root.empty() && !files_.lstat(path::join(root, ".git"))) root = std::string(path::parent(root));
    known = root_of_.emplace(folder, std::move(root)).first;
  }
  const std::string& root = known->second;
  if (root.empty()) return path;
  return path.substr(root == "/" ? 1 : root.size() + 1);
}

std::string TurnDiff::unified() const {
  std::multimap<std::string, const Tracked*> by_name;
  for (const auto& file : tracked_) by_name.emplace(display(file.new_path), &file);
  std::string out;
  for (const auto& [shown, file] : by_name) out += file_diff(*file, shown);
  return out;
}

const std::string& TurnDiff::file_diff(const Tracked& file, const std::string& shown) const {
  auto right = read(file.new_path);
  if (!file.last || file.last->name != shown || file.last->after != right) {
    std::string diff = make_diff(file, right, shown);
    file.last = Shown{std::move(right), shown, std::move(diff)};
  }
  return file.last->diff;
}

std::string TurnDiff::make_diff(const Tracked& file, const std::optional<Side>& right, const std::string& shown) const {
  const auto& left = file.before;
  if (!left && !right) return {};
  if (left && right && left->content == right->content) return {};
  const std::string old_shown = display(file.old_path);
  std::string out = fmt::format("diff --git a/{} b/{}\n", old_shown, shown);
  if (!left) {
    out += fmt::format("new file mode {:o}\n", right->mode);
  } else if (!right) {
    out += fmt::format("deleted file mode {:o}\n", left->mode);
  } else if (left->mode != right->mode) {
    out += fmt::format("old mode {:o}\nnew mode {:o}\n", left->mode, right->mode);
  }
  const std::string no_id(40, '0');
  out += fmt::format("index {}..{}\n", left ? blob_id(left->content) : no_id, right ? blob_id(right->content) : no_id);
  const std::string header = fmt::format("--- {}\n+++ {}\n", left ? "a/" + old_shown : std::string(no_file),
                                         right ? "b/" + shown : std::string(no_file));
  const bool text = (!left || utf8_valid(left->content)) && (!right || utf8_valid(right->content));
  if (!text) return out + header + "Binary files differ\n";
  const std::string hunks = unified_diff(left ? std::string_view(left->content) : std::string_view(),
                                         right ? std::string_view(right->content) : std::string_view(), context_lines);
  // An empty file that comes or goes has no hunks, and then git and the reference write no names either.
  if (!hunks.empty()) out += header + hunks;
  return out;
}

}  // namespace burin::tools

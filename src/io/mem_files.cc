#include <cerrno>

#include <fmt/format.h>

#include "io/fake_files.h"

namespace burin::io {

struct MemFiles::Node {
  FileInfo::Type type = FileInfo::Type::regular;
  std::uint32_t mode = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::string bytes;  // content of a file, target of a symlink
  std::map<std::string, std::shared_ptr<Node>> children;
  bool locked = false;
};

/// Where a path leads: the folder and the name in it; `node` is null when nothing has that name yet.
struct MemFiles::Place {
  std::shared_ptr<Node> folder;
  std::string name;
  std::shared_ptr<Node> node;
  std::string path;  // without symlinks, "." and ".."
};

namespace mem_files_detail {

using Type = FileInfo::Type;

Fail failed(std::string_view verb, const std::string& path, int sys) {
  return fail_errno(sys, fmt::format("cannot {} {}", verb, path));
}

/// Pieces of a path, last first, so that a symlink's target can be pushed in their place.
void push_pieces(std::vector<std::string>& pieces, std::string_view path) {
  while (!path.empty()) {
    std::size_t slash = path.find_last_of('/');
    std::string_view piece = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!piece.empty() && piece != ".") pieces.emplace_back(piece);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
}

std::string cut(const std::string& bytes, std::uint64_t offset, std::size_t count) {
  return offset >= bytes.size() ? std::string() : bytes.substr(static_cast<std::size_t>(offset), count);
}

class MemFileLock : public FileLock {
 public:
  explicit MemFileLock(std::shared_ptr<MemFiles::Node> node) : node_(std::move(node)) {}
  ~MemFileLock() override;

 private:
  std::shared_ptr<MemFiles::Node> node_;
};

class MemAppendFile : public AppendFile {
 public:
  MemAppendFile(std::shared_ptr<MemFiles::Node> node, std::string path, std::int64_t* now)
      : node_(std::move(node)), path_(std::move(path)), now_(now) {}
  ~MemAppendFile() override;
  Result<> append(std::string_view bytes) override;
  std::size_t written() const override { return written_; }
  Result<> sync() override { return {}; }
  Result<std::uint64_t> size() override;
  Result<std::uint64_t> inode() override;
  Result<> truncate(std::uint64_t size) override;
  Result<std::string> read_at(std::uint64_t offset, std::size_t count) override;
  Result<> lock() override;

 private:
  std::shared_ptr<MemFiles::Node> node_;
  std::string path_;
  std::int64_t* now_;
  std::size_t written_ = 0;
  bool holds_lock_ = false;
};

MemFileLock::~MemFileLock() { node_->locked = false; }

MemAppendFile::~MemAppendFile() {
  if (holds_lock_) node_->locked = false;
}

Result<> MemAppendFile::append(std::string_view bytes) {
  node_->bytes += bytes;
  node_->mtime_ns = *now_ += 1'000'000;
  written_ = bytes.size();
  return {};
}

Result<std::uint64_t> MemAppendFile::inode() { return node_->inode; }
Result<std::uint64_t> MemAppendFile::size() { return node_->bytes.size(); }

Result<> MemAppendFile::truncate(std::uint64_t size) {
  node_->bytes.resize(static_cast<std::size_t>(size));
  node_->mtime_ns = *now_ += 1'000'000;
  return {};
}

Result<std::string> MemAppendFile::read_at(std::uint64_t offset, std::size_t count) {
  return cut(node_->bytes, offset, count);
}

Result<> MemAppendFile::lock() {
  if (holds_lock_) return {};
  if (node_->locked) return fail(Kind::conflict, fmt::format("{} is locked by another process", path_));
  node_->locked = holds_lock_ = true;
  return {};
}

}  // namespace mem_files_detail

MemFiles::MemFiles() : root_(make_node(FileInfo::Type::directory, 0755)) {}
MemFiles::~MemFiles() = default;

std::shared_ptr<MemFiles::Node> MemFiles::make_node(FileInfo::Type type, std::uint32_t mode) {
  auto node = std::make_shared<Node>();
  node->type = type;
  node->mode = mode & 07777;
  node->inode = next_inode_++;
  node->mtime_ns = now_ns_ += 1'000'000;
  return node;
}

Result<MemFiles::Place> MemFiles::find(const std::string& path, bool follow_last) const {
  using mem_files_detail::push_pieces;
  if (path.empty()) return fail_errno(ENOENT, "empty path");
  std::vector<std::string> pieces;
  push_pieces(pieces, path);
  if (!path.starts_with('/')) push_pieces(pieces, cwd_);

  std::vector<std::pair<std::string, std::shared_ptr<Node>>> way{{"", root_}};
  int links = 0;
  while (!pieces.empty()) {
    std::string name = std::move(pieces.back());
    pieces.pop_back();
    std::shared_ptr<Node> folder = way.back().second;
    if (folder->type != FileInfo::Type::directory) return fail_errno(ENOTDIR, path);
    if (name == "..") {
      if (way.size() > 1) way.pop_back();
      continue;
    }
    auto it = folder->children.find(name);
    if (it == folder->children.end()) {
      if (!pieces.empty()) return fail_errno(ENOENT, path);
      std::string real;
      for (std::size_t i = 1; i < way.size(); ++i) real += "/" + way[i].first;
      return Place{folder, name, nullptr, real + "/" + name};
    }
    if (it->second->type == FileInfo::Type::symlink && (follow_last || !pieces.empty())) {
      if (++links > 40) return fail_errno(ELOOP, path);
      const std::string& target = it->second->bytes;
      if (target.starts_with('/')) way.resize(1);
      push_pieces(pieces, target);
      continue;
    }
    way.emplace_back(std::move(name), it->second);
  }
  std::string real;
  for (std::size_t i = 1; i < way.size(); ++i) real += "/" + way[i].first;
  auto folder = way.size() > 1 ? way[way.size() - 2].second : root_;
  return Place{folder, way.back().first, way.back().second, real.empty() ? "/" : real};
}

Result<std::shared_ptr<MemFiles::Node>> MemFiles::existing(const char* verb, const std::string& path,
                                                           bool follow_last) const {
  auto place = find(path, follow_last);
  if (!place) return mem_files_detail::failed(verb, path, place.error().sys);
  if (place->node == nullptr) return mem_files_detail::failed(verb, path, ENOENT);
  return place->node;
}

Result<std::shared_ptr<MemFiles::Node>> MemFiles::file_for_writing(const std::string& path, bool create,
                                                                   std::uint32_t mode) {
  auto place = find(path, true);
  if (!place) return mem_files_detail::failed("open", path, place.error().sys);
  if (place->node == nullptr) {
    if (!create) return mem_files_detail::failed("open", path, ENOENT);
    place->node = make_node(FileInfo::Type::regular, mode & ~022u);
    place->folder->children[place->name] = place->node;
  }
  if (place->node->type == FileInfo::Type::directory) return mem_files_detail::failed("open", path, EISDIR);
  return place->node;
}

Result<std::string> MemFiles::read(const std::string& path, std::uint64_t limit) {
  TRY(auto node, existing("open", path));
  if (node->type == FileInfo::Type::directory) return mem_files_detail::failed("read", path, EISDIR);
  if (node->bytes.size() > limit) {
    return fail(Kind::invalid,
                fmt::format("{} is too large: {} bytes, at most {} are read", path, node->bytes.size(), limit));
  }
  return node->bytes;
}

Result<std::string> MemFiles::read_range(const std::string& path, std::uint64_t offset, std::size_t count) {
  TRY(auto node, existing("open", path));
  if (node->type == FileInfo::Type::directory) return mem_files_detail::failed("read", path, EISDIR);
  return mem_files_detail::cut(node->bytes, offset, count);
}

Result<> MemFiles::write(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  TRY(auto node, file_for_writing(path, true, mode));
  node->bytes = bytes;
  node->mtime_ns = now_ns_ += 1'000'000;
  return {};
}

Result<> MemFiles::write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  auto place = find(path, false);
  if (!place) return mem_files_detail::failed("write", path, place.error().sys);
  if (place->node != nullptr && place->node->type == FileInfo::Type::directory) {
    return mem_files_detail::failed("write", path, EISDIR);
  }
  // A new node, as the rename of a new file: readers of the old one keep what they have open.
  auto node = make_node(FileInfo::Type::regular, mode);
  node->bytes = bytes;
  place->folder->children[place->name] = node;
  return {};
}

Result<std::unique_ptr<AppendFile>> MemFiles::open_append(const std::string& path, bool create, std::uint32_t mode) {
  TRY(auto node, file_for_writing(path, create, mode));
  return std::make_unique<mem_files_detail::MemAppendFile>(node, path, &now_ns_);
}

Result<> MemFiles::make_dirs(const std::string& path, std::uint32_t mode) {
  std::vector<std::string> pieces;
  mem_files_detail::push_pieces(pieces, path);
  std::string at = path.starts_with('/') ? "" : cwd_;
  while (!pieces.empty()) {
    at += "/" + pieces.back();
    pieces.pop_back();
    auto place = find(at, true);
    if (!place) return mem_files_detail::failed("create folder", path, place.error().sys);
    if (place->node == nullptr) {
      place->folder->children[place->name] = make_node(FileInfo::Type::directory, mode & ~022u);
    } else if (place->node->type != FileInfo::Type::directory) {
      return mem_files_detail::failed("create folder", path, ENOTDIR);
    }
  }
  return {};
}

Result<> MemFiles::sync_dir(const std::string& path) {
  TRY(auto node, existing("open", path));
  if (node->type != FileInfo::Type::directory) return mem_files_detail::failed("open", path, ENOTDIR);
  return {};
}

Result<> MemFiles::rename(const std::string& from, const std::string& to) {
  std::string both = fmt::format("{} to {}", from, to);
  auto source = find(from, false);
  auto target = find(to, false);
  if (!source || !target) {
    return mem_files_detail::failed("rename", both, !source ? source.error().sys : target.error().sys);
  }
  if (source->node == nullptr) return mem_files_detail::failed("rename", both, ENOENT);
  bool is_folder = source->node->type == FileInfo::Type::directory;
  if (is_folder && (target->path + "/").starts_with(source->path + "/") && target->path != source->path) {
    return mem_files_detail::failed("rename", both, EINVAL);
  }
  if (target->node == source->node) return {};
  if (target->node != nullptr) {
    bool onto_folder = target->node->type == FileInfo::Type::directory;
    if (onto_folder && !is_folder) return mem_files_detail::failed("rename", both, EISDIR);
    if (!onto_folder && is_folder) return mem_files_detail::failed("rename", both, ENOTDIR);
    if (onto_folder && !target->node->children.empty()) return mem_files_detail::failed("rename", both, ENOTEMPTY);
  }
  source->folder->children.erase(source->name);
  target->folder->children[target->name] = source->node;
  return {};
}

Result<> MemFiles::remove(const std::string& path) {
  auto place = find(path, false);
  if (!place) return mem_files_detail::failed("remove", path, place.error().sys);
  if (place->node == nullptr) return mem_files_detail::failed("remove", path, ENOENT);
  if (place->node->type == FileInfo::Type::directory) return mem_files_detail::failed("remove", path, EISDIR);
  place->folder->children.erase(place->name);
  return {};
}

Result<> MemFiles::remove_tree(const std::string& path) {
  auto place = find(path, false);
  if (!place) return mem_files_detail::failed("remove", path, place.error().sys);
  if (place->node == nullptr) return mem_files_detail::failed("remove", path, ENOENT);
  if (place->node->type != FileInfo::Type::directory) return mem_files_detail::failed("remove", path, ENOTDIR);
  if (place->node == root_) return mem_files_detail::failed("remove", path, EBUSY);
  place->folder->children.erase(place->name);
  return {};
}

Result<> MemFiles::symlink(const std::string& target, const std::string& path) {
  auto place = find(path, false);
  if (!place) return mem_files_detail::failed("create symlink", path, place.error().sys);
  if (place->node != nullptr) return mem_files_detail::failed("create symlink", path, EEXIST);
  auto node = make_node(FileInfo::Type::symlink, 0777);
  node->bytes = target;
  place->folder->children[place->name] = node;
  return {};
}

Result<> MemFiles::set_mode(const std::string& path, std::uint32_t mode) {
  TRY(auto node, existing("change the mode of", path));
  node->mode = mode & 07777;
  return {};
}

Result<> MemFiles::touch(const std::string& path) {
  TRY(auto node, existing("touch", path));
  node->mtime_ns = now_ns_ += 1'000'000;
  return {};
}

Result<FileInfo> MemFiles::stat(const std::string& path) {
  TRY(auto node, existing("stat", path));
  return FileInfo{node->type, node->bytes.size(), node->mtime_ns, node->inode, node->mode};
}

Result<FileInfo> MemFiles::lstat(const std::string& path) {
  TRY(auto node, existing("stat", path, false));
  return FileInfo{node->type, node->bytes.size(), node->mtime_ns, node->inode, node->mode};
}

Result<std::string> MemFiles::read_link(const std::string& path) {
  TRY(auto node, existing("read symlink", path, false));
  if (node->type != FileInfo::Type::symlink) return mem_files_detail::failed("read symlink", path, EINVAL);
  return node->bytes;
}

Result<std::vector<std::string>> MemFiles::list(const std::string& path) {
  TRY(auto node, existing("list", path));
  if (node->type != FileInfo::Type::directory) return mem_files_detail::failed("list", path, ENOTDIR);
  std::vector<std::string> names;
  for (const auto& [name, child] : node->children) names.push_back(name);
  return names;
}

Result<std::string> MemFiles::canonical(const std::string& path) {
  auto place = find(path, true);
  if (!place) return mem_files_detail::failed("resolve", path, place.error().sys);
  if (place->node == nullptr) return mem_files_detail::failed("resolve", path, ENOENT);
  return place->path;
}

Result<std::unique_ptr<FileLock>> MemFiles::lock(const std::string& path) {
  TRY(auto node, file_for_writing(path, true, 0666));
  if (node->locked) return fail(Kind::conflict, fmt::format("{} is locked by another process", path));
  node->locked = true;
  return std::make_unique<mem_files_detail::MemFileLock>(node);
}

Result<std::string> MemFiles::make_temp_dir(const std::string& prefix) {
  std::string path = fmt::format("{}{:06}", prefix, next_temp_++);
  auto place = find(path, false);
  if (!place) return mem_files_detail::failed("create folder", path, place.error().sys);
  place->folder->children[place->name] = make_node(FileInfo::Type::directory, 0700);
  return path;
}

void MemFiles::put(const std::string& path, std::string_view bytes) {
  std::size_t slash = path.find_last_of('/');
  bool ok = slash == 0 || slash == std::string::npos || make_dirs(path.substr(0, slash)).has_value();
  if (!ok || !write(path, bytes)) std::terminate();
}

void MemFiles::set_mtime(const std::string& path, std::int64_t ns) {
  auto node = existing("stat", path);
  if (!node) std::terminate();
  (*node)->mtime_ns = ns;
}

}  // namespace burin::io

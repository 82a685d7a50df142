#include <cerrno>

#include <fmt/format.h>

#include "io/fake_files.h"

namespace burin::io {

class FaultFiles::File : public AppendFile {
 public:
  File(FaultFiles* owner, std::unique_ptr<AppendFile> inner, std::string path)
      : owner_(owner), inner_(std::move(inner)), path_(std::move(path)) {}

  Result<> append(std::string_view bytes) override {
    std::lock_guard alone(owner_->mutex_);
    Plan plan = owner_->next("append", path_, bytes.size());
    written_ = 0;
    if (plan.sys == 0) {
      auto done = inner_->append(bytes);
      written_ = inner_->written();
      return done;
    }
    if (plan.bytes > 0) {
      CHECK(inner_->append(bytes.substr(0, plan.bytes)));
      written_ = inner_->written();
    }
    return failure("append", path_, plan.sys);
  }
  std::size_t written() const override { return written_; }
  Result<> sync() override {
    return owner_->guarded("sync", path_, [&] { return inner_->sync(); });
  }
  Result<std::uint64_t> size() override {
    return owner_->guarded("size", path_, [&] { return inner_->size(); });
  }
  Result<std::uint64_t> inode() override {
    return owner_->guarded("inode", path_, [&] { return inner_->inode(); });
  }
  Result<> truncate(std::uint64_t size) override {
    return owner_->guarded("truncate", path_, [&] { return inner_->truncate(size); });
  }
  Result<std::string> read_at(std::uint64_t offset, std::size_t count) override {
    return owner_->guarded("read_at", path_, [&] { return inner_->read_at(offset, count); });
  }
  Result<> lock() override {
    return owner_->guarded("lock", path_, [&] { return inner_->lock(); });
  }

 private:
  FaultFiles* owner_;
  std::unique_ptr<AppendFile> inner_;
  std::string path_;
  std::size_t written_ = 0;
};

void FaultFiles::fail_call(std::size_t n, int sys) { plans_[n] = Plan{sys, 0, false}; }
void FaultFiles::short_write(std::size_t n, std::size_t bytes, int sys) { plans_[n] = Plan{sys, bytes, false}; }
void FaultFiles::stop_at(std::size_t n, std::size_t bytes) { plans_[n] = Plan{EIO, bytes, true}; }

void FaultFiles::heal() {
  plans_.clear();
  rule_ = nullptr;
  stopped_ = false;
}

FaultFiles::Plan FaultFiles::next(const char* name, const std::string& path, std::size_t bytes) {
  journal_.push_back({name, path, bytes});
  if (stopped_) return Plan{EIO, 0, true};
  if (auto it = plans_.find(journal_.size()); it != plans_.end()) {
    stopped_ = it->second.stop;
    return it->second;
  }
  return Plan{rule_ ? rule_(journal_.back()) : 0, 0, false};
}

Fail FaultFiles::failure(const char* name, const std::string& path, int sys) {
  return fail_errno(sys, fmt::format("cannot {} {}", name, path));
}

Result<std::string> FaultFiles::read(const std::string& path, std::uint64_t limit) {
  return guarded("read", path, [&] { return inner_.read(path, limit); });
}

Result<std::string> FaultFiles::read_range(const std::string& path, std::uint64_t offset, std::size_t count) {
  return guarded("read_range", path, [&] { return inner_.read_range(path, offset, count); });
}

Result<> FaultFiles::write(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  std::lock_guard alone(mutex_);
  Plan plan = next("write", path, bytes.size());
  if (plan.sys == 0) return inner_.write(path, bytes, mode);
  if (plan.bytes > 0) CHECK(inner_.write(path, bytes.substr(0, plan.bytes), mode));
  return failure("write", path, plan.sys);
}

Result<> FaultFiles::write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  std::lock_guard alone(mutex_);
  // All or nothing: a short write inside leaves the old content.
  if (int sys = next("write_atomic", path, bytes.size()).sys) return failure("write_atomic", path, sys);
  return inner_.write_atomic(path, bytes, mode);
}

Result<std::unique_ptr<AppendFile>> FaultFiles::open_append(const std::string& path, bool create, std::uint32_t mode) {
  std::lock_guard alone(mutex_);
  if (int sys = next("open_append", path).sys) return failure("open_append", path, sys);
  TRY(auto inner, inner_.open_append(path, create, mode));
  return std::make_unique<File>(this, std::move(inner), path);
}

Result<> FaultFiles::make_dirs(const std::string& path, std::uint32_t mode) {
  return guarded("make_dirs", path, [&] { return inner_.make_dirs(path, mode); });
}

Result<> FaultFiles::sync_dir(const std::string& path) {
  return guarded("sync_dir", path, [&] { return inner_.sync_dir(path); });
}

Result<> FaultFiles::rename(const std::string& from, const std::string& to) {
  return guarded("rename", from, [&] { return inner_.rename(from, to); });
}

Result<> FaultFiles::remove(const std::string& path) {
  return guarded("remove", path, [&] { return inner_.remove(path); });
}

Result<> FaultFiles::remove_tree(const std::string& path) {
  return guarded("remove_tree", path, [&] { return inner_.remove_tree(path); });
}

Result<> FaultFiles::symlink(const std::string& target, const std::string& path) {
  return guarded("symlink", path, [&] { return inner_.symlink(target, path); });
}

Result<> FaultFiles::set_mode(const std::string& path, std::uint32_t mode) {
  return guarded("set_mode", path, [&] { return inner_.set_mode(path, mode); });
}

Result<> FaultFiles::touch(const std::string& path) {
  return guarded("touch", path, [&] { return inner_.touch(path); });
}

Result<FileInfo> FaultFiles::stat(const std::string& path) {
  return guarded("stat", path, [&] { return inner_.stat(path); });
}

Result<FileInfo> FaultFiles::lstat(const std::string& path) {
  return guarded("lstat", path, [&] { return inner_.lstat(path); });
}

Result<std::string> FaultFiles::read_link(const std::string& path) {
  return guarded("read_link", path, [&] { return inner_.read_link(path); });
}

Result<std::vector<std::string>> FaultFiles::list(const std::string& path) {
  return guarded("list", path, [&] { return inner_.list(path); });
}

Result<std::string> FaultFiles::canonical(const std::string& path) {
  return guarded("canonical", path, [&] { return inner_.canonical(path); });
}

Result<std::unique_ptr<FileLock>> FaultFiles::lock(const std::string& path) {
  return guarded("lock", path, [&] { return inner_.lock(path); });
}

Result<std::string> FaultFiles::make_temp_dir(const std::string& prefix) {
  return guarded("make_temp_dir", prefix, [&] { return inner_.make_temp_dir(prefix); });
}

Result<std::string> FaultFiles::current_dir() {
  return guarded("current_dir", "", [&] { return inner_.current_dir(); });
}

}  // namespace burin::io

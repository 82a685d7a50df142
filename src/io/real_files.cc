#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fd.h"
#include "io/files.h"

namespace burin::io {

namespace real_files_detail {

/// Every message says which call failed on which path: "cannot open /x: No such file or directory (os error 2)".
Fail failed(std::string_view verb, std::string_view path, int sys = errno) {
  return fail_errno(sys, fmt::format("cannot {} {}", verb, path));
}

/// Repeats a call that a signal interrupted.
template <class F>
auto again(F call) {
  auto r = call();
  while (r < 0 && errno == EINTR) r = call();
  return r;
}

Fd open_fd(const std::string& path, int flags, std::uint32_t mode = 0) {
  return Fd(again([&] { return ::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(mode)); }));
}

/// Writes everything; `done` counts the bytes that reached the file, also on failure. Returns errno, 0 when all is
/// well.
int write_all(int fd, std::string_view bytes, std::size_t& done) {
  done = 0;
  while (done < bytes.size()) {
    ssize_t n = again([&] { return ::write(fd, bytes.data() + done, bytes.size() - done); });
    if (n < 0) return errno;
    if (n == 0) return EIO;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

Result<std::string> read_fd_range(int fd, const std::string& path, std::uint64_t offset, std::size_t count) {
  std::string out;
  // The file may be much shorter than `count`: never allocate more than it holds.
  struct ::stat st{};
  if (::fstat(fd, &st) != 0) return failed("read", path);
  auto size = static_cast<std::uint64_t>(st.st_size);
  if (S_ISREG(st.st_mode))
    count = offset >= size ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(count, size - offset));
  out.resize(count);
  std::size_t done = 0;
  while (done < count) {
    ssize_t n = again([&] { return ::pread(fd, out.data() + done, count - done, static_cast<off_t>(offset + done)); });
    if (n < 0) return failed("read", path);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return out;
}

Result<> take_lock(int fd, const std::string& path) {
  if (again([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0) return {};
  if (errno != EWOULDBLOCK) return failed("lock", path);
  Error e{.kind = Kind::conflict, .what = fmt::format("{} is locked by another process", path), .sys = EWOULDBLOCK};
  return Fail(std::move(e));
}

class RealAppendFile : public AppendFile {
 public:
  RealAppendFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<> append(std::string_view bytes) override {
    if (int sys = write_all(fd_.get(), bytes, written_); sys != 0) return failed("append to", path_, sys);
    return {};
  }
  std::size_t written() const override { return written_; }
  Result<> sync() override {
    if (again([&] { return ::fsync(fd_.get()); }) != 0) return failed("sync", path_);
    return {};
  }
  Result<std::uint64_t> size() override {
    struct ::stat st{};
    if (::fstat(fd_.get(), &st) != 0) return failed("stat", path_);
    return static_cast<std::uint64_t>(st.st_size);
  }
  Result<std::uint64_t> inode() override {
    struct ::stat st{};
    if (::fstat(fd_.get(), &st) != 0) return failed("stat", path_);
    return static_cast<std::uint64_t>(st.st_ino);
  }
  Result<> truncate(std::uint64_t size) override {
    if (again([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); }) != 0) return failed("truncate", path_);
    return {};
  }
  Result<std::string> read_at(std::uint64_t offset, std::size_t count) override {
    return read_fd_range(fd_.get(), path_, offset, count);
  }
  Result<> lock() override { return take_lock(fd_.get(), path_); }

 private:
  Fd fd_;
  std::string path_;
  std::size_t written_ = 0;
};

class RealFileLock : public FileLock {
 public:
  explicit RealFileLock(Fd fd) : fd_(std::move(fd)) {}

 private:
  Fd fd_;  // closing it releases the lock
};

FileInfo info_of(const struct ::stat& st) {
  FileInfo info;
  if (S_ISREG(st.st_mode)) {
    info.type = FileInfo::Type::regular;
  } else if (S_ISDIR(st.st_mode)) {
    info.type = FileInfo::Type::directory;
  } else if (S_ISLNK(st.st_mode)) {
    info.type = FileInfo::Type::symlink;
  }
  info.size = static_cast<std::uint64_t>(st.st_size);
  info.mtime_ns = static_cast<std::int64_t>(st.st_mtim.tv_sec) * 1'000'000'000 + st.st_mtim.tv_nsec;
  info.inode = st.st_ino;
  info.mode = st.st_mode & 07777;
  return info;
}

std::string folder_of(const std::string& path) {
  std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Removes what is in the open folder `dir`; `path` is its name for messages. Never follows a symlink.
Result<> empty_folder(Fd dir, const std::string& path) {
  DIR* stream = ::fdopendir(dir.get());
  if (stream == nullptr) return failed("read", path);
  dir.release();
  std::unique_ptr<DIR, int (*)(DIR*)> owner(stream, &::closedir);
  int base = ::dirfd(stream);
  for (;;) {
    errno = 0;
    dirent* entry = ::readdir(stream);
    if (entry == nullptr) {
      if (errno != 0) return failed("read", path);
      return {};
    }
    std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (::unlinkat(base, entry->d_name, 0) == 0 || errno == ENOENT) continue;
    // Linux says EISDIR for a folder, POSIX allows EPERM.
    std::string below = path + "/" + entry->d_name;
    if (errno != EISDIR && errno != EPERM) return failed("remove", below);
    Fd sub(::openat(base, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!sub) return failed("remove", below);
    CHECK(empty_folder(std::move(sub), below));
    if (::unlinkat(base, entry->d_name, AT_REMOVEDIR) != 0 && errno != ENOENT) return failed("remove", below);
  }
}

class RealFiles : public Files {
 public:
  Result<std::string> read(const std::string& path, std::uint64_t limit) override {
    Fd fd = open_fd(path, O_RDONLY);
    if (!fd) return failed("open", path);
    struct ::stat st{};
    if (::fstat(fd.get(), &st) != 0) return failed("read", path);
    auto too_large = [&](std::uint64_t size) {
      return fail(Kind::invalid, fmt::format("{} is too large: {} bytes, at most {} are read", path, size, limit));
    };
    auto size = static_cast<std::uint64_t>(st.st_size);
    if (S_ISREG(st.st_mode) && size > limit) return too_large(size);
    std::string out;
    std::size_t done = 0;
    // One byte more than the size, so that the end of a file that does not change is seen without a second round.
    out.resize(static_cast<std::size_t>(std::min<std::uint64_t>(S_ISREG(st.st_mode) ? size + 1 : 64 << 10, limit + 1)));
    for (;;) {
      ssize_t n = again([&] { return ::read(fd.get(), out.data() + done, out.size() - done); });
      if (n < 0) return failed("read", path);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
      if (done > limit) return too_large(done);
      if (done == out.size()) out.resize(done * 2);
    }
    out.resize(done);
    return out;
  }

  Result<std::string> read_range(const std::string& path, std::uint64_t offset, std::size_t count) override {
    Fd fd = open_fd(path, O_RDONLY);
    if (!fd) return failed("open", path);
    return read_fd_range(fd.get(), path, offset, count);
  }

  Result<> write(const std::string& path, std::string_view bytes, std::uint32_t mode) override {
    Fd fd = open_fd(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (!fd) return failed("open", path);
    std::size_t done = 0;
    if (int sys = write_all(fd.get(), bytes, done); sys != 0) return failed("write", path, sys);
    // Network file systems report a failed write only here.
    if (::close(fd.release()) != 0 && errno != EINTR) return failed("write", path);
    return {};
  }

  Result<> write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) override {
    static std::atomic<unsigned> counter{0};
    std::string folder = folder_of(path);
    std::string temp;
    Fd fd;
    do {
      temp = fmt::format("{}/.burin-{}-{}.tmp", folder, ::getpid(), counter++);
      fd = open_fd(temp, O_WRONLY | O_CREAT | O_EXCL, 0600);
    } while (!fd && errno == EEXIST);
    if (!fd) return failed("create a file in", folder);
    std::size_t done = 0;
    int sys = write_all(fd.get(), bytes, done);
    if (sys == 0 && ::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) sys = errno;
    if (sys == 0 && again([&] { return ::fsync(fd.get()); }) != 0) sys = errno;
    if (sys == 0 && ::rename(temp.c_str(), path.c_str()) != 0) sys = errno;
    if (sys != 0) {
      ::unlink(temp.c_str());
      return failed("write", path, sys);
    }
    return sync_dir(folder);
  }

  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path, bool create, std::uint32_t mode) override {
    Fd fd = open_fd(path, O_RDWR | O_APPEND | (create ? O_CREAT : 0), mode);
    if (!fd) return failed("open", path);
    return std::make_unique<RealAppendFile>(std::move(fd), path);
  }

  Result<> make_dirs(const std::string& path, std::uint32_t mode) override {
    if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0) return {};
    if (errno == ENOENT) {
      std::string trimmed = path.substr(0, path.find_last_not_of('/') + 1);
      std::string parent = folder_of(trimmed);
      if (parent.empty() || parent == "." || parent == path) return failed("create folder", path);
      CHECK(make_dirs(parent, mode));
      if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0) return {};
    }
    int sys = errno;
    if (sys == EEXIST) {
      if (is_dir(path)) return {};
      sys = ENOTDIR;
    }
    return failed("create folder", path, sys);
  }

  Result<> sync_dir(const std::string& path) override {
    Fd fd = open_fd(path, O_RDONLY | O_DIRECTORY);
    if (!fd) return failed("open", path);
    // Some network and user-space file systems cannot sync folders and say EINVAL.
    if (again([&] { return ::fsync(fd.get()); }) != 0 && errno != EINVAL) return failed("sync", path);
    return {};
  }

  Result<> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", fmt::format("{} to {}", from, to));
    return {};
  }

  Result<> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed("remove", path);
    return {};
  }

  Result<> remove_tree(const std::string& path) override {
    Fd dir = open_fd(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!dir) return failed("remove", path);
    CHECK(empty_folder(std::move(dir), path));
    if (::rmdir(path.c_str()) != 0) return failed("remove", path);
    return {};
  }

  Result<> symlink(const std::string& target, const std::string& path) override {
    if (::symlink(target.c_str(), path.c_str()) != 0) return failed("create symlink", path);
    return {};
  }

  Result<> set_mode(const std::string& path, std::uint32_t mode) override {
    if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) return failed("change the mode of", path);
    return {};
  }

  Result<> touch(const std::string& path) override {
    if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0) return failed("touch", path);
    return {};
  }

  Result<FileInfo> stat(const std::string& path) override {
    struct ::stat st{};
    if (::stat(path.c_str(), &st) != 0) return failed("stat", path);
    return info_of(st);
  }

  Result<FileInfo> lstat(const std::string& path) override {
    struct ::stat st{};
    if (::lstat(path.c_str(), &st) != 0) return failed("stat", path);
    return info_of(st);
  }

  Result<std::string> read_link(const std::string& path) override {
    std::string out(256, '\0');
    for (;;) {
      ssize_t n = ::readlink(path.c_str(), out.data(), out.size());
      if (n < 0) return failed("read symlink", path);
      if (static_cast<std::size_t>(n) < out.size()) {
        out.resize(static_cast<std::size_t>(n));
        return out;
      }
      out.resize(out.size() * 2);
    }
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
    if (dir == nullptr) return failed("list", path);
    std::vector<std::string> names;
    errno = 0;
    while (dirent* entry = ::readdir(dir.get())) {
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return failed("list", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::string> canonical(const std::string& path) override {
    std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
    if (real == nullptr) return failed("resolve", path);
    return std::string(real.get());
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    for (;;) {
      Fd fd = open_fd(path, O_RDWR | O_CREAT, 0666);
      if (!fd) return failed("open", path);
      CHECK(take_lock(fd.get(), path));
      // The holder before us may have removed the file: a lock on a file without name would protect nothing.
      struct ::stat held{}, named{};
      if (::fstat(fd.get(), &held) != 0) return failed("stat", path);
      if (::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
        return std::make_unique<RealFileLock>(std::move(fd));
      }
    }
  }

  Result<std::string> make_temp_dir(const std::string& prefix) override {
    std::string name = prefix + "XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return failed("create folder", prefix + "*");
    return name;
  }

  Result<std::string> current_dir() override {
    std::unique_ptr<char, void (*)(void*)> cwd(::getcwd(nullptr, 0), &std::free);
    if (cwd == nullptr) return fail_errno(errno, "cannot tell the current working directory");
    return std::string(cwd.get());
  }
};

}  // namespace real_files_detail

Files& real_files() {
  static real_files_detail::RealFiles files;
  return files;
}

}  // namespace burin::io

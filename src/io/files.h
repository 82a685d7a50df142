// Files, behind an interface so that tests can fail, cut or stop at every call.
//
// All calls block; those that may take long (sync, big reads) are run on the Pool by their callers. Paths are plain
// strings of bytes, absolute unless stated otherwise. Errors carry errno in Error::sys and name the path.
//
// Durability: `append` returns once the bytes are handed to the operating system (they survive the end of the process);
// `sync` returns once they are on stable storage. A new file's name is durable only after sync_dir of its folder.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace burin::io {

struct FileInfo {
  enum class Type : std::uint8_t { regular, directory, symlink, other };
  Type type = Type::other;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;  // permission bits only
};

/// A file open for appending. Closing happens in the destructor; a failed close after a successful sync loses nothing.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  /// Writes all of `bytes` at the end with one write where the system allows it. On failure `written()` tells how many
  /// bytes of this call reached the file.
  virtual Result<> append(std::string_view bytes) = 0;
  virtual std::size_t written() const = 0;
  virtual Result<> sync() = 0;
  virtual Result<std::uint64_t> size() = 0;
  /// Tells whether the path still names this file: another process may have put a new one in its place.
  virtual Result<std::uint64_t> inode() = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  /// Reads up to `count` bytes at `offset`.
  virtual Result<std::string> read_at(std::uint64_t offset, std::size_t count) = 0;
  /// Advisory exclusive lock, without waiting; Kind::conflict when another process holds it.
  virtual Result<> lock() = 0;
};

/// A held advisory lock; released by the destructor.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;

  /// Whole content; Kind::invalid when larger than `limit` bytes.
  virtual Result<std::string> read(const std::string& path, std::uint64_t limit = 4ull << 30) = 0;
  /// At most `count` bytes from `offset`; shorter at the end of the file.
  virtual Result<std::string> read_range(const std::string& path, std::uint64_t offset, std::size_t count) = 0;
  /// Creates or truncates, writes, closes. Not atomic: for output files that the user named. Follows symlinks.
  virtual Result<> write(const std::string& path, std::string_view bytes, std::uint32_t mode = 0666) = 0;
  /// Temporary file in the same folder, sync, rename over `path`, sync of the folder. `path` keeps its old content on
  /// any failure, except that of the last sync: then it has the new content, which a power cut may undo. A symlink at
  /// `path` is replaced, not followed. `mode` is set exactly.
  virtual Result<> write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) = 0;
  virtual Result<std::unique_ptr<AppendFile>> open_append(const std::string& path, bool create,
                                                          std::uint32_t mode = 0666) = 0;

  /// Creates the folder and its missing parents.
  virtual Result<> make_dirs(const std::string& path, std::uint32_t mode = 0777) = 0;
  virtual Result<> sync_dir(const std::string& path) = 0;
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<> remove(const std::string& path) = 0;       // a file or symlink, not a folder
  virtual Result<> remove_tree(const std::string& path) = 0;  // a folder with all that is in it
  virtual Result<> symlink(const std::string& target, const std::string& path) = 0;
  virtual Result<> set_mode(const std::string& path, std::uint32_t mode) = 0;
  /// Sets the modification time of an existing file to now.
  virtual Result<> touch(const std::string& path) = 0;

  /// Follows symlinks.
  virtual Result<FileInfo> stat(const std::string& path) = 0;
  /// Does not follow the last symlink.
  virtual Result<FileInfo> lstat(const std::string& path) = 0;
  virtual Result<std::string> read_link(const std::string& path) = 0;
  /// Names (not paths) in a folder, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  /// Absolute path without symlinks, "." and ".."; the file must exist.
  virtual Result<std::string> canonical(const std::string& path) = 0;
  /// Creates `path` if needed and takes its lock without waiting; Kind::conflict when it is held.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
  /// Creates a folder with a unique name that starts with `prefix` (an absolute path).
  virtual Result<std::string> make_temp_dir(const std::string& prefix) = 0;
  /// Current working directory of the process.
  virtual Result<std::string> current_dir() = 0;

  bool exists(const std::string& path) { return stat(path).has_value(); }
  bool is_dir(const std::string& path) {
    auto s = stat(path);
    return s && s->type == FileInfo::Type::directory;
  }
  bool is_file(const std::string& path) {
    auto s = stat(path);
    return s && s->type == FileInfo::Type::regular;
  }
};

Files& real_files();

}  // namespace burin::io

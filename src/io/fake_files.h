// File systems for tests: one in memory, one that fails on purpose.
//
// MemFiles keeps a tree in memory: no disk, no permissions, one tick of time for each change. FaultFiles stands before
// any other Files, counts every call that reaches it, and fails, shortens or stops them as planned; with it a test
// walks through "the program died at call n" for every n.
//
// Ownership: FaultFiles borrows the inner Files; files opened through either keep what they need alive, except that
// FaultFiles must outlive its open files.
// Threads: FaultFiles takes one call after the other, from the loop and the pool; MemFiles alone is for one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/files.h"

namespace burin::io {

class MemFiles : public Files {
 public:
  MemFiles();
  ~MemFiles() override;

  Result<std::string> read(const std::string& path, std::uint64_t limit = 4ull << 30) override;
  Result<std::string> read_range(const std::string& path, std::uint64_t offset, std::size_t count) override;
  Result<> write(const std::string& path, std::string_view bytes, std::uint32_t mode = 0666) override;
  Result<> write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) override;
  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path, bool create,
                                                  std::uint32_t mode = 0666) override;
  Result<> make_dirs(const std::string& path, std::uint32_t mode = 0777) override;
  Result<> sync_dir(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_tree(const std::string& path) override;
  Result<> symlink(const std::string& target, const std::string& path) override;
  Result<> set_mode(const std::string& path, std::uint32_t mode) override;
  Result<> touch(const std::string& path) override;
  Result<FileInfo> stat(const std::string& path) override;
  Result<FileInfo> lstat(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::string> canonical(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<std::string> make_temp_dir(const std::string& prefix) override;
  Result<std::string> current_dir() override { return cwd_; }

  /// For tests: writes a file and the folders above it.
  void put(const std::string& path, std::string_view bytes);
  void set_current_dir(std::string path) { cwd_ = std::move(path); }
  void set_mtime(const std::string& path, std::int64_t ns);
  /// Every change sets mtime to the next tick: a millisecond after the one before, from here on.
  void set_now(std::int64_t ns) { now_ns_ = ns; }

  struct Node;

 private:
  struct Place;
  Result<Place> find(const std::string& path, bool follow_last) const;
  Result<std::shared_ptr<Node>> existing(const char* verb, const std::string& path, bool follow_last = true) const;
  Result<std::shared_ptr<Node>> file_for_writing(const std::string& path, bool create, std::uint32_t mode);
  std::shared_ptr<Node> make_node(FileInfo::Type type, std::uint32_t mode);

  std::shared_ptr<Node> root_;
  std::string cwd_ = "/";
  std::int64_t now_ns_ = 1'772'446'510'000'000'000;
  std::uint64_t next_inode_ = 1;
  unsigned next_temp_ = 1;
};

class FaultFiles : public Files {
 public:
  /// One call, in the order of the journal. `name` is the name of the member ("append", "write_atomic"); `bytes` the
  /// size of what was to be written.
  struct Call {
    std::string name, path;
    std::size_t bytes = 0;
    bool operator==(const Call&) const = default;
  };

  explicit FaultFiles(Files& inner) : inner_(inner) {}

  /// Calls count from 1.
  void fail_call(std::size_t n, int sys);
  /// Call n writes only `bytes` bytes and then fails; for calls that write nothing, or all or nothing, as fail_call.
  void short_write(std::size_t n, std::size_t bytes, int sys);
  /// The program dies at call n: it and all later calls fail with EIO. With `bytes` a write gets that far before.
  void stop_at(std::size_t n, std::size_t bytes = 0);
  /// Asked before every call that has no plan: errno to fail with, or 0.
  void fail_when(std::function<int(const Call&)> rule) { rule_ = std::move(rule); }
  /// Forgets all plans; the count and the journal go on.
  void heal();

  std::size_t calls() const { return journal_.size(); }
  bool stopped() const { return stopped_; }
  const std::vector<Call>& journal() const { return journal_; }

  Result<std::string> read(const std::string& path, std::uint64_t limit = 4ull << 30) override;
  Result<std::string> read_range(const std::string& path, std::uint64_t offset, std::size_t count) override;
  Result<> write(const std::string& path, std::string_view bytes, std::uint32_t mode = 0666) override;
  Result<> write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) override;
  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path, bool create,
                                                  std::uint32_t mode = 0666) override;
  Result<> make_dirs(const std::string& path, std::uint32_t mode = 0777) override;
  Result<> sync_dir(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_tree(const std::string& path) override;
  Result<> symlink(const std::string& target, const std::string& path) override;
  Result<> set_mode(const std::string& path, std::uint32_t mode) override;
  Result<> touch(const std::string& path) override;
  Result<FileInfo> stat(const std::string& path) override;
  Result<FileInfo> lstat(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::string> canonical(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<std::string> make_temp_dir(const std::string& prefix) override;
  Result<std::string> current_dir() override;

 private:
  class File;
  struct Plan {
    int sys = 0;
    std::size_t bytes = 0;
    bool stop = false;
  };
  /// Records the call; the plan for it has sys 0 when it is to succeed.
  Plan next(const char* name, const std::string& path, std::size_t bytes = 0);
  static Fail failure(const char* name, const std::string& path, int sys);
  template <class F>
  std::invoke_result_t<F> guarded(const char* name, const std::string& path, F call) {
    std::lock_guard alone(mutex_);
    if (int sys = next(name, path).sys) return failure(name, path, sys);
    return call();
  }

  Files& inner_;
  std::mutex mutex_;  // held for the whole of a call, also of the inner files
  std::map<std::size_t, Plan> plans_;
  std::function<int(const Call&)> rule_;
  std::vector<Call> journal_;
  bool stopped_ = false;
};

}  // namespace burin::io

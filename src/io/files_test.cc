// The contract of Files, run on the disk and on the one in memory, and what only one of them can show.
#include "io/files.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fake_files.h"

namespace burin::io {

class FilesContract : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      files = &real_files();
      dir = *files->make_temp_dir(::testing::TempDir() + "files-test-");
    } else {
      files = &mem;
      ASSERT_TRUE(mem.make_dirs("/tmp"));
      dir = *files->make_temp_dir("/tmp/files-test-");
    }
  }
  void TearDown() override {
    if (GetParam()) EXPECT_TRUE(files->remove_tree(dir));
  }
  std::string at(const std::string& name) const { return dir + "/" + name; }
  /// errno of a result that must be a failure which names `name`.
  template <class R>
  int sys_of(const R& result, const std::string& name) {
    if (result) return 0;
    EXPECT_NE(result.error().what.find(name), std::string::npos) << result.error().what;
    return result.error().sys;
  }

  MemFiles mem;
  Files* files = nullptr;
  std::string dir;
};

INSTANTIATE_TEST_SUITE_P(Files, FilesContract, ::testing::Values(true, false),
                         [](const auto& p) { return p.param ? "Real" : "Mem"; });

TEST_P(FilesContract, TouchSetsTheTimeOfChange) {
  ASSERT_TRUE(files->write(at("a"), "x"));
  auto before = files->stat(at("a"))->mtime_ns;
  if (!GetParam()) mem.set_mtime(at("a"), before = 5);
  ASSERT_TRUE(files->touch(at("a")));
  EXPECT_GE(files->stat(at("a"))->mtime_ns, GetParam() ? before : 1'000'000'000);
  EXPECT_EQ(*files->read(at("a")), "x");
}

TEST_P(FilesContract, WriteReadAndRanges) {
  ASSERT_TRUE(files->write(at("a"), "hello world"));
  EXPECT_EQ(*files->read(at("a")), "hello world");
  EXPECT_EQ(*files->read_range(at("a"), 6, 3), "wor");
  EXPECT_EQ(*files->read_range(at("a"), 6, 1000), "world");
  EXPECT_EQ(*files->read_range(at("a"), 100, 3), "");
  ASSERT_TRUE(files->write(at("a"), "x"));
  EXPECT_EQ(*files->read(at("a")), "x");
  ASSERT_TRUE(files->write(at("empty"), ""));
  EXPECT_EQ(*files->read(at("empty")), "");
  std::string big(3 << 20, 'b');
  ASSERT_TRUE(files->write(at("big"), big));
  EXPECT_EQ(*files->read(at("big")), big);
}

TEST_P(FilesContract, ReadHasALimit) {
  ASSERT_TRUE(files->write(at("a"), "12345"));
  EXPECT_EQ(*files->read(at("a"), 5), "12345");
  auto r = files->read(at("a"), 4);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().kind, Kind::invalid);
  EXPECT_NE(r.error().what.find(at("a")), std::string::npos);
}

TEST_P(FilesContract, ErrorsCarryErrnoAndPath) {
  ASSERT_TRUE(files->write(at("file"), ""));
  ASSERT_TRUE(files->make_dirs(at("d/e")));
  EXPECT_EQ(sys_of(files->read(at("no")), at("no")), ENOENT);
  EXPECT_EQ(files->read(at("no")).error().kind, Kind::not_found);
  EXPECT_EQ(sys_of(files->read(at("d")), at("d")), EISDIR);
  EXPECT_EQ(sys_of(files->read(at("file/x")), at("file/x")), ENOTDIR);
  EXPECT_EQ(sys_of(files->read_range(at("no"), 0, 1), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->write(at("no/x"), ""), at("no/x")), ENOENT);
  EXPECT_EQ(sys_of(files->write(at("d"), ""), at("d")), EISDIR);
  EXPECT_EQ(sys_of(files->write_atomic(at("d"), "", 0644), at("d")), EISDIR);
  EXPECT_EQ(sys_of(files->open_append(at("no"), false), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->make_dirs(at("file/x")), at("file/x")), ENOTDIR);
  EXPECT_EQ(sys_of(files->make_dirs(at("file")), at("file")), ENOTDIR);
  EXPECT_EQ(sys_of(files->sync_dir(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->sync_dir(at("file")), at("file")), ENOTDIR);
  EXPECT_EQ(sys_of(files->rename(at("no"), at("x")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->rename(at("file"), at("d")), at("d")), EISDIR);
  EXPECT_EQ(sys_of(files->rename(at("d"), at("file")), at("d")), ENOTDIR);
  EXPECT_EQ(sys_of(files->rename(at("d"), at("d/e/f")), at("d")), EINVAL);
  EXPECT_EQ(sys_of(files->remove(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->remove(at("d")), at("d")), EISDIR);
  EXPECT_EQ(sys_of(files->remove_tree(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->remove_tree(at("file")), at("file")), ENOTDIR);
  EXPECT_EQ(sys_of(files->symlink("x", at("file")), at("file")), EEXIST);
  EXPECT_EQ(sys_of(files->set_mode(at("no"), 0600), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->touch(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->stat(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->lstat(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->read_link(at("file")), at("file")), EINVAL);
  EXPECT_EQ(sys_of(files->list(at("file")), at("file")), ENOTDIR);
  EXPECT_EQ(sys_of(files->list(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->canonical(at("no")), at("no")), ENOENT);
  EXPECT_EQ(sys_of(files->lock(at("no/lock")), at("no/lock")), ENOENT);
  EXPECT_EQ(sys_of(files->make_temp_dir(at("no/t-")), at("no/t-")), ENOENT);
}

TEST_P(FilesContract, AtomicWriteReplacesAndSetsTheModeExactly) {
  ASSERT_TRUE(files->write(at("a"), "old", 0644));
  auto before = *files->stat(at("a"));
  ASSERT_TRUE(files->write_atomic(at("a"), "new", 0666));
  auto after = *files->stat(at("a"));
  EXPECT_EQ(*files->read(at("a")), "new");
  EXPECT_EQ(after.mode, 0666u);
  EXPECT_NE(after.inode, before.inode);
  EXPECT_EQ(files->list(dir)->size(), 1u);
}

TEST_P(FilesContract, FailedAtomicWriteLeavesNothingBehind) {
  ASSERT_TRUE(files->make_dirs(at("target")));
  EXPECT_FALSE(files->write_atomic(at("target"), "x", 0644));
  EXPECT_EQ(*files->list(dir), std::vector<std::string>{"target"});
}

TEST_P(FilesContract, AppendFile) {
  auto f = *files->open_append(at("log"), true);
  ASSERT_TRUE(f->append("one\n"));
  EXPECT_EQ(f->written(), 4u);
  ASSERT_TRUE(f->append("two\n"));
  ASSERT_TRUE(f->sync());
  EXPECT_EQ(*f->size(), 8u);
  EXPECT_EQ(*f->read_at(4, 100), "two\n");
  EXPECT_EQ(*f->read_at(100, 1), "");
  auto other = *files->open_append(at("log"), false);
  ASSERT_TRUE(other->append("three\n"));
  ASSERT_TRUE(f->append("four\n"));
  EXPECT_EQ(*files->read(at("log")), "one\ntwo\nthree\nfour\n");
  ASSERT_TRUE(f->truncate(4));
  ASSERT_TRUE(other->append("end"));
  EXPECT_EQ(*files->read(at("log")), "one\nend");
  // The open file follows its inode, not its name.
  ASSERT_TRUE(files->rename(at("log"), at("moved")));
  ASSERT_TRUE(f->append("!"));
  EXPECT_EQ(*files->read(at("moved")), "one\nend!");
}

TEST_P(FilesContract, LocksExcludeAndAreReleased) {
  auto f = *files->open_append(at("log"), true);
  auto g = *files->open_append(at("log"), true);
  ASSERT_TRUE(f->lock());
  ASSERT_TRUE(f->lock());
  auto refused = g->lock();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::conflict);
  EXPECT_NE(refused.error().what.find(at("log")), std::string::npos);
  f.reset();
  EXPECT_TRUE(g->lock());

  auto lock = files->lock(at("lock"));
  ASSERT_TRUE(lock);
  auto second = files->lock(at("lock"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::conflict);
  lock->reset();
  EXPECT_TRUE(files->lock(at("lock")));
}

TEST_P(FilesContract, LockOfAFileThatWasReplacedIsANewLock) {
  auto lock = *files->lock(at("lock"));
  ASSERT_TRUE(files->remove(at("lock")));
  EXPECT_TRUE(files->lock(at("lock")));
}

TEST_P(FilesContract, Folders) {
  ASSERT_TRUE(files->make_dirs(at("a/b/c")));
  ASSERT_TRUE(files->make_dirs(at("a/b/c")));
  ASSERT_TRUE(files->make_dirs(at("a/b/d/")));
  ASSERT_TRUE(files->sync_dir(at("a")));
  ASSERT_TRUE(files->write(at("a/z"), ""));
  ASSERT_TRUE(files->write(at("a/.hidden"), ""));
  EXPECT_EQ(*files->list(at("a")), (std::vector<std::string>{".hidden", "b", "z"}));
  EXPECT_TRUE(files->is_dir(at("a/b")));
  EXPECT_FALSE(files->is_file(at("a/b")));
  EXPECT_TRUE(files->is_file(at("a/z")));
  EXPECT_TRUE(files->exists(at("a/z")));
  EXPECT_FALSE(files->exists(at("a/y")));
  ASSERT_TRUE(files->remove_tree(at("a")));
  EXPECT_FALSE(files->exists(at("a")));
}

TEST_P(FilesContract, RemoveTreeDoesNotFollowSymlinks) {
  ASSERT_TRUE(files->make_dirs(at("keep")));
  ASSERT_TRUE(files->write(at("keep/file"), "x"));
  ASSERT_TRUE(files->make_dirs(at("a/b")));
  ASSERT_TRUE(files->symlink(at("keep"), at("a/b/link")));
  ASSERT_TRUE(files->remove_tree(at("a")));
  EXPECT_TRUE(files->exists(at("keep/file")));
  ASSERT_TRUE(files->symlink(at("keep"), at("link")));
  EXPECT_EQ(sys_of(files->remove_tree(at("link")), at("link")), ENOTDIR);
}

TEST_P(FilesContract, RenameAndRemove) {
  ASSERT_TRUE(files->write(at("a"), "a"));
  ASSERT_TRUE(files->write(at("b"), "b"));
  ASSERT_TRUE(files->rename(at("a"), at("b")));
  EXPECT_EQ(*files->read(at("b")), "a");
  EXPECT_FALSE(files->exists(at("a")));
  ASSERT_TRUE(files->make_dirs(at("d")));
  ASSERT_TRUE(files->rename(at("b"), at("d/c")));
  ASSERT_TRUE(files->rename(at("d"), at("e")));
  EXPECT_EQ(*files->read(at("e/c")), "a");
  ASSERT_TRUE(files->remove(at("e/c")));
  EXPECT_TRUE(files->list(at("e"))->empty());
}

TEST_P(FilesContract, SymlinksStatAndCanonical) {
  ASSERT_TRUE(files->make_dirs(at("real/sub")));
  ASSERT_TRUE(files->write(at("real/file"), "12345", 0600));
  ASSERT_TRUE(files->symlink("real", at("link")));
  ASSERT_TRUE(files->symlink(at("nowhere"), at("dangling")));
  ASSERT_TRUE(files->symlink("loop", at("loop")));
  EXPECT_EQ(*files->read(at("link/file")), "12345");
  EXPECT_EQ(*files->read_link(at("link")), "real");
  EXPECT_EQ(files->lstat(at("link"))->type, FileInfo::Type::symlink);
  EXPECT_EQ(files->stat(at("link"))->type, FileInfo::Type::directory);
  auto info = *files->stat(at("link/file"));
  EXPECT_EQ(info.type, FileInfo::Type::regular);
  EXPECT_EQ(info.size, 5u);
  EXPECT_EQ(info.mode, 0600u);
  EXPECT_GT(info.mtime_ns, 1'700'000'000'000'000'000);
  ASSERT_TRUE(files->set_mode(at("link/file"), 0640));
  EXPECT_EQ(files->stat(at("real/file"))->mode, 0640u);
  EXPECT_EQ(*files->canonical(at("link/sub/../file")), *files->canonical(dir) + "/real/file");
  EXPECT_EQ(sys_of(files->read(at("dangling")), "dangling"), ENOENT);
  EXPECT_EQ(sys_of(files->read(at("loop")), "loop"), ELOOP);
  ASSERT_TRUE(files->write(at("dangling"), "made"));
  EXPECT_EQ(*files->read(at("nowhere")), "made");
  ASSERT_TRUE(files->write_atomic(at("dangling"), "replaced", 0644));
  EXPECT_EQ(files->lstat(at("dangling"))->type, FileInfo::Type::regular);
  EXPECT_EQ(*files->read(at("nowhere")), "made");
  ASSERT_TRUE(files->remove(at("link")));
  EXPECT_TRUE(files->exists(at("real/file")));
}

TEST_P(FilesContract, TempDirsAreUnique) {
  std::string a = *files->make_temp_dir(at("t-"));
  std::string b = *files->make_temp_dir(at("t-"));
  EXPECT_NE(a, b);
  EXPECT_TRUE(a.starts_with(at("t-")));
  EXPECT_TRUE(files->is_dir(a));
  EXPECT_EQ(files->stat(a)->mode, 0700u);
}

TEST_P(FilesContract, CurrentDir) {
  auto cwd = files->current_dir();
  ASSERT_TRUE(cwd);
  EXPECT_TRUE(cwd->starts_with('/'));
}

struct RealFilesTest : ::testing::Test {
  void SetUp() override { dir = *real_files().make_temp_dir(::testing::TempDir() + "real-files-"); }
  void TearDown() override { EXPECT_TRUE(real_files().remove_tree(dir)); }
  std::string dir;
};

/// Files of this process cannot grow beyond `bytes` while this lives: writes get short, then fail with EFBIG.
struct FileSizeLimit {
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old);
    old_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{bytes, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, old_handler);
  }
  rlimit old{};
  void (*old_handler)(int);
};

TEST_F(RealFilesTest, ShortWritesAreCounted) {
  auto f = *real_files().open_append(dir + "/log", true);
  ASSERT_TRUE(f->append(std::string(600, 'a')));
  int sys = 0;
  std::size_t written = 0;
  {
    FileSizeLimit limit(1000);
    auto r = f->append(std::string(900, 'b'));
    sys = r ? 0 : r.error().sys;
    written = f->written();
  }
  EXPECT_EQ(sys, EFBIG);
  EXPECT_EQ(written, 400u);
  ASSERT_TRUE(f->truncate(600));
  ASSERT_TRUE(f->append("ok"));
  EXPECT_EQ(f->written(), 2u);
  EXPECT_EQ(*f->size(), 602u);
}

TEST_F(RealFilesTest, FullDiskLeavesTheOldContent) {
  ASSERT_TRUE(real_files().write(dir + "/config", "old"));
  int sys = 0;
  {
    FileSizeLimit limit(1000);
    auto r = real_files().write_atomic(dir + "/config", std::string(5000, 'x'), 0644);
    sys = r ? 0 : r.error().sys;
  }
  EXPECT_EQ(sys, EFBIG);
  EXPECT_EQ(*real_files().read(dir + "/config"), "old");
  EXPECT_EQ(*real_files().list(dir), std::vector<std::string>{"config"});
}

TEST_F(RealFilesTest, LocksHoldBetweenProcessesAndEndWithTheHolder) {
  std::string path = dir + "/lock";
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char ok = fd >= 0 ? 'y' : 'n';
    {
      auto held = real_files().lock(path);
      ok = held ? 'y' : 'n';
      [[maybe_unused]] auto n = ::write(pipe_fds[1], &ok, 1);
      ::pause();
    }
    ::_exit(0);
  }
  char ok = 0;
  ASSERT_EQ(::read(pipe_fds[0], &ok, 1), 1);
  EXPECT_EQ(ok, 'y');
  auto refused = real_files().lock(path);
  EXPECT_FALSE(refused);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(real_files().lock(path));
  ::close(pipe_fds[0]);
  ::close(pipe_fds[1]);
}

TEST_F(RealFilesTest, ReadsFilesOfUnknownSize) {
  auto status = real_files().read("/proc/self/status");
  ASSERT_TRUE(status);
  EXPECT_NE(status->find("Pid:"), std::string::npos);
}

TEST_F(RealFilesTest, AppendToFullDeviceFails) {
  auto f = real_files().open_append("/dev/full", false);
  ASSERT_TRUE(f);
  auto r = (*f)->append("x");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, ENOSPC);
  EXPECT_EQ((*f)->written(), 0u);
}

TEST_F(RealFilesTest, NoDescriptorLeaks) {
  auto count = [] { return real_files().list("/proc/self/fd")->size(); };
  std::size_t before = count();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(real_files().write_atomic(dir + "/a", "x", 0600));
    ASSERT_TRUE(real_files().read(dir + "/a"));
    ASSERT_TRUE(real_files().open_append(dir + "/a", false));
    ASSERT_TRUE(real_files().lock(dir + "/a"));
    ASSERT_TRUE(real_files().make_dirs(dir + "/d/e"));
    ASSERT_TRUE(real_files().remove_tree(dir + "/d"));
    EXPECT_FALSE(real_files().write_atomic(dir, "x", 0600));
  }
  EXPECT_EQ(count(), before);
}

TEST(FaultFilesTest, CountsAndFailsAsPlanned) {
  MemFiles mem;
  FaultFiles files(mem);
  files.fail_call(2, ENOSPC);
  EXPECT_TRUE(files.write("/a", "1"));
  auto r = files.write_atomic("/a", "2", 0600);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, ENOSPC);
  EXPECT_EQ(*mem.read("/a"), "1");
  EXPECT_TRUE(files.write("/a", "3"));
  EXPECT_EQ(files.calls(), 3u);
  EXPECT_EQ(files.journal()[1], (FaultFiles::Call{"write_atomic", "/a", 1}));
}

TEST(FaultFilesTest, ShortAppendTellsHowFarItCame) {
  MemFiles mem;
  FaultFiles files(mem);
  auto f = *files.open_append("/log", true);
  files.short_write(2, 3, ENOSPC);
  auto r = f->append("abcdef");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, ENOSPC);
  EXPECT_EQ(f->written(), 3u);
  EXPECT_EQ(*mem.read("/log"), "abc");
  EXPECT_TRUE(f->append("xyz"));
  EXPECT_EQ(f->written(), 3u);
  EXPECT_EQ(*mem.read("/log"), "abcxyz");
}

TEST(FaultFilesTest, TheWorldStops) {
  for (std::size_t n = 1; n <= 5; ++n) {
    MemFiles mem;
    FaultFiles files(mem);
    files.stop_at(n, 2);
    std::size_t good = 0;
    auto count = [&](bool ok) { good += ok ? 1 : 0; };
    auto f = files.open_append("/log", true);
    count(f.has_value());
    for (int i = 0; i < 3; ++i) count(f && (*f)->append("line\n"));
    if (f) count((*f)->sync().has_value());
    EXPECT_EQ(good, n - 1);
    EXPECT_TRUE(files.stopped());
    EXPECT_FALSE(files.read("/log"));
    files.heal();
    if (n > 1 && n < 5) EXPECT_EQ(files.read("/log")->size(), (n - 2) * 5 + 2);
  }
}

TEST(FaultFilesTest, RulesSeeEveryCall) {
  MemFiles mem;
  mem.put("/home/u/x", "1");
  FaultFiles files(mem);
  files.fail_when([](const FaultFiles::Call& c) { return c.path == "/home/u/x" ? EACCES : 0; });
  EXPECT_EQ(files.read("/home/u/x").error().kind, Kind::denied);
  EXPECT_EQ(files.stat("/home/u/x").error().sys, EACCES);
  EXPECT_TRUE(files.list("/home/u"));
  EXPECT_TRUE(files.current_dir());
}

TEST(MemFilesTest, TimeAndRelativePaths) {
  MemFiles mem;
  mem.put("/w/a", "1");
  mem.set_current_dir("/w");
  EXPECT_EQ(*mem.read("a"), "1");
  mem.set_mtime("/w/a", 5);
  EXPECT_EQ(mem.stat("/w/a")->mtime_ns, 5);
  mem.set_now(1000);
  ASSERT_TRUE(mem.write("/w/a", "2"));
  EXPECT_EQ(mem.stat("a")->mtime_ns, 1'001'000);
}

}  // namespace burin::io

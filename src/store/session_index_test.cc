// Every fault of the index changes nothing but time (session.md 4.10, test 48). Real files: SQLite needs them.
#include "store/session_index.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "testing/session_fixture.h"

namespace burin::store {

struct SessionIndexTest : ::testing::Test {
  using Fixture = testing::SessionFixture;
  void SetUp() override {
    home = *files.make_temp_dir(::testing::TempDir() + "index-test-");
    for (int n = 1; n <= 20; ++n) add(n, "message " + std::to_string(n));
    want = list_without();
  }
  void TearDown() override {
    EXPECT_TRUE(files.set_mode(home, 0755));
    EXPECT_TRUE(files.remove_tree(home));
  }
  void add(int n, const std::string& message) {
    auto path = home + Fixture::path_of(n, {}).substr(5);
    ASSERT_TRUE(files.make_dirs(std::string(path::parent(path))));
    ASSERT_TRUE(files.write(path, Fixture::meta_line(n, {}) + Fixture::user_line(message)));
  }
  std::vector<std::string> texts(const Listing& listing) {
    std::vector<std::string> out;
    for (const auto& s : listing.items) out.push_back(s.id + s.head.preview + s.head.cwd + s.head.source);
    return out;
  }
  std::vector<std::string> list_without() { return texts(*list_sessions(files, home, {})); }
  /// Lists with the index, saves it, and gives how many rows it had at the start.
  std::size_t list_with() {
    SessionIndex index(files, home);
    std::size_t rows = index.size();
    EXPECT_EQ(texts(*list_sessions(files, home, {}, &index)), want);
    index.save();
    return rows;
  }
  std::string path() { return SessionIndex::path_in(home); }
  io::Sqlite open() { return std::move(*io::Sqlite::open(path(), io::Sqlite::Mode::create, io::milliseconds(0))); }

  io::Files& files = io::real_files();
  std::string home;
  std::vector<std::string> want;
};

TEST_F(SessionIndexTest, BuiltOnceThenUsed) {
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 20u);
  auto stamp = files.stat(path())->mtime_ns;
  EXPECT_EQ(list_with(), 20u);
  EXPECT_EQ(files.stat(path())->mtime_ns, stamp) << "no news, no write";
}

// What it holds is what is shown, for files that did not change; otherwise it would save nothing.
TEST_F(SessionIndexTest, ItsRowsAreBelievedOnlyWhileTheFileIsTheSame) {
  auto file = list_sessions(files, home, {})->items[0].path;
  SessionIndex index(files, home);
  auto info = *files.stat(file);
  index.put(path::name(file), info, {.meta = true, .user_message = true, .preview = "from the index"});
  EXPECT_EQ(list_sessions(files, home, {}, &index)->items[0].head.preview, "from the index");
  for (auto member : {&io::FileInfo::size, &io::FileInfo::inode}) {
    auto other = info;
    ++(other.*member);
    EXPECT_EQ(index.find(path::name(file), other), nullptr);
  }
  ++info.mtime_ns;
  EXPECT_EQ(index.find(path::name(file), info), nullptr);
  add(20, "another text");
  EXPECT_EQ(list_sessions(files, home, {}, &index)->items[0].head.preview, "another text");
}

TEST_F(SessionIndexTest, ARowThatWasTamperedWithIsNotBelieved) {
  list_with();
  ASSERT_TRUE(open().exec("UPDATE heads SET preview = 'from the index' WHERE file LIKE '%007.jsonl'"));
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 20u);
}

TEST_F(SessionIndexTest, FollowsAppendedChangedAndDeletedFiles) {
  list_with();
  add(3, "changed");
  add(21, "new");
  ASSERT_TRUE(files.remove(list_sessions(files, home, {})->items.back().path));
  want = list_without();
  EXPECT_EQ(list_with(), 20u);
  EXPECT_EQ(list_with(), 20u) << "one more, one less";
  EXPECT_EQ(want.size(), 20u);
}

TEST_F(SessionIndexTest, DeletedIsBuiltAnew) {
  list_with();
  ASSERT_TRUE(files.remove(path()));
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 20u);
}

TEST_F(SessionIndexTest, TruncatedAtAnyPlaceIsBuiltAnew) {
  list_with();
  auto whole = *files.read(path());
  for (std::size_t size : {0ul, 1ul, 99ul, 512ul, 4096ul, whole.size() / 2, whole.size() - 4096, whole.size() - 1}) {
    ASSERT_TRUE(files.write(path(), whole.substr(0, size)));
    list_with();
    list_with();
    EXPECT_EQ(list_with(), 20u) << "healed after " << size;
  }
}

TEST_F(SessionIndexTest, GarbageIsBuiltAnew) {
  list_with();
  auto whole = *files.read(path());
  for (std::size_t at = 0; at < whole.size(); at += 2048) {
    auto bad = whole;
    for (std::size_t i = at; i < std::min(at + 64, bad.size()); ++i) bad[i] = '\xA5';
    ASSERT_TRUE(files.write(path(), bad));
    SessionIndex index(files, home);
    auto listed = list_sessions(files, home, {}, &index);
    ASSERT_TRUE(listed);
    EXPECT_EQ(texts(*listed), want) << at;
    index.save();
  }
  ASSERT_TRUE(files.write(path(), "this is no database, whatever its name says; it is long enough to be looked at"));
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 20u);
}

TEST_F(SessionIndexTest, AnotherTableOfThatNameIsReplaced) {
  ASSERT_TRUE(open().exec("CREATE TABLE heads (x); PRAGMA user_version = 1"));
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 20u);
}

TEST_F(SessionIndexTest, AnOlderVersionIsBuiltAnew) {
  ASSERT_TRUE(open().exec("CREATE TABLE heads (x); INSERT INTO heads VALUES (1)"));
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 20u);
}

TEST_F(SessionIndexTest, ANewerVersionIsLeftAlone) {
  ASSERT_TRUE(open().exec("CREATE TABLE heads (future); INSERT INTO heads VALUES ('kept'); PRAGMA user_version = 99"));
  auto before = *files.read(path());
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(*files.read(path()), before);
}

TEST_F(SessionIndexTest, OneThatBecameNewerMeanwhileIsLeftAlone) {
  SessionIndex index(files, home);
  EXPECT_EQ(texts(*list_sessions(files, home, {}, &index)), want);
  ASSERT_TRUE(open().exec("CREATE TABLE heads (future); PRAGMA user_version = 99"));
  auto before = *files.read(path());
  index.save();
  ASSERT_TRUE(files.exists(path()));
  EXPECT_EQ(*files.read(path()), before);
}

TEST_F(SessionIndexTest, LockedIsDoneWithout) {
  list_with();
  {
    auto other = open();
    ASSERT_TRUE(other.exec("BEGIN EXCLUSIVE"));
    EXPECT_EQ(list_with(), 0u);
    ASSERT_TRUE(other.exec("ROLLBACK"));
  }
  EXPECT_EQ(list_with(), 20u) << "and it is not lost";
}

TEST_F(SessionIndexTest, AFolderInItsPlaceIsDoneWithout) {
  ASSERT_TRUE(files.make_dirs(path()));
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 0u);
}

TEST_F(SessionIndexTest, AHomeWithoutWritesIsDoneWithout) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_TRUE(files.set_mode(home, 0555));
  EXPECT_EQ(list_with(), 0u);
  EXPECT_EQ(list_with(), 0u);
}

TEST_F(SessionIndexTest, AFileWithoutWritesIsRead) {
  list_with();
  ASSERT_TRUE(files.set_mode(path(), 0444));
  EXPECT_EQ(list_with(), 20u);
}

}  // namespace burin::store

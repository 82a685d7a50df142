// The kinds of errors that users of SQLite act on.
#include "io/sqlite.h"

#include <gtest/gtest.h>

#include "io/files.h"

namespace burin::io {

struct SqliteTest : ::testing::Test {
  void SetUp() override { dir = *real_files().make_temp_dir(::testing::TempDir() + "sqlite-test-"); }
  void TearDown() override { EXPECT_TRUE(real_files().remove_tree(dir)); }
  Result<Sqlite> open(Sqlite::Mode mode = Sqlite::Mode::create) {
    return Sqlite::open(dir + "/db", mode, milliseconds(0));
  }
  std::string dir;
};

TEST_F(SqliteTest, ValuesComeBackAsTheyWent) {
  auto db = *open();
  ASSERT_TRUE(db.exec("CREATE TABLE t (n INTEGER, s TEXT)"));
  const std::string odd("a\0b\xC3\xA4", 5);
  {
    auto insert = *db.prepare("INSERT INTO t VALUES (?, ?)");
    for (auto [n, s] : {std::pair<std::int64_t, std::string_view>{INT64_MIN, odd}, {7, ""}, {8, {}}}) {
      insert.bind(1, n);
      insert.bind(2, s);
      ASSERT_TRUE(insert.run());
    }
  }
  auto query = *db.prepare("SELECT n, s, s IS NULL FROM t ORDER BY n");
  ASSERT_TRUE(*query.step());
  EXPECT_EQ(query.integer(0), INT64_MIN);
  EXPECT_EQ(query.text(1), odd);
  ASSERT_TRUE(*query.step());
  ASSERT_TRUE(*query.step());
  EXPECT_EQ(query.integer(2), 0) << "an empty text is not NULL";
  EXPECT_FALSE(*query.step());
}

TEST_F(SqliteTest, ATransactionIsWholeOrNothing) {
  auto db = *open();
  ASSERT_TRUE(db.exec("CREATE TABLE t (n)"));
  auto count = [&] {
    auto query = *db.prepare("SELECT count(*) FROM t");
    EXPECT_TRUE(*query.step());
    return query.integer(0);
  };
  {
    auto lost = *SqliteTransaction::begin(db);
    ASSERT_TRUE(db.exec("INSERT INTO t VALUES (1)"));
  }
  EXPECT_EQ(count(), 0);
  auto kept = *SqliteTransaction::begin(db);
  ASSERT_TRUE(db.exec("INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(kept.commit());
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteTest, ErrorsTellWhatToDo) {
  EXPECT_EQ(open(Sqlite::Mode::read_only).error().kind, Kind::denied) << "there is none";
  auto db = *open();
  ASSERT_TRUE(db.exec("CREATE TABLE t (n); BEGIN EXCLUSIVE"));
  auto other = *open();
  EXPECT_EQ(other.exec("SELECT * FROM t").error().kind, Kind::conflict);
  EXPECT_EQ(SqliteTransaction::begin(other).error().kind, Kind::conflict);
  ASSERT_TRUE(db.exec("ROLLBACK"));
  EXPECT_EQ(other.prepare("SELECT nothing").error().kind, Kind::internal);
  auto reader = *open(Sqlite::Mode::read_only);
  EXPECT_EQ(reader.exec("INSERT INTO t VALUES (1)").error().kind, Kind::denied);
  ASSERT_TRUE(real_files().write(dir + "/db", std::string(5000, 'x')));
  auto bad = *open();
  EXPECT_EQ(bad.exec("SELECT * FROM t").error().kind, Kind::invalid);
}

}  // namespace burin::io

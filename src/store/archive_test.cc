// Archive, names, and what a person may call a session (session.md 4.1, 4.8, 11.2; tests 41 and 49).
#include "store/archive.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "base/text.h"
#include "store/listing.h"
#include "store/sessions.h"
#include "testing/session_fixture.h"

namespace burin::store {

struct ArchiveTest : ::testing::Test, testing::SessionFixture {
  Result<SessionFile> found(std::string_view text) { return find_session(files, "/home", "/work", text); }
  std::size_t listed(bool archived = false) {
    return list_sessions(files, "/home", {.archived = archived})->items.size();
  }
  Result<> name(int n, std::string text) {
    return io::run_task(loop, set_name(world, "/home", id(n), std::move(text)));
  }
};

TEST_F(ArchiveTest, ThereAndBack) {
  auto file = add(1);
  auto content = *memory.read(file);
  auto moved = archive_session(files, "/home", *found(id(1)));
  ASSERT_TRUE(moved) << moved.error().text();
  EXPECT_EQ(*moved, path_of(1, {.archived = true}));
  EXPECT_EQ(*memory.read(*moved), content);
  EXPECT_FALSE(memory.exists(file));
  EXPECT_EQ(listed(), 0u);
  EXPECT_EQ(listed(true), 1u);
  EXPECT_FALSE(find_by_id(files, "/home", id(1))) << "an archived session is not resumed";
  EXPECT_TRUE(found(id(1))->archived);
  EXPECT_EQ(archive_session(files, "/home", *found(id(1))).error().kind, Kind::invalid);

  auto back = unarchive_session(files, "/home", *found(id(1)));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(*back, file);
  EXPECT_EQ(*memory.read(file), content);
  EXPECT_GT(memory.stat(file)->mtime_ns, 1'000'000'000'000) << "changed now";
  EXPECT_EQ(unarchive_session(files, "/home", *found(id(1))).error().kind, Kind::invalid);
}

TEST_F(ArchiveTest, AnOpenSessionStaysAndNothingIsOverwritten) {
  auto file = add(1);
  {
    auto writer = *memory.open_append(file, false);
    ASSERT_TRUE(writer->lock());
    for (auto& refused : {archive_session(files, "/home", *found(id(1))).error(),
                          delete_session(files, "/home", *found(id(1))).error()}) {
      EXPECT_EQ(refused.kind, Kind::conflict);
      EXPECT_TRUE(contains(refused.text(), "open in another process")) << refused.text();
    }
  }
  add(1, {.archived = true}, "another");
  EXPECT_EQ(archive_session(files, "/home", *found(file)).error().kind, Kind::conflict);
  EXPECT_TRUE(memory.exists(file));
  EXPECT_EQ(*memory.read(path_of(1, {.archived = true})), "another");
}

TEST_F(ArchiveTest, AFailureLeavesTheFileInOnePlace) {
  add(1);
  auto session = *found(id(1));
  auto before = files.calls();
  for (std::size_t n = 1;; ++n) {
    auto start = files.calls();
    files.stop_at(start + n);
    auto moved = archive_session(files, "/home", session);
    bool here = memory.exists(session.path), there = memory.exists(path_of(1, {.archived = true}));
    EXPECT_NE(here, there) << n;
    files.heal();
    if (there) ASSERT_TRUE(memory.rename(path_of(1, {.archived = true}), session.path));
    if (moved) break;
  }
  EXPECT_GT(files.calls(), before + 6);
}

TEST_F(ArchiveTest, DeletingTakesWhatBelongsToIt) {
  auto file = add(1);
  auto other = add(2);
  memory.put(file + ".torn-12", "x");
  memory.put(other + ".torn-12", "x");
  memory.put("/home/ledger/" + id(1) + ".jsonl", "x");
  ASSERT_TRUE(delete_session(files, "/home", *found(id(1))));
  EXPECT_EQ(*memory.list("/home/sessions/2026/03/02"),
            (std::vector<std::string>{file_name(2, {}), file_name(2, {}) + ".torn-12"}));
  EXPECT_TRUE(memory.list("/home/ledger")->empty());
  EXPECT_TRUE(delete_session(files, "/home", *found(id(2)))) << "without a ledger";
}

TEST_F(ArchiveTest, NamesAreTrimmedAndTheLatestWins) {
  add(1);
  add(2);
  clock = io::FixedClock(1'772'446'510'000'000'042);
  ASSERT_TRUE(name(1, "  port to C++ \n"));
  EXPECT_EQ(*memory.read("/home/session_index.jsonl"),
            R"({"id":"0197a000-1111-7000-8000-000000000001","thread_name":"port to C++",)"
            R"("updated_at":"2026-03-02T10:15:10.000000042Z"})"
            "\n");
  ASSERT_TRUE(name(2, "port to C++"));
  EXPECT_EQ(found("port to C++")->id, id(2)) << "the last line that carries it";
  ASSERT_TRUE(name(2, "other \"quoted\""));
  EXPECT_EQ(found("other \"quoted\"")->id, id(2));
  auto empty = name(1, " \t");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().what, "Thread name cannot be empty.");
}

TEST_F(ArchiveTest, ATornNameLineCostsOnlyItself) {
  memory.put("/home/session_index.jsonl", "{\"id\":\"half");
  ASSERT_TRUE(name(1, "whole"));
  EXPECT_EQ(name_of_id(files, "/home", id(1)), "whole");
  files.short_write(files.calls() + 5, 7, ENOSPC);  // open, lock, size, read_at, append
  EXPECT_FALSE(name(1, "never"));
  files.heal();
  EXPECT_TRUE(memory.read("/home/session_index.jsonl")->ends_with("Z\"}\n")) << "the part is cut off again";
}

TEST_F(ArchiveTest, ANameWaitsForTheLock) {
  memory.put("/home/session_index.jsonl", "");
  auto other = *memory.open_append("/home/session_index.jsonl", false);
  ASSERT_TRUE(other->lock());
  auto held = name(1, "late");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().kind, Kind::conflict);
  EXPECT_TRUE(memory.read("/home/session_index.jsonl")->empty());
  auto started = loop.now();
  files.fail_when([&](const io::FaultFiles::Call& call) {
    if (call.name == "lock" && loop.now() - started > io::milliseconds(450)) other.reset();
    return 0;
  });
  EXPECT_TRUE(name(1, "late")) << "it was let go after half a second";
  EXPECT_EQ(name_of_id(files, "/home", id(1)), "late");
}

TEST_F(ArchiveTest, WhatAPersonMayCallASession) {
  auto file = add(11);
  add(12);
  add(20, {.archived = true});
  ASSERT_TRUE(name(12, "work"));
  EXPECT_EQ(found("0197A000-1111-7000-8000-000000000011")->path, file);
  EXPECT_EQ(found("0197a000-1111-7000-8000-00000000002")->id, id(20)) << "the beginning of an id";
  EXPECT_EQ(found("work")->id, id(12));
  EXPECT_EQ(found(file)->id, id(11));
  memory.put("/work/mine.jsonl", "x");
  EXPECT_EQ(found("mine.jsonl").error().kind, Kind::invalid) << "not the name of a session file";
  EXPECT_EQ(found("/home/none.jsonl").error().kind, Kind::not_found);
  EXPECT_TRUE(found(path_of(20, {.archived = true}))->archived);
  auto several = found("0197a000");
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().kind, Kind::invalid);
  EXPECT_EQ(several.error().what, "3 sessions have an id that begins with 0197a000:\n  " + id(12) + "\n  " + id(11) +
                                      "\n  " + id(20) + "  (archived)");
  for (std::string none : {"nobody", "019", "", "0197a000-1111-7000-8000-000000000099"}) {
    EXPECT_EQ(found(none).error().kind, Kind::not_found) << none;
  }
}

}  // namespace burin::store

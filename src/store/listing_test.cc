// Listing sessions (session.md 4.7; app-server.md 5.5, INV-14).
#include "store/listing.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/session_fixture.h"

namespace burin::store {

struct ListingTest : ::testing::Test, testing::SessionFixture {
  Listing list(const ListQuery& query = {}) {
    auto out = list_sessions(files, "/home", query);
    EXPECT_TRUE(out) << out.error().text();
    return out ? std::move(*out) : Listing();
  }
  /// The numbers of the listed sessions.
  static std::vector<int> numbers(const Listing& listing) {
    std::vector<int> out;
    for (const auto& s : listing.items) out.push_back(static_cast<int>(*parse_int(s.id.substr(24))));
    return out;
  }
  static std::size_t hidden(const Listing& l, Hidden reason) { return l.hidden[static_cast<std::size_t>(reason)]; }
  using Numbers = std::vector<int>;
};

TEST_F(ListingTest, NothingAtAll) {
  auto out = list();
  EXPECT_TRUE(out.items.empty());
  EXPECT_FALSE(out.next_cursor);
  EXPECT_TRUE(out.unreadable.empty()) << "a home without sessions is no fault";
}

TEST_F(ListingTest, WhatASessionSays) {
  auto file = add(7, {.cwd = "/a b",
                      .source = R"({"subagent":{"thread_spawn":{"parent_thread_id":"x","depth":1}}})",
                      .message = "look\\nhere",
                      .more = R"(,"agent_nickname":"Kim","agent_type":"scout",)"
                              R"("git":{"commit_hash":"c0","branch":"main","repository_url":"git@h:r"})"});
  auto out = list();
  ASSERT_EQ(out.items.size(), 1u);
  const auto& s = out.items[0];
  EXPECT_EQ(s.path, file);
  EXPECT_EQ(s.id, id(7));
  EXPECT_EQ(s.created, 1'772'446'510) << "the time in the name, as UTC";
  EXPECT_EQ(s.updated, 7);
  EXPECT_EQ(s.size, memory.stat(file)->size);
  SessionHead want{.meta = true,
                   .user_message = true,
                   .started = "2026-03-02T09:15:10.000Z",
                   .cwd = "/a b",
                   .source = R"({"subagent":{"thread_spawn":{"parent_thread_id":"x","depth":1}}})",
                   .provider = "p",
                   .cli_version = "1",
                   .originator = "o",
                   .git_sha = "c0",
                   .git_branch = "main",
                   .git_origin = "git@h:r",
                   .agent_nickname = "Kim",
                   .agent_role = "scout",
                   .preview = "look\nhere"};
  EXPECT_EQ(s.head, want);
  EXPECT_EQ(source_kind(s.head.source), "subagent_thread_spawn");
}

TEST_F(ListingTest, Previews) {
  EXPECT_EQ(preview_of(" hi ", false), "hi");
  EXPECT_EQ(preview_of("# Open files\n## My request for Codex:\n fix it \n", false), "fix it");
  EXPECT_EQ(preview_of("", true), "[Image]");
  EXPECT_EQ(preview_of(" ", false), "");
  EXPECT_EQ(preview_of(std::string(9000, 'x'), false).size(), 8192u);
  add(1, {}, meta_line(1, {}) + user_line("") + user_line("", R"(,"images":["data:"])") + user_line("later"));
  EXPECT_EQ(list().items.at(0).head.preview, "[Image]") << "the first message that is not empty";
}

// session.md 4.7: the meta within 10 records, the first message within 210; blank lines do not count.
TEST_F(ListingTest, WhereTheRecordsMustStand) {
  std::string other = R"({"timestamp":"t","type":"response_item","payload":{"type":"message"}})"
                      "\n";
  auto times = [](std::string_view line, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += line;
    return out;
  };
  add(1, {}, "\n \n" + times(other, 9) + meta_line(1, {}) + user_line("hi"));
  add(2, {}, times("junk\n", 10) + meta_line(2, {}) + user_line("hi"));
  add(3, {}, meta_line(3, {}) + times(other, 208) + user_line("hi"));
  add(4, {}, meta_line(4, {}) + times(other, 209) + user_line("hi"));
  add(5, {}, user_line("before") + meta_line(5, {}));
  auto out = list();
  EXPECT_EQ(numbers(out), (Numbers{5, 3, 1})) << "210 records are read, the meta among the first ten";
  EXPECT_EQ(hidden(out, Hidden::unused), 1u);
  ASSERT_EQ(out.unreadable.size(), 1u);
  EXPECT_TRUE(contains(out.unreadable[0].path, id(2)));
}

TEST_F(ListingTest, HeadsLargerThanOneRead) {
  auto big = R"({"timestamp":"t","type":"response_item","payload":{"type":"message","image_url":")" +
             std::string(200'000, 'x') + "\"}}\n";
  add(1, {}, meta_line(1, {}) + big + big + user_line("hi"));
  add(2, {},
      meta_line(2, {.more = R"(,"base_instructions":{"text":")" + std::string(40'000, 'y') + "\"}"}) +
          std::string(trim_end(user_line("no newline"))));
  EXPECT_EQ(numbers(list()), (Numbers{2, 1}));
}

TEST_F(ListingTest, Orders) {
  add(5, {.time = "2026-03-02T10-00-00"});
  add(9, {.time = "2025-01-01T00-00-00"});
  add(1, {.time = "2026-03-02T10-00-01"});
  add(2, {.time = "2026-03-02T10-00-00"});
  EXPECT_EQ(numbers(list()), (Numbers{1, 5, 2, 9})) << "by time, then id, descending";
  EXPECT_EQ(numbers(list({.order = SessionOrder::updated})), (Numbers{9, 5, 2, 1}));
  memory.set_mtime(path_of(1, {.time = "2026-03-02T10-00-01"}), 9'999'999'999);
  EXPECT_EQ(numbers(list({.order = SessionOrder::updated})), (Numbers{9, 1, 5, 2})) << "whole seconds, then id";
}

TEST_F(ListingTest, NoFilterHidesInSilence) {
  ASSERT_TRUE(memory.make_dirs("/real"));
  ASSERT_TRUE(memory.symlink("/real", "/link"));
  add(1, {.cwd = "/link", .message = "Fix the PARSER"});
  add(2, {.cwd = "/other"});
  add(3, {.source = "\"exec\""});
  add(4, {.source = R"({"subagent":"review"})"});
  add(5, {.provider = "\"q\""});
  add(6, {.provider = "null"});
  add(7, {.used = false});
  add(8, {.archived = true});
  auto all = list();
  EXPECT_EQ(numbers(all), (Numbers{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(hidden(all, Hidden::unused), 1u);
  EXPECT_EQ(hidden(all, Hidden::other_place), 1u);
  auto narrow = list({.cwd = "/real", .sources = {"cli", "vscode"}, .providers = {"p"}, .search = "parser"});
  EXPECT_EQ(numbers(narrow), (Numbers{1}));
  EXPECT_EQ(narrow.hidden, (decltype(narrow.hidden){1, 1, 2, 2, 1, 0})) << "each under the first reason";
  EXPECT_EQ(narrow.scanned, narrow.items.size() + 6) << "nothing is lost between the counts";
  EXPECT_EQ(numbers(list({.sources = {"subagent"}})), (Numbers{4}));
  EXPECT_EQ(numbers(list({.sources = {"subagent_compact"}})), (Numbers{}));
  EXPECT_EQ(numbers(list({.providers = {"p"}, .default_provider = "p"})), (Numbers{6, 4, 3, 2, 1}))
      << "a session without provider is of the current one";
  EXPECT_EQ(hidden(list({.search = "nothing like it"}), Hidden::search), 6u);
  auto archive = list({.archived = true});
  EXPECT_EQ(numbers(archive), (Numbers{8}));
  EXPECT_TRUE(archive.items[0].archived);
  EXPECT_EQ(hidden(archive, Hidden::other_place), 7u);
  EXPECT_EQ(hidden_name(Hidden::other_place, {.archived = true}), "not archived");
}

TEST_F(ListingTest, NamesAreShownAndSearched) {
  add(1);
  add(2);
  memory.put("/home/session_index.jsonl", "junk\n" + fmt::format(R"({{"id":"{}","thread_name":"Old"}})", id(1)) + "\n" +
                                              fmt::format(R"({{"id":"{}","thread_name":"The Port"}})", id(1)) + "\n");
  EXPECT_EQ(list().items[1].name, "The Port");
  EXPECT_EQ(numbers(list({.search = "port"})), (Numbers{1}));
  EXPECT_EQ(numbers(list({.search = "old"})), (Numbers{}));
}

TEST_F(ListingTest, PagesPutTogetherHoldEachSessionOnce) {
  for (int n = 1; n <= 23; ++n) add(n, {.time = n % 3 == 0 ? "2026-03-02T10-15-10" : "2026-03-02T10-15-11"});
  for (const auto& s : list({.limit = 15}).items) memory.set_mtime(s.path, 5'000'000'000);
  for (auto order : {SessionOrder::created, SessionOrder::updated}) {
    auto whole = numbers(list({.order = order, .limit = 100}));
    ASSERT_EQ(whole.size(), 23u);
    for (std::size_t size : {1u, 2u, 7u, 22u, 23u, 24u}) {
      Numbers pages;
      ListQuery query{.order = order, .limit = size};
      for (int page = 0; page < 30; ++page) {
        auto out = list(query);
        auto some = numbers(out);
        EXPECT_LE(some.size(), size);
        pages.insert(pages.end(), some.begin(), some.end());
        if (!out.next_cursor) break;
        query.cursor = *out.next_cursor;
      }
      EXPECT_EQ(pages, whole) << size;
    }
  }
}

TEST_F(ListingTest, FormsOfCursors) {
  add(1, {.time = "2026-03-02T10-15-10"});
  add(2, {.time = "2026-03-02T10-15-11"});
  EXPECT_EQ(list({.limit = 1}).next_cursor, "2026-03-02T10:15:11Z|" + id(2));
  for (std::string time : {"2026-03-02T10:15:11Z", "2026-03-02T10-15-11", "2026-03-02T10:15:11.999Z",
                           "2026-03-02T11:15:11+01:00", "2026-03-02T05:15:11.5-05:00"}) {
    EXPECT_EQ(numbers(list({.cursor = time + "|" + id(2)})), (Numbers{1})) << time;
  }
  EXPECT_EQ(numbers(list({.cursor = "2027-01-01T00:00:00Z|" + id(0)})), (Numbers{2, 1})) << "of no session";
  for (std::string bad : {"x", "|", "2026-03-02T10:15:11Z", "2026-03-02T10:15:11Z|x", "2026-02-30T10:15:11Z|@",
                          "2026-03-02|@", "2026-03-02T10:15:1|@", "2026-03-02T10:15:11|@", "2026-03-02T10:15:11+1|@"}) {
    auto cursor = replace_all(bad, "@", id(2));
    auto out = list_sessions(files, "/home", {.cursor = cursor});
    ASSERT_FALSE(out) << cursor;
    EXPECT_EQ(out.error().what, "invalid cursor: " + cursor);
  }
}

TEST_F(ListingTest, TheScanCapIsToldAndLosesNothing) {
  for (int n = 1; n <= 9; ++n) add(n, {.message = n < 3 ? "rare" : "usual"});
  ListQuery query{.search = "rare", .scan_cap = 4};
  auto first = list(query);
  EXPECT_TRUE(first.items.empty());
  EXPECT_EQ(first.scanned, 4u);
  EXPECT_EQ(first.not_scanned, 5u);
  ASSERT_TRUE(first.next_cursor) << "there are files that were not looked at";
  query.cursor = *first.next_cursor;
  auto second = list(query);
  EXPECT_EQ(numbers(second), (Numbers{2}));
  query.cursor = *second.next_cursor;
  auto third = list(query);
  EXPECT_EQ(numbers(third), (Numbers{1}));
  EXPECT_EQ(third.not_scanned, 0u);
}

TEST_F(ListingTest, FilesThatCannotBeReadAreNamed) {
  add(1);
  auto locked = add(2);
  auto empty = add(3, {}, "");
  memory.put("/home/sessions/2026/03/02/notes.txt", "x");
  memory.put("/home/sessions/2026/13/notes.txt", "x");
  memory.put("/home/sessions/backup/03/02/" + file_name(4, {}), meta_line(4, {}) + user_line("hi"));
  add(5, {.time = "2026-02-30T10-15-10"});
  ASSERT_TRUE(memory.make_dirs("/home/sessions/2026/03/02/" + file_name(6, {})));
  files.fail_when([&](const io::FaultFiles::Call& call) {
    return (call.name == "read_range" && call.path == locked) || (call.name == "list" && call.path.ends_with("/13"))
               ? EACCES
               : 0;
  });
  auto out = list();
  EXPECT_EQ(numbers(out), (Numbers{1}));
  std::vector<std::string> bad;
  for (const auto& u : out.unreadable) bad.push_back(fmt::format("{} {}", path::name(u.path), u.reason));
  EXPECT_EQ(bad,
            (std::vector<std::string>{"13 Permission denied (os error 13)", fmt::format("{} empty", path::name(empty)),
                                      fmt::format("{} Permission denied (os error 13)", path::name(locked))}));
}

/// Remembers everything, and counts.
struct CountingCache : HeadCache {
  struct Entry {
    io::FileInfo info;
    SessionHead head;
  };
  std::map<std::string, Entry, std::less<>> entries;
  int hits = 0, puts = 0;
  const SessionHead* find(std::string_view name, const io::FileInfo& info) override {
    auto it = entries.find(name);
    if (it == entries.end() || it->second.info.size != info.size || it->second.info.mtime_ns != info.mtime_ns) {
      return nullptr;
    }
    ++hits;
    return &it->second.head;
  }
  void put(std::string_view name, const io::FileInfo& info, const SessionHead& head) override {
    ++puts;
    entries.insert_or_assign(std::string(name), Entry{info, head});
  }
  void keep_only(const std::unordered_set<std::string_view>& names) override {
    std::erase_if(entries, [&](const auto& e) { return !names.contains(e.first); });
  }
};

TEST_F(ListingTest, ACacheSavesReadsAndChangesNothing) {
  for (int n = 1; n <= 5; ++n) add(n);
  add(6, {.archived = true});
  CountingCache cache;
  auto cold = *list_sessions(files, "/home", {}, &cache);
  EXPECT_EQ(cache.puts, 5);
  auto reads = [&] {
    return std::count_if(files.journal().begin(), files.journal().end(),
                         [](const auto& c) { return c.name == "read_range"; });
  };
  auto before = reads();
  auto warm = *list_sessions(files, "/home", {}, &cache);
  EXPECT_EQ(reads(), before);
  EXPECT_EQ(numbers(warm), numbers(cold));
  EXPECT_EQ(warm.items[0].head, cold.items[0].head);
  // A changed file is read again, a deleted one forgotten; one that moved to the archive is known there.
  add(2, {.message = "changed"});
  memory.set_mtime(path_of(2, {}), 77'000'000'000);
  ASSERT_TRUE(memory.remove(path_of(3, {})));
  ASSERT_TRUE(memory.rename(path_of(4, {}), path_of(4, {.archived = true})));
  EXPECT_EQ((*list_sessions(files, "/home", {}, &cache)).items[1].head.preview, "changed");
  EXPECT_EQ(cache.puts, 6);
  EXPECT_EQ(cache.entries.size(), 4u);
  auto archive = *list_sessions(files, "/home", {.archived = true}, &cache);
  EXPECT_EQ(numbers(archive), (Numbers{6, 4}));
  EXPECT_EQ(cache.puts, 7) << "only the one that was not seen yet";
}

}  // namespace burin::store

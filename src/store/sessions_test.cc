// Finding sessions (session.md 4.7, 4.8, 5.5).
#include "store/sessions.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "store/rollout_log.h"
#include "testing/fake_world.h"

namespace burin::store {

struct SessionsTest : ::testing::Test, testing::FakeWorld {
  static std::string id(int n) { return fmt::format("0197a000-1111-7000-8000-{:012}", n); }
  static std::string meta(int n, std::string_view cwd, std::string_view provider) {
    return fmt::format(R"({{"timestamp":"t","type":"session_meta","payload":{{"id":"{}","timestamp":"t","cwd":"{}",)"
                       R"("originator":"o","cli_version":"1","source":"cli","model_provider":{}}}}})"
                       "\n",
                       id(n), cwd, provider);
  }
  static constexpr std::string_view said =
      R"({"timestamp":"t","type":"event_msg","payload":{"type":"user_message","message":"hi"}})"
      "\n";
  static std::string context(std::string_view cwd) {
    return fmt::format(R"({{"timestamp":"t","type":"turn_context","payload":{{"cwd":"{}"}}}})"
                       "\n",
                       cwd);
  }
  /// Adds a session that was updated at second n.
  std::string add(int n, std::string content, std::string_view day = "2026/03/02") {
    auto file = fmt::format("/home/sessions/{}/rollout-2026-03-02T10-15-10-{}.jsonl", day, id(n));
    memory.put(file, content);
    memory.set_mtime(file, n * 1'000'000'000LL);
    return file;
  }
  std::string used(int n, std::string_view cwd) { return add(n, meta(n, cwd, "\"p\"") + std::string(said)); }
  std::string latest(std::optional<std::string> cwd = std::nullopt, std::string provider = "p") {
    return find_latest(files, "/home", {.cwd = std::move(cwd), .model_provider = std::move(provider)}).value_or("none");
  }
};

TEST_F(SessionsTest, ById) {
  EXPECT_FALSE(find_by_id(files, "/home", id(1)));
  auto file = used(1, "/w");
  memory.put("/home/sessions/2026/03/02/notes.txt", id(2));
  memory.put("/home/archived_sessions/rollout-2026-03-02T10-15-10-" + id(3) + ".jsonl", meta(3, "/w", "\"p\""));
  EXPECT_EQ(*find_by_id(files, "/home", id(1)), file);
  EXPECT_EQ(*find_by_id(files, "/home", "0197A000-1111-7000-8000-000000000001"), file);
  auto missing = find_by_id(files, "/home", id(3));
  ASSERT_FALSE(missing) << "archived sessions are not found";
  EXPECT_EQ(missing.error().kind, Kind::not_found);
  EXPECT_TRUE(contains(missing.error().fix, "sessions unarchive " + id(3))) << missing.error().fix;
  EXPECT_FALSE(contains(find_by_id(files, "/home", id(4)).error().fix, "unarchive"));
}

TEST_F(SessionsTest, ByNameTheLastLineCounts) {
  EXPECT_FALSE(id_of_name(files, "/home", "work"));
  auto line = [](int n, std::string_view name) {
    return fmt::format(R"({{"id":"{}","thread_name":"{}","updated_at":"2026-03-05T10:00:00Z"}})"
                       "\n",
                       id(n), name);
  };
  memory.put("/home/session_index.jsonl",
             line(1, "work") + line(2, "work") + "junk\n{\"id\":7}\n" + line(1, "other") + "{\"id\":\"half");
  EXPECT_EQ(id_of_name(files, "/home", "work"), id(2));
  EXPECT_EQ(id_of_name(files, "/home", "other"), id(1));
  EXPECT_FALSE(id_of_name(files, "/home", "wor"));
  EXPECT_EQ(name_of_id(files, "/home", id(1)), "other");
  EXPECT_FALSE(name_of_id(files, "/home", id(3)));
}

TEST_F(SessionsTest, WhatAPersonCallsASession) {
  auto file = used(1, "/w");
  memory.put("/home/session_index.jsonl", fmt::format(R"({{"id":"{}","thread_name":"my work"}})", id(1)) + "\n");
  memory.put("/w/copy.jsonl", meta(1, "/w", "null"));
  auto found = [&](std::string session) {
    auto path = find_resumable(files, "/home", "/w", session);
    return path ? *path : path.error().what;
  };
  EXPECT_EQ(found(id(1)), file);
  EXPECT_EQ(found("my work"), file);
  EXPECT_EQ(found(file), file);
  EXPECT_EQ(found("copy.jsonl"), "/w/copy.jsonl");
  EXPECT_EQ(found("./copy.jsonl"), "/w/copy.jsonl");
  EXPECT_EQ(found("no/such"), "no session file no/such");
  EXPECT_EQ(found("no such"), "no session is named no such");
  EXPECT_EQ(found(id(2)), fmt::format("no session {} in /home/sessions", id(2)));
}

TEST_F(SessionsTest, TheLatestIsTheLastUpdatedThatWasUsed) {
  EXPECT_EQ(latest(), "none");
  auto older = used(5, "/w");
  auto newer = add(9, meta(9, "/w", "\"p\"") + std::string(said), "2025/01/01");
  add(11, meta(11, "/w", "\"p\""));  // never used
  add(12, std::string(said));        // no meta
  EXPECT_EQ(latest(), newer) << "by time of change, whatever the folder says";
  memory.set_mtime(older, 20'000'000'000);
  EXPECT_EQ(latest(), older);
}

TEST_F(SessionsTest, TheLatestOfAProvider) {
  auto mine = used(1, "/w");
  auto without = add(2, meta(2, "/w", "null") + std::string(said));
  add(3, meta(3, "/w", "\"other\"") + std::string(said));
  EXPECT_EQ(latest(), without) << "a session without provider matches";
  ASSERT_TRUE(memory.remove(without));
  EXPECT_EQ(latest(), mine);
}

TEST_F(SessionsTest, TheLatestOfAFolder) {
  ASSERT_TRUE(memory.make_dirs("/work/real"));
  ASSERT_TRUE(memory.symlink("/work/real", "/work/link"));
  auto started = used(1, "/work/real");
  auto moved = add(2, meta(2, "/a", "\"p\"") + std::string(said) + context("/b") + context("/c/."));
  auto linked = used(3, "/work/link");
  EXPECT_EQ(latest("/work/real"), linked);
  ASSERT_TRUE(memory.remove(linked));
  EXPECT_EQ(latest("/work/real"), started);
  EXPECT_EQ(latest("/a"), moved) << "where it was started";
  EXPECT_EQ(latest("/c"), moved) << "where its last turn ran";
  EXPECT_EQ(latest("/b"), "none") << "not where an earlier turn ran";
  EXPECT_EQ(latest("/work"), "none");
}

TEST_F(SessionsTest, ALargePictureInTheFirstMessageDoesNotHideASession) {
  std::string item = R"({"timestamp":"t","type":"response_item","payload":{"type":"message","image_url":")" +
                     std::string(3 << 20, 'x') + "\"}}\n";
  auto file = add(1, meta(1, "/a", "\"p\"") + item + std::string(said));
  EXPECT_EQ(latest(), file);
}

TEST_F(SessionsTest, ALongLastTurnDoesNotHideItsFolder) {
  std::string output =
      R"({"timestamp":"t","type":"response_item","payload":{"type":"function_call_output","output":")" +
      std::string(3 << 20, 'x') + "\"}}\n";
  auto file = add(1, meta(1, "/a", "\"p\"") + context("/b") + std::string(said) + output);
  EXPECT_EQ(latest("/b"), file);
}

// session.md 4.6: junk costs itself, wherever it stands; an unknown value inside a known line is junk.
TEST_F(SessionsTest, JunkAtEveryPlace) {
  const std::string item =
      R"({"timestamp":"t","type":"response_item","payload":{"type":"message","role":"user","content":[]}})"
      "\n";
  const std::vector<std::string> good = {meta(1, "/w", "\"p\""), std::string(said), item, item};
  const std::string junk[] = {
      "junk\n",
      "{\"timestamp\":\"t\",\"type\"\n",
      "\xFF\xFE\x00\n",
      "[]\n",
      R"({"timestamp":"t","type":"event_msg","payload":{"type":"user_message"}})"
      "\n",
      R"({"timestamp":"t","type":"event_msg","payload":{"type":"turn_aborted","reason":"bored"}})"
      "\n"};
  for (const auto& bad : junk) {
    for (std::size_t at = 0; at <= good.size(); ++at) {
      std::string text;
      for (std::size_t i = 0; i <= good.size(); ++i) {
        if (i == at) text += bad;
        if (i < good.size()) text += good[i];
      }
      auto loaded = load_rollout(files, add(1, text));
      ASSERT_TRUE(loaded) << bad;
      EXPECT_EQ(loaded->thread_id, id(1));
      EXPECT_EQ(loaded->lines.size(), good.size()) << bad << " at " << at;
      EXPECT_EQ(loaded->skipped(), 1u) << bad << " at " << at;
    }
  }
  auto only_meta = load_rollout(files, add(1, good[0]));
  ASSERT_TRUE(only_meta);
  EXPECT_EQ(only_meta->lines.size(), 1u);
}

TEST_F(SessionsTest, InvalidUtf8IsReadLossily) {
  auto loaded = load_rollout(
      files, add(1, meta(1, "/w", "\"p\"") +
                        R"({"timestamp":"t","type":"event_msg","payload":{"type":"user_message","message":"caf)" +
                        "\xE9\"}}\r\n"));
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->lines.size(), 2u);
  EXPECT_EQ(std::get<wire::event::UserMessage>(std::get<wire::EventMsg>(loaded->lines[1].payload)).message,
            "caf\xEF\xBF\xBD");
}

TEST_F(SessionsTest, TheFirstMetaGivesTheIdentity) {
  auto loaded = load_rollout(files, add(7, std::string(said) + meta(1, "/w", "\"p\"") + meta(2, "/w", "\"p\"")));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->thread_id, id(1));
  memory.put("/home/strange.jsonl", said);
  auto nameless = load_rollout(files, "/home/strange.jsonl");
  ASSERT_FALSE(nameless);
  EXPECT_TRUE(contains(nameless.error().text(), "/home/strange.jsonl")) << nameless.error().text();
  EXPECT_TRUE(contains(nameless.error().text(), "failed to parse thread ID from rollout file"));
}

TEST_F(SessionsTest, FilesOfMid2025Load) {
  auto loaded = load_rollout(
      files, add(1, R"({"id":"old","timestamp":"2025-06-01T00:00:00.000Z","instructions":null})"
                    "\n"
                    R"({"record_type":"state"})"
                    "\n"
                    R"({"type":"message","id":null,"role":"user","content":[{"type":"input_text","text":"hi"}]})"
                    "\n"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->thread_id, "old");
  std::size_t items = 0;
  for (const auto& line : loaded->lines) items += std::holds_alternative<wire::ResponseItem>(line.payload);
  EXPECT_EQ(items, 1u);
  EXPECT_EQ(loaded->skipped(), 0u);
}

}  // namespace burin::store

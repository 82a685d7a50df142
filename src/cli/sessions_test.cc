// What `burin sessions` shows: the table, turns, exports.
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/session_export.h"
#include "cli/sessions_json.h"
#include "cli/sessions_text.h"

namespace burin::cli {

struct SessionsShown : ::testing::Test {
  store::SessionSummary& add(std::string id, std::string preview) {
    store::SessionSummary s{.path = "/h/sessions/x", .id = std::move(id), .updated = 1'772'446'510};
    s.head.preview = std::move(preview);
    s.head.source = "\"cli\"";
    s.head.cwd = "/home/me/project";
    listing.items.push_back(std::move(s));
    return listing.items.back();
  }
  std::vector<std::string> table(std::size_t columns) {
    std::vector<std::string> out;
    const auto text = session_table(clock, "/home/me", listing, order, columns);
    for (auto line : lines(text)) out.emplace_back(line);
    return out;
  }
  /// Lines of a session file.
  static std::vector<wire::RolloutLine> read(std::initializer_list<std::pair<std::string, std::string>> payloads) {
    std::vector<wire::RolloutLine> out;
    for (const auto& [type, payload] : payloads) {
      auto line = wire::read_rollout_line(
          fmt::format(R"({{"timestamp":"2026-03-02T10:15:10.000Z","type":"{}","payload":{}}})", type, payload));
      EXPECT_TRUE(line) << payload << line.error().text();
      if (line) out.push_back(std::move(*line));
    }
    return out;
  }
  static std::string said(std::string_view text) {
    return fmt::format(R"({{"type":"user_message","message":"{}"}})", text);
  }
  static std::string item(std::string_view role, std::string_view text) {
    return fmt::format(R"({{"type":"message","role":"{}","content":[{{"type":"{}","text":"{}"}}]}})", role,
                       role == "assistant" ? "output_text" : "input_text", text);
  }

  io::FixedClock clock;
  store::SessionOrder order = store::SessionOrder::updated;
  store::Listing listing;
};

TEST_F(SessionsShown, ATableOfEightyColumns) {
  add("0197a000-1111-7000-8000-000000000001", "short");
  add("0197a000-2222-7000-8000-000000000001", std::string(100, 'x')).name = "a name instead";
  add("0197a000-3333-7000-8000-000000000001", std::string(100, 'x'));
  EXPECT_EQ(table(80), (std::vector<std::string>{
                           "ID             UPDATED           SOURCE  FOLDER     SESSION",
                           "0197a000-1111  2026-03-02 10:15  cli     ~/project  short",
                           "0197a000-2222  2026-03-02 10:15  cli     ~/project  a name instead",
                           "0197a000-3333  2026-03-02 10:15  cli     ~/project  " + std::string(27, 'x') + "…"}));
  add("0197a000-3333-7000-8000-000000000002", "x");
  EXPECT_TRUE(table(80)[3].starts_with("0197a000-3333-7000-8000-000000000001  ")) << "as long as it takes to differ";
}

TEST_F(SessionsShown, TheTimeIsThatOfTheOrder) {
  order = store::SessionOrder::created;
  add("1", "x").head.started = "2026-02-01T03:04:05.678Z";
  add("2", "x").created = 1'600'000'000;
  EXPECT_TRUE(contains(table(80)[0], "  STARTED  ")) << table(80)[0];
  EXPECT_TRUE(contains(table(80)[1], "  2026-02-01 03:04  "));
  EXPECT_TRUE(contains(table(80)[2], "  2020-09-13 12:26  ")) << "from the name";
}

TEST_F(SessionsShown, NothingReachesTheTerminalButText) {
  add("1",
      "a\x1b[2J\r\n\tb\x7f\xC2\x9B"
      "c\xE2\x80\xAE"
      "d\xFF");
  EXPECT_TRUE(table(80)[1].ends_with("  a [2J b c d\xEF\xBF\xBD")) << table(80)[1];
  add("2", "ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää");
  EXPECT_EQ(count_code_points(table(80)[2]), 80u);
}

TEST_F(SessionsShown, EveryReasonHasWords) {
  EXPECT_EQ(hidden_sentence(listing, {}), "");
  for (std::size_t i = 0; i < listing.hidden.size(); ++i) listing.hidden[i] = i + 1;
  EXPECT_EQ(hidden_sentence(listing, {}),
            "Not shown: 1 archived (--archived), 2 without a message, 3 of other sources, 4 of other providers, "
            "5 of other folders, 6 without the searched text.\n");
  EXPECT_TRUE(hidden_sentence(listing, {.archived = true}).starts_with("Not shown: 1 not archived, 2 "));
  auto document = parse_json(list_json(listing, {.archived = true}));
  EXPECT_EQ(dump(*find(*document, "hidden")),
            R"({"cwd":5,"not archived":1,"provider":4,"search":6,"source":3,"unused":2})");
}

TEST_F(SessionsShown, TurnsWithLifecycle) {
  auto story =
      read_story(read({{"event_msg", R"({"type":"task_started","turn_id":"a"})"},
                       {"event_msg", said("one")},
                       {"response_item", R"({"type":"function_call","name":"f","arguments":"","call_id":"c"})"},
                       {"event_msg", said("and two")},
                       {"event_msg", R"({"type":"agent_message","message":"first"})"},
                       {"event_msg", R"({"type":"agent_message","message":"last"})"},
                       {"event_msg", R"({"type":"task_complete","turn_id":"a"})"},
                       {"event_msg", R"({"type":"turn_started","turn_id":"b"})"},
                       {"event_msg", said("three")},
                       {"event_msg", R"({"type":"turn_aborted","reason":"replaced"})"},
                       {"event_msg", R"({"type":"thread_rolled_back","num_turns":1})"},
                       {"event_msg", R"({"type":"task_started","turn_id":"c"})"},
                       {"event_msg", said("four")}}));
  ASSERT_EQ(story.turns.size(), 3u);
  EXPECT_EQ(dump_mapped(story.turns[0]),
            R"({"id":"a","started_at":"2026-03-02T10:15:10.000Z","user":["one","and two"],"answer":"last",)"
            R"("status":"completed","calls":1,"rolled_back":false})");
  EXPECT_EQ(story.turns[1].status, "replaced");
  EXPECT_TRUE(story.turns[1].rolled_back);
  EXPECT_EQ(story.turns[2].status, "open");
  EXPECT_FALSE(story.turns[2].rolled_back);
}

TEST_F(SessionsShown, TurnsOfOldFiles) {
  auto events = read_story(read({{"event_msg", said("one")},
                                 {"event_msg", R"({"type":"agent_message","message":"A"})"},
                                 {"event_msg", said("two")}}));
  ASSERT_EQ(events.turns.size(), 2u);
  EXPECT_EQ(events.turns[0].answer, "A");
  EXPECT_EQ(events.turns[1].user, (std::vector<std::string>{"two"}));
  auto items = read({{"response_item", item("user", "<environment_context>x</environment_context>")},
                     {"response_item", item("user", "one")},
                     {"response_item", item("assistant", "A")},
                     {"response_item", item("user", "two")}});
  auto story = read_story(items);
  ASSERT_EQ(story.turns.size(), 2u);
  EXPECT_EQ(story.turns[0].answer, "A");
  EXPECT_EQ(session_markdown(add("id", "one"), items, false),
            "# one\n\n- Session: `id`\n- Folder: `/home/me/project`\n\n## User\n\none\n\n## Assistant\n\nA\n\n"
            "## User\n\ntwo\n");
}

TEST_F(SessionsShown, JsonExportKeepsLinesAsTheyAre) {
  std::size_t left_out = 0;
  EXPECT_EQ(session_json("{\"b\":1.0,\"a\":\"\\u00e4\"}\n\njunk\n{\"x\":\"\xFF\"}\n{\"half\":", left_out),
            "[\n{\"b\":1.0,\"a\":\"\\u00e4\"},\n{\"x\":\"\xEF\xBF\xBD\"}\n]\n");
  EXPECT_EQ(left_out, 2u);
  EXPECT_EQ(session_json("", left_out), "[\n]\n");
}

}  // namespace burin::cli

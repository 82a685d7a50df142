// Bringing a thread back from its lines (session.md 5.2, test 27).
#include "context/rebuild.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "context/fragments.h"
#include "wire/rollout_samples.h"

namespace burin::context {

const wire::TruncationPolicy policy{wire::TruncationMode::tokens, 10000};

struct Log {
  std::vector<wire::RolloutLine> lines;
  Log& event(wire::EventMsg e) {
    lines.push_back({.timestamp = "t", .payload = std::move(e)});
    return *this;
  }
  Log& start(std::string id) { return event(wire::event::TaskStarted{.turn_id = std::move(id)}); }
  Log& end(std::string id) { return event(wire::event::TaskComplete{.turn_id = std::move(id)}); }
  Log& context(std::string id, std::string model) {
    wire::TurnContext c;
    if (!id.empty()) c.turn_id = id;
    c.model = std::move(model);
    c.cwd = "/w";
    lines.push_back({.timestamp = "t", .payload = std::move(c)});
    return *this;
  }
  Log& user(std::string text) {
    lines.push_back({.timestamp = "t", .payload = *text_message("user", {text})});
    return event(wire::event::UserMessage{.message = std::move(text)});
  }
  Log& turn(const std::string& id, const std::string& model, const std::string& text) {
    return start(id).context(id, model).user(text).end(id);
  }
  Log& rollback(std::uint32_t n) { return event(wire::event::ThreadRolledBack{.num_turns = n}); }
  Log& compacted(std::string message, std::optional<std::vector<wire::ResponseItem>> replacement) {
    wire::Compacted c;
    c.message = std::move(message);
    c.replacement_history = std::move(replacement);
    lines.push_back({.timestamp = "t", .payload = std::move(c)});
    return *this;
  }
  Rebuilt rebuilt() const { return rebuild(lines, policy); }
  std::string texts() const {
    std::string out;
    auto r = rebuilt();
    auto view = r.history.view({});
    for (auto item : view.input) {
      auto document = parse_json(item);
      out += *find_string((*find_array(*document, "content"))[0], "text");
      out += '|';
    }
    return out;
  }
};

TEST(Rebuild, CompletedTurnsGiveBaselineAndPreviousSettings) {
  Log log;
  log.turn("1", "m1", "a").turn("2", "m2", "b");
  auto r = log.rebuilt();
  ASSERT_TRUE(r.baseline);
  EXPECT_EQ(r.baseline->model, "m2");
  EXPECT_EQ(r.previous->model, "m2");
  EXPECT_EQ(log.texts(), "a|b|");
  EXPECT_FALSE(r.open_turn);
}

TEST(Rebuild, RollbackDropsTurnsAndTheirMetadata) {
  Log log;
  log.turn("1", "m1", "a").turn("2", "m2", "b").rollback(1);
  EXPECT_EQ(log.rebuilt().previous->model, "m1");
  EXPECT_EQ(log.texts(), "a|");
  log.rollback(5);
  EXPECT_FALSE(log.rebuilt().previous);
  EXPECT_EQ(log.texts(), "");
}

TEST(Rebuild, RollbackSkipsTurnsWithoutUserInput) {
  Log log;
  log.turn("1", "m1", "a").turn("2", "m2", "b").start("3").end("3").rollback(1);
  EXPECT_EQ(log.rebuilt().previous->model, "m1");
}

TEST(Rebuild, CompactionClearsTheBaselineUntilANewContext) {
  Log log;
  log.turn("1", "m1", "a").start("2").compacted("s", std::vector{*text_message("user", {"S"})}).end("2");
  auto r = log.rebuilt();
  EXPECT_FALSE(r.baseline);
  EXPECT_EQ(r.previous->model, "m1");
  EXPECT_EQ(log.texts(), "S|");
  log.turn("3", "m3", "b");
  EXPECT_EQ(log.rebuilt().baseline->model, "m3");
  EXPECT_EQ(log.texts(), "S|b|");
}

// context.md 4.4.6: after a compaction only the turn before still says that a voice conversation was going on.
TEST(Rebuild, RealtimeSurvivesResumeAndCompaction) {
  Log log;
  log.turn("1", "m1", "a");
  std::get<wire::TurnContext>(log.lines[1].payload).realtime_active = true;
  EXPECT_EQ(log.rebuilt().baseline->realtime_active, true);
  log.start("2").compacted("s", std::vector{*text_message("user", {"S"})}).end("2");
  EXPECT_FALSE(log.rebuilt().baseline);
  EXPECT_TRUE(log.rebuilt().previous->realtime_active);
}

TEST(Rebuild, LegacyCompactionKeepsUserMessagesAndDropsTheBaseline) {
  Log log;
  log.turn("1", "m1", "a").compacted("SUM", std::nullopt);
  EXPECT_EQ(log.texts(), "a|SUM|");
  EXPECT_FALSE(log.rebuilt().baseline);
}

TEST(Rebuild, ABareTurnContextGivesNothing) {
  Log log;
  log.context("", "m1");
  auto r = log.rebuilt();
  EXPECT_FALSE(r.baseline);
  EXPECT_FALSE(r.previous);
}

// context.md 6.4: a turn_context names its segment, so that of a turn without a start nothing older is taken for its
// own.
TEST(Rebuild, ATurnContextNamesItsTurn) {
  Log log;
  log.turn("t1", "old", "u1").context("t2", "new").user("u2");
  auto r = log.rebuilt();
  ASSERT_TRUE(r.previous && r.baseline);
  EXPECT_EQ(r.previous->model, "new");
  EXPECT_EQ(r.baseline->turn_id, "t2");
}

TEST(Rebuild, ATrailingUnfinishedTurnIsOpen) {
  Log log;
  log.turn("1", "m1", "a").start("2").context("2", "m2").user("b");
  auto r = log.rebuilt();
  EXPECT_TRUE(r.open_turn);
  EXPECT_EQ(r.open_turn_id, "2");
  EXPECT_EQ(r.previous->model, "m2");
  log.event(wire::event::TurnAborted{});
  EXPECT_FALSE(log.rebuilt().open_turn);
}

TEST(Rebuild, TokenInfoIsTheLastThatIsThere) {
  Log log;
  wire::event::TokenCount count;
  count.info = wire::TokenUsageInfo{};
  count.info->total_token_usage.total_tokens = 42;
  log.event(count).event(wire::event::TokenCount{});
  EXPECT_EQ(log.rebuilt().token_info->total_token_usage.total_tokens, 42);
}

/// "d e u:text a:text call output …": each item of the view in one word; then the turn of the baseline, if any.
std::string outline(const std::vector<wire::RolloutLine>& lines) {
  auto r = rebuild(lines, policy);
  std::string out;
  for (auto text : r.history.view({}).input) {
    auto document = parse_json(text).value();
    auto role = find_string(document, "role").value_or("");
    if (role.empty()) {
      out += fmt::format("{} ", *find_string(document, "type"));
      continue;
    }
    auto words = *find_string((*find_array(document, "content"))[0], "text");
    bool fragment = role == "developer" || match_fragment(words);
    out += fragment ? fmt::format("[{}] ", role) : fmt::format("{}:{} ", role, words.substr(0, words.find('\n')));
  }
  return out + (r.baseline ? "baseline " + r.baseline->turn_id.value_or("?").substr(34) : "no baseline");
}

// session.md 12: what each sample gives; a second time the same.
TEST(Rebuild, SampleFiles) {
  struct Row {
    std::string_view file, expected;
  };
  for (const auto& [file, expected] : {
           Row{wire::samples::tool_turn,
               "[developer] [user] user:create a.txt reasoning function_call function_call_output assistant:Created "
               "a.txt. baseline 01"},
           Row{wire::samples::aborted_turn,
               "[developer] [user] user:run the slow thing function_call function_call function_call_output "
               "function_call_output [user] baseline 02"},
           Row{wire::samples::compacted_thread,
               "user:first question user:SUMMARY-PREFIX [developer] [user] user:second question assistant:second "
               "answer baseline 05"},
           Row{wire::samples::rolled_back_thread,
               "[developer] [user] user:keep me assistant:kept [developer] [user] user:instead do this assistant:did "
               "this baseline 08"},
           Row{wire::samples::review,
               "[developer] [user] user:hello assistant:hi user:<user_action> assistant:One blocking defect. no "
               "baseline"},
           Row{wire::samples::fork,
               "[developer] [user] user:create a.txt reasoning function_call function_call_output assistant:Created "
               "a.txt. [developer] [user] user:continue differently assistant:ok baseline 11"},
       }) {
    std::vector<wire::RolloutLine> lines;
    for (auto line : burin::lines(file)) lines.push_back(wire::read_rollout_line(line).value());
    EXPECT_EQ(outline(lines), expected);
    EXPECT_EQ(outline(lines), outline(lines));
  }
}

// context.md 8.3: outputs as strings and images as messages of their own load as they are.
TEST(Rebuild, OldImageFormsStay) {
  const std::string_view old[] = {
      R"({"type":"custom_tool_call","call_id":"c","name":"js_repl","input":"x"})",
      R"({"type":"custom_tool_call_output","call_id":"c","output":"plain"})",
      R"({"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AA=="}]})"};
  std::vector<wire::RolloutLine> lines;
  for (auto text : old) {
    lines.push_back(
        wire::read_rollout_line(fmt::format(R"({{"timestamp":"t","type":"response_item","payload":{}}})", text))
            .value());
  }
  auto r = rebuild(lines, policy);
  auto view = r.history.view({});
  EXPECT_EQ(std::vector<std::string>(view.input.begin(), view.input.end()),
            std::vector<std::string>(std::begin(old), std::end(old)));
}

}  // namespace burin::context

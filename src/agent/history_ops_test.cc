// Rollback, fork and resume of a running thread: what the next request holds (context.md 6, session.md 5).
#include "context/rebuild.h"
#include "store/rollout_log.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

struct HistoryOpsTest : ThreadTest {
  using Words = std::vector<std::string>;
  void SetUp() override {
    ThreadTest::SetUp();
    config->features.set(config::Feature::unified_exec, false);
    http.respond = [this](const io::HttpRequest&) {
      if (!answers.empty()) {
        auto next = std::move(answers.front());
        answers.pop_front();
        return next;
      }
      return io::ScriptedResponse::text(200, sse({message("ok"), completed}));
    };
  }
  std::deque<io::ScriptedResponse> answers;

  /// The input of a request in words: d and c for the context messages, s for a switch, else the text.
  Words layout(std::size_t request) {
    Words out;
    for (const auto& item : inputs(request)) {
      auto document = *parse_json(item);
      auto* content = find_array(document, "content");
      std::string text(content != nullptr ? find_string(content->at(0), "text").value_or("")
                                          : *find_string(document, "type"));
      if (text.starts_with("<permissions")) text = "d";
      if (text.starts_with("<model_switch>")) text = "s";
      if (text.starts_with("<environment_context>") || text.starts_with("# AGENTS.md")) text = "c";
      if (text.starts_with("<turn_aborted>")) text = "aborted";
      out.push_back(std::move(text));
    }
    return out;
  }
  static wire::op::ThreadRollback back(std::uint32_t turns) { return {.num_turns = turns}; }
  std::vector<wire::RolloutLine> lines_of(const std::string& path) { return store::load_rollout(files, path)->lines; }
  void next_run() { recorder.events.clear(); }
};

TEST_F(HistoryOpsTest, ARollbackCutsBeforeTheUserMessage) {
  auto path = run({turn("one"), turn("two"), turn("three"), back(2), turn("four")});
  EXPECT_EQ(layout(3), (Words{"d", "c", "one", "ok", "d", "c", "four"})) << "the next turn is told everything";
  bool marker = false;
  for (const auto& line : lines_of(path)) {
    const auto* e = std::get_if<wire::EventMsg>(&line.payload);
    const auto* b = e != nullptr ? std::get_if<wire::event::ThreadRolledBack>(e) : nullptr;
    if (b != nullptr) marker = b->num_turns == 2;
  }
  EXPECT_TRUE(marker);
}

TEST_F(HistoryOpsTest, MoreTurnsThanThereAreLeaveTheContext) {
  run({turn("one"), turn("two"), back(9), turn("three")});
  EXPECT_EQ(layout(2), (Words{"d", "c", "d", "c", "three"}));
}

TEST_F(HistoryOpsTest, ARollbackRecountsTokens) {
  run({turn("one"), turn("two"), back(1)});
  const auto& info = *recorder.last<wire::event::TokenCount>()->info;
  EXPECT_EQ(info.last_token_usage.input_tokens, 0);
  auto instructions = find_string(body(0), "instructions")->size();
  std::int64_t expected = static_cast<std::int64_t>(instructions + 3) / 4;
  for (std::size_t i = 0; i < 4; ++i) expected += static_cast<std::int64_t>(inputs(1)[i].size() + 3) / 4;
  EXPECT_EQ(info.last_token_usage.total_tokens, expected);
}

TEST_F(HistoryOpsTest, RefusedRollbacksAreErrorsThatChangeNothing) {
  io::ScriptedResponse slow = io::ScriptedResponse::text(200, sse({message("ok"), completed}));
  slow.head_delay = 10ms;
  answers.push_back(std::move(slow));
  recorder.then = [&](const wire::Event& e) {
    if (!std::holds_alternative<wire::event::UserMessage>(e.msg)) return;
    recorder.then = nullptr;
    ASSERT_TRUE(running->submit(back(1)));
  };
  run({turn("one"), back(0), turn("two")});
  Words texts;
  for (const auto& e : recorder.events) {
    const auto* error = std::get_if<wire::event::Error>(&e.msg);
    if (error == nullptr) continue;
    EXPECT_EQ(error->codex_error_info->kind, "thread_rollback_failed");
    texts.push_back(error->message);
  }
  EXPECT_EQ(texts, (Words{"Cannot rollback while a turn is in progress.", "num_turns must be >= 1"}));
  EXPECT_EQ(layout(1), (Words{"d", "c", "one", "ok", "two"}));
}

TEST_F(HistoryOpsTest, AResumeAfterARollbackKnowsTheSurvivingTurn) {
  options.resume_path = run({turn("one"), turn("two"), back(1)});
  next_run();
  run({turn("three")});
  EXPECT_EQ(layout(2), (Words{"d", "c", "one", "ok", "three"})) << "its settings are the baseline";
}

// spec context.md 6.5: what a rolled-back turn compacted is no base for the history before it.
TEST_F(HistoryOpsTest, ARollbackOverACompactionLosesNothingAcrossAResume) {
  config->model_auto_compact_token_limit = 1000;
  answers.push_back(io::ScriptedResponse::text(
      200, sse({message("ok"), R"({"type":"response.completed","response":{"id":"r","usage":{"input_tokens":2000,)"
                               R"("output_tokens":0,"total_tokens":2000}}})"})));
  answers.push_back(io::ScriptedResponse::text(200, sse({message("SUMMARY"), completed})));
  options.resume_path = run({turn("one"), turn("two"), back(1)});
  next_run();
  config->model_auto_compact_token_limit.reset();
  run({turn("three")});
  auto words = layout(3);
  ASSERT_EQ(words.size(), 5u);
  EXPECT_EQ(words[0], "one");
  EXPECT_TRUE(words[1].ends_with("SUMMARY"));
  EXPECT_EQ(Words(words.begin() + 2, words.end()), (Words{"d", "c", "three"}));
}

TEST_F(HistoryOpsTest, SwitchesAreToldOnceWhateverComesBetween) {
  config->features.set(config::Feature::personality, false);
  auto other = turn("two");
  other.model = "gpt-5.3-codex";
  run({turn("one"), wire::op::Compact{}, other, wire::op::Compact{}, turn("three")});
  EXPECT_EQ(layout(2)[2], "s");
  auto last = layout(4);
  EXPECT_EQ(Words(last.end() - 3, last.end()), (Words{"s", "c", "three"})) << "back to the first model: told again";
}

// context.md 5: the text is that of the session's start, the title that of the turn.
TEST_F(HistoryOpsTest, InstructionsAreNotReadAgainAfterACompaction) {
  memory.put("/w/AGENTS.md", "Old text.");
  auto moved = turn("two");
  moved.cwd = "/other";
  run({turn("one"), moved, wire::op::Compact{}, moved});
  memory.put("/other/AGENTS.md", "Never read.");
  auto last = inputs(3);
  auto text = last[last.size() - 2];
  EXPECT_TRUE(contains(text, R"(# AGENTS.md instructions for /other\n\n<INSTRUCTIONS>\nOld text.)")) << text;
}

TEST_F(HistoryOpsTest, WhatTheUserTypedIsKeptAndFoundAgain) {
  ASSERT_TRUE(memory.make_dirs("/home"));
  run({wire::op::AddToHistory{"one"}, wire::op::AddToHistory{"two"}, turn("go"),
       wire::op::GetHistoryEntryRequest{.offset = 1, .log_id = 0}});
  const auto* found = recorder.last<wire::event::GetHistoryEntryResponse>();
  ASSERT_TRUE(found && found->entry);
  EXPECT_EQ(found->entry->text, "two");
  EXPECT_EQ(found->entry->conversation_id, recorder.last<wire::event::SessionConfigured>()->session_id);
  config->save_messages = false;
  recorder.events.clear();
  run({wire::op::AddToHistory{"three"}, wire::op::GetHistoryEntryRequest{.offset = 2, .log_id = 0}});
  EXPECT_FALSE(recorder.last<wire::event::GetHistoryEntryResponse>()->entry);
}

TEST_F(HistoryOpsTest, AForkCopiesTheLinesAndTellsTheContextAnew) {
  auto source = run({turn("one")});
  auto before = *memory.read(source);
  next_run();
  options.fork_path = source;
  auto path = run({turn("two")});
  EXPECT_NE(path, source);
  EXPECT_EQ(*memory.read(source), before);
  EXPECT_EQ(layout(1), (Words{"d", "c", "one", "ok", "d", "c", "two"}));
  auto lines = lines_of(path);
  const auto& meta = std::get<wire::SessionMeta>(lines[0].payload);
  const auto& origin = std::get<wire::SessionMeta>(lines[1].payload);
  EXPECT_EQ(meta.forked_from_id, origin.id);
  EXPECT_NE(meta.id, origin.id);
  EXPECT_EQ(recorder.last<wire::event::SessionConfigured>()->forked_from_id, origin.id);
  EXPECT_EQ(lines_of(source).size() + 1 + 2,
            static_cast<std::size_t>(
                std::ranges::find_if(lines.begin() + 2, lines.end(),
                                     [&](const auto& l) {
                                       const auto* e = std::get_if<wire::EventMsg>(&l.payload);
                                       const auto* s =
                                           e != nullptr ? std::get_if<wire::event::TaskStarted>(e) : nullptr;
                                       return s != nullptr &&
                                              s->turn_id == recorder.last<wire::event::TaskStarted>()->turn_id;
                                     }) -
                lines.begin()))
      << "own meta, the source's lines, the two context messages";
  // A resume of the fork sends the same again.
  options.fork_path.reset();
  options.resume_path = path;
  next_run();
  run({turn("three")});
  EXPECT_EQ(layout(2), (Words{"d", "c", "one", "ok", "d", "c", "two", "ok", "three"}));
  EXPECT_EQ(*find_string(body(2), "prompt_cache_key"), meta.id);
}

// The context of the fork tells of the switch, and so does its first turn, as in the reference.
TEST_F(HistoryOpsTest, AForkWithAnotherModelSwitches) {
  options.fork_path = run({turn("one")});
  next_run();
  options.model = "gpt-5.3-codex";
  run({turn("two")});
  EXPECT_EQ(layout(1), (Words{"d", "c", "one", "ok", "s", "c", "s", "two"}));
  EXPECT_EQ(recorder.last<wire::event::Warning>(), nullptr);
}

TEST_F(HistoryOpsTest, AForkBeforeAMessage) {
  auto source = run({turn("one"), turn("two"), back(1), turn("three")});
  struct Case {
    std::size_t before;
    Words first;
  };
  for (const auto& c : std::initializer_list<Case>{{1, {"d", "c", "one", "ok", "d", "c", "d", "c", "new"}},
                                                   {0, {"d", "c", "d", "c", "new"}},
                                                   {2, {"d", "c", "new"}}}) {
    next_run();
    options.fork_path = source;
    options.fork_before = c.before;
    run({turn("new")});
    EXPECT_EQ(layout(http.requests().size() - 1), c.first) << c.before;
  }
}

}  // namespace burin::agent

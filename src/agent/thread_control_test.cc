// Threads that are disturbed: interruption, approvals, steering, failures of the model and of the disk (session.md 3,
// 11).
#include "store/rollout_log.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

struct ThreadControlTest : ThreadTest {
  void SetUp() override {
    ThreadTest::SetUp();
    config->features.set(config::Feature::unified_exec, false);
  }
  void at(io::Span when, std::function<void()> fn) { loop.timer(loop.now() + when, std::move(fn)); }
  void interrupt_after(io::Span when) {
    at(when, [this] { ASSERT_TRUE(running->submit(wire::op::Interrupt{})); });
  }
  std::size_t count(std::string_view type) const {
    auto all = recorder.types();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), type));
  }
};

// session.md 3.4, INV-8: what the interrupt leaves is in the file when the client hears of it.
TEST_F(ThreadControlTest, TheFileIsCompleteWhenTheAbortIsTold) {
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "hang"; }, io::CommandScript::hang());
  auto slow = io::ScriptedResponse::text(
      200, sse({message("first words"), call("shell_command", R"({"command":"hang","timeout_ms":60000})", "c1")}));
  slow.end = io::ScriptedResponse::End::silence;
  http.queue(slow);
  answer(sse({message("ok"), completed}));
  std::string told;
  io::Time when{}, ended{};
  bool durable = false;
  recorder.then = [&](const wire::Event& e) {
    if (!std::holds_alternative<wire::event::TurnAborted>(e.msg)) return;
    told = *memory.read(running->rollout_path());
    ended = loop.now();
    const auto& calls = files.journal();
    auto last = std::find_if(calls.rbegin(), calls.rend(),
                             [](const auto& c) { return c.name == "append" || c.name == "sync"; });
    durable = last->name == "sync";
    EXPECT_TRUE(processes.child(0).destroyed || processes.child(0).killed) << "no command outlives its turn";
  };
  at(1s, [&] {
    when = loop.now();
    ASSERT_TRUE(running->submit(wire::op::Interrupt{}));
  });
  run({turn("hi"), turn("again")});
  EXPECT_LT(ended - when, 300ms);
  EXPECT_TRUE(durable) << "nothing was written after the last sync";
  std::size_t at = 0;
  for (auto part : {"first words", R"("type":"function_call","name":"shell_command")",
                    R"("call_id":"c1","output":"Wall time: 1.0 seconds\naborted by user")", "<turn_aborted>",
                    R"("type":"turn_aborted")"}) {
    at = told.find(part, at);
    ASSERT_NE(at, std::string::npos) << part << " is missing or out of order in\n" << told;
  }
  EXPECT_EQ(recorder.last<wire::event::ExecCommandEnd>()->status, wire::ToolStatus::failed);
  auto in = inputs(1);
  EXPECT_TRUE(contains(in[3], "first words")) << "finished items of the broken answer are kept";
  EXPECT_TRUE(contains(in[in.size() - 2], "<turn_aborted>"));
}

// session.md 3.4: an interrupt ends background terminals, a finished turn does not.
TEST_F(ThreadControlTest, BackgroundTerminalsEndWithAnInterruptOrTheThread) {
  config->features.set(config::Feature::unified_exec, true);
  for (bool interrupt : {true, false}) {
    auto before = processes.count();
    recorder.events.clear();
    processes.expect([](const io::SpawnSpec&) { return true; }, io::CommandScript::hang());
    answer(sse({call("exec_command", R"({"cmd":"top","tty":true,"yield_time_ms":300})", "c1"), completed}));
    auto next = io::ScriptedResponse::text(200, sse({message("ok"), completed}));
    if (interrupt) next.end = io::ScriptedResponse::End::silence, next.body.clear();
    http.queue(next);
    if (interrupt) interrupt_after(5s);
    bool alive = false;
    recorder.then = [&](const wire::Event& e) {
      if (std::holds_alternative<wire::event::TurnAborted>(e.msg) ||
          std::holds_alternative<wire::event::TaskComplete>(e.msg))
        alive = !processes.child(before).destroyed;
    };
    run({turn("hi")});
    EXPECT_EQ(alive, !interrupt);
    EXPECT_TRUE(processes.child(before).destroyed);
    EXPECT_EQ(count("exec_command_end"), 1u);
  }
}

TEST_F(ThreadControlTest, AnInterruptedMessageStartsAndNeverCompletes) {
  recorder.details = true;
  auto hanging = io::ScriptedResponse::text(200, streamed({"par", "tial"}));
  hanging.end = io::ScriptedResponse::End::silence;
  http.queue(hanging);
  interrupt_after(1s);
  run({turn("hi")});
  EXPECT_EQ(count("item_started"), 2u);
  EXPECT_EQ(count("item_completed"), 1u) << "only the user's message";
  EXPECT_EQ(count("agent_message_delta"), 2u);
  EXPECT_EQ(count("agent_message"), 0u);
}

TEST_F(ThreadControlTest, AnInterruptWithoutATurnDoesNothing) {
  answer(sse({message("ok"), completed}));
  run({wire::op::Interrupt{}, turn("hi"), wire::op::Interrupt{}});
  EXPECT_EQ(count("turn_aborted"), 0u);
  EXPECT_EQ(count("task_complete"), 1u);
}

TEST_F(ThreadControlTest, InputThatWaitsIsLostWithAnInterrupt) {
  auto hanging = io::ScriptedResponse::text(200, "");
  hanging.end = io::ScriptedResponse::End::silence;
  http.queue(hanging);
  answer(sse({message("ok"), completed}));
  at(1s, [this] { ASSERT_TRUE(running->submit(more("undelivered"))); });
  interrupt_after(2s);
  run({turn("hi"), turn("again")});
  EXPECT_EQ(count("user_message"), 2u);
  EXPECT_FALSE(contains(http.requests()[1].body, "undelivered"));
}

// session.md 3.4: from the interrupt on, new input is a new turn, also while the old one is still being closed.
TEST_F(ThreadControlTest, InputAfterAnInterruptStartsANewTurn) {
  auto hanging = io::ScriptedResponse::text(200, "");
  hanging.end = io::ScriptedResponse::End::silence;
  http.queue(hanging);
  answer(sse({message("ok"), completed}));
  std::string id;
  at(1s, [&] {
    ASSERT_TRUE(running->submit(wire::op::Interrupt{}));
    id = *running->submit(turn("second"));
    ASSERT_TRUE(running->submit(more("and third")));
  });
  run({turn("first")});
  ASSERT_EQ(http.requests().size(), 2u);
  EXPECT_EQ(count("turn_aborted"), 1u);
  EXPECT_EQ(recorder.last<wire::event::TaskComplete>()->turn_id, id);
  auto in = inputs(1);
  EXPECT_TRUE(contains(in[in.size() - 2], "\"second\""));
  EXPECT_TRUE(contains(in[in.size() - 1], "\"and third\""));
}

// session.md 3.1, 3.4: what waits until a stopped turn is closed has, for the client, long begun; an interrupt or a
// compaction that comes meanwhile ends it as well.
TEST_F(ThreadControlTest, WhatWaitsForAStoppedTurnCanBeStoppedToo) {
  using Ops = std::vector<wire::Op>;
  struct Case {
    Ops ops;
    std::vector<std::string> ends;
  };
  const std::string interrupted = "interrupted", replaced = "replaced", complete = "complete";
  for (const auto& c : {
           Case{Ops{wire::op::Compact{}, wire::op::Interrupt{}}, {replaced, interrupted}},
           Case{Ops{wire::op::Compact{}, wire::op::Compact{}}, {replaced, replaced, complete}},
           Case{Ops{wire::op::Interrupt{}, turn("b"), wire::op::Interrupt{}}, {interrupted, interrupted}},
           Case{Ops{wire::op::Interrupt{}, turn("b"), wire::op::Interrupt{}, turn("c")},
                {interrupted, interrupted, complete}},
           Case{Ops{wire::op::Compact{}, turn("b"), wire::op::Interrupt{}, turn("c")},
                {replaced, interrupted, complete}},
       }) {
    recorder.events.clear();
    auto hanging = io::ScriptedResponse::text(200, "");
    hanging.end = io::ScriptedResponse::End::silence;
    auto slow = io::ScriptedResponse::text(200, sse({message("ok"), completed}));
    slow.head_delay = 1s;
    http.respond = [&, first = true](const io::HttpRequest&) mutable {
      return std::exchange(first, false) ? hanging : slow;
    };
    at(1s, [&] {
      for (const auto& op : c.ops) ASSERT_TRUE(running->submit(op));
    });
    run({turn("first")});
    std::vector<std::string> ends;
    for (const auto& e : recorder.events) {
      if (const auto* a = std::get_if<wire::event::TurnAborted>(&e.msg)) {
        ends.push_back(a->reason == wire::event::AbortReason::replaced ? replaced : interrupted);
      } else if (std::holds_alternative<wire::event::TaskComplete>(e.msg)) {
        ends.push_back(complete);
      }
    }
    EXPECT_EQ(ends, c.ends);
  }
}

// session.md 3.2: input after the last answer is kept for the next turn.
TEST_F(ThreadControlTest, InputThatComesTooLateIsRecorded) {
  answer(sse({message("one"), completed}));
  answer(sse({message("two"), completed}));
  std::size_t counts = 0;
  recorder.then = [&](const wire::Event& e) {
    bool answered = std::holds_alternative<wire::event::TokenCount>(e.msg) && ++counts == 2;
    if (answered) ASSERT_TRUE(running->submit(more("late")));
  };
  run({turn("hi"), turn("next")});
  ASSERT_EQ(http.requests().size(), 2u);
  auto in = inputs(1);
  EXPECT_TRUE(contains(in[in.size() - 2], "\"late\""));
  EXPECT_EQ(count("user_message"), 3u);
}

// session.md 3.5: the settings count from the next turn, the input joins the running one.
TEST_F(ThreadControlTest, AUserTurnWhileOneRunsSteersIt) {
  auto slow = io::ScriptedResponse::text(200, sse({message("one"), completed}));
  slow.head_delay = 2s;
  http.queue(slow);
  answer(sse({message("two"), completed}));
  answer(sse({message("three"), completed}));
  std::string steered;
  at(1s, [&] {
    auto other = turn("by the way");
    other.model = "gpt-5.3-codex";
    steered = *running->submit(other);
  });
  run({turn("hi"), more("next")});
  ASSERT_EQ(http.requests().size(), 3u);
  EXPECT_TRUE(contains(inputs(1).back(), "by the way"));
  EXPECT_EQ(*find_string(body(1), "model"), "gpt-5.1-codex");
  EXPECT_EQ(*find_string(body(2), "model"), "gpt-5.3-codex");
  for (const auto& e : recorder.events) EXPECT_NE(e.id, steered) << wire::event_type(e.msg);
}

struct ApprovalTest : ThreadControlTest {
  void SetUp() override {
    ThreadControlTest::SetUp();
    config->approval_policy = wire::AskForApproval::untrusted();
    processes.otherwise(io::CommandScript{});
    answer(sse({call("shell_command", R"({"command":"touch x"})", "c1"), completed}));
    answer(sse({message("ok"), completed}));
  }
  void reply(std::string id, wire::ReviewDecision decision) {
    wire::op::ExecApproval op;
    op.id = std::move(id);
    op.decision = std::move(decision);
    ASSERT_TRUE(running->submit(op));
  }
};

TEST_F(ApprovalTest, AbortInterruptsTheTurn) {
  recorder.then = [this](const wire::Event& e) {
    if (std::holds_alternative<wire::event::ExecApprovalRequest>(e.msg)) reply("c1", wire::decision::Abort{});
  };
  auto path = run({turn("hi")});
  EXPECT_EQ(recorder.last<wire::event::TurnAborted>()->reason, wire::event::AbortReason::interrupted);
  EXPECT_TRUE(contains(*memory.read(path), "exec command rejected by user")) << "the call ends before the turn does";
  EXPECT_EQ(processes.count(), 0u);
}

TEST_F(ApprovalTest, AnswersToOthersAreIgnored) {
  recorder.then = [this](const wire::Event& e) {
    if (!std::holds_alternative<wire::event::ExecApprovalRequest>(e.msg)) return;
    reply("someone else", wire::decision::Denied{});
    at(1s, [this] { reply("c1", wire::decision::Approved{}); });
  };
  run({turn("hi")});
  EXPECT_EQ(processes.count(), 1u);
  EXPECT_EQ(*recorder.last<wire::event::TaskComplete>()->last_agent_message, "ok");
}

// session.md 1.1: a second question under the same id takes the place of the first, which counts as denied.
TEST_F(ApprovalTest, ASecondQuestionUnderOneIdReplacesTheFirst) {
  recorder.then = [this](const wire::Event& e) {
    if (std::holds_alternative<wire::event::ExecApprovalRequest>(e.msg) && count("exec_approval_request") == 2) {
      reply("c1", wire::decision::Approved{});
    }
  };
  auto body = sse({call("shell_command", R"({"command":"touch x"})", "c1"),
                   call("shell_command", R"({"command":"touch y"})", "c1"), completed});
  http.respond = [&](const io::HttpRequest&) {
    return io::ScriptedResponse::text(200, http.requests().size() == 1 ? body : sse({message("ok"), completed}));
  };
  interrupt_after(60s);
  run({turn("hi")});
  EXPECT_EQ(count("task_complete"), 1u) << "nobody waits for ever";
  EXPECT_EQ(processes.count(), 1u);
  EXPECT_EQ(processes.child(0).spec().argv.back(), "touch y");
}

TEST_F(ApprovalTest, AQuestionEndsWithItsTurn) {
  interrupt_after(5s);
  recorder.then = [this](const wire::Event& e) {
    if (std::holds_alternative<wire::event::TurnAborted>(e.msg)) reply("c1", wire::decision::Approved{});
  };
  run({turn("hi"), turn("again")});
  EXPECT_EQ(processes.count(), 0u) << "an answer that comes too late starts nothing";
  EXPECT_EQ(count("task_complete"), 1u);
}

// session.md 3.3: a tool that is not parallel-capable waits for those before it and holds up those after it.
TEST_F(ThreadControlTest, AnExclusiveToolRunsAlone) {
  for (std::string name : {"slow", "last"}) {
    processes.expect([name](const io::SpawnSpec& s) { return s.argv.back() == name; },
                     io::CommandScript{.steps = {{.bytes = "x", .delay = 3s}}});
  }
  json::object patch;
  patch["input"] = "*** Begin Patch\n*** Add File: new\n+x\n*** End Patch";
  answer(sse({call("shell_command", R"({"command":"slow"})", "c1"), call("apply_patch", dump(patch), "c2"),
              call("shell_command", R"({"command":"last"})", "c3"), completed}));
  answer(sse({message("ok"), completed}));
  run({turn("hi")});
  std::vector<std::string> order;
  for (const auto& type : recorder.types()) {
    if (type.starts_with("exec_command") || type.starts_with("patch_apply")) order.push_back(type);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"exec_command_begin", "exec_command_end", "patch_apply_begin",
                                             "patch_apply_end", "exec_command_begin", "exec_command_end"}));
}

TEST_F(ThreadControlTest, RetriesThatAreUsedUpFailOnlyTheirTurn) {
  processes.otherwise(io::CommandScript{});
  answer(sse({call("shell_command", R"({"command":"make"})", "c1")}));
  answer("");
  answer("");
  answer(sse({message("ok"), completed}));
  run({turn("hi"), turn("again")});
  ASSERT_EQ(http.requests().size(), 4u);
  EXPECT_EQ(count("error"), 1u);
  EXPECT_EQ(count("stream_error"), 2u);
  EXPECT_EQ(count("task_complete"), 2u);
  auto failed = std::find_if(recorder.events.begin(), recorder.events.end(),
                             [](const auto& e) { return std::holds_alternative<wire::event::TaskComplete>(e.msg); });
  EXPECT_FALSE(std::get<wire::event::TaskComplete>(failed->msg).last_agent_message);
  std::size_t mentions = 0;
  for (const auto& item : inputs(3)) mentions += contains(item, R"("call_id":"c1")");
  EXPECT_EQ(mentions, 2u) << "one call, one output";
  EXPECT_TRUE(contains(inputs(3).back(), "again"));
}

// session.md 4.4, 4.5
TEST_F(ThreadControlTest, AnExtendedLogKeepsCommandsWithOutputsCutOnce) {
  processes.otherwise(io::CommandScript::output(std::string(30'000, 'o')));
  options.extended_log = true;
  answer(sse({call("shell_command", R"({"command":"make"})", "c1"), completed}));
  answer(sse({message("ok"), completed}));
  auto source = run({turn("hi")});
  auto ends = [&](const std::string& path) {
    std::vector<wire::event::ExecCommandEnd> out;
    auto loaded = store::load_rollout(memory, path);
    for (const auto& line : loaded->lines) {
      const auto* e = std::get_if<wire::EventMsg>(&line.payload);
      if (e != nullptr && std::holds_alternative<wire::event::ExecCommandEnd>(*e)) {
        out.push_back(std::get<wire::event::ExecCommandEnd>(*e));
      }
    }
    return out;
  };
  auto kept = ends(source);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_LT(kept[0].aggregated_output.size(), 10'100u);
  EXPECT_TRUE(contains(kept[0].aggregated_output, "…20000 chars truncated…"));
  EXPECT_EQ(kept[0].stdout_text + kept[0].stderr_text + kept[0].formatted_output, "");
  // A limited fork drops what only an extended log keeps.
  recorder.events.clear();
  options.extended_log = false;
  options.fork_path = source;
  answer(sse({message("ok"), completed}));
  auto fork = run({turn("more")});
  EXPECT_TRUE(ends(fork).empty());
}

TEST_F(ThreadControlTest, AUsageLimitKeepsItsRateLimits) {
  http.queue(io::ScriptedResponse::text(429, R"({"error":{"type":"usage_limit_reached","plan_type":"pro"}})",
                                        {{"x-codex-primary-used-percent", "100"}}));
  run({turn("hi")});
  EXPECT_EQ(http.requests().size(), 1u);
  EXPECT_EQ(recorder.last<wire::event::Error>()->codex_error_info->kind, "usage_limit_exceeded");
  EXPECT_EQ(recorder.last<wire::event::TokenCount>()->rate_limits->primary->used_percent, 100);
}

TEST_F(ThreadControlTest, TheQueueIsBoundedAndClosesWithTheThread) {
  answer(sse({message("ok"), completed}));
  bool filled = false;
  recorder.then = [&](const wire::Event& e) {
    if (std::holds_alternative<wire::event::TaskComplete>(e.msg) && !std::exchange(filled, true)) {
      Result<std::string> last = "";
      std::size_t taken = 0;
      while (last && taken < 2000) taken += (last = running->submit(wire::op::Interrupt{})).has_value();
      EXPECT_EQ(taken, 512u);
      EXPECT_EQ(last.error().kind, Kind::conflict);
      loop.timer(loop.now() + 1us, [] {});
    }
    if (std::holds_alternative<wire::event::ShutdownComplete>(e.msg)) {
      auto late = running->submit(turn("late"));
      ASSERT_FALSE(late);
      EXPECT_EQ(late.error().what, "internal error; agent loop died unexpectedly");
    }
  };
  run({turn("hi")});
  EXPECT_TRUE(filled);
}

TEST_F(ThreadControlTest, WithoutASessionsFolderTheTurnGoesOn) {
  files.fail_when([](const auto& call) { return call.name == "make_dirs" ? EACCES : 0; });
  answer(sse({message("ok"), completed}));
  answer(sse({message("ok"), completed}));
  auto path = run({turn("one"), turn("two")});
  EXPECT_EQ(count("task_complete"), 2u);
  EXPECT_EQ(count("warning"), 1u);
  EXPECT_TRUE(contains(recorder.last<wire::event::Warning>()->message, "cannot be written"));
  EXPECT_FALSE(memory.exists(path));
}

// session.md INV-9: whoever hears of a user message can read it in the file.
TEST_F(ThreadControlTest, AUserMessageIsInTheFileBeforeItIsTold) {
  recorder.details = true;
  answer(sse({message("ok"), completed}));
  std::size_t checked = 0;
  recorder.then = [&](const wire::Event& e) {
    if (!std::holds_alternative<wire::event::ItemCompleted>(e.msg) || checked++ != 0) return;
    auto text = memory.read(running->rollout_path());
    ASSERT_TRUE(text);
    EXPECT_TRUE(contains(*text, "remember me"));
  };
  run({turn("remember me")});
  EXPECT_GT(checked, 0u);
}

// session.md INV-3 and test 31: a torn tail is repaired without a word before session_configured, and only once.
TEST_F(ThreadControlTest, ATornTailIsRepairedOnceAndNothingIsLost) {
  answer(sse({message("one"), completed}));
  auto path = run({turn("first")});
  auto whole = *memory.read(path);
  memory.put(path, whole + R"({"timestamp":"2026-03-02T10:15:10.000Z","type":"resp)");
  options.resume_path = path;
  for (auto text : {"second", "third"}) {
    recorder.events.clear();
    answer(sse({message("ok"), completed}));
    run({turn(text)});
    EXPECT_EQ(count("warning") > 0, text == std::string_view("second"));
  }
  auto loaded = store::load_rollout(memory, path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->skipped(), 0u);
  for (auto text : {"first", "second", "third"}) EXPECT_TRUE(contains(http.requests()[2].body, text)) << text;
}

}  // namespace burin::agent

// Commands that the user types: a turn of their own, beside a turn, stopped (session.md 3.8, test 25; context.md 4.6,
// test 33).
#include "agent/user_shell.h"

#include "testing/thread_fixture.h"

namespace burin::agent {

struct UserShellTest : ThreadTest {
  using Timed = std::vector<std::pair<io::Span, wire::Op>>;

  void SetUp() override {
    ThreadTest::SetUp();
    config->features.set(config::Feature::unified_exec, false);
  }
  static wire::op::RunUserShellCommand shell(std::string line) { return {.command = std::move(line)}; }
  void plays(std::string line, io::CommandScript script) {
    processes.expect([line](const io::SpawnSpec& s) { return s.argv.back() == line; }, std::move(script));
  }
  static io::CommandScript after(io::Span delay, std::string out, int code = 0) {
    return {.steps = {{.bytes = std::move(out), .delay = delay}}, .exit = io::ExitStatus{code, 0}};
  }
  void answer_after(io::Span delay, std::string body) {
    auto slow = io::ScriptedResponse::text(200, std::move(body));
    slow.head_delay = delay;
    http.queue(slow);
  }

  /// Operations at their times from the start, the last of which is the shutdown's.
  static io::Task<Result<std::string>> drive_timed(io::World* world, ThreadOptions o, Recorder* recorder, Timed ops,
                                                   io::Span end) {
    CO_TRY(auto thread, co_await Thread::start(*world, std::move(o), *recorder));
    io::Scope scope(co_await io::Here{});
    scope.spawn([](Thread* t) -> io::Task<> { co_await t->run(); }(thread.get()));
    auto start = world->loop.now();
    for (auto& [when, op] : ops) {
      co_await io::sleep(start + when - world->loop.now());
      CO_TRY(auto id, thread->submit(std::move(op)));
    }
    co_await io::sleep(start + end - world->loop.now());
    CO_TRY(auto id, thread->submit(wire::op::Shutdown{}));
    co_await scope.join();
    co_return thread->rollout_path();
  }
  std::string run_timed(Timed ops, io::Span end) {
    auto path = io::run_task(loop, drive_timed(&world, options, &recorder, std::move(ops), end));
    EXPECT_TRUE(path) << (path ? "" : path.error().text());
    expect_invariants(recorder.events);
    return path ? *path : "";
  }

  static std::string text_of(const wire::ResponseItem& item) {
    const auto* message = std::get_if<wire::Message>(&item);
    const auto* text = message != nullptr && !message->content.empty()
                           ? std::get_if<wire::InputText>(&message->content.front())
                           : nullptr;
    return text != nullptr ? text->text : "";
  }
  static std::string text_of(const std::string& item) {
    auto document = *parse_json(item);
    const auto* parts = find_array(document, "content");
    return parts == nullptr ? "" : std::string(find_string(parts->at(0), "text").value_or(""));
  }
  /// Events about commands and turns in order; recorded messages by the tag of their text.
  std::vector<std::string> story() const {
    std::vector<std::string> out;
    for (const auto& e : recorder.events) {
      auto type = wire::event_type(e.msg);
      if (type.starts_with("exec_command_") || type.starts_with("task_") || type == "turn_aborted") {
        out.emplace_back(type);
      } else if (const auto* raw = std::get_if<wire::event::RawResponseItem>(&e.msg)) {
        auto text = text_of(raw->item);
        if (text.starts_with("<user_shell") || text.starts_with("<turn_"))
          out.push_back(text.substr(0, text.find('>') + 1));
      }
    }
    return out;
  }
  static std::string record(std::string_view line, int code, std::string_view seconds, std::string_view output) {
    return fmt::format(
        "<user_shell_command>\n<command>\n{}\n</command>\n<result>\nExit code: {}\nDuration: {} seconds\nOutput:\n{}\n"
        "</result>\n</user_shell_command>",
        line, code, seconds, output);
  }
  const wire::event::ExecCommandEnd& end() const { return *recorder.last<wire::event::ExecCommandEnd>(); }
  std::string last_record() const {
    std::string out;
    for (const auto& e : recorder.events) {
      const auto* raw = std::get_if<wire::event::RawResponseItem>(&e.msg);
      if (raw != nullptr && text_of(raw->item).starts_with("<user_shell")) out = text_of(raw->item);
    }
    return out;
  }
};

using Strings = std::vector<std::string>;

TEST_F(UserShellTest, WithoutATurnItIsOneOfItsOwn) {
  recorder.details = true;
  config->sandbox_policy = wire::ReadOnly{};
  config->approval_policy = wire::AskForApproval::untrusted();
  auto script = after(500ms, "a\n", 3);
  script.steps.push_back({.stream = io::Stream::err, .bytes = "oops"});
  plays("make | tee log", script);
  auto path = run({shell("make | tee log")});
  EXPECT_EQ(story(),
            (Strings{"task_started", "exec_command_begin", "exec_command_output_delta", "exec_command_output_delta",
                     "exec_command_end", "<user_shell_command>", "task_complete"}));
  const auto& started = processes.child(0).spec();
  EXPECT_EQ(started.argv, (Strings{"/bin/bash", "-lc", "make | tee log"}));
  EXPECT_EQ(started.cwd, "/w");
  EXPECT_TRUE(started.launcher_args.empty()) << "no sandbox, whatever the policy";
  EXPECT_TRUE(started.env.contains("CODEX_THREAD_ID"));
  EXPECT_FALSE(started.env.contains("CODEX_SANDBOX_NETWORK_DISABLED"));
  const auto* begin = recorder.last<wire::event::ExecCommandBegin>();
  EXPECT_EQ(begin->source, wire::ExecSource::user_shell);
  EXPECT_EQ(begin->turn_id, recorder.last<wire::event::TaskStarted>()->turn_id);
  EXPECT_EQ(begin->call_id.at(14), '4') << begin->call_id;
  EXPECT_EQ(end().call_id, begin->call_id);
  EXPECT_EQ(end().stdout_text, "a\n");
  EXPECT_EQ(end().stderr_text, "oops");
  EXPECT_EQ(end().exit_code, 3);
  EXPECT_EQ(end().status, wire::ToolStatus::failed);
  EXPECT_EQ(last_record(), record("make | tee log", 3, "0.5000", "a\noops"));
  EXPECT_FALSE(recorder.last<wire::event::TaskComplete>()->last_agent_message);
  EXPECT_TRUE(http.requests().empty());
  EXPECT_FALSE(memory.exists(path)) << "only a message of the user makes a file";
}

// context.md 6.2, test 42: such a turn neither hides nor repeats what the model is told.
TEST_F(UserShellTest, TheContextIsToldAsIfNoCommandHadBeen) {
  for (int i = 0; i < 3; ++i) {
    plays("ls", after(0ms, "a\n"));
    answer(sse({message("ok"), completed}));
  }
  auto other = turn("three");
  other.model = "gpt-5.3-codex";
  other.approval_policy = wire::AskForApproval::on_request();
  auto file = *memory.read(run({shell("ls"), turn("one"), shell("ls"), turn("two"), shell("ls"), other}));
  std::size_t contexts = 0;
  for (auto line : lines(file)) contexts += contains(line, R"("type":"turn_context")");
  EXPECT_EQ(contexts, 3u) << "none for a command";
  EXPECT_LT(file.find("<user_shell_command>"), file.find(R"("type":"turn_context")"))
      << "also what came before the file";
  auto first = inputs(0);
  ASSERT_EQ(first.size(), 4u);
  EXPECT_TRUE(text_of(first[0]).starts_with("<permissions instructions>")) << "of the thread's start";
  EXPECT_EQ(text_of(first[2]), record("ls", 0, "0.0000", "a\n"));
  EXPECT_EQ(inputs(1).size(), first.size() + 3) << "answer, record, message";
  auto third = inputs(2);
  ASSERT_EQ(third.size(), first.size() + 3 + 4);
  EXPECT_TRUE(text_of(third[8]).starts_with("<user_shell_command>"));
  EXPECT_TRUE(text_of(third[9]).starts_with("<model_switch>"));
}

TEST_F(UserShellTest, LongOutputIsCutOnce) {
  recorder.details = true;
  std::string output;
  for (int i = 0; i < 20'000; ++i) output += fmt::format("line {}\n", i);
  plays("seq", after(0ms, output));
  answer(sse({message("ok"), completed}));
  run({shell("seq"), turn("hi")});
  EXPECT_EQ(end().aggregated_output, output);
  const auto& shown = end().formatted_output;
  EXPECT_TRUE(shown.starts_with("Total output lines: 20000\n\nline 0\n"));
  EXPECT_LT(shown.size(), 41'000u);
  EXPECT_EQ(text_of(inputs(0)[2]), record("seq", 0, "0.0000", shown));
}

TEST_F(UserShellTest, AnHourIsTheLimit) {
  recorder.details = true;
  plays("top", io::CommandScript::hang());
  run_timed({{0s, shell("top")}}, 3601s);
  EXPECT_EQ(end().exit_code, 124);
  EXPECT_EQ(last_record(), record("top", 124, "3600.0000", "command timed out after 3600000 milliseconds\n"));
  EXPECT_TRUE(processes.child(0).killed);
}

TEST_F(UserShellTest, WhatCannotStartOrDiesIsRecorded) {
  recorder.details = true;
  const std::string missing =
      R"(execution error: Io(Os { code: 2, kind: NotFound, message: "No such file or directory" }))";
  plays("ls", io::CommandScript::refusal(Kind::not_found, "no such file", ENOENT));
  run({shell("ls")});
  EXPECT_EQ(story(), (Strings{"task_started", "exec_command_begin", "exec_command_end", "<user_shell_command>",
                              "task_complete"}));
  EXPECT_EQ(end().exit_code, -1);
  EXPECT_EQ(end().stderr_text, missing);
  EXPECT_EQ(end().status, wire::ToolStatus::failed);
  EXPECT_EQ(last_record(), record("ls", -1, "0.0000", missing));
  auto dies = after(1s, "x");
  dies.exit = io::ExitStatus{-1, 9};
  plays("kill", dies);
  run({shell("kill")});
  EXPECT_EQ(last_record(), record("kill", -1, "0.0000", "execution error: Sandbox(Signal(9))"));
}

TEST_F(UserShellTest, AnInterruptKillsAndRecordsBeforeTheEndIsTold) {
  recorder.details = true;
  plays("top", io::CommandScript::hang());
  run_timed({{0s, shell("top")}, {1s, wire::op::Interrupt{}}}, 2s);
  EXPECT_EQ(story(), (Strings{"task_started", "exec_command_begin", "<user_shell_command>", "exec_command_end",
                              "<turn_aborted>", "turn_aborted"}));
  EXPECT_TRUE(processes.child(0).killed);
  EXPECT_EQ(last_record(), record("top", -1, "0.0000", "command aborted by user"));
  EXPECT_EQ(end().aggregated_output, "command aborted by user");
  EXPECT_EQ(end().exit_code, -1);
  EXPECT_EQ(end().status, wire::ToolStatus::failed);
}

TEST_F(UserShellTest, BesideATurnTheRecordGoesIntoTheNextRequest) {
  recorder.details = true;
  plays("make", after(5s, "built\n"));
  plays("ls", after(1s, "a\n"));
  answer(sse({call("shell_command", R"({"command":"make"})", "c1"), completed}));
  answer(sse({message("ok"), completed}));
  wire::op::OverrideTurnContext moved;
  moved.cwd = "/elsewhere";
  run_timed({{0s, turn("hi")}, {1s, moved}, {2s, shell("ls")}}, 20s);
  EXPECT_EQ(count_starts(recorder), 1u);
  EXPECT_EQ(count_ends(recorder), 1u);
  EXPECT_EQ(processes.child(1).spec().cwd, "/w") << "it belongs to the turn";
  for (const auto& e : recorder.events) {
    if (wire::event_type(e.msg).starts_with("exec_command")) {
      EXPECT_EQ(e.id, recorder.last<wire::event::TaskStarted>()->turn_id);
    }
  }
  auto in = inputs(1);
  EXPECT_TRUE(contains(in[in.size() - 2], "function_call_output"));
  EXPECT_EQ(text_of(in.back()), record("ls", 0, "1.0000", "a\n"));
}

TEST_F(UserShellTest, ARecordThatComesWithTheAnswerIsSentToo) {
  plays("ls", after(1s, "a\n"));
  answer_after(5s, sse({message("one"), completed}));
  answer(sse({message("two"), completed}));
  run_timed({{0s, turn("hi")}, {1s, shell("ls")}}, 20s);
  ASSERT_EQ(http.requests().size(), 2u);
  EXPECT_EQ(text_of(inputs(1).back()), record("ls", 0, "1.0000", "a\n"));
  EXPECT_EQ(*recorder.last<wire::event::TaskComplete>()->last_agent_message, "two");
}

// Its turn is gone: the record is there at once, and comes between no call and its output.
TEST_F(UserShellTest, ACommandMayOutliveItsTurn) {
  plays("first", after(10s, "1\n"));
  plays("second", after(30s, "2\n"));
  plays("slow", after(60s, ""));
  answer_after(2s, sse({message("one"), completed}));
  answer(sse({call("shell_command", R"({"command":"slow","timeout_ms":100000})", "c1"), completed}));
  answer(sse({message("ok"), completed}));
  std::string last_of_first;
  recorder.then = [&](const wire::Event& e) {
    if (last_of_first.empty() && std::holds_alternative<wire::event::TaskComplete>(e.msg)) last_of_first = e.id;
  };
  run_timed({{0s, turn("hi")}, {1s, shell("first")}, {1s, shell("second")}, {20s, turn("again")}}, 200s);
  ASSERT_EQ(http.requests().size(), 3u);
  auto second = inputs(1), third = inputs(2);
  EXPECT_EQ(text_of(second[second.size() - 2]), record("first", 0, "10.0000", "1\n")) << "before the next message";
  EXPECT_TRUE(contains(third[third.size() - 3], R"("type":"function_call")"));
  EXPECT_TRUE(contains(third[third.size() - 2], R"("type":"function_call_output")"));
  EXPECT_EQ(text_of(third.back()), record("second", 0, "30.0000", "2\n"));
  for (const auto& e : recorder.events) {
    const auto* ended = std::get_if<wire::event::ExecCommandEnd>(&e.msg);
    if (ended == nullptr || ended->source != wire::ExecSource::user_shell) continue;
    EXPECT_EQ(e.id, last_of_first);
    EXPECT_EQ(ended->turn_id, last_of_first);
  }
}

TEST_F(UserShellTest, AnInterruptEndsWhatRunsBesideTheTurn) {
  recorder.details = true;
  plays("top", io::CommandScript::hang());
  answer_after(60s, sse({message("never"), completed}));
  answer(sse({message("ok"), completed}));
  run_timed({{0s, turn("hi")}, {1s, shell("top")}, {2s, wire::op::Interrupt{}}, {3s, turn("again")}}, 10s);
  EXPECT_TRUE(processes.child(0).killed);
  auto told = story();
  told.resize(6);
  EXPECT_EQ(told, (Strings{"task_started", "exec_command_begin", "<user_shell_command>", "exec_command_end",
                           "<turn_aborted>", "turn_aborted"}));
  auto in = inputs(1);
  EXPECT_EQ(text_of(in[in.size() - 3]), record("top", -1, "0.0000", "command aborted by user"));
}

// session.md 3.1: a compaction takes the place of what runs, which is not told to the model as an interruption.
TEST_F(UserShellTest, ACompactionTakesItsPlace) {
  recorder.details = true;
  plays("top", io::CommandScript::hang());
  answer(sse({message("SUMMARY"), completed}));
  run_timed({{0s, shell("top")}, {1s, wire::op::Compact{}}}, 5s);
  EXPECT_EQ(story(), (Strings{"task_started", "exec_command_begin", "<user_shell_command>", "exec_command_end",
                              "turn_aborted", "task_started", "task_complete"}));
  EXPECT_EQ(recorder.last<wire::event::TurnAborted>()->reason, wire::event::AbortReason::replaced);
}

TEST_F(UserShellTest, TheThreadEndsWithItsCommands) {
  plays("top", io::CommandScript::hang());
  answer_after(2s, sse({message("ok"), completed}));
  auto path = run_timed({{0s, turn("hi")}, {1s, shell("top")}}, 10s);
  EXPECT_TRUE(processes.child(0).killed);
  EXPECT_TRUE(contains(*memory.read(path), "command aborted by user"));
  EXPECT_EQ(recorder.types().back(), "shutdown_complete");
}

// session.md 3.1: input joins the running turn, of whatever kind; here nothing asks the model, so it is only recorded.
TEST_F(UserShellTest, InputWhileACommandRunsIsRecordedAfterIt) {
  recorder.details = true;
  plays("make", after(5s, "built\n"));
  plays("ls", after(1s, "a\n"));
  answer(sse({message("ok"), completed}));
  run_timed({{0s, shell("make")}, {1s, more("and then")}, {2s, shell("ls")}, {10s, turn("hi")}}, 20s);
  ASSERT_EQ(http.requests().size(), 1u);
  auto in = inputs(0);
  ASSERT_EQ(in.size(), 6u);
  EXPECT_EQ(text_of(in[2]), record("make", 0, "5.0000", "built\n"));
  EXPECT_EQ(text_of(in[3]), "and then");
  EXPECT_EQ(text_of(in[4]), record("ls", 0, "1.0000", "a\n"));
  EXPECT_EQ(count_starts(recorder), 2u);
}

TEST_F(UserShellTest, OutputIsStreamedOnlyToThoseWhoWantIt) {
  plays("ls", after(0ms, "a\n"));
  run({shell("ls")});
  EXPECT_EQ(recorder.last<wire::event::ExecCommandOutputDelta>(), nullptr);
  EXPECT_EQ(end().exit_code, 0);
  EXPECT_EQ(end().status, wire::ToolStatus::completed);
}

}  // namespace burin::agent

// Long-lived processes: events, pruning, what the sandbox denies (tools.md 4.1, 4.3, 4.4).
#include "tools/unified_exec.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/tool_turn.h"

namespace burin::tools {

namespace unified_exec_test_detail {

using testing::text_of;
using wire::AskForApproval;
using Log = std::vector<std::string>;

struct Turn : testing::ToolTurn {
  std::shared_ptr<Tool> exec = make_exec_command_tool(), stdin_tool = make_write_stdin_tool();

  io::Task<std::string> start(ToolContext* context, std::string arguments = R"({"cmd":"x","yield_time_ms":250})") {
    co_return text_of(
        co_await exec->run({"c1", "exec_command", Payload::function, std::move(arguments), {}}, *context));
  }
  io::Task<std::string> write(ToolContext* context, int id, std::string chars = "") {
    auto arguments = fmt::format(R"({{"session_id":{},"chars":"{}"}})", id, chars);
    co_return text_of(
        co_await stdin_tool->run({"c2", "write_stdin", Payload::function, std::move(arguments), {}}, *context));
  }
  std::string started() {
    std::string text;
    play([&](ToolContext& context) -> io::Task<> { text = co_await start(&context); });
    return text;
  }
  Log json() const {
    Log out;
    for (const auto& event : host.events) wire::write_event(out.emplace_back(), event);
    return out;
  }
};

int session_of(std::string_view text) {
  const std::string_view mark = "Process running with session ID ";
  auto rest = text.substr(std::min(text.size(), text.find(mark) + mark.size()));
  return static_cast<int>(parse_int(rest.substr(0, rest.find('\n'))).value_or(0));
}

/// Sixty-four running processes, and what the sixty-fifth does to them.
struct FullTurn : Turn {
  std::vector<int> ids;
  template <class Body>
  void then(Body body) {
    fake.processes.otherwise(io::CommandScript::hang());
    play([&](ToolContext& context) -> io::Task<> {
      for (int i = 0; i < 64; ++i) ids.push_back(session_of(co_await start(&context)));
      co_await body(context);
    });
  }
  Log killed_before_the_end() {
    Log out;
    for (std::size_t n = 0; n < fake.processes.count(); ++n) {
      if (fake.processes.child(n).killed) out.push_back(std::to_string(n));
    }
    return out;
  }
};

io::CommandScript denial(io::Span after) {
  io::CommandScript script;
  script.steps.push_back({io::Stream::err, "touch: Permission denied\n", after});
  script.exit = io::ExitStatus{1, 0};
  return script;
}

}  // namespace unified_exec_test_detail

using namespace unified_exec_test_detail;

TEST(UnifiedExec, EventsOfAProcessThatOutlivesItsCallAndTurn) {
  Turn turn;
  turn.host.deltas = true;
  io::CommandScript script;
  for (const char* piece : {"a\xc3", "\xa4", "b"}) script.steps.push_back({io::Stream::out, piece, io::seconds(2)});
  script.exit = io::ExitStatus{3, 0};
  turn.fake.processes.otherwise(script);
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto id = session_of(co_await turn.start(&context));
    context.turn_id = "t2";
    co_await io::sleep(io::seconds(9));
    const std::string call =
        fmt::format(R"("call_id":"c1","process_id":"{}","turn_id":"t1","command":["/bin/bash","-lc","x"],"cwd":"/w",)"
                    R"("parsed_cmd":[{{"type":"unknown","cmd":"x"}}],"source":"unified_exec_startup")",
                    id);
    const char* const delta = R"({"type":"exec_command_output_delta","call_id":"c1","stream":"stdout","chunk":)";
    // The character that the first two pieces share is not cut.
    EXPECT_EQ(turn.json(), (Log{R"({"type":"exec_command_begin",)" + call + "}", std::string(delta) + R"("YQ=="})",
                                std::string(delta) + R"("w6Q="})", std::string(delta) + R"("Yg=="})",
                                R"({"type":"exec_command_end",)" + call +
                                    R"(,"stdout":"aäb","stderr":"","aggregated_output":"aäb","exit_code":3,)"
                                    R"("duration":{"secs":6,"nanos":0},"formatted_output":"aäb","status":"failed"})"}));
    EXPECT_TRUE(contains(co_await turn.write(&context, id), "Process exited with code 3")) << "it is still there";
  });
  EXPECT_EQ(turn.host.all<wire::event::ExecCommandEnd>().size(), 1u);
}

TEST(UnifiedExec, PollsAndWritesAreShownAsInteractions) {
  Turn turn;
  turn.fake.processes.otherwise(io::CommandScript::hang());
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto id = session_of(co_await turn.start(&context, R"({"cmd":"x","tty":true,"yield_time_ms":250})"));
    turn.host.events.clear();
    co_await turn.write(&context, id, "hi");
    co_await turn.write(&context, id);
    co_await turn.write(&context, 7);
    const auto head = fmt::format(R"({{"type":"terminal_interaction","call_id":"c1","process_id":"{}","stdin":)", id);
    EXPECT_EQ(turn.json(), (Log{head + R"("hi"})", head + R"(""})"}));
  });
}

TEST(UnifiedExec, ACallHasAtMostTenThousandDeltas) {
  Turn turn;
  turn.host.deltas = true;
  io::CommandScript script;
  for (int i = 0; i < 10'100; ++i) script.steps.push_back({io::Stream::out, "x", io::milliseconds(1)});
  turn.fake.processes.otherwise(script);
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto text = co_await turn.start(&context, R"({"cmd":"x","yield_time_ms":30000})");
    EXPECT_TRUE(contains(text, "Original token count: 2525\n")) << text.substr(0, 200);
  });
  auto deltas = turn.host.all<wire::event::ExecCommandOutputDelta>().size();
  EXPECT_LE(deltas, 10'000u);
  EXPECT_GT(deltas, 9'900u);
  EXPECT_EQ(turn.host.all<wire::event::ExecCommandEnd>().at(0).stdout_text.size(), 10'100u) << "reading goes on";
}

TEST(UnifiedExec, TheEndEventShowsCutAndWholeOutput) {
  Turn turn;
  turn.model.truncation_policy = {wire::TruncationMode::bytes, 4};
  turn.fake.processes.otherwise(io::CommandScript::output("1\n2\n3\n4\n"));
  turn.started();
  const auto end = turn.host.all<wire::event::ExecCommandEnd>().at(0);
  EXPECT_EQ(end.aggregated_output, "1\n2\n3\n4\n");
  EXPECT_EQ(end.formatted_output, "Total output lines: 4\n\n1\n…4 chars truncated…4\n");
}

TEST(UnifiedExec, UnreadOutputKeepsItsEnds) {
  Turn turn;
  const std::size_t mib = 1 << 20;
  auto script = io::CommandScript::output(std::string(mib, 'a') + std::string(mib, 'b'));
  turn.fake.processes.otherwise(script);
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto text = co_await turn.start(&context, R"({"cmd":"x","max_output_tokens":1000000})");
    EXPECT_TRUE(text.ends_with("Output:\n" + std::string(mib / 2, 'a') + std::string(mib / 2, 'b')));
  });
}

TEST(UnifiedExec, FromSixtyProcessesOnTheModelIsWarned) {
  FullTurn turn;
  turn.then([&](ToolContext&) -> io::Task<> {
    Log warnings;
    for (const auto& line : turn.host.log) {
      if (line.starts_with("warning: ")) warnings.push_back(line.substr(9));
    }
    EXPECT_EQ(warnings.size(), 5u);
    EXPECT_EQ(warnings.at(0),
              "The maximum number of unified exec processes you can keep open is 60 and you currently have 60 "
              "processes open. Reuse older processes or close them to prevent automatic pruning of old processes");
    co_return;
  });
  EXPECT_EQ(std::set<int>(turn.ids.begin(), turn.ids.end()).size(), 64u) << "session ids are unique";
}

TEST(UnifiedExec, TheLeastRecentlyUsedProcessMakesRoom) {
  FullTurn turn;
  turn.then([&](ToolContext& context) -> io::Task<> {
    co_await turn.write(&context, turn.ids[0]);
    EXPECT_NE(session_of(co_await turn.start(&context)), 0);
    EXPECT_EQ(turn.killed_before_the_end(), Log{"1"});
    EXPECT_EQ(co_await turn.write(&context, turn.ids[1]),
              fmt::format("write_stdin failed: Unknown process id {}", turn.ids[1]));
    co_await turn.start(&context);
    EXPECT_EQ(turn.killed_before_the_end(), (Log{"1", "2"})) << "never more than 64";
  });
  EXPECT_EQ(turn.killed_before_the_end().size(), 66u) << "the end of the session ends all";
  EXPECT_EQ(turn.host.all<wire::event::ExecCommandEnd>().size(), 66u);
}

TEST(UnifiedExec, AnEndedProcessMakesRoomFirstUnlessItWasUsedLately) {
  FullTurn turn;
  turn.then([&](ToolContext& context) -> io::Task<> {
    for (std::size_t n : {58, 20}) turn.fake.processes.child(n).end({});
    co_await io::sleep(io::seconds(1));
    // 20 goes; then 58 is one of the newest eight, twice; then it is the ninth.
    for (const auto& killed : {Log{}, Log{"0"}, Log{"0", "1"}, Log{"0", "1"}}) {
      co_await turn.start(&context);
      EXPECT_EQ(turn.killed_before_the_end(), killed);
    }
    for (std::size_t gone : {20, 58}) {
      EXPECT_TRUE(contains(co_await turn.write(&context, turn.ids[gone]), "Unknown process id")) << gone;
    }
  });
}

TEST(UnifiedExec, EndingAllKillsWhatRuns) {
  Turn turn;
  turn.fake.processes.otherwise(io::CommandScript::hang());
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto id = session_of(co_await turn.start(&context));
    co_await context.unified_exec.terminate_all();
    EXPECT_TRUE(turn.fake.processes.child(0).killed);
    EXPECT_EQ(turn.host.all<wire::event::ExecCommandEnd>().at(0).exit_code, -1);
    EXPECT_TRUE(contains(co_await turn.write(&context, id), "Unknown process id"));
  });
}

TEST(UnifiedExec, AnEarlyDenialIsAnsweredWithoutEvents) {
  Turn turn;
  turn.fake.processes.otherwise(denial({}));
  EXPECT_EQ(turn.started(),
            "exec_command failed: CreateProcess { message: \"denied by the sandbox, exit code 1\" }\n"
            "touch: Permission denied\n");
  EXPECT_EQ(turn.host.log, Log{});
}

TEST(UnifiedExec, ALateDenialIsAnsweredToo) {
  Turn turn;
  turn.fake.processes.otherwise(denial(io::milliseconds(200)));
  EXPECT_EQ(turn.started(),
            "exec_command failed: SandboxDenied { message: \"denied by the sandbox, exit code 1\" }\n"
            "touch: Permission denied\n");
  EXPECT_EQ(turn.host.log, (Log{"exec_command_begin", "exec_command_end"}));
}

TEST(UnifiedExec, ADenialIsRetriedLikeThatOfAnyCommand) {
  const char* const question = "command question: command failed; retry without sandbox?";
  Turn turn;
  turn.approval = AskForApproval::on_failure();
  turn.fake.processes.expect([](const io::SpawnSpec&) { return true; }, denial({}));
  turn.fake.processes.otherwise(io::CommandScript::output("ok"));
  EXPECT_TRUE(turn.started().ends_with("Output:\nok"));
  EXPECT_EQ(turn.host.log, (Log{question, "exec_command_begin", "exec_command_end"}));
  EXPECT_FALSE(turn.fake.processes.child(0).spec().launcher_args.empty());
  EXPECT_TRUE(turn.fake.processes.child(1).spec().launcher_args.empty());

  Turn refused;
  refused.approval = AskForApproval::on_failure();
  refused.host.decision = wire::decision::Denied{};
  refused.fake.processes.otherwise(denial({}));
  EXPECT_EQ(refused.started(),
            "exec_command failed: CreateProcess { message: \"Rejected(\\\"rejected by user\\\")\" }");
  EXPECT_EQ(refused.host.log, Log{question});
}

TEST(UnifiedExec, OutsideTheSandboxNothingIsADenial) {
  Turn turn;
  turn.sandbox = testing::full_access();
  turn.fake.processes.otherwise(denial({}));
  EXPECT_TRUE(contains(turn.started(), "Process exited with code 1\n"));
}

}  // namespace burin::tools

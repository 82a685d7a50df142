// exec_command and write_stdin: arguments, result texts, waiting (tools.md 4.1, 4.2).
#include <csignal>

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/tool_turn.h"

namespace burin::tools {

namespace exec_command_test_detail {

using testing::text_of;
using Log = std::vector<std::string>;

struct Turn : testing::ToolTurn {
  std::shared_ptr<Tool> exec = make_exec_command_tool(), stdin_tool = make_write_stdin_tool();
  std::string chunk = "<chunk>";

  void otherwise(io::CommandScript script) { fake.processes.otherwise(std::move(script)); }
  /// The text with its random chunk id replaced by "#".
  static std::string shown(const ToolResult& result) {
    std::string text = text_of(result);
    const std::string head = "Chunk ID: ";
    if (!text.starts_with(head)) return text;
    auto id = text.substr(head.size(), 6);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), id.npos) << id;
    return head + "#" + text.substr(head.size() + 6);
  }
  io::Task<std::string> start(ToolContext* context, std::string arguments) {
    co_return shown(co_await exec->run({"c1", "exec_command", Payload::function, std::move(arguments), {}}, *context));
  }
  io::Task<std::string> write(ToolContext* context, std::string arguments) {
    co_return shown(
        co_await stdin_tool->run({"c2", "write_stdin", Payload::function, std::move(arguments), {}}, *context));
  }
  std::string started(std::string arguments) {
    return shown(run(*exec, {"c1", "exec_command", Payload::function, std::move(arguments), {}}));
  }
  std::string started() { return started(R"({"cmd":"x"})"); }
  const io::SpawnSpec& spec(std::size_t n = 0) { return fake.processes.child(n).spec(); }
};

int session_of(std::string_view text) {
  const std::string_view mark = "Process running with session ID ";
  auto at = text.find(mark);
  if (at == text.npos) return 0;
  auto rest = text.substr(at + mark.size());
  return static_cast<int>(parse_int(rest.substr(0, rest.find('\n'))).value_or(0));
}
std::string poll(int id, std::string_view more = "") { return fmt::format(R"({{"session_id":{}{}}})", id, more); }

io::CommandScript printing(std::string text, io::Span after, io::Span ends) {
  io::CommandScript script;
  script.steps.push_back({io::Stream::out, std::move(text), after});
  script.end_delay = ends;
  return script;
}
io::CommandScript ended_by(int signal) {
  auto script = io::CommandScript::output("x");
  script.exit = io::ExitStatus{-1, signal};
  return script;
}

}  // namespace exec_command_test_detail

using namespace exec_command_test_detail;

TEST(ExecCommand, ResultTexts) {
  struct Row {
    io::CommandScript script;
    const char *arguments, *text;
  };
  const Row rows[] = {
      {io::CommandScript::output("hi\n"), R"({"cmd":"x"})",
       "Chunk ID: #\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\nhi\n"},
      {io::CommandScript::output("", 3), R"({"cmd":"x"})",
       "Chunk ID: #\nWall time: 0.0000 seconds\nProcess exited with code 3\nOriginal token count: 0\nOutput:\n"},
      {ended_by(SIGKILL), R"({"cmd":"x"})",
       "Chunk ID: #\nWall time: 0.0000 seconds\nProcess exited with code -1\nOriginal token count: 1\nOutput:\nx"},
      {printing("late", io::milliseconds(1500), {}), R"({"cmd":"x"})",
       "Chunk ID: #\nWall time: 1.5000 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\nlate"},
      {io::CommandScript::output("\xff!"), R"({"cmd":"x"})",
       "Chunk ID: #\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\n\ufffd!"},
      {io::CommandScript::output("1\n2\n3\n4\n5\n6\n"), R"({"cmd":"x","max_output_tokens":1})",
       "Chunk ID: #\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 3\nOutput:\n"
       "Total output lines: 6\n\n1\n…2 tokens truncated…6\n"},
      {io::CommandScript::output("abcde"), R"({"cmd":"x","max_output_tokens":0})",
       "Chunk ID: #\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 2\nOutput:\n"
       "Total output lines: 1\n\n…2 tokens truncated…"},
      {io::CommandScript::refusal(Kind::not_found, "x", ENOENT), R"({"cmd":"x"})",
       "exec_command failed: CreateProcess { message: \"Rejected(\\\"Failed to create unified exec process: No such "
       "file or directory (os error 2)\\\")\" }"},
      {io::CommandScript::refusal(Kind::invalid, "nul byte found in provided data"), R"({"cmd":"x"})",
       "exec_command failed: CreateProcess { message: \"Rejected(\\\"Failed to create unified exec process: nul byte "
       "found in provided data\\\")\" }"},
  };
  for (const auto& row : rows) {
    Turn turn;
    turn.otherwise(row.script);
    EXPECT_EQ(turn.started(row.arguments), row.text);
  }
  Turn turn;
  turn.otherwise(io::CommandScript::output(std::string(40'001, 'x')));
  EXPECT_TRUE(contains(turn.started(), "Original token count: 10001\nOutput:\nTotal output lines: 1\n\nxxx"));
}

TEST(ExecCommand, Refusals) {
  Turn turn;
  EXPECT_EQ(turn.started(R"({"cmd":5})"),
            "failed to parse function arguments: invalid type: integer `5`, expected a string at line 1 column 8");
  turn.approval = wire::AskForApproval::never();
  EXPECT_EQ(turn.started(R"({"cmd":"ls","sandbox_permissions":"require_escalated"})"),
            "approval policy is Never; reject command — you cannot ask for escalated permissions if the approval "
            "policy is Never");
  EXPECT_EQ(turn.started(R"({"cmd":"rm -rf zz"})"),
            "exec_command failed: CreateProcess { message: \"Rejected(\\\"`/bin/bash -lc 'rm -rf zz'` rejected: "
            "blocked by policy\\\")\" }");
  turn.config.allow_login_shell = false;
  EXPECT_EQ(turn.started(R"({"cmd":"ls","login":true})"),
            "login shell is disabled by config; omit `login` or set it to false.");
  turn.approval = wire::AskForApproval::untrusted();
  turn.host.decision = wire::decision::Denied{};
  EXPECT_EQ(turn.started(R"({"cmd":"touch x"})"),
            "exec_command failed: CreateProcess { message: \"Rejected(\\\"rejected by user\\\")\" }");
  EXPECT_EQ(turn.host.log, Log{"command question"}) << "no begin, no end";
  EXPECT_EQ(turn.fake.processes.count(), 0u);
}

TEST(ExecCommand, ArgumentsDecideWhatIsStarted) {
  Turn turn;
  turn.otherwise(io::CommandScript::output(""));
  turn.fake.memory.put("/opt/zsh", "");
  turn.environment = {{"TERM", "xterm"}, {"OWN", "1"}};
  using Words = std::vector<std::string>;
  turn.started(R"({"cmd":"a","workdir":"sub"})");
  EXPECT_EQ(turn.spec(0).argv, (Words{"/bin/bash", "-lc", "a"}));
  EXPECT_EQ(turn.spec(0).cwd, "/w/sub");
  EXPECT_EQ(turn.spec(0).input, io::SpawnSpec::Input::null);
  EXPECT_FALSE(turn.spec(0).tty);
  EXPECT_EQ(turn.spec(0).env, (std::map<std::string, std::string>{{"CODEX_CI", "1"},
                                                                  {"CODEX_SANDBOX_NETWORK_DISABLED", "1"},
                                                                  {"COLORTERM", ""},
                                                                  {"GH_PAGER", "cat"},
                                                                  {"GIT_PAGER", "cat"},
                                                                  {"LANG", "C.UTF-8"},
                                                                  {"LC_ALL", "C.UTF-8"},
                                                                  {"LC_CTYPE", "C.UTF-8"},
                                                                  {"NO_COLOR", "1"},
                                                                  {"OWN", "1"},
                                                                  {"PAGER", "cat"},
                                                                  {"TERM", "dumb"}}));
  turn.started(R"({"cmd":"a","workdir":"","shell":"/opt/zsh","login":false,"tty":true})");
  EXPECT_EQ(turn.spec(1).argv, (Words{"/opt/zsh", "-c", "a"}));
  EXPECT_EQ(turn.spec(1).cwd, "/w");
  ASSERT_TRUE(turn.spec(1).tty);
  EXPECT_EQ(turn.spec(1).tty->rows, 24);
  EXPECT_EQ(turn.spec(1).tty->cols, 80);
  turn.started(R"({"cmd":"a","shell":"fish"})");
  EXPECT_EQ(turn.spec(2).argv, (Words{"/bin/sh", "-lc", "a"}));
}

TEST(ExecCommand, WaitingIsClamped) {
  struct Row {
    const char* arguments;
    io::Span waits;
  };
  const Row rows[] = {{R"({"cmd":"x","yield_time_ms":1})", io::milliseconds(250)},
                      {R"({"cmd":"x","yield_time_ms":700})", io::milliseconds(700)},
                      {R"({"cmd":"x"})", io::seconds(10)},
                      {R"({"cmd":"x","yield_time_ms":60000})", io::seconds(30)}};
  for (const auto& row : rows) {
    Turn turn;
    turn.otherwise(io::CommandScript::hang());
    turn.play([&](ToolContext& context) -> io::Task<> {
      auto start = turn.fake.loop.now();
      auto text = co_await turn.start(&context, row.arguments);
      EXPECT_EQ(turn.fake.loop.now() - start, row.waits);
      auto id = session_of(text);
      EXPECT_TRUE(id >= 1000 && id <= 99999) << text;
      EXPECT_FALSE(contains(text, "Process exited"));
    });
  }
}

TEST(ExecCommand, OutputThatSomethingHoldsOpenIsWaitedForBriefly) {
  auto script = io::CommandScript::output("hi\n");
  script.holds_output = true;
  Turn turn;
  turn.otherwise(script);
  EXPECT_EQ(
      turn.started(),
      "Chunk ID: #\nWall time: 0.0500 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\nhi\n");
  EXPECT_EQ(turn.host.log, (Log{"exec_command_begin", "exec_command_end"}));
}

TEST(WriteStdin, WaitingIsClamped) {
  Turn turn;
  turn.otherwise(io::CommandScript::hang());
  turn.config.background_terminal_max_timeout = 6000;
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto id = session_of(co_await turn.start(&context, R"({"cmd":"x","tty":true})"));
    auto waits = [&](std::string_view more, io::Span expected) -> io::Task<> {
      auto start = turn.fake.loop.now();
      co_await turn.write(&context, poll(id, more));
      EXPECT_EQ(turn.fake.loop.now() - start, expected) << more;
    };
    using io::milliseconds;
    co_await waits("", milliseconds(5000));
    co_await waits(R"(,"yield_time_ms":5500)", milliseconds(5500));
    co_await waits(R"(,"yield_time_ms":100000)", milliseconds(6000));
    // A write is given 100 ms before the waiting begins.
    co_await waits(R"(,"chars":"a")", milliseconds(350));
    co_await waits(R"(,"chars":"a","yield_time_ms":1)", milliseconds(350));
    co_await waits(R"(,"chars":"a","yield_time_ms":90000)", milliseconds(30'100));
  });
}

TEST(WriteStdin, PollsGiveEachByteOnceAndEndWithTheProcess) {
  Turn turn;
  io::CommandScript script;
  for (const char* text : {"one", "two", "three"}) script.steps.push_back({io::Stream::out, text, io::seconds(4)});
  script.end_delay = io::seconds(1);
  script.exit = io::ExitStatus{7, 0};
  turn.otherwise(script);
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto text = co_await turn.start(&context, R"({"cmd":"x","yield_time_ms":5000})");
    auto id = session_of(text);
    EXPECT_TRUE(text.ends_with("\nOutput:\none")) << text;
    text = co_await turn.write(&context, poll(id));
    EXPECT_TRUE(text.ends_with("\nOutput:\ntwo")) << text;
    EXPECT_EQ(session_of(text), id);
    EXPECT_EQ(co_await turn.write(&context, poll(id, R"(,"yield_time_ms":60000,"max_output_tokens":1)")),
              "Chunk ID: #\nWall time: 3.0000 seconds\nProcess exited with code 7\nOriginal token count: 2\nOutput:\n"
              "Total output lines: 1\n\nth…1 tokens truncated…ee");
    EXPECT_EQ(co_await turn.write(&context, poll(id)), fmt::format("write_stdin failed: Unknown process id {}", id));
  });
}

TEST(WriteStdin, TerminalsTakeInput) {
  Turn turn;
  auto echo = io::CommandScript::hang();
  echo.on_input = [](io::ScriptedChild& child, std::string_view bytes) {
    child.say(io::Stream::out, std::string(bytes));
    if (bytes == "\x04") child.end({});
  };
  turn.otherwise(echo);
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto id = session_of(co_await turn.start(&context, R"({"cmd":"cat","tty":true,"yield_time_ms":250})"));
    EXPECT_TRUE((co_await turn.write(&context, poll(id, R"(,"chars":"hi\n")"))).ends_with("\nOutput:\nhi\n"));
    auto text = co_await turn.write(&context, poll(id, R"(,"chars":"\u0004")"));
    EXPECT_TRUE(contains(text, "Process exited with code 0\n")) << text;
  });
  EXPECT_EQ(turn.fake.processes.child(0).input, "hi\n\x04");
}

TEST(WriteStdin, Refusals) {
  Turn turn;
  turn.otherwise(io::CommandScript::hang());
  turn.play([&](ToolContext& context) -> io::Task<> {
    EXPECT_EQ(co_await turn.write(&context, poll(12)), "write_stdin failed: Unknown process id 12");
    EXPECT_EQ(co_await turn.write(&context, R"({"session_id":"12"})"),
              "failed to parse function arguments: invalid type: string \"12\", expected i32 at line 1 column 18");
    auto id = session_of(co_await turn.start(&context, R"({"cmd":"x","yield_time_ms":250})"));
    EXPECT_EQ(co_await turn.write(&context, poll(id, R"(,"chars":"a")")),
              "write_stdin failed: stdin is closed for this session; rerun exec_command with tty=true to keep stdin "
              "open");
    EXPECT_TRUE(contains(co_await turn.write(&context, poll(id)), "running with session ID")) << "polling is allowed";
    EXPECT_TRUE(turn.stdin_tool->mutating({}, context));
  });
  EXPECT_EQ(turn.fake.processes.child(0).input, "");
}

}  // namespace burin::tools

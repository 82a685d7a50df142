// The one-shot shell tools: arguments, result texts, events (tools.md 3).
#include "tools/shell.h"

#include <csignal>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/tool_turn.h"

namespace burin::tools {

namespace shell_test_detail {

using testing::text_of;
using Log = std::vector<std::string>;

struct Turn : testing::ToolTurn {
  std::shared_ptr<Tool> script = make_shell_tool(ShellForm::script), argv = make_shell_tool(ShellForm::argv);

  ToolResult shell_command(std::string arguments) {
    return run(*script, {"c1", "shell_command", Payload::function, std::move(arguments), {}});
  }
  ToolResult shell(std::string arguments) {
    return run(*argv, {"c1", "shell", Payload::function, std::move(arguments), {}});
  }
  const io::SpawnSpec& spec(std::size_t n = 0) { return fake.processes.child(n).spec(); }
  void play_always(io::CommandScript command) { fake.processes.otherwise(std::move(command)); }
};

io::CommandScript both_streams(int code) {
  auto command = io::CommandScript::output("a\nb\n", code);
  command.steps.push_back({io::Stream::err, "err\n", {}});
  return command;
}
io::CommandScript ended_by(int signal) {
  auto command = io::CommandScript::output("x");
  command.exit = io::ExitStatus{-1, signal};
  return command;
}
io::CommandScript slow(io::Span time) {
  auto command = io::CommandScript::output("before\n");
  command.end_delay = time;
  return command;
}

}  // namespace shell_test_detail

using namespace shell_test_detail;

TEST(ShellTool, ResultTexts) {
  struct Row {
    io::CommandScript command;
    const char *freeform, *structured;
    bool success = false;
  };
  const char* const no_file =
      R"(execution error: Io(Os { code: 2, kind: NotFound, message: "No such file or directory" }))";
  const char* const nul_byte =
      R"(execution error: Io(Error { kind: InvalidInput, message: "nul byte found in provided data" }))";
  const char* const killed = "execution error: Sandbox(Signal(9))";
  const Row rows[] = {
      {both_streams(0), "Exit code: 0\nWall time: 0 seconds\nOutput:\na\nb\nerr\n",
       R"({"output":"a\nb\nerr\n","metadata":{"exit_code":0,"duration_seconds":0.0}})", true},
      {both_streams(7), "Exit code: 7\nWall time: 0 seconds\nOutput:\na\nb\nerr\n",
       R"({"output":"a\nb\nerr\n","metadata":{"exit_code":7,"duration_seconds":0.0}})"},
      {slow(io::milliseconds(290)), "Exit code: 0\nWall time: 0.3 seconds\nOutput:\nbefore\n",
       R"({"output":"before\n","metadata":{"exit_code":0,"duration_seconds":0.3}})", true},
      {slow(io::seconds(20)),
       "Exit code: 124\nWall time: 10 seconds\nOutput:\ncommand timed out after 10000 milliseconds\nbefore\n",
       R"({"output":"command timed out after 10000 milliseconds\nbefore\n",)"
       R"("metadata":{"exit_code":124,"duration_seconds":10.0}})"},
      {io::CommandScript::output("no newline"), "Exit code: 0\nWall time: 0 seconds\nOutput:\nno newline",
       R"({"output":"no newline","metadata":{"exit_code":0,"duration_seconds":0.0}})", true},
      {ended_by(SIGKILL), killed, killed},
      {io::CommandScript::refusal(Kind::not_found, "x", ENOENT), no_file, no_file},
      {io::CommandScript::refusal(Kind::invalid, "nul byte found in provided data"), nul_byte, nul_byte},
  };
  for (const auto& row : rows) {
    Turn turn;
    turn.play_always(row.command);
    auto freeform = turn.shell_command(R"({"command":"x"})");
    EXPECT_EQ(text_of(freeform), row.freeform);
    EXPECT_EQ(freeform->success, row.success);
    auto structured = turn.shell(R"({"command":["x"]})");
    EXPECT_EQ(text_of(structured), row.structured);
    EXPECT_EQ(structured->success, row.success);
  }
}

TEST(ShellTool, LongOutputIsCutByTheModelsPolicy) {
  Turn turn;
  turn.model.truncation_policy = {wire::TruncationMode::bytes, 4};
  turn.play_always(io::CommandScript::output("a\nb\nc\nd\n"));
  EXPECT_EQ(text_of(turn.shell_command(R"({"command":"x"})")),
            "Exit code: 0\nWall time: 0 seconds\nTotal output lines: 4\nOutput:\na\n…4 chars truncated…d\n");
  EXPECT_EQ(text_of(turn.shell(R"({"command":["x"]})")),
            R"({"output":"Total output lines: 4\n\na\n…4 chars truncated…d\n",)"
            R"("metadata":{"exit_code":0,"duration_seconds":0.0}})");
  turn.play_always(io::CommandScript::output("abcdefgh"));
  EXPECT_EQ(text_of(turn.shell_command(R"({"command":"x"})")),
            "Exit code: 0\nWall time: 0 seconds\nOutput:\nab…4 chars truncated…gh");
}

TEST(ShellTool, ArgumentsDecideWhatIsStarted) {
  Turn turn;
  turn.play_always(io::CommandScript::output(""));
  using Words = std::vector<std::string>;
  turn.shell_command(R"({"command":"a b","workdir":"sub/../x","unknown":1})");
  EXPECT_EQ(turn.spec(0).argv, (Words{"/bin/bash", "-lc", "a b"}));
  EXPECT_EQ(turn.spec(0).cwd, "/w/x");
  EXPECT_EQ(turn.spec(0).input, io::SpawnSpec::Input::null);
  EXPECT_EQ(turn.spec(0).env,
            (std::map<std::string, std::string>{{"SECRET", "1"}, {"CODEX_SANDBOX_NETWORK_DISABLED", "1"}}));
  turn.shell_command(R"({"command":"a","login":false,"workdir":""})");
  EXPECT_EQ(turn.spec(1).argv, (Words{"/bin/bash", "-c", "a"}));
  EXPECT_EQ(turn.spec(1).cwd, "/w");
  turn.shell(R"({"command":["a","b c"],"workdir":"/abs"})");
  EXPECT_EQ(turn.spec(2).argv, (Words{"a", "b c"}));
  EXPECT_EQ(turn.spec(2).cwd, "/abs");
  turn.sandbox = testing::full_access();
  turn.config.allow_login_shell = false;
  turn.shell_command(R"({"command":"a"})");
  EXPECT_EQ(turn.spec(3).argv, (Words{"/bin/bash", "-c", "a"}));
  EXPECT_FALSE(turn.spec(3).env.contains("CODEX_SANDBOX_NETWORK_DISABLED"));
  turn.sandbox = wire::ExternalSandbox{};
  turn.shell_command(R"({"command":"a"})");
  EXPECT_TRUE(turn.spec(4).env.contains("CODEX_SANDBOX_NETWORK_DISABLED")) << "by the policy, sandboxed or not";

  turn.play_always(io::CommandScript::hang());
  for (const char* name : {"timeout", "timeout_ms"}) {
    auto text = text_of(turn.shell(fmt::format(R"({{"command":["x"],"{}":300}})", name)));
    EXPECT_TRUE(contains(text, "timed out after 300 milliseconds")) << text;
  }
}

TEST(ShellTool, LocalShellCallsRunLikeShell) {
  Turn turn;
  turn.play_always(io::CommandScript::hang());
  wire::LocalShellExec action;
  action.command = {"ls", "-l"};
  action.working_directory = "/d";
  action.timeout_ms = 200;
  auto result = turn.run(*turn.argv, {"c1", "local_shell", Payload::local_shell, {}, action});
  EXPECT_EQ(text_of(result), R"({"output":"command timed out after 200 milliseconds\n",)"
                             R"("metadata":{"exit_code":124,"duration_seconds":0.2}})");
  EXPECT_EQ(turn.spec().argv, (std::vector<std::string>{"ls", "-l"}));
  EXPECT_EQ(turn.spec().cwd, "/d");
  EXPECT_FALSE(turn.script->takes(Payload::local_shell));
  EXPECT_FALSE(turn.argv->takes(Payload::custom));
}

TEST(ShellTool, WhatIsRefusedBeforeItBeginsHasNoEvents) {
  Turn turn;
  auto refused = [&](std::string text) {
    EXPECT_TRUE(turn.host.log.empty());
    EXPECT_EQ(turn.fake.processes.count(), 0u);
    return text;
  };
  EXPECT_EQ(refused(text_of(turn.shell("{}"))),
            "failed to parse function arguments: missing field `command` at line 1 column 2");
  EXPECT_EQ(refused(text_of(turn.shell(R"({"command":"ls"})"))),
            "failed to parse function arguments: invalid type: string \"ls\", expected a sequence at line 1 column 15");
  EXPECT_EQ(refused(text_of(turn.shell_command(R"({"command":"ls","sandbox_permissions":"with_additional_permissions",)"
                                               R"("additional_permissions":{"file_system":{"read":["/x"]}}})"))),
            "additional permissions are disabled; enable `features.request_permission` before using "
            "`with_additional_permissions`");
  turn.config.allow_login_shell = false;
  EXPECT_EQ(refused(text_of(turn.shell_command(R"({"command":"ls","login":true})"))),
            "login shell is disabled by config; omit `login` or set it to false.");
  for (auto [policy, name] :
       {std::pair{wire::AskForApproval::never(), "Never"},
        {wire::AskForApproval::on_failure(), "OnFailure"},
        {wire::AskForApproval::untrusted(), "UnlessTrusted"},
        {wire::AskForApproval{wire::ApprovalMode::reject, {.sandbox_approval = true}},
         "Reject(RejectConfig { sandbox_approval: true, rules: false, mcp_elicitations: false })"}}) {
    turn.approval = policy;
    EXPECT_EQ(refused(text_of(turn.shell_command(R"({"command":"ls","sandbox_permissions":"require_escalated"})"))),
              fmt::format("approval policy is {0}; reject command — you should not ask for escalated permissions if "
                          "the approval policy is {0}",
                          name));
  }
}

TEST(ShellTool, EventsOfACommand) {
  Turn turn;
  turn.host.deltas = true;
  turn.play_always(both_streams(3));
  turn.shell(R"({"command":["cat","a"],"workdir":"d"})");
  Log json;
  for (const auto& event : turn.host.events) wire::write_event(json.emplace_back(), event);
  const std::string call =
      R"("turn_id":"t1","command":["cat","a"],"cwd":"/w/d","parsed_cmd":[{"type":"read","cmd":"cat a","name":"a",)"
      R"("path":"a"}],"source":"agent")";
  EXPECT_EQ(json, (Log{R"({"type":"exec_command_begin","call_id":"c1",)" + call + "}",
                       R"({"type":"exec_command_output_delta","call_id":"c1","stream":"stdout","chunk":"YQpiCg=="})",
                       R"({"type":"exec_command_output_delta","call_id":"c1","stream":"stderr","chunk":"ZXJyCg=="})",
                       R"({"type":"exec_command_end","call_id":"c1",)" + call +
                           R"(,"stdout":"a\nb\n","stderr":"err\n","aggregated_output":"a\nb\nerr\n","exit_code":3,)"
                           R"("duration":{"secs":0,"nanos":0},"formatted_output":"a\nb\nerr\n","status":"failed"})"}));
}

TEST(ShellTool, EndsOfCommandsThatDidNotRun) {
  struct Row {
    const char* name;
    const char* command;
    io::CommandScript script;
    const char* text;
  };
  const Row rows[] = {{"empty", R"({"command":[]})", {}, "command args are empty"},
                      {"signal", R"({"command":["x"]})", ended_by(SIGTERM), "execution error: Sandbox(Signal(15))"},
                      {"forbidden", R"({"command":["rm","-rf","zz"]})", {}, "`rm -rf zz` rejected: blocked by policy"}};
  for (const auto& row : rows) {
    Turn turn;
    turn.approval = wire::AskForApproval::never();
    turn.play_always(row.script);
    EXPECT_EQ(text_of(turn.shell(row.command)), row.text);
    EXPECT_EQ(turn.host.log, (Log{"exec_command_begin", "exec_command_end"})) << row.name;
    const auto end = turn.host.all<wire::event::ExecCommandEnd>().at(0);
    EXPECT_EQ(end.exit_code, -1);
    EXPECT_EQ(end.stdout_text, "");
    for (const auto& text : {end.stderr_text, end.aggregated_output, end.formatted_output}) EXPECT_EQ(text, row.text);
    EXPECT_EQ(end.status, wire::ToolStatus::failed);
  }
}

TEST(ShellTool, OnlyKnownSafeCommandsNeedNotWait) {
  Turn turn;
  turn.play([&](ToolContext& context) -> io::Task<> {
    auto waits = [&](Tool& tool, std::string arguments) {
      return tool.mutating({"c1", "x", Payload::function, std::move(arguments), {}}, context);
    };
    EXPECT_FALSE(waits(*turn.script, R"({"command":"ls | wc -l"})"));
    EXPECT_TRUE(waits(*turn.script, R"({"command":"touch x"})"));
    EXPECT_FALSE(waits(*turn.argv, R"({"command":["ls"]})"));
    EXPECT_TRUE(waits(*turn.argv, R"({"command":["make"]})"));
    EXPECT_TRUE(waits(*turn.argv, "{}"));
    co_return;
  });
}

}  // namespace burin::tools

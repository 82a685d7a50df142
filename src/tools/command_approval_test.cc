// Who decides whether a command may run, and where: questions, the session cache, the retry (sandbox.md 10, 11).
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/tool_turn.h"
#include "tools/shell.h"

namespace burin::tools {

namespace command_approval_test_detail {

using testing::text_of;
using wire::AskForApproval;
using Log = std::vector<std::string>;

AskForApproval rejecting(bool sandbox_approval) {
  return {wire::ApprovalMode::reject, {.sandbox_approval = sandbox_approval, .rules = true}};
}

const char* const touch = R"({"command":"touch x"})";
const char* const escalated_touch =
    R"({"command":"touch x","sandbox_permissions":"require_escalated","justification":"May I?"})";
const char* const retry_question = "command question: command failed; retry without sandbox?";
const char* const by_user = "exec command rejected by user";

struct Turn : testing::ToolTurn {
  explicit Turn(AskForApproval policy, wire::SandboxPolicy where = testing::workspace()) {
    approval = policy;
    sandbox = std::move(where);
    fake.processes.otherwise(io::CommandScript::output("ok"));
  }
  void deny_once() {
    auto script = io::CommandScript::output("", 1);
    script.steps.push_back({io::Stream::err, "touch: Permission denied\n", {}});
    fake.processes.expect([](const io::SpawnSpec&) { return true; }, script);
  }
  void answer(wire::ReviewDecision with) { host.decision = std::move(with); }
  std::string call(std::string arguments) {
    return text_of(run(*tool, {"c1", "shell_command", Payload::function, std::move(arguments), {}}));
  }
  /// Where each attempt ran: "in" the sandbox or "out".
  Log attempts() {
    Log out;
    for (std::size_t n = 0; n < fake.processes.count(); ++n) {
      out.emplace_back(fake.processes.child(n).spec().launcher_args.empty() ? "out" : "in");
    }
    return out;
  }
  std::size_t questions() const { return host.command_questions.size(); }
  std::shared_ptr<Tool> tool = make_shell_tool(ShellForm::script);
};

}  // namespace command_approval_test_detail

using namespace command_approval_test_detail;

TEST(CommandApproval, WhereCommandsRunWithoutAQuestion) {
  struct Row {
    AskForApproval policy;
    wire::SandboxPolicy sandbox;
    const char* arguments;
    const char* attempt;
  };
  const char* const safe = R"({"command":"ls"})";
  const char* const escalated_safe = R"({"command":"ls","sandbox_permissions":"require_escalated"})";
  const Row rows[] = {
      {AskForApproval::untrusted(), testing::workspace(), safe, "in"},
      {AskForApproval::on_failure(), testing::read_only(), touch, "in"},
      {AskForApproval::on_request(), testing::read_only(), touch, "in"},
      {AskForApproval::on_request(), testing::workspace(), escalated_safe, "out"},
      {AskForApproval::on_request(), testing::full_access(), escalated_touch, "out"},
      {AskForApproval::never(), testing::workspace(), touch, "in"},
      {AskForApproval::never(), testing::full_access(), touch, "out"},
      {rejecting(true), testing::workspace(), touch, "in"},
  };
  for (const auto& row : rows) {
    Turn turn(row.policy, row.sandbox);
    EXPECT_TRUE(contains(turn.call(row.arguments), "ok"));
    EXPECT_EQ(turn.attempts(), Log{row.attempt}) << row.arguments;
    EXPECT_EQ(turn.questions(), 0u);
  }
}

TEST(CommandApproval, ForbiddenCommandsStartNothing) {
  for (const auto& sandbox : {testing::workspace(), testing::full_access()}) {
    Turn never(AskForApproval::never(), sandbox);
    EXPECT_EQ(never.call(R"({"command":"ls && rm -rf zz"})"),
              "`/bin/bash -lc 'ls && rm -rf zz'` rejected: blocked by policy");
    Turn reject(rejecting(true), sandbox);
    EXPECT_EQ(reject.call(R"({"command":"rm -rf zz"})"),
              "approval required by policy, but AskForApproval::Reject.sandbox_approval is set");
    for (auto* turn : {&never, &reject}) {
      EXPECT_EQ(turn->questions(), 0u);
      EXPECT_EQ(turn->attempts(), Log{});
    }
  }
}

TEST(CommandApproval, AQuestionTellsEverything) {
  Turn turn(AskForApproval::on_request());
  turn.call(escalated_touch);
  std::string json;
  ASSERT_EQ(turn.questions(), 1u);
  wire::write_event(json, turn.host.command_questions[0]);
  EXPECT_EQ(json,
            R"({"type":"exec_approval_request","call_id":"c1","turn_id":"t1","command":["/bin/bash","-lc","touch x"],)"
            R"("cwd":"/w","reason":"May I?","proposed_execpolicy_amendment":["touch","x"],"available_decisions":[)"
            R"("approved",{"approved_execpolicy_amendment":{"proposed_execpolicy_amendment":["touch","x"]}},"abort"],)"
            R"("parsed_cmd":[{"type":"unknown","cmd":"touch x"}]})");
  EXPECT_EQ(turn.attempts(), Log{"out"}) << "an approved escalation runs outside at once";
}

TEST(CommandApproval, EveryDecision) {
  struct Row {
    wire::ReviewDecision decision;
    bool runs;
  };
  using wire::NetworkRuleAction;
  const Row rows[] = {{wire::decision::Approved{}, true},
                      {wire::decision::ApprovedForSession{}, true},
                      {wire::decision::ApprovedExecpolicyAmendment{{"touch"}}, true},
                      {wire::decision::NetworkAmendment{{"h", NetworkRuleAction::allow}}, true},
                      {wire::decision::NetworkAmendment{{"h", NetworkRuleAction::deny}}, false},
                      {wire::decision::Denied{}, false},
                      {wire::decision::Abort{}, false}};
  for (const auto& row : rows) {
    Turn turn(AskForApproval::untrusted());
    turn.answer(row.decision);
    auto text = turn.call(touch);
    EXPECT_EQ(turn.questions(), 1u);
    EXPECT_EQ(turn.attempts(), row.runs ? Log{"in"} : Log{});
    const auto end = turn.host.all<wire::event::ExecCommandEnd>().at(0);
    EXPECT_EQ(end.status, row.runs ? wire::ToolStatus::completed : wire::ToolStatus::declined);
    if (!row.runs) EXPECT_EQ(text, by_user);
    EXPECT_EQ(turn.host.log.front(), "exec_command_begin");
    EXPECT_EQ(turn.host.log.back(), "exec_command_end");
  }
}

TEST(CommandApproval, AnApprovedCommandRunsInTheSandboxFirstAndIsNotAskedAboutAgain) {
  Turn turn(AskForApproval::untrusted(), testing::read_only());
  turn.deny_once();
  EXPECT_TRUE(contains(turn.call(touch), "ok"));
  EXPECT_EQ(turn.questions(), 1u);
  EXPECT_EQ(turn.attempts(), (Log{"in", "out"}));
}

TEST(CommandApproval, ADenialIsRetriedWhereThePolicyLetsTheUserDecide) {
  for (const auto& policy : {AskForApproval::on_failure(), rejecting(false)}) {
    Turn turn(policy);
    turn.deny_once();
    EXPECT_TRUE(contains(turn.call(touch), "ok"));
    EXPECT_EQ(turn.attempts(), (Log{"in", "out"}));
    EXPECT_EQ(turn.host.log, (Log{"exec_command_begin", retry_question, "exec_command_end"}));
    EXPECT_EQ(turn.host.command_questions[0].proposed_execpolicy_amendment, (Log{"touch", "x"}));

    Turn refused(policy);
    refused.deny_once();
    refused.answer(wire::decision::Denied{});
    EXPECT_EQ(refused.call(touch), by_user);
    EXPECT_EQ(refused.attempts(), Log{"in"});
    EXPECT_EQ(refused.host.all<wire::event::ExecCommandEnd>().at(0).status, wire::ToolStatus::declined);
  }
}

TEST(CommandApproval, ElsewhereTheDenialIsTheAnswer) {
  for (const auto& policy : {AskForApproval::on_request(), AskForApproval::never(), rejecting(true)}) {
    Turn turn(policy);
    turn.deny_once();
    EXPECT_EQ(turn.call(touch), "Exit code: 1\nWall time: 0 seconds\nOutput:\ntouch: Permission denied\n");
    EXPECT_EQ(turn.questions(), 0u);
    EXPECT_EQ(turn.attempts(), Log{"in"});
  }
}

TEST(CommandApproval, WhatTheSandboxDidNotDenyIsNotRetried) {
  struct Row {
    io::CommandScript script;
    wire::SandboxPolicy sandbox;
  };
  auto late = io::CommandScript::output("permission denied");
  late.exit.reset();
  const Row rows[] = {{io::CommandScript::output("tests failed", 1), testing::workspace()},
                      {io::CommandScript::output("permission denied", 0), testing::workspace()},
                      {io::CommandScript::output("permission denied", 1), testing::full_access()},
                      {late, testing::workspace()}};
  for (const auto& row : rows) {
    Turn turn(AskForApproval::on_failure(), row.sandbox);
    turn.fake.processes.otherwise(row.script);
    turn.call(touch);
    EXPECT_EQ(turn.questions(), 0u);
    EXPECT_EQ(turn.attempts().size(), 1u);
  }
}

TEST(CommandApproval, TheSecondAttemptIsTheLast) {
  Turn turn(AskForApproval::untrusted());
  turn.deny_once();
  turn.deny_once();
  EXPECT_TRUE(contains(turn.call(touch), "Permission denied"));
  EXPECT_EQ(turn.attempts(), (Log{"in", "out"}));
  EXPECT_EQ(turn.questions(), 1u);
}

TEST(CommandApproval, TheSessionRemembersCommandFolderAndPermissions) {
  Turn turn(AskForApproval::untrusted());
  turn.answer(wire::decision::ApprovedForSession{});
  auto asked = [&](std::string arguments) {
    auto before = turn.questions();
    turn.call(std::move(arguments));
    return turn.questions() > before;
  };
  EXPECT_TRUE(asked(R"({"command":"touch x"})"));
  EXPECT_FALSE(asked(R"({"command":"touch   \"x\"","login":false})")) << "another spelling of the same words";
  EXPECT_TRUE(asked(R"({"command":"touch x","workdir":"sub"})"));
  EXPECT_TRUE(asked(R"({"command":"touch y"})"));
  EXPECT_TRUE(asked(R"({"command":"touch x > y"})"));
  EXPECT_FALSE(asked(R"({"command":"touch x > y"})"));
  EXPECT_TRUE(asked(R"({"command":"touch x > y","login":false})")) << "the flag belongs to a script that is not plain";
  turn.approval = AskForApproval::on_request();
  EXPECT_TRUE(asked(escalated_touch));
  EXPECT_FALSE(asked(escalated_touch));

  turn.answer(wire::decision::Approved{});
  turn.approval = AskForApproval::untrusted();
  EXPECT_TRUE(asked(R"({"command":"touch once"})"));
  EXPECT_TRUE(asked(R"({"command":"touch once"})")) << "a plain yes is for one call";
  for (const auto& file : turn.fake.files.journal()) {
    EXPECT_TRUE(file.name == "stat" || file.name == "read" || file.name == "canonical")
        << file.name << " " << file.path;
  }
}

TEST(CommandApproval, ARetryUsesTheSessionsMemoryToo) {
  Turn turn(AskForApproval::on_failure());
  turn.answer(wire::decision::ApprovedForSession{});
  turn.deny_once();
  turn.call(touch);
  turn.deny_once();
  turn.call(touch);
  EXPECT_EQ(turn.questions(), 1u);
  EXPECT_EQ(turn.attempts(), (Log{"in", "out", "in", "out"}));
}

}  // namespace burin::tools

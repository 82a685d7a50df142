// Who decides whether a patch may run: the safety table, questions, remembered paths, the retry (tools.md 5.8).
#include <gtest/gtest.h>

#include "testing/patch_turn.h"

namespace burin::tools {

using wire::AskForApproval;
using Turn = testing::PatchTurn;
using testing::add_inside;
using testing::full_access;
using testing::outside_text;
using testing::read_only;
using testing::text_of;
using testing::workspace;

using Log = std::vector<std::string>;

namespace patch_approval_test_detail {

enum class Where : unsigned char { inside, outside, protected_part };
enum class Outcome : unsigned char { sandboxed, unsandboxed, asks, rejected };

Outcome outcome(AskForApproval approval, wire::SandboxPolicy policy, Where where, bool mechanisms = true) {
  Turn turn;
  turn.approval = approval;
  turn.sandbox = std::move(policy);
  if (!mechanisms) turn.mechanisms = {};
  turn.host.decision = wire::decision::Denied{};
  turn.expect_run(io::CommandScript::output("ok"), false);
  const std::string path = where == Where::inside ? "sub/../n" : where == Where::outside ? "../n" : "x/../.git/config";
  auto text = text_of(turn.custom("*** Begin Patch\n*** Add File: " + path + "\n+x\n*** End Patch"));
  if (text == outside_text) {
    EXPECT_TRUE(turn.host.log.empty());
    return Outcome::rejected;
  }
  const auto begin = turn.host.all<wire::event::PatchApplyBegin>().at(0);
  if (!turn.host.questions.empty()) {
    EXPECT_FALSE(begin.auto_approved);
    EXPECT_EQ(text, "patch rejected by user");
    EXPECT_EQ(turn.fake.processes.count(), 0u);
    return Outcome::asks;
  }
  EXPECT_TRUE(begin.auto_approved);
  return turn.fake.processes.child(0).spec().launcher_args.empty() ? Outcome::unsandboxed : Outcome::sandboxed;
}

}  // namespace patch_approval_test_detail

using namespace patch_approval_test_detail;

TEST(PatchApproval, SafetyTable) {
  const AskForApproval untrusted = AskForApproval::untrusted(), on_failure = AskForApproval::on_failure(),
                       on_request = AskForApproval::on_request(), never = AskForApproval::never(),
                       reject{wire::ApprovalMode::reject, {.sandbox_approval = true}},
                       reject_rules{wire::ApprovalMode::reject, {.rules = true}};
  using enum Outcome;
  struct Row {
    AskForApproval approval;
    Outcome inside, outside, part;  // workspace-write
    Outcome read_only, full;
  };
  const Row rows[] = {
      {untrusted, asks, asks, asks, asks, asks},
      {on_failure, sandboxed, sandboxed, sandboxed, sandboxed, unsandboxed},
      {on_request, sandboxed, asks, asks, asks, unsandboxed},
      {never, sandboxed, rejected, rejected, rejected, unsandboxed},
      {reject, sandboxed, rejected, rejected, rejected, unsandboxed},
      {reject_rules, sandboxed, asks, asks, asks, unsandboxed},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(static_cast<int>(row.approval.mode));
    EXPECT_EQ(outcome(row.approval, workspace(), Where::inside), row.inside);
    EXPECT_EQ(outcome(row.approval, workspace(), Where::outside), row.outside);
    EXPECT_EQ(outcome(row.approval, workspace(), Where::protected_part), row.part);
    for (const auto where : {Where::inside, Where::outside, Where::protected_part}) {
      EXPECT_EQ(outcome(row.approval, read_only(), where), row.read_only);
      EXPECT_EQ(outcome(row.approval, full_access(), where), row.full);
      EXPECT_EQ(outcome(row.approval, wire::ExternalSandbox{}, where), row.full);
    }
  }
  // Without a sandbox that could back the path check up, the user decides, or nobody.
  EXPECT_EQ(outcome(on_request, workspace(), Where::inside, false), asks);
  EXPECT_EQ(outcome(on_failure, workspace(), Where::inside, false), asks);
  EXPECT_EQ(outcome(never, workspace(), Where::inside, false), rejected);
  EXPECT_EQ(outcome(never, full_access(), Where::inside, false), unsandboxed);
}

TEST(PatchApproval, AMoveNeedsBothEndsInside) {
  Turn turn;
  turn.approval = AskForApproval::never();
  turn.fake.memory.put("/w/f", "x\n");
  EXPECT_EQ(text_of(turn.custom("*** Begin Patch\n*** Update File: f\n*** Move to: /g\n-x\n+y\n*** End Patch")),
            outside_text);
}

TEST(PatchApproval, DeclinedPatchesAreEnded) {
  for (wire::ReviewDecision decision :
       {wire::ReviewDecision(wire::decision::Denied{}), wire::ReviewDecision(wire::decision::Abort{})}) {
    Turn turn;
    turn.sandbox = read_only();
    turn.host.decision = decision;
    auto result = turn.custom(add_inside);
    EXPECT_EQ(text_of(result), "patch rejected by user");
    EXPECT_FALSE(result->success);
    EXPECT_EQ(turn.host.log, (Log{"patch_apply_begin", "question", "patch_apply_end"}));
    const auto end = turn.host.all<wire::event::PatchApplyEnd>().at(0);
    EXPECT_EQ(end.status, wire::ToolStatus::declined);
    EXPECT_EQ(end.stderr_text, "patch rejected by user");
    const auto& question = turn.host.questions.at(0);
    EXPECT_EQ(question.call_id, "c1");
    EXPECT_EQ(question.turn_id, "t1");
    EXPECT_EQ(question.changes.size(), 1u);
    EXPECT_FALSE(question.reason.has_value());
    EXPECT_FALSE(question.grant_root.has_value());
  }
}

TEST(PatchApproval, ApprovedForTheSessionCoversTheSamePathsOnly) {
  Turn turn;
  turn.approval = AskForApproval::untrusted();
  turn.host.decision = wire::decision::ApprovedForSession{};
  turn.fake.memory.put("/w/f", "x\n");
  turn.fake.processes.otherwise(io::CommandScript::output("ok"));
  const std::string move = "*** Begin Patch\n*** Update File: f\n*** Move to: g\n-x\n+y\n*** End Patch";
  turn.custom(move);
  EXPECT_EQ(turn.host.questions.size(), 1u);
  turn.custom(move);
  turn.custom("*** Begin Patch\n*** Add File: sub/../g\n+x\n*** End Patch");
  EXPECT_EQ(turn.host.questions.size(), 1u);
  for (const auto& begin : turn.host.all<wire::event::PatchApplyBegin>()) EXPECT_FALSE(begin.auto_approved);
  turn.custom("*** Begin Patch\n*** Add File: g\n+x\n*** Add File: h\n+x\n*** End Patch");
  EXPECT_EQ(turn.host.questions.size(), 2u);
}

TEST(PatchApproval, AnApprovalIsForThisCallOnly) {
  Turn turn;
  turn.approval = AskForApproval::untrusted();
  turn.fake.processes.otherwise(io::CommandScript::output("ok"));
  turn.custom(add_inside);
  turn.custom(add_inside);
  EXPECT_EQ(turn.host.questions.size(), 2u);
}

TEST(PatchApproval, AnApprovedPatchThatTheSandboxDeniesRunsAgainWithoutIt) {
  Turn turn;
  turn.approval = AskForApproval::untrusted();
  turn.sandbox = read_only();
  turn.expect_denial();
  turn.expect_applier();
  EXPECT_TRUE(turn.custom(add_inside)->success);
  EXPECT_EQ(turn.host.questions.size(), 1u);
  ASSERT_EQ(turn.fake.processes.count(), 2u);
  EXPECT_FALSE(turn.fake.processes.child(0).spec().launcher_args.empty());
  EXPECT_TRUE(turn.fake.processes.child(1).spec().launcher_args.empty());
  EXPECT_EQ(turn.host.all<wire::event::PatchApplyEnd>().size(), 1u);
}

TEST(PatchApproval, ADeniedPatchThatNobodyApprovedIsAskedAboutEvenWhenRemembered) {
  for (const auto& policy : {AskForApproval::on_request(), AskForApproval::on_failure(),
                             AskForApproval{wire::ApprovalMode::reject, {.rules = true}}}) {
    Turn turn;
    turn.approval = policy;
    turn.approvals.remember({"\"/w/n.txt\""});
    turn.expect_denial();
    turn.expect_applier();
    EXPECT_TRUE(turn.custom(add_inside)->success);
    ASSERT_EQ(turn.host.questions.size(), 1u);
    EXPECT_EQ(turn.host.questions[0].reason, "command failed; retry without sandbox?");
    EXPECT_TRUE(turn.fake.processes.child(1).spec().launcher_args.empty());
  }
}

TEST(PatchApproval, ARetryThatIsRefusedIsARejection) {
  Turn turn;
  turn.host.decision = wire::decision::Denied{};
  turn.expect_denial();
  EXPECT_EQ(text_of(turn.custom(add_inside)), "patch rejected by user");
  EXPECT_EQ(turn.host.all<wire::event::PatchApplyEnd>().at(0).status, wire::ToolStatus::declined);
}

TEST(PatchApproval, WhereAskingIsForbiddenTheDenialIsTheAnswer) {
  for (const auto& policy :
       {AskForApproval::never(), AskForApproval{wire::ApprovalMode::reject, {.sandbox_approval = true}}}) {
    Turn turn;
    turn.approval = policy;
    turn.expect_denial();
    auto result = turn.custom(add_inside);
    EXPECT_EQ(text_of(result),
              R"({"output":"Failed to write file n.txt\n","metadata":{"exit_code":1,"duration_seconds":0.0}})");
    EXPECT_TRUE(turn.host.questions.empty());
    EXPECT_EQ(turn.host.all<wire::event::PatchApplyEnd>().at(0).status, wire::ToolStatus::failed);
  }
}

TEST(PatchApproval, WithoutASandboxAnApprovedPatchRunsOutsideAny) {
  Turn turn;
  turn.mechanisms = {};
  turn.expect_applier();
  EXPECT_TRUE(turn.custom(add_inside)->success);
  EXPECT_EQ(turn.host.questions.size(), 1u);
  EXPECT_TRUE(turn.fake.processes.child(0).spec().launcher_args.empty());
}

}  // namespace burin::tools

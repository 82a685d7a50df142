#include "tools/patch_tool.h"

#include <csignal>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/fake_world.h"
#include "tools/patch_main.h"
#include "tools/turn_diff.h"
#include "tools/unified_exec.h"

namespace burin::tools {

namespace patch_tool_test_detail {

using wire::AskForApproval;

constexpr const char* add_inside = "*** Begin Patch\n*** Add File: n.txt\n+x\n*** End Patch";
constexpr const char* added_inside = "Success. Updated the following files:\nA n.txt\n";
constexpr const char* outside_text =
    "patch rejected: writing outside of the project; rejected by user approval settings";

/// Answers questions as told and writes down what it is told.
class FakeHost : public Host {
 public:
  void emit(wire::EventMsg event) override {
    log.emplace_back(wire::event_type(event));
    events.push_back(std::move(event));
  }
  bool wants_output_deltas() const override { return false; }
  void model_warning(std::string text) override { log.push_back("warning: " + text); }
  io::Task<> durable() override { co_return; }
  io::Task<wire::ReviewDecision> approve_exec(wire::event::ExecApprovalRequest) override {
    ADD_FAILURE() << "patches are no commands";
    co_return wire::decision::Denied{};
  }
  io::Task<wire::ReviewDecision> approve_patch(wire::event::ApplyPatchApprovalRequest request) override {
    log.push_back("question" + (request.reason ? ": " + *request.reason : std::string()));
    questions.push_back(std::move(request));
    co_return decision;
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& e : events) {
      if (const auto* one = std::get_if<T>(&e)) out.push_back(*one);
    }
    return out;
  }

  wire::ReviewDecision decision = wire::decision::Approved{};
  std::vector<std::string> log;
  std::vector<wire::EventMsg> events;
  std::vector<wire::event::ApplyPatchApprovalRequest> questions;
};

wire::SandboxPolicy read_only() { return wire::ReadOnly{}; }
wire::SandboxPolicy workspace() {
  return wire::WorkspaceWrite{.exclude_tmpdir_env_var = true, .exclude_slash_tmp = true};
}
wire::SandboxPolicy full_access() { return wire::DangerFullAccess{}; }

/// The calls' coroutines live longer than the expressions that make them.
Tool& patch_tool() {
  static const std::shared_ptr<Tool> tool = make_patch_tool();
  return *tool;
}

/// A turn in /w with a scripted applier.
struct Turn {
  testing::FakeWorld fake;
  config::Config config;
  model::ModelInfo model;
  FakeHost host;
  ApprovalCache approvals;
  sandbox::Mechanisms mechanisms{.landlock_abi = 7, .seccomp = true, .mounts = true};
  AskForApproval approval = AskForApproval::on_request();
  wire::SandboxPolicy sandbox = workspace();
  io::Span timeout = io::seconds(10);
  TurnDiff diff{fake.files, "/w"};

  Turn() {
    model.truncation_policy = {wire::TruncationMode::bytes, 10'000};
    fake.memory.put("/opt/burin", "");
    EXPECT_TRUE(fake.memory.make_dirs("/proc/self"));
    EXPECT_TRUE(fake.memory.symlink("/opt/burin", "/proc/self/exe"));
    EXPECT_TRUE(fake.memory.make_dirs("/w/.git"));
    fake.memory.put("/outside.txt", "x\n");
  }

  /// The next applier really applies its patch to the memory files.
  void expect_applier() { expect_run(io::CommandScript::output(added_inside), true); }
  void expect_denial() {
    auto script = io::CommandScript::output("", 1);
    script.steps.push_back({io::Stream::err, "Failed to write file n.txt\n"});
    expect_run(script, false);
  }
  void expect_run(io::CommandScript script, bool apply) {
    fake.processes.expect(
        [this, apply](const io::SpawnSpec& spec) {
          if (apply && spec.argv.size() > 2) internal_patch_command({spec.argv[2]}, fake.memory, spec.cwd);
          return true;
        },
        std::move(script));
  }

  ToolResult run(io::Task<ToolResult> (*how)(ToolContext*, std::string, io::Span), std::string what) {
    return io::run_task(fake.loop, in_context(how, std::move(what)));
  }
  ToolResult custom(std::string patch) {
    return run(
        [](ToolContext* context, std::string text, io::Span) {
          return patch_tool().run({"c1", "apply_patch", Payload::custom, std::move(text), {}}, *context);
        },
        std::move(patch));
  }
  ToolResult intercepted(std::string patch) {
    return run(
        [](ToolContext* context, std::string text, io::Span span) { return intercept(context, std::move(text), span); },
        std::move(patch));
  }
  static io::Task<ToolResult> intercept(ToolContext* context, std::string text, io::Span span) {
    const ToolCall call{"c1", "exec_command", Payload::function, "", {}};
    PatchCall patch;
    patch.kind = PatchCall::Kind::patch;
    patch.patch = std::move(text);
    patch.cwd = "/w/sub";
    co_return co_await run_intercepted_patch(*context, call, std::move(patch), span);
  }

  io::Task<ToolResult> in_context(io::Task<ToolResult> (*how)(ToolContext*, std::string, io::Span), std::string what) {
    UnifiedExec unified(fake.world, co_await io::Here{}, host);
    ToolContext context{.world = fake.world,
                        .config = config,
                        .model = model,
                        .host = host,
                        .approvals = approvals,
                        .unified_exec = unified,
                        .diff = diff,
                        .mechanisms = mechanisms,
                        .shell = {},
                        .login_shell = {},
                        .environment = {{"SECRET", "1"}},
                        .thread_id = "th",
                        .turn_id = "t1",
                        .cwd = "/w",
                        .approval = approval,
                        .sandbox = sandbox};
    auto result = co_await how(&context, std::move(what), timeout);
    co_await unified.terminate_all();
    co_return result;
  }
};

using Log = std::vector<std::string>;

std::string text_of(const ToolResult& result) {
  return result && result->body.text() != nullptr ? *result->body.text() : "(none)";
}

}  // namespace patch_tool_test_detail

using namespace patch_tool_test_detail;

TEST(PatchTool, AppliesInTheSandboxWithoutAQuestion) {
  Turn turn;
  turn.expect_applier();
  auto result = turn.custom(add_inside);
  EXPECT_EQ(text_of(result),
            R"({"output":"Success. Updated the following files:\nA n.txt\n","metadata":{"exit_code":0,)"
            R"("duration_seconds":0.0}})");
  EXPECT_TRUE(result->success);
  EXPECT_EQ(turn.host.log, (Log{"patch_apply_begin", "patch_apply_end", "turn_diff"}));
  const auto begin = turn.host.all<wire::event::PatchApplyBegin>().at(0);
  EXPECT_TRUE(begin.auto_approved);
  EXPECT_EQ(std::get<wire::FileAdd>(begin.changes.at("/w/n.txt")).content, "x\n");
  std::string json;
  wire::write_event(json, turn.host.events[1]);
  EXPECT_EQ(json,
            R"({"type":"patch_apply_end","call_id":"c1","turn_id":"t1","stdout":"Success. Updated the following )"
            R"(files:\nA n.txt\n","stderr":"","success":true,"changes":{"/w/n.txt":{"type":"add","content":"x\n"}},)"
            R"("status":"completed"})");
  EXPECT_TRUE(turn.host.all<wire::event::TurnDiff>().at(0).unified_diff.starts_with("diff --git a/n.txt b/n.txt\nnew"));

  ASSERT_EQ(turn.fake.processes.count(), 1u);
  const auto& spec = turn.fake.processes.child(0).spec();
  EXPECT_EQ(spec.argv, (std::vector<std::string>{"/opt/burin", "--codex-run-as-apply-patch", add_inside}));
  EXPECT_EQ(spec.cwd, "/w");
  EXPECT_TRUE(spec.env.empty());
  EXPECT_FALSE(spec.launcher_args.empty());
}

TEST(PatchTool, FunctionCallsCarryThePatchInJson) {
  Turn turn;
  turn.expect_applier();
  auto call = [](ToolContext* context, std::string text, io::Span) {
    return patch_tool().run({"c1", "apply_patch", Payload::function, std::move(text), {}}, *context);
  };
  std::string arguments = "{\"input\":";
  write_json_string(arguments, add_inside);
  EXPECT_TRUE(turn.run(call, arguments + "}")->success);
  EXPECT_TRUE(text_of(turn.run(call, "{}")).starts_with("failed to parse function arguments: missing field `input`"));
  EXPECT_TRUE(make_patch_tool()->takes(Payload::custom));
  EXPECT_FALSE(make_patch_tool()->takes(Payload::local_shell));
}

TEST(PatchTool, AFailedVerificationDoesNothing) {
  Turn turn;
  const char* const bad[][2] = {
      {"junk", "invalid patch: The first line of the patch must be '*** Begin Patch'"},
      {"*** Begin Patch\n*** Update File: f\n*** End Patch",
       "invalid hunk at line 2, Update file hunk for path 'f' is empty"},
      {"*** Begin Patch\n*** Add File: n\n+x\n*** Delete File: f\n*** End Patch",
       "Failed to read /w/f: No such file or directory (os error 2)"},
      {"*** Begin Patch\n*** Update File: f\n-x\n*** End Patch",
       "Failed to read file to update /w/f: No such file or directory (os error 2)"},
  };
  for (const auto& [patch, why] : bad) {
    auto result = turn.custom(patch);
    EXPECT_EQ(text_of(result), std::string("apply_patch verification failed: ") + why);
    EXPECT_FALSE(result->success);
  }
  EXPECT_EQ(text_of(turn.custom("*** Begin Patch\n*** End Patch")), "patch rejected: empty patch");
  EXPECT_TRUE(turn.host.log.empty());
  EXPECT_EQ(turn.fake.processes.count(), 0u);
  EXPECT_FALSE(turn.fake.memory.exists("/w/n"));
}

TEST(PatchTool, AFailingApplierIsReported) {
  Turn turn;
  auto script = io::CommandScript::output("", 1);
  script.steps.push_back({io::Stream::err, "Failed to find expected lines\n"});
  turn.expect_run(script, false);
  auto result = turn.custom(add_inside);
  EXPECT_EQ(text_of(result),
            R"({"output":"Failed to find expected lines\n","metadata":{"exit_code":1,"duration_seconds":0.0}})");
  EXPECT_FALSE(result->success);
  EXPECT_EQ(turn.host.log, (Log{"patch_apply_begin", "patch_apply_end"}));  // nothing differs: no turn diff
  const auto end = turn.host.all<wire::event::PatchApplyEnd>().at(0);
  EXPECT_EQ(end.status, wire::ToolStatus::failed);
  EXPECT_EQ(end.stderr_text, "Failed to find expected lines\n");
  EXPECT_FALSE(end.success);
}

TEST(PatchTool, ASignalledOrMissingApplierIsReported) {
  Turn turn;
  auto killed = io::CommandScript::output("");
  killed.exit = io::ExitStatus{-1, SIGKILL};
  turn.expect_run(killed, false);
  EXPECT_EQ(text_of(turn.custom(add_inside)), "execution error: Sandbox(Signal(9))");
  turn.expect_run(io::CommandScript::refusal(Kind::not_found, "no such file", ENOENT), false);
  EXPECT_EQ(text_of(turn.custom(add_inside)),
            R"(execution error: Io(Os { code: 2, kind: NotFound, message: "No such file or directory" }))");
  for (const auto& end : turn.host.all<wire::event::PatchApplyEnd>()) EXPECT_EQ(end.status, wire::ToolStatus::failed);
}

TEST(PatchTool, ASlowApplierIsKilled) {
  Turn turn;
  turn.expect_run(io::CommandScript::hang(), false);
  auto result = turn.custom(add_inside);
  EXPECT_EQ(text_of(result), R"({"output":"command timed out after 10000 milliseconds\n","metadata":{"exit_code":124,)"
                             R"("duration_seconds":10.0}})");
  EXPECT_TRUE(turn.fake.processes.child(0).killed);
}

TEST(PatchTool, ALongPatchGoesThroughTheInput) {
  Turn turn;
  auto script = io::CommandScript::output("ok");
  script.end_delay = io::seconds(1);
  turn.fake.processes.otherwise(script);
  auto patch_of_size = [](std::size_t size) {
    const std::string head = "*** Begin Patch\n*** Add File: n.txt\n+", tail = "\n*** End Patch";
    return head + std::string(size - head.size() - tail.size(), 'x') + tail;
  };
  // Linux counts the closing zero as well.
  EXPECT_TRUE(turn.custom(patch_of_size(131'071))->success);
  EXPECT_EQ(turn.fake.processes.child(0).spec().argv.size(), 3u);
  const std::string patch = patch_of_size(131'072);
  EXPECT_TRUE(turn.custom(patch)->success);
  auto& child = turn.fake.processes.child(1);
  EXPECT_EQ(child.spec().argv, (std::vector<std::string>{"/opt/burin"}));
  EXPECT_EQ(child.spec().argv0, "apply_patch");
  EXPECT_EQ(child.spec().input, io::SpawnSpec::Input::pipe);
  EXPECT_TRUE(child.input == patch) << child.input.size();
  EXPECT_TRUE(child.input_closed);
}

namespace patch_tool_test_detail {

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

}  // namespace patch_tool_test_detail

TEST(PatchTool, SafetyTable) {
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

TEST(PatchTool, AMoveNeedsBothEndsInside) {
  Turn turn;
  turn.approval = AskForApproval::never();
  turn.fake.memory.put("/w/f", "x\n");
  EXPECT_EQ(text_of(turn.custom("*** Begin Patch\n*** Update File: f\n*** Move to: /g\n-x\n+y\n*** End Patch")),
            outside_text);
}

TEST(PatchTool, DeclinedPatchesAreEnded) {
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

TEST(PatchTool, ApprovedForTheSessionCoversTheSamePathsOnly) {
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

TEST(PatchTool, AnApprovalIsForThisCallOnly) {
  Turn turn;
  turn.approval = AskForApproval::untrusted();
  turn.fake.processes.otherwise(io::CommandScript::output("ok"));
  turn.custom(add_inside);
  turn.custom(add_inside);
  EXPECT_EQ(turn.host.questions.size(), 2u);
}

TEST(PatchTool, AnApprovedPatchThatTheSandboxDeniesRunsAgainWithoutIt) {
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

TEST(PatchTool, ADeniedPatchThatNobodyApprovedIsAskedAboutEvenWhenRemembered) {
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

TEST(PatchTool, ARetryThatIsRefusedIsARejection) {
  Turn turn;
  turn.host.decision = wire::decision::Denied{};
  turn.expect_denial();
  EXPECT_EQ(text_of(turn.custom(add_inside)), "patch rejected by user");
  EXPECT_EQ(turn.host.all<wire::event::PatchApplyEnd>().at(0).status, wire::ToolStatus::declined);
}

TEST(PatchTool, WhereAskingIsForbiddenTheDenialIsTheAnswer) {
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

TEST(PatchTool, WithoutASandboxAnApprovedPatchRunsOutsideAny) {
  Turn turn;
  turn.mechanisms = {};
  turn.expect_applier();
  EXPECT_TRUE(turn.custom(add_inside)->success);
  EXPECT_EQ(turn.host.questions.size(), 1u);
  EXPECT_TRUE(turn.fake.processes.child(0).spec().launcher_args.empty());
}

TEST(PatchTool, InterceptedPatchesWarnAndUseTheirOwnPlaceAndTimeLimit) {
  Turn turn;
  turn.timeout = io::milliseconds(250);
  turn.expect_run(io::CommandScript::hang(), false);
  auto result = turn.intercepted(add_inside);
  EXPECT_TRUE(contains(text_of(result), "command timed out after 250 milliseconds")) << text_of(result);
  EXPECT_EQ(turn.fake.processes.child(0).spec().cwd, "/w/sub");
  EXPECT_EQ(turn.host.log.at(0),
            "warning: apply_patch was requested via exec_command. Use the apply_patch tool instead of exec_command.");
  EXPECT_EQ(turn.host.log.at(1), "patch_apply_begin");
  EXPECT_TRUE(turn.host.all<wire::event::PatchApplyBegin>().at(0).changes.contains("/w/sub/n.txt"));
}

TEST(PatchTool, InterceptedPatchesThatFailVerification) {
  Turn turn;
  EXPECT_EQ(text_of(turn.intercepted("*** Begin Patch\n*** Delete File: f\n*** End Patch")),
            "apply_patch verification failed: Failed to read /w/sub/f: No such file or directory (os error 2)");
  EXPECT_TRUE(turn.host.log.empty());
}

namespace patch_tool_test_detail {

io::Task<> run_to(Turn* turn, std::string patch, std::optional<ToolResult>* out) {
  auto call = [](ToolContext* context, std::string text, io::Span) {
    return patch_tool().run({"c1", "apply_patch", Payload::custom, std::move(text), {}}, *context);
  };
  *out = co_await turn->in_context(call, std::move(patch));
}

io::Task<> cancel_while_running(Turn* turn, std::optional<ToolResult>* out) {
  io::Scope scope(co_await io::Here{});
  scope.spawn(run_to(turn, add_inside, out));
  co_await io::sleep(io::seconds(1));
  scope.cancel(io::Why::interrupted);
  co_await scope.join();
}

}  // namespace patch_tool_test_detail

TEST(PatchTool, ABegunPatchIsEndedWhenTheTurnIsInterrupted) {
  Turn turn;
  turn.expect_run(io::CommandScript::hang(), false);
  std::optional<ToolResult> out;
  io::run_task(turn.fake.loop, cancel_while_running(&turn, &out));
  EXPECT_FALSE(out.has_value());
  EXPECT_TRUE(turn.fake.processes.child(0).killed);
  EXPECT_EQ(turn.host.log, (Log{"patch_apply_begin", "patch_apply_end"}));
  EXPECT_EQ(turn.host.all<wire::event::PatchApplyEnd>().at(0).stderr_text, "aborted by user");
}

TEST(PatchTool, AReplacedExecutableIsReachedThroughItsLink) {
  Turn turn;
  ASSERT_TRUE(turn.fake.memory.remove("/opt/burin"));
  turn.expect_applier();
  EXPECT_TRUE(turn.custom(add_inside)->success);
  EXPECT_EQ(turn.fake.processes.child(0).spec().argv[0], "/proc/self/exe");
}

}  // namespace burin::tools

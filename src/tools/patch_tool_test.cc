#include "tools/patch_tool.h"

#include <csignal>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/patch_turn.h"

namespace burin::tools {

using Turn = testing::PatchTurn;
using testing::add_inside;
using testing::text_of;

using Log = std::vector<std::string>;

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
  std::string arguments = "{\"input\":";
  write_json_string(arguments, add_inside);
  EXPECT_TRUE(turn.call(Payload::function, arguments + "}")->success);
  EXPECT_TRUE(text_of(turn.call(Payload::function, "{}"))
                  .starts_with("failed to parse function arguments: missing field `input`"));
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

TEST(PatchTool, InterceptedPatchesWarnAndUseTheirOwnPlaceAndTimeLimit) {
  Turn turn;
  turn.expect_run(io::CommandScript::hang(), false);
  auto result = turn.intercepted(add_inside, io::milliseconds(250));
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

io::Task<> run_call(Turn* turn, ToolContext* context, bool* ended) {
  co_await turn->tool->run({"c1", "apply_patch", Payload::custom, add_inside, {}}, *context);
  *ended = true;
}

io::Task<> cancel_while_running(Turn* turn, ToolContext* context, bool* ended) {
  io::Scope scope(co_await io::Here{});
  scope.spawn(run_call(turn, context, ended));
  co_await io::sleep(io::seconds(1));
  scope.cancel(io::Why::interrupted);
  co_await scope.join();
}

}  // namespace patch_tool_test_detail

using namespace patch_tool_test_detail;

TEST(PatchTool, ABegunPatchIsEndedWhenTheTurnIsInterrupted) {
  Turn turn;
  turn.expect_run(io::CommandScript::hang(), false);
  bool ended = false;
  turn.play([&](ToolContext& context) { return cancel_while_running(&turn, &context, &ended); });
  EXPECT_FALSE(ended);
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

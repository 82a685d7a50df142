// update_plan and request_user_input (tools.md 6).
#include "tools/plan.h"

#include <gtest/gtest.h>

#include "testing/tool_turn.h"

namespace burin::tools {

using testing::text_of;
using Log = std::vector<std::string>;

TEST(Plan, TellsThePlanExactly) {
  testing::ToolTurn turn;
  auto tool = make_plan_tool();
  auto call = [&](std::string arguments) {
    return text_of(turn.run(*tool, {"c1", "update_plan", Payload::function, std::move(arguments), {}}));
  };
  // Nothing checks that only one step is in progress.
  EXPECT_EQ(
      call(R"({"explanation":"why","plan":[{"step":"a","status":"completed"},{"step":"b","status":"in_progress"},)"
           R"({"step":"c","status":"in_progress"},{"step":"d","status":"pending"}]})"),
      "Plan updated");
  EXPECT_EQ(call(R"({"plan":[]})"), "Plan updated");
  Log json;
  for (const auto& event : turn.host.events) wire::write_event(json.emplace_back(), event);
  EXPECT_EQ(json, (Log{R"({"type":"plan_update","explanation":"why","plan":[{"step":"a","status":"completed"},)"
                       R"({"step":"b","status":"in_progress"},{"step":"c","status":"in_progress"},)"
                       R"({"step":"d","status":"pending"}]})",
                       R"({"type":"plan_update","explanation":null,"plan":[]})"}));
}

TEST(Plan, RefusesWhatIsNoPlan) {
  testing::ToolTurn turn;
  auto tool = make_plan_tool();
  auto call = [&](std::string arguments) {
    auto result = turn.run(*tool, {"c1", "update_plan", Payload::function, std::move(arguments), {}});
    EXPECT_FALSE(result->success);
    return text_of(result);
  };
  const std::string head = "failed to parse function arguments: ";
  EXPECT_EQ(call("{}"), head + "missing field `plan` at line 1 column 2");
  EXPECT_EQ(call(R"({"plan":[],"zip":1})"),
            head + "unknown field `zip`, expected `explanation` or `plan` at line 1 column 16");
  EXPECT_TRUE(call(R"({"plan":[{"step":"a","status":"done"}]})")
                  .starts_with(head + "unknown variant `done`, expected one of `pending`, `in_progress`, `completed`"));
  EXPECT_EQ(call(R"({"plan":[{"step":"a","status":"pending","note":1}]})"),
            head + "unknown field `note`, expected `step` or `status` at line 1 column 46");
  turn.mode = wire::ModeKind::plan;
  EXPECT_EQ(call(R"({"plan":[]})"), "update_plan is a TODO/checklist tool and is not allowed in Plan mode");
  EXPECT_TRUE(turn.host.log.empty());
}

TEST(RequestUserInput, IsRefusedWhereNobodyCanAnswer) {
  testing::ToolTurn turn;
  auto tool = make_request_user_input_tool();
  const ToolCall call{"c1", "request_user_input", Payload::function, R"({"questions":[]})", {}};
  EXPECT_EQ(text_of(turn.run(*tool, call)), "request_user_input is unavailable in Default mode");
}

}  // namespace burin::tools

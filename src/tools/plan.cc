#include "tools/plan.h"

#include "tools/arguments.h"

namespace burin::tools {

namespace plan_detail {

std::string_view mode_title(wire::ModeKind mode) { return mode == wire::ModeKind::plan ? "Plan" : "Default"; }

class PlanTool : public Tool {
 public:
  io::Task<ToolResult> run(ToolCall call, ToolContext& context) override {
    if (context.mode == wire::ModeKind::plan) {
      co_return answer("update_plan is a TODO/checklist tool and is not allowed in Plan mode", false);
    }
    auto event = read_strict_arguments<wire::event::PlanUpdate>(
        call.input, {.names = {"explanation", "plan"}, .list = "plan", .names_in_list = {"step", "status"}});
    if (!event) co_return answer(argument_error(event.error()), false);
    context.host.emit(std::move(*event));
    co_return answer("Plan updated");
  }
};

/// Offered in every mode because the tool list must not change between modes; served where a client can ask.
class RequestUserInputTool : public Tool {
 public:
  io::Task<ToolResult> run(ToolCall, ToolContext& context) override {
    co_return answer(fmt::format("request_user_input is unavailable in {} mode", mode_title(context.mode)), false);
  }
};

}  // namespace plan_detail

std::shared_ptr<Tool> make_plan_tool() { return std::make_shared<plan_detail::PlanTool>(); }
std::shared_ptr<Tool> make_request_user_input_tool() { return std::make_shared<plan_detail::RequestUserInputTool>(); }

}  // namespace burin::tools

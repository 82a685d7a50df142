#include "tools/shell.h"

#include "base/text.h"
#include "sandbox/parsed_cmd.h"
#include "sandbox/safety.h"
#include "tools/approval_arguments.h"
#include "tools/arguments.h"
#include "tools/exec.h"
#include "tools/patch_tool.h"
#include "tools/shell_output.h"

namespace burin::tools {

namespace shell_detail {

constexpr std::uint64_t default_timeout_ms = 10'000;

struct ArgvArguments {
  std::vector<std::string> command;
  std::optional<std::string> workdir;
  std::optional<std::uint64_t> timeout_ms;
  SandboxPermissions sandbox_permissions = SandboxPermissions::use_default;
  std::optional<std::string> justification;
  std::optional<std::vector<std::string>> prefix_rule;
  std::optional<wire::PermissionProfile> additional_permissions;
};
BURIN_WIRE(ArgvArguments, command, workdir, (timeout_ms, alias("timeout")), (sandbox_permissions, defaulted),
           justification, prefix_rule, additional_permissions)

struct ScriptArguments {
  std::string command;
  std::optional<std::string> workdir;
  std::optional<std::uint64_t> timeout_ms;
  std::optional<bool> login;
  SandboxPermissions sandbox_permissions = SandboxPermissions::use_default;
  std::optional<std::string> justification;
  std::optional<std::vector<std::string>> prefix_rule;
  std::optional<wire::PermissionProfile> additional_permissions;
};
BURIN_WIRE(ScriptArguments, command, workdir, (timeout_ms, alias("timeout")), login, (sandbox_permissions, defaulted),
           justification, prefix_rule, additional_permissions)

/// A call after its arguments were read.
struct Job {
  std::string call_id;
  std::string tool_name;
  std::vector<std::string> argv;
  std::string cwd;
  io::Span timeout;
  ApprovalArguments approval;
};

template <class A>
void fill(Job& job, const A& a, const ToolContext& context) {
  job.cwd = a.workdir && !a.workdir->empty() ? path::normal(path::join(context.cwd, *a.workdir)) : context.cwd;
  job.timeout = io::milliseconds(std::min<std::uint64_t>(a.timeout_ms.value_or(default_timeout_ms), 1ull << 40));
  job.approval = {a.sandbox_permissions, a.justification.value_or(""), a.prefix_rule, a.additional_permissions};
}

ExecFailure rejected_by_user() { return {ExecFailure::Why::rejected, "exec command rejected by user"}; }

class ShellTool : public Tool {
 public:
  explicit ShellTool(ShellForm form) : form_(form) {}
  bool takes(Payload payload) const override {
    return payload == Payload::function || (payload == Payload::local_shell && form_ == ShellForm::argv);
  }
  bool mutating(const ToolCall& call, const ToolContext& context) const override {
    Job job;
    return read(call, context, job).has_value() || !sandbox::known_safe(job.argv);
  }

  io::Task<ToolResult> run(ToolCall call, ToolContext& context) override {
    Job job;
    job.call_id = call.call_id;
    job.tool_name = call.name;
    if (auto refusal = read(call, context, job)) co_return answer(*refusal, false);
    if (auto refusal = check_approval_arguments(context, job.approval, "should not")) co_return answer(*refusal, false);
    auto patch = detect_patch_call(job.argv, job.cwd);
    if (patch.kind == PatchCall::Kind::refused) co_return answer(patch.text, false);
    if (patch.kind == PatchCall::Kind::patch) {
      co_return co_await run_intercepted_patch(context, call, std::move(patch), job.timeout);
    }
    co_return co_await execute(context, std::move(job));
  }

 private:
  /// Fills `job`; a text when the call must be refused with it.
  std::optional<std::string> read(const ToolCall& call, const ToolContext& context, Job& job) const {
    if (form_ == ShellForm::script) return read_script(call, context, job);
    if (call.payload == Payload::local_shell) {
      ArgvArguments a;
      a.command = call.local_shell.command;
      a.workdir = call.local_shell.working_directory;
      if (call.local_shell.timeout_ms && *call.local_shell.timeout_ms >= 0) {
        a.timeout_ms = static_cast<std::uint64_t>(*call.local_shell.timeout_ms);
      }
      job.argv = a.command;
      fill(job, a, context);
    } else {
      auto a = read_arguments<ArgvArguments>(call.input);
      if (!a) return argument_error(a.error());
      job.argv = a->command;
      fill(job, *a, context);
    }
    return std::nullopt;
  }

  std::optional<std::string> read_script(const ToolCall& call, const ToolContext& context, Job& job) const {
    auto a = read_arguments<ScriptArguments>(call.input);
    if (!a) return argument_error(a.error());
    if (auto refusal = refuse_login(context, a->login)) return refusal;
    job.argv = sandbox::shell_argv(context.shell, a->command, a->login.value_or(context.config.allow_login_shell));
    fill(job, *a, context);
    return std::nullopt;
  }

  io::Task<ToolResult> execute(ToolContext& context, Job job) {
    wire::event::ExecCommandBegin begin;
    begin.call_id = job.call_id;
    begin.turn_id = context.turn_id;
    begin.command = job.argv;
    begin.cwd = job.cwd;
    begin.parsed_cmd = sandbox::parse_command(job.argv);
    begin.source = wire::ExecSource::agent;
    context.host.emit(begin);
    std::exception_ptr stopped;
    try {
      auto result = co_await attempt(context, job);
      if (!result) {
        context.host.emit(end_event(begin, result.error()));
        co_return answer(result.error().model_text, false);
      }
      context.host.emit(end_event(begin, *result, context.model.truncation_policy));
      co_return answer(form_ == ShellForm::script ? freeform_output(*result, context.model.truncation_policy)
                                                  : structured_output(*result, context.model.truncation_policy),
                       result->exit_code == 0);
    } catch (const io::Cancelled&) {
      stopped = std::current_exception();
    }
    // Every begun command is ended, also an aborted one (session.md 3.4).
    context.host.emit(end_event(begin, ExecFailure{ExecFailure::Why::signal, "aborted by user"}));
    std::rethrow_exception(stopped);
  }

  io::Task<tl::expected<ExecOutput, ExecFailure>> attempt(ToolContext& context, const Job& job) {
    if (job.argv.empty()) co_return tl::unexpected(ExecFailure{ExecFailure::Why::refused, "command args are empty"});
    ClearanceRequest request{
        .call_id = job.call_id,
        .argv = job.argv,
        .cwd = job.cwd,
        .escalation = job.approval.escalated(),
        .justification = job.approval.justification,
        .prefix_rule = job.approval.prefix_rule,
        .cache_keys = {command_cache_key(job.argv, job.cwd, std::nullopt, job.approval.escalated())}};
    auto clearance = co_await clear_command(context, request);
    if (clearance.answer == Clearance::Answer::rejected) {
      bool by_user = clearance.reason == "rejected by user";
      co_return tl::unexpected(by_user ? rejected_by_user() : ExecFailure{ExecFailure::Why::refused, clearance.reason});
    }
    bool sandboxed = clearance.answer == Clearance::Answer::sandboxed;
    ExecRequest exec{.call_id = job.call_id,
                     .argv = job.argv,
                     .cwd = job.cwd,
                     .env = command_environment(context),
                     .timeout = job.timeout};
    auto result = co_await run_once(context, exec, sandboxed);
    if (!result || !sandboxed || result->timed_out ||
        !sandbox::looks_denied(result->exit_code, result->out, result->err)) {
      co_return result;
    }
    auto retry = co_await may_retry_unsandboxed(context, request, clearance);
    if (retry == Retry::no) co_return result;
    if (retry == Retry::rejected) co_return tl::unexpected(rejected_by_user());
    co_return co_await run_once(context, exec, false);
  }

  ShellForm form_;
};

}  // namespace shell_detail

std::shared_ptr<Tool> make_shell_tool(ShellForm form) { return std::make_shared<shell_detail::ShellTool>(form); }

}  // namespace burin::tools

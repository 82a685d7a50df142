#include "tools/patch_tool.h"

#include "base/json.h"
#include "base/text.h"
#include "sandbox/policy.h"
#include "sandbox/safety.h"
#include "tools/arguments.h"
#include "tools/exec.h"
#include "tools/patch_apply.h"
#include "tools/shell_output.h"
#include "tools/turn_diff.h"

namespace burin::tools {

namespace patch_tool_detail {

constexpr std::string_view failed = "apply_patch verification failed: ";
constexpr std::string_view outside = "writing outside of the project; rejected by user approval settings";
/// Bytes of the longest single argument that Linux takes, without its closing zero; longer patches go through the
/// input.
constexpr std::size_t longest_argument = (128 << 10) - 1;

struct PatchArguments {
  std::string input;
};
BURIN_WIRE(PatchArguments, input)

/// A patch that passed verification, on its way to the disk.
struct Job {
  std::string call_id;
  std::string patch;
  std::string cwd;
  io::Span timeout = io::seconds(10);
  wire::FileChanges changes;
};

PatchResult<wire::FileChanges> verify_now(io::Files& files, const std::string& patch, const std::string& cwd) {
  const auto hunks = parse_patch(patch);
  if (!hunks) return tl::unexpected(hunks.error().as_verification());
  return verify_patch(files, cwd, *hunks);
}

/// On the pool, as everything here that reads and compares files: they may be large, or on a slow disk.
io::Task<PatchResult<wire::FileChanges>> verified(ToolContext& context, const std::string& patch,
                                                  const std::string& cwd) {
  co_return co_await io::offload(context.world.pool, [&] { return verify_now(context.world.files, patch, cwd); });
}

/// Every path that the patch writes or removes, without "." and "..".
std::vector<std::string> touched_paths(const wire::FileChanges& changes) {
  std::vector<std::string> out;
  for (const auto& [name, change] : changes) {
    out.push_back(path::normal(name));
    const auto* update = std::get_if<wire::FileUpdate>(&change);
    if (update != nullptr && update->move_path) out.push_back(path::normal(*update->move_path));
  }
  return out;
}

std::vector<std::string> cache_keys(const wire::FileChanges& changes) {
  std::vector<std::string> keys;
  for (const auto& path : touched_paths(changes)) write_json_string(keys.emplace_back(), path);
  return keys;
}

bool inside_writable_roots(const ToolContext& context, const wire::FileChanges& changes) {
  if (sandbox::has_full_write(context.sandbox)) return true;
  const auto roots = sandbox::writable_roots(context.sandbox, context.cwd, context.world.files, context.world.env);
  for (const auto& path : touched_paths(changes)) {
    if (!sandbox::is_writable(roots, path)) return false;
  }
  return true;
}

bool can_sandbox(const ToolContext& context) {
  return sandbox::launcher_args(context.sandbox, context.cwd, context.world.files, context.world.env,
                                context.mechanisms)
      .has_value();
}

bool forbids_asking(const wire::AskForApproval& policy) {
  return policy.mode == wire::ApprovalMode::never ||
         (policy.mode == wire::ApprovalMode::reject && policy.reject.sandbox_approval);
}

enum class Safety : unsigned char { run, ask, reject };

/// tools.md 5.8.
Safety assess(const ToolContext& context, const wire::FileChanges& changes) {
  const auto& policy = context.approval;
  if (policy.mode == wire::ApprovalMode::untrusted) return Safety::ask;
  if (policy.mode == wire::ApprovalMode::on_failure || inside_writable_roots(context, changes)) {
    // A path inside may be a hard link to a file outside: without a sandbox the path alone is not trusted.
    if (!sandbox::needs_sandbox(context.sandbox) || can_sandbox(context)) return Safety::run;
  }
  return forbids_asking(policy) ? Safety::reject : Safety::ask;
}

bool allows(const wire::ReviewDecision& decision) {
  return !std::holds_alternative<wire::decision::Denied>(decision) &&
         !std::holds_alternative<wire::decision::Abort>(decision);
}

io::Task<wire::ReviewDecision> question(ToolContext& context, const Job& job, std::optional<std::string> reason) {
  wire::event::ApplyPatchApprovalRequest request;
  request.call_id = job.call_id;
  request.turn_id = context.turn_id;
  request.changes = job.changes;
  request.reason = std::move(reason);
  co_return co_await context.host.approve_patch(std::move(request));
}

/// The first question about a patch, unless its paths were approved for the session.
io::Task<bool> approved(ToolContext& context, const Job& job) {
  const auto keys = cache_keys(job.changes);
  if (context.approvals.all_known(keys)) co_return true;
  const auto decision = co_await question(context, job, std::nullopt);
  if (std::holds_alternative<wire::decision::ApprovedForSession>(decision)) context.approvals.remember(keys);
  co_return allows(decision);
}

using Attempt = tl::expected<ExecOutput, ExecFailure>;

tl::unexpected<ExecFailure> rejection() {
  return tl::unexpected(ExecFailure{ExecFailure::Why::rejected, "patch rejected by user"});
}

ExecRequest applier(const ToolContext& context, const Job& job) {
  const std::string link = "/proc/self/exe";
  auto self = context.world.files.read_link(link);
  // An update may have replaced the file that we run; what starts the child is still us, so the link leads there.
  if (!self || !context.world.files.exists(*self)) self = link;
  ExecRequest request{.call_id = job.call_id, .argv = {*std::move(self)}, .cwd = job.cwd, .env = {}};
  request.timeout = job.timeout;
  if (job.patch.size() <= longest_argument) {
    request.argv.insert(request.argv.end(), {"--codex-run-as-apply-patch", job.patch});
  } else {
    request.argv0 = "apply_patch";
    request.input = job.patch;
  }
  return request;
}

/// Approval, the run, and after a denial by the sandbox the second run.
io::Task<Attempt> apply(ToolContext& context, const Job& job, bool ask) {
  if (ask && !co_await approved(context, job)) co_return rejection();
  const ExecRequest request = applier(context, job);
  const bool sandboxed = sandbox::needs_sandbox(context.sandbox) && can_sandbox(context);
  auto result = co_await run_once(context, request, sandboxed);
  if (!result || !sandboxed || result->timed_out ||
      !sandbox::looks_denied(result->exit_code, result->out, result->err) || forbids_asking(context.approval)) {
    co_return result;
  }
  if (!ask && !allows(co_await question(context, job, "command failed; retry without sandbox?"))) co_return rejection();
  co_return co_await run_once(context, request, false);
}

void show_turn_diff(ToolContext& context, std::string text) {
  if (!text.empty()) context.host.emit(wire::event::TurnDiff{std::move(text)});
}

void show_end(ToolContext& context, const Job& job, const Attempt& result) {
  wire::event::PatchApplyEnd end;
  end.call_id = job.call_id;
  end.turn_id = context.turn_id;
  end.changes = job.changes;
  if (result) {
    end.stdout_text = result->out;
    end.stderr_text = result->err;
    end.success = result->exit_code == 0;
    end.status = end.success ? wire::ToolStatus::completed : wire::ToolStatus::failed;
  } else {
    end.stderr_text = result.error().model_text;
    const bool declined = result.error().why == ExecFailure::Why::rejected;
    end.status = declined ? wire::ToolStatus::declined : wire::ToolStatus::failed;
  }
  context.host.emit(std::move(end));
}

/// Everything after verification.
io::Task<ToolResult> run_job(ToolContext& context, Job job) {
  if (job.changes.empty()) co_return answer("patch rejected: empty patch", false);
  const Safety safety = assess(context, job.changes);
  if (safety == Safety::reject) co_return answer("patch rejected: " + std::string(outside), false);
  co_await io::offload(context.world.pool, [&] { context.diff.before(job.changes); });
  wire::event::PatchApplyBegin begin;
  begin.call_id = job.call_id;
  begin.turn_id = context.turn_id;
  begin.auto_approved = safety == Safety::run;
  begin.changes = job.changes;
  context.host.emit(std::move(begin));
  Attempt result = tl::unexpected(ExecFailure{ExecFailure::Why::signal, "aborted by user"});
  std::exception_ptr stopped;
  try {
    result = co_await apply(context, job, safety == Safety::ask);
  } catch (const io::Cancelled&) {
    stopped = std::current_exception();
  }
  // Every begun patch is ended, also an aborted one.
  show_end(context, job, result);
  if (stopped) {
    show_turn_diff(context, context.diff.unified());
    std::rethrow_exception(stopped);
  }
  show_turn_diff(context, co_await io::offload(context.world.pool, [&] { return context.diff.unified(); }));
  if (!result) co_return answer(result.error().model_text, false);
  co_return answer(structured_output(*result, context.model.truncation_policy), result->exit_code == 0);
}

class PatchTool : public Tool {
 public:
  bool takes(Payload payload) const override { return payload == Payload::function || payload == Payload::custom; }
  bool mutating(const ToolCall&, const ToolContext&) const override { return true; }

  io::Task<ToolResult> run(ToolCall call, ToolContext& context) override {
    Job job;
    job.call_id = std::move(call.call_id);
    job.cwd = context.cwd;
    if (call.payload == Payload::custom) {
      job.patch = std::move(call.input);
    } else {
      auto arguments = read_arguments<PatchArguments>(call.input);
      if (!arguments) co_return answer(argument_error(arguments.error()), false);
      job.patch = std::move(arguments->input);
    }
    auto changes = co_await verified(context, job.patch, job.cwd);
    if (!changes) co_return answer(std::string(failed) + changes.error(), false);
    job.changes = *std::move(changes);
    co_return co_await run_job(context, std::move(job));
  }
};

}  // namespace patch_tool_detail

std::shared_ptr<Tool> make_patch_tool() { return std::make_shared<patch_tool_detail::PatchTool>(); }

io::Task<ToolResult> run_intercepted_patch(ToolContext& context, const ToolCall& call, PatchCall patch,
                                           io::Span timeout) {
  using namespace patch_tool_detail;
  auto changes = co_await verified(context, patch.patch, patch.cwd);
  if (!changes) co_return answer(std::string(failed) + changes.error(), false);
  context.host.model_warning("apply_patch was requested via " + call.name +
                             ". Use the apply_patch tool instead of exec_command.");
  Job job{.call_id = call.call_id,
          .patch = std::move(patch.patch),
          .cwd = std::move(patch.cwd),
          .timeout = timeout,
          .changes = *std::move(changes)};
  co_return co_await run_job(context, std::move(job));
}

}  // namespace burin::tools

// exec_command and write_stdin (tools.md 4.1, 4.2).
#include <cmath>

#include "base/text.h"
#include "context/truncate.h"
#include "sandbox/safety.h"
#include "tools/approval_arguments.h"
#include "tools/arguments.h"
#include "tools/patch_tool.h"
#include "tools/unified_exec.h"

namespace burin::tools {

namespace exec_command_detail {

constexpr std::uint64_t default_yield_ms = 10'000, min_yield_ms = 250, max_yield_ms = 30'000;
constexpr std::uint64_t default_write_yield_ms = 250, min_poll_ms = 5'000;
constexpr std::uint64_t default_output_tokens = 10'000;
constexpr io::Span after_write = io::milliseconds(100);

struct ExecArguments {
  std::string cmd;
  std::optional<std::string> workdir;
  std::optional<std::string> shell;
  std::optional<bool> login;
  bool tty = false;
  std::uint64_t yield_time_ms = default_yield_ms;
  std::optional<std::uint64_t> max_output_tokens;
  SandboxPermissions sandbox_permissions = SandboxPermissions::use_default;
  std::optional<std::string> justification;
  std::optional<std::vector<std::string>> prefix_rule;
  std::optional<wire::PermissionProfile> additional_permissions;
};
BURIN_WIRE(ExecArguments, cmd, workdir, shell, login, (tty, defaulted), (yield_time_ms, defaulted), max_output_tokens,
           (sandbox_permissions, defaulted), justification, prefix_rule, additional_permissions)

struct WriteArguments {
  std::int32_t session_id = 0;
  std::string chars;
  std::uint64_t yield_time_ms = default_write_yield_ms;
  std::optional<std::uint64_t> max_output_tokens;
};
BURIN_WIRE(WriteArguments, session_id, (chars, defaulted), (yield_time_ms, defaulted), max_output_tokens)

/// The answer's text (tools.md 4.1).
std::string result_text(ToolContext& context, std::string_view collected, io::Span wall,
                        std::optional<io::ExitStatus> status, std::optional<int> session,
                        std::optional<std::uint64_t> max_tokens) {
  std::string output = utf8_lossy(collected);
  std::string text = fmt::format("Chunk ID: {:06x}\nWall time: {:.4f} seconds\n",
                                 context.world.random.next() & 0xffffff, io::to_seconds(wall));
  if (status) text += fmt::format("Process exited with code {}\n", status->signal != 0 ? -1 : status->code);
  if (session) text += fmt::format("Process running with session ID {}\n", *session);
  text += fmt::format("Original token count: {}\nOutput:\n",
                      context::tokens_of_bytes(static_cast<std::int64_t>(output.size())));
  auto limit = std::min<std::uint64_t>(max_tokens.value_or(default_output_tokens), 1ull << 40);
  text += context::truncate_with_header(output, {wire::TruncationMode::tokens, static_cast<std::int64_t>(limit)});
  return text;
}

ToolOutput failed(std::string reason) { return answer("exec_command failed: " + std::move(reason), false); }
ToolOutput rejected(std::string_view why) {
  std::string quoted;
  for (char c : why) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return failed("CreateProcess { message: \"Rejected(\\\"" + quoted + "\\\")\" }");
}

std::string denial_text(std::string_view kind, int exit_code, const std::string& output) {
  return fmt::format("{} {{ message: \"denied by the sandbox, exit code {}\" }}\n{}", kind, exit_code, output);
}

class ExecCommand : public Tool {
 public:
  bool mutating(const ToolCall& call, const ToolContext& context) const override {
    auto a = read_arguments<ExecArguments>(call.input);
    return !a || !sandbox::known_safe(argv_of(*a, context));
  }

  io::Task<ToolResult> run(ToolCall call, ToolContext& context) override {
    auto read = read_arguments<ExecArguments>(call.input);
    if (!read) co_return answer(argument_error(read.error()), false);
    const ExecArguments& a = *read;
    if (auto refusal = refuse_login(context, a.login)) co_return answer(*refusal, false);
    ApprovalArguments approval{a.sandbox_permissions, a.justification.value_or(""), a.prefix_rule,
                               a.additional_permissions};
    if (auto refusal = check_approval_arguments(context, approval, "cannot")) co_return answer(*refusal, false);
    auto argv = argv_of(a, context);
    std::string cwd =
        a.workdir && !a.workdir->empty() ? path::normal(path::join(context.cwd, *a.workdir)) : context.cwd;
    io::Span yield = io::milliseconds(std::clamp(a.yield_time_ms, min_yield_ms, max_yield_ms));
    auto patch = detect_patch_call(argv, cwd);
    if (patch.kind == PatchCall::Kind::refused) co_return answer(patch.text, false);
    if (patch.kind == PatchCall::Kind::patch) {
      co_return co_await run_intercepted_patch(context, call, std::move(patch), yield);
    }
    ClearanceRequest request{.call_id = call.call_id,
                             .argv = argv,
                             .cwd = cwd,
                             .escalation = approval.escalated(),
                             .justification = approval.justification,
                             .prefix_rule = approval.prefix_rule,
                             .cache_keys = {command_cache_key(argv, cwd, a.tty, approval.escalated())}};
    auto clearance = co_await clear_command(context, request);
    if (clearance.answer == Clearance::Answer::rejected) co_return rejected(clearance.reason);
    UnifiedExec::StartRequest start{.call_id = call.call_id,
                                    .turn_id = context.turn_id,
                                    .cwd = cwd,
                                    .argv = argv,
                                    .env = environment(context),
                                    .tty = a.tty,
                                    .launcher_args = {},
                                    .truncation = context.model.truncation_policy};
    bool sandboxed = clearance.answer == Clearance::Answer::sandboxed;
    io::Time began{};
    UnifiedExec::Process* process = nullptr;
    for (;;) {
      began = context.world.loop.now();  // of this attempt: a question before it may have taken long
      if (auto refusal = prepare(context, start, sandboxed)) co_return failed(*refusal);
      auto started = co_await context.unified_exec.start(start);
      if (!started) co_return rejected(spawn_text(started.error()));
      process = *started;
      auto status = UnifiedExec::status(*process);
      auto printed = context.unified_exec.transcript(*process);
      if (!sandboxed || !status || !denied(*status, printed)) break;
      co_await context.unified_exec.give_up(*process);
      auto retry = co_await may_retry_unsandboxed(context, request, clearance);
      if (retry == Retry::no) co_return failed(denial_text("CreateProcess", status->code, printed));
      if (retry == Retry::rejected) co_return rejected("rejected by user");
      sandboxed = false;
    }
    context.unified_exec.announce(*process);
    co_return co_await finish(context, process, began, yield, a.max_output_tokens, sandboxed);
  }

 private:
  static std::vector<std::string> argv_of(const ExecArguments& a, const ToolContext& context) {
    auto shell = a.shell ? sandbox::named_shell(context.world.files, context.world.env, *a.shell, context.login_shell)
                         : context.shell;
    return sandbox::shell_argv(shell, a.cmd, a.login.value_or(context.config.allow_login_shell));
  }

  /// The list that every unified process gets over the policy's environment (tools.md 4.3).
  static std::map<std::string, std::string> environment(const ToolContext& context) {
    auto env = command_environment(context);
    for (auto [name, value] : {std::pair{"NO_COLOR", "1"},
                               {"TERM", "dumb"},
                               {"LANG", "C.UTF-8"},
                               {"LC_CTYPE", "C.UTF-8"},
                               {"LC_ALL", "C.UTF-8"},
                               {"COLORTERM", ""},
                               {"PAGER", "cat"},
                               {"GIT_PAGER", "cat"},
                               {"GH_PAGER", "cat"},
                               {"CODEX_CI", "1"}}) {
      env[name] = value;
    }
    return env;
  }

  static bool denied(const io::ExitStatus& status, const std::string& printed) {
    return status.signal == 0 && status.code != 0 && sandbox::looks_denied(status.code, printed, "");
  }

  static std::string spawn_text(const Error& e) {
    return "Failed to create unified exec process: " + (e.sys != 0 ? os_error_text(e.sys) : e.text());
  }

  static std::optional<std::string> prepare(ToolContext& context, UnifiedExec::StartRequest& start, bool sandboxed) {
    start.launcher_args.clear();
    if (!sandboxed) return std::nullopt;
    auto args = sandbox::launcher_args(context.sandbox, context.cwd, context.world.files, context.world.env,
                                       context.mechanisms);
    if (!args) return args.error().fix.empty() ? args.error().what : args.error().what + ". " + args.error().fix;
    start.launcher_args = std::move(*args);
    return std::nullopt;
  }

  static io::Task<ToolResult> finish(ToolContext& context, UnifiedExec::Process* process, io::Time began,
                                     io::Span yield, std::optional<std::uint64_t> max_tokens, bool sandboxed) {
    auto& manager = context.unified_exec;
    if (!UnifiedExec::status(*process)) co_await manager.keep(*process);
    auto collected = co_await manager.collect(*process, began + yield);
    auto wall = context.world.loop.now() - began;
    auto status = UnifiedExec::status(*process);
    if (!status) {
      co_return answer(result_text(context, collected, wall, status, UnifiedExec::id(*process), max_tokens));
    }
    manager.forget(*process);
    std::string printed = utf8_lossy(collected);
    if (sandboxed && denied(*status, printed)) {
      co_return failed(denial_text("SandboxDenied", status->code, printed));
    }
    co_return answer(result_text(context, collected, wall, status, std::nullopt, max_tokens), status->code == 0);
  }
};

class WriteStdin : public Tool {
 public:
  bool mutating(const ToolCall&, const ToolContext&) const override { return true; }

  io::Task<ToolResult> run(ToolCall call, ToolContext& context) override {
    auto read = read_arguments<WriteArguments>(call.input);
    if (!read) co_return answer(argument_error(read.error()), false);
    auto& manager = context.unified_exec;
    auto* process = manager.find(read->session_id);
    if (process == nullptr) co_return refuse(fmt::format("Unknown process id {}", read->session_id));
    auto call_id = UnifiedExec::call_id(*process);
    int id = UnifiedExec::id(*process);
    bool poll = read->chars.empty();
    if (!poll) {
      if (!UnifiedExec::tty(*process)) {
        co_return refuse("stdin is closed for this session; rerun exec_command with tty=true to keep stdin open");
      }
      if (auto done = co_await manager.write(*process, read->chars); !done)
        co_return refuse("failed to write to stdin");
      co_await io::sleep(after_write);
    }
    auto longest = std::max<std::uint64_t>(context.config.background_terminal_max_timeout, min_poll_ms);
    auto ms = poll ? std::clamp(read->yield_time_ms, min_poll_ms, longest)
                   : std::clamp(read->yield_time_ms, min_yield_ms, max_yield_ms);
    io::Time began = context.world.loop.now();
    auto collected = co_await manager.collect(*process, began + io::milliseconds(ms));
    auto wall = context.world.loop.now() - began;
    auto status = UnifiedExec::status(*process);
    wire::event::TerminalInteraction event;
    event.call_id = call_id;
    event.process_id = std::to_string(id);
    event.stdin_text = read->chars;
    context.host.emit(std::move(event));
    std::optional<int> session;
    if (status) {
      manager.forget(*process);
    } else {
      session = id;
    }
    co_return answer(result_text(context, collected, wall, status, session, read->max_output_tokens));
  }

 private:
  static ToolOutput refuse(std::string why) { return answer("write_stdin failed: " + std::move(why), false); }
};

}  // namespace exec_command_detail

std::shared_ptr<Tool> make_exec_command_tool() { return std::make_shared<exec_command_detail::ExecCommand>(); }
std::shared_ptr<Tool> make_write_stdin_tool() { return std::make_shared<exec_command_detail::WriteStdin>(); }

}  // namespace burin::tools

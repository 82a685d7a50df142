#include "tools/exec.h"

#include <csignal>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "sandbox/parsed_cmd.h"
#include "sandbox/policy.h"
#include "sandbox/safety.h"

namespace burin::tools {

namespace exec_detail {

constexpr std::size_t retained = 1 << 20;  // bytes for each stream, and for both merged (sandbox.md 17.1)
constexpr int max_deltas = 10'000;         // for each stream
constexpr io::Span drain = io::seconds(2);
constexpr io::Span death = io::seconds(5);  // from SIGKILL to the end of the process
constexpr int timeout_code = 124;

struct Capture {
  std::string bytes;
  io::Event ended;
};

/// Reads one stream to its end, keeping the first bytes and streaming all of them.
io::Task<> pump(io::Child* child, io::Stream stream, Capture* to, const OnDelta* on_delta, std::string call_id) {
  for (int sent = 0;;) {
    auto piece = co_await child->read(stream);
    if (!piece || piece->empty()) break;
    if (*on_delta && sent < max_deltas) {
      ++sent;
      wire::event::ExecCommandOutputDelta delta;
      delta.call_id = call_id;
      delta.stream = stream == io::Stream::out ? wire::OutputStream::out : wire::OutputStream::err;
      delta.chunk.data = *piece;
      (*on_delta)(std::move(delta));
    }
    if (to->bytes.size() < retained) to->bytes.append(*piece, 0, retained - to->bytes.size());
  }
  to->ended.set();
}

/// Gives the command its whole standard input.
io::Task<> feed(io::Child* child, std::string input) {
  auto written = co_await child->write(std::move(input));
  // A command need not read its input to the end; how it went on without it shows in its output.
  if (!written) log(Level::debug, "exec", "the standard input was not taken: {}", written.error().text());
  child->close_input();
}

/// Both streams have come to their end. (Scope::join would not do: it cannot be left before its children have ended.)
io::Task<Result<bool>> both_ended(Capture* out, Capture* err) {
  co_await out->ended.wait();
  co_await err->ended.wait();
  co_return true;
}

/// stdout, then stderr; above the cap stdout gets a third, stderr the rest, and what one leaves goes to the other.
std::string merge(const std::string& out, const std::string& err) {
  if (out.size() + err.size() <= retained) return out + err;
  std::size_t from_out = std::min(out.size(), retained / 3);
  std::size_t from_err = std::min(err.size(), retained - from_out);
  from_out = std::min(out.size(), retained - from_err);
  return out.substr(0, from_out) + err.substr(0, from_err);
}

std::string spawn_error_text(const Error& e) {
  struct Row {
    int sys;
    std::string_view kind;
  };
  static constexpr Row rows[] = {
      {ENOENT, "NotFound"},       {EACCES, "PermissionDenied"},   {EPERM, "PermissionDenied"},
      {ENOTDIR, "NotADirectory"}, {E2BIG, "ArgumentListTooLong"}, {EAGAIN, "WouldBlock"},
      {ENOMEM, "OutOfMemory"},    {EISDIR, "IsADirectory"},       {ETXTBSY, "ExecutableFileBusy"},
      {EINVAL, "InvalidInput"},
  };
  if (e.sys == 0 && e.kind == Kind::invalid) {
    return fmt::format(R"(execution error: Io(Error {{ kind: InvalidInput, message: "{}" }}))", e.what);
  }
  if (e.sys == 0) return "execution error: " + e.text();
  std::string_view kind = "Uncategorized";
  for (const auto& row : rows) {
    if (row.sys == e.sys) kind = row.kind;
  }
  return fmt::format(R"(execution error: Io(Os {{ code: {}, kind: {}, message: "{}" }}))", e.sys, kind,
                     std::strerror(e.sys));
}

bool is_rejection(const wire::ReviewDecision& d) {
  if (std::holds_alternative<wire::decision::Denied>(d) || std::holds_alternative<wire::decision::Abort>(d))
    return true;
  const auto* network = std::get_if<wire::decision::NetworkAmendment>(&d);
  return network != nullptr && network->network_policy_amendment.action == wire::NetworkRuleAction::deny;
}

bool is_for_session(const wire::ReviewDecision& d) {
  return std::holds_alternative<wire::decision::ApprovedForSession>(d);
}

wire::event::ExecApprovalRequest question_about(const ToolContext& context, const ClearanceRequest& request,
                                                const std::string& reason,
                                                const std::optional<sandbox::Argv>& amendment) {
  wire::event::ExecApprovalRequest question;
  question.call_id = request.call_id;
  question.turn_id = context.turn_id;
  question.command = request.argv;
  question.cwd = request.cwd;
  if (!reason.empty()) question.reason = reason;
  question.proposed_execpolicy_amendment = amendment;
  auto& decisions = question.available_decisions.emplace();
  decisions.emplace_back(wire::decision::Approved{});
  if (amendment) decisions.emplace_back(wire::decision::ApprovedExecpolicyAmendment{*amendment});
  decisions.emplace_back(wire::decision::Abort{});
  question.parsed_cmd = sandbox::parse_command(request.argv);
  return question;
}

struct Running {
  std::unique_ptr<io::Child> child;
  Capture out, err;
};

/// Waits for the command and for its pipes. Leaves with an exception only after everything below it has ended.
io::Task<Result<bool>> supervise(Running* run, const ExecRequest& request, const OnDelta* on_delta,
                                 io::ExitStatus* status) {
  io::Ctx ctx = co_await io::Here{};
  io::Scope readers(ctx);
  readers.spawn(pump(run->child.get(), io::Stream::out, &run->out, on_delta, request.call_id));
  readers.spawn(pump(run->child.get(), io::Stream::err, &run->err, on_delta, request.call_id));
  if (request.input) readers.spawn(feed(run->child.get(), *request.input));
  bool timed_out = false;
  std::exception_ptr stopped;
  Error broken;
  bool failed = false;
  try {
    auto ended = co_await io::with_deadline(request.timeout, "command", run->child->wait());
    if (ended) {
      *status = *ended;
    } else if (ended.error().kind == Kind::timeout) {
      timed_out = true;
    } else {
      broken = ended.error();
      failed = true;
    }
  } catch (const io::Cancelled&) {
    stopped = std::current_exception();
  }
  if (timed_out || stopped || failed) {
    run->child->kill();
    auto dead = co_await io::shielded(death, run->child->wait());
    if (!dead) log(Level::warn, "exec", "a killed command did not end: {}", dead.error().text());
  }
  if (!stopped) {
    try {
      (void)co_await io::with_deadline(drain, "pipes", both_ended(&run->out, &run->err));
    } catch (const io::Cancelled&) {
      stopped = std::current_exception();
    }
  }
  readers.cancel(io::Why::finished);
  // A server that the command has started may be what the next call needs. It ends with us at the latest.
  if (stopped) {
    run->child->kill();
  } else if (!timed_out && !failed) {
    run->child->leave();
  }
  try {
    co_await readers.join();
  } catch (const io::Cancelled&) {
    // join has waited for the readers; the reason for stopping is kept above.
  }
  // A pipe that something still holds counts as empty (sandbox.md 5).
  for (auto* stream : {&run->out, &run->err}) {
    if (!stream->ended.is_set()) stream->bytes.clear();
  }
  if (stopped) std::rethrow_exception(stopped);
  if (failed) co_return tl::unexpected(broken);
  co_return timed_out;
}

}  // namespace exec_detail

using namespace exec_detail;

io::Task<tl::expected<ExecOutput, ExecFailure>> run_process(io::World& world, ExecRequest request,
                                                            std::vector<std::string> launcher_args, OnDelta on_delta) {
  io::SpawnSpec spec;
  spec.argv = request.argv;
  spec.cwd = request.cwd;
  spec.env = request.env;
  spec.argv0 = request.argv0;
  if (request.input) spec.input = io::SpawnSpec::Input::pipe;
  spec.launcher_args = std::move(launcher_args);
  io::Time start = world.loop.now();
  Running run;
  auto child = co_await world.processes.spawn(std::move(spec));
  if (!child) co_return tl::unexpected(ExecFailure{ExecFailure::Why::spawn, spawn_error_text(child.error())});
  run.child = std::move(*child);
  io::ExitStatus status;
  auto timed_out = co_await supervise(&run, request, &on_delta, &status);
  if (!timed_out) co_return tl::unexpected(ExecFailure{ExecFailure::Why::spawn, spawn_error_text(timed_out.error())});
  ExecOutput output;
  output.duration = world.loop.now() - start;
  output.timed_out = *timed_out;
  if (!output.timed_out && status.signal != 0) {
    co_return tl::unexpected(
        ExecFailure{ExecFailure::Why::signal, fmt::format("execution error: Sandbox(Signal({}))", status.signal)});
  }
  output.exit_code = output.timed_out ? timeout_code : status.code;
  output.merged = utf8_lossy(merge(run.out.bytes, run.err.bytes));
  output.out = utf8_lossy(run.out.bytes);
  output.err = utf8_lossy(run.err.bytes);
  co_return output;
}

io::Task<tl::expected<ExecOutput, ExecFailure>> run_once(ToolContext& context, ExecRequest request, bool sandboxed) {
  std::vector<std::string> launcher_args;
  if (sandboxed) {
    auto args = sandbox::launcher_args(context.sandbox, context.cwd, context.world.files, context.world.env,
                                       context.mechanisms);
    if (!args) {
      std::string text = args.error().what;
      if (!args.error().fix.empty()) text += ". " + args.error().fix;
      co_return tl::unexpected(ExecFailure{ExecFailure::Why::unsupported, text});
    }
    launcher_args = std::move(*args);
  }
  OnDelta on_delta;
  if (request.stream_deltas && context.host.wants_output_deltas()) {
    on_delta = [host = &context.host](wire::event::ExecCommandOutputDelta delta) { host->emit(std::move(delta)); };
  }
  co_return co_await run_process(context.world, std::move(request), std::move(launcher_args), std::move(on_delta));
}

std::map<std::string, std::string> command_environment(const ToolContext& context) {
  auto env = context.environment;
  if (!sandbox::has_full_network(context.sandbox)) env["CODEX_SANDBOX_NETWORK_DISABLED"] = "1";
  return env;
}

std::string command_cache_key(const std::vector<std::string>& argv, const std::string& cwd, std::optional<bool> tty,
                              bool escalation) {
  std::vector<std::string> canonical = argv;
  if (auto script = sandbox::script_of(argv)) {
    auto plain = sandbox::plain_commands(*script);
    if (plain && plain->size() == 1) {
      canonical = plain->front();
    } else {
      canonical = {"__codex_shell_script__", argv[1], *script};
    }
  }
  json::object key;
  key["command"] = json::array(canonical.begin(), canonical.end());
  key["cwd"] = cwd;
  if (tty) key["tty"] = *tty;
  key["sandbox_permissions"] = escalation ? "require_escalated" : "use_default";
  key["additional_permissions"] = nullptr;
  return dump(key);
}

std::optional<std::string> refuse_escalation(const ToolContext& context, bool escalation, std::string_view verb) {
  if (!escalation || context.approval == wire::AskForApproval::on_request()) return std::nullopt;
  std::string name = sandbox::approval_debug_name(context.approval);
  return fmt::format(
      "approval policy is {0}; reject command — you {1} ask for escalated permissions if the approval policy is {0}",
      name, verb);
}

io::Task<Clearance> clear_command(ToolContext& context, ClearanceRequest request) {
  sandbox::CommandRequest query{.argv = request.argv,
                                .approval = context.approval,
                                .sandbox = context.sandbox,
                                .escalation = request.escalation,
                                .prefix_rule = request.prefix_rule};
  auto requirement = sandbox::requirement_for(query);
  Clearance result;
  using enum sandbox::Requirement::Kind;
  if (requirement.kind == forbidden) {
    result.answer = Clearance::Answer::rejected;
    result.reason = requirement.reason;
    co_return result;
  }
  result.proposed_amendment = requirement.proposed_amendment;
  bool outside = !sandbox::needs_sandbox(context.sandbox) || request.escalation ||
                 (requirement.kind == skip && requirement.bypass_sandbox);
  if (requirement.kind == ask) {
    if (!context.approvals.all_known(request.cache_keys)) {
      const auto& reason = requirement.reason.empty() ? request.justification : requirement.reason;
      auto decision =
          co_await context.host.approve_exec(question_about(context, request, reason, result.proposed_amendment));
      if (is_rejection(decision)) {
        result.answer = Clearance::Answer::rejected;
        result.reason = "rejected by user";
        co_return result;
      }
      if (is_for_session(decision)) context.approvals.remember(request.cache_keys);
    }
    result.approved = true;
  }
  result.answer = outside ? Clearance::Answer::unsandboxed : Clearance::Answer::sandboxed;
  co_return result;
}

io::Task<Retry> may_retry_unsandboxed(ToolContext& context, const ClearanceRequest& request,
                                      const Clearance& clearance) {
  const auto& policy = context.approval;
  if (!sandbox::may_ask(policy) || policy == wire::AskForApproval::on_request()) co_return Retry::no;
  if (clearance.approved || context.approvals.all_known(request.cache_keys)) co_return Retry::yes;
  auto decision = co_await context.host.approve_exec(
      question_about(context, request, "command failed; retry without sandbox?", clearance.proposed_amendment));
  if (is_for_session(decision)) context.approvals.remember(request.cache_keys);
  co_return is_rejection(decision) ? Retry::rejected : Retry::yes;
}

}  // namespace burin::tools

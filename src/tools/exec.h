// Running one command to its end: time limit, output capture, streaming, sandbox (sandbox.md 5, 10).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sandbox/script.h"
#include "tools/tool.h"

namespace burin::tools {

/// What a finished command left behind. Output is what was kept: at most 1 MiB for each stream.
struct ExecOutput {
  int exit_code = 0;
  std::string out, err;  // UTF-8
  std::string merged;    // stdout then stderr, at most 1 MiB together
  io::Span duration{};
  bool timed_out = false;  // exit_code is 124 then
};

/// Why there is no ExecOutput. `model_text` is what the model reads.
struct ExecFailure {
  /// `rejected`: by the user; `refused`: by policy, without asking.
  enum class Why : unsigned char { spawn, signal, rejected, refused, unsupported } why;
  std::string model_text;
};

struct ExecRequest {
  std::string call_id;
  std::vector<std::string> argv;
  std::string cwd;
  std::map<std::string, std::string> env;
  io::Span timeout = io::seconds(10);
  bool stream_deltas = true;
  std::optional<std::string> argv0 = {};
  std::optional<std::string> input = {};  // the whole standard input; /dev/null without it
};

/// Takes the pieces of output while the command runs; empty: nobody wants them.
using OnDelta = std::function<void(wire::event::ExecCommandOutputDelta)>;

/// Runs the command to its end, with nothing of a turn: `launcher_args` confine it, none leave it free. When stopped,
/// it leaves with Cancelled after everything below the command has ended.
io::Task<tl::expected<ExecOutput, ExecFailure>> run_process(io::World& world, ExecRequest request,
                                                            std::vector<std::string> launcher_args, OnDelta on_delta);

/// One attempt, inside the sandbox of the turn or outside any.
io::Task<tl::expected<ExecOutput, ExecFailure>> run_once(ToolContext& context, ExecRequest request, bool sandboxed);

/// The environment of commands of this turn: the policy's, plus the network marker when the network is restricted.
std::map<std::string, std::string> command_environment(const ToolContext& context);

/// What the approval machinery needs to know of a command (sandbox.md 10).
struct Clearance {
  enum class Answer : unsigned char { sandboxed, unsandboxed, rejected } answer = Answer::sandboxed;
  bool approved = false;                            // the user said yes to this call
  std::string reason;                               // rejected: text for the model
  std::optional<sandbox::Argv> proposed_amendment;  // a prefix that the user may save, also when a retry is asked about
};

struct ClearanceRequest {
  std::string call_id;
  const std::vector<std::string>& argv;
  std::string cwd;
  bool escalation = false;
  std::string justification;
  std::optional<std::vector<std::string>> prefix_rule;
  std::vector<std::string> cache_keys;
};

/// Decides, asking the user where the policy says so.
io::Task<Clearance> clear_command(ToolContext& context, ClearanceRequest request);

/// After a denial by the sandbox: whether to run again without it; `no`: the denial is the result, `rejected`: the user
/// said no. Asks unless the call is approved.
enum class Retry : unsigned char { no, yes, rejected };
io::Task<Retry> may_retry_unsandboxed(ToolContext& context, const ClearanceRequest& request,
                                      const Clearance& clearance);

/// Session-cache key parts: the canonical command (sandbox.md 11.3).
std::string command_cache_key(const std::vector<std::string>& argv, const std::string& cwd, std::optional<bool> tty,
                              bool escalation);

/// The text of a refused escalation under a policy other than on-request; `verb` is "should not" or "cannot".
std::optional<std::string> refuse_escalation(const ToolContext& context, bool escalation, std::string_view verb);

}  // namespace burin::tools

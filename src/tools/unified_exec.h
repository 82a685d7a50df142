// Long-lived processes behind exec_command and write_stdin (tools.md 4).
//
// One manager for a session: a process survives the call and the turn that started it. Each has a task of its own that
// reads its output and reports its end, whoever notices it; calls only look at what has come in since the last look.
//
// Ownership: the manager owns the processes and their tasks; terminate_all() must have been awaited before it is
// destroyed. Host must outlive it.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tools/exec.h"

namespace burin::tools {

/// Keeps at most `limit` bytes: half of them from the beginning, half from the end; the middle is dropped.
class HeadTailBuffer {
 public:
  explicit HeadTailBuffer(std::size_t limit) : limit_(limit) {}
  void append(std::string_view bytes);
  std::string take();  // all that is kept; empties the buffer
  std::string text() const;
  bool empty() const { return head_.empty() && tail_.empty(); }

 private:
  std::size_t limit_;
  std::string head_, tail_;
};

class UnifiedExec {
 public:
  static constexpr std::size_t max_processes = 64, warn_at = 60, protected_recent = 8;
  static constexpr std::size_t buffer_bytes = 1 << 20;

  /// `ctx` is the session's: process tasks live under its stop node.
  UnifiedExec(io::World& world, io::Ctx ctx, Host& host);
  ~UnifiedExec();

  struct StartRequest {
    std::string call_id, turn_id, cwd;
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;
    bool tty = false;
    std::vector<std::string> launcher_args;  // of the sandbox, empty for none
    wire::TruncationPolicy truncation;       // of formatted_output in the end event
  };
  struct Process;

  /// Starts a process; waits up to 150 ms for an early end. The caller announces it (begin event) or gives it up.
  io::Task<Result<Process*>> start(StartRequest request);
  /// Emits the begin event and starts streaming output deltas. To be called once, after start().
  void announce(Process& process);
  /// Removes a process that was not announced.
  io::Task<> give_up(Process& process);
  /// Keeps the process under a session id (pruning others if there are too many) and returns the id.
  io::Task<int> keep(Process& process);

  /// nullptr when the id is not in use.
  Process* find(int id);
  /// Waits until the deadline, or until the process has ended and its output is closed; returns the unread output.
  io::Task<std::string> collect(Process& process, io::Time deadline);
  io::Task<Result<>> write(Process& process, std::string bytes);
  static std::optional<io::ExitStatus> status(const Process& process);
  static bool tty(const Process& process);
  static const std::string& call_id(const Process& process);
  static int id(const Process& process);
  std::string transcript(const Process& process) const;
  /// Forgets a process that has ended; its task still reports the end.
  void forget(Process& process);

  /// Kills every process with all its descendants and waits for the ends to be reported.
  io::Task<> terminate_all();

 private:
  io::Task<> run(Process* process);
  io::Task<> prune();
  void remove(Process& process);
  void report_end(Process& process);
  int fresh_id();
  io::World& world_;
  Host& host_;
  io::Scope scope_;
  std::map<int, Process*> kept_;
  std::map<Process*, std::unique_ptr<Process>> all_;
  std::uint64_t uses_ = 0;
};

std::shared_ptr<Tool> make_exec_command_tool();
std::shared_ptr<Tool> make_write_stdin_tool();

}  // namespace burin::tools

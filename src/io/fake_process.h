// Commands for tests that never run: each is played from a script, on the loop's (usually virtual) time.
//
// A script waits for its moment, gives its output piece by piece and ends as told, or stays until it is killed. Tests
// that need a dialogue react to input with `on_input`, or take the child by its number and let it speak.
//
// Ownership: children refer to their ScriptedProcesses, which must outlive them. Loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/process.h"
#include "io/time.h"

namespace burin::io {

class ScriptedChild;

struct CommandScript {
  struct Step {
    Stream stream = Stream::out;
    std::string bytes;
    Span delay{};  // before it appears
  };
  /// Instead of a start: the error of spawn().
  std::optional<Error> refused;
  std::vector<Step> steps;
  Span end_delay{};
  /// How it ends after its last step; nullopt: it stays until it is killed or ended by the test.
  std::optional<ExitStatus> exit = ExitStatus{};
  /// A descendant keeps the output open after the exit, until kill().
  bool holds_output = false;
  std::function<void(ScriptedChild&, std::string_view)> on_input;

  static CommandScript output(std::string out, int code = 0);
  static CommandScript hang();
  static CommandScript refusal(Kind kind, std::string what, int sys = 0);
};

/// What a test sees and steers of one command.
class ScriptedChild {
 public:
  virtual ~ScriptedChild() = default;
  virtual const SpawnSpec& spec() const = 0;
  virtual void say(Stream stream, std::string bytes) = 0;
  virtual void end(ExitStatus status) = 0;

  std::string input;  // everything that was written to it
  bool input_closed = false;
  std::vector<int> signals;  // signal() calls in order
  bool killed = false;
  bool destroyed = false;  // its Child is gone
};

class ScriptedProcesses : public Processes {
 public:
  using Match = std::function<bool(const SpawnSpec&)>;

  ScriptedProcesses();
  ~ScriptedProcesses() override;
  Task<Result<std::unique_ptr<Child>>> spawn(SpawnSpec spec) override;

  /// The first unused expectation whose predicate accepts the command plays it.
  void expect(Match match, CommandScript script);
  /// Expects exactly these words.
  void expect(std::vector<std::string> argv, CommandScript script);
  /// Plays every command that no expectation takes.
  void otherwise(CommandScript script) { otherwise_ = std::move(script); }

  std::size_t count() const { return children_.size(); }
  /// The n-th command that was started, from 0; stays valid after its Child is gone.
  ScriptedChild& child(std::size_t n) { return *children_.at(n); }
  /// Words of every command that nothing was scripted for; its spawn fails as if there were no such program.
  const std::vector<std::string>& problems() const { return problems_; }
  std::size_t unused() const { return expectations_.size(); }

 private:
  class Play;
  class Handle;
  struct Expectation {
    Match match;
    CommandScript script;
  };
  std::vector<Expectation> expectations_;
  std::optional<CommandScript> otherwise_;
  std::vector<std::unique_ptr<ScriptedChild>> children_;
  std::vector<std::string> problems_;
};

}  // namespace burin::io

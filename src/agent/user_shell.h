// Commands that the user types ("!cmd"; session.md 3.8): no model, no sandbox, no questions. What the model gets is a
// record, one contextual user message.
//
// Without a running turn a command is a turn of its own, which runs run_user_shell as its work. Beside a running turn
// it belongs to that turn: its events bear the turn's id, and when the turn is stopped it is ended before the turn is
// closed. It may outlive a turn that ends by itself.
//
// Every command that has begun is ended and recorded, whatever stops it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/task.h"
#include "wire/item.h"
#include "wire/settings.h"

namespace burin::agent {

class Session;

struct UserCommand {
  std::string line;  // as typed
  std::string turn_id;
  std::string cwd;
  wire::TruncationPolicy truncation;  // of the turn's model
};

/// Takes the record. Called once, also when the command is stopped; then before the end event, else after it.
using TakeRecord = std::function<void(wire::ResponseItem)>;

/// Runs the line to its end with the session's shell as login shell, for at most an hour. When stopped, it leaves with
/// Cancelled after the processes are gone, the record is taken and the end is told.
io::Task<> run_user_shell(Session& session, UserCommand command, TakeRecord take);

/// The commands that run beside turns. Loop thread only; stop_all() must have been awaited before it is destroyed.
class UserCommands {
 public:
  /// `ctx` is the session's.
  UserCommands(Session& session, io::Ctx ctx) : session_(session), tasks_(ctx) {}

  void start(UserCommand command, TakeRecord take);
  /// Ends what belongs to the turn, and waits for it.
  io::Task<> stop(std::string_view turn_id);
  io::Task<> stop_all();
  bool empty() const { return running_.empty(); }

 private:
  struct Running;
  io::Task<> run(std::shared_ptr<Running> self, UserCommand command, TakeRecord take);

  Session& session_;
  std::vector<std::shared_ptr<Running>> running_;
  io::Scope tasks_;
};

}  // namespace burin::agent

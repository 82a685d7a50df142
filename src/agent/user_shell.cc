#include "agent/user_shell.h"

#include "agent/session.h"
#include "config/shell_env.h"
#include "context/fragments.h"
#include "context/truncate.h"
#include "sandbox/parsed_cmd.h"
#include "tools/shell_output.h"

namespace burin::agent {

namespace user_shell_detail {

constexpr io::Span time_limit = io::seconds(3600);
constexpr std::string_view aborted_text = "command aborted by user";

wire::ResponseItem record_of(const UserCommand& command, int exit_code, double seconds, std::string_view output) {
  auto cut = context::truncate_with_header(output, command.truncation);
  return *context::text_message("user", {context::user_shell_fragment(command.line, exit_code, seconds, cut)});
}

wire::event::ExecCommandBegin begin_event(const Session& session, const UserCommand& command) {
  wire::event::ExecCommandBegin begin;
  begin.call_id = io::uuid_v4(session.world.random);
  begin.turn_id = command.turn_id;
  begin.command = sandbox::shell_argv(session.shell, command.line, true);
  begin.cwd = command.cwd;
  begin.parsed_cmd = sandbox::parse_command(begin.command);
  begin.source = wire::ExecSource::user_shell;
  return begin;
}

tools::OnDelta deltas_to(Session& session, const std::string& turn_id) {
  if (!session.wants_output_deltas()) return {};
  return [&session, turn_id](wire::event::ExecCommandOutputDelta delta) { session.emit_as(turn_id, std::move(delta)); };
}

}  // namespace user_shell_detail

using namespace user_shell_detail;

io::Task<> run_user_shell(Session& session, UserCommand command, TakeRecord take) {
  auto begin = begin_event(session, command);
  session.emit_as(command.turn_id, begin);
  tools::ExecRequest request{
      .call_id = begin.call_id,
      .argv = begin.command,
      .cwd = command.cwd,
      .env = config::build_environment(session.config.shell_environment_policy, session.world.env, session.thread_id),
      .timeout = time_limit};
  tools::ExecFailure failure{tools::ExecFailure::Why::signal, std::string(aborted_text)};
  std::exception_ptr stopped;
  try {
    auto result =
        co_await tools::run_process(session.world, std::move(request), {}, deltas_to(session, command.turn_id));
    if (result) {
      session.emit_as(command.turn_id, tools::end_event(begin, *result, command.truncation));
      take(record_of(command, result->exit_code, io::to_seconds(result->duration), tools::shown_output(*result)));
      co_return;
    }
    failure = std::move(result.error());
  } catch (const io::Cancelled&) {
    stopped = std::current_exception();
  }
  auto record = record_of(command, -1, 0, failure.model_text);
  if (stopped) {
    take(std::move(record));
    session.emit_as(command.turn_id, tools::end_event(begin, failure));
    std::rethrow_exception(stopped);
  }
  session.emit_as(command.turn_id, tools::end_event(begin, failure));
  take(std::move(record));
}

struct UserCommands::Running {
  Running(std::string id, io::Stop* parent) : turn_id(std::move(id)), stop(parent) {}
  std::string turn_id;
  io::Stop stop;
  io::Event ended;
};

void UserCommands::start(UserCommand command, TakeRecord take) {
  auto running = running_.emplace_back(std::make_shared<Running>(command.turn_id, &tasks_.stop()));
  tasks_.spawn(run(std::move(running), std::move(command), std::move(take)));
}

io::Task<> UserCommands::run(std::shared_ptr<Running> self, UserCommand command, TakeRecord take) {
  // Whatever happens, whoever waits for the end is released.
  struct Release {
    UserCommands* commands;
    const std::shared_ptr<Running>& one;
    ~Release() {
      std::erase(commands->running_, one);
      one->ended.set();
    }
  } release{this, self};
  try {
    co_await io::under(&self->stop, run_user_shell(session_, std::move(command), std::move(take)));
  } catch (const io::Cancelled&) {
    // Recorded and told; nobody else waits for this command.
  }
}

io::Task<> UserCommands::stop(std::string_view turn_id) {
  auto all = running_;
  std::erase_if(all, [&](const auto& one) { return one->turn_id != turn_id; });
  for (const auto& one : all) one->stop.fire(io::Why::interrupted);
  for (const auto& one : all) co_await one->ended.wait();
}

io::Task<> UserCommands::stop_all() {
  tasks_.cancel(io::Why::shutdown);
  co_await tasks_.join();
}

}  // namespace burin::agent

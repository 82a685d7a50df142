#include "testkit/mock_program.h"

#include <csignal>

#include "base/json.h"
#include "base/text.h"
#include "io/stdio.h"
#include "testkit/control.h"
#include "testkit/mock_server.h"
#include "testkit/program_options.h"
#include "testkit/script.h"

namespace burin::testkit {

namespace mock_program_detail {

constexpr auto longest_run = std::chrono::hours(24 * 365);

/// The log: one line for each fact, written at once. A log that cannot be written is a reason to end with 1.
class FactLog {
 public:
  FactLog(io::Clock& clock, std::unique_ptr<io::AppendFile> file) : clock_(clock), file_(std::move(file)) {}

  void request(const CapturedRequest& r) {
    json::object line = start("http");
    add_request_fields(line, r);
    write(std::move(line));
  }
  void response_done(const CapturedRequest& r) {
    json::object line = start("response-done");
    line["seq"] = r.sequence;
    line["client_left"] = r.delivery->client_left;
    write(std::move(line));
  }
  void problem(const Problem& p) {
    json::object line = start("problem");
    auto name = problem_name(p.kind);
    line["problem"] = json::string(name.data(), name.size());
    line["text"] = json::string(p.text.data(), p.text.size());
    write(std::move(line));
  }
  void websocket(MockOptions::WsFact fact, const WsRecord& r) {
    using Fact = MockOptions::WsFact;
    constexpr const char* kinds[] = {"ws-handshake", "ws-message", "ws-pong", "ws-close"};
    json::object line = start(kinds[static_cast<std::size_t>(fact)]);
    line["connection"] = r.number;
    auto text = [](std::string_view s) { return json::string(s.data(), s.size()); };
    if (fact == Fact::handshake) {
      add_request_fields(line, r.handshake);
      line.erase("seq");
    } else if (fact == Fact::message) {
      const auto& m = r.messages.back();
      line["index"] = r.messages.size() - 1;
      line["body"] = m.json.is_null() ? json::value(text(m.text)) : m.json;
      line["compressed"] = m.compressed;
      line["wire_size"] = m.wire_size;
      line["overlapping"] = m.overlapping;
    } else if (fact == Fact::pong) {
      line["payload"] = text(r.pongs.back());
    } else {
      line["code"] = r.close_code ? json::value(*r.close_code) : json::value(nullptr);
      line["how"] = text(r.how);
    }
    write(std::move(line));
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  json::object start(const char* kind) { return json::object{{"t", clock_.now_ms()}, {"kind", kind}}; }
  void write(json::object line) {
    if (!file_ || error_) return;
    if (auto done = file_->append(dump(json::value(std::move(line))) + "\n"); !done) error_ = done.error();
  }

  io::Clock& clock_;
  std::unique_ptr<io::AppendFile> file_;
  std::optional<Error> error_;
};

/// What the program, the signal handlers and the control endpoints share. Signal handlers may outlive the program's
/// server, hence shared ownership and no reference to it.
struct State {
  std::shared_ptr<Signal> changed;
  bool shutdown = false;
  std::uint64_t answered = 0;  // POST …/responses
  void end() {
    shutdown = true;
    if (changed) changed->notify();
  }
};

int complain(std::string_view text) {
  io::write_all(2, fmt::format("mock-server: {}\n", text));
  return 2;
}

std::string error_text(const Error& e) { return e.fix.empty() ? e.text() : e.text() + " (" + e.fix + ")"; }

Result<std::string> absolute(io::Files& files, const std::string& file) {
  TRY(auto cwd, files.current_dir());
  return path::join(cwd, file);
}

Result<Script> read_script(io::World& world, const std::string& file) {
  TRY(auto where, absolute(world.files, file));
  TRY(auto text, world.files.read(where));
  auto script = parse_script(text);
  if (!script)
    return tl::unexpected(Error{script.error().kind, file + ": " + script.error().text(), script.error().fix});
  return script;
}

Result<std::unique_ptr<io::AppendFile>> open_log(io::World& world, const std::string& file) {
  if (file.empty()) return nullptr;
  TRY(auto where, absolute(world.files, file));
  CHECK(world.files.write(where, ""));
  return world.files.open_append(where, true);
}

MockOptions server_options(io::World& world, const ProgramOptions& options, std::shared_ptr<State> state,
                           FactLog* log) {
  MockOptions out;
  out.port = options.port;
  out.clock = &world.clock;
  out.repeat_last = options.repeat_last;
  out.on_request = [log](const CapturedRequest& r) { log->request(r); };
  out.on_problem = [log](const Problem& p) { log->problem(p); };
  out.on_websocket = [log](MockOptions::WsFact fact, const WsRecord& r) { log->websocket(fact, r); };
  out.on_response_done = [log, state](const CapturedRequest& r) {
    log->response_done(r);
    if (responses_endpoint().accepts(r.method, r.path)) ++state->answered;
  };
  return out;
}

/// Tells that the server is ready.
Result<> announce(io::World& world, const MockServer& server, const ProgramOptions& options) {
  std::string line = "listening " + server.base_url() + "\n";
  if (!options.ready_file.empty()) {
    TRY(auto where, absolute(world.files, options.ready_file));
    // Atomic: whoever polls for the file never reads half of it.
    CHECK(world.files.write_atomic(where, line, 0644));
  }
  if (!io::write_all(1, line)) return fail(Kind::unavailable, "cannot write to stdout");
  return {};
}

/// True when the end came as asked for; false when --timeout passed before --exit-after was reached.
io::Task<bool> wait_for_end(std::shared_ptr<State> state, ProgramOptions options) {
  auto over = [state, options] {
    return state->shutdown || (options.exit_after && state->answered >= *options.exit_after);
  };
  io::Span limit = longest_run;
  if (options.timeout_s) limit = io::duration_cast<io::Span>(std::chrono::duration<double>(*options.timeout_s));
  bool ended = true;
  try {
    ended = (co_await wait_until(state->changed, over, limit, "end")).has_value();
  } catch (const io::Cancelled&) {
    // The root was stopped: the program ends in order.
  }
  co_return ended || !options.exit_after;
}

int judge(const MockServer& server, const ProgramOptions& options, const FactLog& log) {
  auto problems = options.strict ? server.problems_at_end() : server.problems();
  if (!options.strict) std::erase_if(problems, [](const Problem& p) { return p.kind == ProblemKind::unmatched; });
  if (log.error()) complain("the log is not complete: " + error_text(*log.error()));
  if (!problems.empty()) complain(fmt::format("{} problem(s):\n{}", problems.size(), problems_text(problems)));
  return problems.empty() && !log.error() ? 0 : 1;
}

/// A file of an earlier run would tell a wrong address to whoever polls for it.
Result<> remove_old_ready_file(io::World& world, const ProgramOptions& options) {
  if (options.ready_file.empty()) return {};
  TRY(auto where, absolute(world.files, options.ready_file));
  if (!world.files.exists(where)) return {};
  return world.files.remove(where);
}

io::Task<int> serve(io::World& world, ProgramOptions options, Script script, FactLog* log) {
  auto state = std::make_shared<State>();
  auto settings = server_options(world, options, state, log);
  MockServer* self = nullptr;
  settings.control = [&self, state](io::ServerExchange& x) {
    return answer_control(self, &x, [state] { state->end(); });
  };
  auto started = co_await MockServer::start(world.loop, std::move(settings));
  if (!started) co_return complain(error_text(started.error()));
  auto& server = **started;
  self = &server;
  state->changed = server.changed();
  mount_script(server, std::move(script));
  for (int number : {SIGTERM, SIGINT}) world.loop.on_signal(number, [state] { state->end(); });

  auto announced = announce(world, server, options);
  bool in_time = announced ? co_await wait_for_end(state, options) : false;
  co_await io::shielded(io::seconds(10), server.stop());
  if (!announced) co_return complain(error_text(announced.error()));
  if (!in_time) {
    complain(fmt::format("--timeout passed after {} of {} answers", state->answered, *options.exit_after));
    (void)judge(server, options, *log);
    co_return 1;
  }
  co_return judge(server, options, *log);
}

}  // namespace mock_program_detail

io::Task<int> mock_server_main(io::World& world, std::vector<std::string> args) {
  using namespace mock_program_detail;
  auto options = parse_program_options(args);
  if (!options) co_return complain(error_text(options.error()));
  if (options->help) co_return io::write_all(1, program_usage()) ? 0 : 2;
  auto script = read_script(world, options->script);
  if (!script) co_return complain(error_text(script.error()));
  auto file = open_log(world, options->log);
  if (!file) co_return complain(error_text(file.error()));
  if (auto removed = remove_old_ready_file(world, *options); !removed) co_return complain(error_text(removed.error()));
  FactLog log(world.clock, std::move(*file));
  co_return co_await serve(world, std::move(*options), std::move(*script), &log);
}

}  // namespace burin::testkit

#include "exec/run.h"

#include <cerrno>
#include <csignal>

#include "agent/git_metadata.h"
#include "agent/thread.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "exec/output.h"
#include "exec/prompt.h"
#include "io/stdio.h"
#include "model/auth_manager.h"
#include "model/catalog.h"
#include "model/models_manager.h"
#include "model/oss.h"
#include "sandbox/policy.h"
#include "store/sessions.h"
#include "tools/json_position.h"

namespace burin::exec {

namespace run_detail {

constexpr std::string_view originator = "codex_exec";
constexpr std::uint64_t max_schema_bytes = 16 << 20;

/// Ends a run before it has begun: the line is printed and the exit code is 1.
struct Refused {
  std::string line;
};
template <class T>
using Step = tl::expected<T, Refused>;

Step<std::string> working_directory(io::World& world, const Options& options) {
  auto base = world.files.current_dir();
  if (!base) return tl::unexpected(Refused{"Error: " + base.error().text()});
  auto wanted = options.cd ? path::join(*base, *options.cd) : *base;
  auto canonical = world.files.canonical(wanted);
  if (!canonical) return tl::unexpected(Refused{"Error: " + canonical.error().reason()});
  return *canonical;
}

Step<std::shared_ptr<const config::Config>> load(io::World& world, Options& options, const std::string& home,
                                                 const std::string& cwd) {
  auto layers = read_config_arguments(options.config_arguments);
  if (!layers) return tl::unexpected(Refused{layers.error().report()});
  options.overrides.layers = std::move(*layers);
  // exec never asks (cli-config.md 3.1).
  options.overrides.approval_policy = wire::AskForApproval::never();
  auto config = config::load_config(world.files, world.env, home, cwd, options.overrides);
  if (!config) return tl::unexpected(Refused{config.error().report()});
  return std::make_shared<const config::Config>(std::move(*config));
}

/// The path of the session to go on with; unset for a new one.
Step<std::optional<std::string>> find_session(io::World& world, const Options& options, const config::Config& config) {
  if (!options.resume) return std::nullopt;
  const auto& r = *options.resume;
  if (r.last) {
    store::LatestFilter filter{.cwd = r.all ? std::nullopt : std::optional(config.cwd),
                               .model_provider = config.provider.id};
    return store::find_latest(world.files, config.home, filter);
  }
  if (!r.session) return std::nullopt;
  auto file = store::find_resumable(world.files, config.home, config.cwd, *r.session);
  if (!file) {
    const auto& e = file.error();
    return tl::unexpected(Refused{fmt::format("Error: {}{}{}", e.what, e.fix.empty() ? "" : "; ", e.fix)});
  }
  return *file;
}

Step<std::optional<json::value>> read_schema(io::World& world, const Options& options, const std::string& cwd) {
  if (!options.output_schema) return std::nullopt;
  const auto& name = *options.output_schema;
  auto text = world.files.read(path::join(cwd, name), max_schema_bytes);
  if (!text) {
    return tl::unexpected(
        Refused{fmt::format("Failed to read output schema file {}: {}", name, text.error().reason())});
  }
  if (auto problem = tools::json_syntax_problem(*text)) {
    return tl::unexpected(Refused{fmt::format("Output schema file {} is not valid JSON: {}", name, problem->text())});
  }
  auto parsed = parse_json(*text);
  if (!parsed) return tl::unexpected(Refused{parsed.error().text()});
  return std::move(*parsed);
}

/// The final message as stdout gets it: it ends its last line, but is not ended twice.
std::string with_newline(const std::string& message) { return message.ends_with('\n') ? message : message + "\n"; }

/// Images keep their paths as given: the model is told of them by these names.
std::vector<wire::UserInput> user_input(const Options& options, const std::string& prompt) {
  std::vector<wire::UserInput> input;
  for (const auto& image : options.images) input.push_back(wire::input::LocalImage{.path = image});
  input.push_back(wire::input::Text{.text = prompt});
  return input;
}

/// Feeds the printer and notices the end of the turn.
class Sink : public agent::EventSink {
 public:
  explicit Sink(Printer& printer) : printer_(printer) {}
  void on_event(const wire::Event& event) override {
    namespace ev = wire::event;
    if (closed) return;
    printer_.on_event(event.msg);
    if (const auto* done = std::get_if<ev::TaskComplete>(&event.msg)) {
      last_message = done->last_agent_message;
      turn_over.set();
    } else if (std::holds_alternative<ev::TurnAborted>(event.msg)) {
      interrupted = true;
      turn_over.set();
    }
  }
  io::Event turn_over;
  std::optional<std::string> last_message;
  bool interrupted = false;
  int signal = 0;       // the last one that asked for the end
  bool closed = false;  // the end was printed: what shutting down still says is not shown

 private:
  Printer& printer_;
};

void write_last_message(io::World& world, const std::string& file, const std::string& cwd,
                        const std::optional<std::string>& message, Out& err) {
  if (!message) {
    err.write(fmt::format("Warning: no last agent message; wrote empty content to {}\n", file));
  }
  auto written = world.files.write(path::join(cwd, file), message.value_or(""));
  if (!written) {
    err.write(fmt::format("Failed to write last message file \"{}\": {}\n", file, written.error().reason()));
  }
}

io::Task<> serve(agent::Thread* thread) { co_await thread->run(); }

wire::op::UserTurn make_turn(const config::Config& config, const std::string& model, std::vector<wire::UserInput> items,
                             std::optional<json::value> schema) {
  wire::op::UserTurn turn;
  turn.items = std::move(items);
  turn.cwd = config.cwd;
  turn.approval_policy = config.approval_policy;
  turn.sandbox_policy = config.sandbox_policy;
  turn.model = model;
  turn.effort = config.model_reasoning_effort;
  turn.summary = config.model_reasoning_summary;
  if (schema) turn.final_output_json_schema = std::move(*schema);
  return turn;
}

/// The configured model, else the default of the catalogue, which the server may have to be asked for (12.8).
io::Task<std::string> chosen_model(const config::Config& config, const Options& options, const model::AuthManager& auth,
                                   model::ModelsManager& models) {
  if (config.model) co_return *config.model;
  if (options.overrides.oss) co_return std::string(config::default_oss_model(config.provider.id));
  co_await models.refresh(model::ModelsManager::Refresh::online_if_uncached);
  co_return model::default_model(*models.catalog(), auth.cached().mode == model::Auth::Mode::chatgpt);
}

io::Task<model::ModelResult<model::Auth>> login_for_models(std::shared_ptr<model::AuthManager> auth, bool renews) {
  if (!renews) co_return auth->cached();
  co_return co_await auth->current();
}

Result<std::shared_ptr<model::ModelsManager>> make_models(io::World& world, const config::Config& config,
                                                          model::Identity who,
                                                          std::shared_ptr<model::AuthManager> auth) {
  model::ModelsOptions options{
      .home = config.home, .identity = std::move(who), .provider = {}, .own = {}, .credentials = {}};
  options.provider = config.providers.at("openai");
  if (config.model_catalog) {
    auto own = model::read_catalog(*config.model_catalog);
    if (!own) {
      return wrap(own.error(), fmt::format("failed to read model_catalog_json {}", config.model_catalog_path));
    }
    options.own = std::move(*own);
  }
  // Where requests do not carry the login, nothing renews it either.
  options.credentials = [auth, renews = model::uses_login(config.provider)] { return login_for_models(auth, renews); };
  return std::make_shared<model::ModelsManager>(world, std::move(options));
}

struct Prepared {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<model::AuthManager> auth;
  std::optional<std::string> resume_path;
  std::string prompt;
  std::optional<json::value> schema;
  std::string start_dir;
};

model::Identity identity(io::World& world, const config::Config& config) {
  auto os_release = world.files.read("/etc/os-release", 1 << 16);
  auto out = model::make_identity(world.env, originator, "", os_release ? *os_release : "");
  if (config.requirements.us_residency) out.residency = "us";
  return out;
}

io::Task<Step<std::shared_ptr<model::AuthManager>>> credentials(io::World& world, const config::Config& config) {
  auto auth = std::make_shared<model::AuthManager>(world, model::auth_options(config, identity(world, config), true));
  auto checked = co_await auth->load();
  if (!checked && !model::uses_login(config.provider)) {
    log(Level::warn, "auth", "going on without the login, which this provider does not use: {}",
        checked.error().text());
    co_return auth;
  }
  if (checked) checked = co_await auth->check_restrictions();
  if (!checked) {
    const auto& e = checked.error();
    co_return tl::unexpected(Refused{fmt::format("Error: {}{}{}", e.text(), e.fix.empty() ? "" : "; ", e.fix)});
  }
  if (model::sends_tokens_elsewhere(config.provider, auth->cached())) {
    log(Level::warn, "auth", "the ChatGPT login is sent to {}, which is not a host of OpenAI",
        config.provider.base_url.value_or(""));
  }
  co_return auth;
}

/// Everything of cli-config.md 3.2, in its order.
io::Task<Step<Prepared>> prepare(io::World& world, Options& options, const std::string& home, Out& err) {
  Prepared p;
  auto start = world.files.current_dir();
  p.start_dir = start ? *start : "/";
  auto cwd = working_directory(world, options);
  if (!cwd) co_return tl::unexpected(cwd.error());
  auto config = load(world, options, home, *cwd);
  if (!config) co_return tl::unexpected(config.error());
  p.config = *config;
  for (const auto& text : p.config->warnings) err.write(fmt::format("note: {}\n", text));
  auto auth = co_await credentials(world, *p.config);
  if (!auth) co_return tl::unexpected(auth.error());
  p.auth = std::move(*auth);
  bool check = !options.skip_git_repo_check && !options.overrides.bypass;
  if (check && !agent::git_root(world.files, *cwd)) {
    co_return tl::unexpected(Refused{"Not inside a trusted directory and --skip-git-repo-check was not specified."});
  }
  auto session = find_session(world, options, *p.config);
  if (!session) co_return tl::unexpected(session.error());
  p.resume_path = std::move(*session);
  auto prompt = co_await read_prompt(options.prompt, err);
  if (!prompt) co_return tl::unexpected(Refused{prompt.error().what});
  p.prompt = std::move(*prompt);
  auto schema = read_schema(world, options, p.start_dir);
  if (!schema) co_return tl::unexpected(schema.error());
  p.schema = std::move(*schema);
  co_return p;
}

bool use_color(Color choice, int fd) {
  return choice == Color::always || (choice == Color::automatic && io::is_terminal(fd));
}

/// What the sandbox cannot do here is said at the start, not when a command meets it.
void tell_protection(const config::Config& config, const sandbox::Mechanisms& mechanisms, Out& err) {
  log(Level::info, "sandbox", "{}", mechanisms.describe());
  if (!sandbox::needs_sandbox(config.sandbox_policy)) return;
  if (mechanisms.landlock_abi == 0 || !mechanisms.seccomp) {
    err.write(fmt::format("note: {}; commands will be refused\n", mechanisms.describe()));
  } else if (!mechanisms.mounts && std::holds_alternative<wire::WorkspaceWrite>(config.sandbox_policy)) {
    err.write(fmt::format("note: {}\n", mechanisms.describe()));
  }
}

/// Runs the one turn of the thread and shuts it down; the exit code.
io::Task<int> run_turn(io::World& world, const Options& options, Prepared& p, agent::Thread& thread, Sink& sink,
                       Printer& printer, const std::string& model, Out& out, Out& err) {
  io::Scope scope(co_await io::Here{});
  scope.spawn(serve(&thread));
  io::Scope beside(co_await io::Here{});
  if (options.overrides.oss) beside.spawn(model::load_local_model(world, p.config->provider, model));
  auto* t = &thread;
  auto* s = &sink;
  for (int number : {SIGINT, SIGTERM}) {
    world.loop.on_signal(number, [t, s, number] {
      s->signal = number;
      (void)t->submit(wire::op::Interrupt{});
    });
  }
  auto submitted = thread.submit(make_turn(*p.config, model, user_input(options, p.prompt), p.schema));
  if (submitted) {
    co_await sink.turn_over.wait();
  } else {
    err.write("Error: " + submitted.error().text() + "\n");
  }
  if (options.output_last_message && !sink.interrupted) {
    write_last_message(world, *options.output_last_message, p.start_dir, sink.last_message, err);
  }
  printer.end(sink.interrupted);
  sink.closed = true;
  bool quiet = io::is_terminal(1) && io::is_terminal(2);
  if (!options.json && !quiet && sink.last_message) out.write(with_newline(*sink.last_message));
  (void)thread.submit(wire::op::Shutdown{});
  co_await scope.join();
  beside.cancel(io::Why::finished);
  co_await beside.join();
  // A reader that went away has seen enough; what a full disk swallowed was wanted.
  bool lost = out.error() != 0 && out.error() != EPIPE;
  if (lost) err.write(fmt::format("Error: the output is incomplete: {}\n", os_error_text(out.error())));
  // Ctrl-C is the user's wish and no failure; whoever sends SIGTERM reads in the status that the work was not done.
  if (sink.interrupted && sink.signal == SIGTERM) co_return 128 + SIGTERM;
  co_return printer.failed() || !submitted || lost ? 1 : 0;
}

}  // namespace run_detail

using namespace run_detail;

config::ConfigResult<std::vector<config::Override>> read_config_arguments(
    const std::vector<ConfigArgument>& arguments) {
  std::vector<config::Override> out;
  for (const auto& argument : arguments) {
    if (argument.kind == ConfigArgument::Kind::assign) {
      auto read = config::parse_overrides({argument.text});
      if (!read) return tl::unexpected(read.error());
      out.insert(out.end(), read->begin(), read->end());
    } else {
      auto flag = config::feature_override(argument.text, argument.kind == ConfigArgument::Kind::enable);
      if (!flag) return tl::unexpected(flag.error());
      out.push_back(std::move(*flag));
    }
  }
  return out;
}

io::Task<int> run(io::World& world, Options options, std::string home) {
  Out out(1, use_color(options.color, 1));
  Out err(2, use_color(options.color, 2));
  world.http.warm_up();
  auto prepared = co_await prepare(world, options, home, err);
  if (!prepared) {
    err.write(prepared.error().line + "\n");
    co_return 1;
  }
  auto& p = *prepared;
  auto printer = options.json ? make_json_printer(out) : make_human_printer(err, world.loop);
  Sink sink(*printer);
  auto models = make_models(world, *p.config, identity(world, *p.config), p.auth);
  if (!models) {
    err.write(fmt::format("Error: {}\n", models.error().text()));
    co_return 1;
  }
  std::string model = co_await chosen_model(*p.config, options, *p.auth, **models);
  auto mechanisms = sandbox::probe_mechanisms();
  tell_protection(*p.config, mechanisms, err);
  agent::ThreadOptions thread_options{
      .config = p.config,
      .identity = identity(world, *p.config),
      .auth = p.auth,
      .models = *models,
      .mechanisms = mechanisms,
      .source = wire::source::Exec{},
      .model = model,
      .ephemeral = options.ephemeral,
      .resume_path = p.resume_path,
  };
  if (options.overrides.oss) {
    auto* to = &err;
    auto ready = co_await model::prepare_local_model(world, p.config->provider, model,
                                                     [to](std::string line) { to->write(line + "\n"); });
    if (!ready) {
      err.write(fmt::format("Error: OSS setup failed: {}; {}\n", ready.error().text(), ready.error().fix));
      co_return 1;
    }
  }
  auto thread = co_await agent::Thread::start(world, std::move(thread_options), sink);
  if (!thread) {
    auto text = thread.error().text();
    if (!thread.error().fix.empty()) text += "; " + thread.error().fix;
    err.write(fmt::format("Error: {}\n", text));
    co_return 1;
  }
  printer->begin(RunInfo{(*thread)->id(), model, p.config.get(), p.prompt});
  co_return co_await run_turn(world, options, p, **thread, sink, *printer, model, out, err);
}

}  // namespace burin::exec

#include "cli/run.h"

#include <clocale>
#include <csignal>

#include "base/log.h"
#include "cli/arguments.h"
#include "cli/completion.h"
#include "cli/demo.h"
#include "cli/helper_links.h"
#include "config/home.h"
#include "exec/fsck_report.h"
#include "exec/ledger_report.h"
#include "exec/run.h"
#include "io/stdio.h"
#include "io/world.h"
#include "sandbox/sandbox_command.h"
#include "store/session_files.h"
#include "store/sessions.h"
#include "testkit/mock_program.h"

namespace burin::cli {

namespace run_detail {

int fail_with(std::string_view text) {
  io::write_all(2, std::string(text) + "\n");
  return 1;
}

int fail_with(const Error& e) {
  return fail_with(fmt::format("Error: {}{}{}", e.text(), e.fix.empty() ? "" : "; ", e.fix));
}

/// The real world of a command; the environment is complete (with the home's .env) when it is made.
class RealWorld {
 public:
  explicit RealWorld(io::Environment env)
      : env_(std::move(env)),
        processes_(io::make_real_processes(loop_)),
        http_(io::make_real_http(loop_, pool_, env_)),
        world_{loop_, pool_, io::real_clock(), io::real_random(), io::real_files(), *processes_, *http_, env_} {}
  io::World& world() { return world_; }

 private:
  io::Environment env_;
  io::Loop loop_;
  io::Pool pool_;
  std::unique_ptr<io::Processes> processes_;
  std::unique_ptr<io::Http> http_;
  io::World world_;
};

/// Environment and home, as every command that reads configuration needs them.
struct Place {
  io::Environment env;
  std::string home;
};

tl::expected<Place, int> find_place(std::string_view prefix) {
  Place p{io::Environment::capture(), {}};
  auto home = config::find_home(io::real_files(), p.env);
  if (!home) return tl::unexpected(fail_with(std::string(prefix) + home.error().report()));
  p.home = std::move(*home);
  config::load_dotenv(io::real_files(), p.home, p.env);
  if (auto filter = p.env.get("RUST_LOG")) set_log_filter(*filter, p.env.get("LOG_FORMAT") == "json");
  return p;
}

int run_exec(Exec command) {
  for (const auto& option : command.ignored) {
    io::write_all(2, fmt::format("warning: {} before `exec` has no effect; put it behind `exec`\n", option));
  }
  if (auto bad = exec::read_config_arguments(command.options.config_arguments); !bad) {
    return fail_with(bad.error().report());
  }
  auto place = find_place("");
  if (!place) return place.error();
  HelperLinks links(io::real_files(), place->home, place->env);
  RealWorld real(std::move(place->env));
  return io::run_task(real.world().loop, exec::run(real.world(), std::move(command.options), place->home));
}

tl::expected<config::Config, int> load(io::World& world, const std::string& home, const FeaturesList& from,
                                       bool full_auto) {
  auto layers = exec::read_config_arguments(from.config_arguments);
  if (!layers) return tl::unexpected(fail_with(layers.error().report()));
  auto cwd = world.files.current_dir();
  if (!cwd) return tl::unexpected(fail_with("Error: " + cwd.error().text()));
  config::ConfigOverrides overrides;
  overrides.layers = std::move(*layers);
  overrides.profile = from.profile;
  if (full_auto) overrides.sandbox_mode = config::SandboxMode::workspace_write;
  auto config = config::load_config(world.files, world.env, home, *cwd, overrides);
  if (!config) return tl::unexpected(fail_with(config.error().report()));
  return std::move(*config);
}

int list_features(const FeaturesList& command) {
  auto place = find_place("");
  if (!place) return place.error();
  RealWorld real(std::move(place->env));
  auto config = load(real.world(), place->home, command, false);
  if (!config) return config.error();
  std::size_t name_width = 0, stage_width = 0;
  for (const auto& f : config::feature_table()) {
    name_width = std::max(name_width, f.name.size());
    stage_width = std::max(stage_width, config::stage_name(f.stage).size());
  }
  std::string out;
  for (const auto& f : config::feature_table()) {
    out += fmt::format("{:<{}}  {:<{}}  {}\n", f.name, name_width, config::stage_name(f.stage), stage_width,
                       config->features.enabled(f.feature));
  }
  return io::write_all(1, out) ? 0 : 1;
}

int run_sessions_command(Sessions command) {
  auto place = find_place("");
  if (!place) return place.error();
  RealWorld real(std::move(place->env));
  if (!command.query.providers.empty()) {
    auto config = load(real.world(), place->home, FeaturesList{command.config_arguments, std::nullopt}, false);
    if (!config) return config.error();
    command.query.default_provider = config->provider.id;
  }
  return io::run_task(real.world().loop, run_sessions(real.world(), place->home, std::move(command)));
}

int run_login_command(const Login& command) {
  auto place = find_place("");
  if (!place) return place.error();
  RealWorld real(std::move(place->env));
  auto config = load(real.world(), place->home, FeaturesList{command.config_arguments, std::nullopt}, false);
  if (!config) return config.error();
  return io::run_task(real.world().loop, run_login(real.world(), *config, command));
}

constexpr int interrupted_code = 130;

/// Nothing when a signal ended it.
std::optional<Result<int>> run_until_stopped(io::World& world, const wire::SandboxPolicy& policy,
                                             const sandbox::Mechanisms& mechanisms, std::string cwd,
                                             std::vector<std::string> argv, std::map<std::string, std::string> env) {
  try {
    return io::run_task(
        world.loop, sandbox::run_sandboxed(world, policy, mechanisms, std::move(cwd), std::move(argv), std::move(env)));
  } catch (const io::Cancelled&) {
    return std::nullopt;
  }
}

int run_sandbox(const SandboxLinux& command) {
  auto place = find_place("");
  if (!place) return place.error();
  RealWorld real(std::move(place->env));
  auto& world = real.world();
  auto config = load(world, place->home, FeaturesList{command.config_arguments, std::nullopt}, command.full_auto);
  if (!config) return config.error();
  // Without --full-auto the command is read-only, whatever the configuration says (sandbox.md 7.6).
  wire::SandboxPolicy policy = command.full_auto ? config->sandbox_policy : wire::SandboxPolicy(wire::ReadOnly{});
  auto env = config::build_environment(config->shell_environment_policy, world.env, "");
  env.erase("CODEX_THREAD_ID");
  auto mechanisms = sandbox::probe_mechanisms();
  // The command has a session of its own, so Ctrl-C reaches it through us: its whole tree ends.
  for (int number : {SIGINT, SIGTERM, SIGHUP}) {
    world.loop.on_signal(number, [&world] { world.loop.root.fire(io::Why::shutdown); });
  }
  auto code = run_until_stopped(world, policy, mechanisms, config->cwd, command.command, std::move(env));
  if (!code) return interrupted_code;
  if (*code) return **code;
  return fail_with(code->error());
}

int show_sandbox() {
  auto mechanisms = sandbox::probe_mechanisms();
  bool usable = mechanisms.landlock_abi > 0 && mechanisms.seccomp;
  return io::write_all(1, mechanisms.describe() + "\n") && usable ? 0 : 1;
}

/// 0: sound; 1: damaged, or nothing could be checked.
int run_fsck(const Fsck& command) {
  auto place = find_place("");
  if (!place) return place.error();
  auto& files = io::real_files();
  std::vector<std::string> paths;
  if (command.thread) {
    auto cwd = files.current_dir();
    const auto& named = *command.thread;
    auto file = store::find_session(files, place->home, cwd ? *cwd : "/", named);
    if (file) {
      paths.push_back(std::move(file->path));
    } else if (files.is_file(named)) {
      paths.push_back(named);  // a copy under another name
    } else {
      return fail_with(file.error());
    }
  } else {
    for (bool archived : {true, false}) {
      store::each_session_file(files, place->home, archived, [&](store::SessionFile file) {
        paths.push_back(std::move(file.path));
        return true;
      });
    }
  }
  std::vector<store::CheckReport> reports;
  for (const auto& path : paths) {
    auto report = store::check_rollout(files, path);
    if (!report) return fail_with(report.error());
    reports.push_back(std::move(*report));
  }
  bool damaged = std::ranges::any_of(reports, &store::CheckReport::damaged);
  if (command.rescue_to) {
    auto rescued = store::rescue_rollout(files, paths[0], *command.rescue_to);
    if (!rescued) return fail_with(rescued.error());
    reports.push_back(std::move(*rescued));
  }
  return io::write_all(1, command.json ? exec::fsck_json(reports) : exec::fsck_text(reports)) && !damaged ? 0 : 1;
}

int show_ledger(const DebugLedger& command) {
  auto place = find_place("");
  if (!place) return place.error();
  auto& files = io::real_files();
  auto cwd = files.current_dir();
  auto report = exec::ledger_report(files, place->home, cwd ? *cwd : "/", command.thread);
  if (!report) return fail_with(report.error());
  return io::write_all(1, command.json ? exec::report_json(*report) : exec::report_table(*report)) ? 0 : 1;
}

int run_mock_server(const MockServer& command) {
  RealWorld real(io::Environment::capture());
  return io::run_task(real.world().loop, testkit::mock_server_main(real.world(), command.args));
}

int run_interactive() {
  if (!io::is_terminal(0)) return fail_with("Error: stdin is not a terminal");
  return fail_with("Error: this version has no interactive mode; run a task with: burin exec \"<task>\"");
}

struct Runner {
  int operator()(const Done& done) const { return done.code; }
  int operator()(const Interactive&) const { return run_interactive(); }
  int operator()(const Unavailable& command) const {
    return fail_with(fmt::format("Error: this version has no `{}`", command.name));
  }
  int operator()(Exec& command) const { return run_exec(std::move(command)); }
  int operator()(const Completion& c) const { return io::write_all(1, completion_script(c.shell)) ? 0 : 1; }
  int operator()(const FeaturesList& command) const { return list_features(command); }
  int operator()(Sessions& command) const { return run_sessions_command(std::move(command)); }
  int operator()(const Login& command) const { return run_login_command(command); }
  int operator()(const SandboxLinux& command) const { return run_sandbox(command); }
  int operator()(const SandboxStatus&) const { return show_sandbox(); }
  int operator()(const Fsck& command) const { return run_fsck(command); }
  int operator()(const DebugLedger& command) const { return show_ledger(command); }
  int operator()(const MockServer& command) const { return run_mock_server(command); }
  int operator()(const Demo& command) const {
    RealWorld real(io::Environment::capture());
    return io::run_task(real.world().loop, run_demo(real.world(), command.keep));
  }
};

}  // namespace run_detail

int run(int argc, char** argv) {
  io::open_missing_streams();
  auto command = parse(argc, argv);
  return std::visit(run_detail::Runner{}, command);
}

}  // namespace burin::cli

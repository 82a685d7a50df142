#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/usage.h"
#include "io/stdio.h"

namespace burin::cli {

namespace arguments_detail {

/// Where CLI11 puts what it reads; lives as long as the parse.
struct Sink {
  // Root options.
  std::vector<std::string> config, enable, disable;
  std::string model, profile, sandbox, cd, approval, local_provider, prompt;
  std::vector<std::string> add_dirs, images;
  bool oss = false, full_auto = false, bypass = false, search = false, no_alt_screen = false;

  // exec; the global ones may also stand behind `resume`.
  struct ExecSink {
    std::vector<std::string> config, enable, disable, images, add_dirs;
    std::string model, profile, sandbox, cd, local_provider, color, schema, last_message, thread_source, program;
    std::optional<std::string> prompt;  // an empty one is a prompt too
    bool oss = false, full_auto = false, bypass = false, skip_git = false, ephemeral = false, json = false,
         progress = false;
  } exec;
  struct ResumeSink {
    std::string session;
    std::optional<std::string> prompt;
    std::vector<std::string> images;
    bool last = false, all = false;
  } resume;
  // Of `features list`, `sandbox linux`, `login` and `logout`.
  std::vector<std::string> tool_config, tool_enable, tool_disable;
  std::string shell = "bash";
  std::vector<std::string> command;
  bool sandbox_full_auto = false, keep = false, ledger_json = false, check_all = false, check_json = false;
  std::string thread, rescue_to;
  struct LoginSink {
    std::string issuer, client_id, key;
    bool device = false, with_key = false;
  } login;
  // Of `sessions`; only one of its commands is there at a time.
  struct SessionsSink {
    Sessions command;
    std::string cwd, sort = "updated";
  } sessions;
};

constexpr const char* version_line = "burin " BURIN_VERSION;
const auto sandbox_modes = CLI::IsMember({"read-only", "workspace-write", "danger-full-access"});
const auto approval_policies = CLI::IsMember({"untrusted", "on-failure", "on-request", "never"});

void add_config(CLI::App& app, std::vector<std::string>& config, std::vector<std::string>& enable,
                std::vector<std::string>& disable) {
  app.add_option("-c,--config", config, "Override a configuration value; the value is TOML")
      ->allow_extra_args(false)
      ->type_name("key=value");
  app.add_option("--enable", enable, "Turn a feature on (as -c features.NAME=true)")
      ->allow_extra_args(false)
      ->type_name("FEATURE");
  app.add_option("--disable", disable, "Turn a feature off (as -c features.NAME=false)")
      ->allow_extra_args(false)
      ->type_name("FEATURE");
}

constexpr const char* unavailable_note = "Not in this version";

/// Hidden commands that take any arguments.
void add_unavailable(CLI::App& app, std::initializer_list<const char*> names) {
  for (const auto* name : names)
    app.add_subcommand(name, unavailable_note)->group("")->prefix_command()->set_help_flag();
}

/// The options that `exec` and `exec resume` share.
void add_everywhere(CLI::App& app, Sink::ExecSink& e) {
  add_config(app, e.config, e.enable, e.disable);
  app.add_option("-m,--model", e.model, "Model to use")->type_name("MODEL");
  auto* full_auto = app.add_flag("--full-auto", e.full_auto, "Sandbox workspace-write, without questions");
  auto* bypass = app.add_flag("--dangerously-bypass-approvals-and-sandbox,--yolo", e.bypass,
                              "Run commands without sandbox and without git check. Only on machines that are isolated "
                              "otherwise");
  full_auto->excludes(bypass);
  app.add_flag("--skip-git-repo-check", e.skip_git, "Allow running outside a git repository");
  app.add_flag("--ephemeral", e.ephemeral, "Write no session file");
  app.add_flag("--json,--experimental-json", e.json, "Print events as JSON lines on stdout");
  app.add_option("-o,--output-last-message", e.last_message, "Write the final message to this file")->type_name("FILE");
  app.add_option("--thread-source", e.thread_source)->group("");
  app.add_option("--cyber-access-program", e.program)->group("");
}

void add_exec(CLI::App& root, Sink& s) {
  auto* app = root.add_subcommand("exec", "Run one task without interaction")->alias("e");
  app->set_version_flag("-V,--version", version_line, "Print the version");
  auto& e = s.exec;
  add_everywhere(*app, e);
  app->add_option("-i,--image", e.images, "Attach image files to the prompt")->delimiter(',')->type_name("FILE");
  app->add_flag("--oss", e.oss, "Use a local model provider");
  app->add_option("--local-provider", e.local_provider, "The local provider for --oss: lmstudio or ollama")
      ->type_name("OSS_PROVIDER");
  app->add_option("-s,--sandbox", e.sandbox, "What commands may touch")
      ->check(sandbox_modes)
      ->type_name("SANDBOX_MODE");
  app->add_option("-p,--profile", e.profile, "Configuration profile")->type_name("CONFIG_PROFILE");
  app->add_option("-C,--cd", e.cd, "Working directory")->type_name("DIR");
  app->add_option("--add-dir", e.add_dirs, "Another writable folder")->allow_extra_args(false)->type_name("DIR");
  app->add_option("--output-schema", e.schema, "JSON Schema of the final message")->type_name("FILE");
  app->add_option("--color", e.color, "When to use colours")
      ->check(CLI::IsMember({"always", "never", "auto"}))
      ->type_name("COLOR");
  app->add_flag("--progress-cursor", e.progress)->group("");
  app->add_option("PROMPT", e.prompt, "The task; - or nothing reads it from stdin");
  add_unavailable(*app, {"review"});
  auto* resume = app->add_subcommand("resume", "Go on with an earlier session");
  add_everywhere(*resume, e);
  resume->add_option("SESSION_ID", s.resume.session, "Id, name or file of the session");
  resume->add_option("PROMPT", s.resume.prompt, "The next task; - or nothing reads it from stdin");
  resume->add_flag("--last", s.resume.last, "The newest session of this folder");
  resume->add_flag("--all", s.resume.all, "With --last: of any folder");
  resume->add_option("-i,--image", s.resume.images, "Attach an image file; repeat for more")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->type_name("FILE");
}

void add_session_list(CLI::App& sessions, Sink::SessionsSink& s) {
  auto* app = sessions.add_subcommand("list", "Which sessions there are, and how many each filter hides");
  auto& q = s.command.query;
  auto* here = app->add_flag("--here", s.command.here, "Only those of the working folder");
  app->add_option("--cwd", s.cwd, "Only those of this folder")->type_name("DIR")->excludes(here);
  app->add_option("--source", q.sources,
                  "Only those started by: cli, vscode, exec, mcp, subagent (any), subagent_review…")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->type_name("KIND");
  app->add_option("--provider", q.providers, "Only those of a model provider")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->type_name("NAME");
  app->add_option("--search", q.search, "Only those with this text in name or first message")->type_name("TEXT");
  app->add_flag("--archived", q.archived, "The archive instead of the others");
  app->add_option("--sort", s.sort, "Newest first, by time of")
      ->check(CLI::IsMember({"created", "updated"}))
      ->type_name("TIME");
  app->add_option("-n,--limit", q.limit, "How many")
      ->check(CLI::Validator(CLI::PositiveNumber).description(""))
      ->type_name("N");
  app->add_option("--after", q.cursor, "Go on behind a page: its next_cursor")->type_name("CURSOR");
}

/// One row for each command on one session.
struct OneSessionCommand {
  const char* name;
  Sessions::Action action;
  const char* description;
};
constexpr OneSessionCommand session_rows[] = {
    {"show", Sessions::Action::show, "One session: facts, turns, tokens, problems of its file"},
    {"rename", Sessions::Action::rename, "Give a session a name"},
    {"archive", Sessions::Action::archive, "Put a session away: it is no longer listed or resumed"},
    {"unarchive", Sessions::Action::unarchive, "Bring an archived session back"},
    {"export", Sessions::Action::export_, "Print a session as Markdown or JSON"},
    {"delete", Sessions::Action::remove, "Delete a session for good"},
};

void add_sessions(CLI::App& root, Sink& sink) {
  auto& s = sink.sessions;
  auto& c = s.command;
  auto* app = root.add_subcommand("sessions", "List, show, name, archive, export and delete sessions");
  app->require_subcommand(1);
  add_session_list(*app, s);
  for (const auto& row : session_rows) {
    auto* sub = app->add_subcommand(row.name, row.description);
    sub->add_option("THREAD", c.thread, "Id, beginning of an id, name, or file of a session")->required();
  }
  app->get_subcommand("rename")->add_option("NAME", c.name, "Its new name")->required();
  auto* exported = app->get_subcommand("export");
  exported->add_option("--format", c.format, "Form of the export")
      ->check(CLI::IsMember({"markdown", "json"}))
      ->type_name("FORMAT");
  exported->add_option("-o,--output", c.output, "Write to this file instead of stdout")->type_name("FILE");
  exported->add_flag("--reasoning", c.reasoning, "With the summaries of the model's reasoning");
  app->get_subcommand("delete")->add_flag("--yes", c.yes, "Really delete");
  for (auto* sub : app->get_subcommands({})) {
    if (sub != exported) sub->add_flag("--json", c.json, "Print JSON");
  }
}

void add_login(CLI::App& root, Sink& s) {
  auto& l = s.login;
  auto* app = root.add_subcommand("login", "Sign in with ChatGPT in the browser, or with an API key");
  app->add_flag("--with-api-key", l.with_key,
                "Read an API key from stdin: printenv OPENAI_API_KEY | burin login --with-api-key");
  app->add_flag("--device-auth", l.device, "Sign in with a code that you type in a browser on any machine");
  app->add_option("--api-key", l.key)->group("");  // only to say that it is not accepted
  app->add_option("--experimental_issuer", l.issuer)->group("");
  app->add_option("--experimental_client-id", l.client_id)->group("");
  auto* status = app->add_subcommand("status", "Tell who is signed in; exit code 1 if nobody is");
  auto* logout = root.add_subcommand("logout", "Remove the stored credentials");
  for (auto* each : {app, status, logout}) add_config(*each, s.tool_config, s.tool_enable, s.tool_disable);
}

void build(CLI::App& app, Sink& s) {
  app.formatter(help_formatter());
  app.set_help_flag("-h,--help", "Print help");
  app.set_version_flag("-V,--version", version_line, "Print the version");
  app.require_subcommand(0, 1);
  add_config(app, s.config, s.enable, s.disable);
  app.add_option("-m,--model", s.model, "Model to use")->type_name("MODEL");
  auto* full_auto = app.add_flag("--full-auto", s.full_auto, "Sandbox workspace-write, without questions");
  app.add_flag("--dangerously-bypass-approvals-and-sandbox,--yolo", s.bypass, "No sandbox, no git check")
      ->excludes(full_auto);
  // Accepted before `exec` as the reference does, without effect there; not offered.
  app.add_option("-p,--profile", s.profile)->group("");
  app.add_option("-s,--sandbox", s.sandbox)->check(sandbox_modes)->type_name("SANDBOX_MODE")->group("");
  app.add_option("-C,--cd", s.cd)->group("");
  app.add_option("-a,--ask-for-approval", s.approval)
      ->check(approval_policies)
      ->type_name("APPROVAL_POLICY")
      ->group("");
  app.add_option("--local-provider", s.local_provider)->group("");
  app.add_option("--add-dir", s.add_dirs)->allow_extra_args(false)->group("");
  app.add_option("-i,--image", s.images)->allow_extra_args(false)->group("");
  app.add_flag("--oss", s.oss)->group("");
  app.add_flag("--search", s.search)->group("");
  app.add_flag("--no-alt-screen", s.no_alt_screen)->group("");
  app.add_option("PROMPT", s.prompt)->group("");

  add_exec(app, s);
  add_login(app, s);
  add_sessions(app, s);
  add_unavailable(app, {"review", "resume", "fork", "mcp", "mcp-server", "app-server", "apply", "a", "cloud",
                        "cloud-tasks", "execpolicy", "responses-api-proxy", "stdio-to-uds"});
  auto* completion = app.add_subcommand("completion", "Print a shell completion script");
  completion->add_option("SHELL", s.shell, "For which shell")
      ->check(CLI::IsMember({"bash", "elvish", "fish", "powershell", "zsh"}));
  auto* features = app.add_subcommand("features", "Feature flags");
  features->require_subcommand(1);
  auto* list = features->add_subcommand("list", "All flags with stage and effective value");
  add_unavailable(*features, {"enable", "disable"});
  add_config(*list, s.tool_config, s.tool_enable, s.tool_disable);
  auto* sandbox = app.add_subcommand("sandbox", "Run a command in the platform's sandbox");
  sandbox->require_subcommand(1);
  auto* linux_sandbox = sandbox->add_subcommand("linux", "Landlock and seccomp")->alias("landlock");
  add_config(*linux_sandbox, s.tool_config, s.tool_enable, s.tool_disable);
  linux_sandbox->add_flag("--full-auto", s.sandbox_full_auto, "Allow writes in the working folder and /tmp");
  linux_sandbox->add_option("COMMAND", s.command, "The command and its arguments")->required();
  sandbox->add_subcommand("status", "Tell which protection this machine offers");
  auto* debug = app.add_subcommand("debug", "Look into what was recorded");
  debug->require_subcommand(1);
  auto* check = app.add_subcommand("fsck", "Check session files for damage, and save what can be read");
  auto* checked = check->add_option("THREAD", s.thread, "Id, name or session file of the thread");
  check->add_flag("--all", s.check_all, "Check all sessions, archived ones too (as without THREAD)")->excludes(checked);
  check->add_option("--rescue", s.rescue_to, "Write the readable records to this new file")
      ->type_name("FILE")
      ->needs(checked);
  check->add_flag("--json", s.check_json, "Print one JSON document");
  auto* ledger =
      debug->add_subcommand("ledger", "What each request of a thread cost, and where its cached prefix broke");
  ledger->add_option("THREAD", s.thread, "Id, name or session file of the thread")->required();
  ledger->add_flag("--json", s.ledger_json, "Print one JSON document");
  add_unavailable(*debug, {"app-server", "clear-memories"});
  auto* demo = app.add_subcommand("demo", "Watch a scripted model fix a bug; no key, no network");
  demo->add_flag("--keep", s.keep, "Keep the demo's folder");
  auto* mock = app.add_subcommand("mock-server", "A scripted model server for testing agents");
  mock->prefix_command();
  mock->set_help_flag();
}

/// The arguments, in which a command of `sandbox linux` stands behind `--`: its options are its own.
std::vector<std::string> separated(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  auto at = std::ranges::find(words, "sandbox");
  if (at == words.end() || ++at == words.end() || (*at != "linux" && *at != "landlock")) return words;
  for (++at; at != words.end() && at->starts_with('-'); ++at) {
    if (*at == "--") return words;
    bool takes_next = *at == "-c" || *at == "--config" || *at == "--enable" || *at == "--disable";
    if (takes_next && at + 1 != words.end()) ++at;
  }
  if (at != words.end()) words.insert(at, "--");
  return words;
}

void take_overrides(std::vector<exec::ConfigArgument>& to, const std::vector<std::string>& config,
                    const std::vector<std::string>& enable, const std::vector<std::string>& disable) {
  using Kind = exec::ConfigArgument::Kind;
  for (const auto& text : config) to.push_back({Kind::assign, text});
  for (const auto& text : enable) to.push_back({Kind::enable, text});
  for (const auto& text : disable) to.push_back({Kind::disable, text});
}

std::optional<std::string> set(const std::string& s) { return s.empty() ? std::nullopt : std::optional(s); }

std::optional<config::SandboxMode> mode(const std::string& s) {
  return s.empty() ? std::nullopt : from_string<config::SandboxMode>(s);
}

Sessions sessions_command(Sink& s, const CLI::App& app) {
  auto out = std::move(s.sessions.command);
  take_overrides(out.config_arguments, s.config, s.enable, s.disable);
  for (const auto& row : session_rows) {
    if (*app.get_subcommand(row.name)) out.action = row.action;
  }
  out.query.cwd = set(s.sessions.cwd);
  out.query.order = s.sessions.sort == "created" ? store::SessionOrder::created : store::SessionOrder::updated;
  return out;
}

Login::Action login_action(const Sink& s, const CLI::App& login) {
  using Action = Login::Action;
  if (*login.get_subcommand("status")) return Action::status;
  if (s.login.device) return Action::device_code;
  if (login.get_option("--api-key")->count() > 0) return Action::key_as_argument;
  return s.login.with_key ? Action::key_from_stdin : Action::browser;
}

Exec exec_command(const Sink& s, bool resumed) {
  Exec out;
  auto& o = out.options;
  const auto& e = s.exec;
  take_overrides(o.config_arguments, s.config, s.enable, s.disable);
  take_overrides(o.config_arguments, e.config, e.enable, e.disable);
  auto& v = o.overrides;
  v.model = set(e.model.empty() ? s.model : e.model);
  v.profile = set(e.profile);
  v.sandbox_mode = mode(e.sandbox);
  v.full_auto = e.full_auto || s.full_auto;
  v.bypass = e.bypass || s.bypass;
  v.add_dirs = e.add_dirs;
  v.oss = e.oss;
  v.local_provider = set(e.local_provider);
  o.cd = set(e.cd);
  o.images = e.images;
  o.prompt = e.prompt;
  o.skip_git_repo_check = e.skip_git;
  o.ephemeral = e.ephemeral;
  o.json = e.json;
  o.color = e.color == "always"  ? exec::Color::always
            : e.color == "never" ? exec::Color::never
                                 : exec::Color::automatic;
  o.output_schema = set(e.schema);
  o.output_last_message = set(e.last_message);
  if (resumed) {
    exec::Resume r{.session = set(s.resume.session), .last = s.resume.last, .all = s.resume.all};
    auto prompt = s.resume.prompt;
    if (r.last && r.session && !prompt) {
      // With --last the only positional is the prompt.
      prompt = r.session;
      r.session.reset();
    }
    o.prompt = prompt ? prompt : o.prompt;
    o.resume = std::move(r);
    o.images.insert(o.images.end(), s.resume.images.begin(), s.resume.images.end());
  }
  auto ignored = [&](bool given, const char* name) {
    if (given) out.ignored.emplace_back(name);
  };
  ignored(!s.profile.empty(), "--profile");
  ignored(!s.sandbox.empty(), "--sandbox");
  ignored(!s.cd.empty(), "--cd");
  ignored(!s.approval.empty(), "--ask-for-approval");
  ignored(!s.local_provider.empty(), "--local-provider");
  ignored(!s.add_dirs.empty(), "--add-dir");
  ignored(!s.images.empty(), "--image");
  ignored(s.oss, "--oss");
  ignored(s.search, "--search");
  return out;
}

}  // namespace arguments_detail

using namespace arguments_detail;

namespace arguments_detail {
CommandInfo describe(const CLI::App& app) {
  CommandInfo info{app.get_name(), app.get_description(), {}, {}};
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty() || option->get_positional()) continue;
    CommandInfo::OptionInfo o;
    for (const auto& name : option->get_snames()) o.names.push_back("-" + name);
    for (const auto& name : option->get_lnames()) o.names.push_back("--" + name);
    o.description = option->get_description();
    o.takes_value = option->get_expected_max() > 0 && option->get_type_size_max() > 0;
    info.options.push_back(std::move(o));
  }
  for (const auto* sub : app.get_subcommands([](const CLI::App* a) { return !a->get_group().empty(); })) {
    info.subcommands.push_back(describe(*sub));
  }
  return info;
}
}  // namespace arguments_detail

CommandInfo describe_commands() {
  CLI::App app("", "burin");
  Sink s;
  build(app, s);
  return describe(app);
}

Command parse(int argc, char** argv) {
  CLI::App app("Burin, a coding agent for the command line", "burin");
  Sink s;
  build(app, s);
  try {
    auto words = separated(argc, argv);
    std::ranges::reverse(words);  // as CLI11 takes them
    app.parse(std::move(words));
  } catch (const CLI::Success& e) {
    return Done{app.exit(e)};
  } catch (const CLI::ParseError& e) {
    const auto& where = deepest(app);
    io::write_all(2, fmt::format("{}\n\nUsage: {}\n\nFor more information, try '--help'.\n",
                                 usage_error(e, where, argc, argv), usage_line(where)));
    return Done{2};
  }
  if (const auto& chosen = deepest(app); chosen.get_description() == unavailable_note) {
    return Unavailable{path_of(chosen)};
  }
  auto* exec = app.get_subcommand("exec");
  if (*exec) return exec_command(s, static_cast<bool>(*exec->get_subcommand("resume")));
  auto* sessions = app.get_subcommand("sessions");
  if (*sessions) return sessions_command(s, *sessions);
  if (*app.get_subcommand("completion")) return Completion{s.shell};
  std::vector<exec::ConfigArgument> overrides;
  take_overrides(overrides, s.config, s.enable, s.disable);
  take_overrides(overrides, s.tool_config, s.tool_enable, s.tool_disable);
  auto* login = app.get_subcommand("login");
  if (*login) return Login{login_action(s, *login), s.login.issuer, s.login.client_id, overrides};
  if (*app.get_subcommand("logout")) return Login{.action = Login::Action::logout, .config_arguments = overrides};
  if (*app.get_subcommand("features")) return FeaturesList{overrides, set(s.profile)};
  auto* sandbox = app.get_subcommand("sandbox");
  if (*sandbox) {
    if (*sandbox->get_subcommand("status")) return SandboxStatus{};
    return SandboxLinux{overrides, s.sandbox_full_auto, s.command};
  }
  auto* mock = app.get_subcommand("mock-server");
  if (*mock) return MockServer{mock->remaining()};
  if (*app.get_subcommand("fsck")) {
    Fsck command{.json = s.check_json};
    if (!s.thread.empty()) command.thread = s.thread;
    if (!s.rescue_to.empty()) command.rescue_to = s.rescue_to;
    return command;
  }
  if (*app.get_subcommand("debug")) return DebugLedger{s.thread, s.ledger_json};
  if (*app.get_subcommand("demo")) return Demo{s.keep};
  return Interactive{};
}

}  // namespace burin::cli

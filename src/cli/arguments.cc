#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "io/stdio.h"

namespace burin::cli {

namespace arguments_detail {

/// Where CLI11 puts what it reads; lives as long as the parse.
struct Sink {
  // Root options.
  std::vector<std::string> config, enable, disable, prompt;
  std::string model, profile, sandbox, cd, approval, local_provider;
  std::vector<std::string> add_dirs, images;
  bool oss = false, full_auto = false, bypass = false, search = false, no_alt_screen = false;

  // exec; the global ones may also stand behind `resume`.
  struct ExecSink {
    std::vector<std::string> config, enable, disable, images, add_dirs;
    std::string model, profile, sandbox, cd, local_provider, color, schema, last_message, prompt, thread_source,
        program;
    bool oss = false, full_auto = false, bypass = false, skip_git = false, ephemeral = false, json = false,
         progress = false;
  } exec;
  struct ResumeSink {
    std::string session, prompt;
    std::vector<std::string> images;
    bool last = false, all = false;
  } resume;
  std::string shell = "bash";
  std::vector<std::string> sandbox_config, sandbox_enable, sandbox_disable;
  bool sandbox_full_auto = false, keep = false;
};

const auto sandbox_modes = CLI::IsMember({"read-only", "workspace-write", "danger-full-access"});
const auto providers = CLI::IsMember({"lmstudio", "ollama"});

void add_config(CLI::App& app, std::vector<std::string>& config, std::vector<std::string>& enable,
                std::vector<std::string>& disable) {
  app.add_option("-c,--config", config, "Override a configuration value: KEY=VALUE, the value in TOML")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  app.add_option("--enable", enable, "Turn a feature on (as -c features.NAME=true)")
      ->allow_extra_args(false)
      ->type_name("FEATURE");
  app.add_option("--disable", disable, "Turn a feature off (as -c features.NAME=false)")
      ->allow_extra_args(false)
      ->type_name("FEATURE");
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
  auto& e = s.exec;
  add_everywhere(*app, e);
  app->add_option("-i,--image", e.images, "Attach image files to the prompt")->delimiter(',')->type_name("FILE");
  app->add_flag("--oss", e.oss, "Use a local model provider");
  app->add_option("--local-provider", e.local_provider, "The local provider for --oss")->check(providers);
  app->add_option("-s,--sandbox", e.sandbox, "What commands may touch")->check(sandbox_modes)->type_name("MODE");
  app->add_option("-p,--profile", e.profile, "Configuration profile")->type_name("NAME");
  app->add_option("-C,--cd", e.cd, "Working directory")->type_name("DIR");
  app->add_option("--add-dir", e.add_dirs, "Another writable folder")->allow_extra_args(false)->type_name("DIR");
  app->add_option("--output-schema", e.schema, "JSON Schema of the final message")->type_name("FILE");
  app->add_option("--color", e.color, "Colours: always, never, auto")
      ->check(CLI::IsMember({"always", "never", "auto"}));
  app->add_flag("--progress-cursor", e.progress)->group("");
  app->add_option("PROMPT", e.prompt, "The task; - or nothing reads it from stdin");
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

void build(CLI::App& app, Sink& s) {
  app.set_help_flag("-h,--help", "Print help");
  app.set_version_flag("-V,--version", "burin " BURIN_VERSION, "Print the version");
  app.require_subcommand(0, 1);
  add_config(app, s.config, s.enable, s.disable);
  app.add_option("-m,--model", s.model, "Model to use")->type_name("MODEL");
  auto* full_auto = app.add_flag("--full-auto", s.full_auto, "Sandbox workspace-write, without questions");
  app.add_flag("--dangerously-bypass-approvals-and-sandbox,--yolo", s.bypass, "No sandbox, no git check")
      ->excludes(full_auto);
  // Accepted before `exec` as the reference does, without effect there; not offered.
  app.add_option("-p,--profile", s.profile)->group("");
  app.add_option("-s,--sandbox", s.sandbox)->group("");
  app.add_option("-C,--cd", s.cd)->group("");
  app.add_option("-a,--ask-for-approval", s.approval)->group("");
  app.add_option("--local-provider", s.local_provider)->group("");
  app.add_option("--add-dir", s.add_dirs)->allow_extra_args(false)->group("");
  app.add_option("-i,--image", s.images)->allow_extra_args(false)->group("");
  app.add_flag("--oss", s.oss)->group("");
  app.add_flag("--search", s.search)->group("");
  app.add_flag("--no-alt-screen", s.no_alt_screen)->group("");
  app.add_option("PROMPT", s.prompt)->group("");

  add_exec(app, s);
  auto* completion = app.add_subcommand("completion", "Print a shell completion script");
  completion->add_option("SHELL", s.shell, "bash, elvish, fish, powershell or zsh")
      ->check(CLI::IsMember({"bash", "elvish", "fish", "powershell", "zsh"}));
  auto* features = app.add_subcommand("features", "Feature flags");
  features->require_subcommand(1);
  features->add_subcommand("list", "All flags with stage and effective value");
  auto* sandbox = app.add_subcommand("sandbox", "Run a command in the platform's sandbox");
  sandbox->require_subcommand(1);
  auto* linux_sandbox =
      sandbox->add_subcommand("linux", "Landlock and seccomp; the command follows the options")->alias("landlock");
  linux_sandbox->add_flag("--full-auto", s.sandbox_full_auto, "Allow writes in the working folder and /tmp");
  add_config(*linux_sandbox, s.sandbox_config, s.sandbox_enable, s.sandbox_disable);
  sandbox->add_subcommand("status", "Tell which protection this machine offers");
  auto* demo = app.add_subcommand("demo", "Watch a scripted model fix a bug; no key, no network");
  demo->add_flag("--keep", s.keep, "Keep the demo's folder");
  auto* mock = app.add_subcommand("mock-server", "A scripted model server for testing agents");
  mock->prefix_command();
  mock->set_help_flag();
}

std::string usage_of(const CLI::App& app) {
  std::string path;
  for (const CLI::App* a = &app; a != nullptr; a = a->get_parent()) {
    std::string name = a->get_parent() == nullptr ? "burin" : a->get_name();
    path = path.empty() ? name : name + " " + path;
  }
  std::string out = path + " [OPTIONS]";
  for (const auto* option : app.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    if (option->get_group().empty()) continue;
    out += option->get_required() ? fmt::format(" <{}>", option->get_name()) : fmt::format(" [{}]", option->get_name());
  }
  if (!app.get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }).empty()) out += " [COMMAND]";
  return out;
}

const CLI::App& deepest(const CLI::App& app) {
  auto subs = app.get_subcommands();
  return subs.empty() ? app : deepest(*subs.front());
}

/// "--sandbox: nope not in {a,b}" in the words that users of the reference know.
std::string invalid_value_text(std::string_view what) {
  auto colon = what.find(": ");
  auto middle = what.rfind(" not in {");
  if (colon == what.npos || middle == what.npos || middle < colon) return fmt::format("error: {}", what);
  auto values = what.substr(middle + 9);
  values = values.substr(0, values.rfind('}'));
  return fmt::format("error: invalid value '{}' for '{}'\n  [possible values: {}]",
                     what.substr(colon + 2, middle - colon - 2), what.substr(0, colon), replace_all(values, ",", ", "));
}

/// CLI11's error in the words that users of the reference know.
std::string error_text(const CLI::ParseError& e, const CLI::App& where, int argc, char** argv) {
  if (dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr) {
    auto extra = where.remaining();
    if (extra.empty()) extra = where.get_parent() != nullptr ? where.get_parent()->remaining() : extra;
    std::string word = extra.empty() ? "" : extra.front();
    if (word.empty()) return e.what();
    if (!word.starts_with("-")) return fmt::format("error: unexpected argument '{}' found", word);
    return fmt::format("error: unexpected argument '{0}' found\n\n  tip: to pass '{0}' as a value, use '-- {0}'", word);
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&e) != nullptr) {
    std::string first = "--full-auto", second = "--dangerously-bypass-approvals-and-sandbox";
    for (int i = 1; i < argc; ++i) {
      std::string_view a = argv[i];
      if (a == "--yolo" || a == second) {
        std::swap(first, second);
        break;
      }
      if (a == "--full-auto") break;
    }
    return fmt::format("error: the argument '{}' cannot be used with '{}'", first, second);
  }
  if (dynamic_cast<const CLI::ValidationError*>(&e) != nullptr) return invalid_value_text(e.what());
  return std::string("error: ") + e.what();
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
  o.prompt = set(e.prompt);
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
    auto prompt = set(s.resume.prompt);
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

/// Takes the words of the command that `sandbox linux` runs from the arguments: they are not ours to read.
std::vector<std::string> take_command(int& argc, char** argv) {
  int at = 1;
  while (at < argc && std::string_view(argv[at - 1]) != "sandbox") ++at;
  if (at >= argc || (argv[at] != std::string_view("linux") && argv[at] != std::string_view("landlock"))) return {};
  for (int i = at + 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-c" || word == "--config" || word == "--enable" || word == "--disable") {
      ++i;  // its value
    } else if (word == "--" || !word.starts_with('-')) {
      std::vector<std::string> command(argv + i + (word == "--" ? 1 : 0), argv + argc);
      argc = i;
      return command;
    }
  }
  return {};
}

}  // namespace arguments_detail

CommandInfo describe_commands() {
  CLI::App app("", "burin");
  Sink s;
  build(app, s);
  return describe(app);
}

Command parse(int argc, char** argv) {
  auto sandboxed = take_command(argc, argv);
  CLI::App app("Burin, a coding agent for the command line", "burin");
  Sink s;
  build(app, s);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return Done{app.exit(e)};
  } catch (const CLI::ParseError& e) {
    const auto& where = deepest(app);
    io::write_all(2, fmt::format("{}\n\nUsage: {}\n\nFor more information, try '--help'.\n",
                                 error_text(e, where, argc, argv), usage_of(where)));
    return Done{2};
  }
  auto* exec = app.get_subcommand("exec");
  if (*exec) return exec_command(s, static_cast<bool>(*exec->get_subcommand("resume")));
  if (*app.get_subcommand("completion")) return Completion{s.shell};
  std::vector<exec::ConfigArgument> overrides;
  take_overrides(overrides, s.config, s.enable, s.disable);
  if (*app.get_subcommand("features")) return FeaturesList{overrides, set(s.profile)};
  auto* sandbox = app.get_subcommand("sandbox");
  if (*sandbox) {
    if (*sandbox->get_subcommand("status")) return SandboxStatus{};
    take_overrides(overrides, s.sandbox_config, s.sandbox_enable, s.sandbox_disable);
    return SandboxLinux{overrides, s.sandbox_full_auto, std::move(sandboxed)};
  }
  auto* mock = app.get_subcommand("mock-server");
  if (*mock) return MockServer{mock->remaining()};
  if (*app.get_subcommand("demo")) return Demo{s.keep};
  return Interactive{};
}

}  // namespace burin::cli

// What was typed, after parsing.
//
// CLI11 parses; this header hides it, so that it is compiled once. Usage errors print a message, the usage line and a
// hint to stderr and give exit code 2; --help and --version print to stdout and give 0.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/login_command.h"
#include "cli/sessions_command.h"
#include "exec/options.h"

namespace burin::cli {

struct Exec {
  exec::Options options;
  std::vector<std::string> ignored;  // root options that exec does not take over: worth a line each
};
struct Completion {
  std::string shell;
};
struct FeaturesList {
  std::vector<exec::ConfigArgument> config_arguments;
  std::optional<std::string> profile;
};
struct SandboxLinux {
  std::vector<exec::ConfigArgument> config_arguments;
  bool full_auto = false;
  std::vector<std::string> command;
};
/// Which sandbox mechanisms are in force on this machine.
struct SandboxStatus {};
/// What the requests of a thread cost.
struct Fsck {
  std::optional<std::string> thread;  // unset: all
  std::optional<std::string> rescue_to;
  bool json = false;
};
struct DebugLedger {
  std::string thread;
  bool json = false;
};
struct MockServer {
  std::vector<std::string> args;
};
struct Demo {
  bool keep = false;
};
/// Nothing to run: the process ends with this code (help was printed, or a usage error).
struct Done {
  int code = 0;
};

/// No subcommand: the interactive mode.
struct Interactive {};
/// A command of the reference that this version does not have: it must not be taken for a prompt.
struct Unavailable {
  std::string name;  // "burin exec review"
};

using Command = std::variant<Done, Interactive, Unavailable, Exec, Completion, FeaturesList, Sessions, SandboxLinux,
                             SandboxStatus, Fsck, DebugLedger, MockServer, Demo, Login>;
Command parse(int argc, char** argv);

/// The command tree as completion scripts need it; hidden options and commands are left out.
struct CommandInfo {
  std::string name, description;
  struct OptionInfo {
    std::vector<std::string> names;  // "-m", "--model"
    std::string description;
    bool takes_value = false;
  };
  std::vector<OptionInfo> options;
  std::vector<CommandInfo> subcommands;
};
CommandInfo describe_commands();

}  // namespace burin::cli

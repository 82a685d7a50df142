// What `exec` was asked to do: its command line after parsing (cli-config.md 3.1).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace burin::exec {

enum class Color : unsigned char { automatic, always, never };

struct Resume {
  std::optional<std::string> session;  // UUID, name, or path of a session file
  bool last = false;
  bool all = false;
};

/// One of -c, --enable, --disable, as typed.
struct ConfigArgument {
  enum class Kind : unsigned char { assign, enable, disable } kind = Kind::assign;
  std::string text;
};

/// The overrides that the arguments mean, in their order.
config::ConfigResult<std::vector<config::Override>> read_config_arguments(const std::vector<ConfigArgument>& arguments);

struct Options {
  std::vector<ConfigArgument> config_arguments;  // root-level ones first
  config::ConfigOverrides overrides;             // the typed options
  std::optional<std::string> cd;
  std::vector<std::string> images;
  std::optional<std::string> prompt;  // "-" reads stdin
  std::optional<Resume> resume;
  bool skip_git_repo_check = false;
  bool ephemeral = false;
  bool json = false;
  Color color = Color::automatic;
  std::optional<std::string> output_schema;
  std::optional<std::string> output_last_message;
};

}  // namespace burin::exec

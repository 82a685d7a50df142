// `burin login`, `burin login status`, `burin logout` (cli-config.md 2.5, 5.8). Everything is said on stderr, and no
// credential is ever shown in full.
#pragma once
#include <string>
#include <vector>

#include "config/config.h"
#include "exec/options.h"
#include "io/world.h"

namespace burin::cli {

struct Login {
  enum class Action : unsigned char { browser, device_code, key_from_stdin, key_as_argument, status, logout };
  Action action = Action::browser;
  std::string issuer, client_id;  // "": those of OpenAI
  std::vector<exec::ConfigArgument> config_arguments;
};

/// Runs one of them; the exit code.
io::Task<int> run_login(io::World& world, const config::Config& config, const Login& command);

/// First 8 and last 5 characters; of keys of 13 or fewer, none.
std::string masked_key(std::string_view key);

}  // namespace burin::cli

// One non-interactive run: checks, prompt, thread, events, exit code (cli-config.md 3).
#pragma once
#include "exec/options.h"
#include "io/world.h"

namespace burin::exec {

/// Runs to the end and returns the exit code. `world` carries the environment as captured; the home's .env is applied
/// by the caller. Everything that ends the run early is printed to stderr.
io::Task<int> run(io::World& world, Options options, std::string home);

}  // namespace burin::exec

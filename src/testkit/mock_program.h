// `burin mock-server`: the scripted Responses server as a program, for testing any agent, in any language.
//
// The interface is files and HTTP only: a script says what to answer (testkit/script.h), a log with one JSON line for
// each fact says what came, control endpoints under /__mock/ open gates and change the script while it runs, and the
// exit status says whether all went as scripted (model-client.md 16.11; docs/testing-agents.md).
//
// Uses of the world: loop, files (paths relative to the current directory), clock. Ends by SIGTERM, SIGINT, shutdown of
// the loop's root, POST /__mock/shutdown, --exit-after or --timeout.
#pragma once
#include <string>
#include <vector>

#include "io/world.h"

namespace burin::testkit {

/// `args` without the program's and the command's name. Returns the exit status: 0 all went as scripted, 1 there were
/// problems (told on stderr), 2 the server could not start.
io::Task<int> mock_server_main(io::World& world, std::vector<std::string> args);

}  // namespace burin::testkit

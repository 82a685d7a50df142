// The command line: from argv to a front end (cli-config.md 2).
#pragma once

namespace burin::cli {

int run(int argc, char** argv);

}  // namespace burin::cli

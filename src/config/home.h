// The home folder: where it is, and the environment that it brings.
//
// Two programs may share one home (cli-config.md 1.1, INV-13, INV-14): an existing Codex user keeps everything, and who
// wants separation sets BURIN_HOME or creates ~/.burin. A variable that is set but wrong is an error, never a reason to
// look further.
#pragma once
#include <string>

#include "config/error.h"
#include "io/environment.h"
#include "io/files.h"

namespace burin::config {

/// First of $BURIN_HOME, $CODEX_HOME (both canonical, must be folders), an existing ~/.burin, ~/.codex (which need not
/// exist). cli-config.md 1.1.
ConfigResult<std::string> find_home(io::Files& files, const io::Environment& env);

/// Reads <home>/.env into `env`, overriding what is there; names that start with CODEX_ or BURIN_ (any case) are
/// skipped, malformed lines ignored, a missing or unreadable file is no error. cli-config.md 8.2.
void load_dotenv(io::Files& files, const std::string& home, io::Environment& env);

/// The text of a .env file applied to `env`, in the order of its lines.
void apply_dotenv(std::string_view text, io::Environment& env);

}  // namespace burin::config

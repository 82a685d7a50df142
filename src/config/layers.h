// The layers of the configuration: found, read, and stacked in their order.
//
// system < user < project (root down to the current folder) < command line < legacy managed (cli-config.md 5.2). Each
// layer keeps its own tree, so that clients can show where a value comes from; `effective` merges those that count. A
// project layer of a folder that the user does not trust is read but disabled (5.4): it influences nothing, and its
// mistakes are no errors. Types are not checked here beyond the two keys that stacking itself needs.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/error.h"
#include "config/requirements.h"
#include "config/toml.h"
#include "config/trust.h"
#include "io/environment.h"
#include "io/files.h"

namespace burin::config {

enum class LayerKind : std::uint8_t { system, user, project, session_flags, managed };

struct Layer {
  LayerKind kind;
  std::string path;  // the file; empty for session_flags
  Value config{Table{}};
  std::optional<std::string> disabled_reason = std::nullopt;
};

struct LayerStack {
  std::vector<Layer> layers;  // lowest first; files that do not exist are empty layers, except for project and managed
  Requirements requirements;
  std::string user_file;
  std::vector<std::string> project_root_markers;
  std::string project_root;
  std::optional<Trust> trust;  // decision for the current folder

  /// All layers that count, merged.
  Value effective() const;
};

struct LayerOptions {
  std::string home;
  std::string cwd;  // absolute
  std::vector<Override> overrides;
  std::string system_folder = "/etc/codex";
};

ConfigResult<LayerStack> load_layers(io::Files& files, const io::Environment& env, const LayerOptions& options);

/// Parses every `-c` text in order; the first that cannot be read is the error.
ConfigResult<std::vector<Override>> parse_overrides(const std::vector<std::string>& texts);
/// `--enable NAME` and `--disable NAME` as an override; "Unknown feature flag: NAME" for a name that means nothing.
ConfigResult<Override> feature_override(std::string_view name, bool on);

}  // namespace burin::config

#include "config/layers.h"

#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "config/features.h"
#include "config/schema.h"

namespace burin::config {
namespace layers_detail {

constexpr std::uint64_t file_limit = 64ull << 20;

ConfigError located(const TomlError& error) {
  return {.stage = Stage::loading, .message = render_located(error), .where = error, .print_place = true};
}

/// The layers of one load, while they are found.
class Loader {
 public:
  Loader(io::Files& files, const io::Environment& env, const LayerOptions& options)
      : files_(files), options_(options), user_folder_(env.get("HOME").value_or("")) {}

  ConfigResult<LayerStack> run() {
    if (auto done = requirements(); !done) return tl::unexpected(done.error());
    if (auto done = shared_layers(); !done) return tl::unexpected(done.error());
    const Value shared = stack_.effective();
    auto markers = root_markers(shared);
    if (!markers) return tl::unexpected(markers.error());
    stack_.project_root_markers = *std::move(markers);
    stack_.project_root = find_project_root(files_, options_.cwd, stack_.project_root_markers);
    const TrustBook book(files_, shared, options_.cwd, stack_.project_root);
    stack_.trust = book.decide(options_.cwd).trust;
    if (auto done = project_layers(book); !done) return tl::unexpected(done.error());
    if (managed_) stack_.layers.push_back(*std::move(managed_));
    return std::move(stack_);
  }

 private:
  std::string system_file(std::string_view name) const { return path::join(options_.system_folder, name); }

  /// The text of a configuration file; null when there is none.
  ConfigResult<std::shared_ptr<const Document>> read(const std::string& path, std::string_view what) {
    auto text = files_.read(path, file_limit);
    if (!text && (text.error().sys == ENOENT || text.error().sys == ENOTDIR)) return nullptr;
    if (!text) {
      return config_error(Stage::loading, fmt::format("Failed to read {} {}: {}", what, path, text.error().reason()));
    }
    if (!utf8_valid(*text)) {
      return config_error(Stage::loading,
                          fmt::format("Failed to read {} {}: stream did not contain valid UTF-8", what, path));
    }
    return std::make_shared<const Document>(Document{.name = path, .text = *std::move(text)});
  }

  ConfigResult<std::optional<Value>> config_file(const std::string& path) {
    auto document = read(path, "config file");
    if (!document) return tl::unexpected(document.error());
    if (*document == nullptr) return std::nullopt;
    auto value = parse_toml(*document);
    if (!value) return tl::unexpected(located(value.error()));
    resolve_paths(*value, config_shape(), path::parent(path), user_folder_);
    return *std::move(value);
  }

  ConfigResult<> requirements() {
    const std::string path = system_file("requirements.toml");
    auto document = read(path, "requirements file");
    if (!document) return tl::unexpected(document.error());
    if (*document != nullptr) {
      auto read_in = read_requirements(*document, stack_.requirements);
      if (!read_in) return read_in;
    }
    const std::string managed_path = system_file("managed_config.toml");
    auto managed = config_file(managed_path);
    if (!managed) return tl::unexpected(managed.error());
    if (*managed) {
      managed_ = Layer{.kind = LayerKind::managed, .path = managed_path, .config = **std::move(managed)};
      if (auto error = check(managed_->config, config_shape())) {
        return tl::unexpected(ConfigError{.stage = Stage::loading, .message = error->text()});
      }
      derive_requirements(managed_->config, managed_path, stack_.requirements);
    }
    return {};
  }

  ConfigResult<> shared_layers() {
    stack_.user_file = path::join(options_.home, "config.toml");
    const std::pair<LayerKind, std::string> single_files[] = {{LayerKind::system, system_file("config.toml")},
                                                              {LayerKind::user, stack_.user_file}};
    for (const auto& [kind, path] : single_files) {
      auto value = config_file(path);
      if (!value) return tl::unexpected(value.error());
      Layer layer{.kind = kind, .path = path};
      if (*value) layer.config = **std::move(value);
      stack_.layers.push_back(std::move(layer));
    }
    // The keys that stacking needs are checked in their files: such errors carry a place (cli-config.md 5.1).
    for (const Layer& layer : stack_.layers) {
      if (auto error = check(layer.config, bootstrap_shape())) {
        return tl::unexpected(located({error->message, error->value->document, error->value->place}));
      }
    }
    if (!options_.overrides.empty()) {
      Layer flags{.kind = LayerKind::session_flags};
      for (const Override& o : options_.overrides) set_path(flags.config, o.path, o.value);
      resolve_paths(flags.config, config_shape(), options_.cwd, user_folder_);
      stack_.layers.push_back(std::move(flags));
    }
    return {};
  }

  static ConfigResult<std::vector<std::string>> root_markers(const Value& shared) {
    const Value* markers = shared.find("project_root_markers");
    if (markers == nullptr) return std::vector<std::string>{".git"};
    const auto refuse = [] { return config_error(Stage::loading, "project_root_markers must be an array of strings"); };
    if (markers->array() == nullptr) return refuse();
    std::vector<std::string> out;
    for (const Value& marker : *markers->array()) {
      if (marker.string() == nullptr) return refuse();
      out.push_back(*marker.string());
    }
    return out;
  }

  bool is_home(const std::string& folder) {
    if (path::normal(folder) == path::normal(options_.home)) return true;
    const auto a = files_.canonical(folder);
    const auto b = files_.canonical(options_.home);
    return a && b && *a == *b;
  }

  /// From the project root down to the current folder; they go below the command line.
  ConfigResult<> project_layers(const TrustBook& book) {
    std::vector<std::string> folders;
    for (std::string_view dir = options_.cwd; !dir.empty(); dir = path::parent(dir)) {
      folders.emplace_back(dir);
      if (dir == stack_.project_root) break;
    }
    auto at = std::find_if(stack_.layers.begin(), stack_.layers.end(),
                           [](const Layer& l) { return l.kind == LayerKind::session_flags; });
    std::vector<Layer> found;
    for (auto dir = folders.rbegin(); dir != folders.rend(); ++dir) {
      const std::string folder = path::join(*dir, ".codex");
      if (!files_.is_dir(folder) || is_home(folder)) continue;
      auto layer = project_layer(path::join(folder, "config.toml"), book.decide(*dir));
      if (!layer) return tl::unexpected(layer.error());
      if (*layer) found.push_back(**std::move(layer));
    }
    stack_.layers.insert(at, std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    return {};
  }

  ConfigResult<std::optional<Layer>> project_layer(const std::string& path, const TrustBook::Decision& decision) {
    const bool trusted = decision.trust == Trust::trusted;
    Layer layer{.kind = LayerKind::project, .path = path};
    if (!trusted) layer.disabled_reason = disabled_reason(decision);
    auto document = read(path, "project config file");
    if (!document && !trusted) return layer;
    if (!document) return tl::unexpected(document.error());
    if (*document == nullptr) return std::nullopt;
    auto value = parse_toml(*document);
    if (!value && !trusted) return layer;
    if (!value) {
      return tl::unexpected(ConfigError{
          .stage = Stage::loading,
          .message = fmt::format("Error parsing project config file {}: {}", path, render_parse_error(value.error())),
          .where = value.error()});
    }
    layer.config = *std::move(value);
    resolve_paths(layer.config, config_shape(), path::parent(path), user_folder_);
    return layer;
  }

  std::string disabled_reason(const TrustBook::Decision& decision) const {
    if (decision.trust == Trust::untrusted) {
      return fmt::format("{} is marked as untrusted in {}. To load config.toml, mark it trusted.", decision.key,
                         stack_.user_file);
    }
    return fmt::format("To load config.toml, add {} as a trusted project in {}.", decision.key, stack_.user_file);
  }

  io::Files& files_;
  const LayerOptions& options_;
  std::string user_folder_;  // what ~/ means
  LayerStack stack_;
  std::optional<Layer> managed_;
};

}  // namespace layers_detail

Value LayerStack::effective() const {
  Value out{Table{}};
  for (const Layer& layer : layers) {
    if (!layer.disabled_reason) merge(out, layer.config);
  }
  return out;
}

ConfigResult<LayerStack> load_layers(io::Files& files, const io::Environment& env, const LayerOptions& options) {
  return layers_detail::Loader(files, env, options).run();
}

ConfigResult<std::vector<Override>> parse_overrides(const std::vector<std::string>& texts) {
  std::vector<Override> out;
  for (const auto& text : texts) {
    auto parsed = parse_override(text);
    if (!parsed) return config_error(Stage::overrides, parsed.error());
    out.push_back(*std::move(parsed));
  }
  return out;
}

ConfigResult<Override> feature_override(std::string_view name, bool on) {
  if (!feature_named(name)) return config_error(Stage::deriving, fmt::format("Unknown feature flag: {}", name));
  return Override{.path = {"features", std::string(name)}, .value = Value(on)};
}

}  // namespace burin::config

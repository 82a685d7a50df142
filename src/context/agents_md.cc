#include "context/agents_md.h"

#include "base/log.h"
#include "base/text.h"
#include "prompts.h"

namespace burin::context {

namespace agents_md_detail {

constexpr std::string_view override_name = "AGENTS.override.md";
constexpr std::string_view plain_name = "AGENTS.md";
constexpr std::string_view separator = "\n\n--- project-doc ---\n\n";
constexpr std::uint64_t max_global_bytes = 64 << 20;

/// Folders to search, from the project's root down to the cwd.
std::vector<std::string> search_path(io::Files& files, const config::Config& config, const std::string& cwd) {
  std::vector<std::string> up;
  for (std::string_view dir = cwd; !dir.empty(); dir = path::parent(dir)) {
    up.emplace_back(dir);
    for (const auto& marker : config.project_root_markers) {
      if (files.exists(path::join(dir, marker))) return {up.rbegin(), up.rend()};
    }
    if (config.project_root_markers.empty()) break;
  }
  return {cwd};
}

std::vector<std::string> document_names(const config::Config& config) {
  std::vector<std::string> names{std::string(override_name), std::string(plain_name)};
  for (const auto& name : config.project_doc_fallback_filenames) {
    if (!blank(name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

/// The document of one folder: the first name that is there as a file or symlink.
std::optional<std::string> document_in(io::Files& files, const std::string& dir,
                                       const std::vector<std::string>& names) {
  for (const auto& name : names) {
    std::string file = path::join(dir, name);
    auto info = files.lstat(file);
    if (!info) continue;
    using enum io::FileInfo::Type;
    if (info->type == regular || info->type == symlink) return file;
  }
  return std::nullopt;
}

}  // namespace agents_md_detail

using namespace agents_md_detail;

std::optional<std::string> global_instructions(io::Files& files, const std::string& home) {
  for (auto name : {override_name, plain_name}) {
    auto text = files.read(path::join(home, name), max_global_bytes);
    if (!text || blank(*text)) continue;
    return std::string(trim(utf8_lossy(*text)));
  }
  return std::nullopt;
}

std::optional<std::string> project_documents(io::Files& files, const config::Config& config, const std::string& cwd) {
  std::uint64_t left = config.project_doc_max_bytes;
  if (left == 0) return std::nullopt;
  auto start = files.canonical(cwd);
  auto names = document_names(config);
  std::string out;
  for (const auto& dir : search_path(files, config, start ? *start : cwd)) {
    if (left == 0) break;
    auto file = document_in(files, dir, names);
    if (!file) continue;
    auto bytes = files.read_range(*file, 0, left);
    if (!bytes) {
      if (bytes.error().kind == Kind::not_found) continue;  // a symlink to nowhere
      log(Level::error, "context", "project documents are left out: {}", bytes.error().text());
      return std::nullopt;
    }
    std::string text = utf8_lossy(*bytes);
    if (blank(text)) continue;
    left -= bytes->size();
    if (!out.empty()) out += "\n\n";
    out += text;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::optional<std::string> user_instructions(io::Files& files, const config::Config& config, const std::string& home,
                                             const std::string& cwd) {
  std::string out = global_instructions(files, home).value_or("");
  if (auto project = project_documents(files, config, cwd)) {
    if (!out.empty()) out += separator;
    out += *project;
  }
  if (config.features.enabled(config::Feature::child_agents_md)) {
    if (!out.empty()) out += "\n\n";
    out += trim(prompts::hierarchical_agents);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace burin::context

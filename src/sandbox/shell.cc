#include "sandbox/shell.h"

#include <pwd.h>
#include <unistd.h>

#include "base/text.h"

namespace burin::sandbox {

namespace shell_detail {

struct Row {
  ShellKind kind;
  std::string_view name;        // as the environment context names it
  std::string_view program;     // searched in PATH
  std::string_view fixed;       // where it is when PATH does not tell
  std::string_view other = {};  // second name in PATH
};
constexpr Row rows[] = {
    {ShellKind::bash, "bash", "bash", "/bin/bash"},
    {ShellKind::zsh, "zsh", "zsh", "/bin/zsh"},
    {ShellKind::sh, "sh", "sh", "/bin/sh"},
    {ShellKind::powershell, "powershell", "pwsh", "/usr/local/bin/pwsh", "powershell"},
    {ShellKind::cmd, "cmd", "cmd", ""},
};

const Row& row_of(ShellKind kind) {
  for (const auto& row : rows) {
    if (row.kind == kind) return row;
  }
  return rows[2];
}

std::optional<std::string> in_path(io::Files& files, const io::Environment& env, std::string_view program) {
  for (auto dir : split(env.get("PATH").value_or(""), ':')) {
    if (dir.empty()) continue;
    auto candidate = path::join(dir, program);
    if (files.is_file(candidate)) return candidate;
  }
  return std::nullopt;
}

/// sandbox.md 2, "find type T".
std::optional<Shell> find(io::Files& files, const io::Environment& env, ShellKind kind, std::string_view wanted,
                          std::string_view login_shell) {
  if (!wanted.empty() && files.is_file(std::string(wanted))) return Shell{kind, std::string(wanted)};
  if (shell_kind(login_shell) == kind && files.is_file(std::string(login_shell))) {
    return Shell{kind, std::string(login_shell)};
  }
  const auto& row = row_of(kind);
  if (auto found = in_path(files, env, row.program)) return Shell{kind, *found};
  if (!row.fixed.empty() && files.is_file(std::string(row.fixed))) return Shell{kind, std::string(row.fixed)};
  if (!row.other.empty()) {
    if (auto found = in_path(files, env, row.other)) return Shell{kind, *found};
  }
  return std::nullopt;
}

}  // namespace shell_detail

using namespace shell_detail;

std::string_view shell_name(ShellKind kind) { return row_of(kind).name; }

std::optional<ShellKind> shell_kind(std::string_view file) {
  auto name = path::name(file);
  for (;;) {
    if (name == "pwsh" || name == "powershell") return ShellKind::powershell;
    for (const auto& row : rows) {
      if (name == row.name) return row.kind;
    }
    auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return std::nullopt;
    name = name.substr(0, dot);
  }
}

std::string login_shell_of_user() {
  char buffer[4096];
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return {};
  return found->pw_shell != nullptr ? found->pw_shell : "";
}

Shell session_shell(io::Files& files, const io::Environment& env, std::string_view login_shell) {
  if (auto kind = shell_kind(login_shell)) {
    if (auto shell = find(files, env, *kind, {}, login_shell)) return *shell;
  }
  for (auto kind : {ShellKind::bash, ShellKind::zsh}) {
    if (auto shell = find(files, env, kind, {}, login_shell)) return *shell;
  }
  return {};
}

Shell named_shell(io::Files& files, const io::Environment& env, std::string_view wanted, std::string_view login_shell) {
  if (auto kind = shell_kind(wanted)) {
    if (auto shell = find(files, env, *kind, wanted, login_shell)) return *shell;
  }
  return {};
}

std::vector<std::string> shell_argv(const Shell& shell, std::string_view script, bool login) {
  std::string text(script);
  switch (shell.kind) {
    case ShellKind::powershell:
      if (login) return {shell.path, "-Command", text};
      return {shell.path, "-NoProfile", "-Command", text};
    case ShellKind::cmd:
      return {shell.path, "/c", text};
    default:
      return {shell.path, login ? "-lc" : "-c", text};
  }
}

}  // namespace burin::sandbox

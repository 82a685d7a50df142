// Shells: detection by path, the session's shell, argument vectors (sandbox.md 2).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/environment.h"
#include "io/files.h"

namespace burin::sandbox {

enum class ShellKind : unsigned char { bash, zsh, sh, powershell, cmd };

struct Shell {
  ShellKind kind = ShellKind::sh;
  std::string path = "/bin/sh";
};

/// "bash", "zsh", "sh", "powershell", "cmd": how the environment context names the shell.
std::string_view shell_name(ShellKind kind);

/// By the file name without extension; nullopt for shells that are not known (fish, nu, dash…).
std::optional<ShellKind> shell_kind(std::string_view path);

/// The user's login shell from the user database if it is known, else the first of bash, zsh, else /bin/sh.
/// `login_shell` is that of the user database, empty when there is none.
Shell session_shell(io::Files& files, const io::Environment& env, std::string_view login_shell);

/// The login shell of the current user (user database).
std::string login_shell_of_user();

/// A shell that the model named: its kind decides, an unknown or missing one becomes /bin/sh.
Shell named_shell(io::Files& files, const io::Environment& env, std::string_view wanted, std::string_view login_shell);

/// [path, "-lc" or "-c", script] and the forms of the other shells.
std::vector<std::string> shell_argv(const Shell& shell, std::string_view script, bool login);

}  // namespace burin::sandbox

#include "io/browser.h"

#include <cerrno>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

namespace burin::io {

namespace browser_detail {

// The URL is an argument and never part of the script. The shell is gone at once; the browser has a session of its own.
constexpr const char* script =
    "for b in \"$BROWSER\" xdg-open wslview; do\n"
    "  if [ -n \"$b\" ] && command -v \"$b\" >/dev/null 2>&1; then\n"
    "    \"$b\" \"$1\" &\n"
    "    exit 0\n"
    "  fi\n"
    "done\n"
    "exit 1\n";

}  // namespace browser_detail

bool open_in_browser(const Environment& env, const std::string& url) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words{"sh", "-c", browser_detail::script, "sh", url}, variables;
  for (const auto& [name, value] : env.all()) variables.push_back(name + "=" + value);
  auto pointers = [](std::vector<std::string>& from) {
    std::vector<char*> out;
    for (auto& s : from) out.push_back(s.data());
    out.push_back(nullptr);
    return out;
  };
  auto argv = pointers(words), envp = pointers(variables);
  pid_t pid = -1;
  int sys = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv.data(), envp.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (sys != 0) return false;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace burin::io

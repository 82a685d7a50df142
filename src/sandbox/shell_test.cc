#include "sandbox/shell.h"

#include <gtest/gtest.h>

#include "io/fake_files.h"

namespace burin::sandbox {
namespace {

using Words = std::vector<std::string>;

TEST(ShellKinds, ByFileName) {
  struct Row {
    const char* path;
    std::optional<ShellKind> kind;
  };
  const Row rows[] = {{"bash", ShellKind::bash},
                      {"/bin/bash", ShellKind::bash},
                      {"/opt/zsh", ShellKind::zsh},
                      {"sh", ShellKind::sh},
                      {"bash.exe", ShellKind::bash},
                      {"pwsh", ShellKind::powershell},
                      {"/x/powershell.exe", ShellKind::powershell},
                      {"powershell.1.exe", ShellKind::powershell},
                      {"cmd.exe", ShellKind::cmd},
                      {"fish", std::nullopt},
                      {"/usr/bin/nu", std::nullopt},
                      {"dash", std::nullopt},
                      {"bash5", std::nullopt},
                      {".bash", std::nullopt},
                      {"/", std::nullopt},
                      {"", std::nullopt}};
  for (const auto& row : rows) EXPECT_EQ(shell_kind(row.path), row.kind) << row.path;
}

TEST(ShellKinds, Names) {
  EXPECT_EQ(shell_name(ShellKind::bash), "bash");
  EXPECT_EQ(shell_name(ShellKind::zsh), "zsh");
  EXPECT_EQ(shell_name(ShellKind::sh), "sh");
  EXPECT_EQ(shell_name(ShellKind::powershell), "powershell");
  EXPECT_EQ(shell_name(ShellKind::cmd), "cmd");
}

TEST(ShellArgv, LoginAndNot) {
  for (auto kind : {ShellKind::bash, ShellKind::zsh, ShellKind::sh}) {
    EXPECT_EQ(shell_argv({kind, "/p"}, "s", true), (Words{"/p", "-lc", "s"}));
    EXPECT_EQ(shell_argv({kind, "/p"}, "s", false), (Words{"/p", "-c", "s"}));
  }
  EXPECT_EQ(shell_argv({ShellKind::powershell, "/p"}, "s", true), (Words{"/p", "-Command", "s"}));
  EXPECT_EQ(shell_argv({ShellKind::powershell, "/p"}, "s", false), (Words{"/p", "-NoProfile", "-Command", "s"}));
  EXPECT_EQ(shell_argv({ShellKind::cmd, "/p"}, "s", true), (Words{"/p", "/c", "s"}));
  EXPECT_EQ(shell_argv({ShellKind::cmd, "/p"}, "s", false), (Words{"/p", "/c", "s"}));
}

struct Shells : ::testing::Test {
  void have(std::initializer_list<const char*> paths) {
    for (const char* file : paths) files.put(file, "x");
  }
  io::MemFiles files;
  io::Environment env{{{"PATH", "/usr/local/bin::/usr/bin"}}};
};

TEST_F(Shells, SessionShellIsTheLoginShellIfKnown) {
  have({"/home/zsh", "/usr/bin/bash", "/usr/bin/zsh"});
  auto shell = session_shell(files, env, "/home/zsh");
  EXPECT_EQ(shell.path, "/home/zsh");
  EXPECT_EQ(shell.kind, ShellKind::zsh);
  // The login shell is gone: the same type from PATH.
  EXPECT_EQ(session_shell(files, env, "/gone/zsh").path, "/usr/bin/zsh");
}

TEST_F(Shells, UnknownLoginShellFallsBack) {
  have({"/usr/bin/fish", "/usr/bin/zsh", "/bin/bash"});
  EXPECT_EQ(session_shell(files, env, "/usr/bin/fish").path, "/bin/bash");  // from the fixed place
  have({"/usr/local/bin/bash"});
  EXPECT_EQ(session_shell(files, env, "").path, "/usr/local/bin/bash");
  ASSERT_TRUE(files.remove("/usr/local/bin/bash"));
  ASSERT_TRUE(files.remove("/bin/bash"));
  EXPECT_EQ(session_shell(files, env, "").path, "/usr/bin/zsh");
  ASSERT_TRUE(files.remove("/usr/bin/zsh"));
  auto last = session_shell(files, env, "/usr/bin/fish");
  EXPECT_EQ(last.path, "/bin/sh");
  EXPECT_EQ(last.kind, ShellKind::sh);
}

TEST_F(Shells, FoldersAreNoShells) {
  ASSERT_TRUE(files.make_dirs("/usr/bin/bash"));
  have({"/bin/bash"});
  EXPECT_EQ(session_shell(files, env, "").path, "/bin/bash");
}

TEST_F(Shells, NamedByTheModel) {
  have({"/usr/bin/zsh", "/opt/bash", "/usr/bin/bash", "/home/bash"});
  EXPECT_EQ(named_shell(files, env, "/opt/bash", "").path, "/opt/bash");
  EXPECT_EQ(named_shell(files, env, "bash", "").path, "/usr/bin/bash");
  EXPECT_EQ(named_shell(files, env, "bash", "/home/bash").path, "/home/bash");
  EXPECT_EQ(named_shell(files, env, "/no/zsh", "").path, "/usr/bin/zsh");
  EXPECT_EQ(named_shell(files, env, "fish", "").path, "/bin/sh");
  EXPECT_EQ(named_shell(files, env, "pwsh", "").path, "/bin/sh");
  EXPECT_EQ(named_shell(files, env, "cmd", "").path, "/bin/sh");
  EXPECT_EQ(named_shell(files, env, "", "").path, "/bin/sh");
}

TEST_F(Shells, PowerShellHasTwoNames) {
  have({"/usr/bin/powershell"});
  EXPECT_EQ(named_shell(files, env, "pwsh", "").path, "/usr/bin/powershell");
  have({"/usr/local/bin/pwsh"});
  EXPECT_EQ(named_shell(files, env, "powershell", "").path, "/usr/local/bin/pwsh");
}

TEST(LoginShell, OfTheUserDatabase) {
  auto shell = login_shell_of_user();
  EXPECT_TRUE(shell.empty() || shell.starts_with('/')) << shell;
}

}  // namespace
}  // namespace burin::sandbox

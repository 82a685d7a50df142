#include "sandbox/linux.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <map>
#include <memory>

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "sandbox/policy.h"

namespace burin::sandbox {

namespace linux_detail {

// Debian 12's header ends at ABI 2; the kernel is asked at run time what it knows.
constexpr std::uint64_t right_execute = 1ull << 0, right_write_file = 1ull << 1, right_read_file = 1ull << 2,
                        right_read_dir = 1ull << 3, right_truncate = 1ull << 14, right_ioctl_dev = 1ull << 15;
constexpr std::uint64_t rights_abi_1 = (1ull << 13) - 1;
constexpr std::uint64_t right_refer = 1ull << 13;
/// Making device files: as root, a way around everything else.
constexpr std::uint64_t rights_devices = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
constexpr std::uint64_t rights_read = right_execute | right_read_file | right_read_dir;
constexpr std::uint64_t rights_of_files =
    right_execute | right_write_file | right_read_file | right_truncate | right_ioctl_dev;

std::uint64_t handled_rights(int abi) {
  std::uint64_t rights = rights_abi_1;
  if (abi >= 2) rights |= right_refer;
  if (abi >= 3) rights |= right_truncate;
  if (abi >= 5) rights |= right_ioctl_dev;
  return rights;
}

int landlock_abi() {
  long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1u /* LANDLOCK_CREATE_RULESET_VERSION */);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

std::string errno_text(std::string_view what) { return fmt::format("{}: {}", what, os_error_text(errno)); }

/// Writes a small /proc file of this process; false with errno set.
bool write_proc(const char* file, const std::string& text) {
  int fd = ::open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool ok = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  int saved = errno;
  ::close(fd);
  errno = saved;
  return ok;
}

/// Who we are, as the maps of a user namespace say it.
struct Identity {
  uid_t uid = ::geteuid();
  std::string users = fmt::format("{0} {0} 1", uid), groups = fmt::format("{0} {0} 1", ::getegid());
};

/// In a new mount namespace: what is mounted here stays here. In a new user namespace we stay who we are.
bool settle(const Identity& who, bool user_namespace) {
  if (user_namespace && (!write_proc("/proc/self/setgroups", "deny") || !write_proc("/proc/self/uid_map", who.users) ||
                         !write_proc("/proc/self/gid_map", who.groups))) {
    return false;
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// A mount namespace of our own. Root needs nothing else; for others a user namespace comes with it.
bool own_mounts() {
  Identity who;
  if (who.uid == 0 && ::unshare(CLONE_NEWNS) == 0) return settle(who, false);
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && settle(who, true);
}

struct Attempt {
  Identity who;
  bool user_namespace = false;
};
int attempt_mounts(void* at) {
  const auto& attempt = *static_cast<const Attempt*>(at);
  return settle(attempt.who, attempt.user_namespace) ? 0 : 1;
}

/// Tries in a child what own_mounts does, because a namespace cannot be left again. The child borrows our memory, as
/// with vfork: copying the page tables would cost more than all the rest.
bool can_own_mounts() {
#if __has_feature(thread_sanitizer)
  return false;  // it cannot follow a child that borrows memory
#endif
  constexpr std::size_t stack_size = 64 * 1024;
  auto stack = std::make_unique<std::byte[]>(stack_size);
  Attempt attempt;
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // a handler must not run in the child
  auto try_with = [&](int namespaces) {
    attempt.user_namespace = (namespaces & CLONE_NEWUSER) != 0;
    int child = ::clone(attempt_mounts, stack.get() + stack_size, CLONE_VM | CLONE_VFORK | namespaces, &attempt);
    if (child < 0) return false;
    int status = 0;
    while (::waitpid(child, &status, __WALL) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  };
  bool can = (attempt.who.uid == 0 && try_with(CLONE_NEWNS)) || try_with(CLONE_NEWUSER | CLONE_NEWNS);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return can;
}

bool bind_to_itself(const char* file) { return ::mount(file, file, nullptr, MS_BIND | MS_REC, nullptr) == 0; }

bool make_read_only(const char* file) {
  if (!bind_to_itself(file)) return false;
  struct statvfs info{};
  if (::statvfs(file, &info) != 0) return false;
  // Flags that the underlying mount has locked must be repeated, except those of access times, which are kept.
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY;
  if ((info.f_flag & ST_NOSUID) != 0) flags |= MS_NOSUID;
  if ((info.f_flag & ST_NODEV) != 0) flags |= MS_NODEV;
  if ((info.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  return ::mount(nullptr, file, nullptr, flags, nullptr) == 0;
}

bool add_rule(int ruleset, const char* file, std::uint64_t rights) {
  int fd = ::open(file, O_PATH | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat info{};
  if (::fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode)) rights &= rights_of_files;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = fd;
  long rc = ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u);
  int saved = errno;
  ::close(fd);
  errno = saved;
  return rc == 0;
}

std::string restrict_files(const std::vector<std::string>& roots) {
  int abi = landlock_abi();
  if (abi == 0) return "the kernel does not offer Landlock";
  std::uint64_t handled = handled_rights(abi);
  landlock_ruleset_attr attr{};
  attr.handled_access_fs = handled;
  long ruleset = ::syscall(SYS_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0u);
  if (ruleset < 0) return errno_text("the Landlock ruleset could not be made");
  int fd = static_cast<int>(ruleset);
  if (!add_rule(fd, "/", rights_read & handled)) return errno_text("the Landlock rule for / was refused");
  if (!add_rule(fd, "/dev/null", handled)) return errno_text("the Landlock rule for /dev/null was refused");
  for (const auto& root : roots) {
    // A root that cannot be opened grants nothing, which is no reason to run nothing.
    if (!add_rule(fd, root.c_str(), handled & ~rights_devices) && ::access(root.c_str(), F_OK) == 0) {
      return errno_text(fmt::format("the Landlock rule for {} was refused", root));
    }
  }
  if (::syscall(SYS_landlock_restrict_self, fd, 0u) != 0) return errno_text("Landlock could not be put in force");
  ::close(fd);
  return {};
}

/// sandbox.md 7.4, restricted network. Calls are refused with EPERM; everything else is allowed.
std::string restrict_calls() {
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return "the seccomp filter could not be made";
  const std::uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  bool ok = ::seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, refuse) == 0;
  auto deny = [&](int call) { ok = ::seccomp_rule_add(filter, refuse, call, 0) == 0 && ok; };
  for (int call : {SCMP_SYS(ptrace), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register)}) {
    deny(call);
  }
  for (int call : {SCMP_SYS(connect), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(bind), SCMP_SYS(listen),
                   SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(shutdown), SCMP_SYS(sendto),
                   SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt)}) {
    deny(call);
  }
  for (int call : {SCMP_SYS(socket), SCMP_SYS(socketpair)}) {
    ok = ::seccomp_rule_add(filter, refuse, call, 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX)) == 0 && ok;
  }
  if (!ok) {
    ::seccomp_release(filter);
    return "a seccomp rule was refused";
  }
  int rc = ::seccomp_load(filter);
  ::seccomp_release(filter);
  if (rc != 0) {
    errno = -rc;
    return errno_text("the seccomp filter could not be put in force");
  }
  return {};
}

/// The launcher arguments, one letter and a value each: what the hook must do, already resolved.
constexpr std::string_view write_root = "w", read_only_part = "r", kept_in_place = "k", restrict_network = "n",
                           restrict_write = "f";

/// Which mounts protect the read-only subpaths, by path and therefore from the outside in; true: read-only.
///
/// A subpath outside of all roots needs none. Folders between a root and a subpath are mounted onto themselves, because
/// a mount point cannot be renamed: else the folder above .git could be moved away and another put in its place.
std::map<std::string, bool> protecting_mounts(const std::vector<WritableRoot>& roots, io::Files& files) {
  std::vector<std::string> real_roots;
  for (const auto& root : roots) {
    if (auto real = files.canonical(root.root)) real_roots.push_back(std::move(*real));
  }
  auto inside = [&](std::string_view file) {
    return std::any_of(real_roots.begin(), real_roots.end(),
                       [&](const auto& root) { return root != file && path::contains(root, file); });
  };
  std::map<std::string, bool> out;
  for (const auto& root : roots) {
    for (const auto& part : root.read_only_subpaths) {
      auto real = files.canonical(part);
      if (!real || !inside(*real)) continue;
      out[*real] = true;
      for (auto above = path::parent(*real); inside(above); above = path::parent(above)) out.emplace(above, false);
    }
  }
  return out;
}

std::vector<std::string> encode(const wire::SandboxPolicy& policy, const std::string& cwd, io::Files& files,
                                const io::Environment& env, bool mounts) {
  std::vector<std::string> args;
  if (!has_full_network(policy)) args.emplace_back(restrict_network);
  if (has_full_write(policy)) return args;
  args.emplace_back(restrict_write);
  auto roots = writable_roots(policy, cwd, files, env);
  for (const auto& root : roots) args.push_back(std::string(write_root) + root.root);
  if (!mounts) return args;
  for (const auto& [file, read_only] : protecting_mounts(roots, files)) {
    args.push_back(std::string(read_only ? read_only_part : kept_in_place) + file);
  }
  return args;
}

std::string protect_parts(std::span<const std::string> args) {
  if (!own_mounts()) return errno_text("the sandbox could not make a mount namespace");
  for (const auto& arg : args) {
    const char* file = arg.c_str() + 1;
    if (arg.starts_with(kept_in_place) && !bind_to_itself(file)) {
      return errno_text(fmt::format("{} could not be kept in its place", file));
    }
    if (arg.starts_with(read_only_part) && !make_read_only(file)) {
      return errno_text(fmt::format("{} could not be made read-only", file));
    }
  }
  // The working directory still lies in the old tree: a relative path would reach around the mounts.
  char cwd[PATH_MAX];
  if (::getcwd(cwd, sizeof cwd) == nullptr || ::chdir(cwd) != 0) return errno_text("the working directory was lost");
  return {};
}

bool restricted_reads(const wire::SandboxPolicy& policy) {
  if (const auto* p = std::get_if<wire::ReadOnly>(&policy)) {
    return std::holds_alternative<wire::RestrictedReadAccess>(p->access);
  }
  if (const auto* p = std::get_if<wire::WorkspaceWrite>(&policy)) {
    return std::holds_alternative<wire::RestrictedReadAccess>(p->read_only_access);
  }
  return false;
}

}  // namespace linux_detail

using namespace linux_detail;

std::string Mechanisms::describe() const {
  if (landlock_abi == 0 || !seccomp) {
    return fmt::format("no sandbox: {}{}{}", landlock_abi == 0 ? "the kernel offers no Landlock" : "",
                       landlock_abi == 0 && !seccomp ? ", " : "", seccomp ? "" : "seccomp filters are refused");
  }
  return fmt::format("Landlock (ABI {}) and seccomp{}", landlock_abi,
                     mounts ? ", .git, .agents and .codex of writable roots read-only by mounts"
                            : "; .git, .agents and .codex of writable roots are not protected from commands, because "
                              "this kernel allows no mount namespaces");
}

Mechanisms probe_mechanisms() {
  Mechanisms m;
  m.landlock_abi = linux_detail::landlock_abi();
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  m.seccomp = ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0;
  m.mounts = can_own_mounts();
  return m;
}

Result<std::vector<std::string>> launcher_args(const wire::SandboxPolicy& policy, const std::string& cwd,
                                               io::Files& files, const io::Environment& env,
                                               const Mechanisms& mechanisms) {
  bool files_restricted = needs_sandbox(policy);
  if (!files_restricted && has_full_network(policy)) return std::vector<std::string>();
  if (restricted_reads(policy)) {
    return fail(Kind::unsupported, "restricted read access cannot be enforced by the Landlock sandbox",
                "use a policy with full read access");
  }
  if ((files_restricted && mechanisms.landlock_abi == 0) || (!has_full_network(policy) && !mechanisms.seccomp)) {
    return fail(
        Kind::unsupported, "the command was not run: its sandbox cannot be had here (" + mechanisms.describe() + ")",
        "use a kernel with Landlock (5.13 or later), or choose danger-full-access on a machine that is isolated "
        "otherwise");
  }
  return encode(policy, cwd, files, env, mechanisms.mounts);
}

std::string launch_hook(std::span<const std::string> args) {
  std::vector<std::string> roots;
  bool network = true, files = false, parts = false;
  for (const auto& arg : args) {
    if (arg.starts_with(write_root)) roots.push_back(arg.substr(1));
    parts = parts || arg.starts_with(read_only_part);
    network = network && arg != restrict_network;
    files = files || arg == restrict_write;
  }
  if (!files && network) return {};
  if (parts) {
    if (auto problem = protect_parts(args); !problem.empty()) return problem;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno_text("no_new_privs was refused");
  if (files) {
    if (auto problem = restrict_files(roots); !problem.empty()) return problem;
  }
  return network ? std::string() : restrict_calls();
}

int linux_sandbox_main(int argc, char** argv) {
  std::string cwd, policy_text;
  int command = argc;
  auto die = [](std::string_view text) {
    std::string line = fmt::format("error: {}\n", text);
    [[maybe_unused]] auto n = ::write(2, line.data(), line.size());
    return 2;
  };
  for (int i = 1; i < argc; ++i) {
    std::string_view arg = argv[i];
    if (arg == "--") {
      command = i + 1;
      break;
    }
    bool takes_value = arg == "--sandbox-policy-cwd" || arg == "--sandbox-policy";
    if (takes_value && i + 1 >= argc) return die(fmt::format("a value is required for '{}'", arg));
    if (arg == "--sandbox-policy-cwd") {
      cwd = argv[++i];
    } else if (arg == "--sandbox-policy") {
      policy_text = argv[++i];
    } else if (arg.starts_with("-")) {
      return die(fmt::format("unexpected argument '{}' found", arg));
    } else {
      command = i;
      break;
    }
  }
  if (cwd.empty() || policy_text.empty()) return die("--sandbox-policy-cwd and --sandbox-policy are required");
  if (command >= argc) return die("No command specified to execute.");
  auto document = parse_json(policy_text);
  auto policy =
      document ? read_mapped<wire::SandboxPolicy>(*document) : Result<wire::SandboxPolicy>(Fail(document.error()));
  if (!policy) return die(fmt::format("invalid value for '--sandbox-policy': {}", policy.error().text()));
  auto env = io::Environment::capture();
  auto args = launcher_args(*policy, cwd, io::real_files(), env, probe_mechanisms());
  if (!args) return die(args.error().text() + (args.error().fix.empty() ? "" : "; " + args.error().fix));
  if (auto problem = launch_hook(*args); !problem.empty()) return die(problem);
  ::execvp(argv[command], argv + command);
  return die(fmt::format("Failed to execvp {}: {}", argv[command], os_error_text(errno)));
}

}  // namespace burin::sandbox

#include "sandbox/safety.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "sandbox/policy.h"

namespace burin::sandbox {

namespace safety_detail {

using Words = std::span<const std::string>;

bool among(std::string_view word, std::span<const std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Options that take away a program's harmlessness: as whole words, or as the beginning of one.
struct Unsafe {
  std::span<const std::string_view> whole;
  std::span<const std::string_view> prefixes;

  bool in(Words args) const {
    return std::any_of(args.begin(), args.end(), [this](const std::string& arg) {
      return among(arg, whole) || std::any_of(prefixes.begin(), prefixes.end(),
                                              [&](std::string_view prefix) { return arg.starts_with(prefix); });
    });
  }
};

constexpr std::string_view always_safe[] = {"cat",  "cd",    "cut",   "echo", "expr",  "false",  "grep",   "head", "id",
                                            "ls",   "nl",    "paste", "pwd",  "rev",   "seq",    "stat",   "tail", "tr",
                                            "true", "uname", "uniq",  "wc",   "which", "whoami", "numfmt", "tac"};

constexpr std::string_view base64_prefixes[] = {"-o", "--output="};
constexpr std::string_view base64_whole[] = {"--output"};
constexpr std::string_view find_whole[] = {"-exec", "-execdir", "-ok",      "-okdir",  "-delete",
                                           "-fls",  "-fprint",  "-fprint0", "-fprintf"};
constexpr std::string_view rg_whole[] = {"--search-zip", "-z", "--pre", "--hostname-bin"};
constexpr std::string_view rg_prefixes[] = {"--pre=", "--hostname-bin="};

constexpr std::string_view git_override_whole[] = {"--config-env"};
constexpr std::string_view git_override_prefixes[] = {"-c", "--config-env="};
constexpr std::string_view git_global_with_value[] = {"-C",        "-c",          "--config-env",   "--exec-path",
                                                      "--git-dir", "--namespace", "--super-prefix", "--work-tree"};
constexpr std::string_view git_reading[] = {"status", "log", "diff", "show", "branch"};
constexpr std::string_view git_writing_whole[] = {"--output", "--ext-diff", "--textconv", "--exec", "--paginate"};
constexpr std::string_view git_writing_prefixes[] = {"--output=", "--exec="};
constexpr std::string_view git_branch_listing[] = {"--list", "-l",  "--show-current", "-a", "--all", "-r", "--remotes",
                                                   "-v",     "-vv", "--verbose"};

bool git_is_safe(Words args) {
  if (Unsafe{git_override_whole, git_override_prefixes}.in(args)) return false;
  std::size_t at = 0;
  while (at < args.size() && args[at].starts_with('-')) at += among(args[at], git_global_with_value) ? 2 : 1;
  if (at >= args.size() || !among(args[at], git_reading)) return false;
  auto rest = args.subspan(at + 1);
  if (Unsafe{git_writing_whole, git_writing_prefixes}.in(rest)) return false;
  return args[at] != "branch" || std::all_of(rest.begin(), rest.end(), [](const std::string& arg) {
           return among(arg, git_branch_listing) || arg.starts_with("--format=");
         });
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// sed -n 5p, sed -n 5,10p, with at most one file.
bool sed_is_safe(Words args) {
  if (args.size() < 2 || args.size() > 3 || args[0] != "-n" || !args[1].ends_with('p')) return false;
  auto range = std::string_view(args[1]).substr(0, args[1].size() - 1);
  auto comma = range.find(',');
  if (comma == std::string_view::npos) return is_number(range);
  return is_number(range.substr(0, comma)) && is_number(range.substr(comma + 1));
}

/// One program with its arguments (sandbox.md 9.3).
bool safe_program(const Argv& argv) {
  if (argv.empty()) return false;
  auto program = path::name(argv[0]);
  Words args = Words(argv).subspan(1);
  if (among(program, always_safe)) return true;
  if (program == "base64") return !Unsafe{base64_whole, base64_prefixes}.in(args);
  if (program == "find") return !Unsafe{find_whole, {}}.in(args);
  if (program == "rg") return !Unsafe{rg_whole, rg_prefixes}.in(args);
  if (program == "git") return git_is_safe(args);
  return program == "sed" && sed_is_safe(args);
}

bool dangerous_program(Words argv) {
  while (!argv.empty() && argv[0] == "sudo") argv = argv.subspan(1);
  return argv.size() >= 2 && argv[0] == "rm" && (argv[1] == "-f" || argv[1] == "-rf");
}

/// Prefixes that would allow nearly everything (sandbox.md 8.2).
constexpr std::string_view banned_prefixes[] = {"python3",
                                                "python3 -",
                                                "python3 -c",
                                                "python",
                                                "python -",
                                                "python -c",
                                                "py",
                                                "py -3",
                                                "pythonw",
                                                "pyw",
                                                "pypy",
                                                "pypy3",
                                                "git",
                                                "bash",
                                                "bash -lc",
                                                "sh",
                                                "sh -c",
                                                "sh -lc",
                                                "zsh",
                                                "zsh -lc",
                                                "/bin/zsh",
                                                "/bin/zsh -lc",
                                                "/bin/bash",
                                                "/bin/bash -lc",
                                                "pwsh",
                                                "pwsh -Command",
                                                "pwsh -c",
                                                "powershell",
                                                "powershell -Command",
                                                "powershell -c",
                                                "powershell.exe",
                                                "powershell.exe -Command",
                                                "powershell.exe -c",
                                                "env",
                                                "sudo",
                                                "node",
                                                "node -e",
                                                "perl",
                                                "perl -e",
                                                "ruby",
                                                "ruby -e",
                                                "php",
                                                "php -r",
                                                "lua",
                                                "lua -e",
                                                "osascript"};

bool is_banned(const Argv& prefix) {
  return std::any_of(std::begin(banned_prefixes), std::end(banned_prefixes), [&](std::string_view line) {
    auto words = split(line, ' ');
    return std::equal(words.begin(), words.end(), prefix.begin(), prefix.end());
  });
}

/// Whether a rule with this prefix would match; a program given by its absolute path is also known by its name.
bool matches_prefix(const Argv& command, const Argv& prefix) {
  if (command.size() < prefix.size() || !std::equal(prefix.begin() + 1, prefix.end(), command.begin() + 1))
    return false;
  return command[0] == prefix[0] || (path::is_absolute(command[0]) && path::name(command[0]) == prefix[0]);
}

enum class Decision : unsigned char { allow, prompt, forbidden };

struct Segments {
  std::vector<Argv> commands;
  bool complex = false;  // a heredoc: what is fed to the command is not known
};

Segments segments_of(const Argv& argv) {
  if (auto plain = plain_commands_of(argv)) return {std::move(*plain), false};
  if (auto script = posix_script_of(argv)) {
    if (auto command = heredoc_command(*script)) return {{std::move(*command)}, true};
  }
  return {{argv}, false};
}

Decision judge(const Argv& command, bool complex, const CommandRequest& request) {
  using wire::ApprovalMode;
  auto mode = request.approval.mode;
  if (!complex && known_safe(command)) return Decision::allow;
  if (dangerous(command)) return mode == ApprovalMode::never ? Decision::forbidden : Decision::prompt;
  if (mode == ApprovalMode::never || mode == ApprovalMode::on_failure) return Decision::allow;
  if (mode == ApprovalMode::untrusted) return Decision::prompt;
  return request.escalation && !has_full_write(request.sandbox) ? Decision::prompt : Decision::allow;
}

/// The text for the model when the policy forbids the question; empty when it may be asked.
std::string_view question_refused(const wire::AskForApproval& approval) {
  if (approval.mode == wire::ApprovalMode::never)
    return "approval required by policy, but AskForApproval is set to Never";
  if (approval.mode == wire::ApprovalMode::reject && approval.reject.sandbox_approval) {
    return "approval required by policy, but AskForApproval::Reject.sandbox_approval is set";
  }
  return {};
}

/// The prefix that the model proposed, if saving it would let the whole command pass.
std::optional<Argv> proposed_by_model(const CommandRequest& request, const Segments& segments) {
  const auto& prefix = request.prefix_rule;
  if (!prefix || prefix->empty() || is_banned(*prefix)) return std::nullopt;
  for (const auto& command : segments.commands) {
    if (!command.empty() && matches_prefix(command, *prefix)) continue;
    if (judge(command, segments.complex, request) != Decision::allow) return std::nullopt;
  }
  return *prefix;
}

}  // namespace safety_detail

using namespace safety_detail;

bool known_safe(const Argv& argv) {
  if (safe_program(argv)) return true;
  auto commands = plain_commands_of(argv);
  return commands && std::all_of(commands->begin(), commands->end(), safe_program);
}

bool dangerous(const Argv& argv) {
  if (dangerous_program(argv)) return true;
  auto commands = plain_commands_of(argv);
  return commands && std::any_of(commands->begin(), commands->end(), dangerous_program);
}

Requirement requirement_for(const CommandRequest& request) {
  auto segments = segments_of(request.argv);
  auto worst = Decision::allow;
  // The first command that met each decision: what a user may want to save.
  std::array<const Argv*, 3> first{};
  for (const auto& command : segments.commands) {
    auto decision = judge(command, segments.complex, request);
    auto& seen = first[static_cast<std::size_t>(decision)];
    if (seen == nullptr) seen = &command;
    worst = std::max(worst, decision);
  }
  Requirement out;
  if (worst == Decision::forbidden) {
    out.kind = Requirement::Kind::forbidden;
    out.reason = fmt::format("`{}` rejected: blocked by policy", shell_join(request.argv));
    return out;
  }
  if (worst == Decision::prompt) {
    if (auto refusal = question_refused(request.approval); !refusal.empty()) {
      out.kind = Requirement::Kind::forbidden;
      out.reason = refusal;
      return out;
    }
    out.kind = Requirement::Kind::ask;
  }
  out.proposed_amendment = proposed_by_model(request, segments);
  const Argv* candidate = first[static_cast<std::size_t>(worst)];
  if (!out.proposed_amendment && !segments.complex && candidate != nullptr) out.proposed_amendment = *candidate;
  return out;
}

bool looks_denied(int exit_code, std::string_view out, std::string_view err) {
  static constexpr std::string_view signs[] = {
      "operation not permitted", "permission denied", "read-only file system", "seccomp", "sandbox", "landlock",
      "failed to write file"};
  constexpr int killed_by_sigsys = 128 + 31;
  if (exit_code == 0) return false;
  // One after the other as they are merged, so that a sign across the seam counts too.
  std::string text;
  text.reserve(out.size() + err.size());
  text.append(out).append(err);
  text = to_lower_ascii(text);
  for (auto sign : signs) {
    if (contains(text, sign)) return true;
  }
  return exit_code == killed_by_sigsys;
}

std::string approval_debug_name(const wire::AskForApproval& approval) {
  using wire::ApprovalMode;
  switch (approval.mode) {
    case ApprovalMode::untrusted:
      return "UnlessTrusted";
    case ApprovalMode::on_failure:
      return "OnFailure";
    case ApprovalMode::on_request:
      return "OnRequest";
    case ApprovalMode::never:
      return "Never";
    case ApprovalMode::reject:
      break;
  }
  const auto& r = approval.reject;
  return fmt::format("Reject(RejectConfig {{ sandbox_approval: {}, rules: {}, mcp_elicitations: {} }})",
                     r.sandbox_approval, r.rules, r.mcp_elicitations);
}

bool may_ask(const wire::AskForApproval& approval) { return question_refused(approval).empty(); }

}  // namespace burin::sandbox

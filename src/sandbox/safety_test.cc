#include "sandbox/safety.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace burin::sandbox {
namespace {

using Ask = wire::AskForApproval;
using Kind = Requirement::Kind;

/// Words as a shell splits them.
Argv words(std::string_view line) { return *shell_split(line); }
Argv bash(std::string script) { return {"/bin/bash", "-lc", std::move(script)}; }

TEST(KnownSafe, EachRow) {
  for (const char* program :
       {"cat", "cd",  "cut",  "echo", "expr", "false", "grep",  "head", "id", "ls",    "nl",     "paste",  "pwd",
        "rev", "seq", "stat", "tail", "tr",   "true",  "uname", "uniq", "wc", "which", "whoami", "numfmt", "tac"}) {
    EXPECT_TRUE(known_safe({program, "--any", "x"})) << program;
    EXPECT_TRUE(known_safe({std::string("/usr/bin/") + program})) << program;
  }
  for (const char* line : {"base64 -d x", "base64 --decode", "find . -name '*.c' -print", "rg -n foo src", "sed -n 5p",
                           "sed -n 1,200p file", "sed -n 10p /etc/passwd", "git status", "git log -p -n 3",
                           "git diff --stat HEAD~1", "git show HEAD:x", "git branch", "/usr/bin/git status"}) {
    EXPECT_TRUE(known_safe(words(line))) << line;
  }
}

TEST(KnownSafe, EachUnsafeFlag) {
  for (const char* line :
       {"base64 -o x", "base64 -ox", "base64 --output x", "base64 --output=x", "find . -exec rm {} +",
        "find . -execdir x", "find . -ok x", "find . -okdir x", "find . -delete", "find . -fls x", "find . -fprint x",
        "find . -fprint0 x", "find . -fprintf x y", "rg --search-zip x", "rg -z x", "rg --pre cmd x", "rg --pre=cmd x",
        "rg --hostname-bin cmd x", "rg --hostname-bin=cmd x"}) {
    EXPECT_FALSE(known_safe(words(line))) << line;
  }
}

TEST(KnownSafe, OtherPrograms) {
  for (const char* line : {"rm x", "touch x", "python3 -c 1", "sudo ls", "xargs ls", "sort x", "env ls", "awk 1 x",
                           "LS", "ls2", "cargo check", "bash ls", "tee x", "date"}) {
    EXPECT_FALSE(known_safe(words(line))) << line;
  }
  EXPECT_FALSE(known_safe({}));
  EXPECT_FALSE(known_safe({""}));
}

TEST(KnownSafe, Sed) {
  for (const char* line : {"sed -n p", "sed -n 1,p x", "sed -n ,5p x", "sed -n 1,2,3p x", "sed -n 5 x", "sed 5p x",
                           "sed -n 5p a b", "sed -n", "sed", "sed -i 5p x", "sed -n 5p -i x y", "sed -n 1,5d x",
                           "sed -n '1e x' y", "sed -n +5p x", "sed -ne 5p x"}) {
    EXPECT_FALSE(known_safe(words(line))) << line;
  }
}

TEST(KnownSafe, GitOptionsAndBranches) {
  for (const char* line :
       {"git -C . status", "git -C. log", "git --git-dir x status", "git --git-dir=x status", "git --no-pager log",
        "git --work-tree a --namespace b diff", "git -p show", "git branch --list", "git branch -l -a -r -v -vv",
        "git branch --show-current", "git branch --all --remotes --verbose --format=%x", "git -- status"}) {
    EXPECT_TRUE(known_safe(words(line))) << line;
  }
  for (const char* line : {"git",
                           "git -C",
                           "git -C status",
                           "git push",
                           "git commit",
                           "git fetch",
                           "git checkout x",
                           "git -c a=b status",
                           "git -ca=b status",
                           "git status -c",
                           "git --config-env x=Y status",
                           "git --config-env=x=Y status",
                           "git --git-dir status",
                           "git diff --output x",
                           "git diff --output=x",
                           "git diff --ext-diff",
                           "git log --textconv",
                           "git log --exec x",
                           "git log --exec=x",
                           "git log --paginate",
                           "git branch new",
                           "git branch -d x",
                           "git branch -D x",
                           "git branch --list new*",
                           "git branch -m a b",
                           "git branch --format x",
                           "git x status",
                           "git stash list"}) {
    EXPECT_FALSE(known_safe(words(line))) << line;
  }
}

TEST(KnownSafe, ScriptsOnlyWhenEveryCommandIs) {
  for (const char* script : {"ls\npwd", "ls;", "ls &&\npwd", "ls *.txt ~/x {a,b}", R"(echo a\ b "c\"d")", "/bin/ls",
                             "git -C . status", "cat x | grep y | wc -l"}) {
    EXPECT_TRUE(known_safe(bash(script))) << script;
    EXPECT_TRUE(known_safe({"zsh", "-c", script})) << script;
  }
  for (const char* script : {"(ls)", "ls 2>/dev/null", "echo $HOME", "ls &", "A=1 ls", "ls # hi", "! true", "echo $'a'",
                             "cat <<E\nx\nE", "ls && rm x", "ls | sh", ""}) {
    EXPECT_FALSE(known_safe(bash(script))) << script;
  }
}

TEST(Dangerous, RemovalByForce) {
  for (const char* line : {"rm -f x", "rm -rf x", "sudo rm -rf x", "sudo sudo rm -f /", "rm -f"}) {
    EXPECT_TRUE(dangerous(words(line))) << line;
    EXPECT_TRUE(dangerous(bash(line))) << line;
    EXPECT_TRUE(dangerous(bash(std::string("ls && ") + line))) << line;
  }
  for (const char* line :
       {"rm x", "rm", "rm -fr x", "/bin/rm -rf x", "rm -r -f x", "rm x -rf", "sudo ls", "echo rm -rf x", "sudo"}) {
    EXPECT_FALSE(dangerous(words(line))) << line;
    EXPECT_FALSE(dangerous(bash(line))) << line;
  }
  EXPECT_FALSE(dangerous(bash("rm -rf $X")));  // not a plain script: the sandbox has to hold it
  EXPECT_FALSE(dangerous({}));
}

// The decision matrix (sandbox.md 8.3).

const wire::SandboxPolicy read_only = wire::ReadOnly{}, workspace = wire::WorkspaceWrite{},
                          full = wire::DangerFullAccess{}, external = wire::ExternalSandbox{};

Ask rejecting(bool sandbox_approval, bool rules = false) {
  return {wire::ApprovalMode::reject, {.sandbox_approval = sandbox_approval, .rules = rules}};
}

Requirement decide(const Argv& argv, const Ask& approval, const wire::SandboxPolicy& sandbox, bool escalation = false,
                   std::optional<Argv> prefix = std::nullopt) {
  return requirement_for({.argv = argv,
                          .approval = approval,
                          .sandbox = sandbox,
                          .escalation = escalation,
                          .prefix_rule = std::move(prefix)});
}

TEST(DecisionMatrix, EveryCell) {
  struct Row {
    const char* name;
    Ask approval;
    std::vector<const wire::SandboxPolicy*> sandboxes;
    Kind safe, other, dangerous, escalated, escalated_safe;
  };
  const std::vector<const wire::SandboxPolicy*> all{&read_only, &workspace, &full, &external};
  const std::vector<const wire::SandboxPolicy*> confined{&read_only, &workspace}, open{&full, &external};
  const auto skip = Kind::skip, ask = Kind::ask, forbidden = Kind::forbidden;
  const Row rows[] = {
      {"untrusted", Ask::untrusted(), all, skip, ask, ask, ask, skip},
      {"on-failure", Ask::on_failure(), all, skip, skip, ask, skip, skip},
      {"on-request", Ask::on_request(), confined, skip, skip, ask, ask, skip},
      {"on-request, full", Ask::on_request(), open, skip, skip, ask, skip, skip},
      {"never", Ask::never(), all, skip, skip, forbidden, skip, skip},
      {"reject nothing", rejecting(false, true), confined, skip, skip, ask, ask, skip},
      {"reject nothing, full", rejecting(false, true), open, skip, skip, ask, skip, skip},
      {"reject sandbox", rejecting(true), confined, skip, skip, forbidden, forbidden, skip},
      {"reject sandbox, full", rejecting(true), open, skip, skip, forbidden, skip, skip},
  };
  for (const auto& row : rows) {
    for (const auto* sandbox : row.sandboxes) {
      for (bool script : {false, true}) {
        auto argv = [&](const char* line) { return script ? bash(line) : words(line); };
        SCOPED_TRACE(fmt::format("{} {}", row.name, script));
        EXPECT_EQ(decide(argv("ls"), row.approval, *sandbox).kind, row.safe);
        EXPECT_EQ(decide(argv("touch x"), row.approval, *sandbox).kind, row.other);
        EXPECT_EQ(decide(argv("rm -rf x"), row.approval, *sandbox).kind, row.dangerous);
        EXPECT_EQ(decide(argv("touch x"), row.approval, *sandbox, true).kind, row.escalated);
        EXPECT_EQ(decide(argv("ls"), row.approval, *sandbox, true).kind, row.escalated_safe);
        EXPECT_FALSE(decide(argv("ls"), row.approval, *sandbox).bypass_sandbox);  // only rules may
      }
    }
  }
}

TEST(DecisionMatrix, TheStrictestCommandOfAScriptDecides) {
  EXPECT_EQ(decide(bash("ls; pwd; touch x"), Ask::untrusted(), workspace).kind, Kind::ask);
  EXPECT_EQ(decide(bash("ls && rm -f x && pwd"), Ask::on_failure(), workspace).kind, Kind::ask);
  EXPECT_EQ(decide(bash("ls && rm -f x && pwd"), Ask::never(), full).kind, Kind::forbidden);
}

// Seen in the reference under untrusted (sandbox.md 9.1).
TEST(DecisionMatrix, UntrustedScripts) {
  for (const char* script :
       {"ls\npwd", "ls;", "ls &&\npwd", "ls *.txt ~/x {a,b}", R"(echo a\ b "c\"d")", "/bin/ls", "git -C . status"}) {
    EXPECT_EQ(decide(bash(script), Ask::untrusted(), workspace).kind, Kind::skip) << script;
  }
  for (const char* script :
       {"(ls)", "ls 2>/dev/null", "echo $HOME", "ls &", "A=1 ls", "ls # hi", "! true", "echo $'a'"}) {
    auto got = decide(bash(script), Ask::untrusted(), workspace);
    EXPECT_EQ(got.kind, Kind::ask) << script;
    EXPECT_EQ(got.proposed_amendment, bash(script)) << script;
    EXPECT_EQ(got.reason, "");
  }
  auto heredoc = decide(bash("cat <<E\nx\nE"), Ask::untrusted(), workspace);
  EXPECT_EQ(heredoc.kind, Kind::ask);
  EXPECT_EQ(heredoc.proposed_amendment, std::nullopt);
}

TEST(Requirement, Texts) {
  EXPECT_EQ(decide(bash("rm -rf zz"), Ask::never(), workspace).reason,
            "`/bin/bash -lc 'rm -rf zz'` rejected: blocked by policy");
  EXPECT_EQ(decide(words("touch x"), rejecting(true), workspace, true).reason,
            "approval required by policy, but AskForApproval::Reject.sandbox_approval is set");
  EXPECT_EQ(decide(words("touch x"), Ask::on_request(), workspace, true).reason, "");
}

TEST(Requirement, AmendmentProposals) {
  auto proposed = [](const Argv& argv, std::optional<Argv> prefix = std::nullopt) {
    return decide(argv, Ask::on_request(), workspace, true, std::move(prefix)).proposed_amendment;
  };
  using Words = std::optional<Argv>;
  EXPECT_EQ(proposed(bash("touch e3")), Words(Argv{"touch", "e3"}));
  EXPECT_EQ(proposed(bash("touch e3 && mkdir e4")), Words(Argv{"touch", "e3"}));
  EXPECT_EQ(proposed(bash("ls && mkdir e4")), Words(Argv{"mkdir", "e4"}));
  EXPECT_EQ(proposed(bash("echo hi > e5")), Words(bash("echo hi > e5")));
  EXPECT_EQ(proposed({"touch", "x"}), Words(Argv{"touch", "x"}));
  // What the model proposes is taken when it would let everything pass.
  EXPECT_EQ(proposed(bash("touch e3"), Argv{"touch"}), Words(Argv{"touch"}));
  EXPECT_EQ(proposed(bash("git push origin"), Argv{"git", "push"}), Words(Argv{"git", "push"}));
  EXPECT_EQ(proposed(bash("/usr/bin/git push origin"), Argv{"git", "push"}), Words(Argv{"git", "push"}));
  EXPECT_EQ(proposed(bash("ls && touch e3"), Argv{"touch"}), Words(Argv{"touch"}));
  EXPECT_EQ(proposed(bash("touch e3 && mkdir e4"), Argv{"touch"}), Words(Argv{"touch", "e3"}));
  EXPECT_EQ(proposed(bash("touch e3"), Argv{"mkdir"}), Words(Argv{"touch", "e3"}));
  EXPECT_EQ(proposed(bash("touch e3"), Argv{"touch", "e3", "e4"}), Words(Argv{"touch", "e3"}));
  EXPECT_EQ(proposed(bash("touch e3"), Argv{}), Words(Argv{"touch", "e3"}));
  // Banned ones are not, and only by equality.
  EXPECT_EQ(proposed(bash("python3 -c 1"), Argv{"python3", "-c"}), Words(Argv{"python3", "-c", "1"}));
  EXPECT_EQ(proposed(bash("git push"), Argv{"git"}), Words(Argv{"git", "push"}));
  EXPECT_EQ(proposed(bash("python3 x.py"), Argv{"python3", "x.py"}), Words(Argv{"python3", "x.py"}));
  // Heredocs get none by themselves.
  EXPECT_EQ(proposed(bash("cat <<E\nx\nE")), std::nullopt);
  EXPECT_EQ(proposed(bash("tool run <<E\nx\nE"), Argv{"tool", "run"}), Words(Argv{"tool", "run"}));
  EXPECT_EQ(proposed(bash("python3 - <<E\nx\nE"), Argv{"python3", "-"}), std::nullopt);
  // For a later retry.
  EXPECT_EQ(decide(bash("ls && touch x"), Ask::on_request(), workspace).proposed_amendment, Words(Argv{"ls"}));
}

TEST(Denial, Heuristic) {
  for (const char* sign : {"Operation not permitted", "PERMISSION DENIED", "Read-only file system", "seccomp",
                           "a Sandbox b", "landlock", "failed to write file"}) {
    EXPECT_TRUE(looks_denied(1, sign, "")) << sign;
    EXPECT_TRUE(looks_denied(1, "", sign)) << sign;
    for (int code : {2, 126, 127}) EXPECT_TRUE(looks_denied(code, "", sign)) << sign;
    EXPECT_FALSE(looks_denied(0, sign, sign)) << sign;
  }
  EXPECT_TRUE(looks_denied(1, "sand", "box"));
  for (int code : {1, 2, 126, 127, 128, 158, 160, -1}) EXPECT_FALSE(looks_denied(code, "no such file", "")) << code;
  EXPECT_TRUE(looks_denied(159, "", ""));
}

TEST(Approval, DebugNamesAndQuestions) {
  EXPECT_EQ(approval_debug_name(Ask::never()), "Never");
  EXPECT_EQ(approval_debug_name(Ask::on_failure()), "OnFailure");
  EXPECT_EQ(approval_debug_name(Ask::untrusted()), "UnlessTrusted");
  EXPECT_EQ(approval_debug_name(Ask::on_request()), "OnRequest");
  EXPECT_EQ(approval_debug_name(rejecting(true)),
            "Reject(RejectConfig { sandbox_approval: true, rules: false, mcp_elicitations: false })");
  EXPECT_FALSE(may_ask(Ask::never()));
  EXPECT_FALSE(may_ask(rejecting(true)));
  EXPECT_TRUE(may_ask(rejecting(false, true)));
  for (const auto& approval : {Ask::untrusted(), Ask::on_failure(), Ask::on_request()}) EXPECT_TRUE(may_ask(approval));
}

}  // namespace
}  // namespace burin::sandbox

// A turn for tests of tools: a scripted world, a host that answers as told and writes down what it is told.
#pragma once
#include <gtest/gtest.h>

#include "testing/fake_world.h"
#include "tools/tool.h"
#include "tools/turn_diff.h"
#include "tools/unified_exec.h"

namespace burin::testing {

class FakeHost : public tools::Host {
 public:
  void emit(wire::EventMsg event) override {
    log.emplace_back(wire::event_type(event));
    events.push_back(std::move(event));
  }
  bool wants_output_deltas() const override { return deltas; }
  void model_warning(std::string text) override { log.push_back("warning: " + text); }
  io::Task<> durable() override {
    ++durable_calls;
    co_return;
  }
  io::Task<wire::ReviewDecision> approve_exec(wire::event::ExecApprovalRequest request) override {
    log.push_back("command question" + (request.reason ? ": " + *request.reason : std::string()));
    command_questions.push_back(std::move(request));
    co_return decision;
  }
  io::Task<wire::ReviewDecision> approve_patch(wire::event::ApplyPatchApprovalRequest request) override {
    log.push_back("question" + (request.reason ? ": " + *request.reason : std::string()));
    questions.push_back(std::move(request));
    co_return decision;
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& e : events) {
      if (const auto* one = std::get_if<T>(&e)) out.push_back(*one);
    }
    return out;
  }

  wire::ReviewDecision decision = wire::decision::Approved{};
  bool deltas = false;
  int durable_calls = 0;
  std::vector<std::string> log;
  std::vector<wire::EventMsg> events;
  std::vector<wire::event::ExecApprovalRequest> command_questions;
  std::vector<wire::event::ApplyPatchApprovalRequest> questions;  // about patches
};

inline wire::SandboxPolicy read_only() { return wire::ReadOnly{}; }
inline wire::SandboxPolicy workspace() {
  return wire::WorkspaceWrite{.exclude_tmpdir_env_var = true, .exclude_slash_tmp = true};
}
inline wire::SandboxPolicy full_access() { return wire::DangerFullAccess{}; }

inline std::string text_of(const tools::ToolResult& result) {
  return result && result->body.text() != nullptr ? *result->body.text() : "(none)";
}

/// A turn in /w. Its members may be changed before it is played.
struct ToolTurn {
  FakeWorld fake;
  config::Config config;
  model::ModelInfo model;
  FakeHost host;
  tools::ApprovalCache approvals;
  sandbox::Mechanisms mechanisms{.landlock_abi = 7, .seccomp = true, .mounts = true};
  wire::AskForApproval approval = wire::AskForApproval::on_request();
  wire::SandboxPolicy sandbox = workspace();
  wire::ModeKind mode{};
  std::map<std::string, std::string> environment{{"SECRET", "1"}};
  tools::TurnDiff diff{fake.files, "/w"};

  ToolTurn() {
    model.truncation_policy = {wire::TruncationMode::bytes, 10'000};
    EXPECT_TRUE(fake.memory.make_dirs("/w/.git"));
  }

  /// Runs `body`, a callable from ToolContext& to Task<>, in one session; the session's processes end with it.
  template <class Body>
  void play(Body body) {
    io::run_task(fake.loop, session(&body));
  }
  tools::ToolResult run(tools::Tool& tool, tools::ToolCall call) {
    tools::ToolResult result = tools::answer("(not run)");
    play([&](tools::ToolContext& context) -> io::Task<> { result = co_await tool.run(std::move(call), context); });
    return result;
  }

  template <class Body>
  io::Task<> session(Body* body) {
    tools::UnifiedExec unified(fake.world, co_await io::Here{}, host);
    tools::ToolContext context{.world = fake.world,
                               .config = config,
                               .model = model,
                               .host = host,
                               .approvals = approvals,
                               .unified_exec = unified,
                               .diff = diff,
                               .mechanisms = mechanisms,
                               .shell = {sandbox::ShellKind::bash, "/bin/bash"},
                               .login_shell = {},
                               .environment = environment,
                               .thread_id = "th",
                               .turn_id = "t1",
                               .cwd = "/w",
                               .approval = approval,
                               .sandbox = sandbox,
                               .mode = mode};
    co_await (*body)(context);
    co_await unified.terminate_all();
  }
};

}  // namespace burin::testing

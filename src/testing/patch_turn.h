// A turn whose patch applier is scripted; see tool_turn.h.
#pragma once
#include "testing/tool_turn.h"
#include "tools/patch_main.h"
#include "tools/patch_tool.h"

namespace burin::testing {

constexpr const char* add_inside = "*** Begin Patch\n*** Add File: n.txt\n+x\n*** End Patch";
constexpr const char* outside_text =
    "patch rejected: writing outside of the project; rejected by user approval settings";

struct PatchTurn : ToolTurn {
  PatchTurn() {
    fake.memory.put("/opt/burin", "");
    EXPECT_TRUE(fake.memory.make_dirs("/proc/self"));
    EXPECT_TRUE(fake.memory.symlink("/opt/burin", "/proc/self/exe"));
    fake.memory.put("/outside.txt", "x\n");
  }

  /// The next applier really applies its patch to the memory files.
  void expect_applier() {
    expect_run(io::CommandScript::output("Success. Updated the following files:\nA n.txt\n"), true);
  }
  void expect_denial() {
    auto script = io::CommandScript::output("", 1);
    script.steps.push_back({io::Stream::err, "Failed to write file n.txt\n"});
    expect_run(script, false);
  }
  void expect_run(io::CommandScript script, bool apply) {
    fake.processes.expect(
        [this, apply](const io::SpawnSpec& spec) {
          if (apply && spec.argv.size() > 2) tools::internal_patch_command({spec.argv[2]}, fake.memory, spec.cwd);
          return true;
        },
        std::move(script));
  }

  tools::ToolResult call(tools::Payload payload, std::string input) {
    return run(*tool, {"c1", "apply_patch", payload, std::move(input), {}});
  }
  tools::ToolResult custom(std::string patch) { return call(tools::Payload::custom, std::move(patch)); }
  /// As exec_command finds it, with /w/sub as working directory.
  tools::ToolResult intercepted(std::string patch, io::Span timeout = io::seconds(10)) {
    tools::ToolResult result = tools::answer("(not run)");
    const tools::ToolCall call{"c1", "exec_command", tools::Payload::function, "", {}};
    tools::PatchCall found;
    found.kind = tools::PatchCall::Kind::patch;
    found.patch = std::move(patch);
    found.cwd = "/w/sub";
    play([&](tools::ToolContext& context) -> io::Task<> {
      result = co_await run_intercepted_patch(context, call, std::move(found), timeout);
    });
    return result;
  }

  std::shared_ptr<tools::Tool> tool = tools::make_patch_tool();
};

}  // namespace burin::testing

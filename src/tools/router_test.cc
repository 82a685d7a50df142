// From a model item to its output item (tools.md 1).
#include "tools/router.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/tool_turn.h"

namespace burin::tools {

namespace router_test_detail {

struct Turn : testing::ToolTurn {
  Registry registry = make_registry(config, model::find_model(model::bundled_models(), "gpt-5.1-codex"),
                                    config::WebSearchMode::disabled);
  io::FairLock lock;

  static std::string json(const std::optional<wire::ResponseItem>& item) {
    std::string out = "(none)";
    if (item) {
      out.clear();
      wire::write_item(out, *item);
    }
    return out;
  }
  std::string answer_to(ToolCall call) {
    std::string out;
    play([&](ToolContext& context) -> io::Task<> {
      out = json(co_await dispatch(std::move(call), context, registry, lock));
    });
    return out;
  }
};

io::Task<> run_call(Turn* turn, ToolContext* context, ToolCall call, std::vector<std::string>* out, std::size_t at) {
  (*out)[at] = Turn::json(co_await dispatch(std::move(call), *context, turn->registry, turn->lock));
}

ToolCall function(std::string name, std::string arguments, std::string id = "c") {
  return {std::move(id), std::move(name), Payload::function, std::move(arguments), {}};
}

wire::ResponseItem item(std::string_view text) { return *wire::read_item(*parse_json(text)); }

}  // namespace router_test_detail

using namespace router_test_detail;

TEST(Router, WhichItemsAreCalls) {
  auto local = [](std::string_view ids) {
    return call_of(item(fmt::format(
        R"({{"type":"local_shell_call",{}"status":"completed","action":{{"type":"exec","command":["ls"]}}}})", ids)));
  };
  EXPECT_EQ(local(R"("id":"i","call_id":"c",)")->call.call_id, "c");
  EXPECT_EQ(local(R"("id":"i",)")->call.call_id, "i");
  EXPECT_EQ(local(R"("id":"i",)")->problem, "");
  EXPECT_EQ(local("")->problem, "LocalShellCall without call_id or id");
  EXPECT_EQ(local("")->call.payload, Payload::local_shell);
  auto custom = call_of(item(R"({"type":"custom_tool_call","name":"apply_patch","input":"x","call_id":"c"})"));
  EXPECT_EQ(custom->call.payload, Payload::custom);
  EXPECT_EQ(custom->call.input, "x");
  auto plain = call_of(item(R"({"type":"function_call","name":"f","arguments":"{}","call_id":"c"})"));
  EXPECT_EQ(plain->call.payload, Payload::function);
  EXPECT_EQ(plain->call.name, "f");
  for (const char* other : {R"({"type":"message","role":"assistant","content":[]})",
                            R"({"type":"web_search_call","id":"w","status":"completed"})",
                            R"({"type":"reasoning","id":"r","summary":[]})", R"({"type":"novelty","call_id":"x"})"}) {
    EXPECT_FALSE(call_of(item(other))) << other;
  }
}

TEST(Router, UnknownToolsAndWrongPayloads) {
  Turn turn;
  EXPECT_EQ(turn.answer_to(function("zip", "{}")),
            R"({"type":"function_call_output","call_id":"c","output":"unsupported call: zip"})");
  EXPECT_EQ(turn.answer_to({"c", "zip", Payload::custom, "x", {}}),
            R"({"type":"custom_tool_call_output","call_id":"c","output":"unsupported custom tool call: zip"})");
  EXPECT_EQ(turn.answer_to({"c", "exec_command", Payload::custom, "x", {}}), "(none)") << "a fatal error";
  turn.config.features.set(config::Feature::shell_tool, false);
  turn.registry = make_registry(turn.config, model::find_model(model::bundled_models(), "gpt-5.1-codex"),
                                config::WebSearchMode::disabled);
  for (const char* name : {"shell", "shell_command", "container.exec", "exec_command"}) {
    EXPECT_TRUE(contains(turn.answer_to(function(name, "{}")), std::string("unsupported call: ") + name));
  }
  EXPECT_TRUE(
      contains(turn.answer_to({"c", "local_shell", Payload::local_shell, "", {}}), "unsupported call: local_shell"));
}

TEST(Router, OutputsHaveTheKindOfTheirCall) {
  Turn turn;
  turn.fake.processes.otherwise(io::CommandScript::output("ok"));
  EXPECT_EQ(turn.answer_to(function("update_plan", R"({"plan":[]})")),
            R"({"type":"function_call_output","call_id":"c","output":"Plan updated"})");
  EXPECT_EQ(turn.answer_to({"c", "apply_patch", Payload::custom, "x", {}}),
            R"({"type":"custom_tool_call_output","call_id":"c","output":"apply_patch verification failed: invalid )"
            R"(patch: The first line of the patch must be '*** Begin Patch'"})");
  // Offered or not, the old names of the shell are served.
  for (const char* name : {"shell", "container.exec", "local_shell"}) {
    EXPECT_EQ(turn.answer_to(function(name, R"({"command":["x"]})")),
              R"({"type":"function_call_output","call_id":"c","output":"{\"output\":\"ok\",)"
              R"(\"metadata\":{\"exit_code\":0,\"duration_seconds\":0.0}}"})");
  }
  wire::LocalShellExec action;
  action.command = {"x"};
  EXPECT_TRUE(turn.answer_to({"c", "local_shell", Payload::local_shell, {}, action})
                  .starts_with(R"({"type":"function_call_output","call_id":"c","output":)"));
}

TEST(Router, AbortedCallsAreAnsweredByName) {
  struct Row {
    ToolCall call;
    const char* output;
  };
  wire::LocalShellExec action;
  action.command = {"x"};
  const std::string patch = "*** Begin Patch\n*** Add File: n\n+x\n*** End Patch";
  const Row rows[] = {
      {function("shell_command", R"({"command":"x"})"), R"("Wall time: 1.3 seconds\naborted by user")"},
      {function("shell", R"({"command":["x"]})"), R"("Wall time: 1.3 seconds\naborted by user")"},
      {function("container.exec", R"({"command":["x"]})"), R"("Wall time: 1.3 seconds\naborted by user")"},
      {{"c", "local_shell", Payload::local_shell, {}, action}, R"("Wall time: 1.3 seconds\naborted by user")"},
      {function("exec_command", R"({"cmd":"x"})"), R"("aborted by user after 1.3s")"},
      {{"c", "apply_patch", Payload::custom, patch, {}}, R"("aborted by user after 1.3s")"},
  };
  for (bool at_once : {false, true}) {
    for (const auto& row : rows) {
      Turn turn;
      turn.fake.processes.otherwise(io::CommandScript::hang());
      std::vector<std::string> out(1);
      turn.play([&](ToolContext& context) -> io::Task<> {
        io::Scope scope(co_await io::Here{});
        scope.spawn(run_call(&turn, &context, row.call, &out, 0));
        co_await io::sleep(at_once ? io::milliseconds(1) : io::milliseconds(1270));
        scope.cancel(io::Why::interrupted);
        co_await scope.join();
      });
      std::string expected = row.output;
      if (at_once) expected.replace(expected.find("1.3"), 3, "0.1");
      const bool custom = row.call.payload == Payload::custom;
      EXPECT_EQ(out[0], fmt::format(R"({{"type":"{}","call_id":"c","output":{}}})",
                                    custom ? "custom_tool_call_output" : "function_call_output", expected));
    }
  }
}

TEST(Router, ParallelCallsOverlapAndOthersStandAlone) {
  struct Row {
    const char *first, *second;
    int seconds;
  };
  // exec_command is offered; the shell aliases are not, so they run one at a time.
  const Row rows[] = {{"exec_command", "exec_command", 2},
                      {"exec_command", "shell_command", 4},
                      {"shell_command", "exec_command", 4},
                      {"shell_command", "shell_command", 4}};
  for (const auto& row : rows) {
    Turn turn;
    io::CommandScript script;
    script.end_delay = io::seconds(2);
    turn.fake.processes.otherwise(script);
    std::vector<std::string> out(2);
    turn.play([&](ToolContext& context) -> io::Task<> {
      auto start = turn.fake.loop.now();
      io::Scope scope(co_await io::Here{});
      std::size_t at = 0;
      for (const char* name : {row.first, row.second}) {
        scope.spawn(run_call(&turn, &context, function(name, R"({"cmd":"x","command":"x"})"), &out, at++));
      }
      co_await scope.join();
      EXPECT_EQ(turn.fake.loop.now() - start, io::seconds(row.seconds)) << row.first << " " << row.second;
    });
  }
}

TEST(Router, MutatingCallsWaitForTheDisk) {
  Turn turn;
  turn.fake.processes.otherwise(io::CommandScript::output(""));
  auto waits = [&](ToolCall call) {
    turn.host.durable_calls = 0;
    turn.answer_to(std::move(call));
    return turn.host.durable_calls == 1;
  };
  EXPECT_FALSE(waits(function("exec_command", R"({"cmd":"ls"})")));
  EXPECT_TRUE(waits(function("exec_command", R"({"cmd":"make"})")));
  EXPECT_TRUE(waits(function("write_stdin", R"({"session_id":1})")));
  EXPECT_TRUE(waits({"c", "apply_patch", Payload::custom, "x", {}}));
  EXPECT_FALSE(waits(function("update_plan", R"({"plan":[]})")));
  EXPECT_FALSE(waits(function("view_image", R"({"path":"x"})")));
}

}  // namespace burin::tools

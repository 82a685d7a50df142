// What both front ends print for each kind of event (cli-config.md 3.7, 3.8), as observed on the reference.
#include <cstdio>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "exec/output.h"

namespace burin::exec {

namespace ev = wire::event;

struct PrintersTest : ::testing::Test {
  io::Loop loop;
  config::Config config;
  std::FILE* file = std::tmpfile();
  std::vector<wire::EventMsg> events;
  bool interrupted = false;
  bool failed = false;

  void SetUp() override {
    ASSERT_NE(file, nullptr);
    loop.use_virtual_time();
    config.cwd = "/w";
    config.provider.id = "mock";
    config.approval_policy = wire::AskForApproval::never();
    config.sandbox_policy = wire::DangerFullAccess{};
  }
  void TearDown() override { std::fclose(file); }

  /// All that was printed; `early` events come before the run is announced.
  std::string print(bool json, bool color, std::size_t early = 0) {
    EXPECT_EQ(::ftruncate(fileno(file), 0), 0);
    std::rewind(file);
    Out out(fileno(file), color);
    auto printer = json ? make_json_printer(out) : make_human_printer(out, loop);
    for (std::size_t i = 0; i < early; ++i) printer->on_event(events[i]);
    printer->begin({"id", "m", &config, "do it"});
    for (std::size_t i = early; i < events.size(); ++i) printer->on_event(events[i]);
    printer->end(interrupted);
    failed = printer->failed();
    std::string text(1 << 16, '\0');
    std::rewind(file);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    return text;
  }
  /// The lines of --json; each is checked to be one object with a type.
  std::vector<std::string> json(std::size_t early = 0) {
    std::vector<std::string> out;
    auto text = print(true, false, early);
    for (auto line : lines(text)) {
      auto parsed = parse_json(line);
      EXPECT_TRUE(parsed && find_string(*parsed, "type")) << line;
      out.emplace_back(line);
    }
    return out;
  }
  /// What is printed behind the header.
  std::string human(bool color = false) {
    auto text = print(false, color);
    std::string prompt = color ? "\x1b[36muser\x1b[0m\ndo it\n" : "user\ndo it\n";
    auto at = text.find(prompt);
    return at == text.npos ? "no header: " + text : text.substr(at + prompt.size());
  }

  static ev::ExecCommandBegin begin(std::string id, std::vector<std::string> command) {
    ev::ExecCommandBegin e;
    e.call_id = std::move(id);
    e.command = std::move(command);
    e.cwd = "/w";
    return e;
  }
  static ev::ExecCommandEnd end(std::string id, int code, std::string output,
                                wire::ToolStatus status = wire::ToolStatus::completed) {
    ev::ExecCommandEnd e;
    e.call_id = std::move(id);
    e.command = {"ls"};
    e.exit_code = code;
    e.aggregated_output = std::move(output);
    e.duration = {1, 500'000'000};
    e.status = status;
    return e;
  }
  static ev::TokenCount usage(std::int64_t in, std::int64_t cached, std::int64_t out) {
    ev::TokenCount e;
    e.info.emplace();
    e.info->total_token_usage.input_tokens = in;
    e.info->total_token_usage.cached_input_tokens = cached;
    e.info->total_token_usage.output_tokens = out;
    return e;
  }
};
using Lines = std::vector<std::string>;

const std::string thread_started = R"({"type":"thread.started","thread_id":"id"})";
const std::string no_usage =
    R"({"type":"turn.completed","usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0}})";

TEST_F(PrintersTest, JsonOfAPlainTurn) {
  events = {ev::Warning{"early"},
            ev::TaskStarted{},
            ev::AgentReasoning{"**Look**\nabout"},
            ev::AgentMessage{"a\n\"b\""},
            ev::AgentMessageDelta{"not shown"},
            ev::DeprecationNotice{"not shown"},
            usage(120, 40, 30)};
  EXPECT_EQ(
      json(1),
      (Lines{thread_started, R"({"type":"item.completed","item":{"id":"item_0","type":"error","message":"early"}})",
             R"({"type":"turn.started"})",
             R"({"type":"item.completed","item":{"id":"item_1","type":"reasoning","text":"**Look**\nabout"}})",
             R"({"type":"item.completed","item":{"id":"item_2","type":"agent_message","text":"a\n\"b\""}})",
             R"({"type":"turn.completed","usage":{"input_tokens":120,"cached_input_tokens":40,)"
             R"("output_tokens":30}})"}));
  EXPECT_FALSE(failed);
}

TEST_F(PrintersTest, JsonOfCommands) {
  events = {begin("a", {"/bin/bash", "-lc", "ls nope"}),
            begin("b", {"true"}),
            begin("c", {"rm"}),
            begin("open", {"cat"}),
            end("b", 0, "ok\n"),
            end("a", 2, "no\n"),
            end("c", -1, "rejected", wire::ToolStatus::declined)};
  auto started = [](int n, std::string_view command) {
    return fmt::format(R"({{"type":"item.started","item":{{"id":"item_{}","type":"command_execution","command":"{}",)"
                       R"("aggregated_output":"","exit_code":null,"status":"in_progress"}}}})",
                       n, command);
  };
  auto completed = [](int n, std::string_view command, std::string_view output, std::string_view code,
                      std::string_view status) {
    return fmt::format(R"({{"type":"item.completed","item":{{"id":"item_{}","type":"command_execution","command":"{}",)"
                       R"("aggregated_output":"{}","exit_code":{},"status":"{}"}}}})",
                       n, command, output, code, status);
  };
  EXPECT_EQ(json(), (Lines{thread_started, started(0, "/bin/bash -lc 'ls nope'"), started(1, "true"), started(2, "rm"),
                           started(3, "cat"), completed(1, "true", "ok\\n", "0", "completed"),
                           completed(0, "/bin/bash -lc 'ls nope'", "no\\n", "2", "failed"),
                           completed(2, "rm", "rejected", "-1", "declined"),
                           completed(3, "cat", "", "null", "completed"), no_usage}));
}

TEST_F(PrintersTest, JsonOfPatchesSearchesAndPlans) {
  ev::PatchApplyBegin patch{.call_id = "p"};
  patch.changes = {{"/w/a", wire::FileAdd{"x"}}, {"/w/d", wire::FileDelete{"x"}}, {"/w/u", wire::FileUpdate{"d", {}}}};
  ev::PatchApplyEnd applied{.call_id = "p", .success = true};
  ev::PatchApplyEnd broken{.call_id = "q", .success = false};
  ev::PlanUpdate plan;
  plan.plan = {{"one", wire::StepStatus::in_progress}, {"two", wire::StepStatus::pending}};
  ev::PlanUpdate later;
  later.plan = {{"one", wire::StepStatus::completed}};
  events = {patch,
            applied,
            broken,
            ev::WebSearchBegin{"ws"},
            ev::WebSearchEnd{"ws", "q", wire::WebSearchSearch{.query = "q"}},
            plan,
            later};
  EXPECT_EQ(
      json(),
      (Lines{thread_started,
             R"({"type":"item.completed","item":{"id":"item_0","type":"file_change","changes":[)"
             R"({"path":"/w/a","kind":"add"},{"path":"/w/d","kind":"delete"},{"path":"/w/u","kind":"update"}],)"
             R"("status":"completed"}})",
             R"({"type":"item.completed","item":{"id":"item_1","type":"file_change","changes":[],"status":"failed"}})",
             R"({"type":"item.started","item":{"id":"item_2","type":"web_search","id":"ws","query":"",)"
             R"("action":{"type":"other"}}})",
             R"({"type":"item.completed","item":{"id":"item_2","type":"web_search","id":"ws","query":"q",)"
             R"("action":{"type":"search","query":"q"}}})",
             R"({"type":"item.started","item":{"id":"item_3","type":"todo_list","items":[)"
             R"({"text":"one","completed":false},{"text":"two","completed":false}]}})",
             R"({"type":"item.updated","item":{"id":"item_3","type":"todo_list","items":[)"
             R"({"text":"one","completed":true}]}})",
             R"({"type":"item.completed","item":{"id":"item_3","type":"todo_list","items":[)"
             R"({"text":"one","completed":true}]}})",
             no_usage}));
}

TEST_F(PrintersTest, JsonOfRetriesFailuresAndInterrupts) {
  const std::string retry = R"-({"type":"error","message":"Reconnecting... 1/2 (why)"})-";
  events = {ev::StreamError{"Reconnecting... 1/2", {}, "why"}};
  EXPECT_EQ(json(), (Lines{thread_started, retry, no_usage}));
  EXPECT_FALSE(failed) << "a retry is no failure";
  events.push_back(ev::Error{"no"});
  EXPECT_EQ(json(), (Lines{thread_started, retry, R"({"type":"error","message":"no"})",
                           R"({"type":"turn.failed","error":{"message":"no"}})"}));
  EXPECT_TRUE(failed);
  interrupted = true;
  EXPECT_EQ(json().back(), R"({"type":"error","message":"no"})") << "no closing event";
}

TEST_F(PrintersTest, HumanHeader) {
  config.model_reasoning_effort = wire::ReasoningEffort::high;
  wire::WorkspaceWrite workspace;
  workspace.writable_roots = {"/x"};
  workspace.network_access = true;
  auto line = [&](std::string_view key) {
    auto text = print(false, false);
    auto at = text.find(fmt::format("\n{}: ", key));
    return at == text.npos ? text : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  };
  EXPECT_EQ(line("workdir"), "workdir: /w");
  EXPECT_EQ(line("provider"), "provider: mock");
  EXPECT_EQ(line("approval"), "approval: never");
  EXPECT_EQ(line("reasoning effort"), "reasoning effort: high");
  EXPECT_EQ(line("reasoning summaries"), "reasoning summaries: none");
  EXPECT_EQ(line("session id"), "session id: id");
  EXPECT_EQ(line("sandbox"), "sandbox: danger-full-access");
  config.sandbox_policy = wire::ReadOnly{};
  EXPECT_EQ(line("sandbox"), "sandbox: read-only");
  config.sandbox_policy = workspace;
  EXPECT_EQ(line("sandbox"), "sandbox: workspace-write [workdir, /tmp, $TMPDIR, /x] (network access enabled)");
  workspace.exclude_slash_tmp = workspace.exclude_tmpdir_env_var = true;
  workspace.network_access = false;
  config.sandbox_policy = workspace;
  EXPECT_EQ(line("sandbox"), "sandbox: workspace-write [workdir, /x]");
  config.sandbox_policy = wire::ExternalSandbox{wire::NetworkAccess::enabled};
  EXPECT_EQ(line("sandbox"), "sandbox: external-sandbox (network access enabled)");
}

TEST_F(PrintersTest, HumanLines) {
  std::string twenty_five;
  for (int i = 1; i <= 25; ++i) twenty_five += fmt::format("{}\n", i);
  std::string twenty = twenty_five.substr(0, twenty_five.find("21\n"));
  ev::PatchApplyBegin patch{.call_id = "p", .auto_approved = true};
  patch.changes = {{"/w/a", wire::FileAdd{"x\ny\n"}},
                   {"/w/d", wire::FileDelete{"gone\n"}},
                   {"/w/m", wire::FileUpdate{"-a\n+b\n c\n", {}}},
                   {"/w/r", wire::FileUpdate{"-a\n", "/w/to"}}};
  ev::PatchApplyEnd applied{.call_id = "p", .stdout_text = "Success.\nA a\n", .success = true};
  ev::PatchApplyEnd broken{.call_id = "q", .stderr_text = "no\n", .success = false};
  ev::PlanUpdate plan;
  plan.explanation = "why";
  plan.plan = {{"a", wire::StepStatus::completed}, {"b", wire::StepStatus::in_progress}, {"c", {}}};
  const std::tuple<std::vector<wire::EventMsg>, std::string, std::string> rows[] = {
      {{ev::AgentReasoning{"t"}}, "thinking\nt\n", "\x1b[35m\x1b[3mthinking\x1b[0m\x1b[0m\nt\n"},
      {{ev::AgentReasoningSectionBreak{}}, "\n", "\n"},
      {{ev::AgentReasoningRawContent{"raw"}}, "", ""},
      {{ev::AgentMessage{"m"}}, "codex\nm\n", "\x1b[35m\x1b[3mcodex\x1b[0m\x1b[0m\nm\n"},
      {{begin("c", {"ls", "a b"}), end("c", 0, "o\n")},
       "exec\nls 'a b' in /w succeeded in 1.50s:\no\n",
       "\x1b[35m\x1b[3mexec\x1b[0m\x1b[0m\n\x1b[1mls 'a b'\x1b[0m in /w\x1b[32m succeeded in 1.50s:\x1b[0m\n"
       "\x1b[2mo\x1b[0m\n"},
      {{end("c", 3, twenty_five)}, " exited 3 in 1.50s:\n" + twenty, ""},
      {{patch, applied},
       "file update\nA /w/a\nx\ny\nD /w/d\ngone\nM /w/m\n-a\n+b\n c\nR /w/r -> /w/to\n-a\n"
       "apply_patch(auto_approved=true) exited 0 in 0ms:\nSuccess.\nA a\n",
       "\x1b[3m\x1b[35mfile update\x1b[0m\x1b[0m\n\x1b[35mA /w/a\x1b[0m\n\x1b[32mx\x1b[0m\n\x1b[32my\x1b[0m\n"
       "\x1b[35mD /w/d\x1b[0m\n\x1b[31mgone\x1b[0m\n\x1b[35mM /w/m\x1b[0m\n\x1b[31m-a\x1b[0m\n\x1b[32m+b\x1b[0m\n c\n"
       "\x1b[35mR /w/r -> /w/to\x1b[0m\n\x1b[31m-a\x1b[0m\n"
       "\x1b[32mapply_patch(auto_approved=true) exited 0 in 0ms:\x1b[0m\n\x1b[2mSuccess.\x1b[0m\n\x1b[2mA a\x1b[0m\n"},
      {{broken}, "apply_patch(auto_approved=false) exited 1 in 0ms:\nno\n", ""},
      {{ev::TurnDiff{"diff"}}, "file update:\ndiff\n", "\x1b[3m\x1b[35mfile update:\x1b[0m\x1b[0m\ndiff\n"},
      {{ev::WebSearchBegin{"w"}, ev::WebSearchEnd{"w", "q", {}}, ev::WebSearchEnd{"w", "", {}}},
       "🌐 Searching the web...\n🌐 Searched: q\n🌐 Searched the web\n",
       ""},
      {{plan},
       "Plan update\nwhy\n  ✓ a\n  → b\n  • c\n",
       "\x1b[35mPlan update\x1b[0m\n\x1b[3mwhy\x1b[0m\n  \x1b[32m✓\x1b[0m a\n  \x1b[36m→\x1b[0m b\n"
       "  \x1b[2m•\x1b[0m \x1b[2mc\x1b[0m\n"},
      {{ev::ViewImageToolCall{"v", "/w/p.png"}}, "viewed image /w/p.png\n", "\x1b[35mviewed image\x1b[0m /w/p.png\n"},
      {{ev::Error{"e"}}, "ERROR: e\n", "\x1b[31mERROR:\x1b[0m e\n"},
      {{ev::Warning{"w"}}, "warning: w\n", "\x1b[1m\x1b[33mwarning:\x1b[0m\x1b[0m w\n"},
      {{ev::DeprecationNotice{"s", "d"}},
       "deprecated: s\n  d\n",
       "\x1b[1m\x1b[35mdeprecated:\x1b[0m\x1b[0m s\n  \x1b[2md\x1b[0m\n"},
      {{ev::StreamError{"again", {}, "why"}}, "again (why)\n", "\x1b[2magain (why)\x1b[0m\n"},
      {{ev::BackgroundEvent{"b"}}, "b\n", "\x1b[2mb\x1b[0m\n"},
      {{ev::McpStartupComplete{}}, "mcp startup: no servers\n", "\x1b[36mmcp startup:\x1b[0m no servers\n"},
      {{ev::ContextCompacted{}}, "context compacted\n", ""},
      {{ev::TurnAborted{.reason = ev::AbortReason::interrupted}}, "task interrupted\n", ""},
      {{ev::TurnAborted{.reason = ev::AbortReason::replaced}}, "task aborted: replaced by a new task\n", ""},
      {{usage(1'234'567, 1'000, 5)},
       "tokens used\n1,233,572\ninput 1,234,567 (cached 1,000), output 5 (reasoning 0), m\n",
       "\x1b[3m\x1b[35mtokens used\x1b[0m\x1b[0m\n1,233,572\n"
       "\x1b[2minput 1,234,567 (cached 1,000), output 5 (reasoning 0), m\x1b[0m\n"},
  };
  for (const auto& [list, plain, colored] : rows) {
    events = list;
    EXPECT_EQ(human(), plain);
    if (!colored.empty()) EXPECT_EQ(human(true), colored) << plain;
  }
}

TEST_F(PrintersTest, TheModelsThatAnsweredAreNamedOnce) {
  auto first = usage(10, 5, 5), second = usage(2000, 1500, 1100);
  second.info->total_token_usage.reasoning_output_tokens = 1050;
  events = {ev::ModelReroute{.from_model = "m", .to_model = "other"}, first,
            ev::ModelReroute{.from_model = "m", .to_model = "other"}, second,
            ev::ModelReroute{.from_model = "m", .to_model = "third"}};
  EXPECT_EQ(human(),
            "tokens used\n1,600\n"
            "input 2,000 (cached 1,500), output 1,100 (reasoning 1,050), m (also served by other, third)\n");
}

TEST_F(PrintersTest, ReasoningIsHiddenAndRawShownOnDemand) {
  events = {ev::AgentReasoning{"t"}, ev::AgentReasoningSectionBreak{}, ev::AgentReasoningRawContent{"raw"}};
  config.hide_agent_reasoning = config.show_raw_agent_reasoning = true;
  EXPECT_EQ(human(), "thinking\nraw\n");
}

}  // namespace burin::exec

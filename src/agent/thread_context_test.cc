// What the requests of a thread hold, turn after turn and across a resume (context.md 1, 2, 4, 9).
#include "context/rebuild.h"
#include "store/rollout_log.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

std::string numbers(int last) {
  std::string out;
  for (int i = 1; i <= last; ++i) out += fmt::format("{}\n", i);
  return out;
}

struct ThreadContextTest : ThreadTest {
  void SetUp() override {
    ThreadTest::SetUp();
    config->features.set(config::Feature::unified_exec, false);
  }
  static std::string text_of(const std::string& item, std::size_t part = 0) {
    auto document = *parse_json(item);
    return std::string(find_string(find_array(document, "content")->at(part), "text").value_or(""));
  }
  /// The request starts with the whole input of the one before; what is new.
  std::vector<std::string> added(std::size_t request) {
    auto before = inputs(request - 1), now = inputs(request);
    EXPECT_LE(before.size(), now.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), now.begin())) << "the prefix is stable";
    return {now.begin() + static_cast<std::ptrdiff_t>(before.size()), now.end()};
  }
  std::size_t count(const std::string& path, std::string_view what) {
    auto text = *memory.read(path);
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
  }
  void command(std::string name, std::string output) {
    processes.expect([name](const io::SpawnSpec& s) { return s.argv.back() == name; },
                     io::CommandScript::output(std::move(output)));
  }
};

TEST_F(ThreadContextTest, ATurnAddsOnlyWhatChanged) {
  memory.put("/w/AGENTS.md", "Prices are in cents.");
  memory.put("/other/AGENTS.md", "Never read.");
  for (int i = 0; i < 4; ++i) answer(sse({message("ok"), completed}));
  auto moved = turn("three");
  moved.cwd = "/other";
  moved.model = "gpt-5.3-codex";
  moved.approval_policy = wire::AskForApproval::on_request();
  auto again = moved;
  again.items = turn("four").items;
  auto path = run({turn("one"), turn("two"), moved, again});
  EXPECT_EQ(inputs(0).size(), 3u);
  EXPECT_TRUE(contains(inputs(0)[1], "# AGENTS.md instructions for /w"));
  EXPECT_EQ(added(1).size(), 2u) << "the answer and the new message";
  auto third = added(2);
  ASSERT_EQ(third.size(), 4u);
  EXPECT_TRUE(text_of(third[1], 0).starts_with("<model_switch>\n"));
  EXPECT_TRUE(text_of(third[1], 1).starts_with("<permissions instructions>"));
  EXPECT_TRUE(contains(text_of(third[2]), "<cwd>/other</cwd>"));
  EXPECT_FALSE(contains(http.requests()[2].body, "Never read.")) << "AGENTS.md is read once, at the start";
  EXPECT_EQ(added(3).size(), 2u) << "one switch is told once";
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(*find_string(body(i), "instructions"), *find_string(body(0), "instructions"));
    EXPECT_EQ(*find_string(body(i), "prompt_cache_key"), *find_string(body(0), "prompt_cache_key"));
  }
  EXPECT_EQ(count(path, R"("type":"turn_context")"), 4u) << "one for each turn, changed or not";
}

// context.md 9: what was sent once is sent again byte for byte, whatever happens in between.
TEST_F(ThreadContextTest, TwoHundredTurnsOnlyEverAppend) {
  processes.otherwise(io::CommandScript::output(numbers(900)));
  std::vector<wire::Op> ops;
  for (int i = 0; i < 200; ++i) {
    auto t = turn(fmt::format("turn {}", i));
    if (i % 7 == 0) t.cwd = "/other";
    if (i % 11 == 0) t.model = "gpt-5.3-codex";
    if (i % 13 == 0) t.approval_policy = wire::AskForApproval::on_request();
    if (i % 17 == 0) t.personality = wire::Personality::friendly;
    if (i % 5 == 0) t.items.push_back(wire::input::Image{"data:image/png;base64,AAAA"});
    if (i % 3 == 0) answer(sse({call("shell_command", R"({"command":"seq"})", fmt::format("c{}", i)), completed}));
    if (i % 19 == 0) answer(sse({message("cut off")}));
    answer(sse({message(fmt::format("answer {}", i)), completed}));
    ops.push_back(std::move(t));
  }
  run(std::move(ops));
  ASSERT_GT(http.requests().size(), 270u);
  auto before = inputs(0);
  for (std::size_t i = 1; i < http.requests().size(); ++i) {
    auto now = inputs(i);
    ASSERT_GT(now.size(), before.size()) << i;
    ASSERT_TRUE(std::equal(before.begin(), before.end(), now.begin())) << i;
    before = std::move(now);
  }
}

TEST_F(ThreadContextTest, OtherSettingsInTheFirstTurnAreADifference) {
  answer(sse({message("ok"), completed}));
  auto first = turn("hi");
  first.approval_policy = wire::AskForApproval::on_request();
  first.model = "gpt-5.3-codex";
  run({first});
  auto in = inputs(0);
  ASSERT_EQ(in.size(), 4u);
  EXPECT_TRUE(text_of(in[2]).starts_with("<permissions instructions>"));
  EXPECT_FALSE(contains(http.requests()[0].body, "<model_switch>")) << "no turn came before";
}

TEST_F(ThreadContextTest, AnOverrideAloneRecordsNothing) {
  answer(sse({message("ok"), completed}));
  answer(sse({message("ok"), completed}));
  wire::op::OverrideTurnContext change;
  change.approval_policy = wire::AskForApproval::on_request();
  std::string path, before;
  recorder.then = [&](const wire::Event& e) {
    if (running && std::holds_alternative<wire::event::TaskComplete>(e.msg))
      before = *memory.read(running->rollout_path());
    if (std::holds_alternative<wire::event::TaskStarted>(e.msg) && !before.empty()) {
      EXPECT_TRUE(memory.read(running->rollout_path())->starts_with(before));
      EXPECT_EQ(lines(*memory.read(running->rollout_path())).size(), lines(before).size() + 1);
    }
  };
  run({turn("one"), change, more("two")});
  auto second = added(1);
  ASSERT_EQ(second.size(), 3u);
  EXPECT_TRUE(text_of(second[1]).starts_with("<permissions instructions>")) << "the next turn tells of it";
}

// context.md 2.3: the tool cuts, the factor 1.2 of the history leaves it alone; with a tiny limit it is cut twice.
TEST_F(ThreadContextTest, OutputsAreCutOnceByDefault) {
  command("seq", numbers(100000));
  answer(sse({call("shell_command", R"({"command":"seq"})", "c"), completed}));
  answer(sse({message("ok"), completed}));
  run({turn("count")});
  auto output = inputs(1).back();
  EXPECT_TRUE(contains(output, R"(\nTotal output lines: 100000\nOutput:\n1\n2\n)")) << output.substr(0, 200);
  EXPECT_TRUE(contains(output, "…137224 tokens truncated…"));
  EXPECT_EQ(output.find("truncated…"), output.rfind("truncated…"));
}

TEST_F(ThreadContextTest, AResumeCutsFromTheFullTextAndSendsTheSame) {
  config->tool_output_token_limit = 100;
  command("seq", numbers(30000));
  answer(sse({call("shell_command", R"({"command":"seq"})", "c"), completed}));
  answer(sse({message("ok"), completed}));
  auto path = run({turn("count")});
  EXPECT_TRUE(contains(inputs(1).back(), "…4 tokens truncated…")) << inputs(1).back();
  EXPECT_FALSE(contains(*memory.read(path), "…4 tokens truncated…")) << "the file has what the tool returned";
  options.resume_path = path;
  answer(sse({message("ok"), completed}));
  run({turn("next")});
  EXPECT_EQ(added(2).size(), 2u) << "the resumed request starts with the same bytes";
  EXPECT_EQ(count(path, R"("type":"session_meta")"), 1u);
}

// session.md INV-10: what the file gives back at each end of a turn is what the live thread had then.
TEST_F(ThreadContextTest, EveryEndOfATurnRebuildsTheLiveHistory) {
  command("make", "built\n");
  answer(sse({message("thinking aloud"), call("shell_command", R"({"command":"make"})", "c"),
              call("no_such_tool", "{}", "d"), completed}));
  answer(sse({message("one"), completed}));
  answer(sse({call("update_plan", R"({"plan":[{"step":"s","status":"pending"}]})", "e")}));  // breaks off
  answer(sse({message("two"), completed}));
  answer(sse({message("three"), completed}));
  auto path = run({turn("first"), turn("second"), turn("third")});
  auto loaded = store::load_rollout(memory, path);
  ASSERT_TRUE(loaded);
  auto all = inputs(http.requests().size() - 1);
  std::size_t ends = 0;
  for (std::size_t n = 1; n <= loaded->lines.size(); ++n) {
    const auto* event = std::get_if<wire::EventMsg>(&loaded->lines[n - 1].payload);
    if (event == nullptr || !std::holds_alternative<wire::event::TaskComplete>(*event)) continue;
    auto rebuilt = context::rebuild(std::span(loaded->lines).first(n), {wire::TruncationMode::tokens, 10000});
    auto view = rebuilt.history.view({.freeform_patch = true});
    ASSERT_GE(all.size() + 1, view.input.size());
    for (std::size_t i = 0; i < std::min(view.input.size(), all.size()); ++i) EXPECT_EQ(view.input[i], all[i]);
    // The next thing that was sent is the message of the next turn; the last answer was not sent any more.
    constexpr std::string_view next[] = {"\"second\"", "\"third\""};
    if (ends < 2) {
      EXPECT_TRUE(contains(all[view.input.size()], next[ends]));
    } else {
      EXPECT_EQ(view.input.size(), all.size() + 1);
    }
    EXPECT_TRUE(rebuilt.baseline);
    EXPECT_FALSE(rebuilt.open_turn);
    ++ends;
  }
  EXPECT_EQ(ends, 3u);
}

TEST_F(ThreadContextTest, WithoutABaselineTheFullContextComesOnce) {
  const std::string path =
      "/home/sessions/2026/03/02/rollout-2026-03-02T10-15-10-0197a000-1111-7000-8000-000000000001.jsonl";
  memory.put(path, R"({"timestamp":"t","type":"session_meta","payload":{"id":"0197a000-1111-7000-8000-000000000001",)"
                   R"("timestamp":"t","cwd":"/w","originator":"o","cli_version":"1"}})"
                   "\n"
                   R"({"timestamp":"t","type":"response_item","payload":{"type":"message","role":"user",)"
                   R"("content":[{"type":"input_text","text":"long ago"}]}})"
                   "\n");
  options.resume_path = path;
  answer(sse({message("ok"), completed}));
  answer(sse({message("ok"), completed}));
  EXPECT_EQ(run({turn("one"), turn("two")}), path);
  auto in = inputs(0);
  ASSERT_EQ(in.size(), 4u);
  EXPECT_EQ(text_of(in[0]), "long ago");
  EXPECT_TRUE(text_of(in[1]).starts_with("<permissions instructions>"));
  EXPECT_TRUE(text_of(in[2]).starts_with("<environment_context>"));
  EXPECT_EQ(added(1).size(), 2u);
  EXPECT_FALSE(recorder.last<wire::event::Warning>()) << "no earlier turn, no other model";
}

// session.md 11.2: a turn that a crash cut off is closed by the next one, not by opening the file.
TEST_F(ThreadContextTest, ACrashedTurnIsClosedByTheNext) {
  answer(sse({message("ok"), completed}));
  answer(sse({message("ok"), completed}));
  auto path = run({turn("one"), turn("two")});
  auto text = *memory.read(path);
  auto cut = text.substr(0, text.rfind(R"("type":"response_item")"));
  cut.resize(cut.rfind('\n') + 1);
  memory.put(path, cut);
  options.resume_path = path;
  run({});
  EXPECT_EQ(*memory.read(path), cut) << "opening writes nothing";
  answer(sse({message("ok"), completed}));
  run({turn("three")});
  auto added = memory.read(path)->substr(cut.size());
  auto marker = added.find("<turn_aborted>"), end = added.find(R"("type":"turn_aborted")");
  EXPECT_LT(marker, end);
  EXPECT_LT(end, added.find(R"("type":"task_started")"));
  auto in = inputs(2);
  EXPECT_TRUE(contains(in[in.size() - 2], "<turn_aborted>"));
  answer(sse({message("ok"), completed}));
  run({turn("four")});
  EXPECT_EQ(count(path, "<turn_aborted>"), 1u);
}

TEST_F(ThreadContextTest, AnEphemeralThreadWritesNothing) {
  options.ephemeral = true;
  answer(sse({message("ok"), completed}));
  auto calls = files.calls();
  EXPECT_EQ(run({turn("hi")}), "");
  EXPECT_FALSE(memory.exists("/home/sessions"));
  for (const auto& call : std::span(files.journal()).subspan(calls)) {
    EXPECT_TRUE(call.name != "open_append" && call.name != "make_dirs") << call.path;
  }
}

TEST_F(ThreadContextTest, UnknownItemsGoNowhere) {
  answer(sse({R"({"type":"response.output_item.done","item":{"type":"hologram","id":"h"}})",
              R"({"type":"response.output_item.done","item":{"type":"message","role":"system","content":[]}})",
              message("ok"), completed}));
  answer(sse({message("ok"), completed}));
  auto path = run({turn("one"), turn("two")});
  EXPECT_EQ(added(1).size(), 2u);
  EXPECT_EQ(count(path, "hologram"), 0u);
  EXPECT_EQ(count(path, R"("role":"system")"), 1u) << "system messages are kept in the file alone";
}

// session.md 3.3: a call that cannot be answered by its id is told of all the same, and the turn goes on.
TEST_F(ThreadContextTest, ACallWithoutIdIsAnswered) {
  auto shell = [](std::string_view id) {
    return fmt::format(
        R"({{"type":"response.output_item.done","item":{{"type":"local_shell_call",{}"status":"completed",)"
        R"("action":{{"type":"exec","command":["ls"]}}}}}})",
        id);
  };
  processes.otherwise(io::CommandScript::output("a\n"));
  answer(sse({shell(""), shell(R"("call_id":"c",)"), completed}));
  answer(sse({message("ok"), completed}));
  auto path = run({turn("hi")});
  EXPECT_EQ(count(path, R"("call_id":"","output":"LocalShellCall without call_id or id")"), 1u);
  auto in = added(1);
  ASSERT_EQ(in.size(), 3u) << "an output without a call is not sent";
  EXPECT_TRUE(in[2].starts_with(R"({"type":"function_call_output","call_id":"c",)")) << in[2];
}

// session.md INV-4: the call is in the file before its tool runs, and tools do not wait for the end of the answer.
TEST_F(ThreadContextTest, ACallIsRecordedBeforeItRunsAndRunsAtOnce) {
  auto body = io::ScriptedResponse::text(200, sse({call("shell_command", R"({"command":"make"})", "c1")}));
  body.body.push_back({.bytes = sse({completed}), .delay = 10s});
  http.queue(body);
  answer(sse({message("ok"), completed}));
  std::optional<io::Time> began;
  processes.expect(
      [&](const io::SpawnSpec& s) {
        if (s.argv.back() != "make") return false;
        began = loop.now();
        EXPECT_TRUE(
            contains(*memory.read(running->rollout_path()), R"("type":"function_call","name":"shell_command")"));
        return true;
      },
      io::CommandScript{});
  auto start = loop.now();
  run({turn("hi")});
  ASSERT_TRUE(began);
  EXPECT_LT(*began - start, 1s);
}

// context.md 2.1: the configured limit counts tokens; models that cut by bytes get four for each.
TEST_F(ThreadContextTest, TheLimitKeepsTheModelsUnit) {
  for (auto [model, limit, expected] : {std::tuple{"gpt-5.1-codex", 0, R"({"mode":"tokens","limit":10000})"},
                                        {"gpt-5.1-codex", 7, R"({"mode":"tokens","limit":7})"},
                                        {"gpt-5.1", 0, R"({"mode":"bytes","limit":10000})"},
                                        {"gpt-5.1", 7, R"({"mode":"bytes","limit":28})"},
                                        {"nobody-knows", 0, R"({"mode":"bytes","limit":10000})"}}) {
    options.model = model;
    if (limit != 0) config->tool_output_token_limit = limit;
    answer(sse({message("ok"), completed}));
    EXPECT_EQ(count(run({turn("hi")}), fmt::format(R"("truncation_policy":{})", expected)), 1u) << model;
    config->tool_output_token_limit.reset();
  }
}

// context.md 8.4: what a model without vision is not shown comes back with the next one.
TEST_F(ThreadContextTest, ImagesComeBackWithVision) {
  auto look = turn("look");
  look.items.push_back(wire::input::Image{"data:image/png;base64,AAAA"});
  auto blind = turn("blind");
  blind.model = "gpt-oss-20b";
  for (int i = 0; i < 3; ++i) answer(sse({message("ok"), completed}));
  auto path = run({look, blind, turn("again")});
  constexpr std::string_view omitted = "image content omitted because you do not support image input";
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(contains(http.requests()[i].body, "base64,AAAA"), i != 1) << i;
    EXPECT_EQ(contains(http.requests()[i].body, omitted), i == 1) << i;
  }
  EXPECT_EQ(count(path, omitted), 0u);
}

// context.md 8.3
TEST_F(ThreadContextTest, ViewImageAnswers) {
  const std::string png =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
  memory.put("/w/p.png", *base64_decode(png));
  memory.put("/w/text.png", "text");
  struct Row {
    std::string_view arguments, output;
  };
  const Row rows[] = {
      {R"({"path":"p.png"})", R"([{"type":"input_image","image_url":"data:image/png;base64,)"},
      {R"({"path":"/w/p.png"})", R"([{"type":"input_image","image_url":"data:image/png;base64,)"},
      {R"({"path":"text.png"})",
       R"([{"type":"input_text","text":"Codex cannot attach image at `/w/text.png`: unsupported image format `image/png`."}])"},
      {R"({"path":"gone.png"})", R"("unable to locate image at `/w/gone.png`: No such file or directory)"},
      {R"({"path":"sub/../p.png"})", R"("unable to locate image at `/w/sub/../p.png`: )"},
      {R"({"path":""})", R"("image path `/w/` is not a file")"},
      {R"({})", R"("failed to parse function arguments: missing field `path`)"},
  };
  std::string calls;
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    calls += sse({call("view_image", rows[i].arguments, fmt::format("c{}", i))});
  }
  answer(calls + sse({completed}));
  answer(sse({message("ok"), completed}));
  run({turn("look")});
  auto in = inputs(1);
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_TRUE(in[in.size() - std::size(rows) + i].starts_with(
        fmt::format(R"({{"type":"function_call_output","call_id":"c{}","output":{})", i, rows[i].output)))
        << in[in.size() - std::size(rows) + i];
  }
  options.model = "gpt-oss-20b";
  answer(sse({call("view_image", R"({"path":"p.png"})", "c"), completed}));
  answer(sse({message("ok"), completed}));
  run({turn("look")});
  EXPECT_TRUE(contains(inputs(3).back(), "view_image is not allowed because you do not support image inputs"));
}

}  // namespace burin::agent

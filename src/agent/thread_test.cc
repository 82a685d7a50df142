// Threads in a scripted world: event order, tools, interruption, steering, approvals, retries, full disks.
#include "store/rollout_log.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

TEST_F(ThreadTest, AFreshThreadWritesNothingBeforeTheFirstMessage) {
  auto path = run({});
  EXPECT_TRUE(path.starts_with("/home/sessions/2026/03/02/rollout-2026-03-02T10-15-10-")) << path;
  EXPECT_FALSE(memory.exists(path));
  EXPECT_EQ(recorder.types(),
            (std::vector<std::string>{"session_configured", "mcp_startup_complete", "shutdown_complete"}));
}

TEST_F(ThreadTest, EventOrderOfATurn) {
  recorder.details = true;
  answer(sse(
      {R"({"type":"response.output_item.added","item":{"type":"message","role":"assistant","id":"m","content":[]}})",
       R"({"type":"response.output_text.delta","delta":"do"})", message("done"), completed}));
  run({turn("hi")});
  EXPECT_EQ(recorder.types(),
            (std::vector<std::string>{
                "session_configured", "mcp_startup_complete", "raw_response_item", "raw_response_item", "task_started",
                "raw_response_item", "item_started", "item_completed", "user_message", "token_count", "item_started",
                "agent_message_content_delta", "agent_message_delta", "item_completed", "agent_message",
                "raw_response_item", "token_count", "task_complete", "shutdown_complete"}));
  EXPECT_EQ(*recorder.last<wire::event::TaskComplete>()->last_agent_message, "done");
}

TEST_F(ThreadTest, CitationsAreHiddenFromWhatIsShownButRecorded) {
  answer(sse({message("a<oai-mem-citation>x</oai-mem-citation>b"), completed}));
  auto path = run({turn("hi")});
  EXPECT_EQ(recorder.last<wire::event::AgentMessage>()->message, "ab");
  EXPECT_TRUE(contains(*memory.read(path), "oai-mem-citation"));
}

TEST_F(ThreadTest, EveryEventASubscriberSawIsInTheFile) {
  answer(sse({message("one"), completed}));
  std::size_t checked = 0;
  recorder.then = [&](const wire::Event& event) {
    if (!wire::persisted(event.msg, false) || !running || running->rollout_path().empty()) return;
    if (!memory.exists(running->rollout_path())) return;
    std::string text;
    wire::write_event(text, event.msg);
    EXPECT_TRUE(contains(*memory.read(running->rollout_path()), text)) << text;
    ++checked;
  };
  run({turn("hi")});
  EXPECT_GE(checked, 4u);
}

TEST_F(ThreadTest, ACommandRunsAndItsOutputIsSent) {
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "make"; },
                   io::CommandScript{.steps = {{.bytes = "built\n"}}});
  answer(sse({call("shell_command", R"({"command":"make"})", "c1"), completed}));
  answer(sse({message("done"), completed}));
  run({turn("hi")});
  auto in = inputs(1);
  EXPECT_EQ(
      in.back(),
      R"({"type":"function_call_output","call_id":"c1","output":"Exit code: 0\nWall time: 0 seconds\nOutput:\nbuilt\n"})");
  EXPECT_EQ(std::vector(in.begin(), in.begin() + 3), inputs(0)) << "the prefix is stable";
}

TEST_F(ThreadTest, OutputsAreInCallOrderWhateverFinishesFirst) {
  config->features.set(config::Feature::unified_exec, false);
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "slow"; },
                   io::CommandScript{.steps = {{.bytes = "slow\n", .delay = 5s}}});
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "fast"; },
                   io::CommandScript{.steps = {{.bytes = "fast\n"}}});
  answer(sse({call("shell_command", R"({"command":"slow"})", "c1"),
              call("shell_command", R"({"command":"fast"})", "c2"), completed}));
  answer(sse({message("done"), completed}));
  io::Time start = loop.now();
  run({turn("hi")});
  auto in = inputs(1);
  EXPECT_TRUE(contains(in[in.size() - 2], "slow"));
  EXPECT_TRUE(contains(in[in.size() - 1], "fast"));
  EXPECT_LT(loop.now() - start, 6s) << "they overlapped";
}

TEST_F(ThreadTest, InterruptAnswersRunningCallsAndKeepsFinishedOnes) {
  config->features.set(config::Feature::unified_exec, false);
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "hang"; }, io::CommandScript::hang());
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "quick"; },
                   io::CommandScript{.steps = {{.bytes = "quick\n"}}});
  answer(sse({call("shell_command", R"({"command":"hang","timeout_ms":600000})", "c1"),
              call("shell_command", R"({"command":"quick"})", "c2"), completed}));
  loop.timer(loop.now() + 1400ms, [this] { ASSERT_TRUE(running->submit(wire::op::Interrupt{})); });
  auto path = run({turn("hi")});
  EXPECT_EQ(recorder.last<wire::event::TurnAborted>()->reason, wire::event::AbortReason::interrupted);
  auto text = *memory.read(path);
  EXPECT_TRUE(contains(text, R"("call_id":"c1","output":"Wall time: 1.4 seconds\naborted by user")")) << text;
  EXPECT_TRUE(contains(text, R"("call_id":"c2","output":"Exit code: 0\n)"));
  EXPECT_LT(text.find("\"c2\",\"output\""), text.find("<turn_aborted>"));
  EXPECT_FALSE(recorder.last<wire::event::TaskComplete>());
  EXPECT_TRUE(processes.problems().empty());
}

TEST_F(ThreadTest, AProcessOutlivesItsTurnButNotAnInterruption) {
  processes.otherwise(io::CommandScript::hang());
  const auto starts = call("exec_command", R"({"cmd":"server","yield_time_ms":250})", "c1");
  answer(sse({starts, completed}));
  answer(sse({message("started"), completed}));
  answer(sse({call("exec_command", R"({"cmd":"hang","yield_time_ms":30000})", "c2"), completed}));
  answer(sse({message("back"), completed}));
  loop.timer(loop.now() + 10s, [this] {
    EXPECT_FALSE(processes.child(0).killed) << "the first turn is over";
    ASSERT_TRUE(running->submit(wire::op::Interrupt{}));
  });
  auto path = run({turn("one"), turn("two"), turn("three")});
  EXPECT_TRUE(processes.child(0).killed);
  EXPECT_TRUE(processes.child(1).killed);
  std::map<std::string, std::string> ends;
  for (const auto& e : recorder.events) {
    if (const auto* end = std::get_if<wire::event::ExecCommandEnd>(&e.msg)) ends[end->call_id] = end->turn_id;
  }
  EXPECT_EQ(ends.size(), 2u);
  EXPECT_NE(ends["c1"], ends["c2"]) << "each end names the turn of its call";
  auto in = inputs(3);
  auto aborted = std::find_if(in.begin(), in.end(), [](const auto& i) { return contains(i, "aborted by user after"); });
  ASSERT_NE(aborted, in.end());
  EXPECT_TRUE(contains(*aborted, R"("call_id":"c2","output":"aborted by user after )")) << *aborted;
}

TEST_F(ThreadTest, InterruptWhileTextStreamsKeepsNothingOfIt) {
  auto hanging = io::ScriptedResponse::text(
      200,
      sse({R"({"type":"response.output_item.added","item":{"type":"message","role":"assistant","id":"m","content":[]}})",
           R"({"type":"response.output_text.delta","delta":"partial words"})"}));
  hanging.end = io::ScriptedResponse::End::silence;
  http.queue(hanging);
  answer(sse({message("back"), completed}));
  loop.timer(loop.now() + 1s, [this] { ASSERT_TRUE(running->submit(wire::op::Interrupt{})); });
  auto path = run({turn("hi"), turn("again")});
  EXPECT_FALSE(contains(*memory.read(path), "partial words"));
  auto in = inputs(1);
  EXPECT_TRUE(contains(in[in.size() - 2], "<turn_aborted>"));
  EXPECT_TRUE(contains(in[in.size() - 1], "again"));
  EXPECT_EQ(http.open(), 0u);
}

TEST_F(ThreadTest, SteeredInputIsDeliveredBeforeTheNextRequest) {
  auto slow = io::ScriptedResponse::text(200, sse({message("one"), completed}));
  slow.head_delay = 1s;
  http.queue(slow);
  answer(sse({message("two"), completed}));
  loop.timer(loop.now() + 500ms, [this] {
    for (auto text : {"more", "and more"}) {
      wire::op::UserInput input;
      input.items.push_back(wire::input::Text{.text = text});
      ASSERT_TRUE(running->submit(input));
    }
  });
  run({turn("hi")});
  ASSERT_EQ(http.requests().size(), 2u);
  auto in = inputs(1);
  EXPECT_TRUE(contains(in[in.size() - 2], "\"more\""));
  EXPECT_TRUE(contains(in[in.size() - 1], "\"and more\""));
  std::size_t messages = 0, ends = 0;
  for (const auto& type : recorder.types()) {
    messages += type == "user_message";
    ends += type == "task_complete";
  }
  EXPECT_EQ(messages, 3u);
  EXPECT_EQ(ends, 1u);
}

TEST_F(ThreadTest, ApprovalsAreAskedAndAnswered) {
  config->approval_policy = wire::AskForApproval::untrusted();
  for (bool yes : {true, false}) {
    recorder.events.clear();
    processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "touch x"; }, io::CommandScript{});
    answer(sse({call("shell_command", R"({"command":"touch x"})", "c1"), completed}));
    answer(sse({message("done"), completed}));
    recorder.then = [this, yes](const wire::Event& e) {
      const auto* ask = std::get_if<wire::event::ExecApprovalRequest>(&e.msg);
      if (ask == nullptr) return;
      wire::op::ExecApproval reply;
      reply.id = ask->call_id;
      if (yes) {
        reply.decision = wire::decision::Approved{};
      } else {
        reply.decision = wire::decision::Denied{};
      }
      ASSERT_TRUE(running->submit(reply));
    };
    auto before = http.requests().size();
    run({turn("hi")});
    ASSERT_NE(recorder.last<wire::event::ExecApprovalRequest>(), nullptr);
    auto in = inputs(before + 1);
    EXPECT_TRUE(contains(in.back(), yes ? "Exit code: 0" : "exec command rejected by user")) << in.back();
    if (!yes) EXPECT_EQ(recorder.last<wire::event::ExecCommandEnd>()->status, wire::ToolStatus::declined);
  }
}

TEST_F(ThreadTest, ARetryIsIdenticalWhenNothingWasCompletedAndRebuiltWhenSomethingWas) {
  answer(sse({R"({"type":"response.created","response":{}})"}));
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "make"; },
                   io::CommandScript{.steps = {{.bytes = "built\n", .delay = 3s}}});
  answer(sse({call("shell_command", R"({"command":"make"})", "c1")}));
  answer(sse({message("done"), completed}));
  run({turn("hi")});
  ASSERT_EQ(http.requests().size(), 3u);
  EXPECT_EQ(http.requests()[0].body, http.requests()[1].body);
  auto in = inputs(2);
  EXPECT_TRUE(contains(in.back(), "built")) << "the call ran once and its output is known";
  std::vector<std::string> notices;
  for (const auto& e : recorder.events) {
    if (const auto* s = std::get_if<wire::event::StreamError>(&e.msg)) notices.push_back(s->message);
  }
  EXPECT_EQ(notices, (std::vector<std::string>{"Reconnecting... 1/2", "Reconnecting... 2/2"}));
}

TEST_F(ThreadTest, RetriesWaitAsTheServerAsksOrLongerEachTime) {
  answer(sse({R"({"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded",)"
              R"("message":"try again in 35 seconds"}}})"}));
  answer(sse({R"({"type":"response.created","response":{}})"}));
  answer(sse({message("done"), completed}));
  io::Time start = loop.now();
  run({turn("hi")});
  EXPECT_EQ(http.requests().size(), 3u);
  auto waited = io::to_seconds(loop.now() - start);
  EXPECT_GE(waited, 35 + 0.9 * 0.4);
  EXPECT_LE(waited, 35 + 1.1 * 0.4 + 0.1);
}

TEST_F(ThreadTest, RequirementsOfResidencyAreSent) {
  auto residency = [](const io::HttpRequest& r) {
    return std::ranges::count(r.headers,
                              std::pair<std::string, std::string>("x-openai-internal-codex-residency", "us"));
  };
  answer(sse({completed}));
  run({turn("hi")});
  config->requirements.us_residency = true;
  answer(sse({completed}));
  run({turn("hi")});
  EXPECT_EQ(residency(http.requests().at(0)), 0);
  EXPECT_EQ(residency(http.requests().at(1)), 1);
}

TEST_F(ThreadTest, ContextOverflowFillsTheWindow) {
  answer(sse({R"({"type":"response.failed","response":{"error":{"code":"context_length_exceeded"}}})"}));
  run({turn("hi")});
  EXPECT_EQ(http.requests().size(), 1u);
  EXPECT_EQ(recorder.last<wire::event::TokenCount>()->info->total_token_usage.total_tokens, 258400);
  EXPECT_EQ(recorder.last<wire::event::Error>()->codex_error_info->kind, "context_window_exceeded");
  EXPECT_FALSE(recorder.last<wire::event::TaskComplete>()->last_agent_message);
}

TEST_F(ThreadTest, AnInvalidToolImageIsReplacedAndTheTurnGoesOn) {
  memory.put(
      "/w/p.png",
      *base64_decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"));
  answer(sse({call("view_image", R"({"path":"p.png"})", "v"), completed}));
  http.queue(io::ScriptedResponse::text(400, "The image data you provided does not represent a valid image"));
  answer(sse({message("fine"), completed}));
  run({turn("look")});
  ASSERT_EQ(http.requests().size(), 3u);
  EXPECT_TRUE(contains(inputs(1).back(), "data:image/png;base64,"));
  EXPECT_TRUE(contains(inputs(2).back(), "Invalid image"));
  EXPECT_EQ(*recorder.last<wire::event::TaskComplete>()->last_agent_message, "fine");
}

TEST_F(ThreadTest, ADiskThatIsFullAtEveryCallDamagesNothing) {
  // One run counts the file calls; then every call fails once, with and without a partial write.
  auto script = [this] {
    processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "make"; }, io::CommandScript{});
    answer(sse({call("shell_command", R"({"command":"make"})", "c1"), completed}));
    answer(sse({message("done"), completed}));
  };
  script();
  auto before = files.calls();
  run({turn("hi")});
  auto total = files.calls() - before;
  ASSERT_GT(total, 20u);
  std::size_t covered = 0;
  for (std::size_t n = 1; n <= total; ++n) {
    for (std::size_t partial : {std::size_t{0}, std::size_t{9}}) {
      SCOPED_TRACE(fmt::format("call {} of {}, {} bytes written", n, total, partial));
      recorder.events.clear();
      script();
      files.short_write(files.calls() + n, partial, ENOSPC);
      auto path = run({turn("hi")});
      files.heal();
      ASSERT_EQ(*recorder.last<wire::event::TaskComplete>()->last_agent_message, "done")
          << "the turn goes on in memory";
      auto text = memory.read(path);
      ASSERT_TRUE(text);
      ASSERT_TRUE(text->ends_with("\n"));
      auto loaded = store::load_rollout(memory, path);
      ASSERT_TRUE(loaded);
      ASSERT_EQ(loaded->skipped(), 0u);
      ASSERT_EQ(loaded->lines.size(), 16u) << "nothing is lost or repeated";
      ++covered;
    }
  }
  RecordProperty("fault_points", static_cast<int>(covered));
  fmt::print("disk faults covered: {}\n", covered);
}

TEST_F(ThreadTest, ResumeGoesOnWithTheSameHistoryAndSaysNothingTwice) {
  answer(sse({message("one"), completed}));
  auto path = run({turn("first")});
  options.resume_path = path;
  recorder.events.clear();
  answer(sse({message("two"), completed}));
  EXPECT_EQ(run({turn("second")}), path);
  auto in = inputs(1);
  EXPECT_EQ(in.size(), 5u);
  EXPECT_TRUE(contains(in[3], "one"));
  options.model = "gpt-5.3-codex";
  recorder.events.clear();
  answer(sse({message("three"), completed}));
  run({turn("third")});
  EXPECT_TRUE(contains(recorder.last<wire::event::Warning>()->message, "`gpt-5.1-codex`"));
  in = inputs(2);
  EXPECT_TRUE(contains(in[in.size() - 2], "<model_switch>"));
}

}  // namespace burin::agent

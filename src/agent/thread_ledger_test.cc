// Threads and their ledger: every request of whatever kind, long threads, what breaks a prefix, resuming.
#include "agent/ledger.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

using Strings = std::vector<std::string>;

struct ThreadLedgerTest : ThreadTest {
  static std::string used(std::int64_t input, std::int64_t cached, std::int64_t output, std::int64_t reasoning) {
    return fmt::format(
        R"({{"type":"response.completed","response":{{"id":"r","usage":{{"input_tokens":{},"input_tokens_details":)"
        R"({{"cached_tokens":{}}},"output_tokens":{},"output_tokens_details":{{"reasoning_tokens":{}}},)"
        R"("total_tokens":{}}}}}}})",
        input, cached, output, reasoning, input + output);
  }
  static std::string path_for(const std::string& rollout) {
    return ledger_path("/home", rollout.substr(rollout.size() - 42, 36));
  }
  std::vector<LedgerLine> ledger(const std::string& rollout) {
    auto file = read_ledger(memory, path_for(rollout));
    EXPECT_TRUE(file) << file.error().text();
    if (!file) return {};
    EXPECT_EQ(file->skipped, 0u);
    return file->lines;
  }
  /// "first", "ok", or what is broken.
  static std::string verdict(const LedgerLine& line) {
    if (!line.sent) return "not sent";
    if (!line.sent->base) return "first";
    if (!line.sent->broken) return "ok";
    const auto& b = *line.sent->broken;
    std::string out = join(b.before, ",");
    if (b.item) out += fmt::format("@{} {}", *b.item, b.why.value_or("unknown"));
    return out;
  }
  /// The digests say what the bytes of the requests say. Only where every request that was made has its line.
  void expect_truth(const std::vector<LedgerLine>& lines) {
    ASSERT_EQ(lines.size(), http.requests().size());
    std::map<RequestKind, Strings> last;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      SCOPED_TRACE(fmt::format("request {}", i));
      ASSERT_TRUE(lines[i].sent);
      const auto& sent = *lines[i].sent;
      auto now = inputs(i);
      EXPECT_EQ(sent.items, now.size());
      if (sent.base) {
        const auto& base = last[*sent.base];
        auto same = static_cast<std::size_t>(std::ranges::mismatch(base, now).in1 - base.begin());
        EXPECT_EQ(sent.same, same);
        auto item = sent.broken ? sent.broken->item : std::nullopt;
        EXPECT_EQ(item.has_value(), same < std::min(base.size(), now.size()));
        if (item) EXPECT_EQ(*item, same);
      }
      last[lines[i].kind] = std::move(now);
    }
  }
  std::vector<std::string> verdicts(const std::string& rollout) {
    expect_truth(ledger(rollout));
    return all_verdicts(rollout);
  }
  std::vector<std::string> all_verdicts(const std::string& rollout) {
    std::vector<std::string> out;
    for (const auto& line : ledger(rollout)) {
      out.push_back(fmt::format("{} {}", to_string(line.kind), verdict(line)));
    }
    return out;
  }
};

TEST_F(ThreadLedgerTest, TheTokensAndTheModelOfEachRequest) {
  answer(sse({call("update_plan", R"({"plan":[]})", "c1"), used(100, 0, 20, 5)}));
  http.queue(
      io::ScriptedResponse::text(200, sse({message("done"), used(150, 100, 10, 0)}), {{"openai-model", "gpt-4"}}));
  auto lines = ledger(run({turn("hi")}));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].usage, (wire::TokenUsage{100, 0, 20, 5, 120}));
  EXPECT_EQ(lines[0].served, std::nullopt);
  EXPECT_EQ(lines[1].usage, (wire::TokenUsage{150, 100, 10, 0, 160}));
  EXPECT_EQ(lines[1].model, "gpt-5.1-codex");
  EXPECT_EQ(lines[1].served, "gpt-4");
  EXPECT_EQ(lines[1].turn, recorder.last<wire::event::TaskComplete>()->turn_id);
  EXPECT_EQ(verdict(lines[1]), "ok");
}

TEST_F(ThreadLedgerTest, TwoHundredTurnsKeepThePrefix) {
  std::vector<wire::Op> ops;
  for (int i = 0; i < 200; ++i) {
    answer(sse({call("update_plan", R"({"plan":[]})", fmt::format("c{}", i)), used(100, 90, 20, 5)}));
    answer(sse({message("done"), used(150, 100, 10, 0)}));
    ops.emplace_back(turn(fmt::format("turn {}", i)));
  }
  auto rollout = run(std::move(ops));
  auto lines = ledger(rollout);
  ASSERT_EQ(lines.size(), 400u);
  expect_truth(lines);
  for (const auto& line : lines) EXPECT_EQ(verdict(line), line.n == 1 ? "first" : "ok") << line.n;
  auto per_line = memory.read(path_for(rollout))->size() / lines.size();
  EXPECT_LT(per_line, 700u) << "the last lines are no longer than the first";
}

TEST_F(ThreadLedgerTest, ACompactionBreaksOnceAndIsNamed) {
  answer(sse({message("one"), completed}));
  answer(sse({message("summary"), used(1000, 900, 50, 0)}));
  answer(sse({message("two"), completed}));
  answer(sse({message("three"), completed}));
  auto rollout = run({turn("first"), wire::op::Compact{}, turn("second"), turn("third")});
  EXPECT_EQ(verdicts(rollout), (Strings{"turn first", "compact tools", "turn @0 compaction", "turn ok"}));
  EXPECT_EQ(ledger(rollout)[1].usage->cached_input_tokens, 900);
}

TEST_F(ThreadLedgerTest, ASummaryThatLeavesOutItemsSaysSo) {
  const auto too_long =
      sse({R"({"type":"response.failed","response":{"error":{"code":"context_length_exceeded","message":"m"}}})"});
  answer(sse({message("one"), completed}));
  answer(too_long);
  answer(sse({message("summary"), completed}));
  auto rollout = run({turn("first"), wire::op::Compact{}});
  EXPECT_EQ(verdicts(rollout), (Strings{"turn first", "compact tools", "compact tools@0 trimmed to fit"}));
  EXPECT_EQ(ledger(rollout)[1].outcome, Outcome::failed);
}

TEST_F(ThreadLedgerTest, ARemoteCompactionIsARequestToo) {
  config->provider.name = "OpenAI";
  answer(sse({message("one"), completed}));
  answer(R"({"output":[{"type":"compaction","encrypted_content":"x"}]})");
  answer(sse({message("two"), completed}));
  auto rollout = run({turn("first"), wire::op::Compact{}, turn("second")});
  auto lines = ledger(rollout);
  EXPECT_EQ(verdicts(rollout), (Strings{"turn first", "remote_compact tools", "turn @0 compaction"}));
  EXPECT_EQ(lines[1].outcome, Outcome::completed);
  EXPECT_FALSE(lines[1].usage) << "its answer tells none";
}

TEST_F(ThreadLedgerTest, ARollbackIsNamed) {
  for (auto text : {"one", "two", "three"}) answer(sse({message(text), completed}));
  auto rollout = run({turn("first"), turn("second"), wire::op::ThreadRollback{1}, turn("other")});
  EXPECT_EQ(verdicts(rollout), (Strings{"turn first", "turn ok", "turn @4 rollback"}));
  EXPECT_EQ(ledger(rollout).back().sent->broken->is, brief(inputs(2)[4]));
  EXPECT_NE(inputs(2)[4], inputs(1)[4]);
}

TEST_F(ThreadLedgerTest, AnotherModelIsNamed) {
  answer(sse({message("one"), completed}));
  answer(sse({message("two"), completed}));
  auto other = turn("second");
  other.model = "gpt-5.2-codex";
  auto lines = ledger(run({turn("first"), other}));
  ASSERT_TRUE(lines.back().sent->broken);
  EXPECT_EQ(lines.back().sent->broken->before.front(), "model");
  EXPECT_EQ(lines.back().model, "gpt-5.2-codex");
}

TEST_F(ThreadLedgerTest, AnImageThatIsReplacedIsNamed) {
  const std::string url = "data:image/png;base64,AAAA";
  http.respond = [&](const io::HttpRequest& request) -> std::optional<io::ScriptedResponse> {
    if (http.requests().size() > 1 && contains(request.body, url)) {
      return io::ScriptedResponse::text(400, "The image data you provided does not represent a valid image");
    }
    return io::ScriptedResponse::text(200, sse({message("ok"), completed}));
  };
  auto look = turn("look");
  look.items.push_back(wire::input::Image{url});
  auto rollout = run({look, turn("again")});
  EXPECT_EQ(all_verdicts(rollout), (Strings{"turn first", "turn not sent", "turn @2 image replaced"}))
      << "the probes of the search are not the thread's";
  EXPECT_EQ(ledger(rollout)[1].outcome, Outcome::failed);
}

TEST_F(ThreadLedgerTest, EachAttemptCounts) {
  auto broken = io::ScriptedResponse::text(200, sse({message("half")}));
  http.queue(broken);
  answer(sse({message("done"), used(10, 0, 1, 0)}));
  auto lines = ledger(run({turn("hi")}));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].outcome, Outcome::failed);
  EXPECT_TRUE(contains(lines[0].error.value_or(""), "stream disconnected")) << lines[0].error.value_or("");
  EXPECT_EQ(verdict(lines[1]), "ok");
  expect_truth(lines);
}

TEST_F(ThreadLedgerTest, AnInterruptedRequestIsTold) {
  auto hanging = io::ScriptedResponse::text(200, streamed({"par"}));
  hanging.end = io::ScriptedResponse::End::silence;
  http.queue(hanging);
  loop.timer(loop.now() + 1s, [this] { ASSERT_TRUE(running->submit(wire::op::Interrupt{})); });
  auto lines = ledger(run({turn("hi")}));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].outcome, Outcome::interrupted);
  EXPECT_FALSE(lines[0].usage);
}

TEST_F(ThreadLedgerTest, ResumingGoesOnAndReadsNothingBeforeItsFirstRequest) {
  answer(sse({message("one"), completed}));
  auto rollout = run({turn("first")});
  options.resume_path = rollout;
  recorder.events.clear();
  auto touched = [&] {
    return std::ranges::any_of(files.journal(), [&](const auto& call) { return contains(call.path, "/ledger/"); });
  };
  files.heal();
  auto before = files.journal().size();
  http.respond = [&](const io::HttpRequest&) -> std::optional<io::ScriptedResponse> {
    for (auto i = before; i < files.journal().size(); ++i) {
      EXPECT_FALSE(contains(files.journal()[i].path, "/ledger/")) << files.journal()[i].name;
    }
    return io::ScriptedResponse::text(200, sse({message("two"), completed}));
  };
  run({turn("second")});
  EXPECT_TRUE(touched());
  EXPECT_EQ(verdicts(rollout), (Strings{"turn first", "turn ok"}));
}

TEST_F(ThreadLedgerTest, AForkHasALedgerOfItsOwn) {
  answer(sse({message("one"), completed}));
  auto source = run({turn("first")});
  options.fork_path = source;
  recorder.events.clear();
  answer(sse({message("two"), completed}));
  auto fork = run({turn("second")});
  EXPECT_EQ(all_verdicts(source), Strings{"turn first"});
  EXPECT_EQ(all_verdicts(fork), Strings{"turn first"});
}

TEST_F(ThreadLedgerTest, AnEphemeralThreadLeavesNothing) {
  options.ephemeral = true;
  answer(sse({message("one"), completed}));
  run({turn("first")});
  EXPECT_FALSE(memory.exists("/home/ledger"));
}

TEST_F(ThreadLedgerTest, AThreadThatWasNeverAskedLeavesNothing) {
  run({});
  EXPECT_FALSE(memory.exists("/home/ledger"));
}

}  // namespace burin::agent

// `debug ledger`: from the ledger, from session files of the reference, from both; as a table and as JSON.
#include "exec/ledger_report.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/fake_world.h"

namespace burin::exec {

struct LedgerReportTest : ::testing::Test, testing::FakeWorld {
  static constexpr std::string_view id = "0197a000-1111-7000-8000-000000000001";
  const std::string rollout = fmt::format("/home/sessions/2026/03/02/rollout-2026-03-02T10-15-10-{}.jsonl", id);
  std::string ledger_text, rollout_text;

  static std::string time(int second) { return fmt::format("2026-03-02T10:15:{:02}.000Z", second); }
  void record(int second, std::string_view type, std::string_view payload) {
    rollout_text +=
        fmt::format("{{\"timestamp\":\"{}\",\"type\":\"{}\",\"payload\":{}}}\n", time(second), type, payload);
    memory.put(rollout, rollout_text);
  }
  void meta(std::string_view forked_from = "") {
    record(
        0, "session_meta",
        fmt::format(R"({{"id":"{}",{}"timestamp":"t","cwd":"/w","originator":"o","cli_version":"1","source":"cli"}})",
                    id, forked_from.empty() ? "" : fmt::format("\"forked_from_id\":\"{}\",", forked_from)));
  }
  void turn(int second, std::string_view model) {
    record(second, "turn_context",
           fmt::format(R"({{"cwd":"/w","approval_policy":"never","sandbox_policy":{{"type":"read-only"}},)"
                       R"("model":"{}","effort":"high","summary":"auto"}})",
                       model));
  }
  static std::string usage(std::int64_t input, std::int64_t total) {
    return fmt::format(R"({{"input_tokens":{},"cached_input_tokens":10,"output_tokens":{},)"
                       R"("reasoning_output_tokens":0,"total_tokens":{}}})",
                       input, total - input, total);
  }
  void count(int second, const std::string& total, const std::string& last) {
    record(second, "event_msg",
           fmt::format(R"({{"type":"token_count","info":{{"total_token_usage":{},"last_token_usage":{},)"
                       R"("model_context_window":100}},"rate_limits":null}})",
                       total, last));
  }
  static agent::LedgerLine line(std::uint64_t n, int second) {
    agent::LedgerLine out{.n = n, .time = time(second), .turn = "t", .model = "gpt-5.1-codex"};
    out.usage = wire::TokenUsage{1200, 800, 300, 100, 1500};
    out.sent = agent::SentInput{.items = 17, .instructions = "a", .tools = "b"};
    return out;
  }
  void keep(const agent::LedgerLine& line) {
    write_mapped(ledger_text, line);
    memory.put(agent::ledger_path("/home", id), ledger_text += '\n');
  }
  LedgerReport report(std::string thread = std::string(id)) {
    auto out = ledger_report(files, "/home", "/w", thread);
    EXPECT_TRUE(out) << out.error().text();
    return out ? *out : LedgerReport();
  }
};

TEST_F(LedgerReportTest, TheTable) {
  auto first = line(1, 11), second = line(2, 12), third = line(3, 13), fourth = line(4, 14);
  second.sent->base = agent::RequestKind::turn;
  second.served = "GPT-5.1-codex";
  third.kind = agent::RequestKind::compact;
  third.served = "gpt-4";
  third.sent->broken.emplace().before = {"tools"};
  third.sent->broken->item = 16;
  third.sent->broken->is = "function_call_output call_3, \"Exit code: 1…\"";
  third.sent->broken->why = "compaction";
  fourth.usage.reset();
  fourth.sent.reset();
  fourth.outcome = agent::Outcome::failed;
  fourth.error = "no\x1b[2J\nluck";
  for (const auto& l : {first, second, third, fourth}) keep(l);
  EXPECT_EQ(
      report_table(report()),
      "#  time (UTC)           kind     model                            input  cached  output  reasoning  items  "
      "prefix\n"
      "1  2026-03-02 10:15:11  turn     gpt-5.1-codex                    1,200     800     300        100     17  "
      "first\n"
      "2  2026-03-02 10:15:12  turn     gpt-5.1-codex                    1,200     800     300        100     17  ok\n"
      "3  2026-03-02 10:15:13  compact  gpt-5.1-codex (served by gpt-4)  1,200     800     300        100     17  "
      "broken: tools changed; at item 16: function_call_output call_3, \"Exit code: 1…\" (compaction)\n"
      "4  2026-03-02 10:15:14  turn     gpt-5.1-codex                        -       -       -          -      -  "
      "-; failed: no [2J luck\n"
      "                                 total                            3,600   2,400     900        300\n"
      "4 requests, 66% of the input cached, prefix broken 1 time\n");
}

TEST_F(LedgerReportTest, TheJson) {
  auto one = line(1, 11);
  one.effort = wire::ReasoningEffort::low;
  keep(one);
  EXPECT_EQ(report_json(report()),
            fmt::format(R"({{"thread_id":"{}","requests":[{{"time":"{}","kind":"turn","model":"gpt-5.1-codex",)"
                        R"("served":null,"effort":"low","outcome":"completed","usage":{{"input_tokens":1200,)"
                        R"("cached_input_tokens":800,"output_tokens":300,"reasoning_output_tokens":100,)"
                        R"("total_tokens":1500}},"items":17,"prefix":"first"}}],"total":{{"input_tokens":1200,)"
                        R"("cached_input_tokens":800,"output_tokens":300,"reasoning_output_tokens":100,)"
                        R"("total_tokens":1500}}}})"
                        "\n",
                        id, time(11)));
}

// context.md 3: counts are repeated with rate limits, replaced by estimates after a compaction, and set to the window
// when it is full.
TEST_F(LedgerReportTest, TokenCountsOfTheReferenceAreRequests) {
  meta();
  turn(1, "gpt-5.1-codex");
  record(1, "event_msg", R"({"type":"token_count","info":null,"rate_limits":null})");
  count(2, usage(100, 120), usage(100, 120));
  count(3, usage(100, 120), usage(100, 120));
  record(3, "event_msg",
         R"({"type":"token_count","info":{"total_token_usage":{"input_tokens":100,)"
         R"("cached_input_tokens":10,"output_tokens":20,"reasoning_output_tokens":0,"total_tokens":120},)"
         R"("last_token_usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,)"
         R"("reasoning_output_tokens":0,"total_tokens":7},"model_context_window":100}})");
  turn(4, "gpt-5.2");
  record(5, "event_msg",
         R"({"type":"token_count","info":{"total_token_usage":{"input_tokens":300,)"
         R"("cached_input_tokens":20,"output_tokens":70,"reasoning_output_tokens":0,"total_tokens":370},)"
         R"("last_token_usage":)" +
             usage(200, 250) + R"(,"model_context_window":100}})");
  auto r = report();
  ASSERT_EQ(r.requests.size(), 2u);
  EXPECT_EQ(r.from_session_file, 2u);
  EXPECT_EQ(r.requests[0].time, time(2));
  EXPECT_EQ(r.requests[0].model, "gpt-5.1-codex");
  EXPECT_EQ(r.requests[0].effort, wire::ReasoningEffort::high);
  EXPECT_EQ(r.requests[1].model, "gpt-5.2");
  EXPECT_EQ(r.requests[1].usage->input_tokens, 200);
  EXPECT_EQ(r.total.total_tokens, 370);
  auto table = report_table(r);
  EXPECT_TRUE(
      contains(table, "1  2026-03-02 10:15:02  -     gpt-5.1-codex    100      10      20          0      -  -\n"))
      << table;
  EXPECT_TRUE(table.ends_with("Of these requests only the session file tells: their prefix is not known.\n")) << table;
}

TEST_F(LedgerReportTest, AThreadThatTheReferenceBegan) {
  meta();
  turn(1, "m");
  count(2, usage(100, 120), usage(100, 120));
  keep(line(1, 10));
  count(11,
        R"({"input_tokens":1300,"cached_input_tokens":810,"output_tokens":320,"reasoning_output_tokens":100,)"
        R"("total_tokens":1620})",
        R"({"input_tokens":1200,"cached_input_tokens":800,"output_tokens":300,"reasoning_output_tokens":100,)"
        R"("total_tokens":1500})");
  auto r = report();
  ASSERT_EQ(r.requests.size(), 2u) << "the second one is not told twice";
  EXPECT_EQ(r.from_session_file, 1u);
  EXPECT_EQ(r.total.total_tokens, 1620);
  EXPECT_TRUE(report_table(r).ends_with("Of the first 1 only the session file tells: their prefix is not known.\n"));
}

TEST_F(LedgerReportTest, AForkDoesNotPayForItsSource) {
  meta("0197a000-1111-7000-8000-000000000002");
  turn(1, "m");
  count(2, usage(100, 120), usage(100, 120));
  keep(line(1, 10));
  EXPECT_EQ(report().requests.size(), 1u);
}

TEST_F(LedgerReportTest, ThreadsAreFoundByIdNameAndPath) {
  meta();
  keep(line(1, 10));
  memory.put("/home/session_index.jsonl", fmt::format("{{\"id\":\"{}\",\"thread_name\":\"my work\"}}\n", id));
  memory.put("/w/copy.jsonl", rollout_text);
  for (std::string thread : {std::string(id), std::string("my work"), rollout, std::string("copy.jsonl")}) {
    EXPECT_EQ(report(thread).requests.size(), 1u) << thread;
    EXPECT_EQ(report(thread).thread_id, id);
  }
  ASSERT_TRUE(memory.remove(rollout));
  EXPECT_EQ(report().requests.size(), 1u) << "the ledger is enough";
  ASSERT_TRUE(memory.remove(agent::ledger_path("/home", id)));
  auto none = ledger_report(files, "/home", "/w", std::string(id));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, Kind::not_found);
}

}  // namespace burin::exec

// A turn whose answers are cut at every byte, over server-sent events and over WebSocket: it ends as if nothing had
// happened, every finished item is kept once, no call runs twice, and nothing is paid twice.
#include <cstdio>

#include "io/fake_connection.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

struct CutTest : ThreadTest {
  static constexpr std::int64_t tokens = 7;  // of each answer
  io::FakeWsServer server{loop};
  std::size_t cut_answer = 0, cut_at = 0;  // which answer, after how many bytes
  bool clean_end = false;                  // the body or the connection ends in order, only too early; else it breaks
  std::size_t answers = 0, cuts = 0;
  std::set<std::string> told;  // calls and outputs that the server knows of

  void SetUp() override {
    ThreadTest::SetUp();
    config->features.set(config::Feature::unified_exec, false);
    config->provider.stream_max_retries = 3;
    options.ephemeral = true;
    http.dial = [this](io::ConnectRequest r) { return server.dial(std::move(r)); };
    http.respond = [this](const io::HttpRequest& r) { return over_http(r); };
    server.on_message = [this](io::FakeWsServer::Peer& p, const std::string& m) { over_websocket(p, m); };
    processes.otherwise(io::CommandScript{.steps = {{.bytes = "ran\n"}}});
  }

  static std::string done() {
    return fmt::format(
        R"({{"type":"response.completed","response":{{"id":"r","usage":{{"input_tokens":{0},)"
        R"("input_tokens_details":null,"output_tokens":0,"output_tokens_details":null,"total_tokens":{0}}}}}}})",
        tokens);
  }
  /// What a model says that knows `input`: it goes on from what is there.
  std::vector<std::string> events_for(const json::value& body) {
    if (const auto* input = find_array(body, "input")) {
      for (const auto& item : *input) {
        if (auto id = find_string(item, "call_id")) told.insert(fmt::format("{} {}", *find_string(item, "type"), *id));
      }
    }
    std::vector<std::string> out{R"({"type":"response.created","response":{"id":"r"}})"};
    bool first = told.contains("function_call_output c1"), second = told.contains("function_call_output c2");
    if (first && second) {
      out.push_back(
          R"({"type":"response.output_item.added","item":{"type":"message","role":"assistant","id":"m","content":[]}})");
      for (auto piece : {"do", "n", "e"}) {
        out.push_back(fmt::format(R"({{"type":"response.output_text.delta","delta":"{}"}})", piece));
      }
      out.push_back(message("done"));
    } else {
      if (!first) {
        out.push_back(
            R"({"type":"response.output_item.done","item":{"type":"reasoning","id":"x","summary":[{"type":"summary_text","text":"thinking"}],"encrypted_content":"E"}})");
        out.push_back(message("working"));
        out.push_back(call("shell_command", R"({"command":"first"})", "c1"));
      }
      out.push_back(call("shell_command", R"({"command":"second"})", "c2"));
    }
    out.push_back(done());
    return out;
  }

  bool cut_this(std::size_t size) {
    bool cut = answers++ == cut_answer && cut_at < size;
    cuts += cut;
    return cut;
  }
  std::optional<io::ScriptedResponse> over_http(const io::HttpRequest& r) {
    std::string text;
    for (const auto& e : events_for(*parse_json(r.content()))) text += fmt::format("data: {}\n\n", e);
    if (!cut_this(text.size())) return io::ScriptedResponse::text(200, std::move(text));
    auto response = io::ScriptedResponse::text(200, text.substr(0, cut_at));
    if (!clean_end) response.end = io::ScriptedResponse::End::cut;
    return response;
  }
  void over_websocket(io::FakeWsServer::Peer& p, const std::string& m) {
    auto body = *parse_json(m);
    if (find(body, "generate") != nullptr) return p.text(R"({"type":"response.completed","response":{"id":"warm"}})");
    std::string bytes;
    for (const auto& e : events_for(body)) io::append_frame(bytes, {}, e, nullptr);
    if (!cut_this(bytes.size())) return p.wire.send(std::move(bytes));
    p.wire.send(bytes.substr(0, cut_at));
    p.wire.end(clean_end ? std::optional<Error>() : Error{.kind = Kind::unavailable, .what = "Connection reset"});
  }

  /// One turn; false when the cut lies behind the end of the answer.
  bool play(std::size_t which, std::size_t at) {
    cut_answer = which;
    cut_at = at;
    answers = cuts = 0;
    told.clear();
    recorder.events.clear();
    std::size_t before = processes.count();
    run({turn("hi")});
    check(before);
    return cuts > 0;
  }

  void check(std::size_t processes_before) {
    auto where = fmt::format("answer {} cut at byte {}", cut_answer, cut_at);
    const auto* complete = recorder.last<wire::event::TaskComplete>();
    ASSERT_TRUE(complete) << where;
    EXPECT_EQ(complete->last_agent_message, "done") << where;
    EXPECT_EQ(processes.count() - processes_before, 2U) << where;
    EXPECT_FALSE(recorder.last<wire::event::Error>()) << where;
    const auto* count = recorder.last<wire::event::TokenCount>();
    ASSERT_TRUE(count && count->info) << where;
    // A cut in the very last bytes may leave a completed answer: it counts, and is not asked for again.
    auto total = count->info->total_token_usage.total_tokens;
    auto finished = static_cast<std::int64_t>(answers - cuts);
    EXPECT_TRUE(total == tokens * finished || (cuts == 1 && total == tokens * (finished + 1)))
        << where << ": " << total;
    std::map<std::string, int> items;
    for (const auto& e : recorder.events) {
      if (const auto* raw = std::get_if<wire::event::RawResponseItem>(&e.msg)) ++items[wire::dump_item(raw->item)];
    }
    for (const auto& [text, times] : items) EXPECT_EQ(times, 1) << where << ": " << text;
  }

  std::size_t every_cut() {
    std::size_t points = 0;
    for (bool clean : {false, true}) {
      clean_end = clean;
      for (std::size_t which : {0, 1}) {
        for (std::size_t at = 0; play(which, at) && !HasFailure(); ++at) ++points;
      }
    }
    return points;
  }
};

TEST_F(CutTest, ServerSentEvents) {
  auto points = every_cut();
  std::printf("cut points over server-sent events: %zu\n", points);
  EXPECT_GT(points, 2500U);
}

TEST_F(CutTest, WebSocket) {
  config->provider.supports_websockets = true;
  config->features.set(config::Feature::responses_websockets, true);
  auto points = every_cut();
  std::printf("cut points over WebSocket: %zu\n", points);
  EXPECT_GT(points, 2500U);
}

}  // namespace burin::agent

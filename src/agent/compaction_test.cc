// Compactions of a running thread: when, with which requests, what clients and files see, and how they fail
// (context.md 7).
#include "agent/compaction.h"

#include "context/compaction.h"
#include "store/rollout_log.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

struct CompactionTest : ThreadTest {
  void SetUp() override {
    ThreadTest::SetUp();
    config->features.set(config::Feature::unified_exec, false);
    config->model_auto_compact_token_limit = 100'000;
    http.respond = [this](const io::HttpRequest& request) { return respond(request); };
  }

  using Response = io::ScriptedResponse;
  std::deque<Response> turns, summaries;  // what answers ordinary requests and those of compactions
  static bool compacts(const io::HttpRequest& request) {
    return request.url.ends_with("/compact") || contains(request.body, R"("tools":[])");
  }
  std::optional<Response> respond(const io::HttpRequest& request) {
    auto& from = compacts(request) ? summaries : turns;
    if (from.empty()) return Response::text(200, sse({message(compacts(request) ? "SUMMARY" : "ok"), used(10)}));
    auto next = std::move(from.front());
    from.pop_front();
    return next;
  }
  static std::string used(std::int64_t total) {
    return fmt::format(R"({{"type":"response.completed","response":{{"id":"r","usage":{{"input_tokens":{0},)"
                       R"("input_tokens_details":null,"output_tokens":0,"output_tokens_details":null,)"
                       R"("total_tokens":{0}}}}}}})",
                       total);
  }
  static Response stream(std::initializer_list<std::string_view> events) { return Response::text(200, sse(events)); }
  static Response overflow() {
    return stream(
        {R"({"type":"response.failed","response":{"error":{"code":"context_length_exceeded","message":"m"}}})"});
  }
  static std::string text_of(const std::string& item, std::size_t part = 0) {
    auto document = *parse_json(item);
    auto* content = find_array(document, "content");
    if (content == nullptr) return std::string(find_string(document, "type").value_or(""));
    return std::string(find_string(content->at(part), "text").value_or(""));
  }
  /// The input of a request, each item in one word.
  std::vector<std::string> layout(std::size_t request) {
    std::vector<std::string> out;
    for (const auto& item : inputs(request)) {
      auto text = text_of(item);
      if (context::is_summary(text)) {
        out.push_back("summary:" + text.substr(context::summary_prefix().size() + 1));
      } else if (text == context::compaction_prompt()) {
        out.push_back("prompt");
      } else if (contains(item, R"("role":"developer")")) {
        out.push_back(text.starts_with("<model_switch>") ? "switch" : "developer");
      } else if (text.starts_with("<environment_context>") || text.starts_with("# AGENTS.md")) {
        out.push_back("context");
      } else if (text.starts_with("<turn_aborted>")) {
        out.push_back("aborted");
      } else {
        out.push_back(text);
      }
    }
    return out;
  }
  using Words = std::vector<std::string>;
  std::size_t count(std::string_view type) {
    return static_cast<std::size_t>(std::ranges::count(recorder.types(), type));
  }
  /// Types of the rollout's lines, of events and items their own.
  Words kinds(const std::string& path) {
    Words out;
    auto loaded = store::load_rollout(files, path);
    for (const auto& line : loaded->lines) {
      if (const auto* e = std::get_if<wire::EventMsg>(&line.payload)) {
        out.emplace_back(wire::event_type(*e));
      } else if (const auto* i = std::get_if<wire::ResponseItem>(&line.payload)) {
        auto role = wire::role_of(*i);
        out.emplace_back(role.empty() ? wire::item_type(*i) : role);
      } else {
        out.emplace_back(std::holds_alternative<wire::Compacted>(line.payload)     ? "compacted"
                         : std::holds_alternative<wire::TurnContext>(line.payload) ? "turn_context"
                                                                                   : "meta");
      }
    }
    return out;
  }
  static Words after(const Words& all, std::string_view last) {
    auto at = std::find(all.rbegin(), all.rend(), last).base();
    return {at, all.end()};
  }
  void use_windows(std::int64_t first, std::int64_t second) {
    json::array models;
    auto add = [&](std::string slug, std::int64_t window) {
      auto info = model::find_model(model::bundled_models(), "gpt-5.1-codex");
      info.slug = std::move(slug);
      info.context_window = window;
      models.push_back(to_json(info));
    };
    add("large", first);
    add("small", second);
    config->model_catalog = std::make_shared<json::value>(json::object{{"models", std::move(models)}});
    config->model_auto_compact_token_limit.reset();
    options.model = "large";
  }
  wire::op::UserTurn with_model(std::string text, std::string slug) {
    auto t = turn(std::move(text));
    t.model = std::move(slug);
    return t;
  }
};

TEST_F(CompactionTest, ByHand) {
  recorder.details = true;
  auto path = run({turn("one"), wire::op::Compact{}, turn("two")});
  ASSERT_EQ(http.requests().size(), 3u);
  EXPECT_EQ(layout(1), (Words{"developer", "context", "one", "ok", "prompt"}));
  auto request = body(1);
  EXPECT_EQ(dump(*find(request, "tools")), "[]");
  EXPECT_FALSE(find(request, "parallel_tool_calls")->as_bool());
  for (auto key : {"model", "instructions", "prompt_cache_key", "reasoning", "include", "tool_choice"}) {
    EXPECT_EQ(dump(*find(request, key)), dump(*find(body(0), key))) << key;
  }
  EXPECT_EQ(layout(2), (Words{"one", "summary:SUMMARY", "developer", "context", "two"}));

  Words all = recorder.types();
  auto second = std::find(std::find(all.begin(), all.end(), "task_complete"), all.end(), "task_started");
  auto end = std::find(second, all.end(), "task_complete");
  EXPECT_EQ(Words(second, end + 1), (Words{"task_started", "item_started", "token_count", "token_count", "token_count",
                                           "item_completed", "context_compacted", "warning", "task_complete"}))
      << "limits, usage, estimate";
  EXPECT_FALSE(std::get<wire::event::TaskComplete>(recorder.events[static_cast<std::size_t>(end - all.begin())].msg)
                   .last_agent_message);
  auto lines = kinds(path);
  auto from = std::find(lines.begin(), lines.end(), "compacted");
  EXPECT_EQ(Words(from - 3, from + 5), (Words{"task_started", "token_count", "token_count", "compacted", "token_count",
                                              "context_compacted", "task_complete", "task_started"}))
      << "neither the summary nor a turn_context is in the file";
}

TEST_F(CompactionTest, ConfiguredPrompt) {
  config->compact_prompt = "Sum it up.";
  run({turn("one"), wire::op::Compact{}});
  EXPECT_EQ(text_of(inputs(1).back()), "Sum it up.");
}

TEST_F(CompactionTest, WithoutAnyTurn) {
  run({wire::op::Compact{}, turn("one")});
  EXPECT_EQ(layout(0), (Words{"developer", "context", "prompt"}));
  EXPECT_EQ(layout(1), (Words{"summary:SUMMARY", "developer", "context", "one"}));
}

TEST_F(CompactionTest, TwiceKeepsAllMessagesAndOneSummary) {
  summaries.push_back(stream({message("FIRST"), used(10)}));
  run({turn("one"), wire::op::Compact{}, turn("two"), wire::op::Compact{}, turn("three")});
  EXPECT_EQ(layout(4), (Words{"one", "two", "summary:SUMMARY", "developer", "context", "three"}));
}

TEST_F(CompactionTest, TheEstimateIsExact) {
  run({turn("one"), wire::op::Compact{}});
  std::int64_t expected = (static_cast<std::int64_t>(find_string(body(0), "instructions")->size()) + 3) / 4;
  auto item = [](std::string_view text) {
    wire::ResponseItem i = wire::make_message("user", std::string(text));
    return (static_cast<std::int64_t>(wire::dump_item(i).size()) + 3) / 4;
  };
  expected += item("one") + item(fmt::format("{}\nSUMMARY", context::summary_prefix()));
  const auto& info = *recorder.last<wire::event::TokenCount>()->info;
  EXPECT_EQ(info.last_token_usage.total_tokens, expected);
  EXPECT_EQ(info.last_token_usage.input_tokens, 0);
  EXPECT_EQ(info.total_token_usage.total_tokens, 20) << "the request for the summary counts";
}

TEST_F(CompactionTest, BeforeATurn) {
  turns.push_back(stream({message("ok"), used(100'000)}));
  auto second = turn("two");
  second.items.push_back(wire::input::Image{"data:image/png;base64,AAAA"});
  second.approval_policy = wire::AskForApproval::on_request();
  auto path = run({turn("one"), second});
  ASSERT_EQ(http.requests().size(), 3u);
  EXPECT_EQ(layout(1), (Words{"developer", "context", "one", "ok", "prompt"})) << "nothing of the new turn";
  EXPECT_EQ(layout(2), (Words{"one", "summary:SUMMARY", "developer", "context", "two"}));
  EXPECT_TRUE(contains(inputs(2).back(), "data:image/png;base64,AAAA"));
  EXPECT_EQ(std::ranges::count(kinds(path), "turn_context"), 2);
}

TEST_F(CompactionTest, OneTokenBelowTheLimitIsNotEnough) {
  turns.push_back(stream({message("ok"), used(99'000)}));
  run({turn("one"), turn("two")});
  EXPECT_EQ(http.requests().size(), 2u);
}

TEST_F(CompactionTest, WithinATurn) {
  processes.otherwise(io::CommandScript::output("done"));
  turns.push_back(stream({call("shell_command", R"({"command":"x"})", "c"), used(100'000)}));
  auto path = run({turn("zero"), turn("one")});
  auto at = http.requests().size();
  ASSERT_EQ(at, 4u);
  EXPECT_EQ(layout(1), (Words{"developer", "context", "zero", "function_call", "function_call_output", "prompt"}));
  EXPECT_EQ(layout(2), (Words{"developer", "context", "zero", "summary:SUMMARY"}));
  EXPECT_EQ(layout(3), (Words{"developer", "context", "zero", "summary:SUMMARY", "ok", "one"}))
      << "the turn knows its settings: nothing is told again";
  auto lines = kinds(path);
  auto from = std::find(lines.begin(), lines.end(), "compacted");
  EXPECT_EQ(Words(from, from + 4), (Words{"compacted", "turn_context", "token_count", "context_compacted"}));
}

TEST_F(CompactionTest, TheContextStandsBeforeTheLastMessage) {
  processes.otherwise(io::CommandScript::output("done"));
  turns.push_back(stream({message("ok"), used(10)}));
  turns.push_back(stream({call("shell_command", R"({"command":"x"})", "c"), used(100'000)}));
  run({turn("one"), turn("two")});
  EXPECT_EQ(layout(3), (Words{"one", "developer", "context", "two", "summary:SUMMARY"}));
}

TEST_F(CompactionTest, OverTheLimitAtTheEndWaitsForTheNextTurn) {
  turns.push_back(stream({message("ok"), used(200'000)}));
  run({turn("one")});
  EXPECT_EQ(http.requests().size(), 1u);
}

TEST_F(CompactionTest, ThreeTimesInVainIsEnough) {
  config->model_auto_compact_token_limit = 50;  // less than the instructions alone
  processes.otherwise(io::CommandScript::output("done"));
  for (int i = 0; i < 6; ++i) {
    turns.push_back(stream({call("shell_command", R"({"command":"x"})", fmt::format("c{}", i)), used(200)}));
  }
  run({turn("one")});
  EXPECT_EQ(std::ranges::count_if(http.requests(), compacts), 3);
  std::size_t told = 0;
  for (const auto& e : recorder.events) {
    const auto* w = std::get_if<wire::event::Warning>(&e.msg);
    told += w != nullptr && contains(w->message, "no longer brings");
  }
  EXPECT_EQ(told, 1u);
  EXPECT_EQ(recorder.last<wire::event::TaskComplete>()->last_agent_message, "ok");
}

TEST_F(CompactionTest, ASmallerWindowIsMetWithTheOldModel) {
  use_windows(400'000, 200'000);
  turns.push_back(stream({message("ok"), used(180'001)}));
  run({turn("one"), with_model("two", "small")});
  ASSERT_EQ(http.requests().size(), 3u);
  EXPECT_EQ(*find_string(body(1), "model"), "large");
  EXPECT_EQ(*find_string(body(2), "model"), "small");
  EXPECT_EQ(layout(2), (Words{"one", "summary:SUMMARY", "switch", "context", "two"}));
}

TEST_F(CompactionTest, NoDownshiftWhenTheNewWindowWillDo) {
  struct Case {
    std::int64_t first, second, used;
    Words models;  // of the requests after the first
  };
  for (const auto& c : {Case{400'000, 200'000, 179'000, {"small"}}, Case{400'000, 400'000, 360'001, {"small", "small"}},
                        Case{200'000, 400'000, 190'000, {"small"}}}) {
    recorder.events.clear();
    auto before = http.requests().size() + 1;
    use_windows(c.first, c.second);
    turns.push_back(stream({message("ok"), used(c.used)}));
    run({turn("one"), with_model("two", "small")});
    Words models;
    for (auto i = before; i < http.requests().size(); ++i) models.emplace_back(*find_string(body(i), "model"));
    EXPECT_EQ(models, c.models) << c.used;
  }
}

TEST_F(CompactionTest, AfterAResume) {
  turns.push_back(stream({message("ok"), used(150'000)}));
  options.resume_path = run({turn("one")});
  recorder.events.clear();
  run({turn("two"), turn("three")});
  EXPECT_EQ(layout(1).back(), "prompt");
  EXPECT_EQ(layout(2), (Words{"one", "summary:SUMMARY", "developer", "context", "two"}));
  auto sent = inputs(3);
  recorder.events.clear();
  run({turn("four")});
  auto again = inputs(4);
  ASSERT_GT(again.size(), sent.size());
  EXPECT_TRUE(std::equal(sent.begin(), sent.end(), again.begin())) << "the same after another resume";
}

TEST_F(CompactionTest, OldItemsAreTrimmedOneByOneWithTheirPairs) {
  processes.otherwise(io::CommandScript::output("done"));
  turns.push_back(stream({call("shell_command", R"({"command":"x"})", "c"), used(10)}));
  for (int i = 0; i < 4; ++i) summaries.push_back(overflow());
  run({turn("one"), wire::op::Compact{}});
  EXPECT_EQ(layout(3), (Words{"context", "one", "function_call", "function_call_output", "ok", "prompt"}));
  EXPECT_EQ(layout(5), (Words{"function_call", "function_call_output", "ok", "prompt"}));
  EXPECT_EQ(layout(6), (Words{"ok", "prompt"}));
  EXPECT_EQ(count("background_event"), 1u);
  EXPECT_TRUE(contains(recorder.last<wire::event::BackgroundEvent>()->message, "4 "));
  EXPECT_EQ(count("stream_error"), 0u);
}

TEST_F(CompactionTest, TrimmingEndsHoweverLongTheThread) {
  for (int i = 0; i < 400; ++i) summaries.push_back(overflow());
  std::vector<wire::Op> ops(200, turn("x"));
  ops.push_back(wire::op::Compact{});
  run(ops);
  EXPECT_LE(std::ranges::count_if(http.requests(), compacts), 16);
  EXPECT_EQ(recorder.last<wire::event::Error>()->codex_error_info->kind, "context_window_exceeded");
  const auto& info = *recorder.last<wire::event::TokenCount>()->info;
  EXPECT_EQ(info.total_token_usage.total_tokens, *info.model_context_window) << "the window counts as full";
}

TEST_F(CompactionTest, OtherErrorsAreRetriedThenToldAndNothingHasChanged) {
  for (int i = 0; i < 3; ++i) summaries.push_back(Response::text(400, "no"));
  auto path = run({turn("one"), wire::op::Compact{}, turn("two")});
  EXPECT_EQ(std::ranges::count_if(http.requests(), compacts), 3) << "stream_max_retries is 2";
  EXPECT_EQ(count("stream_error"), 2u);
  EXPECT_EQ(recorder.last<wire::event::Error>()->message, "no");
  EXPECT_EQ(count("context_compacted"), 0u);
  EXPECT_EQ(layout(4), (Words{"developer", "context", "one", "ok", "two"}));
  EXPECT_EQ(std::ranges::count(kinds(path), "compacted"), 0);
}

TEST_F(CompactionTest, AnEmptySummaryIsAskedForOnceMore) {
  summaries.push_back(stream({message(" "), used(10)}));
  run({turn("one"), wire::op::Compact{}, turn("two")});
  EXPECT_EQ(layout(3), (Words{"one", "summary:SUMMARY", "developer", "context", "two"}));
  EXPECT_EQ(inputs(1), inputs(2));
}

TEST_F(CompactionTest, TwoEmptySummariesAreAFailure) {
  for (int i = 0; i < 2; ++i) summaries.push_back(stream({used(10)}));
  run({turn("one"), wire::op::Compact{}, turn("two")});
  EXPECT_EQ(std::ranges::count_if(http.requests(), compacts), 2);
  EXPECT_EQ(count("error"), 1u);
  EXPECT_EQ(layout(3), (Words{"developer", "context", "one", "ok", "two"}));
}

TEST_F(CompactionTest, ALongSummaryIsCut) {
  config->model_context_window = 20'000;
  summaries.push_back(stream({message(std::string(200'000, 's')), used(10)}));
  run({turn("one"), wire::op::Compact{}, turn("two")});
  const auto& info = *recorder.last<wire::event::TokenCount>()->info;
  auto summary = layout(2)[1];
  EXPECT_TRUE(summary.starts_with("summary:sss")) << summary.substr(0, 40);
  EXPECT_LT(summary.size(), 20'000u * 4);
  EXPECT_LE(info.last_token_usage.total_tokens, 19'000);
}

TEST_F(CompactionTest, AFailureBeforeATurnKeepsTheMessage) {
  turns.push_back(stream({message("ok"), used(150'000)}));
  for (int i = 0; i < 3; ++i) summaries.push_back(Response::text(400, "no"));
  auto path = run({turn("one"), turn("two"), turn("three")});
  EXPECT_EQ(http.requests().size(), 1u + 3 + 1 + 1) << "no request for the failed turn, a new attempt in the next";
  EXPECT_EQ(layout(4), (Words{"developer", "context", "one", "ok", "two", "prompt"}));
  EXPECT_EQ(layout(5), (Words{"one", "two", "summary:SUMMARY", "developer", "context", "three"}));
  EXPECT_EQ(count("user_message"), 3u);
  EXPECT_EQ(std::ranges::count(kinds(path), "turn_context"), 2) << "the failed turn leaves none";
}

TEST_F(CompactionTest, RepeatedFailuresSwitchItOff) {
  turns.push_back(stream({message("ok"), used(150'000)}));
  for (int i = 0; i < 9; ++i) summaries.push_back(Response::text(400, "no"));
  std::vector<wire::Op> ops(6, turn("x"));
  ops.push_back(wire::op::Compact{});
  ops.push_back(turn("y"));
  for (int i = 0; i < 2; ++i) turns.push_back(stream({message("ok"), used(150'000)}));
  run(ops);
  EXPECT_EQ(count("error"), 3u);
  std::size_t told = 0;
  for (const auto& e : recorder.events) {
    const auto* w = std::get_if<wire::event::Warning>(&e.msg);
    told += w != nullptr && contains(w->message, "is off for this thread");
  }
  EXPECT_EQ(told, 1u);
  EXPECT_EQ(std::ranges::count_if(http.requests(), compacts), 10) << "three times three, and the one by hand";
  EXPECT_EQ(recorder.last<wire::event::TaskComplete>()->last_agent_message, "ok");
}

TEST_F(CompactionTest, AFullWindowInATurnIsCompactedInTheNext) {
  turns.push_back(overflow());
  run({turn("one"), turn("two")});
  ASSERT_EQ(http.requests().size(), 3u);
  EXPECT_EQ(recorder.last<wire::event::Error>()->codex_error_info->kind, "context_window_exceeded");
  EXPECT_EQ(layout(1), (Words{"developer", "context", "one", "prompt"}));
  EXPECT_EQ(layout(2), (Words{"one", "summary:SUMMARY", "developer", "context", "two"}));
}

TEST_F(CompactionTest, ReasoningThatTheServerCountsIsNotCountedTwice) {
  // 500,000 characters of encrypted reasoning in an earlier turn: about 93,000 tokens beyond the server's 10,000.
  processes.otherwise(io::CommandScript::output("done"));
  auto thought =
      fmt::format(R"({{"type":"response.output_item.done","item":{{"type":"reasoning","id":"x","summary":[],)"
                  R"("encrypted_content":"{}"}}}})",
                  std::string(500'000, 'e'));
  for (bool included : {false, true}) {
    recorder.events.clear();
    auto before = http.requests().size();
    turns.push_back(stream({thought, message("ok"), used(1'000)}));
    auto second = stream({call("shell_command", R"({"command":"x"})", "c"), used(10'000)});
    if (included) second.headers.emplace_back("x-reasoning-included", "true");
    turns.push_back(std::move(second));
    turns.push_back(stream({message("ok"), used(10'000)}));
    run({turn("one"), turn("two"), turn("three")});
    EXPECT_EQ(http.requests().size() - before, 5u);
    std::size_t at = 0;  // of the compaction
    for (auto i = before; i < http.requests().size(); ++i) at = compacts(http.requests()[i]) ? i - before : at;
    EXPECT_EQ(at, included ? 3u : 2u)
        << "within the second turn, or before the third, which knows nothing of the header";
  }
}

TEST_F(CompactionTest, ARefusedImageDoesNotKeepAThreadFromBeingCompacted) {
  for (std::string provider : {"mock", "OpenAI"}) {
    recorder.events.clear();
    auto before = http.requests().size();
    config->provider.name = provider;
    summaries.push_back(Response::text(400, "cannot decode an image"));
    if (provider == "OpenAI") {
      summaries.push_back(Response::text(200, R"({"output":[{"type":"compaction","encrypted_content":"E"}]})"));
    }
    auto look = turn("look");
    look.items.push_back(wire::input::Image{"data:image/png;base64,AAAA"});
    run({look, wire::op::Compact{}});
    EXPECT_EQ(count("context_compacted"), 1u) << provider;
    EXPECT_EQ(count("stream_error"), 0u);
    EXPECT_TRUE(contains(http.requests()[before + 1].body, "base64,AAAA"));
    EXPECT_FALSE(contains(http.requests()[before + 2].body, "base64,AAAA"));
  }
}

TEST_F(CompactionTest, InterruptedBeforeATurn) {
  turns.push_back(stream({message("ok"), used(150'000)}));
  auto silent = stream({R"({"type":"response.created","response":{"id":"r"}})"});
  silent.end = io::ScriptedResponse::End::silence;
  summaries.push_back(std::move(silent));
  auto ops = std::vector<wire::Op>{turn("one")};
  recorder.details = true;
  recorder.then = [&](const wire::Event& e) {
    const auto* s = std::get_if<wire::event::ItemStarted>(&e.msg);
    if (s != nullptr && std::holds_alternative<wire::ContextCompactionItem>(s->item)) {
      recorder.then = nullptr;
      ASSERT_TRUE(running->submit(wire::op::Interrupt{}));
    }
  };
  run({turn("one"), turn("two"), turn("three")});
  EXPECT_EQ(count("turn_aborted"), 1u);
  EXPECT_EQ(layout(2), (Words{"developer", "context", "one", "ok", "two", "aborted", "prompt"}));
  EXPECT_EQ(layout(3), (Words{"one", "two", "summary:SUMMARY", "developer", "context", "three"}));
}

TEST_F(CompactionTest, ACompactionReplacesTheRunningTurn) {
  auto silent = stream({});
  silent.end = io::ScriptedResponse::End::silence;
  turns.push_back(std::move(silent));
  recorder.then = [&](const wire::Event& e) {
    if (!std::holds_alternative<wire::event::UserMessage>(e.msg)) return;
    recorder.then = nullptr;
    ASSERT_TRUE(running->submit(wire::op::Compact{}));
  };
  run({turn("one"), turn("two")});
  auto aborted = std::ranges::find_if(
      recorder.events, [](const auto& e) { return std::holds_alternative<wire::event::TurnAborted>(e.msg); });
  EXPECT_EQ(std::get<wire::event::TurnAborted>(aborted->msg).reason, wire::event::AbortReason::replaced);
  EXPECT_EQ(layout(1), (Words{"developer", "context", "one", "prompt"})) << "no marker";
  EXPECT_EQ(layout(2), (Words{"one", "summary:SUMMARY", "developer", "context", "two"}));
}

struct RemoteCompactionTest : CompactionTest {
  void SetUp() override {
    CompactionTest::SetUp();
    config->provider.name = "OpenAI";
  }
  static Response output(std::string_view items) {
    return Response::text(200, fmt::format(R"({{"output":[{}]}})", items), {{"content-type", "application/json"}});
  }
  static constexpr std::string_view encrypted = R"({"type":"compaction_summary","encrypted_content":"E"})";
  static std::string note(std::string_view role, std::string_view text) {
    return wire::dump_item(wire::make_message(std::string(role), std::string(text)));
  }
};

TEST_F(RemoteCompactionTest, ByHand) {
  recorder.details = true;
  summaries.push_back(output(fmt::format("{},{},{},{}", note("developer", "stale"), note("user", "one"),
                                         note("assistant", "note"), encrypted)));
  auto path = run({turn("one"), wire::op::Compact{}, turn("two")});
  const auto& request = http.requests()[1];
  EXPECT_EQ(request.url, "http://mock/v1/responses/compact");
  EXPECT_EQ(find_string(body(1), "model"), "gpt-5.1-codex");
  EXPECT_EQ(body(1).as_object().size(), 3u);
  EXPECT_EQ(dump(*find(body(1), "instructions")), dump(*find(body(0), "instructions")));
  EXPECT_EQ(layout(1), (Words{"developer", "context", "one", "ok"}));
  EXPECT_EQ(layout(2), (Words{"one", "note", "compaction", "developer", "context", "two"}));
  EXPECT_EQ(count("warning"), 0u);
  auto lines = kinds(path);
  auto from = std::find(lines.begin(), lines.end(), "compacted");
  EXPECT_EQ(Words(from, from + 4), (Words{"compacted", "token_count", "context_compacted", "task_complete"}));
  auto loaded = store::load_rollout(files, path);
  for (const auto& line : loaded->lines) {
    if (const auto* c = std::get_if<wire::Compacted>(&line.payload)) EXPECT_EQ(c->message, "");
  }
  EXPECT_EQ(recorder.last<wire::event::TokenCount>()->info->total_token_usage.total_tokens, 20) << "of two turns";
}

TEST_F(RemoteCompactionTest, WithinATurn) {
  processes.otherwise(io::CommandScript::output("done"));
  turns.push_back(stream({call("shell_command", R"({"command":"x"})", "c"), used(100'000)}));
  summaries.push_back(output(fmt::format("{},{}", note("user", "one"), encrypted)));
  run({turn("one")});
  EXPECT_EQ(layout(2), (Words{"developer", "context", "one", "compaction"}));
}

TEST_F(RemoteCompactionTest, Failures) {
  struct Case {
    Response response;
    std::string_view text;
  };
  for (auto& c : std::initializer_list<Case>{
           {Response::text(400, "too long"), "Error running remote compact task: too long"},
           {Response::text(200, R"({"nothing":1})"), "Error running remote compact task: stream disconnected"},
           {Response::text(200, R"({"output":[{"type":"message"}]})"), "Error running remote compact task: stream"},
           {Response::text(500, ""), "Error running remote compact task: The model service"}}) {
    recorder.events.clear();
    auto before = http.requests().size();
    summaries.push_back(c.response);
    run({turn("one"), wire::op::Compact{}, turn("two")});
    ASSERT_EQ(http.requests().size() - before, 3u);
    EXPECT_TRUE(recorder.last<wire::event::Error>()->message.starts_with(c.text))
        << recorder.last<wire::event::Error>()->message;
    EXPECT_EQ(layout(before + 2), (Words{"developer", "context", "one", "ok", "two"}));
  }
}

TEST_F(RemoteCompactionTest, TrailingOutputsAreDroppedUntilItFits) {
  config->model_context_window = 12'000;
  processes.otherwise(io::CommandScript::output(std::string(30'000, 'x')));
  turns.push_back(stream({call("shell_command", R"({"command":"x"})", "a"),
                          call("shell_command", R"({"command":"y"})", "b"), used(100'000)}));
  summaries.push_back(output(fmt::format("{},{}", note("user", "one"), encrypted)));
  run({turn("one")});
  EXPECT_EQ(layout(1), (Words{"developer", "context", "one", "function_call", "function_call_output"}))
      << "the newest output and its call are gone";
}

TEST_F(RemoteCompactionTest, AResultThatIsLargerIsRefused) {
  summaries.push_back(output(note("assistant", std::string(500'000, 'x'))));
  run({turn("one"), wire::op::Compact{}, turn("two")});
  EXPECT_TRUE(contains(recorder.last<wire::event::Error>()->message, "larger"));
  EXPECT_EQ(layout(2), (Words{"developer", "context", "one", "ok", "two"}));
}

}  // namespace burin::agent

// What the tests of threads share: a recording subscriber, a thread in a scripted world, model answers.
//
// Every run ends with a check of what holds for all threads, whatever the test is about (expect_invariants).
#pragma once
#include <set>

#include <gtest/gtest.h>

#include "agent/thread.h"
#include "base/text.h"
#include "config/config.h"
#include "testing/fake_world.h"

namespace burin::agent {

using namespace std::chrono_literals;

struct Recorder : EventSink {
  std::vector<wire::Event> events;
  std::function<void(const wire::Event&)> then;
  bool details = false;
  void on_event(const wire::Event& event) override {
    events.push_back(event);
    if (then) then(event);
  }
  bool wants_details() const override { return details; }
  std::vector<std::string> types() const {
    std::vector<std::string> out;
    for (const auto& e : events) out.emplace_back(wire::event_type(e.msg));
    return out;
  }
  template <class T>
  const T* last() const {
    for (auto it = events.rbegin(); it != events.rend(); ++it) {
      if (const auto* e = std::get_if<T>(&it->msg)) return e;
    }
    return nullptr;
  }
};

struct ThreadTest : ::testing::Test, testing::FakeWorld {
  std::shared_ptr<config::Config> config = std::make_shared<config::Config>();
  ThreadOptions options;
  Recorder recorder;
  void SetUp() override {
    config->home = "/home";
    config->cwd = "/w";
    config->provider.id = config->provider.name = "mock";
    config->provider.base_url = "http://mock/v1";
    config->provider.request_max_retries = 0;
    config->provider.stream_max_retries = 2;
    config->approval_policy = wire::AskForApproval::never();
    config->sandbox_policy = wire::DangerFullAccess{};
    memory.put("/w/file", "x");
    memory.put("/bin/bash", "");
    options.config = config;
    options.identity = {.originator = "test", .user_agent = "test", .version = "0.110.0", .residency = {}};
    options.source = wire::source::Exec{};
    options.model = "gpt-5.1-codex";
  }

  static std::string sse(std::initializer_list<std::string_view> events) {
    std::string out;
    for (auto e : events) out += fmt::format("data: {}\n\n", e);
    return out;
  }
  static std::string call(std::string_view name, std::string_view arguments, std::string_view id) {
    json::object item;
    item["type"] = "function_call";
    item["name"] = name;
    item["arguments"] = arguments;
    item["call_id"] = id;
    json::object event;
    event["type"] = "response.output_item.done";
    event["item"] = std::move(item);
    return dump(event);
  }
  static constexpr std::string_view completed = R"({"type":"response.completed","response":{"id":"r","usage":null}})";
  static std::string message(std::string_view text) {
    return fmt::format(R"({{"type":"response.output_item.done","item":{{"type":"message","role":"assistant","id":"m",)"
                       R"("content":[{{"type":"output_text","text":"{}"}}]}}}})",
                       text);
  }
  /// An assistant message whose item was announced first, with these pieces of text.
  static std::string streamed(std::initializer_list<std::string_view> pieces) {
    std::string out = sse(
        {R"({"type":"response.output_item.added","item":{"type":"message","role":"assistant","id":"m","content":[]}})"});
    for (auto piece : pieces) {
      out += sse({fmt::format(R"({{"type":"response.output_text.delta","delta":"{}"}})", piece)});
    }
    return out;
  }
  void answer(std::string body) { http.queue(io::ScriptedResponse::text(200, std::move(body))); }

  wire::op::UserTurn turn(std::string text) {
    wire::op::UserTurn t;
    t.items.push_back(wire::input::Text{.text = std::move(text)});
    t.cwd = config->cwd;
    t.approval_policy = config->approval_policy;
    t.sandbox_policy = config->sandbox_policy;
    t.model = options.model;
    return t;
  }

  /// Runs a thread with the given operations; after one that starts a turn the next waits for the turn's end.
  static io::Task<Result<std::string>> drive(io::World* world, ThreadOptions o, Recorder* recorder,
                                             std::vector<wire::Op> ops, Thread** out) {
    CO_TRY(auto thread, co_await Thread::start(*world, std::move(o), *recorder));
    *out = thread.get();
    io::Scope scope(co_await io::Here{});
    scope.spawn([](Thread* t) -> io::Task<> { co_await t->run(); }(thread.get()));
    std::size_t ended = count_ends(*recorder);
    for (auto& op : ops) {
      ended += std::holds_alternative<wire::op::UserTurn>(op) || std::holds_alternative<wire::op::UserInput>(op) ||
               std::holds_alternative<wire::op::Compact>(op) ||
               std::holds_alternative<wire::op::RunUserShellCommand>(op);
      CO_TRY(auto id, thread->submit(std::move(op)));
      while (count_ends(*recorder) < ended || count_starts(*recorder) > count_ends(*recorder)) co_await io::sleep(1ms);
    }
    CO_TRY(auto id, thread->submit(wire::op::Shutdown{}));
    co_await scope.join();
    std::string path = thread->rollout_path();
    *out = nullptr;
    co_return path;
  }
  static std::size_t count_starts(const Recorder& r) {
    return static_cast<std::size_t>(std::count_if(r.events.begin(), r.events.end(), [](const auto& e) {
      return std::holds_alternative<wire::event::TaskStarted>(e.msg);
    }));
  }
  static std::size_t count_ends(const Recorder& r) {
    std::size_t n = 0;
    for (const auto& e : r.events) {
      n += std::holds_alternative<wire::event::TaskComplete>(e.msg) ||
           std::holds_alternative<wire::event::TurnAborted>(e.msg);
    }
    return n;
  }
  Thread* running = nullptr;
  std::string run(std::vector<wire::Op> ops) {
    auto first = static_cast<std::ptrdiff_t>(recorder.events.size());
    auto path = io::run_task(loop, drive(&world, options, &recorder, std::move(ops), &running));
    EXPECT_TRUE(path) << (path ? "" : path.error().text());
    expect_invariants({recorder.events.begin() + first, recorder.events.end()});
    return path ? *path : "";
  }
  /// session.md 14: the first event, one turn at a time, one closing event for each turn and nothing of it afterwards,
  /// the same id in all events of an item, an end for each command that began.
  static void expect_invariants(const std::vector<wire::Event>& events) {
    if (events.empty()) return;
    EXPECT_EQ(wire::event_type(events.front().msg), "session_configured");
    std::set<std::string> closed;
    std::map<std::string, bool> commands;  // running ones; true: it may stay when its turn ends by itself
    std::string turn, item;
    for (const auto& e : events) {
      // Background terminals and commands of the user tell of themselves as long as they live.
      bool terminal = wire::event_type(e.msg).starts_with("exec_command_");
      EXPECT_FALSE(closed.contains(e.id) && !terminal) << wire::event_type(e.msg) << " after the end of its turn";
      if (const auto* started = std::get_if<wire::event::TaskStarted>(&e.msg)) {
        EXPECT_EQ(turn, "") << "two turns at once";
        EXPECT_EQ(started->turn_id, e.id);
        turn = started->turn_id;
      } else if (std::holds_alternative<wire::event::TaskComplete>(e.msg) ||
                 std::holds_alternative<wire::event::TurnAborted>(e.msg)) {
        EXPECT_EQ(turn, e.id);
        closed.insert(std::exchange(turn, ""));
        bool aborted = std::holds_alternative<wire::event::TurnAborted>(e.msg);
        for (const auto& [id, stays] : commands) EXPECT_TRUE(stays && !aborted) << id << " began and never ended";
      } else if (const auto* s = std::get_if<wire::event::ItemStarted>(&e.msg)) {
        item = wire::item_id(s->item);
      } else if (const auto* d = std::get_if<wire::event::AgentMessageContentDelta>(&e.msg)) {
        EXPECT_EQ(d->item_id, item);
      } else if (const auto* r = std::get_if<wire::event::ReasoningContentDelta>(&e.msg)) {
        EXPECT_EQ(r->item_id, item);
      } else if (const auto* c = std::get_if<wire::event::ItemCompleted>(&e.msg)) {
        EXPECT_EQ(wire::item_id(c->item), item);
      } else if (const auto* begin = std::get_if<wire::event::ExecCommandBegin>(&e.msg)) {
        commands[begin->call_id] = begin->source != wire::ExecSource::agent;
      } else if (const auto* end = std::get_if<wire::event::ExecCommandEnd>(&e.msg)) {
        commands.erase(end->call_id);
      }
    }
    EXPECT_EQ(turn, "") << "a turn has no end";
    EXPECT_TRUE(commands.empty()) << commands.begin()->first << " began and never ended";
  }
  static wire::op::UserInput more(std::string text) {
    wire::op::UserInput input;
    input.items.push_back(wire::input::Text{.text = std::move(text)});
    return input;
  }
  json::value body(std::size_t request) { return *parse_json(http.requests().at(request).body); }
  std::vector<std::string> inputs(std::size_t request) {
    std::vector<std::string> out;
    auto body = parse_json(http.requests().at(request).body);
    for (const auto& item : *find_array(*body, "input")) out.push_back(dump(item));
    return out;
  }
};

}  // namespace burin::agent

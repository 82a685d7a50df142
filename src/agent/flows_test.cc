// Plays the flows that were recorded from the reference (tests/flows) and compares what the model sees, what the
// session files hold and how the turns end (context.md 14).
//
// Where Burin differs on purpose the file says so: its "burin" part overrides the recorded expectation.
#include "testing/flow.h"
#include "testing/flow_view.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

using namespace burin::testing;  // NOLINT: the vocabulary of flows

namespace flows_detail {

std::vector<std::string> names() {
  std::vector<std::string> out;
  auto found = io::real_files().list(BURIN_FLOWS);
  for (const auto& file : found ? *found : std::vector<std::string>()) {
    if (file.ends_with(".json")) out.push_back(file.substr(0, file.size() - 5));
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool starts_thread(const json::value& step) {
  return find(step, "seed") != nullptr || find(step, "resume") != nullptr || find(step, "fork") != nullptr;
}

}  // namespace flows_detail

using namespace flows_detail;

struct FlowTest : ThreadTest, ::testing::WithParamInterface<std::string> {
  json::value flow;
  std::size_t wanted_ends = 0;
  std::size_t served = 0;
  std::vector<std::string> paths;

  /// A part of the file: Burin's own, else what was recorded.
  const json::value* part(std::string_view name) const {
    const auto* own = find(flow, "burin");
    const auto* found = own == nullptr ? nullptr : find(*own, name);
    const auto* recorded = found != nullptr ? nullptr : find(*find(flow, "expect"), name);
    return found != nullptr ? found : recorded != nullptr ? recorded : find(flow, name);
  }
  const json::array& list(std::string_view name) const { return part(name)->get_array(); }

  void prepare() {
    memory.put("/home/config.toml", flow_config(flow));
    ASSERT_TRUE(memory.make_dirs("/w/.git"));
    if (const auto* all = find_object(flow, "files")) {
      for (const auto& [name, content] : *all) {
        auto bytes = find_string(content, "base64");
        memory.put(path::join("/w", name), bytes ? *base64_decode(*bytes) : std::string(view(content.get_string())));
      }
    }
    if (const auto* all = find_object(flow, "commands")) {
      for (const auto& [command, output] : *all) script_command(std::string(command), output);
    }
    auto loaded = config::load_config(memory, env, "/home", "/w", {});
    ASSERT_TRUE(loaded) << loaded.error().message;
    *config = *std::move(loaded);
    options.model = *config->model;
    recorder.details = true;
    http.respond = [this](const io::HttpRequest& request) { return response(request); };
  }

  void script_command(std::string command, const json::value& output) {
    auto code = static_cast<int>(find_int(output, "code").value_or(0));
    auto script =
        output.is_null() ? io::CommandScript::hang() : io::CommandScript::output(command_output(output), code);
    processes.expect([command](const io::SpawnSpec& s) { return s.argv.back() == command; }, std::move(script));
  }
  static std::string command_output(const json::value& output) {
    if (output.is_string()) return unfold(view(output.get_string()));
    std::string out;
    for (std::int64_t i = 1; i <= find_int(output, "seq").value_or(0); ++i) out += fmt::format("{}\n", i);
    return out;
  }

  std::optional<io::ScriptedResponse> response(const io::HttpRequest& request) {
    const auto& script = list("responses");
    if (served == script.size()) {
      ADD_FAILURE() << "no response is left for " << request.url;
      return io::ScriptedResponse::text(404, "{}");
    }
    const auto& next = script[served++];
    if (auto status = find_int(next, "status")) {
      return io::ScriptedResponse::text(static_cast<int>(*status), dump(*find(next, "body")));
    }
    if (find(next, "compact") != nullptr) {
      EXPECT_TRUE(request.url.ends_with("/compact")) << request.url;
      return io::ScriptedResponse::text(200, flow_compaction(next, *parse_json(request.body)));
    }
    return stream(next);
  }

  /// An answer that waits a second on both sides of what the client does meanwhile.
  io::ScriptedResponse stream(const json::value& script) {
    io::ScriptedResponse out;
    io::Span at{}, gap{};
    for (auto& piece : flow_stream(script, fmt::format("r{}", served))) {
      if (piece.action == nullptr) {
        out.body.push_back({std::move(piece.bytes), std::exchange(gap, {})});
        continue;
      }
      const auto* action = piece.action;
      loop.timer(loop.now() + at + 1s, [this, action] { act(*action, true); });
      at += 2s;
      gap += 2s;
    }
    if (const auto* headers = find_object(script, "headers")) {
      for (const auto& [name, value] : *headers)
        out.headers.push_back({std::string(name), std::string(view(value.get_string()))});
    }
    using End = io::ScriptedResponse::End;
    out.end = find_bool(script, "hang") ? End::silence : End::complete;
    return out;
  }

  void submit(const json::value& operation) {
    auto op = wire::read_op(operation);
    ASSERT_TRUE(op) << op.error().text();
    ASSERT_NE(running, nullptr);
    ASSERT_TRUE(running->submit(*std::move(op)));
  }
  void override_settings(const json::value& step) {
    auto cwd = find_string(step, "cwd");
    if (cwd) ASSERT_TRUE(memory.make_dirs(path::join("/w", *cwd)));
    if (auto op = flow_override(step)) submit(*op);
  }
  /// What a step does; `inside`: while a turn runs, so that its input does not start another one.
  void act(const json::value& step, bool inside) {
    if (const auto* text = find(step, "turn")) {
      override_settings(step);
      wanted_ends += !inside;
      submit(flow_input(*text, find_array(step, "images")));
    } else if (const auto* more = find(step, "steer")) {
      submit(flow_input(*more, nullptr));
    } else if (const auto* settings = find(step, "override")) {
      override_settings(*settings);
    } else if (find(step, "compact") != nullptr) {
      ++wanted_ends;
      submit(json::object{{"type", "compact"}});
    } else if (auto turns = find_int(step, "rollback")) {
      submit(json::object{{"type", "thread_rollback"}, {"num_turns", *turns}});
    } else if (auto command = find_string(step, "shell")) {
      wanted_ends += !inside;
      submit(json::object{{"type", "run_user_shell_command"}, {"command", *command}});
    } else if (find(step, "interrupt") != nullptr) {
      submit(json::object{{"type", "interrupt"}});
    } else {
      ADD_FAILURE() << "unknown step " << dump(step);
    }
  }

  std::size_t rollbacks() const {
    auto types = recorder.types();
    return static_cast<std::size_t>(std::count(types.begin(), types.end(), "thread_rolled_back")) +
           static_cast<std::size_t>(std::count(types.begin(), types.end(), "error"));
  }
  bool settled(std::size_t rollbacks_before, bool rollback) const {
    auto ends = count_ends(recorder);
    return ends >= wanted_ends && count_starts(recorder) <= ends && (!rollback || rollbacks() > rollbacks_before);
  }

  /// One life of a thread: the steps up to the next one that starts a thread.
  io::Task<Result<>> live(std::vector<const json::value*> steps) {
    CO_TRY(auto thread, co_await Thread::start(world, options, recorder));
    running = thread.get();
    if (!options.resume_path) paths.push_back(thread->rollout_path());
    io::Scope scope(co_await io::Here{});
    scope.spawn([](Thread* t) -> io::Task<> { co_await t->run(); }(thread.get()));
    for (const auto* step : steps) {
      auto before = rollbacks();
      act(*step, false);
      if (const auto* meanwhile = find(*step, "then")) {
        loop.timer(loop.now() + 1s, [this, meanwhile] { act(*meanwhile, true); });
      }
      auto deadline = loop.now() + 10min;
      while (!settled(before, find(*step, "rollback") != nullptr) && loop.now() < deadline) co_await io::sleep(10ms);
      EXPECT_LT(loop.now(), deadline) << "a step does not end: " << dump(*step);
      co_await io::sleep(1s);
    }
    CO_TRY(auto id, thread->submit(wire::op::Shutdown{}));
    co_await scope.join();
    running = nullptr;
    co_return Result<>();
  }

  /// A new thread that continues from a file.
  void restart(const json::value& step) {
    if (const auto* seed = find_array(step, "seed")) {
      memory.put(std::string(flow_seed_path), flow_seed(*seed));
      paths.emplace_back(flow_seed_path);
    }
    bool fork = find(step, "fork") != nullptr;
    options.resume_path.reset();
    options.fork_path.reset();
    (fork ? options.fork_path : options.resume_path) = paths.back();
    for (auto key : {"resume", "fork"}) {
      const auto* changes = find(step, key);
      if (changes != nullptr) options.model = find_string(*changes, "model").value_or(*config->model);
    }
  }

  void play() {
    const auto& steps = list("steps");
    for (std::size_t at = 0; at < steps.size();) {
      if (starts_thread(steps[at])) restart(steps[at++]);
      std::vector<const json::value*> until;
      while (at < steps.size() && !starts_thread(steps[at])) until.push_back(&steps[at++]);
      auto first = static_cast<std::ptrdiff_t>(recorder.events.size());
      auto lived = io::run_task(loop, live(std::move(until)));
      ASSERT_TRUE(lived) << lived.error().text();
      expect_invariants({recorder.events.begin() + first, recorder.events.end()});
    }
    EXPECT_EQ(served, list("responses").size()) << "responses that nobody asked for";
  }

  testkit::SnapshotOptions view_options() {
    testkit::SnapshotOptions view;
    if (!config->compact_prompt) view.compaction_prompt = learnt_prompt(http.requests());
    for (const auto& path : paths) {
      if (view.summary_prefix.empty()) view.summary_prefix = learnt_prefix(*memory.read(path));
    }
    return view;
  }

  void compare_requests() {
    auto expected = flow_expected_requests(list("requests"));
    auto actual = flow_requests(http.requests(), view_options());
    EXPECT_EQ(flow_requests_text(actual), flow_requests_text(expected));
    if (actual == expected) expect_stable_prefixes(actual);
  }
  /// What looks the same as in the request before is the same to the byte; prompt caches depend on it (context.md 9).
  void expect_stable_prefixes(const std::vector<FlowRequest>& requests) {
    for (std::size_t i = 1; i < std::min(requests.size(), list("responses").size()); ++i) {
      const auto &before = requests[i - 1], &now = requests[i];
      bool refused = find(list("responses")[i - 1], "status") != nullptr;
      bool other_model = split(before.head, ',')[0] != split(now.head, ',')[0];  // it may not see images
      if (refused || other_model || now.entries.size() < before.entries.size()) continue;
      if (!std::equal(before.entries.begin(), before.entries.end(), now.entries.begin())) continue;
      EXPECT_TRUE(std::equal(before.raw.begin(), before.raw.end(), now.raw.begin())) << "request " << i;
    }
  }
  void compare_rollouts() {
    const auto& expected = list("rollouts");
    ASSERT_EQ(paths.size(), expected.size());
    for (std::size_t i = 0; i < paths.size(); ++i) {
      std::vector<std::string> rows;
      for (const auto& row : expected[i].get_array()) rows.emplace_back(view(row.get_string()));
      auto actual = flow_rollout(*memory.read(paths[i]));
      for (std::size_t r = 0; r < std::min(rows.size(), actual.size()); ++r)
        actual[r] = with_estimates(actual[r], rows[r]);
      EXPECT_EQ(join(actual, "\n"), join(rows, "\n"));
    }
  }
  void compare_events() {
    std::vector<std::string> expected, actual;
    for (const auto& event : list("events")) expected.emplace_back(view(event.get_string()));
    for (const auto& event : recorder.events) {
      if (auto shown = flow_event(event.msg); !shown.empty()) actual.push_back(std::move(shown));
    }
    EXPECT_EQ(join(actual, " "), join(expected, " "));
  }
};

TEST_P(FlowTest, GoesAsRecorded) {
  auto text = io::real_files().read(fmt::format("{}/{}.json", BURIN_FLOWS, GetParam()));
  ASSERT_TRUE(text) << text.error().text();
  auto document = parse_json(*text);
  ASSERT_TRUE(document) << document.error().text();
  flow = *std::move(document);
  prepare();
  if (HasFatalFailure()) return;
  play();
  if (HasFatalFailure()) return;
  SCOPED_TRACE(std::string(find_string(flow, "title").value_or("")));
  compare_requests();
  compare_rollouts();
  compare_events();
}

INSTANTIATE_TEST_SUITE_P(Recorded, FlowTest, ::testing::ValuesIn(names()), [](const auto& info) { return info.param; });

}  // namespace burin::agent

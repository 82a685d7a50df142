// Random threads through the whole engine: turns with changing settings, tools, failures, refused images, interrupts,
// compactions, rollbacks, forks and restarts, with a model that answers at random; programs that are killed at any file
// call, and power that fails. Checked are the requests that the model gets and the file that is left (context.md 13,
// session.md 14). `BURIN_TEST_SEED=n` plays one seed alone, `BURIN_TEST_CASES=n` more or fewer.
#include <random>

#include "context/compaction.h"
#include "context/fragments.h"
#include "context/rebuild.h"
#include "store/rollout_log.h"
#include "testing/log_disk.h"
#include "testing/thread_fixture.h"

namespace burin::agent {

constexpr std::uint64_t engine_cases = 1500, crash_cases = 300;

struct RandomThread : ThreadTest {
  explicit RandomThread(std::uint64_t seed) : random_(seed) {}
  void TestBody() override {}

  void SetUp() override {
    ThreadTest::SetUp();
    config->features.set(config::Feature::unified_exec, false);
    config->provider.name = below(3) == 0 ? "OpenAI" : "mock";
    config->provider.stream_max_retries = below(3);
    config->model_auto_compact_token_limit = 5'000 + static_cast<std::int64_t>(below(20'000));
    if (below(3) == 0) memory.put("/w/AGENTS.md", "Be kind.");
    processes.otherwise(io::CommandScript::output(std::string(below(5000), 'o')));
    http.respond = [this](const io::HttpRequest& request) { return respond(request); };
    recorder.details = true;
  }

  void play() {
    SetUp();
    for (std::size_t life = 0, lives = 1 + below(3); life < lives; ++life) {
      recorder.events.clear();
      recorder.then = [this](const wire::Event& e) { interfere(e); };
      std::vector<wire::Op> ops;
      for (std::size_t n = 1 + below(4); n > 0; --n) ops.push_back(operation());
      auto path = run(std::move(ops));
      recorder.then = nullptr;
      expect_file(path);
      go_on_from(path);
    }
  }

  /// As play(), but each program is killed at some file call, and the power may go with it.
  void play_crashes() {
    SetUp();
    memory.settle();
    for (std::size_t life = 0; life < 3 && !::testing::Test::HasFailure(); ++life) {
      if (options.resume_path && below(3) == 0) fork();
      auto source = options.resume_path ? options.resume_path : options.fork_path;
      auto before = source ? memory.read(*source).value_or("") : "";
      auto path = killed(source);
      if (options.fork_path && !power_failed_) EXPECT_EQ(memory.read(*source), before) << "a fork changes its source";
      expect_survivors(path, options.fork_path ? "" : before);
      leave_to_next(path);
    }
    recorder.events.clear();
    recorder.then = [this](const wire::Event& e) { note_new_history(e); };
    expect_file(run({turn("after all")}));
  }
  std::size_t kills = 0, cuts = 0;

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  void go_on_from(const std::string& path) {
    if (memory.read(path)) {
      options.resume_path = path;
      options.fork_path.reset();
    } else {
      sent_.clear();  // nothing was said: the next life is another thread
      fixed_.clear();
    }
  }
  void fork() {
    options.fork_path = std::exchange(options.resume_path, std::nullopt);
    fixed_ = durable_ = "";
  }
  void leave_to_next(const std::string& path) {
    sent_.clear();  // what was sent and not recorded is gone
    auto left = memory.read(path);
    if (left && store::load_rollout(memory, path)) {
      options.resume_path = path;
      options.fork_path.reset();
      if (power_failed_) durable_ = *left;
      // The first record may be among the lost, and the instructions with it.
      if (damaged_ || !contains(*left, "\n")) fixed_.clear();
    } else {
      options.resume_path.reset();
      fixed_ = durable_ = "";
      damaged_ = false;
    }
    if (options.fork_path && !store::load_rollout(memory, *options.fork_path)) options.fork_path.reset();
  }

  /// One program that does not live to see its end; what it told while it lived is in `told_`.
  std::string killed(const std::optional<std::string>& source) {
    recorder.events.clear();
    told_.clear();
    recorder.then = [this](const wire::Event& e) {
      if (!files.stopped()) told_.push_back(e.msg);
      interfere(e);
    };
    std::vector<wire::Op> ops;
    for (std::size_t n = 1 + below(4); n > 0; --n) ops.push_back(operation());
    files.stop_at(files.calls() + 1 + below(120), below(2) == 0 ? below(600) : 0);
    auto path = io::run_task(loop, drive(&world, options, &recorder, std::move(ops), &running));
    recorder.then = nullptr;
    kills += files.stopped() ? 1 : 0;
    files.heal();
    power_failed_ = below(2) == 0;
    if (power_failed_) memory.cut(random_());
    cuts += power_failed_ ? 1 : 0;
    return path ? *path : source.value_or("");
  }

  /// What must be in the file of all that was told: everything, or after a power cut what was told up to the last
  /// event that waits for stable storage.
  std::vector<std::string> promised() const {
    std::vector<std::string> out;
    std::size_t durable = 0;
    for (const auto& msg : told_) {
      if (wire::persisted(msg, false)) out.push_back(dump_mapped(msg));
      bool waits = std::holds_alternative<wire::event::TaskComplete>(msg) ||
                   std::holds_alternative<wire::event::TurnAborted>(msg) ||
                   std::holds_alternative<wire::event::ThreadRolledBack>(msg) ||
                   std::holds_alternative<wire::event::ExecCommandBegin>(msg);
      if (waits || !power_failed_) durable = out.size();
    }
    out.resize(durable);
    return out;
  }
  void expect_survivors(const std::string& path, const std::string& before) {
    auto wanted = promised();
    auto text = memory.read(path).value_or("");
    auto known = power_failed_ ? durable_ : before;
    EXPECT_TRUE(text.starts_with(known.substr(0, known.rfind('\n') + 1))) << "a line that was there is gone";
    // A thread has no whole file before its first user message is told.
    bool said = std::ranges::any_of(wanted, [](const auto& e) { return contains(e, R"("type":"user_message")"); });
    if (known.empty() && !said) wanted.clear();
    std::size_t at = 0;
    for (const auto& line : wanted) {
      at = text.find(line, at);
      ASSERT_NE(at, std::string::npos) << "told and not in the file, or not in this order: " << line << "\n" << text;
      at += line.size();
    }
    for (const auto& msg : told_) {
      if (const auto* ended = std::get_if<wire::event::ExecCommandEnd>(&msg)) expect_output(text, ended->call_id);
      const auto* said_by_model = std::get_if<wire::event::AgentMessage>(&msg);
      if (power_failed_ || said_by_model == nullptr) continue;
      EXPECT_TRUE(contains(text, fmt::format(R"("type":"output_text","text":"{}")", said_by_model->message)))
          << "told before its item was in the file: " << said_by_model->message;
    }
    if (text.empty()) return;
    auto loaded = store::load_rollout(files, path);
    // A file that came to be and got no line before the power went.
    if (!loaded) EXPECT_TRUE(wanted.empty()) << loaded.error().text();
    std::size_t torn = loaded && !loaded->ends_in_newline ? 1 : 0;
    if (!power_failed_ && !damaged_ && loaded) EXPECT_LE(loaded->skipped(), torn);
    damaged_ = damaged_ || (power_failed_ && loaded && loaded->skipped() > 0);
  }

  /// The output of a command that was told to have ended is there, unless those of other calls of the same answer had
  /// to come first.
  void expect_output(const std::string& text, const std::string& id) const {
    auto call_at = [&](std::string_view i) { return text.find(fmt::format(R"("call_id":"{}"}}}})", i)); };
    auto before = call_at(fmt::format("c{}", std::atoi(id.c_str() + 1) - 1));
    bool alone = before == std::string::npos || contains(text.substr(before, call_at(id) - before), R"("output":)");
    if (power_failed_ || !alone) return;
    EXPECT_TRUE(contains(text, fmt::format(R"("call_id":"{}","output")", id)))
        << id << " was told to have ended before its output was there";
  }

  wire::Op operation() {
    if (below(10) == 0) return wire::op::Compact{};
    if (below(10) == 0) return wire::op::ThreadRollback{.num_turns = static_cast<std::uint32_t>(below(3))};
    auto t = turn(fmt::format("u{}", ++messages_));
    if (below(4) == 0) t.items.push_back(wire::input::Image{fmt::format("data:image/png;base64,IMG{}=", ++images_)});
    if (below(4) == 0) t.approval_policy = wire::AskForApproval::on_request();
    if (below(4) == 0) t.model = options.model = below(2) == 0 ? "gpt-5.1-codex" : "gpt-5.3-codex";
    if (below(4) == 0) t.cwd = below(2) == 0 ? "/w" : "/other";
    if (below(4) == 0) t.personality = below(2) == 0 ? wire::Personality::friendly : wire::Personality::pragmatic;
    return t;
  }

  void note_new_history(const wire::Event& e) {
    bool rewritten = std::holds_alternative<wire::event::ContextCompacted>(e.msg) ||
                     std::holds_alternative<wire::event::ThreadRolledBack>(e.msg);
    if (rewritten) sent_.clear();
  }

  /// Steering and interrupts at any event of a turn.
  void interfere(const wire::Event& e) {
    note_new_history(e);
    if (running == nullptr || recorder.types().back() == "task_complete") return;
    if (below(120) == 0) (void)running->submit(wire::op::Interrupt{});
    if (below(200) == 0) (void)running->submit(more(fmt::format("s{}", ++messages_)));
  }

  io::ScriptedResponse respond(const io::HttpRequest& request) {
    check(request);
    bool remote = request.url.ends_with("/compact");
    switch (below(24)) {
      case 0:
        return io::ScriptedResponse::text(400, "no");
      case 1:
        return io::ScriptedResponse::text(500, "");
      case 2:
        return io::ScriptedResponse::text(200, remote ? "{}" : sse({message("cut off")}));
      case 3:
        if (remote) break;
        return io::ScriptedResponse::text(
            200, sse({R"({"type":"response.failed","response":{"error":{"code":"context_length_exceeded"}}})"}));
      case 4:
        if (contains(request.body, "base64,IMG")) return io::ScriptedResponse::text(400, "bad image");
        break;
      default:
        break;
    }
    if (remote) {
      return io::ScriptedResponse::text(200, R"({"output":[{"type":"compaction","encrypted_content":"E"}]})");
    }
    return io::ScriptedResponse::text(200, answer());
  }
  std::string answer() {
    std::string out;
    if (below(4) == 0) {
      out += sse({R"({"type":"response.output_item.done","item":{"type":"reasoning","id":"r","summary":[],)"
                  R"("encrypted_content":"eeee"}})"});
    }
    bool calls = below(2) == 0;
    if (!calls || below(3) == 0) out += sse({message(fmt::format("answer {}", below(1000)))});
    for (std::size_t n = calls ? 1 + below(2) : 0; n > 0; --n) {
      auto id = fmt::format("c{}", ++calls_);
      out += sse({below(3) == 0 ? call("update_plan", R"({"plan":[]})", id)
                                : call("shell_command", R"({"command":"x"})", id)});
    }
    auto total = below(3) == 0 ? 30'000 : below(4'000);
    return out + sse({fmt::format(R"({{"type":"response.completed","response":{{"id":"r","usage":{{"input_tokens":{0},)"
                                  R"("output_tokens":0,"total_tokens":{0}}}}}}})",
                                  total)});
  }

  void check(const io::HttpRequest& request) {
    auto document = *parse_json(request.body);
    std::map<std::string, int> open, closed;
    std::vector<std::string> items;
    for (const auto& item : *find_array(document, "input")) {
      auto type = *find_string(item, "type");
      EXPECT_NE(type, "ghost_snapshot");
      EXPECT_NE(find_string(item, "role").value_or(""), "system");
      auto id = find_string(item, "call_id");
      if (id) ++(type.ends_with("_output") ? closed : open)[std::string(*id)];
      items.push_back(dump(item));
    }
    EXPECT_EQ(open, closed) << "each call has its output";
    for (const auto& [id, n] : open) EXPECT_EQ(n, 1) << id;
    bool compaction = request.url.ends_with("/compact") || contains(request.body, R"("tools":[])");
    if (compaction) return;
    auto fixed =
        std::string(*find_string(document, "instructions")) + std::string(*find_string(document, "prompt_cache_key"));
    if (fixed_.empty()) fixed_ = fixed;
    EXPECT_EQ(fixed, fixed_) << "instructions and cache key never change";
    // A refused image is replaced where it stands, and probes leave several out.
    std::erase_if(items,
                  [](const std::string& i) { return contains(i, "base64,IMG") || contains(i, "An image was here"); });
    if (!sent_.empty()) {
      EXPECT_GE(items.size(), sent_.size());
      auto [a, b] = std::mismatch(sent_.begin(), sent_.end(), items.begin(), items.end());
      EXPECT_TRUE(a == sent_.end()) << "the prefix changed: " << *a << "\n now " << *b;
    }
    sent_ = std::move(items);
  }

  void expect_file(const std::string& path) {
    auto text = memory.read(path);
    if (!text) return;  // no user message yet
    auto loaded = store::load_rollout(files, path);
    ASSERT_TRUE(loaded);
    if (!damaged_) EXPECT_TRUE(loaded->problems().empty()) << loaded->problems()[0];
    const wire::TruncationPolicy policy{wire::TruncationMode::tokens, 10'000};
    auto one = context::rebuild(loaded->lines, policy), two = context::rebuild(loaded->lines, policy);
    EXPECT_EQ(one.history.view({}).input, two.history.view({}).input);
    for (const auto& e : recorder.events) {
      const auto* m = std::get_if<wire::event::UserMessage>(&e.msg);
      if (m != nullptr) EXPECT_TRUE(contains(*text, fmt::format(R"("text":"{}")", m->message))) << m->message;
    }
  }

  std::mt19937_64 random_;
  std::size_t messages_ = 0, images_ = 0, calls_ = 0;
  std::string fixed_;
  std::vector<std::string> sent_;  // items of the last turn request, without images
  std::vector<wire::EventMsg> told_;
  std::string durable_;  // what of the file is known to be on stable storage
  bool power_failed_ = false;
  bool damaged_ = false;  // a power cut left holes in the file, which stay
};

TEST(RandomThreads, WholeEngine) {
  burin::testing::Seeds seeds(engine_cases);
  for (auto seed = seeds.first; seed <= seeds.last; ++seed) {
    RandomThread thread(seed);
    thread.play();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
  burin::testing::covered("random threads", seeds.text());
}

TEST(RandomThreads, KilledAndCut) {
  burin::testing::Seeds seeds(crash_cases);
  std::size_t kills = 0, cuts = 0;
  for (auto seed = seeds.first; seed <= seeds.last; ++seed) {
    RandomThread thread(seed);
    thread.play_crashes();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    kills += thread.kills;
    cuts += thread.cuts;
  }
  burin::testing::covered("random crashes", fmt::format("{} kills, {} power cuts, {}", kills, cuts, seeds.text()));
}

}  // namespace burin::agent

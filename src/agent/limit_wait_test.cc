// Waiting for the end of a usage limit (model-client.md 9.3, and beyond the reference).
#include "agent/limit_wait.h"

#include "testing/thread_fixture.h"

namespace burin::agent {

struct LimitWaitTest : ThreadTest {
  std::int64_t now() { return clock.now_ms() / 1000; }
  void limit(std::int64_t resets_in, std::string headers_name = {}, std::string headers_value = {}) {
    io::Headers headers;
    if (!headers_name.empty()) headers.emplace_back(headers_name, headers_value);
    http.queue(io::ScriptedResponse::text(
        429,
        fmt::format(R"({{"error":{{"type":"usage_limit_reached","message":"m","resets_at":{}}}}})", now() + resets_in),
        headers));
  }
  std::vector<std::string> words() const {
    std::vector<std::string> out;
    for (const auto& e : recorder.events) {
      if (const auto* s = std::get_if<wire::event::StreamError>(&e.msg)) out.push_back(s->message);
      if (const auto* b = std::get_if<wire::event::BackgroundEvent>(&e.msg)) out.push_back(b->message);
    }
    return out;
  }
};

TEST_F(LimitWaitTest, WithoutTheKeyTheTurnFailsAtOnce) {
  limit(100);
  run({turn("hi")});
  EXPECT_EQ(http.requests().size(), 1U);
  ASSERT_TRUE(recorder.last<wire::event::Error>());
}

TEST_F(LimitWaitTest, TheTurnWaitsCountsDownAndGoesOn) {
  config->rate_limit_wait_minutes = 5;
  limit(150);
  answer(sse({message("done"), completed}));
  auto start = loop.now();
  run({turn("hi")});
  EXPECT_GE(loop.now() - start, 150s);
  EXPECT_LE(loop.now() - start, 155s);
  EXPECT_EQ(http.requests().size(), 2U);
  EXPECT_EQ(http.requests()[0].content(), http.requests()[1].content());
  EXPECT_EQ(words(), (std::vector<std::string>{"Waiting 2 min 32 s for the usage limit to be lifted",
                                               "Waiting 2 min 00 s for the usage limit to be lifted",
                                               "Waiting 1 min 00 s for the usage limit to be lifted"}));
  EXPECT_EQ(recorder.last<wire::event::TaskComplete>()->last_agent_message, "done");
}

TEST_F(LimitWaitTest, ALimitBeyondTheConfiguredTimeFailsAtOnce) {
  config->rate_limit_wait_minutes = 2;
  limit(150);
  run({turn("hi")});
  EXPECT_EQ(http.requests().size(), 1U);
  EXPECT_TRUE(words().empty());
}

TEST_F(LimitWaitTest, RetryAfterCountsWhereTheBodySaysNothing) {
  config->rate_limit_wait_minutes = 2;
  http.queue(io::ScriptedResponse::text(429, "slow down", {{"Retry-After", "7"}}));
  answer(sse({message("done"), completed}));
  auto start = loop.now();
  run({turn("hi")});
  EXPECT_GE(loop.now() - start, 7s);
  EXPECT_EQ(http.requests().size(), 2U);
}

TEST_F(LimitWaitTest, AnInterruptEndsTheWait) {
  config->rate_limit_wait_minutes = 60;
  limit(3000);
  recorder.then = [this](const wire::Event& e) {
    if (std::holds_alternative<wire::event::StreamError>(e.msg)) (void)running->submit(wire::op::Interrupt{});
  };
  auto start = loop.now();
  run({turn("hi")});
  EXPECT_LE(loop.now() - start, 1s);
  EXPECT_TRUE(recorder.last<wire::event::TurnAborted>());
}

TEST_F(LimitWaitTest, AResumedThreadWaitsOnAndAnotherAccountDoesNot) {
  config->rate_limit_wait_minutes = 60;
  limit(3000);
  recorder.then = [this](const wire::Event& e) {
    if (std::holds_alternative<wire::event::StreamError>(e.msg)) (void)running->submit(wire::op::Interrupt{});
  };
  auto path = run({turn("hi")});
  recorder.then = {};
  options.resume_path = path;
  clock.advance_ms(2'900'000);
  answer(sse({message("done"), completed}));
  auto start = loop.now();
  run({turn("again")});
  EXPECT_GE(loop.now() - start, 100s);
  EXPECT_LE(loop.now() - start, 105s);
  EXPECT_EQ(http.requests().size(), 2U) << "nothing was asked in vain";
  env.set("CODEX_API_KEY", "another account");
  model::AuthOptions other;
  other.home = config->home;
  other.allow_env_key = true;
  options.auth = std::make_shared<model::AuthManager>(world, other);
  ASSERT_TRUE(io::run_task(loop, options.auth->load()));
  answer(sse({message("done"), completed}));
  start = loop.now();
  run({turn("and again")});
  EXPECT_LE(loop.now() - start, 1s);
}

}  // namespace burin::agent

// Credentials of a process: sources, restrictions, refresh, recovery (model-client.md 4, test list 7-13).
#include "model/auth_manager.h"

#include <gtest/gtest.h>

#include "model/auth_samples.h"
#include "testing/fake_world.h"

namespace burin::model {

using namespace std::chrono_literals;

constexpr std::string_view stale_time = "2026-02-20T10:00:00Z", fresh_time = "2026-03-02T09:00:00Z";

struct AuthManagerTest : ::testing::Test, testing::FakeWorld {
  AuthOptions options{.home = "/h", .identity = {.originator = "o", .user_agent = "ua", .version = "1"}};
  const std::string file = "/h/auth.json";

  std::unique_ptr<AuthManager> make() {
    auto manager = std::make_unique<AuthManager>(world, options);
    auto read = io::run_task(loop, manager->load());
    EXPECT_TRUE(read) << read.error().text();
    return manager;
  }
  void store(std::string_view text) { memory.put(file, text); }
  std::string stored() { return memory.exists(file) ? *memory.read(file) : "nothing"; }
  void issuer(int status, std::string body, io::Span delay = {}) {
    auto reply = io::ScriptedResponse::text(status, std::move(body));
    reply.head_delay = delay;
    http.queue(std::move(reply));
  }
  static std::string text_of(const Auth& auth) {
    constexpr std::string_view modes[] = {"none", "key", "chatgpt"};
    return fmt::format("{} {} {}", modes[static_cast<int>(auth.mode)], auth.token, auth.account_id.value_or("-"));
  }
  std::string current(AuthManager& manager) {
    auto auth = io::run_task(loop, manager.current());
    return auth ? text_of(*auth) : "error: " + auth.error().message;
  }
  std::string step(Recovery& recovery) {
    auto done = io::run_task(loop, recovery.step());
    return done ? "ok" : fmt::format("{}: {}", static_cast<int>(done.error().cls), done.error().message);
  }
};

TEST_F(AuthManagerTest, TheVariableWinsWhereItIsAllowed) {
  store(R"({"OPENAI_API_KEY":"stored"})");
  env.set("OPENAI_API_KEY", "never used");
  EXPECT_EQ(text_of(make()->cached()), "key stored -");
  env.set("CODEX_API_KEY", " from-env ");
  EXPECT_EQ(text_of(make()->cached()), "key stored -");
  options.allow_env_key = true;
  EXPECT_EQ(text_of(make()->cached()), "key from-env -");
  env.set("CODEX_API_KEY", "  ");
  EXPECT_EQ(text_of(make()->cached()), "key stored -");
}

TEST_F(AuthManagerTest, RestrictionsRemoveWhatViolatesThem) {
  using config::LoginMethod;
  const std::string key = R"({"OPENAI_API_KEY":"k"})", chatgpt = sample_login("A", "R", fresh_time, "acc-1");
  struct Row {
    std::string document;
    std::optional<LoginMethod> method;
    std::optional<std::string> workspace;
    std::string_view refused;  // part of the error; empty: fine
  };
  for (const Row& row :
       {Row{key, {}, {}, ""}, Row{key, LoginMethod::api, {}, ""}, Row{"{}", LoginMethod::api, "w", ""},
        Row{chatgpt, LoginMethod::api, {}, "asks for an API key"}, Row{chatgpt, LoginMethod::chatgpt, {}, ""},
        Row{key, LoginMethod::chatgpt, {}, "asks for a ChatGPT login"}, Row{chatgpt, {}, "acc-1", ""},
        Row{key, {}, "acc-1", ""}, Row{chatgpt, {}, "acc-2", "restricted to workspace acc-2"}}) {
    store(row.document);
    options.method = row.method;
    options.workspace = row.workspace;
    auto manager = make();
    auto checked = io::run_task(loop, manager->check_restrictions());
    EXPECT_EQ(checked.has_value(), row.refused.empty()) << row.document << row.refused;
    EXPECT_EQ(memory.exists(file), row.refused.empty()) << row.refused;
    if (!checked) EXPECT_TRUE(contains(checked.error().what, row.refused)) << checked.error().what;
    if (!checked) EXPECT_EQ(text_of(manager->cached()), "none  -");
  }
  store("{}");
  options.allow_env_key = true;
  options.method = LoginMethod::chatgpt;
  env.set("CODEX_API_KEY", "k");
  EXPECT_FALSE(io::run_task(loop, make()->check_restrictions()));
  EXPECT_TRUE(memory.exists(file)) << "what is stored is not at fault";
}

TEST_F(AuthManagerTest, StaleTokensAreRenewedBeforeUse) {
  store(sample_login("A1", "R1", stale_time));
  issuer(200, R"({"access_token":"A2","refresh_token":"R2"})");
  auto manager = make();
  EXPECT_EQ(current(*manager), "chatgpt A2 acc");
  EXPECT_EQ(current(*manager), "chatgpt A2 acc");
  ASSERT_EQ(http.requests().size(), 1u);
  const auto& request = http.requests()[0];
  EXPECT_EQ(request.method + request.url, "POSThttps://auth.openai.com/oauth/token");
  EXPECT_EQ(request.body,
            R"({"client_id":"app_EMoamEEZ73f0CkXaXp7hrann","grant_type":"refresh_token","refresh_token":"R1"})");
  EXPECT_EQ(request.headers,
            (io::Headers{
                {"content-type", "application/json"}, {"accept", "*/*"}, {"originator", "o"}, {"user-agent", "ua"}}));
  auto document = AuthDocument::parse(stored());
  EXPECT_EQ(document->tokens()->refresh_token, "R2");
  EXPECT_EQ(document->last_refresh(), clock.now_ms() / 1000);
}

TEST_F(AuthManagerTest, FreshTokensKeysAndForeignTokensAreLeftAlone) {
  for (const std::string& document :
       {sample_login("A1", "R1", fresh_time), std::string(R"({"OPENAI_API_KEY":"k"})"), std::string("{}"),
        replace_all(sample_login("A1", "R1", stale_time), "\"chatgpt\"", "\"chatgptAuthTokens\"")}) {
    store(document);
    auto manager = make();
    EXPECT_FALSE(current(*manager).starts_with("error")) << document;
  }
  EXPECT_TRUE(http.requests().empty());
  store(R"({"tokens":{"access_token":"A","refresh_token":"R","account_id":"a"}})");
  EXPECT_TRUE(current(*make()).starts_with("error: ")) << "nobody knows how old these are";
}

TEST_F(AuthManagerTest, AFailedRenewalLeavesTheOldTokens) {
  store(sample_login("A1", "R1", stale_time));
  env.set("CODEX_REFRESH_TOKEN_URL_OVERRIDE", "http://local/token");
  http.queue(io::ScriptedResponse::refusal());
  auto manager = make();
  EXPECT_EQ(current(*manager), "chatgpt A1 acc");
  EXPECT_EQ(http.requests()[0].url, "http://local/token");
  EXPECT_TRUE(contains(stored(), "R1"));
}

TEST_F(AuthManagerTest, ClassesOfRefusals) {
  struct Row {
    int status;
    std::string body;
    ErrorClass cls;
    std::string_view message;
  };
  const auto lasting = ErrorClass::refresh_token_failed;
  for (const Row& row : {Row{401, R"({"error":{"code":"REFRESH_token_expired"}})", lasting, "has expired"},
                         Row{401, R"({"error":"refresh_token_reused"})", lasting, "already renewed"},
                         Row{401, R"({"code":"refresh_token_invalidated"})", lasting, "has been revoked"},
                         Row{401, "whatever", lasting, "could not be renewed"},
                         Row{500, R"({"error":{"message":"try later"}})", ErrorClass::io,
                             "Failed to refresh token: 500 Internal Server Error: try later"},
                         Row{403, "no", ErrorClass::io, "Failed to refresh token: 403 Forbidden: no"},
                         Row{200, "[]", ErrorClass::io, "not a JSON object"}}) {
    store(sample_login("A1", "R1", fresh_time));
    auto manager = make();
    issuer(row.status, row.body);
    auto done = io::run_task(loop, manager->refresh("A1"));
    ASSERT_FALSE(done) << row.body;
    EXPECT_EQ(done.error().cls, row.cls) << row.body;
    EXPECT_TRUE(contains(done.error().message, row.message)) << done.error().message;
    EXPECT_EQ(done.error().retryable(), row.cls == ErrorClass::io);
    EXPECT_FALSE(contains(done.error().message, "R1"));
    auto before = http.requests().size();
    if (row.cls == ErrorClass::io) continue;
    EXPECT_FALSE(io::run_task(loop, manager->refresh("A1")));
    EXPECT_EQ(http.requests().size(), before) << "what was refused for good is not asked again";
  }
}

TEST_F(AuthManagerTest, AnIssuerThatIsSilent) {
  store(sample_login("A1", "R1", fresh_time));
  auto manager = make();
  issuer(200, "{}", 10min);
  auto done = io::run_task(loop, manager->refresh("A1"));
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().retryable());
  EXPECT_TRUE(memory.lock("/h/.auth.lock")) << "the lock is free again";
}

io::Task<> use(AuthManager* manager, int* good, std::string want) {
  auto auth = co_await manager->current();
  if (auth && auth->token == want) ++*good;
}

TEST_F(AuthManagerTest, ManyTasksAndManyProcessesRenewOnce) {
  store(sample_login("A1", "R1", stale_time));
  issuer(200, R"({"access_token":"A2","refresh_token":"R2"})", 3s);
  // Each manager stands for a process; they share the home.
  std::vector<std::unique_ptr<AuthManager>> processes;
  for (int i = 0; i < 32; ++i) processes.push_back(make());
  int good = 0;
  auto all = [](std::vector<std::unique_ptr<AuthManager>>* managers, int* count) -> io::Task<> {
    io::Scope scope(co_await io::Here{});
    for (auto& manager : *managers) {
      scope.spawn(use(manager.get(), count, "A2"));
      scope.spawn(use(manager.get(), count, "A2"));
    }
    co_await scope.join();
  };
  io::run_task(loop, all(&processes, &good));
  EXPECT_EQ(good, 64);
  EXPECT_EQ(http.requests().size(), 1u);
  EXPECT_TRUE(http.problems().empty());
}

TEST_F(AuthManagerTest, ALockThatIsNeverReleased) {
  store(sample_login("A1", "R1", stale_time));
  auto manager = make();
  auto held = memory.lock("/h/.auth.lock");
  auto before = loop.now();
  auto done = io::run_task(loop, manager->refresh("A1"));
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().retryable() && contains(done.error().message, "another process"));
  EXPECT_LT(loop.now() - before, 1min);
  EXPECT_TRUE(http.requests().empty()) << "never without the lock";
}

TEST_F(AuthManagerTest, AHomeThatCannotBeLocked) {
  store(sample_login("A1", "R1", stale_time));
  auto manager = make();
  files.fail_when([](const io::FaultFiles::Call& call) { return call.name == "lock" ? EROFS : 0; });
  EXPECT_FALSE(io::run_task(loop, manager->refresh("A1")));
  EXPECT_TRUE(http.requests().empty()) << "the answer could not be stored";
}

TEST_F(AuthManagerTest, TokensThatCannotBeStoredStillServe) {
  store(sample_login("A1", "R1", stale_time));
  auto manager = make();
  issuer(200, R"({"access_token":"A2"})");
  files.fail_when([](const io::FaultFiles::Call& call) { return call.name == "write_atomic" ? ENOSPC : 0; });
  EXPECT_EQ(current(*manager), "chatgpt A2 acc");
  EXPECT_TRUE(contains(stored(), "A1"));
}

// Wherever the process dies, the file is the old or the new document; an answer is lost only right before it is stored.
TEST_F(AuthManagerTest, DyingAtAnyFileCall) {
  std::size_t lost = 0, runs = 0;
  for (bool died = true; died; ++runs) {
    store(sample_login("A1", "R1", stale_time));
    auto manager = make();
    http.respond = [](const io::HttpRequest&) {
      return io::ScriptedResponse::text(200, R"({"access_token":"A2","refresh_token":"R2"})");
    };
    auto asked = http.requests().size();
    files.stop_at(files.calls() + 1 + runs);
    (void)io::run_task(loop, manager->refresh("A1"));
    asked = http.requests().size() - asked;
    died = files.stopped();
    files.heal();
    auto document = AuthDocument::parse(stored());
    ASSERT_TRUE(document) << stored();
    auto token = document->tokens()->refresh_token;
    if (asked == 0) EXPECT_EQ(token, "R1") << runs;
    if (asked != 0 && token != "R2") ++lost;
  }
  EXPECT_GT(runs, 5u);
  EXPECT_LE(lost, 4u) << "the last look at the store, and the write";
}

TEST_F(AuthManagerTest, AnInterruptDoesNotLoseTheAnswer) {
  store(sample_login("A1", "R1", stale_time));
  auto manager = make();
  issuer(200, R"({"access_token":"A2","refresh_token":"R2"})", 2s);
  auto interrupted = [](AuthManager* m) -> io::Task<bool> {
    auto late = [](AuthManager* mm) -> io::Task<Result<>> {
      auto done = co_await mm->refresh("A1");
      (void)done;
      co_return Result<>{};
    };
    auto done = co_await io::with_deadline(1s, "turn", late(m));
    co_return done.has_value();
  };
  (void)io::run_task(loop, interrupted(manager.get()));
  EXPECT_EQ(AuthDocument::parse(stored())->tokens()->refresh_token, "R2");
  EXPECT_EQ(text_of(manager->cached()), "chatgpt A2 acc");
}

TEST_F(AuthManagerTest, WhoeverSignsInOrOutMeanwhileIsNotOverwritten) {
  for (const std::string& meanwhile : {std::string(), sample_login("B", "RB", fresh_time, "other")}) {
    store(sample_login("A1", "R1", stale_time));
    auto manager = make();
    http.respond = [&](const io::HttpRequest&) {
      if (meanwhile.empty()) {
        EXPECT_TRUE(memory.remove(file));
      } else {
        store(meanwhile);
      }
      return io::ScriptedResponse::text(200, R"({"access_token":"A2","refresh_token":"R2"})");
    };
    (void)io::run_task(loop, manager->refresh("A1"));
    EXPECT_EQ(stored(), meanwhile.empty() ? "nothing" : meanwhile);
    http.respond = nullptr;
  }
}

TEST_F(AuthManagerTest, RecoveryReloadsThenRenews) {
  store(sample_login("A1", "R1", fresh_time));
  auto manager = make();
  Recovery recovery(*manager);
  store(sample_login("A1b", "R1b", fresh_time));
  EXPECT_FALSE(recovery.done());
  EXPECT_EQ(step(recovery), "ok");
  EXPECT_EQ(text_of(manager->cached()), "chatgpt A1b acc") << "another process had renewed";
  EXPECT_TRUE(http.requests().empty());
  issuer(200, fmt::format(R"({{"id_token":"{}","access_token":"A2"}})", sample_id_token()));
  EXPECT_FALSE(recovery.done());
  EXPECT_EQ(step(recovery), "ok");
  EXPECT_EQ(text_of(manager->cached()), "chatgpt A2 acc");
  EXPECT_TRUE(contains(http.requests()[0].body, "R1b"));
  EXPECT_TRUE(recovery.done());
}

TEST_F(AuthManagerTest, RecoveryOfTwoThreadsRenewsOnce) {
  store(sample_login("A1", "R1", fresh_time));
  auto manager = make();
  Recovery one(*manager), two(*manager);
  EXPECT_EQ(step(one) + step(two), "okok");
  issuer(200, R"({"access_token":"A2"})");
  EXPECT_EQ(step(one) + step(two), "okok");
  EXPECT_EQ(http.requests().size(), 1u);
}

TEST_F(AuthManagerTest, RecoveryStopsAtAnotherAccount) {
  for (const std::string& now :
       {sample_login("B", "RB", fresh_time, "other"), std::string("{}"), std::string(R"({"OPENAI_API_KEY":"k"})")}) {
    store(sample_login("A1", "R1", fresh_time));
    auto manager = make();
    Recovery recovery(*manager);
    store(now);
    EXPECT_TRUE(contains(step(recovery), "another account")) << now;
    EXPECT_EQ(text_of(manager->cached()), "chatgpt A1 acc");
  }
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(AuthManagerTest, NothingToRecoverForKeys) {
  for (const char* document : {R"({"OPENAI_API_KEY":"k"})", "{}"}) {
    store(document);
    auto manager = make();
    EXPECT_TRUE(Recovery(*manager).done()) << document;
  }
}

TEST_F(AuthManagerTest, ExternalTokensAreAskedForOnce) {
  options.workspace = "acc-1";
  store(R"({"OPENAI_API_KEY":"stored"})");
  auto manager = make();
  EXPECT_FALSE(manager->use_external({"X", "elsewhere", {}}));
  ASSERT_TRUE(manager->use_external({sample_id_token("acc-1"), "acc-1", "pro"}));
  EXPECT_EQ(manager->document()->claims().email, "a@b.c");
  EXPECT_EQ(manager->document()->claims().plan, "pro");
  ASSERT_TRUE(io::run_task(loop, manager->load()));
  EXPECT_EQ(manager->cached().account_id, "acc-1") << "they win over what is stored";
  EXPECT_TRUE(Recovery(*manager).done()) << "nobody to ask";
  std::vector<std::string> asked;
  ExternalTokens answer{"X2", "acc-1", {}};
  manager->on_external_refresh([&](std::optional<std::string> previous) -> io::Task<Result<ExternalTokens>> {
    asked.push_back(previous.value_or("-"));
    return [](ExternalTokens tokens) -> io::Task<Result<ExternalTokens>> { co_return tokens; }(answer);
  });
  Recovery recovery(*manager);
  EXPECT_EQ(step(recovery), "ok");
  EXPECT_TRUE(recovery.done());
  EXPECT_EQ(text_of(manager->cached()), "chatgpt X2 acc-1");
  answer.account_id = "elsewhere";
  Recovery second(*manager);
  EXPECT_TRUE(contains(step(second), "restricted to workspace acc-1"));
  EXPECT_EQ(asked, (std::vector<std::string>{"acc-1", "acc-1"}));
  EXPECT_EQ(stored(), R"({"OPENAI_API_KEY":"stored"})");
}

TEST_F(AuthManagerTest, LoginAndLogout) {
  ASSERT_TRUE(memory.make_dirs("/h"));
  auto manager = make();
  ASSERT_TRUE(io::run_task(loop, manager->save_api_key("sk-1")));
  EXPECT_EQ(text_of(manager->cached()), "key sk-1 -");
  EXPECT_EQ(memory.stat(file)->mode, 0600u);
  ASSERT_TRUE(io::run_task(loop, manager->save_tokens({sample_id_token(), "A", "R", "acc"}, "sk-2")));
  EXPECT_EQ(current(*manager), "chatgpt A acc");
  EXPECT_TRUE(contains(stored(), "sk-2")) << "the key of the account is kept, and not used";
  EXPECT_EQ(io::run_task(loop, manager->logout()), true);
  EXPECT_EQ(io::run_task(loop, manager->logout()), false);
  EXPECT_EQ(current(*manager), "none  -");
}

}  // namespace burin::model

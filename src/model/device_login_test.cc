// Signing in with a device code: the issuer's answers, in virtual time.
#include "model/device_login.h"

#include <gtest/gtest.h>

#include "model/auth_samples.h"
#include "testing/fake_world.h"

namespace burin::model {

using namespace std::chrono_literals;

struct DeviceLoginTest : ::testing::Test, testing::FakeWorld {
  LoginOptions options{.issuer = "http://issuer/", .identity = {.originator = "o", .user_agent = "ua", .version = "1"}};

  void answer(int status, std::string body) { http.queue(io::ScriptedResponse::text(status, std::move(body))); }
  void offer(std::string_view interval = "\"2\"") {
    answer(200, fmt::format(R"({{"device_auth_id":"dev","user_code":"AB-12","interval":{}}})", interval));
  }
  void grant() { answer(200, R"({"authorization_code":"code","code_challenge":"x","code_verifier":"verifier"})"); }
  void tokens() {
    answer(200, fmt::format(R"({{"id_token":"{}","access_token":"A","refresh_token":"R"}})", sample_id_token("acc")));
  }
  static io::Task<Result<ChatGptTokens>> login(io::World* w, const LoginOptions* o) {
    CO_TRY(auto code, co_await request_device_code(*w, *o));
    co_return co_await finish_device_login(*w, *o, std::move(code));
  }
  Result<ChatGptTokens> run() { return io::run_task(loop, login(&world, &options)); }
  std::string failure() {
    auto done = run();
    return done ? "signed in" : done.error().text();
  }
};

TEST_F(DeviceLoginTest, AsksUntilTheCodeWasTyped) {
  offer();
  answer(403, "{}");
  answer(404, "");
  grant();
  tokens();
  auto before = loop.now();
  auto done = run();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->access_token + done->refresh_token + done->account_id.value_or("-"), "ARacc");
  EXPECT_GE(loop.now() - before, 4s);
  EXPECT_LT(loop.now() - before, 5s);
  const auto& sent = http.requests();
  ASSERT_EQ(sent.size(), 5u);
  EXPECT_EQ(sent[0].url, "http://issuer/api/accounts/deviceauth/usercode");
  EXPECT_EQ(sent[0].body, R"({"client_id":"app_EMoamEEZ73f0CkXaXp7hrann"})");
  EXPECT_EQ(sent[3].url, "http://issuer/api/accounts/deviceauth/token");
  EXPECT_EQ(sent[3].body, R"({"device_auth_id":"dev","user_code":"AB-12"})");
  EXPECT_EQ(sent[4].url, "http://issuer/oauth/token");
  EXPECT_EQ(sent[4].body,
            "grant_type=authorization_code&code=code&redirect_uri=http%3A%2F%2Fissuer%2Fdeviceauth%2Fcallback"
            "&client_id=app_EMoamEEZ73f0CkXaXp7hrann&code_verifier=verifier");
}

TEST_F(DeviceLoginTest, TheOffer) {
  struct Row {
    std::string_view interval;
    io::Span want;
  };
  for (const Row& row : {Row{"\" 7 \"", 7s}, Row{"3", 3s}, Row{"null", 5s}, Row{"0", 1s}, Row{"100000", 60s}}) {
    offer(row.interval);
    auto code = io::run_task(loop, request_device_code(world, options));
    ASSERT_TRUE(code);
    EXPECT_EQ(code->interval, row.want) << row.interval;
    EXPECT_EQ(code->page + " " + code->user_code, "http://issuer/codex/device AB-12");
  }
  answer(200, R"({"device_auth_id":"dev","usercode":"OLD"})");
  EXPECT_EQ(io::run_task(loop, request_device_code(world, options))->user_code, "OLD");
}

TEST_F(DeviceLoginTest, ACodeThatNobodyTypes) {
  offer();
  auto silent = [](const io::HttpRequest& r) -> std::optional<io::ScriptedResponse> {
    if (r.url.ends_with("/token")) return io::ScriptedResponse::text(403, "{}");
    return std::nullopt;
  };
  http.respond = silent;
  auto before = loop.now();
  EXPECT_TRUE(contains(failure(), "expired"));
  EXPECT_EQ(loop.now() - before, 15min);
}

TEST_F(DeviceLoginTest, Refusals) {
  answer(404, "{}");
  EXPECT_TRUE(contains(failure(), "offers no login with a device code"));
  answer(500, "broken");
  EXPECT_TRUE(contains(failure(), "status 500 Internal Server Error: broken"));
  answer(200, "{}");
  EXPECT_TRUE(contains(failure(), "holds no device code"));
  http.queue(io::ScriptedResponse::refusal());
  EXPECT_TRUE(contains(failure(), "connection refused"));
  offer();
  answer(500, "");
  EXPECT_TRUE(contains(failure(), "device login failed with status 500"));
  offer();
  answer(200, "{}");
  EXPECT_TRUE(contains(failure(), "cannot be read"));
  offer();
  grant();
  answer(400, R"({"error":"invalid_grant","error_description":"used up"})");
  EXPECT_TRUE(contains(failure(), "status 400 Bad Request: used up"));
  offer();
  grant();
  answer(200, R"({"id_token":"x","access_token":"A","refresh_token":"R"})");
  EXPECT_TRUE(contains(failure(), "id token cannot be read"));
  options.workspace = "other";
  offer();
  grant();
  tokens();
  EXPECT_EQ(failure(), "Login is restricted to workspace id other.");
  EXPECT_EQ(http.queued(), 0u);
}

}  // namespace burin::model

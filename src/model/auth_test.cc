// Where credentials come from, and which request carries which (model-client.md 4).
#include "model/auth.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/fake_files.h"

namespace burin::model {

struct AuthTest : ::testing::Test {
  io::MemFiles files;
  io::Environment env;
  config::Config config;
  void SetUp() override { config.home = "/h"; }
  void store(std::string_view text) { files.put("/h/auth.json", text); }
  /// "key K", "chatgpt T account", "none" or "error: …".
  std::string loaded(bool allow_env_key = true) {
    auto auth = load_auth(files, env, "/h", allow_env_key);
    if (!auth) return "error: " + auth.error().text();
    if (auth->mode == Auth::Mode::none) return "none";
    if (auth->mode == Auth::Mode::api_key) return "key " + auth->token;
    return fmt::format("chatgpt {} {}", auth->token, auth->account_id.value_or("-"));
  }
};

const std::string tokens = R"("tokens":{"id_token":"a.b.c","access_token":"T","refresh_token":"R","account_id":"acc"},)"
                           R"("last_refresh":"2026-03-02T10:00:00Z")";

TEST_F(AuthTest, FormsOfTheFile) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"auth_mode":"apikey","OPENAI_API_KEY":"sk"})", "key sk"},
      {R"({"OPENAI_API_KEY":"sk"})", "key sk"},
      {R"({"OPENAI_API_KEY":"sk",)" + tokens + "}", "key sk"},
      {R"({"auth_mode":"chatgpt","OPENAI_API_KEY":"sk",)" + tokens + "}", "chatgpt T acc"},
      {R"({"auth_mode":"chatgptAuthTokens",)" + tokens + "}", "chatgpt T acc"},
      {R"({"auth_mode":null,"OPENAI_API_KEY":null,)" + tokens + "}", "chatgpt T acc"},
      {R"({"OPENAI_API_KEY":null,"tokens":{"access_token":"T","account_id":null}})", "chatgpt T -"},
      {R"({"OPENAI_API_KEY":null})", "none"},
      {"{}", "none"},
  };
  EXPECT_EQ(loaded(), "none") << "no file";
  for (const auto& [text, want] : rows) {
    store(text);
    EXPECT_EQ(loaded(), want) << text;
  }
}

TEST_F(AuthTest, UnreadableFilesAreNamed) {
  for (std::string_view text : {"{", "[]", R"({"auth_mode":"zip"})", R"({"auth_mode":"apikey"})",
                                R"({"OPENAI_API_KEY":5})", R"({"tokens":{"account_id":"a"}})", R"({"tokens":"x"})"}) {
    store(text);
    EXPECT_TRUE(contains(loaded(), "error: cannot use the credentials in /h/auth.json: ")) << text << loaded();
  }
}

TEST_F(AuthTest, TheVariableWinsWhereItIsAllowed) {
  store(R"({"OPENAI_API_KEY":"stored"})");
  env.set("OPENAI_API_KEY", "never used");
  EXPECT_EQ(loaded(), "key stored");
  env.set("CODEX_API_KEY", " from-env ");
  EXPECT_EQ(loaded(), "key from-env");
  EXPECT_EQ(loaded(false), "key stored");
  env.set("CODEX_API_KEY", "  ");
  EXPECT_EQ(loaded(), "key stored");
}

TEST_F(AuthTest, ForcedMethodRemovesTheOtherKind) {
  const Auth key{Auth::Mode::api_key, "k", {}, true}, chatgpt{Auth::Mode::chatgpt, "t", {}, true};
  const Auth from_environment{Auth::Mode::api_key, "k", {}, false};
  store("{}");
  EXPECT_TRUE(check_login(files, config, key));
  config.forced_login_method = config::LoginMethod::api;
  EXPECT_TRUE(check_login(files, config, key));
  EXPECT_TRUE(check_login(files, config, {}));
  EXPECT_TRUE(files.exists("/h/auth.json"));
  EXPECT_TRUE(contains(check_login(files, config, chatgpt).error().what, "asks for an API key"));
  EXPECT_FALSE(files.exists("/h/auth.json"));
  config.forced_login_method = config::LoginMethod::chatgpt;
  EXPECT_TRUE(check_login(files, config, chatgpt));
  EXPECT_EQ(check_login(files, config, key).error().kind, Kind::denied) << "also without a file";
  store("{}");
  EXPECT_EQ(check_login(files, config, from_environment).error().kind, Kind::denied);
  EXPECT_TRUE(files.exists("/h/auth.json")) << "what is stored is not at fault";
}

TEST_F(AuthTest, WhatARequestCarries) {
  const Auth key{Auth::Mode::api_key, "key", {}}, chatgpt{Auth::Mode::chatgpt, "token", "acc"};
  auto carried = [&](const config::ProviderDef& p, const Auth& auth) {
    auto c = credential_for(p, auth, env);
    return c ? c->bearer.value_or("-") + " " + c->account_id.value_or("-") : c.error().message;
  };
  config::ProviderDef p;
  EXPECT_EQ(carried(p, key), "key -");
  EXPECT_EQ(carried(p, chatgpt), "token acc");
  EXPECT_EQ(carried(p, {}), "- -");
  p.experimental_bearer_token = "literal";
  EXPECT_EQ(carried(p, chatgpt), "literal -");
  p.env_key = "MINE";
  EXPECT_EQ(carried(p, chatgpt), "Missing environment variable: `MINE`.");
  env.set("MINE", "  ");
  EXPECT_EQ(carried(p, chatgpt), "Missing environment variable: `MINE`.");
  env.set("MINE", "mine");
  EXPECT_EQ(carried(p, chatgpt), "mine -");
}

TEST_F(AuthTest, TokensThatGoElsewhere) {
  const Auth chatgpt{Auth::Mode::chatgpt, "t", {}};
  config::ProviderDef p;
  EXPECT_FALSE(sends_tokens_elsewhere(p, chatgpt)) << "the default URL is OpenAI's";
  for (auto [url, elsewhere] : std::initializer_list<std::pair<const char*, bool>>{{"https://api.openai.com/v1", false},
                                                                                   {"https://chatgpt.com/x", false},
                                                                                   {"http://127.0.0.1:9/v1", false},
                                                                                   {"http://localhost:9", false},
                                                                                   {"http://[::1]:9/v1", false},
                                                                                   {"https://evilopenai.com", true},
                                                                                   {"https://openai.com.evil/", true},
                                                                                   {"https://api.example.com", true}}) {
    p.base_url = url;
    EXPECT_EQ(sends_tokens_elsewhere(p, chatgpt), elsewhere) << url;
    EXPECT_FALSE(sends_tokens_elsewhere(p, {Auth::Mode::api_key, "k", {}}));
  }
  p.env_key = "K";
  EXPECT_FALSE(sends_tokens_elsewhere(p, chatgpt));
}

}  // namespace burin::model

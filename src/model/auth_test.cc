// Which request carries which credential (model-client.md 4.2).
#include "model/auth.h"

#include <gtest/gtest.h>

namespace burin::model {

struct AuthTest : ::testing::Test {
  io::Environment env;
};

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
  EXPECT_TRUE(uses_login(p));
  p.env_key = "K";
  EXPECT_FALSE(uses_login(p));
  EXPECT_FALSE(sends_tokens_elsewhere(p, chatgpt));
}

}  // namespace burin::model

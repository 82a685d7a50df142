// Where credentials come from (model-client.md 4.1) and which kind may be used (cli-config.md 5.8).
#include "model/auth.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/fake_files.h"

namespace burin::model {

struct AuthTest : ::testing::Test {
  io::MemFiles files;
  io::Environment env;
  void store(std::string_view text) { ASSERT_TRUE(files.write("/h/auth.json", text)); }
  Result<Auth> load() { return load_auth(files, env, "/h", true); }
  void SetUp() override { ASSERT_TRUE(files.make_dirs("/h")); }
};

TEST_F(AuthTest, NoFileIsNoLoginAndABrokenOneAnError) {
  EXPECT_EQ(load()->mode, Auth::Mode::none);
  for (auto text : {"{bad", "[1]", R"({"OPENAI_API_KEY":5})"}) {
    store(text);
    auto auth = load();
    ASSERT_FALSE(auth) << text;
    EXPECT_TRUE(contains(auth.error().text(), "/h/auth.json")) << auth.error().text();
  }
  env.set("CODEX_API_KEY", " k ");
  EXPECT_EQ(load()->token, "k") << "the variable comes first";
}

TEST_F(AuthTest, ModeDecidesBetweenKeyAndTokens) {
  store(R"({"OPENAI_API_KEY":"sk","tokens":{"access_token":"at","account_id":"acc"}})");
  EXPECT_EQ(load()->token, "sk");
  store(R"({"auth_mode":"chatgpt","OPENAI_API_KEY":"sk","tokens":{"access_token":"at","account_id":"acc"}})");
  EXPECT_EQ(load()->token, "at");
  EXPECT_EQ(load()->account_id, "acc");
  store(R"({"OPENAI_API_KEY":null})");
  EXPECT_EQ(load()->mode, Auth::Mode::none);
}

TEST_F(AuthTest, AForbiddenLoginIsRemoved) {
  using config::LoginMethod;
  store(R"({"OPENAI_API_KEY":"sk"})");
  EXPECT_FALSE(enforce_login_method(files, "/h", std::nullopt, *load()));
  EXPECT_FALSE(enforce_login_method(files, "/h", LoginMethod::api, *load()));
  EXPECT_FALSE(enforce_login_method(files, "/h", LoginMethod::chatgpt, Auth{}));
  EXPECT_TRUE(files.exists("/h/auth.json"));
  EXPECT_TRUE(contains(*enforce_login_method(files, "/h", LoginMethod::chatgpt, *load()), "ChatGPT login is required"));
  EXPECT_FALSE(files.exists("/h/auth.json"));

  store(R"({"tokens":{"access_token":"at"}})");
  env.set("CODEX_API_KEY", "k");
  EXPECT_TRUE(enforce_login_method(files, "/h", LoginMethod::chatgpt, *load()));
  EXPECT_TRUE(files.exists("/h/auth.json")) << "the key of the environment is at fault, not the stored login";
}

}  // namespace burin::model

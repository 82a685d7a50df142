// The document and its places (model-client.md 4.1, INV-22).
#include "model/auth_store.h"

#include <gtest/gtest.h>

#include "io/fake_files.h"
#include "io/fake_keyring.h"
#include "model/auth_samples.h"

namespace burin::model {

using config::CredentialsStore;

struct AuthStoreTest : ::testing::Test {
  io::MemFiles files;
  io::FakeKeyring keyring;
  const std::string file = "/h/auth.json";
  void SetUp() override { ASSERT_TRUE(files.make_dirs("/h")); }
  std::unique_ptr<AuthStore> store(CredentialsStore kind) { return make_auth_store(kind, files, keyring, "/h"); }
  /// "key K", "chatgpt T account", "none" or "error: …".
  std::string loaded(CredentialsStore kind = CredentialsStore::file) {
    auto document = store(kind)->load();
    if (!document) return "error: " + document.error().text();
    auto auth = *document ? (*document)->auth() : Auth{};
    if (auth.mode == Auth::Mode::none) return "none";
    if (auth.mode == Auth::Mode::api_key) return "key " + auth.token;
    return fmt::format("chatgpt {} {}", auth.token, auth.account_id.value_or("-"));
  }
};

TEST_F(AuthStoreTest, FormsOfTheDocument) {
  const std::string tokens = R"("tokens":{"id_token":"e30.e30.s","access_token":"T","refresh_token":"R",)"
                             R"("account_id":"acc"},"last_refresh":"2026-03-02T10:00:00Z")";
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
    files.put(file, text);
    EXPECT_EQ(loaded(), want) << text;
  }
}

TEST_F(AuthStoreTest, WhatCannotBeReadIsNamed) {
  for (std::string_view text :
       {"{", "[]", R"({"auth_mode":"zip"})", R"({"auth_mode":"apikey"})", R"({"OPENAI_API_KEY":5})",
        R"({"tokens":{"account_id":"a"}})", R"({"tokens":"x"})",
        R"({"tokens":{"access_token":"T","id_token":"a.b.c"}})", R"({"last_refresh":"yesterday"})"}) {
    files.put(file, text);
    EXPECT_TRUE(contains(loaded(), "error: cannot use the credentials in /h/auth.json: ")) << text << loaded();
  }
}

TEST_F(AuthStoreTest, Claims) {
  auto claims = read_claims(sample_id_token("acc-9"));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->email, "a@b.c");
  EXPECT_EQ(claims->plan, "plus");
  EXPECT_EQ(claims->user_id, "u1");
  EXPECT_EQ(claims->account_id, "acc-9");
  claims =
      read_claims(sample_jwt(R"({"https://api.openai.com/profile":{"email":"p@q.r"},)"
                             R"("https://api.openai.com/auth":{"user_id":"u2","chatgpt_plan_type":"Education"}})"));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->email, "p@q.r");
  EXPECT_EQ(claims->user_id, "u2");
  EXPECT_EQ(claims->plan, "edu");
  for (std::string_view bad : {"", "a.b", "e30.e30", ".e30.s", "e30.e30.", "e30..s", "e30.!.s", "e30.W10.s"}) {
    EXPECT_FALSE(read_claims(bad)) << bad;
  }
}

TEST_F(AuthStoreTest, RenewingKeepsWhatIsNotKnown) {
  auto document = AuthDocument::parse(
      R"({"zeta":[1,{"y":2.5}],"auth_mode":"chatgpt","OPENAI_API_KEY":"kept","tokens":{"id_token":"e30.e30.s",)"
      R"("access_token":"A1","refresh_token":"R1","account_id":null,"more":"stays"},"agent":{"k":null}})");
  ASSERT_TRUE(document);
  document->renew({.access_token = "A2"}, "2026-03-02T10:15:10.5Z");
  EXPECT_EQ(document->compact(),
            R"({"zeta":[1,{"y":2.5}],"auth_mode":"chatgpt","OPENAI_API_KEY":"kept","tokens":{"id_token":"e30.e30.s",)"
            R"("access_token":"A2","refresh_token":"R1","account_id":null,"more":"stays"},"agent":{"k":null},)"
            R"("last_refresh":"2026-03-02T10:15:10.5Z"})");
  document->renew({.id_token = "broken", .access_token = "A3", .refresh_token = "R3"}, "2026-03-02T10:15:11Z");
  EXPECT_EQ(document->tokens()->id_token, "e30.e30.s") << "the others must not be lost with it";
  EXPECT_EQ(document->tokens()->access_token + document->tokens()->refresh_token, "A3R3");
  document->renew({.id_token = sample_id_token("new")}, "2026-03-02T10:15:12Z");
  EXPECT_EQ(document->claims().account_id, "new");
  EXPECT_EQ(document->last_refresh(), io::parse_rfc3339("2026-03-02T10:15:12Z"));
}

TEST_F(AuthStoreTest, TheFileIsForItsOwnerAndKeepsItsMode) {
  auto place = store(CredentialsStore::file);
  ASSERT_TRUE(place->save(AuthDocument::of_api_key("sk")));
  EXPECT_EQ(files.read(file), "{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"sk\"\n}");
  EXPECT_EQ(files.stat(file)->mode, 0600u);
  ASSERT_TRUE(files.set_mode(file, 0640));
  ASSERT_TRUE(place->save(AuthDocument::of_tokens({"e30.e30.s", "A", "R", "acc"}, {}, "2026-03-02T10:00:00Z")));
  EXPECT_EQ(files.stat(file)->mode, 0640u);
  EXPECT_EQ(loaded(), "chatgpt A acc");
  EXPECT_EQ(place->remove(), true);
  EXPECT_EQ(place->remove(), false);
  EXPECT_EQ(loaded(), "none");
}

TEST_F(AuthStoreTest, ALinkIsWrittenThrough) {
  files.put("/secrets/auth.json", "{}");
  ASSERT_TRUE(files.symlink("/secrets/auth.json", file));
  ASSERT_TRUE(store(CredentialsStore::file)->save(AuthDocument::of_api_key("sk")));
  EXPECT_EQ(files.lstat(file)->type, io::FileInfo::Type::symlink);
  EXPECT_TRUE(contains(*files.read("/secrets/auth.json"), "sk"));
}

TEST_F(AuthStoreTest, TheKeyringHoldsTheOnlyCopy) {
  files.put(file, R"({"OPENAI_API_KEY":"old"})");
  auto place = store(CredentialsStore::keyring);
  EXPECT_EQ(loaded(CredentialsStore::keyring), "none") << "the file is not asked";
  ASSERT_TRUE(place->save(AuthDocument::of_api_key("sk")));
  EXPECT_FALSE(files.exists(file));
  // The reference finds it under this name.
  std::string account = "cli|" + hex([] {
                                   auto d = sha256("/h");
                                   return std::string(d.begin(), d.end());
                                 }())
                                     .substr(0, 16);
  EXPECT_EQ((keyring.entries[{"Codex Auth", account}]), R"({"auth_mode":"apikey","OPENAI_API_KEY":"sk"})");
  EXPECT_EQ(loaded(CredentialsStore::keyring), "key sk");
  files.put(file, "{}");
  EXPECT_EQ(place->remove(), true);
  EXPECT_TRUE(keyring.entries.empty() && !files.exists(file));
  EXPECT_EQ(place->remove(), false);
}

TEST_F(AuthStoreTest, WithoutAKeyring) {
  keyring.missing = true;
  EXPECT_EQ(loaded(CredentialsStore::keyring), "error: there is no keyring here");
  EXPECT_FALSE(store(CredentialsStore::keyring)->save(AuthDocument::of_api_key("sk")));
  EXPECT_FALSE(files.exists(file)) << "asked for the keyring, it must not lie in a file";
  auto automatic = store(CredentialsStore::automatic);
  ASSERT_TRUE(automatic->save(AuthDocument::of_api_key("sk")));
  EXPECT_EQ(loaded(CredentialsStore::automatic), "key sk");
  EXPECT_EQ(automatic->remove(), true);
  EXPECT_EQ(automatic->remove(), false);
}

TEST_F(AuthStoreTest, AutomaticPrefersTheKeyring) {
  files.put(file, R"({"OPENAI_API_KEY":"in file"})");
  EXPECT_EQ(loaded(CredentialsStore::automatic), "key in file") << "there is none in the keyring";
  ASSERT_TRUE(store(CredentialsStore::automatic)->save(AuthDocument::of_api_key("in keyring")));
  EXPECT_FALSE(files.exists(file));
  EXPECT_EQ(loaded(CredentialsStore::automatic), "key in keyring");
}

TEST_F(AuthStoreTest, EphemeralTouchesNothing) {
  auto place = store(CredentialsStore::ephemeral);
  ASSERT_TRUE(place->save(AuthDocument::of_api_key("sk")));
  EXPECT_TRUE((*place->load())->api_key() == "sk" && !files.exists(file) && keyring.entries.empty());
  EXPECT_EQ(place->remove(), true);
  EXPECT_FALSE((*place->load()).has_value());
}

}  // namespace burin::model

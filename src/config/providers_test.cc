#include "config/providers.h"

#include <gtest/gtest.h>

#include "config/toml.h"

namespace burin::config {
namespace {

Providers providers_of(std::string text, std::map<std::string, std::string> vars = {}) {
  auto root = parse_toml(std::make_shared<Document>(Document{.name = "/f", .text = std::move(text)}));
  EXPECT_TRUE(root) << (root ? "" : root.error().message);
  return root ? all_providers(*root, io::Environment(std::move(vars))) : Providers{};
}

TEST(ProviderTable, BuiltIn) {
  const Providers all = providers_of("");
  ASSERT_EQ(all.size(), 3u);
  const ProviderDef& openai = all.at("openai");
  EXPECT_EQ(openai.name, "OpenAI");
  EXPECT_EQ(openai.base_url, std::nullopt);
  EXPECT_EQ(openai.http_headers.at("version"), BURIN_COMPAT_VERSION);
  EXPECT_EQ(openai.env_http_headers.at("OpenAI-Organization"), "OPENAI_ORGANIZATION");
  EXPECT_EQ(openai.env_http_headers.at("OpenAI-Project"), "OPENAI_PROJECT");
  EXPECT_TRUE(openai.requires_openai_auth);
  EXPECT_TRUE(openai.supports_websockets);
  EXPECT_EQ(openai.request_max_retries, 4u);
  EXPECT_EQ(openai.stream_max_retries, 5u);
  EXPECT_EQ(openai.stream_idle_timeout_ms, 300'000u);
  EXPECT_EQ(all.at("ollama").base_url, "http://localhost:11434/v1");
  EXPECT_EQ(all.at("lmstudio").base_url, "http://localhost:1234/v1");
  EXPECT_EQ(all.at("ollama").name, "gpt-oss");
}

TEST(ProviderTable, OpenaiBaseUrl) {
  EXPECT_EQ(providers_of("", {{"OPENAI_BASE_URL", "http://e/v1"}}).at("openai").base_url, "http://e/v1");
  EXPECT_EQ(providers_of("", {{"OPENAI_BASE_URL", " "}}).at("openai").base_url, std::nullopt);
  EXPECT_EQ(providers_of("openai_base_url = 'http://c'", {{"OPENAI_BASE_URL", "http://e"}}).at("openai").base_url,
            "http://c");
  EXPECT_EQ(providers_of("openai_base_url = ''", {{"OPENAI_BASE_URL", "http://e"}}).at("openai").base_url, "http://e");
}

TEST(ProviderTable, LocalOnes) {
  EXPECT_EQ(providers_of("", {{"CODEX_OSS_PORT", "99"}}).at("ollama").base_url, "http://localhost:99/v1");
  EXPECT_EQ(providers_of("", {{"CODEX_OSS_PORT", "99"}}).at("lmstudio").base_url, "http://localhost:99/v1");
  EXPECT_EQ(providers_of("", {{"CODEX_OSS_PORT", "70000"}}).at("ollama").base_url, "http://localhost:11434/v1");
  EXPECT_EQ(providers_of("", {{"CODEX_OSS_PORT", "x"}}).at("ollama").base_url, "http://localhost:11434/v1");
  EXPECT_EQ(providers_of("", {{"CODEX_OSS_PORT", "99"}, {"CODEX_OSS_BASE_URL", "http://o"}}).at("ollama").base_url,
            "http://o");
  EXPECT_EQ(providers_of("", {{"CODEX_OSS_BASE_URL", "http://o"}, {"BURIN_OSS_BASE_URL", "http://b"}})
                .at("lmstudio")
                .base_url,
            "http://b");
}

TEST(ProviderTable, UserTables) {
  const Providers all = providers_of(R"(
[model_providers.mine]
name = "Mine"
base_url = "http://m/v1"
env_key = "MINE_KEY"
env_key_instructions = "ask"
experimental_bearer_token = "t"
wire_api = "responses"
query_params = { a = "1" }
http_headers = { X = "y" }
env_http_headers = { Z = "ZVAR" }
request_max_retries = 500
stream_max_retries = 100
stream_idle_timeout_ms = 7
requires_openai_auth = true
supports_websockets = true
[model_providers.plain]
name = "Plain"
)");
  const ProviderDef want{.id = "mine",
                         .name = "Mine",
                         .base_url = "http://m/v1",
                         .env_key = "MINE_KEY",
                         .env_key_instructions = "ask",
                         .experimental_bearer_token = "t",
                         .query_params = {{"a", "1"}},
                         .http_headers = {{"X", "y"}},
                         .env_http_headers = {{"Z", "ZVAR"}},
                         .request_max_retries = 100,
                         .stream_max_retries = 100,
                         .stream_idle_timeout_ms = 7,
                         .requires_openai_auth = true,
                         .supports_websockets = true};
  EXPECT_TRUE(all.at("mine") == want);
  ProviderDef plain;
  plain.id = "plain";
  plain.name = "Plain";
  EXPECT_TRUE(all.at("plain") == plain);
}

TEST(ProviderTable, Wires) {
  auto wire_of = [](std::string line) {
    return providers_of("[model_providers.m]\nname = 'M'\n" + line).at("m").wire_api;
  };
  EXPECT_EQ(wire_of(""), WireApi::responses);
  EXPECT_EQ(wire_of("wire_api = 'responses'"), WireApi::responses);
  EXPECT_EQ(wire_of("wire_api = 'chat'"), WireApi::chat);
  EXPECT_EQ(wire_of("wire_api = 'anthropic'"), WireApi::anthropic);
  for (const auto& [id, def] : providers_of("")) EXPECT_EQ(def.wire_api, WireApi::responses) << id;
}

TEST(ProviderTable, BuiltInIdsCannotBeTaken) {
  const Providers all = providers_of("[model_providers.openai]\nname = 'Fake'\nbase_url = 'http://evil'\n");
  EXPECT_EQ(all.at("openai").name, "OpenAI");
  EXPECT_EQ(all.at("openai").base_url, std::nullopt);
}

TEST(ProviderTable, Selection) {
  const Providers all = providers_of("");
  EXPECT_EQ(select_provider(all, "ollama")->id, "ollama");
  EXPECT_EQ(select_provider(all, "zip").error().report(), "Error: Model provider `zip` not found");
  EXPECT_EQ(select_provider(all, "ollama-chat").error().report(),
            "Error: `ollama-chat` is no longer supported.\n"
            "How to fix: replace `ollama-chat` with `ollama` in `model_provider`, `oss_provider`, or "
            "`--local-provider`.\n"
            "More info: https://github.com/openai/codex/discussions/7782");
}

TEST(ProviderTable, OssModels) {
  EXPECT_EQ(default_oss_model("ollama"), "gpt-oss:20b");
  EXPECT_EQ(default_oss_model("lmstudio"), "openai/gpt-oss-20b");
  EXPECT_EQ(default_oss_model("x"), "");
}

}  // namespace
}  // namespace burin::config

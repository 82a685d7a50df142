// Who we say we are, and where requests go (model-client.md 3.5, 5, 6.5).
#include "model/headers.h"

#include <gtest/gtest.h>

namespace burin::model {

using Vars = std::map<std::string, std::string>;
#if defined(__aarch64__)
#define TEST_ARCH "arm64"
#else
#define TEST_ARCH "x86_64"
#endif

TEST(Identity, OriginatorAndUserAgent) {
  const std::string debian = "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n";
  auto id = make_identity(io::Environment(Vars{{"TERM", "xterm"}}), "codex_exec", "", debian);
  EXPECT_EQ(id.originator, "codex_exec");
  EXPECT_EQ(id.user_agent, "codex_exec/" BURIN_COMPAT_VERSION " (Debian 12.0.0; " TEST_ARCH ") xterm");
  id = make_identity(io::Environment(Vars{{"CODEX_INTERNAL_ORIGINATOR_OVERRIDE", "codex_sdk_ts"}}), "codex_exec",
                     "my_client; 0.1", debian);
  EXPECT_EQ(id.originator, "codex_sdk_ts");
  EXPECT_EQ(id.user_agent,
            "codex_sdk_ts/" BURIN_COMPAT_VERSION " (Debian 12.0.0; " TEST_ARCH ") unknown (my_client; 0.1)");
  id = make_identity(io::Environment(Vars{{"CODEX_INTERNAL_ORIGINATOR_OVERRIDE", "a\nb"}}), "codex_exec", "s\x01t", "");
  EXPECT_EQ(id.originator, "codex_exec") << "an illegal value is not taken";
  EXPECT_EQ(id.user_agent, "codex_exec/" BURIN_COMPAT_VERSION " (Linux unknown; " TEST_ARCH ") unknown (s_t)");
  id = make_identity(io::Environment(Vars{{"BURIN_INTERNAL_ORIGINATOR_OVERRIDE", "mä"}}), "codex_exec", "", debian);
  EXPECT_TRUE(id.user_agent.starts_with("mä/")) << "legal in a header: " << id.user_agent;
}

TEST(Identity, TerminalToken) {
  const std::pair<Vars, std::string> rows[] = {
      {{}, "unknown"},
      {{{"TERM", "xterm-256color"}}, "xterm-256color"},
      {{{"TERM_PROGRAM", "vscode"}, {"TERM_PROGRAM_VERSION", "1.2"}, {"TERM", "x"}}, "vscode/1.2"},
      {{{"TERM_PROGRAM", "vscode"}}, "vscode"},
      {{{"WEZTERM_VERSION", "2024"}, {"ITERM_PROFILE", "p"}}, "WezTerm/2024"},
      {{{"ITERM_PROFILE", "p"}}, "iTerm.app"},
      {{{"TERM_SESSION_ID", "1"}}, "Apple_Terminal"},
      {{{"TERM", "xterm-kitty"}}, "kitty"},
      {{{"TERM", "alacritty"}}, "Alacritty"},
      {{{"KONSOLE_VERSION", "22"}}, "Konsole/22"},
      {{{"GNOME_TERMINAL_SCREEN", "s"}, {"VTE_VERSION", "7"}}, "gnome-terminal"},
      {{{"VTE_VERSION", "7"}}, "VTE/7"},
      {{{"WT_SESSION", "1"}}, "WindowsTerminal"},
      {{{"TERM", "weird é"}}, "weird__"},
  };
  for (const auto& [vars, token] : rows) EXPECT_EQ(terminal_token(io::Environment(vars)), token);
}

// Section 5.1, the column of POST /responses: all of it, and nothing else.
TEST(ResponsesHeaders, FullSet) {
  Identity id{.originator = "codex_exec", .user_agent = "ua", .version = "0.110.0", .residency = "us"};
  config::ProviderDef p;
  p.http_headers = {{"version", "0.110.0"}, {"Accept", "text/html"}, {"X-Codex-Turn-State", "forged"}};
  TurnHeaders turn{.thread_id = "t",
                   .subagent = "review",
                   .beta_features = "apps",
                   .turn_state = "s",
                   .turn_metadata = R"({"turn_id":"ä"})"};
  const io::Headers want = {{"authorization", "Bearer k"},
                            {"ChatGPT-Account-ID", "acc"},
                            {"accept", "text/event-stream"},
                            {"content-type", "application/json"},
                            {"content-encoding", "zstd"},
                            {"session_id", "t"},
                            {"x-openai-subagent", "review"},
                            {"x-codex-beta-features", "apps"},
                            {"x-codex-turn-state", "s"},
                            {"x-codex-turn-metadata", R"({"turn_id":"ä"})"},
                            {"version", "0.110.0"},
                            {"originator", "codex_exec"},
                            {"user-agent", "ua"},
                            {"x-openai-internal-codex-residency", "us"}};
  EXPECT_EQ(responses_headers(id, p, {"k", "acc"}, turn, {}, true), want);
  id.residency.reset();
  const io::Headers least = {{"accept", "text/event-stream"},
                             {"content-type", "application/json"},
                             {"session_id", "t"},
                             {"originator", "codex_exec"},
                             {"user-agent", "ua"}};
  EXPECT_EQ(responses_headers(id, {}, {}, TurnHeaders{.thread_id = "t"}, {}, false), least);
  EXPECT_EQ(responses_headers(id, {}, {"a\nb", {}}, TurnHeaders{.thread_id = "t"}, {}, false), least)
      << "illegal credentials are left out";
}

TEST(ProviderUrl, BaseAndQuery) {
  config::ProviderDef p;
  EXPECT_EQ(provider_url(p, {}, "responses"), "https://api.openai.com/v1/responses");
  EXPECT_EQ(provider_url(p, {Auth::Mode::chatgpt, "t", {}}, "/responses"),
            "https://chatgpt.com/backend-api/codex/responses");
  p.base_url = "http://h/v1//";
  p.query_params = {{"a", "1"}, {"b", "x&y"}};
  EXPECT_EQ(provider_url(p, {}, "responses"), "http://h/v1/responses?a=1&b=x&y");
}

TEST(Azure, NamesAndHosts) {
  const std::pair<const char*, bool> rows[] = {{"https://r.openai.azure.com/openai", true},
                                               {"https://R.COGNITIVESERVICES.azure.com", true},
                                               {"https://x.aoai.azure.com/v1", true},
                                               {"https://x.azure-api.net", true},
                                               {"https://x.azurefd.net", true},
                                               {"https://x.windows.net/openai/v1", true},
                                               {"https://x.azurewebsites.net/openai", false},
                                               {"https://api.openai.com/v1", false}};
  config::ProviderDef p;
  p.name = "mine";
  EXPECT_FALSE(is_azure(p));
  for (auto [url, azure] : rows) {
    p.base_url = url;
    EXPECT_EQ(is_azure(p), azure) << url;
  }
  p.name = "AzurE";
  EXPECT_TRUE(is_azure(p));
}

}  // namespace burin::model

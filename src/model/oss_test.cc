// Local providers (model-client.md 3.3).
#include "model/oss.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/fake_world.h"

namespace burin::model {

struct OssTest : ::testing::Test, testing::FakeWorld {
  std::map<std::string, io::ScriptedResponse> answers;
  std::vector<std::string> said;
  void SetUp() override {
    http.respond = [this](const io::HttpRequest& r) -> std::optional<io::ScriptedResponse> {
      auto it = answers.find(r.url);
      return it != answers.end() ? it->second : io::ScriptedResponse::text(404, "");
    };
  }
  Result<> prepare(std::string id, std::string base, std::string model) {
    config::ProviderDef p;
    p.id = std::move(id);
    p.base_url = std::move(base);
    return io::run_task(
        loop, prepare_local_model(world, p, std::move(model), [this](std::string line) { said.push_back(line); }));
  }
  void answer(std::string url, std::string body) { answers[url] = io::ScriptedResponse::text(200, std::move(body)); }
};

TEST_F(OssTest, OllamaNotRunning) {
  auto r = prepare("ollama", "http://h/v1", "m");
  ASSERT_FALSE(r);
  EXPECT_TRUE(contains(r.error().fix, "ollama serve"));
}

TEST_F(OssTest, OllamaVersions) {
  answer("http://h/v1/models", "{}");
  answer("http://h/api/tags", R"({"models":[{"name":"m"}]})");
  for (auto [version, good] :
       {std::pair{"0.13.3", false}, {"v0.13.4", true}, {"0.0.0", true}, {"junk", true}, {"1.0.0", true}}) {
    answer("http://h/api/version", fmt::format(R"({{"version":"{}"}})", version));
    EXPECT_EQ(prepare("ollama", "http://h/v1", "m").has_value(), good) << version;
  }
}

TEST_F(OssTest, OllamaPulls) {
  answer("http://h/v1/models", "{}");
  answer("http://h/api/tags", R"({"models":[]})");
  answer("http://h/api/pull",
         "{\"status\":\"pulling\"}\n{\"status\":\"pulling\",\"completed\":1}\n{\"status\":\"success\"}\n");
  EXPECT_TRUE(prepare("ollama", "http://h/v1", "m"));
  EXPECT_EQ(said.size(), 3u);
  answer("http://h/api/pull", "{\"error\":\"no such model\"}\n");
  auto r = prepare("ollama", "http://h/v1", "m");
  ASSERT_FALSE(r);
  EXPECT_TRUE(contains(r.error().what, "no such model"));
  answer("http://h/api/pull", "{\"status\":\"pulling\"}\n");
  EXPECT_FALSE(prepare("ollama", "http://h/v1", "m")) << "the stream ended without success";
}

TEST_F(OssTest, OllamaBehindAnotherPath) {
  answer("http://h/ollama/api/tags", R"({"models":[{"name":"m"}]})");
  EXPECT_TRUE(prepare("ollama", "http://h/ollama/", "m")) << "without /v1 the tags are the probe; no version is fine";
  EXPECT_EQ(http.requests().at(0).url, "http://h/ollama/api/tags");
  EXPECT_TRUE(said.empty());
}

TEST_F(OssTest, LmStudioFetchesWhatIsMissing) {
  answer("http://l/v1/models", R"({"data":[{"id":"other"}]})");
  auto fetches = [](const io::SpawnSpec& s) {
    return s.argv == std::vector<std::string>{"lms", "get", "--yes", "m"} &&
           s.env.at("PATH") == "/bin:/u/.lmstudio/bin";
  };
  env.set("HOME", "/u");
  env.set("PATH", "/bin");
  processes.expect(fetches, io::CommandScript{});
  EXPECT_TRUE(prepare("lmstudio", "http://l/v1", "m"));
  processes.expect(fetches, io::CommandScript::output("", 1));
  EXPECT_FALSE(prepare("lmstudio", "http://l/v1", "m"));
  EXPECT_TRUE(processes.problems().empty());
}

TEST_F(OssTest, LmStudioLoadsBesideTheTurn) {
  config::ProviderDef p{.id = "lmstudio", .base_url = "http://l/v1/"};
  for (bool there : {false, true}) {  // a refusal is only logged
    if (there) answer("http://l/v1/responses", "{}");
    io::run_task(loop, load_local_model(world, p, "m"));
    EXPECT_EQ(http.requests().back().url, "http://l/v1/responses");
    EXPECT_EQ(http.requests().back().body, R"({"model":"m","input":"","max_output_tokens":1})");
  }
  p.id = "ollama";
  io::run_task(loop, load_local_model(world, p, "m"));
  EXPECT_EQ(http.requests().size(), 2u);
}

TEST_F(OssTest, LmStudio) {
  EXPECT_FALSE(prepare("lmstudio", "http://l/v1", "m"));
  answer("http://l/v1/models", R"({"data":[{"id":"m"}]})");
  EXPECT_TRUE(prepare("lmstudio", "http://l/v1", "m"));
}

}  // namespace burin::model

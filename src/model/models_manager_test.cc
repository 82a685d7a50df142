// Where the catalogue comes from, how long the cache holds, and what a session may choose (model-client.md 12).
#include "model/models_manager.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "model/presets.h"
#include "testing/fake_world.h"

namespace burin::model {

using namespace std::chrono_literals;

struct ModelsTest : ::testing::Test, testing::FakeWorld {
  using R = ModelsManager::Refresh;
  ModelsOptions options;
  Auth auth{Auth::Mode::chatgpt, "tok", "acc"};
  std::unique_ptr<ModelsManager> manager;

  void SetUp() override {
    options.home = "/home/.codex";
    ASSERT_TRUE(memory.make_dirs(options.home));
    options.identity = {.originator = "codex_exec", .user_agent = "agent", .version = "0.110.0", .residency = {}};
    options.provider.id = "openai";
    options.provider.name = "OpenAI";
    options.provider.http_headers = {{"version", "0.110.0"}};
    options.credentials = [this]() -> io::Task<ModelResult<Auth>> { return give(auth); };
    make();
  }
  static io::Task<ModelResult<Auth>> give(Auth a) { co_return a; }
  void make() { manager = std::make_unique<ModelsManager>(world, options); }

  static std::string entry(std::string slug, int priority = 1, std::string visibility = "list") {
    return fmt::format(
        R"({{"slug":"{}","display_name":"D","supported_reasoning_levels":[],"shell_type":"shell_command","visibility":"{}","supported_in_api":true,"priority":{},"base_instructions":"B","supports_reasoning_summaries":true,"support_verbosity":false,"truncation_policy":{{"mode":"bytes","limit":1}},"supports_parallel_tool_calls":false,"experimental_supported_tools":[],"unknown_key":7}})",
        slug, visibility, priority);
  }
  void serve(std::string list, std::string etag = "\"e1\"") {
    io::Headers headers;
    if (!etag.empty()) headers.emplace_back("ETag", etag);
    http.queue(io::ScriptedResponse::text(200, "{\"models\":[" + list + "]}", headers));
  }
  void refresh(R how) { io::run_task(loop, manager->refresh(how)); }
  void etag(std::string value) { io::run_task(loop, manager->saw_etag(std::move(value))); }
  bool has(std::string_view slug) const {
    return std::ranges::any_of(*manager->catalog(), [&](const auto& m) { return m.slug == slug; });
  }
  json::value cache() { return *parse_json(memory.read(options.home + "/models_cache.json").value()); }
};

TEST_F(ModelsTest, TheServersListReplacesAndAddsToTheBundledOne) {
  serve(entry("gpt-5.1-codex") + "," + entry("brand-new"));
  refresh(R::online_if_uncached);
  const auto& r = http.requests().at(0);
  EXPECT_EQ(r.method, "GET");
  EXPECT_EQ(r.url, "https://chatgpt.com/backend-api/codex/models?client_version=0.110.0");
  std::map<std::string, std::string> headers;
  for (const auto& [n, v] : r.headers) headers[to_lower_ascii(n)] = v;
  EXPECT_EQ(headers["authorization"], "Bearer tok");
  EXPECT_EQ(headers["chatgpt-account-id"], "acc");
  EXPECT_EQ(headers["accept"], "*/*");
  EXPECT_EQ(headers["version"], "0.110.0");
  EXPECT_FALSE(headers.contains("session_id"));
  EXPECT_FALSE(headers.contains("content-type"));
  EXPECT_EQ(manager->catalog()->size(), bundled_models().size() + 1);
  EXPECT_EQ(find_model(*manager->catalog(), "gpt-5.1-codex").base_instructions, "B");
  EXPECT_EQ(manager->catalog()->back().slug, "brand-new");
  auto c = cache();
  EXPECT_EQ(find_string(c, "client_version"), "0.110.0");
  EXPECT_EQ(find_string(c, "etag"), "\"e1\"");
  EXPECT_EQ(find_array(c, "models")->size(), 2U);
  EXPECT_EQ(find_int((*find_array(c, "models"))[0], "unknown_key"), 7) << "as received";
}

TEST_F(ModelsTest, TheQueryJoinsAnExistingOne) {
  options.provider.base_url = "http://x/v1";
  options.provider.query_params = {{"a", "b"}};
  make();
  serve(entry("m"));
  refresh(R::online);
  EXPECT_EQ(http.requests().at(0).url, "http://x/v1/models?a=b&client_version=0.110.0");
}

TEST_F(ModelsTest, WhoIsNotSignedInWithChatGptNeverAsksTheNetwork) {
  for (auto mode : {Auth::Mode::none, Auth::Mode::api_key}) {
    auth.mode = mode;
    for (auto how : {R::online, R::online_if_uncached, R::offline}) refresh(how);
  }
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(ModelsTest, AFreshCacheServesEveryStrategyButOnline) {
  serve(entry("cached"));
  refresh(R::online);
  make();
  EXPECT_FALSE(has("cached"));
  refresh(R::online_if_uncached);
  EXPECT_TRUE(has("cached"));
  make();
  auth.mode = Auth::Mode::api_key;
  refresh(R::offline);
  EXPECT_TRUE(has("cached"));
  EXPECT_EQ(http.requests().size(), 1U);
  auth.mode = Auth::Mode::chatgpt;
  serve(entry("newer"));
  refresh(R::online);
  EXPECT_FALSE(has("cached")) << "merged with the bundled list, not with the list before";
  EXPECT_TRUE(has("newer"));
}

TEST_F(ModelsTest, AStaleForeignOrBrokenCacheIsNotUsed) {
  auto write = [&](std::string fetched, std::string version, std::string models) {
    memory.put(options.home + "/models_cache.json",
               fmt::format(R"({{"fetched_at":"{}",{}"models":[{}]}})", fetched, version, models));
  };
  const std::string ours = R"("client_version":"0.110.0",)";
  auto at = [&](std::int64_t age_s) { return io::utc_ns_text((clock.now_ms() / 1000 - age_s) * 1'000'000'000); };
  auto used = [&] {
    make();
    refresh(R::offline);
    return has("cached");
  };
  write(at(300), ours, entry("cached"));
  EXPECT_TRUE(used());
  write(at(301), ours, entry("cached"));
  EXPECT_FALSE(used());
  write(at(0), R"("client_version":"0.111.0",)", entry("cached"));
  EXPECT_FALSE(used());
  write(at(0), "", entry("cached"));
  EXPECT_FALSE(used()) << "no version is not ours";
  write(at(0), ours, "{\"slug\":\"cached\"}");
  EXPECT_FALSE(used());
  memory.put(options.home + "/models_cache.json", "{");
  EXPECT_FALSE(used());
}

TEST_F(ModelsTest, FailuresKeepWhatIsKnownAndEndInTime) {
  serve(entry("known"));
  refresh(R::online);
  http.queue(io::ScriptedResponse::text(200, "<html>"));
  refresh(R::online);
  http.queue(io::ScriptedResponse::text(200, R"({"models":[{"slug":"half"}]})"));
  refresh(R::online);
  http.queue(io::ScriptedResponse::text(403, "{}"));
  refresh(R::online);
  EXPECT_TRUE(has("known"));
  EXPECT_EQ(http.requests().size(), 4U);
  auto start = loop.now();
  io::ScriptedResponse slow;
  slow.head_delay = 60s;
  http.queue(slow);
  refresh(R::online);
  EXPECT_EQ(loop.now() - start, 5s);
  start = loop.now();
  for (int i = 0; i < 20; ++i) http.queue(io::ScriptedResponse::text(503, ""));
  refresh(R::online);
  EXPECT_LE(loop.now() - start, 5s) << "retries included";
  EXPECT_TRUE(has("known"));
}

TEST_F(ModelsTest, AnEmptyListLeavesTheBundledModels) {
  serve("");
  refresh(R::online);
  EXPECT_EQ(manager->catalog()->size(), bundled_models().size());
}

TEST_F(ModelsTest, AKnownEtagKeepsTheCacheAliveANewOneFetchesOnce) {
  serve(entry("one"), "\"e1\"");
  refresh(R::online);
  clock.advance_ms(250'000);
  etag("\"e1\"");
  EXPECT_EQ(http.requests().size(), 1U);
  clock.advance_ms(250'000);
  make();
  refresh(R::offline);
  EXPECT_TRUE(has("one")) << "renewed";
  serve(entry("two"), "\"e2\"");
  etag("\"e2\"");
  EXPECT_TRUE(has("two"));
  etag("\"e2\"");
  EXPECT_EQ(http.requests().size(), 2U);
}

TEST_F(ModelsTest, AnOwnCatalogueIsNeverTouched) {
  options.own = std::vector<ModelInfo>{bundled_models()[0]};
  make();
  refresh(R::online);
  etag("\"x\"");
  EXPECT_TRUE(http.requests().empty());
  EXPECT_EQ(manager->catalog()->size(), 1U);
}

TEST_F(ModelsTest, TheAutoBalancedModelIsChosenOnlyWhereThePickerShowsIt) {
  serve(entry("codex-auto-balanced", 50, "list"));
  refresh(R::online);
  EXPECT_EQ(default_model(*manager->catalog(), true), "codex-auto-balanced");
  EXPECT_NE(default_model(*manager->catalog(), false), "codex-auto-balanced");
  serve(entry("codex-auto-balanced", -5, "hide"));
  refresh(R::online);
  EXPECT_EQ(default_model(*manager->catalog(), true), "gpt-5.3-codex");
}

TEST(Presets, AreSortedFilteredAndHaveOneDefault) {
  auto catalog = bundled_models();
  catalog[0].visibility = Visibility::hide;
  catalog[1].supported_in_api = false;
  auto api = model_presets(catalog, false);
  auto chatgpt = model_presets(catalog, true);
  EXPECT_EQ(api.size() + 1, chatgpt.size());
  EXPECT_EQ(std::ranges::count_if(api, &ModelPreset::is_default), 1);
  EXPECT_TRUE(std::ranges::find_if(chatgpt, &ModelPreset::is_default)->id == catalog[1].slug);
  EXPECT_TRUE(chatgpt[0].id == catalog[0].slug && !chatgpt[0].show_in_picker);
  for (auto& m : catalog) m.visibility = Visibility::none;
  EXPECT_TRUE(model_presets(catalog, true)[0].is_default);
  EXPECT_TRUE(model_presets({}, true).empty());
}

TEST(Presets, UpgradesMapEveryEffortToTheNearest) {
  ModelInfo m = bundled_models()[1];
  using E = wire::ReasoningEffort;
  m.supported_reasoning_levels = {{E::low, ""}, {E::high, ""}};
  auto presets = model_presets({m}, true);
  ASSERT_TRUE(presets[0].upgrade);
  const auto& to = presets[0].upgrade->efforts;
  EXPECT_EQ(to.at(E::none), E::low);
  EXPECT_EQ(to.at(E::minimal), E::low);
  EXPECT_EQ(to.at(E::medium), E::low) << "a tie goes to the first of the list";
  EXPECT_EQ(to.at(E::xhigh), E::high);
  EXPECT_EQ(presets[0].upgrade->migration_config_key, m.slug);
}

}  // namespace burin::model

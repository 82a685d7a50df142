// One request with its retries, the stream's ends, and what the headers say (model-client.md 5, 8, 9).
#include "model/client.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "base/text.h"
#include "testing/fake_world.h"
#include "testing/read_stream.h"

namespace burin::model {

using namespace std::chrono_literals;

struct ClientTest : ::testing::Test, testing::FakeWorld {
  ClientOptions options;
  TurnSettings settings;
  Prompt prompt;
  std::unique_ptr<ModelClient> client;
  std::unique_ptr<ModelSession> session;

  void SetUp() override {
    options.identity = {
        .originator = "codex_exec", .user_agent = "codex_exec/0.110.0 (t)", .version = "0.110.0", .residency = {}};
    options.provider.id = "mock";
    options.provider.name = "mock";
    options.provider.base_url = "http://mock/v1/";
    options.provider.request_max_retries = 2;
    options.provider.stream_idle_timeout_ms = 1000;
    options.thread_id = "thread-1";
    settings.model = find_model(bundled_models(), "gpt-5.1-codex");
    prompt.instructions = "be good";
    prompt.tools = "[]";
  }
  void make() {
    session.reset();
    client = std::make_unique<ModelClient>(world, options);
    session = client->new_session();
  }

  using Outcome = testing::StreamOutcome;
  Outcome ask() {
    return io::run_task(loop, testing::read_stream(session.get(), &prompt, &settings, R"({"turn_id":"t"})"));
  }

  static std::string header(const io::HttpRequest& r, std::string_view name) {
    for (const auto& [n, v] : r.headers) {
      if (equals_ignore_case(n, name)) return v;
    }
    return "<absent>";
  }
  static io::ScriptedResponse sse(std::string text, io::Headers headers = {}) {
    return io::ScriptedResponse::text(200, std::move(text), std::move(headers));
  }
  const std::string done = "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}\n\n";
};

TEST_F(ClientTest, HeadersAndUrl) {
  options.auth = {Auth::Mode::chatgpt, "tok", "acc-1"};
  options.beta_features = "apps";
  options.provider.query_params = {{"api-version", "b c"}};
  options.provider.http_headers = {{"session_id", "mine"}, {"originator", "other"}, {"bad name", "x"}};
  options.provider.env_http_headers = {{"X-Set", "SET"}, {"X-Blank", "BLANK"}, {"X-Unset", "UNSET"}};
  env.set("SET", "v");
  env.set("BLANK", "  ");
  make();
  http.queue(sse(done));
  EXPECT_FALSE(ask().error);
  const auto& r = http.requests().at(0);
  EXPECT_EQ(r.url, "http://mock/v1/responses?api-version=b%20c");
  EXPECT_EQ(header(r, "Authorization"), "Bearer tok");
  EXPECT_EQ(header(r, "ChatGPT-Account-ID"), "acc-1");
  EXPECT_EQ(header(r, "Accept"), "text/event-stream");
  EXPECT_EQ(header(r, "session_id"), "thread-1") << "a provider may not override it";
  EXPECT_EQ(header(r, "originator"), "other") << "a provider may override it";
  EXPECT_EQ(header(r, "x-codex-beta-features"), "apps");
  EXPECT_EQ(header(r, "x-codex-turn-metadata"), R"({"turn_id":"t"})");
  EXPECT_EQ(header(r, "X-Set"), "v");
  for (auto absent : {"X-Blank", "X-Unset", "bad name", "x-codex-turn-state", "Accept-Encoding", "conversation_id"}) {
    EXPECT_EQ(header(r, absent), "<absent>") << absent;
  }
}

TEST_F(ClientTest, CredentialsByProvider) {
  options.auth = {Auth::Mode::api_key, "stored", {}};
  options.provider.env_key = "MY_KEY";
  options.provider.env_key_instructions = "Get one.";
  make();
  auto missing = ask();
  ASSERT_TRUE(missing.error);
  EXPECT_EQ(missing.error->message, "Missing environment variable: `MY_KEY`. Get one.");
  EXPECT_FALSE(missing.error->retryable());
  EXPECT_TRUE(http.requests().empty());
  env.set("MY_KEY", "from-env");
  http.queue(sse(done));
  EXPECT_FALSE(ask().error);
  EXPECT_EQ(header(http.requests().at(0), "authorization"), "Bearer from-env");
}

TEST_F(ClientTest, HeaderEventsComeFirstInOrder) {
  make();
  http.queue(sse("data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n" + done,
                 {{"OpenAI-Model", "m"},
                  {"X-Models-Etag", "e"},
                  {"x-reasoning-included", "false"},
                  {"x-codex-primary-used-percent", "12.5"},
                  {"x-codex-other-primary-used-percent", "3"}}));
  auto out = ask();
  ASSERT_EQ(out.events.size(), 7u);
  EXPECT_TRUE(std::holds_alternative<wire::ServerModel>(out.events[0]));
  EXPECT_EQ(*std::get<wire::RateLimits>(out.events[1]).snapshot.limit_id, "codex");
  EXPECT_EQ(std::get<wire::RateLimits>(out.events[1]).snapshot.primary->used_percent, 12.5);
  EXPECT_EQ(*std::get<wire::RateLimits>(out.events[2]).snapshot.limit_id, "codex_other");
  EXPECT_TRUE(std::holds_alternative<wire::ModelsEtag>(out.events[3]));
  EXPECT_TRUE(std::holds_alternative<wire::ReasoningIncluded>(out.events[4]));
}

TEST_F(ClientTest, TurnStateIsStickyWithinTheTurnOnly) {
  make();
  http.queue(sse(done, {{"x-codex-turn-state", "first"}}));
  http.queue(sse(done, {{"x-codex-turn-state", "second"}}));
  http.queue(sse(done));
  http.queue(sse(done));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ask().error);
  session = client->new_session();
  EXPECT_FALSE(ask().error);
  EXPECT_EQ(header(http.requests().at(0), "x-codex-turn-state"), "<absent>");
  EXPECT_EQ(header(http.requests().at(1), "x-codex-turn-state"), "first");
  EXPECT_EQ(header(http.requests().at(2), "x-codex-turn-state"), "first");
  EXPECT_EQ(header(http.requests().at(3), "x-codex-turn-state"), "<absent>");
}

TEST_F(ClientTest, RequestLevelRetriesFor5xxAndNetworkOnly) {
  make();
  io::Time start = loop.now();
  for (int i = 0; i < 3; ++i) http.queue(io::ScriptedResponse::text(503, "busy"));
  auto out = ask();
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->cls, ErrorClass::unexpected_status);
  EXPECT_EQ(out.error->message, "unexpected status 503 Service Unavailable: busy, url: http://mock/v1/responses");
  EXPECT_EQ(http.requests().size(), 3u);
  auto waited = io::to_seconds(loop.now() - start);
  EXPECT_GE(waited, 0.9 * 0.6);
  EXPECT_LE(waited, 1.1 * 0.6);

  http.queue(io::ScriptedResponse::refusal());
  http.queue(sse(done));
  EXPECT_FALSE(ask().error);
  EXPECT_EQ(http.requests().size(), 5u);

  for (int status : {400, 401, 403, 404, 429, 426}) {
    auto before = http.requests().size();
    http.queue(io::ScriptedResponse::text(status, "{}"));
    EXPECT_TRUE(ask().error);
    EXPECT_EQ(http.requests().size(), before + 1) << status;
  }
}

TEST_F(ClientTest, ErrorClassesOfStatuses) {
  struct Row {
    int status;
    std::string body;
    ErrorClass cls;
    bool retryable;
    std::string info, message;
  };
  const Row rows[] = {
      {400, "raw text", ErrorClass::invalid_request, false, "other", "raw text"},
      {400, "The image data you provided does not represent a valid image.", ErrorClass::invalid_image, false,
       "bad_request", ""},
      {401, R"({"error":{"message":" no "}})", ErrorClass::unexpected_status, true, "other",
       "unexpected status 401 Unauthorized: no, url: http://mock/v1/responses, cf-ray: ray, request id: rid"},
      {403, "<html>Cloudflare says blocked</html>", ErrorClass::unexpected_status, true, "other", ""},
      {404, "", ErrorClass::unexpected_status, true, "other",
       "unexpected status 404 Not Found: Unknown error, url: http://mock/v1/responses, cf-ray: ray, request id: rid"},
      {429, "{}", ErrorClass::retry_limit, false, "response_too_many_failed_attempts",
       "exceeded retry limit, last status: 429 Too Many Requests, request id: rid"},
      {429, R"({"error":{"type":"usage_limit_reached","plan_type":"pro"}})", ErrorClass::usage_limit_reached, false,
       "usage_limit_exceeded", ""},
      {429, R"({"error":{"type":"usage_not_included"}})", ErrorClass::usage_not_included, false, "usage_limit_exceeded",
       ""},
      {500, "", ErrorClass::internal_server_error, true, "internal_server_error", ""},
      {503, R"({"error":{"code":"slow_down"}})", ErrorClass::server_overloaded, false, "server_overloaded", ""},
  };
  options.provider.request_max_retries = 0;
  make();
  for (const auto& row : rows) {
    SCOPED_TRACE(row.body);
    http.queue(io::ScriptedResponse::text(row.status, row.body, {{"x-request-id", "rid"}, {"cf-ray", "ray"}}));
    auto out = ask();
    ASSERT_TRUE(out.error);
    EXPECT_EQ(out.error->cls, row.cls);
    EXPECT_EQ(out.error->retryable(), row.retryable);
    EXPECT_EQ(out.error->info().kind, row.info);
    if (!row.message.empty()) EXPECT_EQ(out.error->message, row.message);
  }
  http.queue(io::ScriptedResponse::text(418, std::string(999, 'a') + "ä" + std::string(50, 'b')));
  EXPECT_TRUE(contains(ask().error->message, std::string(999, 'a') + "..., url:")) << "cut on a character boundary";
}

TEST_F(ClientTest, EndsOfTheStream) {
  make();
  auto cut = sse("data: {\"type\":\"response.created\",\"response\":{}}\n\n");
  http.queue(cut);
  EXPECT_EQ(ask().error->message, "stream disconnected before completion: stream closed before response.completed");
  cut.end = io::ScriptedResponse::End::silence;
  http.queue(cut);
  io::Time start = loop.now();
  EXPECT_EQ(ask().error->message, "stream disconnected before completion: idle timeout waiting for SSE");
  EXPECT_EQ(loop.now() - start, 1s);
  cut.end = io::ScriptedResponse::End::cut;
  http.queue(cut);
  auto out = ask();
  EXPECT_TRUE(out.error->retryable());
  EXPECT_EQ(out.error->cls, ErrorClass::stream);
  EXPECT_TRUE(out.error->message.starts_with("stream disconnected before completion: Transport error: network error: "))
      << out.error->message;
  // A failure is forgotten when completion follows, and raised when the body ends.
  std::string failed =
      "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"insufficient_quota\"}}}\n\n";
  http.queue(sse(failed + done));
  EXPECT_FALSE(ask().error);
  http.queue(sse(failed));
  EXPECT_EQ(ask().error->cls, ErrorClass::quota_exceeded);
}

TEST_F(ClientTest, CommentsDoNotKeepAStreamAliveUnknownEventsDo) {
  make();
  io::ScriptedResponse r;
  for (int i = 0; i < 3; ++i) r.body.push_back({": ping\n\n", 400ms});
  r.end = io::ScriptedResponse::End::silence;
  http.queue(r);
  io::Time start = loop.now();
  EXPECT_TRUE(ask().error);
  EXPECT_EQ(loop.now() - start, 1s);
  r.body.clear();
  for (int i = 0; i < 3; ++i) r.body.push_back({"data: {\"type\":\"who.knows\"}\n\n", 400ms});
  http.queue(r);
  start = loop.now();
  EXPECT_TRUE(ask().error);
  EXPECT_EQ(loop.now() - start, 2200ms);
}

TEST_F(ClientTest, NothingIsReadAfterCompletion) {
  make();
  auto r = sse(done + "data: {\"type\":\"response.output_text.delta\",\"delta\":\"late\"}\n\n");
  r.end = io::ScriptedResponse::End::silence;
  http.queue(r);
  auto out = ask();
  EXPECT_FALSE(out.error);
  EXPECT_TRUE(std::holds_alternative<wire::Completed>(out.events.back()));
}

TEST_F(ClientTest, BodyHasTheSpecifiedShape) {
  make();
  settings.model = find_model(bundled_models(), "gpt-5.3-codex");
  std::string item = R"({"type":"message","role":"user","content":[]})";
  prompt.input = {item};
  json::value schema = {{"type", "object"}};
  prompt.output_schema = &schema;
  prompt.parallel_tool_calls = true;
  http.queue(sse(done));
  EXPECT_FALSE(ask().error);
  EXPECT_EQ(
      http.requests().at(0).body,
      R"({"model":"gpt-5.3-codex","instructions":"be good","input":[{"type":"message","role":"user","content":[]}],)"
      R"("tools":[],"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"effort":"medium","summary":"auto"},)"
      R"("store":false,"stream":true,"include":["reasoning.encrypted_content"],"prompt_cache_key":"thread-1",)"
      R"("text":{"verbosity":"low","format":{"type":"json_schema","strict":true,"schema":{"type":"object"},)"
      R"("name":"codex_output_schema"}}})");
}

TEST_F(ClientTest, ReasoningForms) {
  auto body = [&] { return build_body(prompt, settings, "k", false); };
  settings.effort = wire::ReasoningEffort::none;
  settings.summary = wire::ReasoningSummary::none;
  EXPECT_TRUE(contains(body(), R"("reasoning":{"effort":"none"},)"));
  settings.model = find_model(bundled_models(), "unknown-model");
  EXPECT_TRUE(contains(body(), R"("reasoning":null,)"));
  EXPECT_TRUE(contains(body(), R"("include":[])"));
  settings.service_tier = wire::ServiceTier::fast;
  EXPECT_FALSE(contains(body(), "service_tier"));
  settings.fast_mode = true;
  EXPECT_TRUE(contains(body(), R"("service_tier":"priority")"));
}

// Azure keeps responses and wants the ids of items; nobody else gets them.
TEST_F(ClientTest, AzureStoresAndGetsIds) {
  prompt.input = {R"({"type":"message","role":"assistant","content":[]})", R"({"type":"function_call_output"})"};
  prompt.ids = {"msg_1", ""};
  auto body = build_body(prompt, settings, "k", true);
  EXPECT_TRUE(contains(body, R"("content":[],"id":"msg_1"},{"type":"function_call_output"}],)")) << body;
  EXPECT_TRUE(contains(body, R"("store":true)"));
  options.provider.name = "Azure";
  make();
  http.queue(sse(done));
  EXPECT_FALSE(ask().error);
  EXPECT_TRUE(contains(http.requests().at(0).body, R"("store":true)"));
}

TEST_F(ClientTest, VerbosityTierAndAbsentKeys) {
  auto body = [&] { return build_body(prompt, settings, "k", false); };
  for (auto never : {"previous_response_id", "generate", "client_metadata", "max_output_tokens", "temperature",
                     "\"truncation\"", "\"metadata\"", "\"user\"", "\"text\"", "service_tier"}) {
    EXPECT_FALSE(contains(body(), never)) << never;
  }
  settings.verbosity = wire::Verbosity::high;
  EXPECT_FALSE(contains(body(), "verbosity")) << "gpt-5.1-codex has no verbosity";
  settings.model = find_model(bundled_models(), "gpt-5");
  EXPECT_TRUE(contains(body(), R"("text":{"verbosity":"high"})"));
  settings.verbosity.reset();
  EXPECT_FALSE(contains(body(), "\"text\"")) << "no default either";
  json::value schema = {{"type", "object"}};
  prompt.output_schema = &schema;
  EXPECT_TRUE(contains(body(), R"("text":{"format":{"type":"json_schema",)"));
  settings.service_tier = wire::ServiceTier::flex;
  EXPECT_TRUE(contains(body(), R"("service_tier":"flex")"));
  settings.effort = wire::ReasoningEffort::xhigh;
  settings.summary = wire::ReasoningSummary::detailed;
  EXPECT_TRUE(contains(body(), R"("reasoning":{"effort":"xhigh","summary":"detailed"},)"));
  settings.effort.reset();
  settings.model.default_reasoning_level.reset();
  settings.summary = wire::ReasoningSummary::none;
  EXPECT_TRUE(contains(body(), R"("reasoning":{},)"));
  EXPECT_EQ(body(), body());
}

// INV-18: ChatGPT credentials, the name OpenAI and the feature, all three.
TEST_F(ClientTest, CompressionMatrix) {
  const Auth chatgpt{Auth::Mode::chatgpt, "t", "acc"}, key{Auth::Mode::api_key, "k", {}};
  for (int bits = 0; bits < 8; ++bits) {
    options.auth = (bits & 1) != 0 ? chatgpt : key;
    options.provider.name = (bits & 2) != 0 ? "OpenAI" : "openai";
    options.compress_requests = (bits & 4) != 0;
    make();
    http.queue(sse(done));
    EXPECT_FALSE(ask().error);
    const auto& r = http.requests().back();
    EXPECT_EQ(header(r, "content-encoding"), bits == 7 ? "zstd" : "<absent>") << bits;
    EXPECT_EQ(header(r, "content-type"), "application/json");
    std::string plain = r.body;
    if (bits == 7) {
      plain.resize(ZSTD_getFrameContentSize(r.body.data(), r.body.size()));
      ASSERT_EQ(ZSTD_decompress(plain.data(), plain.size(), r.body.data(), r.body.size()), plain.size());
    }
    EXPECT_EQ(plain, build_body(prompt, settings, "thread-1", false)) << bits;
  }
  options.provider.http_headers = {{"Content-Encoding", "gzip"}};
  make();
  EXPECT_TRUE(contains(ask().error->message, "content-encoding is already set"));
  EXPECT_EQ(http.requests().size(), 8u) << "nothing was sent";
}

TEST_F(ClientTest, AnOfflineFixtureReplacesTheNetwork) {
  memory.put("/fixture",
             "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n" + done.substr(0, done.size() - 1));
  env.set("CODEX_RS_SSE_FIXTURE", "/fixture");
  make();
  auto out = ask();
  EXPECT_FALSE(out.error);
  EXPECT_TRUE(std::holds_alternative<wire::Completed>(out.events.back()));
  EXPECT_TRUE(std::holds_alternative<wire::TextDelta>(*(out.events.end() - 2)));
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(ClientTest, TurnMetadataIsAskedForEachAttempt) {
  make();
  http.queue(io::ScriptedResponse::text(500, ""));
  http.queue(sse(done));
  int asked = 0;
  auto stream = io::run_task(loop, session->stream(prompt, settings, [&] { return std::to_string(++asked); }));
  ASSERT_TRUE(stream);
  EXPECT_EQ(header(http.requests().at(0), "x-codex-turn-metadata"), "1");
  EXPECT_EQ(header(http.requests().at(1), "x-codex-turn-metadata"), "2");
  EXPECT_EQ(http.requests()[0].body, http.requests()[1].body);
}

TEST_F(ClientTest, MemoriesAreSummarised) {
  options.subagent = "memory_consolidation";
  make();
  auto summarise = [&](std::vector<MemoryTrace> traces, std::optional<wire::ReasoningEffort> effort) {
    struct Run {
      static io::Task<ModelResult<std::vector<MemorySummary>>> run(ModelClient* c, std::vector<MemoryTrace> t,
                                                                   std::optional<wire::ReasoningEffort> e) {
        co_return co_await c->summarize_memories(t, "m", e);
      }
    };
    return io::run_task(loop, Run::run(client.get(), std::move(traces), effort));
  };
  EXPECT_TRUE(summarise({}, {})->empty());
  EXPECT_TRUE(http.requests().empty()) << "nothing to ask";
  http.queue(io::ScriptedResponse::text(
      200, R"({"output":[{"trace_summary":"a","memory_summary":"b"},{"raw_memory":"c","memory_summary":"d"}]})"));
  auto out = summarise({{"t1", "/x", {"{\"k\":1}", "{\"k\":2}"}}, {"t2", "/y", {}}}, wire::ReasoningEffort::low);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->size(), 2U);
  EXPECT_EQ((*out)[1].trace, "c");
  const auto& r = http.requests().at(0);
  EXPECT_EQ(r.url, "http://mock/v1/memories/trace_summarize");
  EXPECT_EQ(r.content(),
            R"({"model":"m","traces":[{"id":"t1","metadata":{"source_path":"/x"},"items":[{"k":1},{"k":2}]},)"
            R"({"id":"t2","metadata":{"source_path":"/y"},"items":[]}],"reasoning":{"effort":"low"}})");
  EXPECT_EQ(header(r, "x-openai-subagent"), "memory_consolidation");
  EXPECT_EQ(header(r, "session_id"), "<absent>");
  http.queue(io::ScriptedResponse::text(200, R"({"output":[{}]})"));
  EXPECT_FALSE(summarise({{"t", "/x", {}}}, {}));
}

}  // namespace burin::model

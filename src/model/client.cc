#include "model/client.h"

#include <zstd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "model/backoff.h"
#include "model/stream_decoder.h"
#include "model/wires.h"

namespace burin::model {

namespace client_detail {

constexpr io::Span headers_deadline = std::chrono::minutes(10);
constexpr std::size_t max_error_body = 1 << 20;
constexpr std::size_t max_compact_body = 256 << 20;
constexpr int zstd_level = 3;

std::string compress(const std::string& body) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  std::size_t n = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), zstd_level);
  if (ZSTD_isError(n) != 0) return {};
  out.resize(n);
  return out;
}

bool sets_encoding(const config::ProviderDef& provider) {
  return std::ranges::any_of(provider.http_headers,
                             [](const auto& header) { return equals_ignore_case(header.first, "content-encoding"); });
}

bool passing_status(int status) { return status >= 500 && status <= 599; }

}  // namespace client_detail

using namespace client_detail;

std::unique_ptr<ModelSession> ModelClient::new_session() { return std::make_unique<ModelSession>(*this); }

io::Task<ModelResult<std::unique_ptr<EventStream>>> ModelSession::stream(
    const Prompt& prompt, const TurnSettings& settings, const std::function<std::string()>& turn_metadata) {
  io::World& world = client_.world();
  const ClientOptions& o = client_.options();
  io::Span idle = io::milliseconds(o.provider.stream_idle_timeout_ms);
  if (auto fixture = world.env.own("RS_SSE_FIXTURE")) {
    auto text = world.files.read(std::string(*fixture));
    if (!text) co_return ModelFail(stream_error(text.error().text()));
    co_return sse_stream(world.loop, fixture_response(std::move(*text)), std::make_unique<StreamDecoder>(), {}, idle);
  }
  const Wire& wire = wire_of(o.provider);
  auto built = wire.body(prompt, settings, o.thread_id, o.provider);
  if (!built) co_return ModelFail(built.error());
  std::string body = std::move(*built);
  bool zstd = o.compress_requests && o.auth.mode == Auth::Mode::chatgpt && o.provider.name == "OpenAI";
  if (zstd) {
    if (sets_encoding(o.provider)) {
      co_return ModelFail(stream_error("request compression was requested but content-encoding is already set"));
    }
    body = compress(body);
    if (body.empty()) co_return ModelFail(stream_error("the request could not be compressed"));
  }
  auto headers = [&](const Credential& credential) {
    TurnHeaders turn{.thread_id = o.thread_id,
                     .subagent = o.subagent,
                     .beta_features = o.beta_features,
                     .turn_state = turn_state_,
                     .turn_metadata = turn_metadata ? turn_metadata() : std::string()};
    auto out = responses_headers(o.identity, o.provider, credential, turn, world.env, zstd);
    wire.adapt(out, credential);
    return out;
  };
  auto response = co_await client_.post(wire.path(), std::move(body), headers);
  if (!response) co_return ModelFail(response.error());
  if (auto state = (*response)->header("x-codex-turn-state"); state && turn_state_.empty()) {
    turn_state_ = std::string(*state);
  }
  std::vector<wire::ModelEvent> before;
  header_events(**response, before);
  co_return sse_stream(world.loop, std::move(*response), wire.decoder(prompt), std::move(before), idle);
}

io::Task<ModelResult<std::vector<wire::ResponseItem>>> ModelClient::compact(const Prompt& prompt,
                                                                            std::string_view model) {
  std::vector<wire::ResponseItem> items;
  if (prompt.input.empty()) co_return items;
  auto headers = [&](const Credential& credential) {
    TurnHeaders turn{.thread_id = options_.thread_id, .subagent = options_.subagent};
    return compact_headers(options_.identity, options_.provider, credential, turn, world_.env);
  };
  auto response = co_await post("responses/compact", build_compact_body(prompt, model), headers);
  if (!response) co_return ModelFail(response.error());
  auto text = co_await io::with_deadline(headers_deadline, "body", io::read_body(**response, max_compact_body));
  if (!text) co_return ModelFail(stream_error(text.error().what));
  auto document = parse_json(*text);
  const json::array* output = document ? find_array(*document, "output") : nullptr;
  if (output == nullptr) co_return ModelFail(stream_error("the compaction's answer has no list \"output\""));
  for (const auto& each : *output) {
    auto item = wire::read_item(each);
    if (!item) co_return ModelFail(stream_error("the compaction's answer cannot be read: " + item.error().what));
    items.push_back(std::move(*item));
  }
  co_return items;
}

io::Task<ModelClient::Reply> ModelClient::post(std::string_view path, std::string body, const MakeHeaders& headers) {
  auto shared = std::make_shared<const std::string>(std::move(body));
  for (std::uint64_t attempt = 0;; ++attempt) {
    bool transient = false;
    auto reply = co_await post_once(path, shared, headers, &transient);
    if (reply || !transient || attempt >= options_.provider.request_max_retries) co_return reply;
    log(Level::info, "model", "request failed, trying again: {}", reply.error().message);
    co_await io::sleep(backoff(world_.random, attempt + 1));
  }
}

io::Task<ModelClient::Reply> ModelClient::post_once(std::string_view path, std::shared_ptr<const std::string> body,
                                                    const MakeHeaders& headers, bool* transient) {
  auto credential = credential_for(options_.provider, options_.auth, world_.env);
  if (!credential) co_return ModelFail(credential.error());
  io::HttpRequest request;
  request.method = "POST";
  request.url = provider_url(options_.provider, options_.auth, path);
  request.headers = headers(*credential);
  request.shared_body = std::move(body);
  std::string url = request.url;
  auto response = co_await io::with_deadline(headers_deadline, "request", world_.http.send(std::move(request)));
  if (!response) {
    *transient = true;
    co_return ModelFail(stream_error(response.error().what));
  }
  int status = (*response)->status();
  if (status >= 200 && status < 300) co_return std::move(*response);
  *transient = passing_status(status);
  auto text = co_await io::with_deadline(io::seconds(30), "error body", io::read_body(**response, max_error_body));
  co_return ModelFail(
      status_error(status, **response, text ? *text : std::string(), url, world_.clock.now_ms() / 1000));
}

}  // namespace burin::model

// One turn's requests: which transport they take, and what the transports share.
#include <zstd.h>

#include "base/log.h"
#include "base/text.h"
#include "model/client.h"
#include "model/wires.h"
#include "model/ws_verdict.h"

namespace burin::model {

namespace session_detail {

constexpr int zstd_level = 3;
/// A handshake that no turn waits for.
constexpr io::Span handshake_deadline = io::seconds(15);

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

/// What the headers of a handshake say, repeated at the beginning of every answer over it (10.2).
std::vector<wire::ModelEvent> greeting_of(const WholeReply& reply) {
  std::vector<wire::ModelEvent> out;
  if (auto model = reply.header("openai-model")) out.push_back(wire::ServerModel{std::string(*model)});
  if (auto etag = reply.header("x-models-etag")) out.push_back(wire::ModelsEtag{std::string(*etag)});
  if (reply.header("x-reasoning-included")) out.push_back(wire::ReasoningIncluded{});
  return out;
}

}  // namespace session_detail

using namespace session_detail;

ModelSession::ModelSession(ModelClient& client) : client_(client), ws_(std::move(client.idle_state_)) {
  if (!ws_) ws_ = std::make_shared<WsState>();
}

ModelSession::~ModelSession() { client_.idle_state_ = std::move(ws_); }

io::Span ModelSession::idle_timeout() const {
  return io::milliseconds(client_.options().provider.stream_idle_timeout_ms);
}

TurnHeaders ModelSession::turn_headers(const TurnMetadata& turn_metadata) const {
  const ClientOptions& o = client_.options();
  return {.thread_id = o.thread_id,
          .subagent = o.subagent,
          .beta_features = o.beta_features,
          .turn_state = turn_state_,
          .turn_metadata = turn_metadata ? turn_metadata() : std::string()};
}

io::Task<ModelSession::Stream> ModelSession::stream(const Prompt& prompt, const TurnSettings& settings,
                                                    const TurnMetadata& turn_metadata) {
  std::vector<wire::ModelEvent> before;
  if (gives_up_websocket(settings.model)) {
    switch_to_http_fallback(settings.model);
    before.push_back(wire::TransportFallback{stream_error(client_.health_->last_error).message});
  }
  if (client_.websocket_active(settings.model)) {
    auto opened = co_await stream_over_websocket(prompt, settings, turn_metadata);
    if (opened) co_return std::move(*opened);
    if (!opened.error().upgrade_required) co_return ModelFail(std::move(opened.error().error));
    switch_to_http_fallback(settings.model);
  }
  co_return co_await stream_over_http(prompt, settings, turn_metadata, std::move(before));
}

io::Task<ModelSession::Stream> ModelSession::stream_over_http(const Prompt& prompt, const TurnSettings& settings,
                                                              const TurnMetadata& turn_metadata,
                                                              std::vector<wire::ModelEvent> before) {
  io::World& world = client_.world();
  const ClientOptions& o = client_.options();
  const Wire& wire = wire_of(o.provider);
  if (auto fixture = world.env.own("RS_SSE_FIXTURE")) {
    auto text = world.files.read(std::string(*fixture));
    if (!text) co_return ModelFail(stream_error(text.error().text()));
    co_return sse_stream(world.loop, fixture_response(std::move(*text)), wire.decoder(prompt), {}, idle_timeout());
  }
  auto built = wire.body(prompt, settings, o.thread_id, o.provider);
  if (!built) co_return ModelFail(built.error());
  std::string body = std::move(*built);
  bool zstd = o.compress_requests && client_.auth().mode == Auth::Mode::chatgpt && o.provider.name == "OpenAI" &&
              o.provider.wire_api == config::WireApi::responses;
  if (zstd) {
    if (sets_encoding(o.provider)) {
      co_return ModelFail(stream_error("request compression was requested but content-encoding is already set"));
    }
    body = compress(body);
    if (body.empty()) co_return ModelFail(stream_error("the request could not be compressed"));
  }
  auto headers = [&](const Credential& credential) {
    auto out = responses_headers(o.identity, o.provider, credential, turn_headers(turn_metadata), world.env, zstd);
    wire.adapt(out, credential);
    return out;
  };
  auto response = co_await client_.post(wire.path(), std::move(body), headers);
  if (!response) co_return ModelFail(response.error());
  if (auto state = (*response)->header("x-codex-turn-state"); state && turn_state_.empty()) {
    turn_state_ = std::string(*state);
  }
  header_events(**response, before);
  co_return sse_stream(world.loop, std::move(*response), wire.decoder(prompt), std::move(before), idle_timeout());
}

io::Task<tl::expected<std::unique_ptr<EventStream>, ModelSession::ConnectFailure>> ModelSession::stream_over_websocket(
    const Prompt& prompt, const TurnSettings& settings, const TurnMetadata& turn_metadata) {
  WsHealth& health = *client_.health_;
  if (!ws_->open()) {
    io::Time start = client_.world().loop.now();
    auto connected = co_await connect(turn_metadata, client_.handshake_patience());
    health.waited += client_.world().loop.now() - start;
    if (!connected) co_return tl::unexpected(std::move(connected.error()));
  }
  auto sent = co_await send_create(prompt, settings, turn_metadata, true);
  if (!sent) co_return tl::unexpected(ConnectFailure{std::move(sent.error()), false});
  co_return std::move(*sent);
}

io::Task<ModelSession::Stream> ModelSession::send_create(const Prompt& prompt, const TurnSettings& settings,
                                                         const TurnMetadata& turn_metadata, bool generate) {
  const ClientOptions& o = client_.options();
  WsState::Request request{body_without_input(prompt, settings, o.thread_id), {}};
  if (prompt.digests != nullptr) {
    request.input = *prompt.digests;
  } else {
    for (auto item : prompt.input) request.input.push_back(hash64(item));
  }
  auto base = ws_->take_base(request);
  std::string metadata = turn_metadata ? turn_metadata() : std::string();
  CreateFields fields{.previous_response_id = base ? std::string_view(base->response_id) : std::string_view(),
                      .first_item = base ? base->items : 0,
                      .generate = generate,
                      .store = is_azure(o.provider),
                      .turn_metadata = metadata};
  std::string message = build_create_message(prompt, settings, o.thread_id, fields);
  ws_->last_request = std::move(request);
  co_return co_await ask(client_.world(), ws_, client_.health_, std::move(message), idle_timeout());
}

io::Task<tl::expected<void, ModelSession::ConnectFailure>> ModelSession::connect(const TurnMetadata& turn_metadata,
                                                                                 io::Span deadline) {
  auto recovery = client_.recovery();
  for (;;) {
    auto credential = co_await client_.credential();
    if (!credential) co_return tl::unexpected(ConnectFailure{credential.error()});
    auto connected = co_await shake_hands(*credential, turn_metadata, deadline);
    if (connected) co_return connected;
    auto recovered = co_await ModelClient::recover(&recovery, connected.error().error);
    if (!recovered) co_return tl::unexpected(ConnectFailure{recovered.error()});
    if (!*recovered) co_return connected;
  }
}

io::Task<tl::expected<void, ModelSession::ConnectFailure>> ModelSession::shake_hands(const Credential& credential,
                                                                                     const TurnMetadata& turn_metadata,
                                                                                     io::Span deadline) {
  io::World& world = client_.world();
  const ClientOptions& o = client_.options();
  io::WsRequest request{.url = client_.websocket_url(),
                        .headers = websocket_headers(o.identity, o.provider, credential, turn_headers(turn_metadata),
                                                     world.env, o.timing_metrics),
                        .connect_timeout = deadline,
                        .pool = &world.pool};
  std::string url = request.url;
  ws_->clear();
  auto opened = co_await io::with_deadline(deadline, "WebSocket handshake with " + url,
                                           io::open_websocket(world.http, world.random, std::move(request)));
  if (!opened) {
    client_.health_->failed(opened.error().what);
    log(Level::debug, "model", "WebSocket: {}", opened.error().text());
    co_return tl::unexpected(ConnectFailure{stream_error(opened.error().what)});
  }
  if (opened->refused) {
    const auto& no = *opened->refused;
    log(Level::debug, "model", "WebSocket refused with HTTP status {}", no.status);
    WholeReply reply(no.status, no.headers);
    auto error = status_error(no.status, reply, no.body, url, world.clock.now_ms() / 1000);
    co_return tl::unexpected(ConnectFailure{std::move(error), no.status == 426});
  }
  log(Level::debug, "model", "WebSocket connected to {}", url);
  WholeReply reply(101, std::move(opened->headers));
  if (auto state = reply.header("x-codex-turn-state"); state && turn_state_.empty()) turn_state_ = std::string(*state);
  ws_->greeting = greeting_of(reply);
  ws_->socket = std::move(opened->socket);
  co_return tl::expected<void, ConnectFailure>();
}

io::Task<ModelResult<>> ModelSession::preconnect(const ModelInfo& model, const TurnMetadata& turn_metadata) {
  if (!client_.websocket_active(model) || ws_->open()) co_return ModelResult<>();
  const int failures = client_.health_->failures;
  auto connected = co_await connect(turn_metadata, handshake_deadline);
  client_.health_->failures = failures;
  if (!connected) co_return ModelFail(std::move(connected.error().error));
  co_return ModelResult<>();
}

bool ModelSession::gives_up_websocket(const ModelInfo& model) const {
  return client_.websocket_active(model) && !ws_->open() && client_.health_->exhausted();
}

io::Task<ModelResult<>> ModelSession::prewarm(const Prompt& prompt, const TurnSettings& settings,
                                              const TurnMetadata& turn_metadata, io::Event* connected) {
  if (!client_.websocket_active(settings.model) || ws_->last_request) co_return ModelResult<>();
  const int failures = client_.health_->failures;
  auto opened = co_await connect(turn_metadata, handshake_deadline);
  client_.health_->failures = failures;
  connected->set();
  if (!opened) {
    if (opened.error().upgrade_required) switch_to_http_fallback(settings.model);
    co_return ModelFail(std::move(opened.error().error));
  }
  auto stream = co_await send_create(prompt, settings, turn_metadata, false);
  if (!stream) co_return ModelFail(std::move(stream.error()));
  for (;;) {
    auto events = co_await (*stream)->next();
    if (!events) {
      client_.health_->failures = failures;
      co_return ModelFail(std::move(events.error()));
    }
    if (events->empty()) co_return ModelResult<>();
  }
}

bool ModelSession::switch_to_http_fallback(const ModelInfo& model) {
  if (!client_.websocket_active(model)) return false;
  const std::string& home = client_.options().home;
  // Other reasons than the network are the server's to change at any time.
  if (client_.health_->exhausted() && !home.empty()) {
    remember_websocket_broken(client_.world(), home, client_.websocket_url());
  }
  client_.websockets_disabled_ = true;
  ws_->clear();
  if (client_.idle_state_) client_.idle_state_->clear();
  return true;
}

}  // namespace burin::model

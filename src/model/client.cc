#include "model/client.h"

#include <zstd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "model/backoff.h"
#include "model/rate_limits.h"
#include "model/sse.h"
#include "model/stream_decoder.h"

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

/// What the response's headers say, as events that precede the stream's (model-client.md 8.1).
void header_events(const io::HttpResponse& response, std::vector<wire::ModelEvent>& out) {
  if (auto model = response.header("openai-model")) out.push_back(wire::ServerModel{std::string(*model)});
  for (auto& snapshot : parse_rate_limits(response.headers())) out.push_back(wire::RateLimits{std::move(snapshot)});
  if (auto etag = response.header("x-models-etag")) out.push_back(wire::ModelsEtag{std::string(*etag)});
  if (response.header("x-reasoning-included")) out.push_back(wire::ReasoningIncluded{});
}

/// A response whose body is server-sent events.
class SseStream : public EventStream {
 public:
  SseStream(io::Loop& loop, std::unique_ptr<io::HttpResponse> response, io::Span idle)
      : loop_(loop), response_(std::move(response)), idle_(idle) {
    header_events(*response_, events_);
  }

  io::Task<ModelResult<std::span<wire::ModelEvent>>> next() override {
    if (fresh_) {
      fresh_ = false;
      last_event_ = loop_.now();
      if (!events_.empty()) co_return std::span(events_);
    }
    if (decoder_.completed()) co_return std::span<wire::ModelEvent>();
    events_.clear();
    while (events_.empty()) {
      io::Span left = std::max(last_event_ + idle_ - loop_.now(), io::Span::zero());
      auto piece = co_await io::with_deadline(left, "stream", response_->read());
      if (!piece) {
        if (piece.error().kind == Kind::timeout) co_return ModelFail(stream_error("idle timeout waiting for SSE"));
        co_return ModelFail(stream_error("Transport error: network error: " + piece.error().what));
      }
      if (piece->empty()) {
        if (decoder_.error()) co_return ModelFail(*decoder_.error());
        co_return ModelFail(stream_error("stream closed before response.completed"));
      }
      if (!feed(*piece)) {
        co_return ModelFail(stream_error("an event of the stream is larger than 256 MiB"));
      }
      if (decoder_.fatal()) co_return ModelFail(*decoder_.error());
    }
    co_return std::span(events_);
  }

 private:
  bool feed(std::string_view piece) {
    return parser_.feed(piece, [this](std::string_view data) {
      last_event_ = loop_.now();
      if (!decoder_.completed() && !decoder_.fatal()) decoder_.feed(data, events_);
    });
  }

  io::Loop& loop_;
  std::unique_ptr<io::HttpResponse> response_;
  io::Span idle_;
  io::Time last_event_{};
  SseParser parser_;
  StreamDecoder decoder_;
  std::vector<wire::ModelEvent> events_;
  bool fresh_ = true;
};

/// The offline fixture (model-client.md 8.7): a file in which every line is followed by a blank one.
class FixtureResponse : public io::HttpResponse {
 public:
  explicit FixtureResponse(std::string text) : text_(replace_all(text, "\n", "\n\n")) {}
  int status() const override { return 200; }
  const io::Headers& headers() const override { return headers_; }
  io::Task<Result<std::string_view>> read() override {
    if (done_) co_return std::string_view();
    done_ = true;
    co_return std::string_view(text_);
  }

 private:
  std::string text_;
  io::Headers headers_;
  bool done_ = false;
};

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
    co_return std::make_unique<SseStream>(world.loop, std::make_unique<FixtureResponse>(std::move(*text)), idle);
  }
  std::string body = build_body(prompt, settings, o.thread_id, is_azure(o.provider));
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
    return responses_headers(o.identity, o.provider, credential, turn, world.env, zstd);
  };
  auto response = co_await client_.post("responses", std::move(body), headers);
  if (!response) co_return ModelFail(response.error());
  if (auto state = (*response)->header("x-codex-turn-state"); state && turn_state_.empty()) {
    turn_state_ = std::string(*state);
  }
  co_return std::make_unique<SseStream>(world.loop, std::move(*response), idle);
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

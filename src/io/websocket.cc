#include "io/websocket.h"

#include "base/log.h"
#include "base/text.h"
#include "io/http_response_parser.h"
#include "io/proxy.h"

namespace burin::io {

namespace websocket_detail {

constexpr std::size_t max_refusal = 1 << 20;
/// Compressing as much takes some milliseconds.
constexpr std::size_t large_message = 256 << 10;
/// Messages that may wait for their reader before the peer has to wait (model-client.md 17: the event queue).
constexpr std::size_t max_queued = 1600;
constexpr std::size_t max_queued_bytes = 32 << 20;

class RealWebSocket : public WebSocket, Connection::Listener {
 public:
  RealWebSocket(std::unique_ptr<Connection> connection, Random& random, Pool* pool, std::string key)
      : connection_(std::move(connection)), random_(random), pool_(pool), key_(std::move(key)), parser_(max_refusal) {}

  Task<Result<WsOpened>> shake_hands(std::string head) {
    connection_->listen(*this);
    connection_->send(std::move(head));
    while (!answered()) co_await Wait(this);
    if (!parser_.done()) {
      co_return fail(Kind::unavailable, end_ ? "connection closed before the WebSocket handshake ended"
                                             : "the server's answer is not HTTP");
    }
    WsOpened out;
    out.headers = std::move(parser_.headers);
    if (parser_.status != 101) {
      out.refused = WsRefusal{parser_.status, std::move(out.headers), std::move(parser_.body)};
      out.headers.clear();
      co_return out;
    }
    if (!problem_.empty()) co_return fail(Kind::unavailable, problem_);
    co_return out;
  }

  bool open() const override { return !end_; }
  const std::optional<WsEnd>& end() const override { return end_; }

  Task<Result<>> send(std::string_view text) override {
    if (end_)
      co_return fail(Kind::unavailable, end_->how == WsEnd::How::broken ? end_->text : "Connection closed normally");
    auto key = mask();
    if (pool_ != nullptr && text.size() >= large_message) {
      auto bytes = co_await offload(*pool_, [&] { return encoder_->message(WsKind::text, text, key); });
      connection_->send(std::move(bytes));
    } else {
      connection_->send(encoder_->message(WsKind::text, text, key));
    }
    co_return co_await connection_->flushed();
  }

  Task<std::vector<WsItem>> receive() override {
    while (queue_.empty() && !end_) co_await Wait(this);
    std::vector<WsItem> out = std::move(queue_);
    queue_.clear();
    queued_bytes_ = 0;
    if (!end_) connection_->pause(false);
    co_return out;
  }

  void discard() override {
    queue_.clear();
    queued_bytes_ = 0;
    if (!end_) connection_->pause(false);
  }

  void close() override {
    if (end_) return;
    connection_->send(encoder_->close(ws_no_code, {}, mask()));
    end_ = WsEnd{.how = WsEnd::How::eof, .text = "closed"};
    wake();
  }

 private:
  struct Wait : Park {
    explicit Wait(RealWebSocket* s) : socket(s) {}
    void arm() override { socket->waiter_ = this; }
    void disarm() override { socket->waiter_ = nullptr; }
    RealWebSocket* socket;
  };

  bool answered() const { return parser_.done() || parser_.failed() || end_; }
  std::uint32_t mask() { return static_cast<std::uint32_t>(random_.next()); }
  void wake() {
    if (waiter_ != nullptr) std::exchange(waiter_, nullptr)->wake();
  }

  void on_bytes(std::string_view bytes) override {
    if (!decoder_) {
      std::size_t used = parser_.feed(bytes);
      bytes.remove_prefix(used);
      if (!parser_.done() || parser_.status != 101) {
        if (answered()) wake();
        return;
      }
      // Frames may follow the answer in the same packet.
      upgrade();
      wake();
    }
    if (end_ || bytes.empty()) return;
    items_.clear();
    auto fed = decoder_->feed(bytes, items_);
    for (auto& item : items_) take(std::move(item));
    if (!fed && !end_) {
      connection_->send(encoder_->close(fed.error().code, {}, mask()));
      end_ = WsEnd{.how = WsEnd::How::broken, .code = fed.error().code, .text = fed.error().text};
    }
    if (!queue_.empty() || end_) wake();
    if (queue_.size() > max_queued || queued_bytes_ > max_queued_bytes) connection_->pause(true);
  }

  void on_end(std::optional<Error> error) override {
    if (!decoder_) parser_.end();
    if (!end_) {
      end_ = error ? WsEnd{.how = WsEnd::How::broken, .text = error->what} : WsEnd{.how = WsEnd::How::eof, .text = {}};
    }
    wake();
  }

  void take(WsItem item) {
    if (end_) return;
    switch (item.kind) {
      case WsKind::ping:
        connection_->send(encoder_->control(WsKind::pong, item.data, mask()));
        return;
      case WsKind::pong:
        return;
      case WsKind::close:
        connection_->send(encoder_->close(item.close_code, {}, mask()));
        end_ = WsEnd{.how = WsEnd::How::close_frame, .code = item.close_code, .text = std::move(item.data)};
        return;
      default:
        queued_bytes_ += item.data.size();
        queue_.push_back(std::move(item));
    }
  }

  std::optional<std::string_view> header(std::string_view name) const {
    for (const auto& [n, value] : parser_.headers) {
      if (equals_ignore_case(n, name)) return value;
    }
    return std::nullopt;
  }

  /// The 101 has arrived: checks it (RFC 6455 4.1) and begins to read frames.
  void upgrade() {
    std::shared_ptr<WsDeflate> deflate;
    if (!equals_ignore_case(header("upgrade").value_or(""), "websocket") ||
        header("sec-websocket-accept") != ws_accept_key(key_)) {
      problem_ = "the server's answer is not that of a WebSocket";
    } else if (auto params = read_deflate_answer(header("sec-websocket-extensions").value_or("")); !params) {
      problem_ = params.error().what;
    } else if (*params) {
      deflate = WsDeflate::create(**params, false);
    }
    decoder_.emplace(WsRole::client, deflate);
    encoder_.emplace(WsRole::client, deflate);
    if (!problem_.empty()) end_ = WsEnd{.how = WsEnd::How::broken, .text = problem_};
  }

  std::unique_ptr<Connection> connection_;
  Random& random_;
  Pool* pool_;
  std::string key_;
  HttpResponseParser parser_;
  std::string problem_;  // with the 101
  std::optional<WsDecoder> decoder_;
  std::optional<WsEncoder> encoder_;
  std::vector<WsItem> items_;  // of the bytes that are being read
  std::vector<WsItem> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<WsEnd> end_;
  Park* waiter_ = nullptr;
};

/// Path and query of a URL.
std::string request_target(std::string_view url) {
  auto at = url.find("://");
  at = url.find_first_of("/?", at == std::string_view::npos ? 0 : at + 3);
  if (at == std::string_view::npos) return "/";
  auto target = url.substr(at, url.find('#', at) - at);
  return target.starts_with('/') ? std::string(target) : "/" + std::string(target);
}

/// Host and, unless it is the scheme's own, port.
std::string host_header(const Endpoint& endpoint) {
  bool secure = endpoint.scheme == "wss" || endpoint.scheme == "https";
  std::string host = contains(endpoint.host, ":") ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != (secure ? 443 : 80)) host += fmt::format(":{}", endpoint.port);
  return host;
}

Result<std::string> handshake(const WsRequest& request, std::string_view key) {
  TRY(auto endpoint, parse_endpoint(request.url));
  std::string head = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: {}\r\n",
      request_target(request.url), host_header(endpoint), key);
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || (name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fail(Kind::invalid, fmt::format("header {} cannot be sent: it holds a line end or NUL", name));
    }
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (request.deflate) head += fmt::format("Sec-WebSocket-Extensions: {}\r\n", ws_deflate_offer);
  return head + "\r\n";
}

}  // namespace websocket_detail

using namespace websocket_detail;

Task<Result<WsOpened>> open_websocket(Http& http, Random& random, WsRequest request) {
  std::string nonce;
  for (int i = 0; i < 2; ++i) {
    std::uint64_t n = random.next();
    nonce.append(reinterpret_cast<const char*>(&n), sizeof n);
  }
  std::string key = base64(nonce);
  CO_TRY(auto head, handshake(request, key));
  CO_TRY(auto connection, co_await http.connect({.url = request.url, .connect_timeout = request.connect_timeout}));
  auto socket = std::make_unique<RealWebSocket>(std::move(connection), random, request.pool, std::move(key));
  CO_TRY(auto opened, co_await socket->shake_hands(std::move(head)));
  if (!opened.refused) opened.socket = std::move(socket);
  co_return opened;
}

}  // namespace burin::io

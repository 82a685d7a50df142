#include "io/curl_connection.h"

#include <array>

#include "base/text.h"

namespace burin::io {

namespace curl_connection_detail {

class CurlConnection : public Connection {
 public:
  CurlConnection(Loop& loop, const CurlApi& api) : loop_(loop), api_(api), multi_(loop) {
    multi_.open(api);
    multi_.on_done = [this](CURL*, CURLcode code) {
      code_ = code;
      connected_.set();
    };
  }
  ~CurlConnection() override {
    if (kick_ != 0) loop_.cancel_timer(kick_);
    if (fd_ != CURL_SOCKET_BAD) loop_.unwatch(fd_);
    if (easy_ == nullptr) return;
    multi_.remove(easy_);
    api_.easy_cleanup(easy_);
  }

  Task<Result<>> connect(const ConnectRequest& request, const Environment& env, const CurlTrust& trust) {
    CO_TRY(endpoint_, parse_endpoint(request.url));
    easy_ = api_.easy_init();
    auto set = [&](CURLoption option, auto value) { api_.easy_setopt(easy_, option, value); };
    url_ = request.url;
    // curl knows no ws scheme; the connection below is the same.
    if (url_.starts_with("ws")) url_.replace(0, 2, "http");
    set(CURLOPT_URL, url_.c_str());
    set_connection_options(api_, easy_, endpoint_, env, trust, request.use_proxy, request.connect_timeout,
                           error_buffer_.data());
    set(CURLOPT_CONNECT_ONLY, 1L);
    set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    set(CURLOPT_SSL_ENABLE_ALPN, 0L);
    CO_CHECK(multi_.add(easy_));
    co_await connected_.wait();
    if (code_ == CURLE_OK) code_ = api_.easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &fd_);
    if (code_ == CURLE_OK && fd_ == CURL_SOCKET_BAD) code_ = CURLE_COULDNT_CONNECT;
    if (code_ != CURLE_OK) co_return Fail(curl_error(api_, easy_, code_, endpoint_, error_buffer_.data()));
    co_return Result<>();
  }

  void listen(Listener& listener) override {
    listener_ = &listener;
    // TLS may hold bytes that came with the handshake, of which the socket will not tell.
    read_soon();
    rewatch();
  }

  void pause(bool paused) override {
    if (std::exchange(paused_, paused) == paused || ended_) return;
    rewatch();
    if (!paused) read_soon();
  }

  void send(std::string bytes) override {
    if (ended_ || error_) return;
    if (out_at_ == out_.size()) {
      out_ = std::move(bytes);
      out_at_ = 0;
    } else {
      out_.erase(0, std::exchange(out_at_, 0));
      out_ += bytes;
    }
    transmit();
  }

  Task<Result<>> flushed() override {
    while (!error_ && out_at_ < out_.size()) co_await Drain(this);
    if (error_) co_return Fail(*error_);
    co_return Result<>();
  }

 private:
  struct Drain : Park {
    explicit Drain(CurlConnection* c) : connection(c) {}
    void arm() override { connection->drain_ = this; }
    void disarm() override { connection->drain_ = nullptr; }
    CurlConnection* connection;
  };

  /// Reads on with the next round of the loop.
  void read_soon() {
    if (kick_ != 0) return;
    kick_ = loop_.timer(loop_.now(), [this] {
      kick_ = 0;
      receive();
    });
  }

  void rewatch() {
    std::uint32_t events = 0;
    if (!paused_ && !ended_) events |= Loop::in;
    if (out_at_ < out_.size() && !error_) events |= Loop::out;
    if (events == watched_) return;
    watched_ = events;
    loop_.unwatch(fd_);
    if (events == 0) return;
    loop_.watch(fd_, events, [this](std::uint32_t ready) {
      if ((ready & (Loop::out | Loop::error)) != 0) transmit();
      if ((ready & (Loop::in | Loop::error)) != 0) receive();
    });
  }

  /// Sends what it can; the rest when the socket is writable again.
  void transmit() {
    while (out_at_ < out_.size() && !error_) {
      std::size_t n = 0;
      CURLcode code = api_.easy_send(easy_, out_.data() + out_at_, out_.size() - out_at_, &n);
      if (code == CURLE_AGAIN) break;
      if (code != CURLE_OK) {
        error_ = curl_error(api_, easy_, code, endpoint_, error_buffer_.data());
        break;
      }
      out_at_ += n;
    }
    if (out_at_ == out_.size()) {
      out_.clear();
      out_.shrink_to_fit();
      out_at_ = 0;
    }
    if ((out_.empty() || error_) && drain_ != nullptr) std::exchange(drain_, nullptr)->wake();
    rewatch();
  }

  /// Reads until nothing is left: TLS may hold bytes that the socket does not show. The listener may pause meanwhile.
  void receive() {
    std::array<char, 16 * 1024> buffer;
    for (int rounds = 0; !paused_ && !ended_; ++rounds) {
      std::size_t n = 0;
      CURLcode code = api_.easy_recv(easy_, buffer.data(), buffer.size(), &n);
      if (code == CURLE_AGAIN) return;
      if (code == CURLE_OK && n > 0) {
        listener_->on_bytes({buffer.data(), n});
        if (rounds < fair_rounds) continue;
        // Others get the loop; the rest comes with the next round.
        read_soon();
        return;
      }
      ended_ = true;
      rewatch();
      std::optional<Error> why;
      if (code != CURLE_OK) why = curl_error(api_, easy_, code, endpoint_, error_buffer_.data());
      listener_->on_end(std::move(why));
      return;
    }
  }

  static constexpr int fair_rounds = 16;

  Loop& loop_;
  const CurlApi& api_;
  CurlMulti multi_;
  CURL* easy_ = nullptr;
  Endpoint endpoint_;
  std::string url_;
  std::array<char, CURL_ERROR_SIZE> error_buffer_{};
  CURLcode code_ = CURLE_OK;
  Event connected_;
  curl_socket_t fd_ = CURL_SOCKET_BAD;

  Listener* listener_ = nullptr;
  std::uint64_t kick_ = 0;
  std::uint32_t watched_ = 0;
  bool paused_ = false;
  bool ended_ = false;
  std::string out_;  // not yet sent from out_at_ on
  std::size_t out_at_ = 0;
  Park* drain_ = nullptr;  // waits for everything to be sent
  std::optional<Error> error_;
};

}  // namespace curl_connection_detail

Task<Result<std::unique_ptr<Connection>>> curl_connect(Loop& loop, const CurlApi& api, const Environment& env,
                                                       const CurlTrust& trust, ConnectRequest request) {
  auto connection = std::make_unique<curl_connection_detail::CurlConnection>(loop, api);
  CO_CHECK(co_await connection->connect(request, env, trust));
  co_return connection;
}

}  // namespace burin::io

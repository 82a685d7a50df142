#include "io/http_server.h"

#include <cerrno>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "io/fd.h"
#include "io/http.h"
#include "io/loop.h"

namespace burin::io {

namespace http_server_detail {

constexpr std::size_t inbound_limit = 1 << 20;

/// Two numbers for one socket, because the loop watches each descriptor for one purpose at a time. They are closed only
/// with the connection, when no task can be waiting on them any more.
struct Connection {
  Connection(Fd socket, std::size_t n) : in(std::move(socket)), out(::fcntl(in.get(), F_DUPFD_CLOEXEC, 3)), number(n) {
    int one = 1;
    ::setsockopt(in.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }

  /// One read without waiting into `inbound`. Returns errno; 0 with `ended` set at the end of the stream.
  int receive() {
    char buffer[16 << 10];
    ssize_t n = ::recv(in.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0) return errno;
    ended = n == 0;
    inbound.append(buffer, static_cast<std::size_t>(n));
    return 0;
  }

  Fd in, out;
  std::size_t number;
  std::string inbound;
  bool ended = false;   // the client sends nothing more
  bool closed = false;  // we send nothing more
};

/// Waits for more bytes. False at the end of the stream or when the connection broke.
Task<Result<bool>> fill(Connection* c) {
  while (!c->ended) {
    int sys = c->receive();
    if (sys == 0) co_return !c->ended;
    if (sys == EAGAIN) {
      co_await readable(c->in.get());
    } else if (sys != EINTR) {
      c->ended = true;
      co_return fail_errno(sys, "cannot read from the client");
    }
  }
  co_return false;
}

Task<Result<>> send_all(Connection* c, std::string bytes) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    if (c->closed) co_return fail_errno(EPIPE, "the connection is closed");
    ssize_t n = ::send(c->out.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      co_await writable(c->out.get());
    } else if (errno != EINTR) {
      co_return fail_errno(errno, "cannot write to the client");
    }
  }
  co_return Result<>();
}

class Exchange : public ServerExchange {
 public:
  Exchange(Connection* c, ServerRequest request) : c_(c), request_(std::move(request)) {}

  const ServerRequest& request() const override { return request_; }
  std::size_t connection() const override { return c_->number; }
  Task<Result<>> write(std::string bytes) override { return send_all(c_, std::move(bytes)); }

  Task<Result<std::string>> read() override {
    if (c_->inbound.empty()) CO_CHECK(co_await fill(c_));
    co_return std::exchange(c_->inbound, {});
  }

  Task<> peer_closed() override {
    while (c_->inbound.size() < inbound_limit) {
      auto more = co_await fill(c_);
      if (!more || !*more) co_return;
    }
  }

  void close() override {
    c_->closed = true;
    ::shutdown(c_->in.get(), SHUT_RDWR);
  }

  void reset() override {
    c_->closed = true;
    // Dissolving the association sends the reset at once, while the descriptors stay ours.
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    ::connect(c_->in.get(), &nobody, sizeof nobody);
  }

  bool reusable() const { return complete_ && !c_->closed && !c_->ended && request_.keeps_alive(); }

 private:
  Connection* c_;
  ServerRequest request_;
};

/// Tells the client what was wrong and lets it read that before the connection ends.
Task<> refuse(Connection* c, int status, std::string text) {
  Exchange exchange(c, {});
  text += '\n';
  if (!co_await exchange.respond(status, {{"content-type", "text/plain"}, {"connection", "close"}}, text)) co_return;
  ::shutdown(c->out.get(), SHUT_WR);
  // A socket that is closed with unread bytes sends a reset, which may overtake the answer.
  static auto drain = [](Connection* connection) -> Task<Result<>> {
    for (;;) {
      auto more = co_await fill(connection);
      if (!more || !*more) co_return Result<>();
      connection->inbound.clear();
    }
  };
  (void)co_await with_deadline(seconds(1), "client", drain(c));
}

class Server : public HttpServer {
 public:
  Server(Loop& loop, Handler handler, Fd listener, std::uint16_t port)
      : handler_(std::move(handler)), listener_(std::move(listener)), port_(port), scope_(Ctx{&loop, &loop.root}) {
    scope_.spawn(accept_all(this));
  }

  std::uint16_t port() const override { return port_; }
  std::size_t open_connections() const override { return open_; }
  Task<> stop() override {
    scope_.cancel(Why::shutdown);
    co_await scope_.join();
  }

 private:
  static Task<> accept_all(Server* server) {
    for (;;) {
      Fd socket(::accept4(server->listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket) {
        server->scope_.spawn(serve(server, std::move(socket)));
      } else if (errno == EAGAIN) {
        co_await readable(server->listener_.get());
      } else {
        // Out of descriptors, or a client that left the queue: neither is a reason to stop listening.
        co_await sleep(milliseconds(5));
      }
    }
  }

  static Task<> serve(Server* server, Fd socket) {
    struct Counted {
      explicit Counted(std::size_t* n) : count(n) { ++*count; }
      ~Counted() { --*count; }
      Counted(const Counted&) = delete;
      Counted& operator=(const Counted&) = delete;
      std::size_t* count;
    };
    Counted counted(&server->open_);
    Connection c(std::move(socket), server->arrived_++);
    RequestParser parser;
    while (co_await read_request(&c, &parser)) {
      Exchange exchange(&c, parser.take());
      co_await server->handler_(exchange);
      if (!exchange.reusable()) co_return;
    }
  }

  /// False when the connection is over, or the request was refused.
  static Task<bool> read_request(Connection* c, RequestParser* parser) {
    for (;;) {
      c->inbound.erase(0, parser->feed(c->inbound));
      if (parser->failed()) {
        co_await refuse(c, parser->error_status(), parser->error_text());
        co_return false;
      }
      if (parser->done()) co_return true;
      if (parser->take_expectation() && !co_await send_all(c, "HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
      auto more = co_await fill(c);
      if (!more || !*more) co_return false;
    }
  }

  Handler handler_;
  Fd listener_;
  std::uint16_t port_;
  std::size_t arrived_ = 0;
  std::size_t open_ = 0;
  Scope scope_;
};

}  // namespace http_server_detail

Result<std::unique_ptr<HttpServer>> HttpServer::start(Loop& loop, Handler handler, std::uint16_t port) {
  Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener) return fail_errno(errno, "cannot open a socket");
  int one = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), 128) != 0 ||
      ::getsockname(listener.get(), generic, &size) != 0) {
    return fail_errno(errno, fmt::format("cannot listen on 127.0.0.1 port {}", port));
  }
  return std::make_unique<http_server_detail::Server>(loop, std::move(handler), std::move(listener),
                                                      ntohs(address.sin_port));
}

std::string HttpServer::url() const { return fmt::format("http://127.0.0.1:{}", port()); }

Task<Result<>> ServerExchange::head(int status, Headers headers, std::string reason) {
  if (reason.empty()) reason = reason_phrase(status);
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", status, reason);
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  co_return co_await write(text + "\r\n");
}

Task<Result<>> ServerExchange::chunk(std::string bytes) {
  // An empty chunk would end the body.
  if (bytes.empty()) co_return Result<>();
  co_return co_await write(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
}

Task<Result<>> ServerExchange::finish() {
  complete_ = true;
  co_return co_await write("0\r\n\r\n");
}

Task<Result<>> ServerExchange::respond(int status, Headers headers, std::string body) {
  auto named = [&](std::string_view wanted) {
    auto it =
        std::find_if(headers.begin(), headers.end(), [&](auto& h) { return equals_ignore_case(h.first, wanted); });
    return it == headers.end() ? std::nullopt : std::optional<std::string_view>(it->second);
  };
  complete_ = !equals_ignore_case(named("connection").value_or(""), "close");
  if (!named("content-length")) headers.emplace_back("content-length", std::to_string(body.size()));
  CO_CHECK(co_await head(status, std::move(headers)));
  if (request().method == "HEAD") co_return Result<>();
  co_return co_await write(std::move(body));
}

}  // namespace burin::io

#include "io/fault_relay.h"

#include <cerrno>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/fd.h"
#include "io/loop.h"

namespace burin::io {

namespace fault_relay_detail {

using Fault = FaultPlan::Fault;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Fd new_socket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

/// Two numbers for one socket: one is read, the other written.
struct Side {
  explicit Side(Fd socket) : in(std::move(socket)), out(::fcntl(in.get(), F_DUPFD_CLOEXEC, 3)) {
    int one = 1;
    ::setsockopt(in.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  Fd in, out;
  bool finished = false;  // we send nothing more
};

Task<std::string> read_some(Side* side) {
  char buffer[16 << 10];
  for (;;) {
    ssize_t n = ::recv(side->in.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n >= 0) co_return std::string(buffer, static_cast<std::size_t>(n));
    if (errno != EAGAIN && errno != EINTR) co_return std::string();
    if (errno == EAGAIN) co_await readable(side->in.get());
  }
}

Task<bool> write_all(Side* side, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::send(side->out.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      co_await writable(side->out.get());
    } else if (errno != EINTR) {
      co_return false;
    }
  }
  co_return true;
}

void end(Side* side) {
  if (!std::exchange(side->finished, true)) ::shutdown(side->out.get(), SHUT_WR);
}

/// Closing, which happens when nobody waits for the socket any more, sends RST.
void reset_on_close(Side* side) {
  linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(side->in.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

class Relay : public FaultRelay {
 public:
  Relay(Loop& loop, std::uint16_t target, std::function<FaultPlan(std::size_t)> plan)
      : target_(target), plan_(std::move(plan)), scope_(Ctx{&loop, &loop.root}) {}

  Result<> listen() {
    listener_ = new_socket();
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    bool good = listener_ && ::bind(listener_.get(), raw, size) == 0 && ::listen(listener_.get(), 128) == 0 &&
                ::getsockname(listener_.get(), raw, &size) == 0;
    if (!good) return fail_errno(errno, "cannot listen");
    port_ = ntohs(address.sin_port);
    scope_.spawn(accept(this));
    return {};
  }

  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return connections_; }
  std::size_t answered() const override { return answered_; }
  Task<> stop() override {
    scope_.cancel(Why::finished);
    co_await scope_.join();
  }

 private:
  static Task<> accept(Relay* self) {
    for (;;) {
      Fd client(::accept4(self->listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (client) {
        self->scope_.spawn(serve(self, std::move(client), self->connections_++));
      } else if (errno == EAGAIN) {
        co_await readable(self->listener_.get());
      } else if (errno != EINTR && errno != ECONNABORTED) {
        co_return;
      }
    }
  }

  static Task<> serve(Relay* self, Fd accepted, std::size_t number) {
    Side client(std::move(accepted));
    Fd socket = new_socket();
    auto address = loopback(self->target_);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      if (errno != EINPROGRESS) co_return;
      co_await writable(socket.get());
    }
    Side server(std::move(socket));
    Scope scope(co_await Here{});
    scope.spawn(pass_on(&client, &server));
    std::exception_ptr stopped;
    try {
      co_await answer(self, &server, &client, self->plan_(number));
    } catch (const Cancelled&) {
      stopped = std::current_exception();
    }
    scope.cancel(Why::finished);
    co_await scope.join();
    if (stopped) std::rethrow_exception(stopped);
  }

  static Task<> pass_on(Side* client, Side* server) {
    for (;;) {
      auto bytes = co_await read_some(client);
      if (bytes.empty()) break;
      if (!co_await write_all(server, bytes)) break;
    }
    end(server);
  }

  static Task<> answer(Relay* self, Side* server, Side* client, FaultPlan plan) {
    std::size_t passed = 0;
    for (;;) {
      auto bytes = co_await read_some(server);
      self->answered_ += bytes.size();
      if (bytes.empty()) break;
      std::size_t whole = bytes.size();
      if (plan.fault != Fault::none) whole = std::min(whole, plan.after - std::min(plan.after, passed));
      if (!co_await write_all(client, std::string_view(bytes).substr(0, whole))) co_return;
      passed += whole;
      if (whole == bytes.size()) continue;
      if (plan.fault == Fault::dribble) {
        for (char c : std::string_view(bytes).substr(whole)) {
          co_await sleep(plan.pause);
          if (!co_await write_all(client, {&c, 1})) co_return;
        }
        continue;
      }
      if (plan.fault == Fault::stall) {
        while (!(co_await read_some(server)).empty()) {
        }
        co_await sleep(std::chrono::hours(24));
      }
      if (plan.fault == Fault::reset) reset_on_close(client);
      co_return;
    }
    end(client);
  }

  std::uint16_t target_;
  std::function<FaultPlan(std::size_t)> plan_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::size_t connections_ = 0;
  std::size_t answered_ = 0;
  Scope scope_;
};

}  // namespace fault_relay_detail

Result<std::unique_ptr<FaultRelay>> FaultRelay::start(Loop& loop, std::uint16_t target,
                                                      std::function<FaultPlan(std::size_t)> plan) {
  auto relay = std::make_unique<fault_relay_detail::Relay>(loop, target, std::move(plan));
  CHECK(relay->listen());
  return std::unique_ptr<FaultRelay>(std::move(relay));
}

}  // namespace burin::io

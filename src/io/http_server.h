// A small HTTP/1.1 server on the loop: the peer of our own client in tests, the ground on which the scripted model
// server stands, and the listener that a browser comes back to after a login. It serves loopback only.
//
// Why not a library: such a server must be able to misbehave. A handler owns the connection while it runs and may write
// any bytes, stop in the middle, reset, or go on speaking another protocol after an upgrade.
//
// Ownership: the server owns its connections; a handler's exchange lives until the handler returns. stop() must have
// finished before the server is destroyed, and the server goes before the loop.
// Time: there are no timeouts here; whoever owns the server bounds its life by stop().
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/http.h"
#include "io/http_parser.h"
#include "io/task.h"

namespace burin::io {

/// One request and the connection that it came on.
class ServerExchange {
 public:
  virtual ~ServerExchange() = default;
  virtual const ServerRequest& request() const = 0;
  /// Number of the connection, from 0 in order of arrival: equal numbers mean that the client reused it.
  virtual std::size_t connection() const = 0;

  /// Raw bytes to the client; waits until the system has taken them. Fails once either side has closed.
  virtual Task<Result<>> write(std::string bytes) = 0;
  /// Raw bytes from the client after the request; empty at their end.
  virtual Task<Result<std::string>> read() = 0;
  /// Waits until the client has closed its side or reset the connection. What it sends meanwhile is kept for read();
  /// the wait also ends when that exceeds 1 MiB. Not together with read().
  virtual Task<> peer_closed() = 0;
  /// Sends what was written, then the end of the stream.
  virtual void close() = 0;
  /// Breaks the connection: the client sees a reset.
  virtual void reset() = 0;

  /// Status line and headers exactly as given, then the empty line.
  Task<Result<>> head(int status, Headers headers, std::string reason = {});
  /// One chunk of a chunked body; finish() sends the last one, after which the connection can be used again.
  Task<Result<>> chunk(std::string bytes);
  Task<Result<>> finish();
  /// A whole response; content-length is added unless given.
  Task<Result<>> respond(int status, Headers headers, std::string body);

 protected:
  bool complete_ = false;  // the response has an end that the client can see
};

class HttpServer {
 public:
  /// Answers one request. When it returns without a complete response (respond or finish) the connection is closed.
  using Handler = std::function<Task<>(ServerExchange&)>;

  virtual ~HttpServer() = default;
  /// Listens on 127.0.0.1; port 0 takes a free one.
  static Result<std::unique_ptr<HttpServer>> start(Loop& loop, Handler handler, std::uint16_t port = 0);
  virtual std::uint16_t port() const = 0;
  /// "http://127.0.0.1:PORT"
  std::string url() const;
  virtual std::size_t open_connections() const = 0;
  /// Cancels all handlers, closes everything, and waits for it. Rethrows what a handler threw.
  virtual Task<> stop() = 0;
};

}  // namespace burin::io

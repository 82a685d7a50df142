// A connection as raw bytes, through TLS and proxies: what WebSocket speaks over.
//
// Bytes are delivered by calls, not awaited: a WebSocket must answer pings and notice its end while nobody waits for a
// message.
//
// Loop thread only. Destroying a connection closes it; nothing is delivered afterwards.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/task.h"
#include "io/time.h"

namespace burin::io {

class Connection {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    /// May destroy nothing of the connection's.
    virtual void on_bytes(std::string_view bytes) = 0;
    /// Once, and nothing after it: the peer has closed its side (no error), or the connection has failed.
    virtual void on_end(std::optional<Error> error) = 0;
  };

  virtual ~Connection() = default;
  /// Delivers to `listener` from now on; must be called once, before anything is read.
  virtual void listen(Listener& listener) = 0;
  /// Reading stops while paused, so that the peer has to wait.
  virtual void pause(bool paused) = 0;
  /// Takes the bytes at once and sends them as the system allows. After the end they are dropped.
  virtual void send(std::string bytes) = 0;
  /// Waits until everything has been handed to the system; an error when the connection has failed.
  virtual Task<Result<>> flushed() = 0;
};

struct ConnectRequest {
  std::string url;                      // http, https, ws or wss; only scheme, host and port count
  std::optional<Span> connect_timeout;  // names, TCP, proxy and TLS; default 30 s
  bool use_proxy = true;
};

}  // namespace burin::io

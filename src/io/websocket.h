// A WebSocket client (RFC 6455, RFC 7692) over a Connection.
//
// The socket is served all the time: pings are answered and the peer's end is noticed between messages too. Messages
// queue until they are taken; when too many wait, reading stops.
//
// Loop thread only. Destroying a WebSocket closes its connection without further words; close() says goodbye first.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/clock.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/ws_codec.h"

namespace burin::io {

/// Why no more messages come.
struct WsEnd {
  enum class How : std::uint8_t {
    close_frame,  // the peer said goodbye
    eof,          // the connection ended without a close frame
    broken,       // the connection failed, or the peer broke the protocol
  } how = How::eof;
  std::uint16_t code = ws_no_code;
  std::string text;  // the peer's reason, or what went wrong
};

class WebSocket {
 public:
  virtual ~WebSocket() = default;
  /// True until the peer has ended the connection or close() was called.
  virtual bool open() const = 0;
  /// One text message; returns when the system has taken all of its bytes. Kind::unavailable when the connection has
  /// ended.
  virtual Task<Result<>> send(std::string_view text) = 0;
  /// Waits for at least one message and returns all that wait, texts and binaries in order. Empty: there will be no
  /// more, see end().
  virtual Task<std::vector<WsItem>> receive() = 0;
  /// Forgets what waits.
  virtual void discard() = 0;
  virtual const std::optional<WsEnd>& end() const = 0;
  /// Sends a close frame without a payload and gives up the connection; it waits for nothing.
  virtual void close() = 0;
};

/// The server's answer to the handshake when it is not a WebSocket's.
struct WsRefusal {
  int status = 0;
  Headers headers;
  std::string body;  // at most 1 MiB of it
};

struct WsOpened {
  std::unique_ptr<WebSocket> socket;  // null when refused
  Headers headers;                    // of the 101
  std::optional<WsRefusal> refused;
};

struct WsRequest {
  std::string url;  // ws, wss, http or https
  Headers headers;  // beyond those of the handshake itself
  std::optional<Span> connect_timeout;
  bool deflate = true;   // offer compression
  Pool* pool = nullptr;  // compresses large messages, so that they do not hold up the loop; null: the loop does
};

/// Connects and shakes hands. An error means that there was no answer that could be read; a refusal is not an error.
/// There is no deadline of its own for the answer.
Task<Result<WsOpened>> open_websocket(Http& http, Random& random, WsRequest request);

}  // namespace burin::io

// permessage-deflate (RFC 7692): what was agreed upon, and the two zlib streams of a connection.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace burin::io {

/// The agreed parameters, seen from either side.
struct WsDeflateParams {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_window_bits = 15;
  int client_window_bits = 15;
};

/// What a client offers: compression, and that the server may ask for a smaller window.
constexpr std::string_view ws_deflate_offer = "permessage-deflate; client_max_window_bits";

/// Reads the server's Sec-WebSocket-Extensions. nullopt: no extension. An error: something that was not offered, or
/// that makes no sense; the connection must be failed.
Result<std::optional<WsDeflateParams>> read_deflate_answer(std::string_view header);

class WsDeflate {
 public:
  virtual ~WsDeflate() = default;
  /// nullopt when messages must go uncompressed (a window that zlib does not have).
  virtual std::optional<std::string> compress(std::string_view message) = 0;
  /// Kind::invalid for broken data or a result above `limit` bytes.
  virtual Result<std::string> decompress(std::string_view message, std::size_t limit) = 0;

  /// `server`: which side we are.
  static std::shared_ptr<WsDeflate> create(const WsDeflateParams& params, bool server);
};

}  // namespace burin::io

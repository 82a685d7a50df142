// WebSocket frames (RFC 6455) as pure data: bytes in, messages out; messages in, bytes out. No I/O, so that it can be
// cut at every byte, and so that the client and the scripted test server share it.
//
// Why not Beast: its stream needs an Asio executor below it and 40 s of compiling, and a test server must be able to
// break the rules. Beast is the peer in the tests instead.
//
// Limits: a frame and a message as told (64 MiB and 256 MiB by default, the latter also for what decompression makes of
// it); control frames 125 bytes.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/ws_deflate.h"

namespace burin::io {

enum class WsKind : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Close codes of RFC 6455 7.4.1 that we send or test for.
enum WsClose : std::uint16_t {
  ws_normal = 1000,
  ws_going_away = 1001,
  ws_protocol_error = 1002,
  ws_no_code = 1005,  // never on the wire: a close frame without a payload
  ws_bad_data = 1007,
  ws_too_big = 1009,
};

/// A whole message, or a control frame.
struct WsItem {
  WsKind kind = WsKind::text;
  std::string data;              // payload, decompressed; of a close frame the reason
  std::uint16_t close_code = 0;  // close only; ws_no_code when the frame has none
  bool compressed = false;
  std::size_t wire_size = 0;  // bytes of all its frames, headers included
  std::size_t frames = 1;
};

enum class WsRole : std::uint8_t { client, server };

struct WsLimits {
  std::size_t frame = 64 << 20;
  std::size_t message = 256 << 20;
};

class WsDecoder {
 public:
  /// `role` is ours: a client takes unmasked frames only, a server masked ones. `deflate` may be null: compressed
  /// messages are a protocol error then.
  WsDecoder(WsRole role, std::shared_ptr<WsDeflate> deflate, WsLimits limits = {})
      : role_(role), deflate_(std::move(deflate)), limits_(limits) {}

  struct Failure {
    WsClose code;  // to close with
    std::string text;
  };
  /// Appends what the bytes complete to `out`. After a failure or a close frame nothing more may be fed.
  tl::expected<void, Failure> feed(std::string_view bytes, std::vector<WsItem>& out);

 private:
  tl::expected<void, Failure> take_head();
  tl::expected<void, Failure> take_frame(std::vector<WsItem>& out);
  tl::expected<void, Failure> take_control(std::vector<WsItem>& out);
  tl::expected<void, Failure> finish_message(std::vector<WsItem>& out);

  WsRole role_;
  std::shared_ptr<WsDeflate> deflate_;
  WsLimits limits_;
  std::string head_;  // of the current frame, as far as it has arrived
  bool in_payload_ = false;
  bool fin_ = false;
  WsKind kind_ = WsKind::text;  // of the current frame
  std::uint64_t size_ = 0;      // of its payload
  std::uint64_t got_ = 0;
  unsigned char mask_[4] = {};
  std::string control_;
  bool in_message_ = false;
  WsItem message_;  // whose frames are arriving; data is as on the wire until it is whole
};

/// One frame, given in full: for tests that break the rules. `mask` of a client's frame; null for a server's.
struct WsFrame {
  bool fin = true;
  bool compressed = false;  // RSV1
  std::uint8_t opcode = 1;
};
void append_frame(std::string& out, const WsFrame& frame, std::string_view payload, const std::uint32_t* mask);

/// Makes the bytes of messages, each in one frame. A client masks with a fresh `mask` for each frame.
class WsEncoder {
 public:
  WsEncoder(WsRole role, std::shared_ptr<WsDeflate> deflate) : role_(role), deflate_(std::move(deflate)) {}
  /// Compressed when that was agreed upon.
  std::string message(WsKind kind, std::string_view data, std::uint32_t mask);
  std::string control(WsKind kind, std::string_view data, std::uint32_t mask);
  /// Without a code when it is ws_no_code.
  std::string close(std::uint16_t code, std::string_view reason, std::uint32_t mask);

 private:
  WsRole role_;
  std::shared_ptr<WsDeflate> deflate_;
};

/// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string ws_accept_key(std::string_view key);

}  // namespace burin::io

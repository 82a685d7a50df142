// The WebSocket half of a script, as plain data (model-client.md 16.9): one entry for each handshake.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "testkit/response.h"

namespace burin::testkit {

/// A text frame with these bytes, whatever they are.
struct TextStep {
  std::string text;
};
struct BinaryStep {
  std::string bytes;
};
struct PingStep {
  std::string payload;
};
/// A close frame; the connection ends after it.
struct CloseStep {
  std::uint16_t code = 1000;
};
/// The TCP connection ends without a close frame.
struct DropStep {};
/// The beginning of a text frame whose rest never comes.
struct HalfFrameStep {};
/// Raw bytes in place of a frame.
struct BytesStep {
  std::string bytes;
};

using WsStep = std::variant<EventStep, TextStep, BinaryStep, PingStep, SleepStep, GateStep, CloseStep, DropStep,
                            HalfFrameStep, BytesStep>;

struct WsConnection {
  /// One answer for each message of the client, in order.
  std::vector<std::vector<WsStep>> requests;
  io::Headers response_headers;  // of the 101
  io::Span accept_delay{};
  std::optional<Response> refuse;  // instead of the 101
  /// Agree to permessage-deflate when it is offered; `deflate_terms` is appended, e.g. "; client_no_context_takeover".
  bool deflate = true;
  std::string deflate_terms;
  enum class AfterLast : std::uint8_t { close, keep_open } after_last = AfterLast::close;
};

}  // namespace burin::testkit

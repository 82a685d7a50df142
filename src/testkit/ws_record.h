// What a client did over one WebSocket connection, or tried to: the record of a handshake and all that followed.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "testkit/captured_request.h"

namespace burin::testkit {

/// One message of the client.
struct WsMessage {
  std::string text;          // decompressed
  json::value json;          // null when the text is none
  bool overlapping = false;  // came while the answer to the one before was being sent
  bool compressed = false;
  std::size_t wire_size = 0;  // bytes of its frames
  std::size_t frames = 1;
  /// Items and id of the scripted answer.
  std::vector<json::value> answer_items;
  std::string answer_id;
};

struct WsRecord {
  std::size_t number = 0;     // of the handshake, from 0
  CapturedRequest handshake;  // its headers, path and query
  bool accepted = false;
  std::string extension;  // agreed, "" for none
  std::vector<WsMessage> messages;
  std::vector<std::string> pongs;
  std::optional<std::uint16_t> close_code;  // of the client's close frame; 1005 for one without a code
  bool ended = false;
  std::string how;  // "client closed", "client left", "script", "protocol error: …"

  /// The logical input of a message: what it builds on, and its own. Throws Mismatch when it builds on an answer that
  /// this connection has not given.
  json::array full_input(std::size_t index) const;
};
using WsRecordPtr = std::shared_ptr<WsRecord>;

}  // namespace burin::testkit

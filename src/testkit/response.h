// What the scripted server answers: one response as plain data.
//
// A response is either a whole body or a stream of steps, and it may end badly on purpose: the way a server fails is as
// much a part of the protocol as what it says when all is well (model-client.md 16.4).
//
// Bodies of either kind are a list of steps, so that every fault (cut, reset, stall, pieces of k bytes) works for JSON
// replies as it does for event streams. The steps are immutable once mounted and shared by all uses; nothing here does
// I/O. Sizes are bytes, times are spans of the loop's clock.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "io/http.h"
#include "io/time.h"

namespace burin::testkit {

/// One server-sent event, written as `sse` does.
struct EventStep {
  json::value event;
};
/// Bytes as they are; `crlf` does not touch them.
struct RawStep {
  std::string bytes;
};
/// ": text" and an empty line: keep-alive traffic that clients must not count as activity.
struct CommentStep {
  std::string text;
};
/// Silence. What was written before is sent first.
struct SleepStep {
  io::Span span{};
};
/// Silence until MockServer::open_gate(name). What was written before is sent first.
struct GateStep {
  std::string name;
};
using Step = std::variant<EventStep, RawStep, CommentStep, SleepStep, GateStep>;

/// How the response ends after its last step.
enum class End : std::uint8_t {
  close,         // the body is terminated; the connection can be used again
  keep_open,     // the body is never terminated; the connection lasts until the client or the server goes
  truncate,      // the connection is closed in the middle of the body
  reset,         // the connection is broken (RST)
  no_blank_line  // as close, but the last event lacks its empty line
};

struct Response {
  int status = 200;
  /// Sent as given. A content-type is added when there is none: that of `content_type`.
  io::Headers headers;
  std::string content_type = "application/json";
  std::vector<Step> steps;
  End end = End::close;
  io::Span delay_before_headers{};
  /// Body bytes are sent in pieces of this size, with a turn of the loop between them; 0: as large as convenient.
  std::size_t split = 0;
  /// Events and comments end their lines with CR LF.
  bool crlf = false;

  /// text/event-stream with these events.
  static Response stream(std::vector<json::value> events);
  static Response stream_steps(std::vector<Step> steps);
  static Response json_body(const json::value& body, int status = 200);
  static Response text_body(std::string text, int status = 200);
  static Response bytes_body(std::string bytes, std::string content_type, int status = 200);
};

/// Appends one event: `event: <type>`, then `data: <compact JSON>` and an empty line. An object whose only key is
/// `type` gets no data line; a value without a string `type` gets no event line (model-client.md 16.4).
void append_event(std::string& out, const json::value& event, bool crlf = false);
/// The text of these events.
std::string sse(const std::vector<json::value>& events);

/// The body of a response as bytes, without sleeps and gates: for parser tests that need no server.
std::string body_text(const Response& response);
/// Appends what a step writes; sleeps and gates write nothing.
void append_step(std::string& out, const Step& step, bool crlf);

}  // namespace burin::testkit

// Scripts: what a scripted server answers, as a JSON text. Two flavours, told apart by the outermost bracket.
//
// An object is the full form (model-client.md 16.11): "responses", "models", "compact", "token", "stubs". An array is
// the short form of the recorded vectors: one element for each POST …/responses, the last one repeats. Elements are the
// same in both: an array of events, or an object {"status", "headers", "delay_ms", "events" | "json" | "text" | "body"
// | "base64", "hang", "delayMs", "split", "crlf", "end"}. "ws" has one object for each WebSocket handshake,
// "ws_default" one for all others: {"requests": [[events]…], "response_headers", "accept_delay_ms", "refuse": response,
// "deflate": true | false | "; terms", "after_last": "close" | "keep_open"}.
//
// Parsing is strict, because a misspelt key in a script would look like a fault of the client: what is not known is an
// error that names its place, such as `responses[2].events[0]`.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "testkit/compaction.h"
#include "testkit/mount.h"
#include "testkit/response.h"
#include "testkit/ws_script.h"

namespace burin::testkit {

class MockServer;

struct Stub {
  Endpoint endpoint;
  Response response;
};

struct Script {
  std::vector<Response> responses;  // POST …/responses, in order
  std::optional<Response> models;   // GET …/models, unlimited
  std::optional<std::string> default_summary;
  SummaryShape summary_shape = SummaryShape::user_message;
  std::vector<Response> compact;  // POST …/responses/compact, in order, before the default
  std::vector<Response> token;    // POST …/oauth/token, in order
  std::vector<Stub> stubs;        // unlimited
  std::vector<WsConnection> ws;   // one for each handshake, in order
  std::optional<WsConnection> ws_default;
  bool repeat_last = false;  // the array flavour
};

Result<Script> parse_script(std::string_view text);
/// Adds the script's mounts to those that are there, and turns repeat_last on if the script says so.
void mount_script(MockServer& server, Script script);

}  // namespace burin::testkit

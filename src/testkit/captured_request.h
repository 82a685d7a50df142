// One request as the scripted server received it, with the questions that tests ask of it.
//
// Why so many helpers: a test of an agent is a claim about what the model was shown. Each helper names one such claim,
// so that tests read as claims and not as walks through JSON (model-client.md 16.7).
//
// Ownership: immutable once recorded, shared by the server's log and the handles of mounts; views and pointers that the
// helpers return live as long as the request. `delivery` alone changes afterwards: it tells how the answer went.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "io/http.h"
#include "io/http_parser.h"

namespace burin::testkit {

/// How the answer to a request went.
struct Delivery {
  bool done = false;              // no more bytes will be written
  bool client_left = false;       // the client went before the last byte
  std::int64_t completed_ms = 0;  // wall clock, milliseconds, when the last piece was written; 0 before
};

/// Output of a tool call: the text (none for arrays that are not exactly one input_text) and the success flag of old
/// clients, which send {content, success}.
struct CallOutput {
  std::optional<std::string> content;
  std::optional<bool> success;
};

struct CapturedRequest {
  std::size_t sequence = 0;     // from 1, in order of arrival
  std::size_t connection = 0;   // equal numbers: the client reused the connection
  std::int64_t arrived_ms = 0;  // wall clock, milliseconds
  std::string method, path, query;
  io::Headers headers;                      // in order, names as sent
  std::string raw_body;                     // as sent
  std::optional<std::string> decoded_body;  // when there was an encoding and it could be undone
  json::value json;                         // of the body; null when it is not JSON
  bool has_json = false;
  /// Why the body could not be decoded or parsed; empty when all is well, also for a body whose content-type is not
  /// JSON.
  std::string trouble;
  std::shared_ptr<Delivery> delivery = std::make_shared<Delivery>();

  /// Takes a request over: undoes zstd when content-encoding lists it, parses JSON.
  static CapturedRequest from(const io::ServerRequest& request);

  const std::string& body() const { return decoded_body ? *decoded_body : raw_body; }
  /// Throws Mismatch when the body is not JSON.
  const json::value& body_json() const;
  const std::string& body_bytes() const { return raw_body; }
  /// Searches the JSON-escaped form of `text` in the decoded body.
  bool body_contains_text(std::string_view text) const;
  std::string instructions_text() const;
  /// The `input` array; empty when there is none.
  const json::array& input() const;
  std::vector<const json::value*> inputs_of_type(std::string_view type) const;
  /// All input_text of messages of that role, flat and by message.
  std::vector<std::string> message_input_texts(std::string_view role) const;
  std::vector<std::vector<std::string>> message_input_text_groups(std::string_view role) const;
  /// True when some message of that role has texts that `accepts` accepts.
  bool has_message_with_input_texts(std::string_view role,
                                    const std::function<bool(const std::vector<std::string>&)>& accepts) const;
  std::vector<std::string> message_input_image_urls(std::string_view role) const;

  /// Items by call_id; null when there is none.
  const json::value* call_output(std::string_view call_id, std::string_view type) const;
  const json::value* function_call_output(std::string_view call_id) const;
  const json::value* custom_tool_call_output(std::string_view call_id) const;
  bool has_function_call(std::string_view call_id) const;
  /// The output of a function call when it is a string or one input_text.
  std::optional<std::string> function_call_output_text(std::string_view call_id) const;
  std::optional<std::string> custom_tool_call_output_text(std::string_view call_id) const;
  std::optional<CallOutput> function_call_output_content_and_success(std::string_view call_id) const;
  std::optional<CallOutput> custom_tool_call_output_content_and_success(std::string_view call_id) const;

  /// First value, ignoring the case of the name.
  std::optional<std::string> header(std::string_view name) const;
  std::vector<std::string> headers_all(std::string_view name) const;
  /// Percent-decoded value of the first parameter of that name.
  std::optional<std::string> query_param(std::string_view name) const;
  /// `name` of each tool, or its `type` when it has none.
  std::vector<std::string> tool_names() const;
};

using RequestPtr = std::shared_ptr<const CapturedRequest>;

/// Rules that every /responses body must keep: `input` is an array, outputs have a call id and their call, calls have
/// their output (model-client.md 16.7). One sentence for each violation.
std::vector<std::string> check_invariants(const json::value& body);

/// Undoes zstd, at most `limit` bytes.
Result<std::string> zstd_decode(std::string_view bytes, std::size_t limit = 256 << 20);

}  // namespace burin::testkit

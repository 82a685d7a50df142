// The body of a Responses request (model-client.md 6): pure data in, bytes out.
//
// The input items arrive as the JSON texts that the history keeps for each item, so that building a request is one pass
// over the bytes that are sent.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "model/catalog.h"
#include "wire/settings.h"

namespace burin::model {

/// What the model is asked. Views must outlive the request's building.
struct Prompt {
  std::string_view instructions;
  std::vector<std::string_view> input;  // one JSON object each, in wire form
  std::vector<std::string_view> ids;    // for Azure: the id of each input item, "" for none; else empty
  std::string_view tools;               // a JSON array: "[]" when there are none
  bool parallel_tool_calls = false;
  const boost::json::value* output_schema = nullptr;  // JSON Schema of the final message
  /// hash64 of each input item, for requests over a WebSocket that send only what is new; may be null.
  const std::vector<std::uint64_t>* digests = nullptr;
};

/// The settings of the turn that the request belongs to.
struct TurnSettings {
  ModelInfo model;
  std::optional<wire::ReasoningEffort> effort;    // override; the model's default applies without it
  std::optional<wire::ReasoningSummary> summary;  // override; the model's default applies without it
  std::optional<wire::Verbosity> verbosity;       // configured; ignored by models without support
  std::optional<wire::ServiceTier> service_tier;
  bool fast_mode = false;  // feature: the tier "fast" may be sent
};

/// The effort and summary that go out.
std::optional<wire::ReasoningEffort> effective_effort(const TurnSettings& settings);
wire::ReasoningSummary effective_summary(const TurnSettings& settings);
/// An effort chosen for another model: kept when this one supports it, else the middle of what it supports.
std::optional<wire::ReasoningEffort> supported_effort(const ModelInfo& model,
                                                      std::optional<wire::ReasoningEffort> effort);

/// About how many bytes the prompt takes in a request: room for a body that is written in one go.
std::size_t prompt_bytes(const Prompt& prompt);

/// The body of POST /responses/compact: model, input and instructions, nothing else (model-client.md 13.1).
std::string build_compact_body(const Prompt& prompt, std::string_view model);

/// `store` is true for Azure endpoints only. `prompt_cache_key` is the thread id.
std::string build_body(const Prompt& prompt, const TurnSettings& settings, std::string_view prompt_cache_key,
                       bool store);

/// What a `response.create` message has beyond the HTTP body (model-client.md 10.3). Item ids are never attached.
struct CreateFields {
  std::string_view previous_response_id;  // empty: the whole input is sent
  std::size_t first_item = 0;             // of the input that is sent
  bool generate = true;                   // false: the server only prepares itself
  bool store = false;
  std::string_view turn_metadata;  // sent unless it is empty or not printable ASCII
};
std::string build_create_message(const Prompt& prompt, const TurnSettings& settings, std::string_view prompt_cache_key,
                                 const CreateFields& fields);

/// Every field of the body but the input: requests with equal ones may build on each other (model-client.md 10.4).
std::string body_without_input(const Prompt& prompt, const TurnSettings& settings, std::string_view prompt_cache_key);

}  // namespace burin::model

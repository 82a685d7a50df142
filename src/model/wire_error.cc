#include "model/wire_error.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace burin::model {

namespace wire_error_detail {

constexpr int too_large = 413;  // the same bytes would not do a second time

struct Row {
  std::string_view word;
  ErrorClass cls;
};

/// Values of `type` or `code`.
constexpr Row names[] = {
    {"context_length_exceeded", ErrorClass::context_window_exceeded},
    {"exceed_context_size_error", ErrorClass::context_window_exceeded},  // llama.cpp
    {"insufficient_quota", ErrorClass::quota_exceeded},
    {"billing_error", ErrorClass::quota_exceeded},
    {"402", ErrorClass::quota_exceeded},  // OpenRouter gives HTTP statuses as codes
    {"overloaded_error", ErrorClass::server_overloaded},
    {"server_is_overloaded", ErrorClass::server_overloaded},
    {"slow_down", ErrorClass::server_overloaded},
    {"invalid_request_error", ErrorClass::invalid_request},
    {"request_too_large", ErrorClass::invalid_request},
    {"authentication_error", ErrorClass::invalid_request},
    {"permission_error", ErrorClass::invalid_request},
    {"not_found_error", ErrorClass::invalid_request},
};

/// Parts of a message, lower case; they count before the names, which are often too general.
constexpr Row phrases[] = {
    {"prompt is too long", ErrorClass::context_window_exceeded},                  // Anthropic
    {"exceed context limit", ErrorClass::context_window_exceeded},                // Anthropic: with max_tokens
    {"exceeds the available context size", ErrorClass::context_window_exceeded},  // llama.cpp
    {"maximum context length", ErrorClass::context_window_exceeded},              // vLLM, OpenRouter
    {"exceeded max context length", ErrorClass::context_window_exceeded},         // Ollama
    {"credit balance is too low", ErrorClass::quota_exceeded},                    // Anthropic
};

std::string member_text(const json::value& error, std::string_view key) {
  const auto* member = find(error, key);
  if (member == nullptr) return {};
  if (member->is_string()) return std::string(view(member->get_string()));
  return member->is_int64() ? std::to_string(member->get_int64()) : std::string();
}

std::string message_of(const json::value& error) {
  return error.is_string() ? std::string(view(error.get_string())) : member_text(error, "message");
}

std::optional<ErrorClass> class_of(const json::value& error) {
  const std::string message = to_lower_ascii(message_of(error));
  for (const auto& row : phrases) {
    if (contains(message, row.word)) return row.cls;
  }
  for (std::string_view key : {"code", "type"}) {
    const std::string name = member_text(error, key);
    for (const auto& row : names) {
      if (row.word == name) return row.cls;
    }
  }
  return std::nullopt;
}

}  // namespace wire_error_detail

using namespace wire_error_detail;

std::optional<ModelError> named_error(const json::value& error) {
  auto cls = class_of(error);
  if (!cls) return std::nullopt;
  return class_error(*cls, message_of(error));
}

std::optional<ModelError> named_http_error(int status, std::string_view body) {
  auto parsed = parse_json(body);
  const json::value* error = parsed ? find(*parsed, "error") : nullptr;
  if (error == nullptr) return std::nullopt;
  if (status == too_large) {
    auto refused = class_error(ErrorClass::invalid_request, message_of(*error));
    refused.status = status;
    return refused;
  }
  auto named = named_error(*error);
  // What is only a refused request is told by its status: a 401 is not a 400.
  if (!named || named->cls == ErrorClass::invalid_request) return std::nullopt;
  named->status = status;
  return named;
}

ModelError in_stream_error(const json::value& error) {
  if (auto named = named_error(error)) return *named;
  std::string message = message_of(error);
  auto delay = retry_hint(message);
  return stream_error(message.empty() ? "the server reported an error" : std::move(message), delay);
}

}  // namespace burin::model

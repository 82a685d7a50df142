// What can go wrong between a prompt and the end of its answer (model-client.md 9.1).
//
// One class for each row of the table; whether the turn engine retries, what the user reads and which
// `codex_error_info` clients get follow from it. Texts that the reference fixes are exact; the others are ours.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "io/http.h"
#include "io/time.h"
#include "wire/settings.h"
#include "wire/usage.h"

namespace burin::model {

enum class ErrorClass : unsigned char {
  stream,
  timeout,
  unexpected_status,
  internal_server_error,
  io,
  invalid_request,
  invalid_image,
  context_window_exceeded,
  usage_limit_reached,
  usage_not_included,
  quota_exceeded,
  server_overloaded,
  retry_limit,
  refresh_token_failed,
  env_var,
};

struct ModelError {
  ErrorClass cls = ErrorClass::stream;
  std::string message;              // what the user reads
  std::optional<io::Span> delay{};  // requested by the server; only for ErrorClass::stream
  std::optional<int> status{};      // HTTP status behind it
  std::optional<wire::RateLimitSnapshot> rate_limits{};
  bool about_image = false;  // the server complains of a picture, in whatever words

  /// Whether the sampling request may be repeated (model-client.md 9.1, column "stream-level retry").
  bool retryable() const;
  wire::CodexErrorInfo info() const;
};

template <class T = void>
using ModelResult = tl::expected<T, ModelError>;
using ModelFail = tl::unexpected<ModelError>;

/// "stream disconnected before completion: <message>".
ModelError stream_error(std::string message, std::optional<io::Span> delay = {});

/// An error of a class that has a text of its own for the user; `message` is for the classes that have none.
ModelError class_error(ErrorClass cls, std::string message);

/// The error of a reply whose status is not 2xx. `url` is the request's, for the text.
ModelError status_error(int status, const io::HttpResponse& response, std::string_view body, std::string_view url,
                        std::int64_t now_seconds);

/// The error of a `response.failed` or `response.incomplete` event (model-client.md 8.5); `event` is its JSON.
ModelError failed_event_error(const boost::json::value& event);

/// "429 Too Many Requests"; only the number for statuses without a standard reason.
std::string status_text(int status);

/// "try again in 1.5s" and the like; only seconds and milliseconds count.
std::optional<io::Span> retry_hint(std::string_view message);

}  // namespace burin::model

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
  /// Unix seconds from which the server will take requests again: a limit's reset, or Retry-After.
  std::optional<std::int64_t> retry_at{};
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

/// The error of a reply whose status is not 2xx. `url` is the request's, for the text; it may be empty.
ModelError status_error(int status, const io::HttpResponse& response, std::string_view body, std::string_view url,
                        std::int64_t now_seconds);

/// The error of a `response.failed` or `response.incomplete` event (model-client.md 8.5); `event` is its JSON.
ModelError failed_event_error(const boost::json::value& event);

/// The error of an `error` frame over WebSocket (model-client.md 10.8): as an HTTP reply with the frame's status and
/// headers whose body is the whole frame. nullopt for a frame without a status that means an error: it is ignored.
std::optional<ModelError> error_frame(const boost::json::value& event, std::string_view frame,
                                      std::int64_t now_seconds);

/// A reply that is at hand as a whole, for status_error.
class WholeReply : public io::HttpResponse {
 public:
  WholeReply(int status, io::Headers headers) : status_(status), headers_(std::move(headers)) {}
  int status() const override { return status_; }
  const io::Headers& headers() const override { return headers_; }
  io::Task<Result<std::string_view>> read() override { co_return std::string_view(); }

 private:
  int status_;
  io::Headers headers_;
};

/// "429 Too Many Requests"; only the number for statuses without a standard reason.
std::string status_text(int status);

/// The time that a Retry-After header names, in Unix seconds: a number of seconds, or an HTTP date (RFC 9110 10.2.3).
std::optional<std::int64_t> retry_after(std::string_view value, std::int64_t now_seconds);

/// "try again in 1.5s" and the like; only seconds and milliseconds count.
std::optional<io::Span> retry_hint(std::string_view message);

}  // namespace burin::model

#include "model/error.h"

#include "base/json.h"
#include "base/text.h"
#include "io/clock.h"
#include "model/rate_limits.h"

namespace burin::model {

namespace error_detail {

constexpr std::size_t max_body_in_message = 1000;  // bytes (model-client.md 17)
constexpr std::string_view invalid_image_marker = "The image data you provided does not represent a valid image";

struct ClassRow {
  ErrorClass cls;
  bool retryable;
};
constexpr ClassRow classes[] = {
    {ErrorClass::stream, true},
    {ErrorClass::timeout, true},
    {ErrorClass::unexpected_status, true},
    {ErrorClass::internal_server_error, true},
    {ErrorClass::io, true},
    {ErrorClass::invalid_request, false},
    {ErrorClass::invalid_image, false},
    {ErrorClass::context_window_exceeded, false},
    {ErrorClass::usage_limit_reached, false},
    {ErrorClass::usage_not_included, false},
    {ErrorClass::quota_exceeded, false},
    {ErrorClass::server_overloaded, false},
    {ErrorClass::retry_limit, false},
    {ErrorClass::refresh_token_failed, false},
    {ErrorClass::env_var, false},
};

ModelError of(ErrorClass cls, std::string message) { return ModelError{.cls = cls, .message = std::move(message)}; }

ModelError context_overflow() {
  return of(ErrorClass::context_window_exceeded,
            "The conversation no longer fits the model's context window. Start a new thread, or clear earlier history "
            "before retrying.");
}
ModelError quota() { return of(ErrorClass::quota_exceeded, "Quota exceeded. Check your plan and billing details."); }
ModelError not_included() {
  return of(ErrorClass::usage_not_included,
            "Your ChatGPT plan does not include this. Upgrade the plan, or sign in with an API key.");
}
ModelError overloaded() {
  return of(ErrorClass::server_overloaded, "The selected model is at capacity. Please try a different model.");
}

bool string_or_unset(const json::value& object, std::string_view key) {
  const auto* v = find(object, key);
  return v == nullptr || v->is_null() || v->is_string();
}
bool integer_or_unset(const json::value& object, std::string_view key) {
  const auto* v = find(object, key);
  return v == nullptr || v->is_null() || v->is_int64();
}

/// The type of a 429's error; empty when the body is no error that says so in the right types.
std::string_view limit_error_type(const json::value* error) {
  if (error == nullptr || !string_or_unset(*error, "plan_type") || !integer_or_unset(*error, "resets_at")) return {};
  return find_string(*error, "type").value_or("");
}

/// The first of several headers that is there.
std::string first_header(const io::HttpResponse& r, std::initializer_list<std::string_view> names) {
  for (auto name : names) {
    if (auto v = r.header(name)) return std::string(*v);
  }
  return {};
}

std::optional<std::int64_t> header_retry_at(const io::HttpResponse& response, std::int64_t now_seconds) {
  auto value = response.header("retry-after");
  return value ? retry_after(*value, now_seconds) : std::nullopt;
}

std::string unexpected_status_text(int status, const io::HttpResponse& response, std::string_view body,
                                   std::string_view url) {
  std::string shown;
  if (auto parsed = parse_json(body)) {
    if (const auto* error = find(*parsed, "error")) {
      if (auto m = find_string(*error, "message")) shown = std::string(trim(*m));
    }
  }
  if (shown.empty()) {
    std::string text = utf8_lossy(trim(body));
    if (text.empty()) {
      shown = "Unknown error";
    } else if (text.size() > max_body_in_message) {
      shown = text.substr(0, floor_boundary(text, max_body_in_message)) + "...";
    } else {
      shown = text;
    }
  }
  std::string out;
  if (status == 403 && contains(body, "Cloudflare") && contains(body, "blocked")) {
    out = fmt::format(
        "Access was blocked by Cloudflare. This happens when connecting from a restricted region (status {})",
        status_text(status));
  } else {
    out = fmt::format("unexpected status {}: {}", status_text(status), shown);
  }
  if (!url.empty()) out += fmt::format(", url: {}", url);
  if (auto ray = first_header(response, {"cf-ray"}); !ray.empty()) out += ", cf-ray: " + ray;
  if (auto id = first_header(response, {"x-request-id", "x-oai-request-id"}); !id.empty()) out += ", request id: " + id;
  return out;
}

/// "3:05 PM" on the same day, else "Jan 1st, 2024 12:00 AM"; local time.
std::string reset_time_text(std::int64_t resets_at, std::int64_t now_seconds) {
  auto t = io::real_clock().local(resets_at);
  auto today = io::real_clock().local(now_seconds);
  int hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
  std::string time = fmt::format("{}:{:02} {}", hour12, t.minute, t.hour < 12 ? "AM" : "PM");
  if (t.year == today.year && t.month == today.month && t.day == today.day) return time;
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const char* suffix = "th";
  if (t.day / 10 != 1) suffix = t.day % 10 == 1 ? "st" : t.day % 10 == 2 ? "nd" : t.day % 10 == 3 ? "rd" : "th";
  return fmt::format("{} {}{}, {} {}", months[t.month - 1], t.day, suffix, t.year, time);
}

std::string usage_limit_text(const json::value& error, const io::HttpResponse& response,
                             const std::optional<std::string>& limit_name, std::int64_t now_seconds) {
  std::string when = "later";
  if (auto at = find_int(error, "resets_at")) {
    when = "at " + reset_time_text(*at, now_seconds);
  }
  std::string again = fmt::format("ry again {}", when);
  auto plan = find_string(error, "plan_type").value_or("");
  if (limit_name && !limit_name->empty() && !equals_ignore_case(*limit_name, "codex")) {
    return fmt::format("You've hit your usage limit for {}. Switch to another model now, or t{}.", *limit_name, again);
  }
  if (auto promo = response.header("x-codex-promo-message"); promo && !trim(*promo).empty()) {
    return fmt::format("You've hit your usage limit. {}, or t{}.", trim(*promo), again);
  }
  struct Row {
    std::string_view plan, advice;
  };
  static constexpr Row rows[] = {
      {"plus",
       "Upgrade to Pro (https://chatgpt.com/explore/pro) or buy more credits "
       "(https://chatgpt.com/codex/settings/usage)"},
      {"team", "Ask your workspace admin for more credits"},
      {"business", "Ask your workspace admin for more credits"},
      {"free", "Upgrade to Plus (https://chatgpt.com/explore/plus) to go on"},
      {"go", "Upgrade to Plus (https://chatgpt.com/explore/plus) to go on"},
      {"pro", "Buy more credits (https://chatgpt.com/codex/settings/usage)"},
  };
  for (const auto& row : rows) {
    if (row.plan == plan) return fmt::format("You've hit your usage limit. {}, or t{}.", row.advice, again);
  }
  return fmt::format("You've hit your usage limit. T{}.", again);
}

}  // namespace error_detail

using namespace error_detail;

bool ModelError::retryable() const {
  for (const auto& row : classes) {
    if (row.cls == cls) return row.retryable;
  }
  return false;
}

wire::CodexErrorInfo ModelError::info() const {
  switch (cls) {
    case ErrorClass::internal_server_error:
      return wire::CodexErrorInfo::named("internal_server_error");
    case ErrorClass::invalid_image:
      return wire::CodexErrorInfo::named("bad_request");
    case ErrorClass::context_window_exceeded:
      return wire::CodexErrorInfo::named("context_window_exceeded");
    case ErrorClass::usage_limit_reached:
    case ErrorClass::usage_not_included:
    case ErrorClass::quota_exceeded:
      return wire::CodexErrorInfo::named("usage_limit_exceeded");
    case ErrorClass::server_overloaded:
      return wire::CodexErrorInfo::named("server_overloaded");
    case ErrorClass::retry_limit:
      return wire::CodexErrorInfo::with_status("response_too_many_failed_attempts", status);
    case ErrorClass::refresh_token_failed:
      return wire::CodexErrorInfo::named("unauthorized");
    default:
      return wire::CodexErrorInfo::named("other");
  }
}

ModelError stream_error(std::string message, std::optional<io::Span> delay) {
  return ModelError{
      .cls = ErrorClass::stream, .message = "stream disconnected before completion: " + message, .delay = delay};
}

ModelError class_error(ErrorClass cls, std::string message) {
  switch (cls) {
    case ErrorClass::context_window_exceeded:
      return context_overflow();
    case ErrorClass::quota_exceeded:
      return quota();
    case ErrorClass::usage_not_included:
      return not_included();
    case ErrorClass::server_overloaded:
      return overloaded();
    default:
      return of(cls, std::move(message));
  }
}

std::string status_text(int status) {
  const auto reason = io::reason_phrase(status);
  // What the reference's HTTP library prints for a status it has no name for.
  return fmt::format("{} {}", status, reason.empty() ? "<unknown status code>" : reason);
}

ModelError status_error(int status, const io::HttpResponse& response, std::string_view body, std::string_view url,
                        std::int64_t now_seconds) {
  if (status == 400) {
    if (contains(body, invalid_image_marker)) {
      return ModelError{
          .cls = ErrorClass::invalid_image,
          .message = "The last message holds an image that the model cannot read. Remove it and try again.",
          .status = status,
          .about_image = true};
    }
    return ModelError{.cls = ErrorClass::invalid_request,
                      .message = utf8_lossy(body),
                      .status = status,
                      .about_image = contains(to_lower_ascii(body), "image")};
  }
  if (status == 500) {
    return ModelError{.cls = ErrorClass::internal_server_error,
                      .message =
                          "The model service is in high demand and could not answer. Errors of this kind pass; "
                          "please try again later.",
                      .status = status};
  }
  auto parsed = parse_json(body);
  const json::value* error = parsed ? find(*parsed, "error") : nullptr;
  if (status == 503 && error != nullptr) {
    auto code = find_string(*error, "code").value_or("");
    if (code == "server_is_overloaded" || code == "slow_down") {
      auto e = overloaded();
      e.status = status;
      return e;
    }
  }
  if (status == 429) {
    auto type = limit_error_type(error);
    if (type == "usage_limit_reached") {
      std::string family(response.header("x-codex-active-limit").value_or("codex"));
      auto snapshot = parse_limit_family(response.headers(), replace_all(to_lower_ascii(family), "-", "_"));
      ModelError e{.cls = ErrorClass::usage_limit_reached,
                   .message = usage_limit_text(*error, response, snapshot.limit_name, now_seconds),
                   .status = status};
      e.rate_limits = std::move(snapshot);
      e.retry_at = find_int(*error, "resets_at");
      if (!e.retry_at) e.retry_at = header_retry_at(response, now_seconds);
      return e;
    }
    if (type == "usage_not_included") {
      auto e = not_included();
      e.status = status;
      return e;
    }
    auto id = first_header(response, {"x-request-id", "x-oai-request-id", "cf-ray"});
    std::string text = fmt::format("exceeded retry limit, last status: {}", status_text(status));
    if (!id.empty()) text += ", request id: " + id;
    return ModelError{.cls = ErrorClass::retry_limit,
                      .message = std::move(text),
                      .status = status,
                      .retry_at = header_retry_at(response, now_seconds)};
  }
  return ModelError{.cls = ErrorClass::unexpected_status,
                    .message = unexpected_status_text(status, response, body, url),
                    .status = status};
}

ModelError failed_event_error(const json::value& event) {
  if (find_string(event, "type") == "response.incomplete") {
    std::string_view reason = "unknown";
    if (const auto* r = find(event, "response")) {
      if (const auto* d = find(*r, "incomplete_details")) reason = find_string(*d, "reason").value_or("unknown");
    }
    return stream_error(fmt::format("Incomplete response returned, reason: {}", reason));
  }
  const json::value* response = find(event, "response");
  const json::value* error = response != nullptr ? find(*response, "error") : nullptr;
  bool readable = error != nullptr && error->is_object() && integer_or_unset(*error, "resets_at");
  for (auto key : {"type", "code", "message", "plan_type"}) readable = readable && string_or_unset(*error, key);
  if (!readable) return stream_error("response.failed event received");
  auto code = find_string(*error, "code").value_or("");
  std::string message(find_string(*error, "message").value_or(""));
  if (code == "context_length_exceeded") return context_overflow();
  if (code == "insufficient_quota") return quota();
  if (code == "usage_not_included") return not_included();
  if (code == "invalid_prompt") {
    return of(ErrorClass::invalid_request, find_string(*error, "message") ? message : "Invalid request.");
  }
  if (code == "server_is_overloaded" || code == "slow_down") return overloaded();
  if (contains(code, "image")) {  // invalid_image_format, image_parse_error and their like
    auto e = of(ErrorClass::invalid_image, message.empty() ? std::string(code) : message);
    e.about_image = true;
    return e;
  }
  std::optional<io::Span> delay;
  if (code == "rate_limit_exceeded") delay = retry_hint(message);
  return stream_error(std::move(message), delay);
}

namespace error_detail {

/// Header values of an error frame: strings, numbers and booleans; others are skipped.
io::Headers frame_headers(const json::value& event) {
  io::Headers out;
  const auto* headers = find(event, "headers");
  if (headers == nullptr || !headers->is_object()) return out;
  for (const auto& [key, value] : headers->get_object()) {
    if (value.is_string()) {
      out.emplace_back(std::string(key), std::string(view(value.get_string())));
    } else if (value.is_number() || value.is_bool()) {
      std::string text;
      write_json(text, value);
      out.emplace_back(std::string(key), std::move(text));
    }
  }
  return out;
}

}  // namespace error_detail

std::optional<ModelError> error_frame(const json::value& event, std::string_view frame, std::int64_t now_seconds) {
  const auto* error = find(event, "error");
  if (error != nullptr && find_string(*error, "code") == "websocket_connection_limit_reached") {
    return stream_error(
        std::string(find_string(*error, "message").value_or("The connection has reached its age limit.")));
  }
  auto status = find_int(event, "status");
  if (!status) status = find_int(event, "status_code");
  if (!status || *status < 100 || *status > 999 || (*status >= 200 && *status < 300)) return std::nullopt;
  WholeReply reply(static_cast<int>(*status), error_detail::frame_headers(event));
  return status_error(reply.status(), reply, frame, {}, now_seconds);
}

std::optional<std::int64_t> retry_after(std::string_view value, std::int64_t now_seconds) {
  constexpr std::uint64_t longest_s = 366 * 24 * 3600;
  value = trim(value);
  if (auto seconds = parse_uint(value)) {
    if (*seconds > longest_s) return std::nullopt;
    return now_seconds + static_cast<std::int64_t>(*seconds);
  }
  // "Sun, 06 Nov 1994 08:49:37 GMT"; the two obsolete forms are not sent by servers of this century.
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  auto words = split(value, ' ');
  if (words.size() != 6 || words[5] != "GMT" || words[2].size() != 3) return std::nullopt;
  auto month = months.find(words[2]);
  auto clock = split(words[4], ':');
  auto day = parse_uint(words[1]), year = parse_uint(words[3]);
  if (month == std::string_view::npos || month % 3 != 0 || clock.size() != 3 || !day || !year) return std::nullopt;
  auto hour = parse_uint(clock[0]), minute = parse_uint(clock[1]), second = parse_uint(clock[2]);
  if (!hour || !minute || !second || *year > 9999) return std::nullopt;
  io::LocalTime time{};
  time.year = static_cast<int>(*year);
  time.month = static_cast<int>(month / 3 + 1);
  time.day = static_cast<int>(*day);
  time.hour = static_cast<int>(*hour);
  time.minute = static_cast<int>(*minute);
  time.second = static_cast<int>(*second);
  return io::unix_seconds_of(time);
}

std::optional<io::Span> retry_hint(std::string_view message) {
  // try again in\s*(\d+(?:\.\d+)?)\s*(s|ms|seconds?), ignoring case, anywhere.
  constexpr std::string_view phrase = "try again in";
  auto space = [&](std::size_t at) {
    while (at < message.size() && (message[at] == ' ' || (message[at] >= '\t' && message[at] <= '\r'))) ++at;
    return at;
  };
  auto digits = [&](std::size_t at) {
    while (at < message.size() && message[at] >= '0' && message[at] <= '9') ++at;
    return at;
  };
  for (std::size_t start = 0; start + phrase.size() <= message.size(); ++start) {
    if (!starts_with_ignore_case(message.substr(start), phrase)) continue;
    std::size_t from = space(start + phrase.size());
    std::size_t to = digits(from);
    if (to == from) continue;
    if (to < message.size() && message[to] == '.' && digits(to + 1) > to + 1) to = digits(to + 1);
    auto number = parse_double(message.substr(from, to - from));
    if (!number) continue;
    auto unit = message.substr(space(to));
    if (starts_with_ignore_case(unit, "s")) {
      return io::duration_cast<io::Span>(std::chrono::duration<double>(*number));
    }
    if (starts_with_ignore_case(unit, "ms")) return io::milliseconds(static_cast<std::int64_t>(*number));
  }
  return std::nullopt;
}

}  // namespace burin::model

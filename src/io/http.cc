#include "io/http.h"

#include <fmt/format.h>

#include "base/text.h"

namespace burin::io {

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  for (const auto& [n, value] : headers()) {
    if (equals_ignore_case(n, name)) return value;
  }
  return std::nullopt;
}

Task<Result<std::string>> read_body(HttpResponse& response, std::size_t limit) {
  std::string body;
  for (;;) {
    CO_TRY(std::string_view piece, co_await response.read());
    if (piece.empty()) co_return body;
    if (piece.size() > limit - body.size()) {
      co_return fail(Kind::invalid, fmt::format("the response is larger than {} bytes", limit));
    }
    body += piece;
  }
}

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> phrases[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {413, "Payload Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {418, "I'm a teapot"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Entity"},
      {423, "Locked"},
      {424, "Failed Dependency"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
      {511, "Network Authentication Required"},
  };
  for (const auto& [number, phrase] : phrases) {
    if (number == status) return phrase;
  }
  return "";
}

}  // namespace burin::io

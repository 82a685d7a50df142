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

}  // namespace burin::io

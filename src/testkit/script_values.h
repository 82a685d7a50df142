// Typed values out of a script's JSON; every error names its place. Shared by the files that read scripts.
#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "testkit/response.h"
#include "testkit/ws_script.h"

namespace burin::testkit::script_detail {

using Place = const std::string&;

Fail wrong(Place at, std::string_view wanted, const json::value& got);
Fail wrong_key(Place at, std::string_view key, std::string_view known);
Result<std::string> string_of(Place at, const json::value& v);
Result<std::int64_t> number_of(Place at, const json::value& v, std::int64_t low, std::int64_t high);
Result<bool> bool_of(Place at, const json::value& v);
/// Milliseconds, up to a day.
Result<io::Span> span_of(Place at, const json::value& v);
Result<io::Headers> headers_of(Place at, const json::value& v);
Result<Response> response_of(Place at, json::value&& v);
Result<WsConnection> ws_connection_of(Place at, json::value&& v);
/// An object whose first key starts with "$".
bool is_special(const json::value& v);

}  // namespace burin::testkit::script_detail

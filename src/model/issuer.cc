#include "model/issuer.h"

#include "base/json.h"
#include "base/text.h"

namespace burin::model {

namespace issuer_detail {

constexpr io::Span connect_limit = io::seconds(10);
constexpr std::size_t max_body = 1 << 20;
constexpr std::size_t max_message = 500;

io::Task<Result<IssuerReply>> exchange(io::World& world, io::HttpRequest request) {
  CO_TRY(auto response, co_await world.http.send(std::move(request)));
  IssuerReply reply{.status = response->status(), .body = {}};
  CO_TRY(reply.body, co_await io::read_body(*response, max_body));
  co_return reply;
}

}  // namespace issuer_detail

using namespace issuer_detail;

std::string IssuerReply::code() const {
  auto document = parse_json(body);
  if (!document) return {};
  if (const auto* error = find(*document, "error")) {
    if (auto code = find_string(*error, "code")) return std::string(*code);
    if (error->is_string()) return std::string(view(error->get_string()));
  }
  return std::string(find_string(*document, "code").value_or(""));
}

std::string IssuerReply::message() const {
  auto document = parse_json(body);
  if (document) {
    if (auto text = find_string(*document, "error_description"); text && !blank(*text)) return std::string(*text);
    if (const auto* error = find(*document, "error")) {
      if (auto text = find_string(*error, "message"); text && !blank(*text)) return std::string(*text);
    }
    if (auto known = code(); !known.empty()) return known;
  }
  if (blank(body)) return "no further explanation";
  return utf8_lossy(first_code_points(body, max_message));
}

std::string refresh_token_url(const io::Environment& env) {
  if (auto url = env.own("REFRESH_TOKEN_URL_OVERRIDE"); url && !blank(*url)) return std::string(trim(*url));
  return fmt::format("{}/oauth/token", default_issuer);
}

io::Headers issuer_headers(const Identity& identity, std::string_view content_type) {
  io::Headers headers{{"content-type", std::string(content_type)}, {"accept", "*/*"}};
  headers.emplace_back("originator", identity.originator);
  headers.emplace_back("user-agent", identity.user_agent);
  if (identity.residency) headers.emplace_back("x-openai-internal-codex-residency", *identity.residency);
  return headers;
}

io::Task<Result<IssuerReply>> send_to_issuer(io::World& world, io::HttpRequest request, io::Span limit) {
  request.connect_timeout = connect_limit;
  std::string what = request.url;
  co_return co_await io::with_deadline(limit, std::move(what), exchange(world, std::move(request)));
}

}  // namespace burin::model

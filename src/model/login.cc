#include "model/login.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace burin::model {

namespace login_detail {

constexpr io::Span exchange_limit = io::seconds(30);

io::Task<Result<IssuerReply>> post_form(io::World& world, const LoginOptions& options, std::string body) {
  io::HttpRequest request;
  request.method = "POST";
  request.url = issuer_url(options, "oauth/token");
  request.headers = issuer_headers(options.identity, "application/x-www-form-urlencoded");
  request.body = std::move(body);
  co_return co_await send_to_issuer(world, std::move(request), exchange_limit);
}

Result<ChatGptTokens> read_answer(const LoginOptions& options, const IssuerReply& reply) {
  if (!reply.good()) {
    return fail(Kind::denied, fmt::format("the issuer refused the code with status {}: {}", status_text(reply.status),
                                          reply.message()));
  }
  auto body = parse_json(reply.body);
  auto member = [&](std::string_view key) { return body ? std::string(find_string(*body, key).value_or("")) : ""; };
  ChatGptTokens tokens{member("id_token"), member("access_token"), member("refresh_token"), {}};
  if (tokens.access_token.empty() || tokens.refresh_token.empty()) {
    return fail(Kind::invalid, "the issuer's answer holds no tokens");
  }
  auto claims = read_claims(tokens.id_token);
  if (!claims) return wrap(claims.error(), "the issuer's id token cannot be read");
  if (options.workspace && claims->account_id != options.workspace) {
    return fail(Kind::denied, fmt::format("Login is restricted to workspace id {}.", *options.workspace));
  }
  tokens.account_id = claims->account_id;
  return tokens;
}

}  // namespace login_detail

using namespace login_detail;

std::string form(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += fmt::format("{}={}", name, percent_encode(value));
  }
  return out;
}

std::string issuer_url(const LoginOptions& options, std::string_view path) {
  std::string_view issuer = options.issuer;
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return fmt::format("{}/{}", issuer, path);
}

io::Task<Result<ChatGptTokens>> exchange_code(io::World& world, const LoginOptions& options, std::string code,
                                              std::string verifier, std::string redirect_uri) {
  CO_TRY(auto reply, co_await post_form(world, options,
                                        form({{"grant_type", "authorization_code"},
                                              {"code", code},
                                              {"redirect_uri", redirect_uri},
                                              {"client_id", options.client_id},
                                              {"code_verifier", verifier}})));
  co_return read_answer(options, reply);
}

io::Task<std::optional<std::string>> exchange_for_api_key(io::World& world, const LoginOptions& options,
                                                          std::string id_token) {
  auto reply = co_await post_form(world, options,
                                  form({{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                        {"client_id", options.client_id},
                                        {"requested_token", "openai-api-key"},
                                        {"subject_token", id_token},
                                        {"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"}}));
  if (!reply || !reply->good()) {
    log(Level::info, "auth", "the account gets no API key: {}", reply ? reply->message() : reply.error().text());
    co_return std::nullopt;
  }
  auto body = parse_json(reply->body);
  auto key = body ? find_string(*body, "access_token") : std::nullopt;
  if (!key || key->empty()) co_return std::nullopt;
  co_return std::string(*key);
}

}  // namespace burin::model

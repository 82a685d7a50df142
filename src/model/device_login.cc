#include "model/device_login.h"

#include "base/json.h"
#include "base/text.h"

namespace burin::model {

namespace device_login_detail {

constexpr io::Span answer_limit = io::seconds(30);
constexpr io::Span code_life = std::chrono::minutes(15);
constexpr std::int64_t default_interval = 5, longest_interval = 60;  // seconds

io::Task<Result<IssuerReply>> post(io::World& world, const LoginOptions& options, std::string_view what,
                                   json::object body) {
  io::HttpRequest request;
  request.method = "POST";
  request.url = issuer_url(options, fmt::format("api/accounts/deviceauth/{}", what));
  request.headers = issuer_headers(options.identity, "application/json");
  request.body = dump(body);
  co_return co_await send_to_issuer(world, std::move(request), answer_limit);
}

/// A number, or one written as a string.
std::int64_t seconds_of(const json::value& body) {
  auto seconds = find_int(body, "interval");
  if (auto text = find_string(body, "interval")) seconds = parse_int(trim(*text));
  return std::clamp<std::int64_t>(seconds.value_or(default_interval), 1, longest_interval);
}

struct Grant {
  std::string code, verifier;
};

io::Task<Result<Grant>> wait_for_grant(io::World& world, const LoginOptions& options, const DeviceCode& code) {
  for (;;) {
    json::object body;
    body["device_auth_id"] = code.device_auth_id;
    body["user_code"] = code.user_code;
    CO_TRY(auto reply, co_await post(world, options, "token", std::move(body)));
    if (reply.good()) {
      auto answer = parse_json(reply.body);
      auto member = [&](std::string_view key) { return answer ? find_string(*answer, key) : std::nullopt; };
      auto granted = member("authorization_code"), verifier = member("code_verifier");
      if (granted && verifier) co_return Grant{std::string(*granted), std::string(*verifier)};
      co_return fail(Kind::invalid, "the issuer accepted the device code, but its answer cannot be read");
    }
    // Not yet: the issuer says so with either.
    if (reply.status != 403 && reply.status != 404) {
      co_return fail(Kind::unavailable,
                     fmt::format("device login failed with status {}: {}", status_text(reply.status), reply.message()));
    }
    co_await io::sleep(code.interval);
  }
}

}  // namespace device_login_detail

using namespace device_login_detail;

io::Task<Result<DeviceCode>> request_device_code(io::World& world, const LoginOptions& options) {
  json::object body;
  body["client_id"] = options.client_id;
  CO_TRY(auto reply, co_await post(world, options, "usercode", std::move(body)));
  if (reply.status == 404) {
    co_return fail(Kind::unsupported, fmt::format("{} offers no login with a device code", options.issuer),
                   "sign in with the browser, or check the issuer's URL");
  }
  if (!reply.good()) {
    co_return fail(Kind::unavailable,
                   fmt::format("no device code: status {}: {}", status_text(reply.status), reply.message()));
  }
  CO_TRY(auto answer, parse_json(reply.body));
  auto user_code = find_string(answer, "user_code");
  if (!user_code) user_code = find_string(answer, "usercode");
  auto id = find_string(answer, "device_auth_id");
  if (!user_code || !id) co_return fail(Kind::invalid, "the issuer's answer holds no device code");
  co_return DeviceCode{issuer_url(options, "codex/device"), std::string(*user_code), std::string(*id),
                       io::seconds(seconds_of(answer))};
}

io::Task<Result<ChatGptTokens>> finish_device_login(io::World& world, const LoginOptions& options, DeviceCode code) {
  CO_TRY(auto grant,
         co_await io::with_deadline(code_life, "the device code has expired", wait_for_grant(world, options, code)));
  co_return co_await exchange_code(world, options, grant.code, grant.verifier,
                                   issuer_url(options, "deviceauth/callback"));
}

}  // namespace burin::model

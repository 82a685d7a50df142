#include "model/auth.h"

#include "base/json.h"
#include "base/text.h"

namespace burin::model {

namespace auth_detail {

std::string file_of(const std::string& home) { return path::join(home, "auth.json"); }

/// A member that is a string, null or missing.
Result<std::optional<std::string>> text_of(const json::value& object, std::string_view key) {
  const auto* v = find(object, key);
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (!v->is_string()) {
    return fail(Kind::invalid, fmt::format("{}: invalid type: {}, expected a string", key, type_name(*v)));
  }
  return std::string(view(v->get_string()));
}

Result<Auth> read_document(const json::value& document) {
  if (!document.is_object()) {
    return fail(Kind::invalid, fmt::format("invalid type: {}, expected an object", type_name(document)));
  }
  TRY(auto key, text_of(document, "OPENAI_API_KEY"));
  TRY(auto mode, text_of(document, "auth_mode"));
  if (mode && *mode != "apikey" && *mode != "chatgpt" && *mode != "chatgptAuthTokens") {
    return fail(Kind::invalid, fmt::format("auth_mode: unknown variant `{}`, expected one of `apikey`, `chatgpt`, "
                                           "`chatgptAuthTokens`",
                                           *mode));
  }
  if (mode ? *mode == "apikey" : key.has_value()) {
    if (!key) return fail(Kind::invalid, "auth_mode is `apikey`, but OPENAI_API_KEY is not set");
    return Auth{Auth::Mode::api_key, std::move(*key), {}};
  }
  const auto* tokens = find(document, "tokens");
  if (tokens == nullptr || tokens->is_null()) return Auth{};
  TRY(auto access, text_of(*tokens, "access_token"));
  if (!access) return fail(Kind::invalid, "tokens: missing field `access_token`");
  TRY(auto account, text_of(*tokens, "account_id"));
  return Auth{Auth::Mode::chatgpt, std::move(*access), std::move(account)};
}

}  // namespace auth_detail

Result<Auth> load_auth(io::Files& files, const io::Environment& env, const std::string& home, bool allow_env_key) {
  if (allow_env_key) {
    if (auto key = env.own("API_KEY"); key && !blank(*key)) {
      return Auth{Auth::Mode::api_key, std::string(trim(*key)), {}};
    }
  }
  std::string file = auth_detail::file_of(home);
  auto text = files.read(file, 1 << 20);
  if (!text && text.error().kind == Kind::not_found) return Auth{};
  auto complain = [&](Error why) {
    return wrap(std::move(why), fmt::format("cannot use the credentials in {}", file),
                "sign in again, or remove the file");
  };
  if (!text) return complain(text.error());
  auto document = parse_json(*text);
  if (!document) return complain(document.error());
  auto auth = auth_detail::read_document(*document);
  if (!auth) return complain(auth.error());
  auth->stored = true;
  return auth;
}

Result<> check_login(io::Files& files, const config::Config& config, const Auth& auth) {
  if (!config.forced_login_method || auth.mode == Auth::Mode::none) return {};
  bool api = *config.forced_login_method == config::LoginMethod::api;
  if (api == (auth.mode == Auth::Mode::api_key)) return {};
  std::string what = api ? "forced_login_method asks for an API key, but a ChatGPT login is in use"
                         : "forced_login_method asks for a ChatGPT login, but an API key is in use";
  if (!auth.stored) return fail(Kind::denied, what + "; it comes from the environment");
  std::string file = auth_detail::file_of(config.home);
  if (auto removed = files.remove(file); !removed && removed.error().kind != Kind::not_found) {
    return wrap(removed.error(), std::move(what));
  }
  return fail(Kind::denied, what + "; the stored credentials have been removed");
}

ModelResult<Credential> credential_for(const config::ProviderDef& provider, const Auth& auth,
                                       const io::Environment& env) {
  if (provider.env_key) {
    auto value = env.get(*provider.env_key);
    if (!value || blank(*value)) {
      std::string text = fmt::format("Missing environment variable: `{}`.", *provider.env_key);
      if (provider.env_key_instructions) text += " " + *provider.env_key_instructions;
      return ModelFail(ModelError{.cls = ErrorClass::env_var, .message = std::move(text)});
    }
    return Credential{std::string(*value), {}};
  }
  if (provider.experimental_bearer_token) return Credential{*provider.experimental_bearer_token, {}};
  if (auth.mode == Auth::Mode::none) return Credential{};
  return Credential{auth.token, auth.account_id};
}

bool sends_tokens_elsewhere(const config::ProviderDef& provider, const Auth& auth) {
  if (auth.mode != Auth::Mode::chatgpt || provider.env_key || provider.experimental_bearer_token) return false;
  if (!provider.base_url) return false;
  std::string_view host = *provider.base_url;
  if (auto at = host.find("://"); at != std::string_view::npos) host.remove_prefix(at + 3);
  host = host.substr(0, host.find_first_of("/:?#"));
  auto below = [&](std::string_view domain) {
    return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
  };
  return !(host == "localhost" || host.starts_with("127.") || host.starts_with("[") || below("openai.com") ||
           below("chatgpt.com"));
}

}  // namespace burin::model

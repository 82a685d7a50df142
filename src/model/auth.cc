#include "model/auth.h"

#include "base/json.h"
#include "base/text.h"

namespace burin::model {

namespace {
std::string auth_file(const std::string& home) { return path::join(home, "auth.json"); }
}  // namespace

Result<Auth> load_auth(io::Files& files, const io::Environment& env, const std::string& home, bool allow_env_key) {
  if (allow_env_key) {
    if (auto key = env.own("API_KEY"); key && !blank(*key))
      return Auth{Auth::Mode::api_key, std::string(trim(*key)), {}};
  }
  const std::string path = auth_file(home);
  auto text = files.read(path, 1 << 20);
  if (!text) {
    if (text.error().kind == Kind::not_found) return Auth{};
    return wrap(text.error(), "cannot read the stored credentials", "repair or remove the file");
  }
  auto document = parse_json(*text);
  if (!document) {
    return fail(Kind::invalid, fmt::format("the credentials in {} are not valid JSON: {}", path, document.error().what),
                "repair or remove the file");
  }
  const auto* key_value = find(*document, "OPENAI_API_KEY");
  if (!document->is_object() || (key_value != nullptr && !key_value->is_string() && !key_value->is_null())) {
    return fail(Kind::invalid, fmt::format("the credentials in {} have a wrong shape", path),
                "repair or remove the file");
  }
  auto key = find_string(*document, "OPENAI_API_KEY");
  auto mode = find_string(*document, "auth_mode");
  bool use_key = mode ? *mode == "apikey" : key.has_value();
  if (use_key) {
    if (!key) return Auth{};
    return Auth{Auth::Mode::api_key, std::string(*key), {}, true};
  }
  const auto* tokens = find(*document, "tokens");
  if (tokens == nullptr) return Auth{};
  auto access = find_string(*tokens, "access_token");
  if (!access) return Auth{};
  Auth auth{Auth::Mode::chatgpt, std::string(*access), {}, true};
  if (auto account = find_string(*tokens, "account_id")) auth.account_id = std::string(*account);
  return auth;
}

std::optional<std::string> enforce_login_method(io::Files& files, const std::string& home,
                                                std::optional<config::LoginMethod> forced, const Auth& auth) {
  const bool key = auth.mode == Auth::Mode::api_key;
  const bool wants_key = forced == config::LoginMethod::api;
  if (!forced || auth.mode == Auth::Mode::none || key == wants_key) return std::nullopt;
  std::string_view what = wants_key ? "An API key is required, but this is a ChatGPT login"
                                    : "A ChatGPT login is required, but this is an API key";
  if (!auth.stored) return fmt::format("Error: {} (from the environment); unset it.", what);
  if (auto removed = files.remove(auth_file(home)); !removed) {
    return fmt::format("Error: {}; it could not be removed: {}", what, removed.error().text());
  }
  return fmt::format("{}. You are logged out.", what);
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

#include "model/auth.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace burin::model {

Auth load_auth(io::Files& files, const io::Environment& env, const std::string& home, bool allow_env_key) {
  if (allow_env_key) {
    if (auto key = env.own("API_KEY"); key && !blank(*key)) return {Auth::Mode::api_key, std::string(trim(*key)), {}};
  }
  std::string path = path::join(home, "auth.json");
  auto text = files.read(path, 1 << 20);
  if (!text) return {};
  auto document = parse_json(*text);
  if (!document) {
    log(Level::warn, "auth", "{} is not valid JSON: {}", path, document.error().what);
    return {};
  }
  auto key = find_string(*document, "OPENAI_API_KEY");
  auto mode = find_string(*document, "auth_mode");
  bool use_key = mode ? *mode == "apikey" : key.has_value();
  if (use_key) {
    if (!key) return {};
    return {Auth::Mode::api_key, std::string(*key), {}};
  }
  const auto* tokens = find(*document, "tokens");
  if (tokens == nullptr) return {};
  auto access = find_string(*tokens, "access_token");
  if (!access) return {};
  Auth auth{Auth::Mode::chatgpt, std::string(*access), {}};
  if (auto account = find_string(*tokens, "account_id")) auth.account_id = std::string(*account);
  return auth;
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

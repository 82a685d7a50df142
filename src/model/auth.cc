#include "model/auth.h"

#include "base/json.h"
#include "base/text.h"

namespace burin::model {

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

bool uses_login(const config::ProviderDef& provider) {
  return !provider.env_key && !provider.experimental_bearer_token;
}

bool sends_tokens_elsewhere(const config::ProviderDef& provider, const Auth& auth) {
  if (auth.mode != Auth::Mode::chatgpt || !uses_login(provider)) return false;
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

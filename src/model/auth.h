// Credentials of model requests (model-client.md 4.2): what is in use, and which of it a request carries.
//
// Where they come from and how they stay fresh is auth_manager.h's business. A provider's own key variable or bearer
// token comes before them, see credential_for.
#pragma once
#include <optional>
#include <string>

#include "config/config.h"
#include "io/world.h"
#include "model/error.h"

namespace burin::model {

struct Auth {
  enum class Mode : unsigned char { none, api_key, chatgpt } mode = Mode::none;
  std::string token;                      // API key or access token
  std::optional<std::string> account_id;  // ChatGPT only
  bool stored = false;                    // from the home, not from the environment
};

/// What one request carries; `account_id` only with ChatGPT credentials.
struct Credential {
  std::optional<std::string> bearer;
  std::optional<std::string> account_id;
};

/// The provider's own key or token, else the stored auth, else nothing (model-client.md 4.2). A key variable that is
/// unset or blank is ErrorClass::env_var.
ModelResult<Credential> credential_for(const config::ProviderDef& provider, const Auth& auth,
                                       const io::Environment& env);

/// Whether requests carry the login at all: not when the provider has a key or token of its own.
bool uses_login(const config::ProviderDef& provider);

/// True when stored ChatGPT tokens would go to a host that is neither loopback nor OpenAI's: worth a warning.
bool sends_tokens_elsewhere(const config::ProviderDef& provider, const Auth& auth);

}  // namespace burin::model

// Credentials of model requests (model-client.md 4).
//
// Sources, first hit wins: CODEX_API_KEY (only where the entry point allows it), then `<home>/auth.json`. A file that
// is there but cannot be read is an error that names it: going on without credentials would only look like a wrong key.
// A provider's own key variable or bearer token comes before both, see credential_for.
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

/// Reads the sources above. `allow_env_key`: exec honours CODEX_API_KEY, other entry points do not.
Result<Auth> load_auth(io::Files& files, const io::Environment& env, const std::string& home, bool allow_env_key);

/// Enforces `forced_login_method` (cli-config.md 5.8): credentials of the other kind are an error, and the stored ones
/// are deleted. No credentials at all are fine.
Result<> check_login(io::Files& files, const config::Config& config, const Auth& auth);

/// What one request carries; `account_id` only with ChatGPT credentials.
struct Credential {
  std::optional<std::string> bearer;
  std::optional<std::string> account_id;
};

/// The provider's own key or token, else the stored auth, else nothing (model-client.md 4.2). A key variable that is
/// unset or blank is ErrorClass::env_var.
ModelResult<Credential> credential_for(const config::ProviderDef& provider, const Auth& auth,
                                       const io::Environment& env);

/// True when stored ChatGPT tokens would go to a host that is neither loopback nor OpenAI's: worth a warning.
bool sends_tokens_elsewhere(const config::ProviderDef& provider, const Auth& auth);

}  // namespace burin::model

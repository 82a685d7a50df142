// Signing in with a ChatGPT account: what the two ways have in common (RFC 6749 with PKCE, RFC 7636).
//
// In the browser (browser_login.h) the issuer sends its code to a listener of ours on loopback; with a device code
// (device_login.h) the user types a short code on any machine, and we ask until it was accepted. Both end with a code
// that is exchanged for tokens here. The shapes are those of the reference.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "io/world.h"
#include "model/auth_store.h"
#include "model/headers.h"
#include "model/issuer.h"

namespace burin::model {

struct LoginOptions {
  std::string issuer{default_issuer};
  std::string client_id{default_client_id};
  std::optional<std::string> workspace;  // forced_chatgpt_workspace_id: other accounts are refused
  Identity identity;
};

struct LoginTokens {
  ChatGptTokens tokens;
  std::optional<std::string> api_key;  // only some accounts get one
};

/// `name=value&…`, values escaped.
std::string form(const std::vector<std::pair<std::string_view, std::string_view>>& fields);
/// "https://issuer/path", whether the issuer ends with a slash or not.
std::string issuer_url(const LoginOptions& options, std::string_view path);

/// Exchanges the code for tokens; they belong to the workspace that is asked for, or it is an error.
io::Task<Result<ChatGptTokens>> exchange_code(io::World& world, const LoginOptions& options, std::string code,
                                              std::string verifier, std::string redirect_uri);
/// The API key of the account behind an id token; nullopt when it gets none.
io::Task<std::optional<std::string>> exchange_for_api_key(io::World& world, const LoginOptions& options,
                                                          std::string id_token);

}  // namespace burin::model

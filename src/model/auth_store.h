// Where credentials are kept between runs, and in which form (model-client.md 4.1).
//
// The document is that of the reference, so that both programs can alternate on one home. What we do not know or do not
// change survives a rewrite byte for byte of its values; a file is replaced as a whole, created for its owner only, and
// keeps its mode afterwards.
//
// Stores block. The keyring may wait for D-Bus and for the user: AuthManager runs it on the pool.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "config/types.h"
#include "io/world.h"
#include "model/auth.h"

namespace burin::model {

/// What the id token tells about the account.
struct TokenClaims {
  std::optional<std::string> email;
  std::optional<std::string> plan;  // "plus", "edu"…; unknown ones as they are
  std::optional<std::string> user_id;
  std::optional<std::string> account_id;
};
/// The claims of a JWT; its signature is the issuer's business.
Result<TokenClaims> read_claims(std::string_view jwt);

struct ChatGptTokens {
  std::string id_token;  // may be empty for tokens of an embedding application
  std::string access_token;
  std::string refresh_token;
  std::optional<std::string> account_id;
};

/// What the issuer sent back for a refresh token; absent ones stay as they are.
struct RenewedTokens {
  std::optional<std::string> id_token, access_token, refresh_token;
};

/// auth.json as read, with the parts that are understood.
class AuthDocument {
 public:
  enum class Mode : unsigned char { api_key, chatgpt, external };

  /// The error names the member.
  static Result<AuthDocument> parse(std::string_view text);
  static AuthDocument of_api_key(std::string_view key);
  /// `api_key` is what some accounts get for their id token.
  static AuthDocument of_tokens(const ChatGptTokens& tokens, const std::optional<std::string>& api_key,
                                std::string_view now);
  /// Tokens that an embedding application gave; never stored.
  static AuthDocument of_external(const ChatGptTokens& tokens, const std::optional<std::string>& plan);

  Mode mode() const { return mode_; }
  const std::optional<std::string>& api_key() const { return api_key_; }
  const std::optional<ChatGptTokens>& tokens() const { return tokens_; }
  const TokenClaims& claims() const { return claims_; }
  /// Seconds since the epoch.
  std::optional<std::int64_t> last_refresh() const { return last_refresh_; }
  /// Credentials for requests; Mode::none when the document holds none.
  Auth auth() const;

  /// Takes over what was received, and `now` as the time of it. An id token that cannot be read is left out: the others
  /// must not be lost with it.
  void renew(const RenewedTokens& received, std::string_view now);

  std::string pretty() const { return dump_pretty(document_); }
  std::string compact() const { return dump(document_); }

 private:
  Result<> read();
  json::object document_;
  Mode mode_ = Mode::chatgpt;
  std::optional<std::string> api_key_;
  std::optional<ChatGptTokens> tokens_;
  TokenClaims claims_;
  std::optional<std::int64_t> last_refresh_;
};

class AuthStore {
 public:
  virtual ~AuthStore() = default;
  /// nullopt when nothing is stored. What is there but cannot be read is an error that names the place.
  virtual Result<std::optional<AuthDocument>> load() = 0;
  virtual Result<> save(const AuthDocument& document) = 0;
  /// Removes from every place that the store may have used; whether there was anything.
  virtual Result<bool> remove() = 0;
};

/// The store that the configuration asks for. `auto` prefers the keyring and falls back to the file.
std::unique_ptr<AuthStore> make_auth_store(config::CredentialsStore kind, io::Files& files, io::Keyring& keyring,
                                           const std::string& home);

/// Name of the home's entry in the keyring: "cli|" and 16 digits.
std::string keyring_account(io::Files& files, const std::string& home);
inline constexpr const char* keyring_service = "Codex Auth";

}  // namespace burin::model

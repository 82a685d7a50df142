// The credentials of the process: read once, kept fresh, renewed after a 401 (model-client.md 4).
//
// One manager serves all threads of a process. A refresh token is worth one use: the issuer answers with its successor,
// and takes a second use as theft. So whoever renews holds a lock inside the process and a lock file in the home, reads
// the store again under it, and asks the issuer only if nobody else has renewed meanwhile. From the request on until
// the answer is stored the work is shielded from cancellation; a crash just there is the one way to lose a login.
//
// Sources, first hit wins: CODEX_API_KEY where the entry point allows it, tokens that an embedding application handed
// over, the configured store. Loop thread only; the manager outlives the tasks that use it. Tokens are never logged.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "io/world.h"
#include "model/auth.h"
#include "model/auth_store.h"
#include "model/error.h"
#include "model/headers.h"

namespace burin::model {

struct AuthOptions {
  std::string home;
  config::CredentialsStore store = config::CredentialsStore::file;
  bool allow_env_key = false;                 // exec honours CODEX_API_KEY, other entry points do not
  std::optional<config::LoginMethod> method;  // forced_login_method
  std::optional<std::string> workspace;       // forced_chatgpt_workspace_id
  Identity identity;                          // of requests to the issuer
};
AuthOptions auth_options(const config::Config& config, Identity identity, bool allow_env_key);

/// What an embedding application hands over.
struct ExternalTokens {
  std::string access_token;
  std::string account_id;
  std::optional<std::string> plan;
};

class AuthManager {
 public:
  /// Asks the embedding application for new tokens; it knows the account that was in use.
  using ExternalRefresh = std::function<io::Task<Result<ExternalTokens>>(std::optional<std::string> previous_account)>;

  AuthManager(io::World& world, AuthOptions options);

  /// Reads the sources. What is stored but unreadable is an error that names the place; nothing is in use then.
  io::Task<Result<>> load();
  /// Enforces `forced_login_method` and `forced_chatgpt_workspace_id` (cli-config.md 5.8): credentials that violate
  /// them are an error, and the stored ones are deleted. No credentials at all are fine.
  io::Task<Result<>> check_restrictions();

  /// The credentials in use as they are; no I/O.
  const Auth& cached() const { return auth_; }
  /// The document behind them; null without one (none, or from the environment).
  const AuthDocument* document() const { return document_ ? &*document_ : nullptr; }
  /// For a request that is about to be sent: tokens older than 8 days are renewed first. If that fails, it is logged
  /// and the old ones serve.
  io::Task<ModelResult<Auth>> current();

  /// Renews managed ChatGPT tokens, unless those in use are no longer `rejected`.
  io::Task<ModelResult<>> refresh(std::string rejected);

  io::Task<Result<>> save_api_key(std::string key);
  io::Task<Result<>> save_tokens(ChatGptTokens tokens, std::optional<std::string> api_key);
  /// Kept in memory only; they win over what is stored.
  Result<> use_external(const ExternalTokens& tokens);
  void on_external_refresh(ExternalRefresh refresh) { external_refresh_ = std::move(refresh); }
  /// Forgets the credentials and removes them from the store; whether there were any.
  io::Task<Result<bool>> logout();

 private:
  friend class Recovery;
  using Stored = Result<std::optional<AuthDocument>>;
  struct Refused {
    std::string refresh_token;
    ModelError error;
  };

  io::Task<Stored> read_store();
  io::Task<Result<>> write_store(AuthDocument document);
  void adopt(std::optional<AuthDocument> document);
  bool managed() const { return document_ && document_->mode() == AuthDocument::Mode::chatgpt && document_->tokens(); }
  bool stale(const AuthDocument& document) const;
  /// Whether somebody else has renewed: the stored tokens are fresh and not the rejected ones.
  bool renewed_elsewhere(const AuthDocument& stored, const std::string& rejected) const;
  /// The stored document, if it is still for the account in use.
  io::Task<ModelResult<AuthDocument>> read_same_account();
  /// The lock file; null when waiting for it became needless, because the tokens have been renewed.
  io::Task<ModelResult<std::unique_ptr<io::FileLock>>> lock_home(const std::string& rejected);
  io::Task<ModelResult<>> renew(std::string rejected);
  io::Task<ModelResult<RenewedTokens>> ask_issuer(std::string refresh_token);
  io::Task<ModelResult<>> reload();
  io::Task<ModelResult<>> refresh_external();

  io::World& world_;
  AuthOptions options_;
  std::unique_ptr<AuthStore> store_;
  std::optional<AuthDocument> document_;
  Auth auth_;
  ExternalRefresh external_refresh_;
  std::optional<Refused> refused_;  // what the issuer will never accept again
  io::FairLock renewing_;
};

/// What can still be done about a 401 (model-client.md 4.4); made anew for every request of the turn engine.
///
///   auto recovery = Recovery(manager);
///   on 401: if (recovery.done()) return the 401; else { step; on an error return it, else repeat the request at once }
class Recovery {
 public:
  explicit Recovery(AuthManager& manager);
  bool done() const { return next_ == Step::done; }
  /// Not after done(). An error is final for this attempt: ErrorClass::refresh_token_failed for good, ErrorClass::io
  /// when trying later may help.
  io::Task<ModelResult<>> step();

 private:
  enum class Step : unsigned char { reload, refresh, external, done };
  AuthManager& manager_;
  std::string used_;  // the token of the request that was refused
  Step next_ = Step::done;
};

}  // namespace burin::model

#include "model/auth_manager.h"

#include "base/log.h"
#include "base/text.h"
#include "model/issuer.h"

namespace burin::model {

namespace auth_manager_detail {

constexpr std::int64_t fresh_seconds = 8 * 24 * 3600;
constexpr io::Span issuer_limit = io::seconds(30);
/// Longer than whoever holds the lock may need.
constexpr io::Span lock_limit = io::seconds(45);
constexpr io::Span shield_limit = io::seconds(40);
constexpr std::string_view again = "log out and sign in again";

ModelError permanent(std::string message) {
  return ModelError{.cls = ErrorClass::refresh_token_failed, .message = std::move(message)};
}
ModelError transient(std::string message) { return ModelError{.cls = ErrorClass::io, .message = std::move(message)}; }

/// Codes of a 401 of the issuer (model-client.md 4.3).
struct RefusalRow {
  std::string_view code;
  std::string_view text;
};
constexpr RefusalRow refusals[] = {
    {"refresh_token_expired", "Your login has expired"},
    {"refresh_token_reused", "Your login was already renewed with the same refresh token"},
    {"refresh_token_invalidated", "Your login has been revoked"},
};

ModelError refusal(const IssuerReply& reply) {
  if (reply.status != 401) {
    return transient(fmt::format("Failed to refresh token: {}: {}", status_text(reply.status), reply.message()));
  }
  std::string code = to_lower_ascii(reply.code());
  const auto* row = std::ranges::find(refusals, std::string_view(code), &RefusalRow::code);
  std::string_view text = row != std::end(refusals) ? row->text : "Your login could not be renewed";
  return permanent(fmt::format("{}; {}.", text, again));
}

ModelError other_account() {
  return permanent(
      fmt::format("The login in use is not the stored one any more: another account has signed in, or "
                  "somebody has logged out; {}.",
                  again));
}

bool holds_refresh_token(const std::optional<AuthDocument>& document, const std::string& refresh_token) {
  return document && document->tokens() && document->tokens()->refresh_token == refresh_token;
}

std::string refresh_body(std::string_view refresh_token) {
  json::object body;
  body["client_id"] = default_client_id;
  body["grant_type"] = "refresh_token";
  body["refresh_token"] = refresh_token;
  return dump(body);
}

}  // namespace auth_manager_detail

using namespace auth_manager_detail;

AuthOptions auth_options(const config::Config& config, Identity identity, bool allow_env_key) {
  return AuthOptions{.home = config.home,
                     .store = config.cli_auth_credentials_store,
                     .allow_env_key = allow_env_key,
                     .method = config.forced_login_method,
                     .workspace = config.forced_chatgpt_workspace_id,
                     .identity = std::move(identity)};
}

AuthManager::AuthManager(io::World& world, AuthOptions options)
    : world_(world),
      options_(std::move(options)),
      store_(make_auth_store(options_.store, world.files, world.keyring, options_.home)) {}

io::Task<AuthManager::Stored> AuthManager::read_store() {
  bool quick =
      options_.store == config::CredentialsStore::file || options_.store == config::CredentialsStore::ephemeral;
  if (quick) co_return store_->load();
  auto* store = store_.get();
  co_return co_await io::offload(world_.pool, [store] { return store->load(); });
}

io::Task<Result<>> AuthManager::write_store(AuthDocument document) {
  auto* store = store_.get();
  co_return co_await io::offload(world_.pool, [store, &document] { return store->save(document); });
}

void AuthManager::adopt(std::optional<AuthDocument> document) {
  document_ = std::move(document);
  auth_ = document_ ? document_->auth() : Auth{};
}

io::Task<Result<>> AuthManager::load() {
  const bool handed_over = document_ && document_->mode() == AuthDocument::Mode::external && !auth_.stored;
  if (handed_over) co_return Result<>{};
  adopt(std::nullopt);
  if (options_.allow_env_key) {
    if (auto key = world_.env.own("API_KEY"); key && !blank(*key)) {
      auth_ = Auth{Auth::Mode::api_key, std::string(trim(*key)), {}};
      co_return Result<>{};
    }
  }
  CO_TRY(auto stored, co_await read_store());
  adopt(std::move(stored));
  co_return Result<>{};
}

io::Task<Result<>> AuthManager::check_restrictions() {
  if (auth_.mode == Auth::Mode::none) co_return Result<>{};
  const bool key = auth_.mode == Auth::Mode::api_key;
  std::string what;
  if (options_.method == config::LoginMethod::api && !key) {
    what = "forced_login_method asks for an API key, but a ChatGPT login is in use";
  } else if (options_.method == config::LoginMethod::chatgpt && key) {
    what = "forced_login_method asks for a ChatGPT login, but an API key is in use";
  } else if (options_.workspace && document_ && !key) {
    auto account = document_->claims().account_id;
    if (account == options_.workspace) co_return Result<>{};
    what = fmt::format("Login is restricted to workspace {}, but the login in use belongs to {}", *options_.workspace,
                       account ? "workspace " + *account : "none that is known");
  } else {
    co_return Result<>{};
  }
  if (!auth_.stored) co_return fail(Kind::denied, what + "; it comes from the environment");
  auto removed = co_await logout();
  if (!removed) co_return wrap(removed.error(), std::move(what));
  co_return fail(Kind::denied, what + "; the stored credentials have been removed");
}

bool AuthManager::stale(const AuthDocument& document) const {
  auto at = document.last_refresh();
  return at && world_.clock.now_ms() / 1000 - *at > fresh_seconds;
}

io::Task<ModelResult<Auth>> AuthManager::current() {
  if (!managed()) co_return auth_;
  if (!document_->last_refresh()) {
    co_return ModelFail(
        transient("The stored ChatGPT login does not say when it was last renewed; "
                  "log out and sign in again."));
  }
  if (stale(*document_)) {
    auto renewed = co_await refresh(auth_.token);
    if (!renewed) log(Level::error, "auth", "going on with the old tokens: {}", renewed.error().message);
  }
  co_return auth_;
}

bool AuthManager::renewed_elsewhere(const AuthDocument& stored, const std::string& rejected) const {
  return stored.tokens()->access_token != rejected && !stale(stored);
}

io::Task<ModelResult<AuthDocument>> AuthManager::read_same_account() {
  auto stored = co_await read_store();
  if (!stored) co_return ModelFail(transient(stored.error().text()));
  const bool same = *stored && (*stored)->mode() == AuthDocument::Mode::chatgpt && (*stored)->tokens() &&
                    (*stored)->tokens()->account_id == auth_.account_id;
  if (!same) co_return ModelFail(other_account());
  co_return std::move(**stored);
}

io::Task<ModelResult<>> AuthManager::refresh(std::string rejected) {
  auto alone = co_await renewing_.acquire(false);
  if (!managed() || auth_.token != rejected) co_return ModelResult<>{};  // done while we waited
  auto lock = co_await lock_home(rejected);
  if (!lock) co_return ModelFail(lock.error());
  if (auth_.token != rejected) co_return ModelResult<>{};
  co_return co_await io::shielded(shield_limit, renew(std::move(rejected)));
}

io::Task<ModelResult<std::unique_ptr<io::FileLock>>> AuthManager::lock_home(const std::string& rejected) {
  const std::string path = path::join(options_.home, ".auth.lock");
  const io::Time give_up = world_.loop.now() + lock_limit;
  for (;;) {
    auto lock = world_.files.lock(path);
    if (lock) co_return std::move(*lock);
    // Without it the answer could not be stored either, and the refresh token would be lost.
    if (lock.error().kind != Kind::conflict) co_return ModelFail(transient(lock.error().text()));
    if (world_.loop.now() >= give_up) {
      co_return ModelFail(
          transient(fmt::format("another process is renewing the login and does not finish ({})", path)));
    }
    co_await io::sleep(io::milliseconds(static_cast<std::int64_t>(world_.random.between(20, 80))));
    auto stored = co_await read_same_account();
    if (stored && renewed_elsewhere(*stored, rejected)) {
      adopt(std::move(*stored));
      co_return nullptr;
    }
  }
}

io::Task<ModelResult<>> AuthManager::renew(std::string rejected) {
  auto stored = co_await read_same_account();
  if (!stored) co_return ModelFail(stored.error());
  if (renewed_elsewhere(*stored, rejected)) {
    adopt(std::move(*stored));
    co_return ModelResult<>{};
  }
  const std::string refresh_token = stored->tokens()->refresh_token;
  if (refused_ && refused_->refresh_token == refresh_token) co_return ModelFail(refused_->error);
  if (refresh_token.empty()) {
    co_return ModelFail(permanent(fmt::format("The stored login has no refresh token; {}.", again)));
  }
  auto received = co_await ask_issuer(refresh_token);
  if (!received) {
    if (received.error().cls == ErrorClass::refresh_token_failed) refused_ = Refused{refresh_token, received.error()};
    co_return ModelFail(received.error());
  }
  auto meanwhile = co_await read_store();
  if (meanwhile && !holds_refresh_token(*meanwhile, refresh_token)) {
    adopt(std::move(*meanwhile));  // whoever signed in or out just now meant it
    co_return ModelResult<>{};
  }
  stored->renew(*received, io::utc_ns_text(world_.clock.now_ns()));
  adopt(*stored);
  auto saved = co_await write_store(std::move(*stored));
  // The old tokens are void, so this process goes on with those that it could not store.
  if (!saved) log(Level::error, "auth", "the renewed login could not be stored: {}", saved.error().text());
  co_return ModelResult<>{};
}

io::Task<ModelResult<RenewedTokens>> AuthManager::ask_issuer(std::string refresh_token) {
  io::HttpRequest request;
  request.method = "POST";
  request.url = refresh_token_url(world_.env);
  request.headers = issuer_headers(options_.identity, "application/json");
  request.body = refresh_body(refresh_token);
  auto reply = co_await send_to_issuer(world_, std::move(request), issuer_limit);
  if (!reply) co_return ModelFail(transient("Failed to refresh token: " + reply.error().text()));
  if (!reply->good()) co_return ModelFail(refusal(*reply));
  auto body = parse_json(reply->body);
  if (!body || !body->is_object()) {
    co_return ModelFail(transient("Failed to refresh token: the answer is not a JSON object"));
  }
  auto member = [&](std::string_view key) {
    auto text = find_string(*body, key);
    return text && !text->empty() ? std::optional<std::string>(*text) : std::nullopt;
  };
  co_return RenewedTokens{member("id_token"), member("access_token"), member("refresh_token")};
}

io::Task<ModelResult<>> AuthManager::reload() {
  auto stored = co_await read_same_account();
  if (!stored) co_return ModelFail(stored.error());
  adopt(std::move(*stored));
  co_return ModelResult<>{};
}

io::Task<ModelResult<>> AuthManager::refresh_external() {
  auto alone = co_await renewing_.acquire(false);
  auto tokens = co_await external_refresh_(auth_.account_id);
  if (!tokens) co_return ModelFail(permanent(tokens.error().text()));
  auto used = use_external(*tokens);
  if (!used) co_return ModelFail(permanent(used.error().text()));
  co_return ModelResult<>{};
}

io::Task<Result<>> AuthManager::save_api_key(std::string key) {
  auto document = AuthDocument::of_api_key(key);
  auto saved = co_await write_store(document);
  if (saved) adopt(std::move(document));
  co_return saved;
}

io::Task<Result<>> AuthManager::save_tokens(ChatGptTokens tokens, std::optional<std::string> api_key) {
  auto document = AuthDocument::of_tokens(tokens, api_key, io::utc_ns_text(world_.clock.now_ns()));
  auto saved = co_await write_store(document);
  if (saved) adopt(std::move(document));
  co_return saved;
}

Result<> AuthManager::use_external(const ExternalTokens& tokens) {
  if (options_.workspace && tokens.account_id != *options_.workspace) {
    return fail(Kind::denied, fmt::format("Login is restricted to workspace {}, but the tokens are for workspace {}",
                                          *options_.workspace, tokens.account_id));
  }
  adopt(AuthDocument::of_external({.access_token = tokens.access_token, .account_id = tokens.account_id}, tokens.plan));
  auth_.stored = false;
  return {};
}

io::Task<Result<bool>> AuthManager::logout() {
  const bool had = auth_.mode != Auth::Mode::none && !auth_.stored && document_;
  auto* store = store_.get();
  auto removed = co_await io::offload(world_.pool, [store] { return store->remove(); });
  if (!removed) co_return removed;
  adopt(std::nullopt);
  refused_.reset();
  co_return *removed || had;
}

Recovery::Recovery(AuthManager& manager) : manager_(manager), used_(manager.auth_.token) {
  if (manager.managed()) {
    next_ = Step::reload;
  } else if (manager.document_ && manager.document_->mode() == AuthDocument::Mode::external &&
             manager.external_refresh_) {
    next_ = Step::external;
  }
}

io::Task<ModelResult<>> Recovery::step() {
  const Step now = next_;
  ModelResult<> done;
  switch (now) {
    case Step::reload:
      next_ = Step::refresh;
      done = co_await manager_.reload();
      break;
    case Step::refresh:
      next_ = Step::done;
      done = co_await manager_.refresh(used_);
      break;
    case Step::external:
      next_ = Step::done;
      done = co_await manager_.refresh_external();
      break;
    case Step::done:
      break;
  }
  used_ = manager_.auth_.token;
  co_return done;
}

}  // namespace burin::model

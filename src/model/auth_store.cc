#include "model/auth_store.h"

#include "base/log.h"
#include "base/text.h"

namespace burin::model {

namespace auth_store_detail {

constexpr std::uint64_t max_bytes = 1 << 20;
constexpr std::uint32_t new_file_mode = 0600;

/// A member that is a string, null or missing. `Object` is json::object or json::value.
template <class Object>
Result<std::optional<std::string>> text_of(const Object& object, std::string_view key) {
  const auto* v = find(object, key);
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (!v->is_string()) {
    return fail(Kind::invalid, fmt::format("{}: invalid type: {}, expected a string", key, type_name(*v)));
  }
  return std::string(view(v->get_string()));
}

std::optional<std::string> claim(const json::value& object, std::string_view key) {
  auto text = find_string(object, key);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

Result<std::optional<ChatGptTokens>> read_tokens(const json::object& document) {
  const auto* v = find(document, "tokens");
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (!v->is_object()) {
    return fail(Kind::invalid, fmt::format("tokens: invalid type: {}, expected an object", type_name(*v)));
  }
  TRY(auto access, text_of(*v, "access_token"));
  if (!access) return fail(Kind::invalid, "tokens: missing field `access_token`");
  TRY(auto id, text_of(*v, "id_token"));
  TRY(auto refresh, text_of(*v, "refresh_token"));
  TRY(auto account, text_of(*v, "account_id"));
  return ChatGptTokens{id.value_or(""), std::move(*access), refresh.value_or(""), std::move(account)};
}

json::object tokens_json(const ChatGptTokens& tokens) {
  json::object out;
  out["id_token"] = tokens.id_token;
  out["access_token"] = tokens.access_token;
  out["refresh_token"] = tokens.refresh_token;
  if (tokens.account_id) {
    out["account_id"] = *tokens.account_id;
  } else {
    out["account_id"] = nullptr;
  }
  return out;
}

json::value json_string(std::string_view text) { return json::value(json::string(text)); }

class FileStore : public AuthStore {
 public:
  FileStore(io::Files& files, const std::string& home) : files_(files), path_(path::join(home, "auth.json")) {}

  Result<std::optional<AuthDocument>> load() override {
    auto text = files_.read(path_, max_bytes);
    if (!text && text.error().kind == Kind::not_found) return std::nullopt;
    auto document = text ? AuthDocument::parse(*text) : tl::unexpected(text.error());
    if (document) return std::move(*document);
    return wrap(document.error(), fmt::format("cannot use the credentials in {}", path_),
                "sign in again, or remove the file");
  }

  Result<> save(const AuthDocument& document) override {
    // A link is written through: people keep the file elsewhere and link it into several homes.
    auto target = files_.canonical(path_);
    const std::string& place = target ? *target : path_;
    auto info = files_.stat(place);
    if (!info) CHECK(files_.make_dirs(std::string(path::parent(place)), 0700));
    return files_.write_atomic(place, document.pretty(), info ? info->mode : new_file_mode);
  }

  Result<bool> remove() override {
    auto removed = files_.remove(path_);
    if (removed) return true;
    if (removed.error().kind == Kind::not_found) return false;
    return Fail(removed.error());
  }

 private:
  io::Files& files_;
  std::string path_;
};

class KeyringStore : public AuthStore {
 public:
  KeyringStore(io::Files& files, io::Keyring& keyring, const std::string& home)
      : keyring_(keyring), account_(keyring_account(files, home)), file_(files, home) {}

  Result<std::optional<AuthDocument>> load() override {
    TRY(auto text, keyring_.get(keyring_service, account_));
    if (!text) return std::nullopt;
    auto document = AuthDocument::parse(*text);
    if (document) return std::move(*document);
    return wrap(document.error(), fmt::format("cannot use the credentials in the keyring (`{}`)", keyring_service),
                "sign in again");
  }

  /// One copy only: an old file would be found by whoever does not ask the keyring.
  Result<> save(const AuthDocument& document) override {
    CHECK(keyring_.set(keyring_service, account_, document.compact()));
    if (auto removed = file_.remove(); !removed) return Fail(removed.error());
    return {};
  }

  Result<bool> remove() override {
    auto from_keyring = keyring_.remove(keyring_service, account_);
    TRY(bool from_file, file_.remove());  // also when there is no keyring
    if (!from_keyring) return Fail(from_keyring.error());
    return *from_keyring || from_file;
  }

 private:
  io::Keyring& keyring_;
  std::string account_;
  FileStore file_;
};

class AutoStore : public AuthStore {
 public:
  AutoStore(io::Files& files, io::Keyring& keyring, const std::string& home)
      : keyring_(files, keyring, home), file_(files, home) {}

  Result<std::optional<AuthDocument>> load() override {
    auto document = keyring_.load();
    if (document && *document) return document;
    if (!document) tell(document.error());
    return file_.load();
  }
  Result<> save(const AuthDocument& document) override {
    auto saved = keyring_.save(document);
    if (saved) return saved;
    tell(saved.error());
    return file_.save(document);
  }
  Result<bool> remove() override {
    TRY(bool from_file, file_.remove());
    auto removed = keyring_.remove();
    if (!removed) tell(removed.error());
    return from_file || (removed && *removed);
  }

 private:
  static void tell(const Error& why) { log(Level::info, "auth", "going on with the file: {}", why.text()); }
  KeyringStore keyring_;
  FileStore file_;
};

class MemoryStore : public AuthStore {
 public:
  Result<std::optional<AuthDocument>> load() override { return document_; }
  Result<> save(const AuthDocument& document) override {
    document_ = document;
    return {};
  }
  Result<bool> remove() override {
    bool had = document_.has_value();
    document_.reset();
    return had;
  }

 private:
  std::optional<AuthDocument> document_;
};

}  // namespace auth_store_detail

using namespace auth_store_detail;

Result<TokenClaims> read_claims(std::string_view jwt) {
  auto parts = split(jwt, '.');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || parts[2].empty()) {
    return fail(Kind::invalid, "not a JWT of three parts");
  }
  auto payload = base64url_decode(parts[1]);
  if (!payload) return fail(Kind::invalid, "the payload of the JWT is not base64url");
  auto claims = parse_json(*payload);
  // Neither the text nor the parser's words: they quote the token.
  if (!claims || !claims->is_object()) return fail(Kind::invalid, "the payload of the JWT is not a JSON object");
  TokenClaims out;
  out.email = claim(*claims, "email");
  if (const auto* profile = find(*claims, "https://api.openai.com/profile"); profile != nullptr && !out.email) {
    out.email = claim(*profile, "email");
  }
  if (const auto* auth = find(*claims, "https://api.openai.com/auth")) {
    out.plan = claim(*auth, "chatgpt_plan_type");
    out.user_id = claim(*auth, "chatgpt_user_id");
    if (!out.user_id) out.user_id = claim(*auth, "user_id");
    out.account_id = claim(*auth, "chatgpt_account_id");
  }
  if (out.plan && equals_ignore_case(*out.plan, "education")) out.plan = "edu";
  return out;
}

Result<AuthDocument> AuthDocument::parse(std::string_view text) {
  TRY(auto value, parse_json(text));
  if (!value.is_object()) {
    return fail(Kind::invalid, fmt::format("invalid type: {}, expected an object", type_name(value)));
  }
  AuthDocument out;
  out.document_ = std::move(value.get_object());
  CHECK(out.read());
  return out;
}

Result<> AuthDocument::read() {
  TRY(api_key_, text_of(document_, "OPENAI_API_KEY"));
  TRY(auto mode, text_of(document_, "auth_mode"));
  constexpr std::pair<std::string_view, Mode> modes[] = {
      {"apikey", Mode::api_key}, {"chatgpt", Mode::chatgpt}, {"chatgptAuthTokens", Mode::external}};
  mode_ = api_key_ ? Mode::api_key : Mode::chatgpt;
  if (mode) {
    const auto* row = std::ranges::find(modes, std::string_view(*mode), &std::pair<std::string_view, Mode>::first);
    if (row == std::end(modes)) {
      return fail(Kind::invalid, fmt::format("auth_mode: unknown variant `{}`, expected one of `apikey`, `chatgpt`, "
                                             "`chatgptAuthTokens`",
                                             *mode));
    }
    mode_ = row->second;
  }
  if (mode_ == Mode::api_key && !api_key_) {
    return fail(Kind::invalid, "auth_mode is `apikey`, but OPENAI_API_KEY is not set");
  }
  TRY(tokens_, read_tokens(document_));
  if (tokens_ && !tokens_->id_token.empty()) {
    auto claims = read_claims(tokens_->id_token);
    if (!claims) return wrap(claims.error(), "tokens.id_token");
    claims_ = std::move(*claims);
  }
  TRY(auto refreshed, text_of(document_, "last_refresh"));
  if (!refreshed) return {};
  last_refresh_ = io::parse_rfc3339(*refreshed);
  if (!last_refresh_) return fail(Kind::invalid, "last_refresh: not a time of RFC 3339");
  return {};
}

AuthDocument AuthDocument::of_api_key(std::string_view key) {
  AuthDocument out;
  out.document_["auth_mode"] = "apikey";
  out.document_["OPENAI_API_KEY"] = json_string(key);
  out.mode_ = Mode::api_key;
  out.api_key_ = std::string(key);
  return out;
}

AuthDocument AuthDocument::of_tokens(const ChatGptTokens& tokens, const std::optional<std::string>& api_key,
                                     std::string_view now) {
  AuthDocument out;
  out.document_["auth_mode"] = "chatgpt";
  out.document_["OPENAI_API_KEY"] = api_key ? json_string(*api_key) : json::value(nullptr);
  out.document_["tokens"] = tokens_json(tokens);
  out.document_["last_refresh"] = json_string(now);
  out.api_key_ = api_key;
  out.tokens_ = tokens;
  if (auto claims = read_claims(tokens.id_token)) out.claims_ = std::move(*claims);
  out.last_refresh_ = io::parse_rfc3339(now);
  return out;
}

AuthDocument AuthDocument::of_external(const ChatGptTokens& tokens, const std::optional<std::string>& plan) {
  AuthDocument out;
  out.mode_ = Mode::external;
  out.tokens_ = tokens;
  if (auto claims = read_claims(tokens.access_token)) out.claims_ = std::move(*claims);
  if (plan) out.claims_.plan = plan;
  out.claims_.account_id = tokens.account_id;
  return out;
}

Auth AuthDocument::auth() const {
  if (mode_ == Mode::api_key) return Auth{Auth::Mode::api_key, *api_key_, {}, true};
  if (!tokens_) return Auth{};
  return Auth{Auth::Mode::chatgpt, tokens_->access_token, tokens_->account_id, true};
}

void AuthDocument::renew(const RenewedTokens& received, std::string_view now) {
  if (!tokens_) return;
  auto& stored = document_["tokens"].get_object();
  auto take = [&](const char* name, std::string& to, const std::optional<std::string>& value) {
    if (!value) return;
    to = *value;
    stored[name] = json_string(*value);
  };
  auto claims = received.id_token ? read_claims(*received.id_token) : Result<TokenClaims>(claims_);
  if (claims) {
    claims_ = std::move(*claims);
    take("id_token", tokens_->id_token, received.id_token);
  } else {
    log(Level::warn, "auth", "the new id token is left out: {}", claims.error().text());
  }
  take("access_token", tokens_->access_token, received.access_token);
  take("refresh_token", tokens_->refresh_token, received.refresh_token);
  document_["last_refresh"] = json_string(now);
  last_refresh_ = io::parse_rfc3339(now);
}

std::string keyring_account(io::Files& files, const std::string& home) {
  auto canonical = files.canonical(home);
  auto digest = sha256(canonical ? *canonical : home);
  return "cli|" + hex({reinterpret_cast<const char*>(digest.data()), digest.size()}).substr(0, 16);
}

std::unique_ptr<AuthStore> make_auth_store(config::CredentialsStore kind, io::Files& files, io::Keyring& keyring,
                                           const std::string& home) {
  switch (kind) {
    case config::CredentialsStore::keyring:
      return std::make_unique<KeyringStore>(files, keyring, home);
    case config::CredentialsStore::automatic:
      return std::make_unique<AutoStore>(files, keyring, home);
    case config::CredentialsStore::ephemeral:
      return std::make_unique<MemoryStore>();
    case config::CredentialsStore::file:
      break;
  }
  return std::make_unique<FileStore>(files, home);
}

}  // namespace burin::model

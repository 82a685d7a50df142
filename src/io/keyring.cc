#include "io/keyring.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace burin::io {

namespace keyring_detail {

// The few declarations of libsecret 0.20 and GLib 2 that are called, so that building needs no headers of theirs.
struct GError {
  std::uint32_t domain;
  int code;
  char* message;
};
struct SecretSchema {
  const char* name;
  int flags;
  struct {
    const char* name;
    int type;
  } attributes[32];
  int reserved;
  void* more_reserved[7];
};
constexpr int dont_match_name = 1 << 1;  // entries of other programs carry other schema names

const SecretSchema schema{
    .name = "org.freedesktop.Secret.Generic",
    .flags = dont_match_name,
    .attributes = {{"service", 0}, {"username", 0}, {"target", 0}, {"application", 0}},
};

struct Api {
  char* (*lookup)(const SecretSchema*, void* cancellable, GError**, ...) = nullptr;
  int (*store)(const SecretSchema*, const char* collection, const char* label, const char* password, void* cancellable,
               GError**, ...) = nullptr;
  int (*clear)(const SecretSchema*, void* cancellable, GError**, ...) = nullptr;
  void (*free_password)(char*) = nullptr;
  void (*free_error)(GError*) = nullptr;
};

Result<Api> load_api() {
  constexpr const char* remedy =
      "install libsecret (Debian: apt-get install libsecret-1-0), or set cli_auth_credentials_store = \"file\"";
  // Never unloaded: GLib keeps threads.
  void* library = ::dlopen("libsecret-1.so.0", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return fail(Kind::unavailable, fmt::format("the keyring needs libsecret: {}", why != nullptr ? why : "not found"),
                remedy);
  }
  Api api;
  const char* missing = nullptr;
  auto take = [&](auto& member, const char* name) {
    member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(::dlsym(library, name));
    if (member == nullptr) missing = name;
  };
  take(api.lookup, "secret_password_lookup_sync");
  take(api.store, "secret_password_store_sync");
  take(api.clear, "secret_password_clear_sync");
  take(api.free_password, "secret_password_free");
  take(api.free_error, "g_error_free");
  if (missing != nullptr) return fail(Kind::unavailable, fmt::format("libsecret has no function {}", missing), remedy);
  return api;
}

const Result<Api>& api() {
  static const Result<Api> loaded = load_api();
  return loaded;
}

/// Takes the error over.
Fail failed(const Api& secret, const char* verb, GError* error) {
  std::string why = error != nullptr && error->message != nullptr ? error->message : "unknown error";
  if (error != nullptr) secret.free_error(error);
  return fail(Kind::unavailable, fmt::format("cannot {} the keyring: {}", verb, why),
              "start a keyring in this session, or set cli_auth_credentials_store = \"file\"");
}

class RealKeyring : public Keyring {
 public:
  Result<std::optional<std::string>> get(const std::string& service, const std::string& account) override {
    TRY(auto secret, api());
    GError* error = nullptr;
    char* text = secret.lookup(&schema, nullptr, &error, "service", service.c_str(), "username", account.c_str(),
                               static_cast<const char*>(nullptr));
    if (error != nullptr) return failed(secret, "read", error);
    if (text == nullptr) return std::nullopt;
    std::string out = text;
    secret.free_password(text);
    return out;
  }

  Result<> set(const std::string& service, const std::string& account, const std::string& value) override {
    TRY(auto secret, api());
    GError* error = nullptr;
    std::string label = account + "@" + service;
    int stored = secret.store(&schema, "default", label.c_str(), value.c_str(), nullptr, &error, "service",
                              service.c_str(), "username", account.c_str(), "target", "default", "application",
                              "rust-keyring", static_cast<const char*>(nullptr));
    if (stored == 0) return failed(secret, "write to", error);
    return {};
  }

  Result<bool> remove(const std::string& service, const std::string& account) override {
    TRY(auto secret, api());
    GError* error = nullptr;
    int removed = secret.clear(&schema, nullptr, &error, "service", service.c_str(), "username", account.c_str(),
                               static_cast<const char*>(nullptr));
    if (error != nullptr) return failed(secret, "delete from", error);
    return removed != 0;
  }
};

}  // namespace keyring_detail

Keyring& real_keyring() {
  static keyring_detail::RealKeyring keyring;
  return keyring;
}

}  // namespace burin::io

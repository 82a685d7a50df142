// The desktop's keyring (the Secret Service of freedesktop.org), for secrets that must not lie in a file.
//
// The real one is libsecret, loaded when it is first needed: most users keep their credentials in a file and have
// neither the library nor a D-Bus session. Without them every call fails with Kind::unavailable and says what is
// missing. Entries carry the attributes of the Rust crate `keyring`, so that the reference finds ours and we find its.
//
// All calls block, and may ask the user to unlock the keyring: run them on the Pool.
#pragma once
#include <optional>
#include <string>

#include "base/result.h"

namespace burin::io {

class Keyring {
 public:
  virtual ~Keyring() = default;
  /// nullopt when there is no such entry.
  virtual Result<std::optional<std::string>> get(const std::string& service, const std::string& account) = 0;
  virtual Result<> set(const std::string& service, const std::string& account, const std::string& secret) = 0;
  /// Whether there was one.
  virtual Result<bool> remove(const std::string& service, const std::string& account) = 0;
};

Keyring& real_keyring();

}  // namespace burin::io

// A keyring in memory, for tests; it can also be missing, as on a server.
#pragma once
#include <map>
#include <string>
#include <utility>

#include "io/keyring.h"

namespace burin::io {

class FakeKeyring : public Keyring {
 public:
  Result<std::optional<std::string>> get(const std::string& service, const std::string& account) override {
    if (missing) return absent();
    auto it = entries.find({service, account});
    if (it == entries.end()) return std::nullopt;
    return it->second;
  }
  Result<> set(const std::string& service, const std::string& account, const std::string& secret) override {
    if (missing) return absent();
    entries[{service, account}] = secret;
    return {};
  }
  Result<bool> remove(const std::string& service, const std::string& account) override {
    if (missing) return absent();
    return entries.erase({service, account}) > 0;
  }

  bool missing = false;
  std::map<std::pair<std::string, std::string>, std::string> entries;  // {service, account} -> secret

 private:
  static Fail absent() { return fail(Kind::unavailable, "there is no keyring here"); }
};

}  // namespace burin::io

// The process environment, captured once at start so that nothing else calls getenv.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace burin::io {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> vars) : vars_(std::move(vars)) {}
  static Environment capture();

  std::optional<std::string_view> get(std::string_view name) const;
  /// The value when set and not empty.
  std::optional<std::string_view> non_empty(std::string_view name) const;
  /// `BURIN_<rest>` when set, else `CODEX_<rest>` (cli-config.md 1.1). `rest` comes without prefix.
  std::optional<std::string_view> own(std::string_view rest) const;
  void set(std::string name, std::string value) { vars_[std::move(name)] = std::move(value); }
  void unset(const std::string& name) { vars_.erase(name); }
  const std::map<std::string, std::string>& all() const { return vars_; }

 private:
  std::map<std::string, std::string> vars_;
};

}  // namespace burin::io

// Reading settings from the merged tree: the active profile first, then the top level (cli-config.md 5.6).
//
// All accessors assume a tree that passed the schema; a member of another type reads as unset.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapping.h"
#include "config/value.h"

namespace burin::config {

class Lookup {
 public:
  /// Both must outlive the lookup; `profile` may be null.
  Lookup(const Value& root, const Value* profile) : root_(root), profile_(profile) {}

  /// The profile's value, else the top level's, else null.
  const Value* find(std::string_view key) const;
  const Value* top(std::string_view key) const { return root_.find(key); }
  const Value& root() const { return root_; }
  const Value* profile() const { return profile_; }

  std::optional<std::string> text(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  bool flag(std::string_view key, bool fallback) const { return flag(key).value_or(fallback); }
  template <mapping::Named E>
  std::optional<E> name(std::string_view key) const {
    const Value* value = find(key);
    if (value == nullptr) return std::nullopt;
    return from_string<E>(enum_name(*value));
  }

  /// Enums may also be written as a table whose only member is the name.
  static std::string enum_name(const Value& value);
  static std::vector<std::string> texts(const Value* list);

 private:
  const Value& root_;
  const Value* profile_;
};

}  // namespace burin::config

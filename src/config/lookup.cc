#include "config/lookup.h"

namespace burin::config {

const Value* Lookup::find(std::string_view key) const {
  if (profile_ != nullptr) {
    if (const Value* value = profile_->find(key)) return value;
  }
  return root_.find(key);
}

std::optional<std::string> Lookup::text(std::string_view key) const {
  const Value* value = find(key);
  return value == nullptr ? std::nullopt : value->text();
}

std::optional<std::int64_t> Lookup::integer(std::string_view key) const {
  const Value* value = find(key);
  return value == nullptr ? std::nullopt : value->integer();
}

std::optional<bool> Lookup::flag(std::string_view key) const {
  const Value* value = find(key);
  return value == nullptr ? std::nullopt : value->boolean();
}

std::string Lookup::enum_name(const Value& value) {
  const Table* table = value.table();
  if (table != nullptr && table->size() == 1) return table->begin()->first;
  return value.text().value_or("");
}

std::vector<std::string> Lookup::texts(const Value* list) {
  std::vector<std::string> out;
  if (list == nullptr || list->array() == nullptr) return out;
  for (const Value& value : *list->array()) {
    if (auto text = value.text()) out.push_back(*std::move(text));
  }
  return out;
}

}  // namespace burin::config

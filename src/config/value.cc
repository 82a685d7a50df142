#include "config/value.h"

#include <fmt/format.h>

namespace burin::config {

std::optional<std::int64_t> Value::integer() const {
  if (const auto* i = std::get_if<std::int64_t>(&data)) return *i;
  return std::nullopt;
}

std::optional<double> Value::number() const {
  if (const auto* d = std::get_if<double>(&data)) return *d;
  if (auto i = integer()) return static_cast<double>(*i);
  return std::nullopt;
}

std::optional<bool> Value::boolean() const {
  if (const auto* b = std::get_if<bool>(&data)) return *b;
  return std::nullopt;
}

std::optional<std::string> Value::text() const {
  if (const auto* s = string()) return *s;
  if (const auto* d = std::get_if<DateTime>(&data)) return d->text;
  return std::nullopt;
}

const Value* Value::find(std::string_view key) const {
  const Table* t = table();
  if (t == nullptr) return nullptr;
  auto it = t->find(key);
  return it == t->end() ? nullptr : &it->second;
}

const Value* Value::find(std::initializer_list<std::string_view> path) const {
  const Value* at = this;
  for (auto key : path) {
    at = at->find(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool Value::same_as(const Value& other) const {
  if (data.index() != other.data.index()) return false;
  if (const Table* mine = table()) {
    const Table& theirs = *other.table();
    return std::equal(mine->begin(), mine->end(), theirs.begin(), theirs.end(),
                      [](const auto& a, const auto& b) { return a.first == b.first && a.second.same_as(b.second); });
  }
  if (const Array* mine = array()) {
    const Array& theirs = *other.array();
    return std::equal(mine->begin(), mine->end(), theirs.begin(), theirs.end(),
                      [](const Value& a, const Value& b) { return a.same_as(b); });
  }
  if (const auto* s = string()) return *s == *other.string();
  if (const auto* d = std::get_if<DateTime>(&data)) return *d == std::get<DateTime>(other.data);
  return integer() == other.integer() && number() == other.number() && boolean() == other.boolean();
}

void merge(Value& base, const Value& over) {
  const Table* from = over.table();
  Table* into = base.table();
  if (from == nullptr || into == nullptr) {
    base = over;
    return;
  }
  base.document = over.document;
  base.place = over.place;
  for (const auto& [key, value] : *from) {
    auto [it, fresh] = into->try_emplace(key);
    if (fresh) {
      it->second = value;
    } else {
      merge(it->second, value);
    }
  }
}

void set_path(Value& root, const std::vector<std::string>& keys, Value value) {
  Value* at = &root;
  for (const auto& key : keys) {
    if (at->table() == nullptr) at->data = Table{};
    at = &(*at->table())[key];
  }
  *at = std::move(value);
}

std::string origin_text(const Value& value) {
  if (value.document == nullptr || value.document->name.empty()) return "the command line";
  if (value.place.begin.line == 0) return value.document->name;
  return fmt::format("{}:{}", value.document->name, value.place.begin.line);
}

}  // namespace burin::config

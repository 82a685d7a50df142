#include "base/mapping.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace burin {

json::value parse_own(std::string_view text) { return parse_json(text).value(); }

namespace mapping {
namespace mapping_detail {

template <class T>
bool read_integer(T& out, const json::value& v, std::string_view name, Bad& bad) {
  if (!v.is_int64() && !v.is_uint64()) return bad.wrong_type(v, name);
  json::error_code ec;
  out = v.to_number<T>(ec);
  return !ec || bad.wrong_value(v, name);
}

template <class T>
void write_integer(std::string& out, T value) {
  std::array<char, 24> buffer;
  out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

const std::byte* bytes(const void* p) { return static_cast<const std::byte*>(p); }
std::byte* bytes(void* p) { return static_cast<std::byte*>(p); }

/// Index of the field called `name`, or count. Members mostly come in table order, so the search starts at `hint`.
std::size_t field_named(const Table& table, std::string_view name, std::size_t hint) {
  for (std::size_t step = 0; step < table.count; ++step) {
    const std::size_t i = hint + step < table.count ? hint + step : hint + step - table.count;
    if (table.fields[i].name == name) return i;
  }
  for (std::size_t i = 0; i < table.count; ++i) {
    if (!table.fields[i].alias.empty() && table.fields[i].alias == name) return i;
  }
  return table.count;
}

void write_key(std::string& out, std::string_view key, bool& first) {
  if (!std::exchange(first, false)) out += ',';
  out += '"';
  out += key;  // names in tables are plain ASCII words
  out += "\":";
}

const Choice* choice_named(Choices choices, std::string_view name) {
  for (std::size_t i = 0; i < choices.count; ++i) {
    if (choices.list[i].is(name)) return &choices.list[i];
  }
  return nullptr;
}

/// The tag of `"tag"` or `{"tag": …}`.
std::string_view external_tag(const json::value& v) {
  if (const auto* name = v.if_string()) return view(*name);
  return v.get_object().begin()->key();
}

bool unknown_choice(Bad& bad, std::string_view got, Choices choices) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < choices.count; ++i) names.push_back(choices.list[i].tag);
  return unknown_variant(bad, got, names);
}

}  // namespace mapping_detail

bool Bad::in_member(std::string_view name) {
  const bool dot = !path.empty() && path.front() != '[';
  path = fmt::format("{}{}{}", name, dot ? "." : "", path);
  return false;
}

bool Bad::in_element(std::size_t index) {
  const bool dot = !path.empty() && path.front() != '[';
  path = fmt::format("[{}]{}{}", index, dot ? "." : "", path);
  return false;
}

bool Bad::wrong_type(const json::value& got, std::string_view expected) {
  return say(fmt::format("invalid type: {}, expected {}", unexpected_value(got), expected));
}

bool Bad::wrong_value(const json::value& got, std::string_view expected) {
  return say(fmt::format("invalid value: {}, expected {}", unexpected_value(got), expected));
}

std::string one_of(const std::vector<std::string_view>& names) {
  if (names.size() == 1) return fmt::format("`{}`", names[0]);
  if (names.size() == 2) return fmt::format("`{}` or `{}`", names[0], names[1]);
  return fmt::format("one of `{}`", fmt::join(names, "`, `"));
}

bool unknown_variant(Bad& bad, std::string_view got, const std::vector<std::string_view>& names) {
  return bad.say(fmt::format("unknown variant `{}`, expected {}", got, one_of(names)));
}

Fail failure(Bad bad) {
  return fail(Kind::invalid, bad.path.empty() ? std::move(bad.what) : fmt::format("{}: {}", bad.path, bad.what));
}

bool read_fields(void* object, const json::value& value, const Table& table, std::string_view tag, Bad& bad) {
  const auto* source = value.if_object();
  if (source == nullptr) return bad.wrong_type(value, fmt::format("struct {}", table.type));
  std::uint64_t seen = 0;
  std::size_t hint = 0;
  for (const auto& member : *source) {
    const std::string_view key(member.key().data(), member.key().size());
    if (!tag.empty() && key == tag) continue;
    const auto i = mapping_detail::field_named(table, key, hint);
    if (i < table.count) {
      const auto& f = table.fields[i];
      const bool may_lack = f.codec->required && (f.defaulted || f.omit_empty);
      if (may_lack && member.value().is_null()) continue;
      if (!f.codec->read(mapping_detail::bytes(object) + f.at, member.value(), bad)) return bad.in_member(key);
      seen |= std::uint64_t{1} << i;
      hint = i + 1 < table.count ? i + 1 : 0;
    } else if (table.extra >= 0) {
      auto& extra = *reinterpret_cast<json::object*>(mapping_detail::bytes(object) + table.extra);
      extra.insert_or_assign(member.key(), member.value());
    }
  }
  for (std::size_t i = 0; i < table.count; ++i) {
    const auto& f = table.fields[i];
    const bool needed = f.codec->required && !f.defaulted && !f.omit_empty && !f.read_only;
    if (needed && (seen >> i & 1) == 0) return bad.say(fmt::format("missing field `{}`", f.name));
  }
  return true;
}

void write_fields(std::string& out, const void* object, const Table& table, std::string_view key,
                  std::string_view tag) {
  out += '{';
  bool first = true;
  if (!key.empty()) {
    mapping_detail::write_key(out, key, first);
    write_json_string(out, tag);
  }
  for (const auto* f = table.fields; f != table.fields + table.count; ++f) {
    const void* member = mapping_detail::bytes(object) + f->at;
    if (f->read_only || ((f->codec->optional || f->omit_empty) && f->codec->empty(member))) continue;
    mapping_detail::write_key(out, f->name, first);
    f->codec->write(member, out);
  }
  if (table.extra >= 0) {
    for (const auto& member : *reinterpret_cast<const json::object*>(mapping_detail::bytes(object) + table.extra)) {
      if (!std::exchange(first, false)) out += ',';
      write_json_string(out, {member.key().data(), member.key().size()});
      out += ':';
      write_json(out, member.value());
    }
  }
  out += '}';
}

Found read_tagged(void* u, const json::value& v, std::string_view key, Choices choices, Bad& bad) {
  if (!v.is_object()) return bad.wrong_type(v, "a map"), Found::bad;
  const auto* tag = find(v, key);
  if (tag == nullptr) return bad.say(fmt::format("missing field `{}`", key)), Found::bad;
  const auto* name = tag->if_string();
  if (name == nullptr) return bad.wrong_type(*tag, "a string"), bad.in_member(key), Found::bad;
  const auto* choice = mapping_detail::choice_named(choices, view(*name));
  if (choice == nullptr) return Found::no;
  return read_fields(choice->emplace(u), v, choice->table(), key, bad) ? Found::yes : Found::bad;
}

bool unknown_tag(const json::value& v, std::string_view key, Choices choices, Bad& bad) {
  return mapping_detail::unknown_choice(bad, find_string(v, key).value_or(""), choices), bad.in_member(key);
}

Found read_external(void* u, const json::value& v, Choices choices, Bad& bad) {
  const auto* object = v.if_object();
  if (!v.is_string() && (object == nullptr || object->size() != 1)) {
    return bad.wrong_type(v, "a string or a map with a single key"), Found::bad;
  }
  const auto tag = mapping_detail::external_tag(v);
  const auto* choice = mapping_detail::choice_named(choices, tag);
  if (choice == nullptr) return Found::no;
  void* alternative = choice->emplace(u);
  const bool unit = choice->table != nullptr && choice->table().count == 0;
  if (object == nullptr) {
    if (unit) return Found::yes;
    return bad.say(fmt::format("invalid type: unit variant, expected the content of `{}`", tag)), Found::bad;
  }
  const auto& payload = object->begin()->value();
  const bool ok = unit                       ? payload.is_null() || bad.wrong_type(payload, "unit variant")
                  : choice->table != nullptr ? read_fields(alternative, payload, choice->table(), {}, bad)
                                             : choice->read(alternative, payload, bad);
  return ok ? Found::yes : (bad.in_member(tag), Found::bad);
}

bool unknown_external(const json::value& v, Choices choices, Bad& bad) {
  return mapping_detail::unknown_choice(bad, mapping_detail::external_tag(v), choices);
}

void write_external(std::string& out, const void* alternative, const Choice& choice) {
  if (choice.table != nullptr && choice.table().count == 0) return write_json_string(out, choice.tag);
  bool first = true;
  out += '{';
  mapping_detail::write_key(out, choice.tag, first);
  if (choice.table != nullptr) {
    write_fields(out, alternative, choice.table());
  } else {
    choice.write(alternative, out);
  }
  out += '}';
}

bool As<bool>::read(bool& out, const json::value& v, Bad& bad) {
  const auto* b = v.if_bool();
  return b != nullptr ? (out = *b, true) : bad.wrong_type(v, "a boolean");
}
void As<bool>::write(std::string& out, const bool& value) { out += value ? "true" : "false"; }

#define BURIN_INTEGER(T, name)                                                                                         \
  bool As<T>::read(T& out, const json::value& v, Bad& bad) { return mapping_detail::read_integer(out, v, name, bad); } \
  void As<T>::write(std::string& out, const T& value) { mapping_detail::write_integer(out, value); }
BURIN_INTEGER(std::int32_t, "i32")
BURIN_INTEGER(std::uint32_t, "u32")
BURIN_INTEGER(std::int64_t, "i64")
BURIN_INTEGER(std::uint64_t, "u64")
#undef BURIN_INTEGER

bool As<double>::read(double& out, const json::value& v, Bad& bad) {
  if (!v.is_number()) return bad.wrong_type(v, "f64");
  out = v.to_number<double>();
  return true;
}
void As<double>::write(std::string& out, const double& value) { write_json_double(out, value); }

bool As<float>::read(float& out, const json::value& v, Bad& bad) {
  if (!v.is_number()) return bad.wrong_type(v, "f32");
  out = static_cast<float>(v.to_number<double>());
  return true;
}
void As<float>::write(std::string& out, const float& value) {
  // The shortest decimal of the 32-bit value: 0.9, not 0.8999999761581421.
  if (!std::isfinite(value)) return void(out += "null");
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  double same = 0;
  std::from_chars(buffer.data(), end, same);
  write_json_double(out, same);
}

bool As<std::string>::read(std::string& out, const json::value& v, Bad& bad) {
  const auto* s = v.if_string();
  return s != nullptr ? (out.assign(s->data(), s->size()), true) : bad.wrong_type(v, "a string");
}
void As<std::string>::write(std::string& out, const std::string& value) { write_json_string(out, value); }

bool As<json::object>::read(json::object& out, const json::value& v, Bad& bad) {
  const auto* o = v.if_object();
  return o != nullptr ? (out = *o, true) : bad.wrong_type(v, "a map");
}
void As<json::object>::write(std::string& out, const json::object& value) {
  bool first = true;
  out += '{';
  for (const auto& member : value) {
    if (!std::exchange(first, false)) out += ',';
    write_json_string(out, {member.key().data(), member.key().size()});
    out += ':';
    write_json(out, member.value());
  }
  out += '}';
}

bool As<json::array>::read(json::array& out, const json::value& v, Bad& bad) {
  const auto* a = v.if_array();
  return a != nullptr ? (out = *a, true) : bad.wrong_type(v, "a sequence");
}
void As<json::array>::write(std::string& out, const json::array& value) {
  out += '[';
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0) out += ',';
    write_json(out, value[i]);
  }
  out += ']';
}

}  // namespace mapping
}  // namespace burin

#include "config/schema.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "config/toml.h"

namespace burin::config {
namespace schema_detail {

std::string join_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

const Member* member_named(const Shape& shape, std::string_view name) {
  auto it = std::find_if(shape.members.begin(), shape.members.end(), [&](const Member& m) { return m.name == name; });
  return it == shape.members.end() ? nullptr : &*it;
}

class Checker {
 public:
  std::optional<SchemaError> run(const Value& value, const Shape& shape, const std::string& path) {
    if (auto error = by_kind(value, shape, path)) return error;
    if (shape.check != nullptr) {
      if (auto message = shape.check(value)) return SchemaError{*std::move(message), path, &value};
    }
    return std::nullopt;
  }

 private:
  using Found = std::optional<SchemaError>;

  static Found wrong_type(const Value& value, const Shape& shape, const std::string& path) {
    return SchemaError{fmt::format("invalid type: {}, expected {}", unexpected(value), shape.noun), path, &value};
  }

  Found by_kind(const Value& value, const Shape& shape, const std::string& path) {
    switch (shape.kind) {
      case ShapeKind::string:
      case ShapeKind::path:
        return value.text() ? Found() : wrong_type(value, shape, path);
      case ShapeKind::boolean:
        return value.boolean() ? Found() : wrong_type(value, shape, path);
      case ShapeKind::real:
        return value.number() ? Found() : wrong_type(value, shape, path);
      case ShapeKind::integer:
        return integer(value, shape, path);
      case ShapeKind::list:
        return list(value, shape, path);
      case ShapeKind::map:
      case ShapeKind::record:
        return members(value, shape, path);
      case ShapeKind::choice:
        return choice(value, shape, path);
      case ShapeKind::tagged:
        return tagged(value, shape, path);
      case ShapeKind::custom:
        return std::nullopt;
    }
    return std::nullopt;
  }

  static Found integer(const Value& value, const Shape& shape, const std::string& path) {
    const auto i = value.integer();
    if (!i) return wrong_type(value, shape, path);
    if (*i >= shape.min && *i <= shape.max) return std::nullopt;
    return SchemaError{fmt::format("invalid value: integer `{}`, expected {}", *i, shape.noun), path, &value};
  }

  Found list(const Value& value, const Shape& shape, const std::string& path) {
    const Array* array = value.array();
    if (array == nullptr) return wrong_type(value, shape, path);
    for (const Value& element : *array) {
      if (auto error = run(element, *shape.element, path)) return error;
    }
    return std::nullopt;
  }

  Found members(const Value& value, const Shape& shape, const std::string& path) {
    const Table* table = value.table();
    if (table == nullptr) return wrong_type(value, shape, path);
    for (const auto& [name, member_value] : *table) {
      const Member* member = member_named(shape, name);
      const Shape* member_shape = member != nullptr ? member->shape : shape.element;
      if (member_shape == nullptr) continue;
      // A record's free members are flattened by the reference: their errors name the record.
      const bool flat = member == nullptr && shape.kind == ShapeKind::record;
      auto error = run(member_value, *member_shape, join_path(path, name));
      if (error && flat) error->path = path;
      if (error) return error;
    }
    for (const Member& member : shape.members) {
      if (member.required && !table->contains(member.name)) {
        return SchemaError{fmt::format("missing field `{}`", member.name), path, &value};
      }
    }
    return std::nullopt;
  }

  static Found unknown_variant(const Value& value, std::string_view name, const Shape& shape, const std::string& path) {
    return SchemaError{fmt::format("unknown variant `{}`, expected {}", name, one_of(shape.variants)), path, &value};
  }

  /// The table form of an enum names the variant by its only member.
  static Found sole_member(const Value& value, const std::string& path) {
    const std::size_t count = value.table()->size();
    if (count == 1) return std::nullopt;
    return SchemaError{
        fmt::format("wanted exactly 1 element, {}", count == 0 ? "found 0 elements" : "more than 1 element"), path,
        &value};
  }

  static bool known(const Shape& shape, std::string_view name) {
    return std::find(shape.variants.begin(), shape.variants.end(), name) != shape.variants.end();
  }

  static Found not_an_enum(const Value& value, const Shape& shape, const std::string& path) {
    if (shape.noun == table_parser_noun) return SchemaError{std::string(shape.noun), path, &value};
    if (shape.kind == ShapeKind::choice && !shape.noun.empty()) return wrong_type(value, shape, path);
    return SchemaError{"invalid type: unit variant, expected string only", path, &value};
  }

  static std::string type_word(const Value& value) {
    constexpr std::string_view words[] = {"table", "array", "string", "integer", "float", "boolean", "datetime"};
    return std::string(words[value.data.index()]);
  }

  static Found choice(const Value& value, const Shape& shape, const std::string& path) {
    if (const auto* name = value.string()) {
      return known(shape, *name) ? Found() : unknown_variant(value, *name, shape, path);
    }
    if (value.table() == nullptr) return not_an_enum(value, shape, path);
    if (auto error = sole_member(value, path)) return error;
    const auto& [name, body] = *value.table()->begin();
    if (!known(shape, name)) return unknown_variant(value, name, shape, path);
    const Table* none = body.table();
    if (none != nullptr && none->empty()) return std::nullopt;
    return SchemaError{none != nullptr ? "expected empty table" : "expected table, found " + type_word(body), path,
                       &body};
  }

  Found tagged(const Value& value, const Shape& shape, const std::string& path) {
    if (const auto* name = value.string()) {
      if (!known(shape, *name)) return unknown_variant(value, *name, shape, path);
      const Member* member = member_named(shape, *name);
      if (member == nullptr) return std::nullopt;
      return SchemaError{fmt::format("invalid type: unit variant, expected {}", shape.noun), path, &value};
    }
    if (value.table() == nullptr) return not_an_enum(value, shape, path);
    if (auto error = sole_member(value, path)) return error;
    const auto& [name, body] = *value.table()->begin();
    const Member* member = member_named(shape, name);
    if (member == nullptr) return choice(value, shape, path);
    return run(body, *member->shape, path);  // the variant's name is no part of the path
  }
};

void collect_unused(const Value& value, const Shape& shape, const std::string& path,
                    const std::optional<std::string>& profile, std::vector<std::string>& out) {
  const Table* table = value.table();
  if (table == nullptr || (shape.kind != ShapeKind::record && shape.kind != ShapeKind::map)) return;
  for (const auto& [name, member_value] : *table) {
    const Member* member = member_named(shape, name);
    const Shape* member_shape = member != nullptr ? member->shape : shape.element;
    if (member_shape == nullptr || (path == "profiles" && name != profile)) continue;
    const std::string member_path = join_path(path, name);
    if (member != nullptr && member->support == Support::not_yet) {
      out.push_back(fmt::format("`{}` is set in {} but this version does not use it yet", member_path,
                                origin_text(member_value)));
    } else if (member == nullptr || member->support == Support::built) {
      collect_unused(member_value, *member_shape, member_path, profile, out);
    }
  }
}

std::string real_text(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{:f}", d);  // never an exponent, as Rust prints floats
  if (double back = 0; std::abs(d) < 1e15) {
    for (int digits = 1; digits <= 17; ++digits) {
      text = fmt::format("{:.{}f}", d, digits);
      back = parse_double(text).value_or(0);
      if (back == d) break;
    }
  } else {
    text = fmt::format("{:.1f}", d);
  }
  return text;
}

}  // namespace schema_detail

std::string SchemaError::text() const {
  return path.empty() ? message + "\n" : fmt::format("{}\nin `{}`\n", message, path);
}

std::optional<SchemaError> check(const Value& value, const Shape& shape) {
  return schema_detail::Checker().run(value, shape, {});
}

void resolve_paths(Value& value, const Shape& shape, std::string_view folder, std::string_view home) {
  if (shape.kind == ShapeKind::path) {
    auto* text = std::get_if<std::string>(&value.data);
    if (text == nullptr) return;
    if (*text == "~" || text->starts_with("~/")) {
      *text = path::normal(path::join(home, text->size() > 2 ? text->substr(2) : std::string()));
    } else {
      *text = path::normal(path::join(folder, *text));
    }
    return;
  }
  if (auto* array = std::get_if<Array>(&value.data); array != nullptr && shape.kind == ShapeKind::list) {
    for (Value& element : *array) resolve_paths(element, *shape.element, folder, home);
  }
  if (Table* table = value.table()) {
    for (auto& [name, member_value] : *table) {
      const Member* member = schema_detail::member_named(shape, name);
      const Shape* member_shape = member != nullptr ? member->shape : shape.element;
      if (member_shape != nullptr) resolve_paths(member_value, *member_shape, folder, home);
    }
  }
}

std::vector<std::string> unused_keys(const Value& root, const std::optional<std::string>& profile) {
  std::vector<std::string> out;
  schema_detail::collect_unused(root, config_shape(), {}, profile, out);
  return out;
}

std::string unexpected(const Value& value) {
  if (value.table() != nullptr) return "map";
  if (value.array() != nullptr) return "sequence";
  if (const auto text = value.text()) return "string " + debug_quoted(*text);
  if (const auto i = value.integer()) return fmt::format("integer `{}`", *i);
  if (const auto b = value.boolean()) return fmt::format("boolean `{}`", *b);
  return fmt::format("floating point `{}`", schema_detail::real_text(value.number().value_or(0)));
}

std::string one_of(std::span<const std::string_view> names) {
  if (names.size() == 1) return fmt::format("`{}`", names[0]);
  if (names.size() == 2) return fmt::format("`{}` or `{}`", names[0], names[1]);
  std::string out = "one of ";
  for (std::size_t i = 0; i < names.size(); ++i) out += fmt::format("{}`{}`", i == 0 ? "" : ", ", names[i]);
  return out;
}

}  // namespace burin::config

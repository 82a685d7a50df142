// How plain values are read and written: the codecs behind the tables of base/mapping.h, which says how to use them.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace burin {

/// An optional whose unset state is written as null. Use it as the std::optional it is.
template <class T>
struct Nullable : std::optional<T> {
  using std::optional<T>::optional;
  Nullable() = default;
  Nullable(std::optional<T> other)  // NOLINT(google-explicit-constructor): the two differ only when written
      : std::optional<T>(std::move(other)) {}
  // As a template it does not compete with the comparisons to plain values.
  template <std::same_as<Nullable> U>
  friend bool operator==(const U& a, const U& b) {
    return static_cast<const std::optional<T>&>(a) == static_cast<const std::optional<T>&>(b);
  }
};

/// An optional that forgives: absent, null and unreadable values all read as unset. Not written when unset.
template <class T>
struct Lenient : std::optional<T> {
  using std::optional<T>::optional;
  Lenient() = default;
  Lenient(std::optional<T> other)  // NOLINT(google-explicit-constructor): differs only in how it is read
      : std::optional<T>(std::move(other)) {}
  // As a template it does not compete with the comparisons to plain values.
  template <std::same_as<Lenient> U>
  friend bool operator==(const U& a, const U& b) {
    return static_cast<const std::optional<T>&>(a) == static_cast<const std::optional<T>&>(b);
  }
};

namespace mapping {

/// Why a value could not be read; `path` grows from the inside out ("content[0].image_url").
struct Bad {
  std::string what, path;

  bool say(std::string text) { return what = std::move(text), false; }
  bool in_member(std::string_view name);
  bool in_element(std::size_t index);
  /// "invalid type: integer `3`, expected a string".
  bool wrong_type(const json::value& got, std::string_view expected);
  bool wrong_value(const json::value& got, std::string_view expected);
};

struct Codec {
  bool (*read)(void*, const json::value&, Bad&);
  void (*write)(const void*, std::string&);
  bool (*empty)(const void*);  // unset, false, 0 or without elements
  bool required;               // absence is an error unless the field says otherwise
  bool optional;               // left out while empty
};

struct Field {
  std::string_view name;
  std::size_t at = 0;
  const Codec* codec = nullptr;
  std::string_view alias = {};
  bool defaulted = false, omit_empty = false, read_only = false;
};

struct Table {
  std::string_view type;  // the struct's name, for messages
  const Field* fields;
  std::size_t count;     // at most 64
  std::ptrdiff_t extra;  // offset of a json::object, or -1
};

/// `tag` names a member that belongs to an enclosing union: neither a field nor unknown.
bool read_fields(void* object, const json::value& value, const Table& table, std::string_view tag, Bad& bad);
/// Writes `{…}`; with a tag its member comes first.
void write_fields(std::string& out, const void* object, const Table& table, std::string_view key = {},
                  std::string_view tag = {});
/// "`a`", "`a` or `b`", "one of `a`, `b`, `c`", as serde lists them.
std::string one_of(const std::vector<std::string_view>& names);
bool unknown_variant(Bad& bad, std::string_view got, const std::vector<std::string_view>& names);
Fail failure(Bad bad);

/// How a type is read and written. `empty` is optional.
template <class T>
struct As;

template <class T>
concept Mapped = requires { wire_table(static_cast<T*>(nullptr)); };
template <class T>
concept Named = requires { wire_names(static_cast<T*>(nullptr)); };
template <class T>
concept Wrapper = requires { wire_newtype(static_cast<T*>(nullptr)); };

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_optional<Lenient<T>> = true;
template <class T>
inline constexpr bool is_nullable = false;
template <class T>
inline constexpr bool is_nullable<Nullable<T>> = true;

#define BURIN_SCALAR(T)                                        \
  template <>                                                  \
  struct As<T> {                                               \
    static bool read(T& out, const json::value& v, Bad& bad);  \
    static void write(std::string& out, const T& value);       \
    static bool empty(const T& value) { return value == T{}; } \
  };
BURIN_SCALAR(bool)
BURIN_SCALAR(std::int32_t)
BURIN_SCALAR(std::uint32_t)
BURIN_SCALAR(std::int64_t)
BURIN_SCALAR(std::uint64_t)
BURIN_SCALAR(double)
BURIN_SCALAR(float)
BURIN_SCALAR(std::string)
#undef BURIN_SCALAR

template <>
struct As<json::value> {
  static bool read(json::value& out, const json::value& v, Bad&) { return out = v, true; }
  static void write(std::string& out, const json::value& value) { write_json(out, value); }
  static bool empty(const json::value& value) { return value.is_null(); }
};
template <>
struct As<json::object> {
  static bool read(json::object& out, const json::value& v, Bad& bad);
  static void write(std::string& out, const json::object& value);
  static bool empty(const json::object& value) { return value.empty(); }
};
template <>
struct As<json::array> {
  static bool read(json::array& out, const json::value& v, Bad& bad);
  static void write(std::string& out, const json::array& value);
  static bool empty(const json::array& value) { return value.empty(); }
};
/// A value without content, for unions: null on the wire.
template <>
struct As<std::monostate> {
  static bool read(std::monostate&, const json::value& v, Bad& bad) { return v.is_null() || bad.wrong_type(v, "null"); }
  static void write(std::string& out, const std::monostate&) { out += "null"; }
};

template <class T>
struct As<std::vector<T>> {
  static bool read(std::vector<T>& out, const json::value& v, Bad& bad) {
    const auto* array = v.if_array();
    if (array == nullptr) return bad.wrong_type(v, "a sequence");
    out.clear();
    out.reserve(array->size());
    for (const auto& element : *array) {
      if (!As<T>::read(out.emplace_back(), element, bad)) return bad.in_element(out.size() - 1);
    }
    return true;
  }
  static void write(std::string& out, const std::vector<T>& value) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      As<T>::write(out, value[i]);
    }
    out += ']';
  }
  static bool empty(const std::vector<T>& value) { return value.empty(); }
};

template <class T>
struct As<std::map<std::string, T>> {
  static bool read(std::map<std::string, T>& out, const json::value& v, Bad& bad) {
    const auto* object = v.if_object();
    if (object == nullptr) return bad.wrong_type(v, "a map");
    out.clear();
    for (const auto& member : *object) {
      std::string key(member.key());
      if (!As<T>::read(out[key], member.value(), bad)) return bad.in_member(key);
    }
    return true;
  }
  static void write(std::string& out, const std::map<std::string, T>& value) {
    out += '{';
    bool first = true;
    for (const auto& [key, element] : value) {
      if (!std::exchange(first, false)) out += ',';
      write_json_string(out, key);
      out += ':';
      As<T>::write(out, element);
    }
    out += '}';
  }
  static bool empty(const std::map<std::string, T>& value) { return value.empty(); }
};

template <class T>
struct As<std::optional<T>> {
  static bool read(std::optional<T>& out, const json::value& v, Bad& bad) {
    if (v.is_null() && !is_nullable<T>) return out.reset(), true;
    return As<T>::read(out.emplace(), v, bad);
  }
  static void write(std::string& out, const std::optional<T>& value) {
    value ? As<T>::write(out, *value) : void(out += "null");
  }
  static bool empty(const std::optional<T>& value) { return !value; }
};

template <class T>
struct As<Nullable<T>> : As<std::optional<T>> {};

template <class T>
struct As<Lenient<T>> : As<std::optional<T>> {
  static bool read(Lenient<T>& out, const json::value& v, Bad&) {
    Bad forgiven;
    if (v.is_null() || !As<T>::read(out.emplace(), v, forgiven)) out.reset();
    return true;
  }
};

template <Mapped T>
struct As<T> {
  static bool read(T& out, const json::value& v, Bad& bad) {
    return read_fields(&out, v, wire_table(static_cast<T*>(nullptr)), {}, bad);
  }
  static void write(std::string& out, const T& value) {
    write_fields(out, &value, wire_table(static_cast<T*>(nullptr)));
  }
};

template <Wrapper T>
struct As<T> {
  static constexpr auto member = wire_newtype(static_cast<T*>(nullptr));
  using Inner = std::remove_cvref_t<decltype(std::declval<T>().*member)>;
  static bool read(T& out, const json::value& v, Bad& bad) { return As<Inner>::read(out.*member, v, bad); }
  static void write(std::string& out, const T& value) { As<Inner>::write(out, value.*member); }
};

/// Names of an enum: the first entry of a value is the one written, further ones are read aliases.
template <class E>
struct Name {
  E value;
  std::string_view name;
};

template <Named E>
struct As<E> {
  static bool read(E& out, const json::value& v, Bad& bad) {
    const auto* text = v.if_string();
    if (text == nullptr) return bad.wrong_type(v, "a string");
    const auto& names = wire_names(static_cast<E*>(nullptr));
    for (const auto& entry : names) {
      if (entry.name == view(*text)) return out = entry.value, true;
    }
    if constexpr (requires { wire_fallback(static_cast<E*>(nullptr)); }) {
      return out = wire_fallback(static_cast<E*>(nullptr)), true;
    } else {
      std::vector<std::string_view> all;
      for (const auto& entry : names) all.push_back(entry.name);
      return unknown_variant(bad, view(*text), all);
    }
  }
  static void write(std::string& out, E value) {
    for (const auto& entry : wire_names(static_cast<E*>(nullptr))) {
      if (entry.value == value) return write_json_string(out, entry.name);
    }
    out += "null";
  }
  static bool empty(E value) { return value == E{}; }
};

template <class T>
constexpr bool empty_value(const T& value) {
  if constexpr (requires { As<T>::empty(value); }) {
    return As<T>::empty(value);
  } else {
    return false;
  }
}

template <class T>
inline constexpr Codec codec_v{
    [](void* p, const json::value& v, Bad& bad) { return As<T>::read(*static_cast<T*>(p), v, bad); },
    [](const void* p, std::string& out) { As<T>::write(out, *static_cast<const T*>(p)); },
    [](const void* p) { return empty_value(*static_cast<const T*>(p)); }, !is_optional<T> && !is_nullable<T>,
    is_optional<T>};

/// The words that a macro line may put beside a member.
namespace option {
struct Flag {
  bool Field::* which;
  constexpr void operator()(Field& f) const { f.*which = true; }
};
inline constexpr Flag defaulted{&Field::defaulted}, omit_empty{&Field::omit_empty}, read_only{&Field::read_only};
struct Text {
  std::string_view Field::* which;
  std::string_view text;
  constexpr void operator()(Field& f) const { f.*which = text; }
};
constexpr Text as(std::string_view name) { return {&Field::name, name}; }
constexpr Text alias(std::string_view name) { return {&Field::alias, name}; }
}  // namespace option

template <class... Options>
constexpr Field field(std::string_view name, std::size_t at, const Codec* codec, Options... options) {
  Field f{name, at, codec};
  (options(f), ...);
  return f;
}

/// A string as template argument.
template <std::size_t N>
struct Literal {
  char text[N];
  constexpr Literal(const char (&s)[N]) {  // NOLINT(google-explicit-constructor): written as a plain literal
    for (std::size_t i = 0; i < N; ++i) text[i] = s[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

}  // namespace mapping

}  // namespace burin

// Structs <-> JSON by tables.
//
// A struct is declared once, plainly, and one macro line names its members. That line becomes a constexpr table of
// {name, offset, codec}; reading and writing are loops over it, compiled once in mapping.cc. Per-type templates are
// kept to the codecs of member types, so a struct costs a few milliseconds of compile time.
//
//   struct Window { double used_percent = 0; Nullable<std::int64_t> resets_at; json::object extra; };
//   BURIN_WIRE(Window, used_percent, resets_at)                 // in a .cc, or in a header that few files include
//   BURIN_WIRE_TABLE(Window, used_percent, resets_at)           // in a shared header: see below
//
// A member may carry options in parentheses: (id, read_only), (role, alias("type")), (is_other, as("isOther")),
// (images, defaulted), (roots, omit_empty). How absence and null are treated:
//   T                            required; null is an error
//   (T, defaulted)               absent or null on read keep the member initialiser; always written
//   (T, omit_empty)              as defaulted, but not written while false, 0 or empty
//   std::optional<T>             absent or null read as unset; not written when unset
//   Lenient<T>                   the same, and a value that cannot be read is unset too
//   Nullable<T>                  absent or null read as unset; written as null when unset
//   std::optional<Nullable<T>>   absent, null and value are three things
// Members that no table entry names are kept in `json::object extra` if the struct has one, and written last.
//
// Writing goes straight to text: logs, requests and event lines are made this way and never as a DOM.
//
// BURIN_WIRE_TABLE only declares the table, unless BURIN_WIRE_TABLES is defined before the headers are included, which
// exactly one .cc of the program does for each such header. So the many readers of a header do not pay for its tables.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
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
  friend bool operator==(const Nullable& a, const U& b) {
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
  friend bool operator==(const Lenient& a, const U& b) {
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

/// One alternative of a union: its tag, its struct, and tags that read as the same.
template <mapping::Literal Tag, class T, mapping::Literal... Aliases>
struct Alt {
  using type = T;
  static constexpr std::string_view tag = Tag.view();
  static constexpr bool is(std::string_view name) { return name == tag || ((name == Aliases.view()) || ...); }
};

/// A value whose tag is not known: it round-trips unchanged.
struct Unknown {
  json::value raw;
};

/// A union told apart by a string member `Key` ("type") beside the fields; the fields' structs must be mapped. Tags
/// that nobody knows become Unknown. Default: Unknown of null.
template <mapping::Literal Key, class... A>
struct OneOf : std::variant<Unknown, typename A::type...> {
  using Base = std::variant<Unknown, typename A::type...>;
  using Base::Base;
  using Base::operator=;
};
/// The same for closed sets: an unknown tag is an error, unless one alternative has `static constexpr bool catch_all =
/// true` and takes it. Default: the first alternative; it counts as empty (omit_empty) if it has no fields.
template <mapping::Literal Key, class... A>
struct StrictOneOf : std::variant<typename A::type...> {
  using Base = std::variant<typename A::type...>;
  using Base::Base;
  using Base::operator=;
};
/// A union in serde's external form: `"tag"` for an alternative without fields, `{"tag": payload}` for one with payload
/// (an object, or the single value of a BURIN_NEWTYPE). Closed or with a catch_all, as StrictOneOf. Default: the first.
template <class... A>
struct Tagged : std::variant<typename A::type...> {
  using Base = std::variant<typename A::type...>;
  using Base::Base;
  using Base::operator=;
};

namespace mapping {

/// What the engine needs to know of one alternative; `emplace` and `get` erase its type.
struct Choice {
  std::string_view tag;
  bool (*is)(std::string_view);
  void* (*emplace)(void*);
  const Table& (*table)();  // null for a newtype
  bool (*read)(void*, const json::value&, Bad&);
  void (*write)(const void*, std::string&);
};

template <class Union, class A>
constexpr Choice choice() {
  using T = typename A::type;
  Choice c{};
  c.tag = A::tag;
  c.is = [](std::string_view name) { return A::is(name); };
  c.emplace = [](void* u) -> void* { return &static_cast<Union*>(u)->template emplace<T>(); };
  if constexpr (Mapped<T>) {
    c.table = []() -> const Table& { return wire_table(static_cast<T*>(nullptr)); };
  } else {
    c.read = [](void* p, const json::value& v, Bad& bad) { return As<T>::read(*static_cast<T*>(p), v, bad); };
    c.write = [](const void* p, std::string& out) { As<T>::write(out, *static_cast<const T*>(p)); };
  }
  return c;
}

template <class Union, class... A>
inline constexpr Choice choices_v[] = {choice<Union, A>()...};

struct Choices {
  const Choice* list;
  std::size_t count;
};

enum class Found : unsigned char { yes, no, bad };
Found read_tagged(void* u, const json::value& v, std::string_view key, Choices choices, Bad& bad);
bool unknown_tag(const json::value& v, std::string_view key, Choices choices, Bad& bad);
Found read_external(void* u, const json::value& v, Choices choices, Bad& bad);
bool unknown_external(const json::value& v, Choices choices, Bad& bad);
void write_external(std::string& out, const void* alternative, const Choice& choice);

/// Emplaces the catch_all alternative; false if there is none.
template <class Union, class... A>
bool catch_unknown(Union& out) {
  const auto attempt = [&out]<class T>(std::type_identity<T>) {
    if constexpr (requires { T::catch_all; }) {
      out.template emplace<T>();
      return true;
    } else {
      return false;
    }
  };
  return (attempt(std::type_identity<typename A::type>()) || ...);
}

template <class Variant>
const void* address_of(const Variant& v) {
  return std::visit([](const auto& alternative) -> const void* { return &alternative; },
                    static_cast<const typename Variant::Base&>(v));
}

template <Literal Key, class... A>
struct As<OneOf<Key, A...>> {
  using U = OneOf<Key, A...>;
  static constexpr const Choice* list = choices_v<U, A...>;
  static bool read(U& out, const json::value& v, Bad& bad) {
    const auto found = read_tagged(&out, v, Key.view(), {list, sizeof...(A)}, bad);
    if (found == Found::no) out.template emplace<Unknown>(Unknown{v});
    return found != Found::bad;
  }
  static void write(std::string& out, const U& value) {
    if (const auto* unknown = std::get_if<Unknown>(&value)) return write_json(out, unknown->raw);
    const Choice& c = list[value.index() - 1];
    write_fields(out, address_of(value), c.table(), Key.view(), c.tag);
  }
};

template <Literal Key, class... A>
struct As<StrictOneOf<Key, A...>> {
  using U = StrictOneOf<Key, A...>;
  static constexpr const Choice* list = choices_v<U, A...>;
  static bool read(U& out, const json::value& v, Bad& bad) {
    const auto found = read_tagged(&out, v, Key.view(), {list, sizeof...(A)}, bad);
    if (found != Found::no) return found == Found::yes;
    return catch_unknown<U, A...>(out) || unknown_tag(v, Key.view(), {list, sizeof...(A)}, bad);
  }
  static bool empty(const U& value) { return value.index() == 0 && list[0].table().count == 0; }
  static void write(std::string& out, const U& value) {
    const Choice& c = list[value.index()];
    write_fields(out, address_of(value), c.table(), Key.view(), c.tag);
  }
};

template <class... A>
struct As<Tagged<A...>> {
  using U = Tagged<A...>;
  static constexpr const Choice* list = choices_v<U, A...>;
  static bool read(U& out, const json::value& v, Bad& bad) {
    const auto found = read_external(&out, v, {list, sizeof...(A)}, bad);
    if (found != Found::no) return found == Found::yes;
    return catch_unknown<U, A...>(out) || unknown_external(v, {list, sizeof...(A)}, bad);
  }
  static void write(std::string& out, const U& value) { write_external(out, address_of(value), list[value.index()]); }
};

template <class T>
constexpr std::ptrdiff_t extra_offset() {
  if constexpr (requires { &T::extra; }) {
    return __builtin_offsetof(T, extra);
  } else {
    return -1;
  }
}

}  // namespace mapping

/// The tag of the alternative that a union holds; for Unknown the one it came with.
template <mapping::Literal Key, class... A>
std::string_view tag_of(const OneOf<Key, A...>& value) {
  const auto* unknown = std::get_if<Unknown>(&value);
  return unknown != nullptr ? find_string(unknown->raw, Key.view()).value_or("")
                            : mapping::As<OneOf<Key, A...>>::list[value.index() - 1].tag;
}
template <mapping::Literal Key, class... A>
std::string_view tag_of(const StrictOneOf<Key, A...>& value) {
  return mapping::As<StrictOneOf<Key, A...>>::list[value.index()].tag;
}
template <class... A>
std::string_view tag_of(const Tagged<A...>& value) {
  return mapping::As<Tagged<A...>>::list[value.index()].tag;
}

/// Reads any mapped type. The error names the place: "content[0].image_url: invalid type: …".
template <class T>
Result<T> read_mapped(const json::value& value) {
  Result<T> out{};
  mapping::Bad bad;
  if (!mapping::As<T>::read(*out, value, bad)) return mapping::failure(std::move(bad));
  return out;
}

/// Appends the compact JSON text of any mapped type.
template <class T>
void write_mapped(std::string& out, const T& value) {
  mapping::As<T>::write(out, value);
}

template <class T>
std::string dump_mapped(const T& value) {
  std::string out;
  write_mapped(out, value);
  return out;
}

/// As a document. It goes through the text: one writer, so that the two can never differ.
json::value parse_own(std::string_view text);
template <class T>
json::value to_json(const T& value) {
  return parse_own(dump_mapped(value));
}

/// The written name of an enum value ("" when the table lacks it), and back.
template <mapping::Named E>
std::string_view to_string(E value) {
  for (const auto& entry : wire_names(static_cast<E*>(nullptr))) {
    if (entry.value == value) return entry.name;
  }
  return {};
}
template <mapping::Named E>
std::optional<E> from_string(std::string_view name) {
  for (const auto& entry : wire_names(static_cast<E*>(nullptr))) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

}  // namespace burin

// Macro machinery: BURIN_EACH rescans 64 times, which bounds a table to about 60 members.
#define BURIN_E3(...) BURIN_E2(BURIN_E2(BURIN_E2(BURIN_E2(__VA_ARGS__))))
#define BURIN_E2(...) BURIN_E1(BURIN_E1(BURIN_E1(BURIN_E1(__VA_ARGS__))))
#define BURIN_E1(...) BURIN_E0(BURIN_E0(BURIN_E0(BURIN_E0(__VA_ARGS__))))
#define BURIN_E0(...) __VA_ARGS__
#define BURIN_PARENS ()
#define BURIN_EACH(T, ...) __VA_OPT__(BURIN_E3(BURIN_EACH_1(T, __VA_ARGS__)))
#define BURIN_EACH_1(T, m, ...) BURIN_FIELD(T, m), __VA_OPT__(BURIN_EACH_2 BURIN_PARENS(T, __VA_ARGS__))
#define BURIN_EACH_2() BURIN_EACH_1
// A member is a name, or (name, options…).
#define BURIN_SECOND(a, b, ...) b
#define BURIN_PROBE(...) ~, 1,
#define BURIN_IS_LIST(m) BURIN_IS_LIST_(BURIN_PROBE m)
#define BURIN_IS_LIST_(...) BURIN_SECOND(__VA_ARGS__, 0, )
#define BURIN_UNWRAP(...) __VA_ARGS__
#define BURIN_FIELD(T, m) BURIN_CAT(BURIN_FIELD_, BURIN_IS_LIST(m))(T, m)
#define BURIN_FIELD_0(T, m) BURIN_MAKE(T, m)
#define BURIN_FIELD_1(T, m) BURIN_MAKE_(T, BURIN_UNWRAP m)
#define BURIN_MAKE_(...) BURIN_MAKE(__VA_ARGS__)
#define BURIN_MAKE(T, m, ...)                           \
  ::burin::mapping::field(#m, __builtin_offsetof(T, m), \
                          &::burin::mapping::codec_v<decltype(T::m)> __VA_OPT__(, ) __VA_ARGS__)
// offsetof of a struct with variants in it is conditionally supported; clang and gcc define it for such members.
#define BURIN_TABLE_BODY(T, ...)                                                                           \
  _Pragma("clang diagnostic push")                                                                         \
      _Pragma("clang diagnostic ignored \"-Winvalid-offsetof\"") using namespace ::burin::mapping::option; \
  static constexpr ::burin::mapping::Field fields[] = {                                                    \
      BURIN_EACH(T __VA_OPT__(, ) __VA_ARGS__)::burin::mapping::Field{}};                                  \
  static constexpr ::burin::mapping::Table table{#T, fields, std::size(fields) - 1,                        \
                                                 ::burin::mapping::extra_offset<T>()};                     \
  return table;                                                                                            \
  _Pragma("clang diagnostic pop")

/// Maps a struct where it stands; at most about 60 members. See the top of this file for the options.
#define BURIN_WIRE(T, ...) \
  inline const ::burin::mapping::Table& wire_table(T*) { BURIN_TABLE_BODY(T __VA_OPT__(, ) __VA_ARGS__) }

/// Maps a struct of a shared header; the table is compiled in the one .cc that defines BURIN_WIRE_TABLES.
#ifdef BURIN_WIRE_TABLES
#define BURIN_WIRE_TABLE(T, ...) \
  const ::burin::mapping::Table& wire_table(T*) { BURIN_TABLE_BODY(T __VA_OPT__(, ) __VA_ARGS__) }
#else
#define BURIN_WIRE_TABLE(T, ...) const ::burin::mapping::Table& wire_table(T*);
#endif

/// A struct that is on the wire just its one member.
#define BURIN_NEWTYPE(T, member) \
  constexpr auto wire_newtype(T*) { return &T::member; }

/// Names of an enum: BURIN_ENUM(Color, {Color::red, "red"}, {Color::red, "rouge"}). The first name of a value is
/// written, all are read.
#define BURIN_ENUM(E, ...)                                              \
  inline const auto& wire_names(E*) {                                   \
    static constexpr ::burin::mapping::Name<E> names[] = {__VA_ARGS__}; \
    return names;                                                       \
  }
/// The same, and any other string reads as `fallback`.
#define BURIN_ENUM_OR(E, fallback, ...) \
  BURIN_ENUM(E, __VA_ARGS__)            \
  constexpr E wire_fallback(E*) { return fallback; }

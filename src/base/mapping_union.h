// Unions told apart by a tag: part of base/mapping.h, which says how to use them.
//
// The types are std::variants (std::get_if, std::visit and std::holds_alternative work on them). The engine walks a
// constexpr list of alternatives with erased types, so reading is one compiled loop for all unions.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/mapping_codec.h"

namespace burin {

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

}  // namespace burin

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
// exactly one .cc of the program does for each such header: it includes headers whose tables are compiled elsewhere
// first, then defines the macro. So the many readers of a header do not pay for its tables.
#pragma once
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/mapping_codec.h"
#include "base/mapping_union.h"

namespace burin {

namespace mapping {

template <class T>
constexpr std::ptrdiff_t extra_offset() {
  if constexpr (requires { &T::extra; }) {
    return __builtin_offsetof(T, extra);
  } else {
    return -1;
  }
}

}  // namespace mapping

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

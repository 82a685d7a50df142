// Arguments of function calls, read with the words of the reference's JSON library (tools.md 1.2): models were trained
// on them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/mapping.h"
#include "base/result.h"

namespace burin::tools {

/// The text that answers arguments which do not fit: "failed to parse function arguments: <error>".
std::string argument_error(const Error& error);

namespace arguments_detail {
Result<json::value> parse_arguments(std::string_view raw);
/// Gives an error of the mapping ("path: what") serde's form: "what at line L column C".
Error located(const Error& error, std::string_view raw);
Result<> only_known(const json::value& document, std::string_view raw, const std::vector<std::string_view>& known);
}  // namespace arguments_detail

/// Reads the raw argument text into a mapped struct. Unknown members are ignored.
template <class T>
Result<T> read_arguments(std::string_view raw) {
  TRY(auto document, arguments_detail::parse_arguments(raw));
  auto out = read_mapped<T>(document);
  if (!out) return tl::unexpected(arguments_detail::located(out.error(), raw));
  return out;
}

/// The members of an object (in the order of serde's list), and of the objects of one of them that is an array.
struct KnownMembers {
  std::vector<std::string_view> names;
  std::string_view list = {};
  std::vector<std::string_view> names_in_list = {};
};
/// As read_arguments, but refuses members that are not known.
template <class T>
Result<T> read_strict_arguments(std::string_view raw, const KnownMembers& known) {
  TRY(auto document, arguments_detail::parse_arguments(raw));
  CHECK(arguments_detail::only_known(document, raw, known.names));
  if (const auto* list = find_array(document, known.list)) {
    for (const auto& item : *list) CHECK(arguments_detail::only_known(item, raw, known.names_in_list));
  }
  auto out = read_mapped<T>(document);
  if (!out) return tl::unexpected(arguments_detail::located(out.error(), raw));
  return out;
}

}  // namespace burin::tools

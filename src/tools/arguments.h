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

/// The members that an object may have, in the order of serde's list. `list` is empty for the arguments themselves, or
/// names a member whose elements are meant.
struct KnownMembers {
  std::string_view list;
  std::vector<std::string_view> names;
};

namespace arguments_detail {
Result<json::value> parse_arguments(std::string_view raw);
/// Gives an error of the mapping ("path: what") serde's form: "what at line L column C".
Error located(const Error& error, std::string_view raw);
Result<> only_known(const json::value& document, std::string_view raw, const KnownMembers& known);
}  // namespace arguments_detail

/// Reads the raw argument text into a mapped struct. Unknown members are ignored.
template <class T>
Result<T> read_arguments(std::string_view raw) {
  TRY(auto document, arguments_detail::parse_arguments(raw));
  auto out = read_mapped<T>(document);
  if (!out) return tl::unexpected(arguments_detail::located(out.error(), raw));
  return out;
}

/// As read_arguments, but refuses members that are not in `known`.
template <class T>
Result<T> read_strict_arguments(std::string_view raw, const std::vector<KnownMembers>& known) {
  TRY(auto document, arguments_detail::parse_arguments(raw));
  for (const auto& members : known) CHECK(arguments_detail::only_known(document, raw, members));
  auto out = read_mapped<T>(document);
  if (!out) return tl::unexpected(arguments_detail::located(out.error(), raw));
  return out;
}

}  // namespace burin::tools

#include "tools/arguments.h"

#include "tools/json_position.h"

namespace burin::tools {

std::string argument_error(const Error& error) { return "failed to parse function arguments: " + error.what; }

namespace arguments_detail {

Result<json::value> parse_arguments(std::string_view raw) {
  if (auto problem = json_syntax_problem(raw)) return fail(Kind::invalid, problem->text());
  return parse_json(raw);
}

Error located(const Error& error, std::string_view raw) {
  // "path: what": a path holds no space, and serde's sentences hold one before any colon.
  std::string_view what = error.what, path;
  if (auto colon = what.find(": "); colon != std::string_view::npos && what.substr(0, colon).find(' ') == what.npos) {
    path = what.substr(0, colon);
    what = what.substr(colon + 2);
  }
  bool missing = what.starts_with("missing field");
  return Error{.kind = error.kind, .what = json_value_problem(raw, path, std::string(what), missing).text()};
}

namespace {

std::string listed(const std::vector<std::string_view>& names) {
  std::string out = names.size() > 2 ? "one of " : "";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) out += names.size() == 2 ? " or " : ", ";
    out += fmt::format("`{}`", names[i]);
  }
  return out;
}

Result<> only_known_in(const json::value& value, std::string_view path, std::string_view raw,
                       const std::vector<std::string_view>& names) {
  const auto* object = value.if_object();
  if (object == nullptr) return {};
  for (const auto& member : *object) {
    std::string_view key(member.key().data(), member.key().size());
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    auto what = fmt::format("unknown field `{}`, expected {}", key, listed(names));
    return fail(Kind::invalid, json_key_problem(raw, path, key, std::move(what)).text());
  }
  return {};
}

}  // namespace

Result<> only_known(const json::value& document, std::string_view raw, const KnownMembers& known) {
  if (known.list.empty()) return only_known_in(document, "", raw, known.names);
  const auto* object = document.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(known.list);
  const auto* list = member == nullptr ? nullptr : member->if_array();
  if (list == nullptr) return {};
  for (std::size_t i = 0; i < list->size(); ++i) {
    CHECK(only_known_in((*list)[i], fmt::format("{}[{}]", known.list, i), raw, known.names));
  }
  return {};
}

}  // namespace arguments_detail

}  // namespace burin::tools

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

Result<> only_known(const json::value& document, std::string_view raw, const std::vector<std::string_view>& known) {
  const auto* object = document.if_object();
  if (object == nullptr) return {};
  for (const auto& member : *object) {
    std::string_view key(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string list = known.size() == 1 ? "" : known.size() == 2 ? "" : "one of ";
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (i != 0) list += known.size() == 2 ? " or " : ", ";
      list += fmt::format("`{}`", known[i]);
    }
    // The unknown key itself has been read when serde refuses it.
    std::size_t at = raw.find(fmt::format("\"{}\"", key));
    std::string_view before = at == raw.npos ? raw : raw.substr(0, at + key.size() + 2);
    auto problem = json_value_problem(before, "", fmt::format("unknown field `{}`, expected {}", key, list), false);
    return fail(Kind::invalid, problem.text());
  }
  return {};
}

}  // namespace arguments_detail

}  // namespace burin::tools

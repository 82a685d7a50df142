#include "cli/usage.h"

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace burin::cli {

namespace usage_detail {

/// What stands for the value: "<SANDBOX_MODE>", "<FILE>..."; empty for flags.
std::string value_of(const CLI::Option& option) {
  std::string type = option.get_type_name();
  type.resize(std::min(type.find(":{"), type.size()));  // CLI11 appends the possible values
  if (type.empty()) return {};
  return fmt::format("<{}>{}", type, option.get_allow_extra_args() ? "..." : "");
}

/// "always, never, auto", or empty when any value will do.
std::string possible_values(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find(":{");
  if (open == std::string::npos || !type.ends_with('}')) return {};
  return replace_all(type.substr(open + 2, type.size() - open - 3), ",", ", ");
}

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    label("Positionals", "Arguments");
    column_width(34);
  }

  std::string make_usage(const CLI::App* app, std::string) const override {
    return fmt::format("\nUsage: {}\n", usage_line(*app));
  }
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    if (positional) return fmt::format("[{}]", option->get_single_name());
    std::string out;
    for (const auto& name : option->get_snames()) out += "-" + name + ", ";
    for (const auto& name : option->get_lnames()) out += "--" + name + ", ";
    return out.substr(0, out.size() - 2);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string value = option->get_positional() ? std::string() : value_of(*option);
    return value.empty() ? value : " " + value;
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string values = possible_values(*option);
    return values.empty() ? option->get_description() : fmt::format("{}: {}", option->get_description(), values);
  }
};

std::string shown(const CLI::Option& option) {
  if (option.get_positional()) return fmt::format("[{}]", option.get_single_name());
  return fmt::format("--{} {}", option.get_lnames().front(), value_of(option));
}

/// "--sandbox" as users of the reference see it: with its value, "--sandbox <SANDBOX_MODE>"; "[SHELL]" for a
/// positional. CLI11 does not name hidden options; such a one is known by the `value` that it refused.
std::string shown_option(const CLI::App& where, std::string_view name, const std::string& value) {
  auto meant = [&](const CLI::Option& option) {
    if (!name.empty()) return option.check_name(std::string(name));
    const auto& given = option.results();
    return std::find(given.begin(), given.end(), value) != given.end();
  };
  for (const CLI::App* app = &where; app != nullptr; app = app->get_parent()) {
    for (const auto* option : app->get_options()) {
      if (meant(*option)) return shown(*option);
    }
  }
  return std::string(name);
}

/// "--sandbox: nope not in {a,b}".
std::string invalid_value_text(std::string_view what, const CLI::App& where) {
  auto colon = what.find(": ");
  auto middle = what.rfind(" not in {");
  if (colon == what.npos || middle == what.npos || middle < colon) return fmt::format("error: {}", what);
  auto values = what.substr(middle + 9);
  values = values.substr(0, values.rfind('}'));
  const std::string value(what.substr(colon + 2, middle - colon - 2));
  return fmt::format("error: invalid value '{}' for '{}'\n  [possible values: {}]", value,
                     shown_option(where, what.substr(0, colon), value), replace_all(values, ",", ", "));
}

/// "--model: 1 required MODEL missing".
std::string missing_value_text(std::string_view what, const CLI::App& where) {
  auto colon = what.find(": ");
  if (colon == what.npos) return fmt::format("error: {}", what);
  return fmt::format("error: a value is required for '{}' but none was supplied",
                     shown_option(where, what.substr(0, colon), ""));
}

std::string first_extra(const CLI::App& where) {
  auto extra = where.remaining();
  if (extra.empty() && where.get_parent() != nullptr) extra = where.get_parent()->remaining();
  return extra.empty() ? "" : extra.front();
}

}  // namespace usage_detail

using namespace usage_detail;

std::shared_ptr<CLI::FormatterBase> help_formatter() { return std::make_shared<HelpFormatter>(); }

std::string path_of(const CLI::App& app) {
  std::string path;
  for (const CLI::App* a = &app; a != nullptr; a = a->get_parent()) {
    std::string name = a->get_parent() == nullptr ? "burin" : a->get_name();
    path = path.empty() ? name : name + " " + path;
  }
  return path;
}

std::string usage_line(const CLI::App& app) {
  std::string out = path_of(app) + " [OPTIONS]";
  for (const auto* option : app.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    if (option->get_group().empty()) continue;
    out += option->get_required() ? fmt::format(" <{}>", option->get_single_name())
                                  : fmt::format(" [{}]", option->get_single_name());
  }
  if (!app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); }).empty()) out += " [COMMAND]";
  return out;
}

const CLI::App& deepest(const CLI::App& app) {
  auto subs = app.get_subcommands();
  return subs.empty() ? app : deepest(*subs.front());
}

std::string usage_error(const CLI::ParseError& e, const CLI::App& where, int argc, char** argv) {
  if (dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr) {
    const std::string word = first_extra(where);
    if (word.empty()) return e.what();
    if (!word.starts_with("-")) return fmt::format("error: unexpected argument '{}' found", word);
    return fmt::format("error: unexpected argument '{0}' found\n\n  tip: to pass '{0}' as a value, use '-- {0}'", word);
  }
  if (dynamic_cast<const CLI::RequiredError*>(&e) != nullptr && where.get_require_subcommand_min() > 0) {
    const std::string word = first_extra(where);
    if (!word.empty()) return fmt::format("error: unrecognized subcommand '{}'", word);
  }
  constexpr std::string_view required = " is required";
  if (const std::string_view what = e.what(); what.ends_with(required) && where.get_require_subcommand_min() == 0) {
    return fmt::format("error: the following required arguments were not provided:\n  <{}>",
                       what.substr(0, what.size() - required.size()));
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&e) != nullptr) {
    std::string first = "--full-auto", second = "--dangerously-bypass-approvals-and-sandbox";
    for (int i = 1; i < argc; ++i) {
      std::string_view a = argv[i];
      if (a == "--yolo" || a == second) {
        std::swap(first, second);
        break;
      }
      if (a == "--full-auto") break;
    }
    return fmt::format("error: the argument '{}' cannot be used with '{}'", first, second);
  }
  if (dynamic_cast<const CLI::ValidationError*>(&e) != nullptr) return invalid_value_text(e.what(), where);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&e) != nullptr) return missing_value_text(e.what(), where);
  return std::string("error: ") + e.what();
}

}  // namespace burin::cli

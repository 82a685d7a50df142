#include "config/toml.h"

#define TOML_UNRELEASED_FEATURES 1
#include <sstream>

#include <toml++/toml.h>

#include "base/text.h"
#include "config/toml_diagnose.h"
#include "config/toml_library.h"

namespace burin::config {
namespace toml_detail {

Position position(const ::toml::source_position& p) { return {p.line, p.column}; }

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

struct Converter {
  std::shared_ptr<const Document> document;
  std::optional<TomlError> bad_key;  // the parser accepts letters of all scripts in bare keys, TOML 1.0 does not

  Value convert(const ::toml::node& node) {
    Value out;
    out.document = document;
    out.place = {position(node.source().begin), position(node.source().end)};
    switch (node.type()) {
      case ::toml::node_type::table: {
        Table table;
        for (const auto& [key, member] : *node.as_table()) {
          check_key(key);
          table.emplace(std::string(key.str()), convert(member));
        }
        out.data = std::move(table);
        break;
      }
      case ::toml::node_type::array: {
        Array array;
        array.reserve(node.as_array()->size());
        for (const auto& element : *node.as_array()) array.push_back(convert(element));
        out.data = std::move(array);
        break;
      }
      case ::toml::node_type::string:
        out.data = node.as_string()->get();
        break;
      case ::toml::node_type::integer:
        out.data = node.as_integer()->get();
        break;
      case ::toml::node_type::floating_point:
        out.data = node.as_floating_point()->get();
        break;
      case ::toml::node_type::boolean:
        out.data = node.as_boolean()->get();
        break;
      case ::toml::node_type::date:
        out.data = DateTime{printed(node.as_date()->get())};
        break;
      case ::toml::node_type::time:
        out.data = DateTime{printed(node.as_time()->get())};
        break;
      case ::toml::node_type::date_time:
        out.data = DateTime{printed(node.as_date_time()->get())};
        break;
      case ::toml::node_type::none:
        break;
    }
    return out;
  }

  void check_key(const ::toml::key& key) {
    if (bad_key) return;
    const std::string_view name = key.str();
    if (std::all_of(name.begin(), name.end(), [](char c) { return static_cast<signed char>(c) >= 0 && c != '+'; }))
      return;
    const Position at = position(key.source().begin);
    const std::string_view line = line_of(document->text, at.line);
    std::size_t byte = 0;
    std::uint32_t column = 1;
    while (column < at.column && byte < line.size()) next_code_point(line, byte), ++column;
    if (byte >= line.size() || line[byte] == '"' || line[byte] == '\'') return;
    while (byte < line.size() && static_cast<signed char>(line[byte]) >= 0 && line[byte] != '+') ++byte, ++column;
    bad_key = TomlError{.message = "invalid unquoted key, expected letters, numbers, `-`, `_`",
                        .document = document,
                        .place = {{at.line, column}, {at.line, column + 1}}};
  }
};

std::string marked_line(const TomlError& error) {
  const auto& [begin, end] = error.place;
  std::string_view line = line_of(error.document->text, begin.line);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::string number = std::to_string(begin.line);
  const std::string gutter(number.size(), ' ');
  // A value that goes on below is marked by its first character only.
  const std::uint32_t width = end.line == begin.line && end.column > begin.column ? end.column - begin.column : 1;
  return fmt::format("{} |\n{} | {}\n{} | {}{}", gutter, number, line, gutter, std::string(begin.column - 1, ' '),
                     std::string(width, '^'));
}

}  // namespace toml_detail

tl::expected<Value, TomlError> parse_toml(std::shared_ptr<const Document> document) {
  ::toml::parse_result result = ::toml::parse(std::string_view(document->text), std::string_view());
  if (!result) {
    const ::toml::parse_error& error = result.error();
    return tl::unexpected(
        diagnose_toml(std::move(document), error.description(), toml_detail::position(error.source().begin)));
  }
  toml_detail::Converter converter{.document = std::move(document), .bad_key = {}};
  Value root = converter.convert(result.table());
  if (converter.bad_key) return tl::unexpected(*std::move(converter.bad_key));
  return root;
}

std::string render_located(const TomlError& error) {
  const Position& at = error.place.begin;
  return fmt::format("{}:{}:{}: {}\n{}", error.document->name, at.line, at.column, error.message,
                     toml_detail::marked_line(error));
}

std::string render_parse_error(const TomlError& error) {
  const Position& at = error.place.begin;
  return fmt::format("TOML parse error at line {}, column {}\n{}\n{}\n", at.line, at.column,
                     toml_detail::marked_line(error), error.message);
}

tl::expected<Override, std::string> parse_override(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return tl::unexpected(fmt::format("Invalid override (missing '='): {}", text));
  }
  const std::string_view key = trim(text.substr(0, equals));
  const std::string_view raw = trim(text.substr(equals + 1));
  if (key.empty()) return tl::unexpected(fmt::format("Empty key in override: {}", text));

  Override out;
  // The flag had its own top-level spelling before it became a feature.
  const std::string_view path = key == "use_linux_sandbox_bwrap" ? "features.use_linux_sandbox_bwrap" : key;
  for (const auto part : split(path, '.')) out.path.emplace_back(part);

  auto document = std::make_shared<Document>(Document{.name = "", .text = fmt::format("_x_ = {}", raw)});
  if (auto parsed = parse_toml(document)) {
    if (const Value* value = parsed->find("_x_")) {
      out.value = *value;
      return out;
    }
  }
  const std::size_t begin = raw.find_first_not_of("\"'");
  const std::size_t end = raw.find_last_not_of("\"'");
  out.value = Value(begin == std::string_view::npos ? std::string() : std::string(raw.substr(begin, end - begin + 1)));
  out.value.document = std::move(document);
  return out;
}

std::string debug_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    const char32_t c = next_code_point(text, i);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case 0:
        out += "\\0";
        break;
      default:
        if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
          out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(c));
        } else {
          out += text.substr(start, i - start);
        }
    }
  }
  return out + '"';
}

}  // namespace burin::config

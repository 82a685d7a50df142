#include "config/toml.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/toml_diagnose.h"

namespace burin::config {
namespace toml_detail {

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

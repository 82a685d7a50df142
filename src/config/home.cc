#include "config/home.h"

#include <cctype>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"

namespace burin::config {
namespace home_detail {

ConfigResult<std::string> from_variable(io::Files& files, std::string_view name, std::string_view value) {
  std::string path(value);
  if (!path::is_absolute(path)) {
    if (auto cwd = files.current_dir()) path = path::join(*cwd, path);
  }
  const auto refuse = [&](std::string_view why) {
    return config_error(Stage::home, fmt::format("{} points to {}, but that path {}", name, debug_quoted(value), why));
  };
  const auto info = files.stat(path);
  if (!info && info.error().sys == ENOENT) return refuse("does not exist");
  if (!info) {
    return config_error(Stage::home, fmt::format("failed to read {} {}: {}", name, debug_quoted(path),
                                                 os_error_text(info.error().sys)));
  }
  if (info->type != io::FileInfo::Type::directory) return refuse("is not a directory");
  auto canonical = files.canonical(path);
  if (!canonical) {
    return config_error(Stage::home, fmt::format("failed to canonicalize {} {}: {}", name, debug_quoted(path),
                                                 os_error_text(canonical.error().sys)));
  }
  return *std::move(canonical);
}

bool name_char(char c) { return c == '_' || c == '.' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// One pass over a .env text. Each entry is one line, except that quoted values may span several.
class DotenvReader {
 public:
  DotenvReader(std::string_view text, io::Environment& env) : text_(text), env_(env) {}

  void run() {
    while (at_ < text_.size()) {
      const std::size_t start = at_;
      if (!entry()) {
        at_ = start;
        skip_line();
      }
    }
  }

 private:
  bool at_end_of_line() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }
  void skip_line() {
    const std::size_t end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  std::string_view read_name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && name_char(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  /// False for a malformed line. Leaves `at_` behind the entry.
  bool entry() {
    skip_blanks();
    if (at_end_of_line() || text_[at_] == '#') {
      skip_line();
      return true;
    }
    std::string_view name = read_name();
    if (name == "export" && at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      skip_blanks();
      name = read_name();
    }
    skip_blanks();
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
    if (at_ >= text_.size() || text_[at_] != '=') return false;
    ++at_;
    skip_blanks();
    std::string value;
    if (!read_value(value)) return false;
    skip_line();
    if (!starts_with_ignore_case(name, "CODEX_") && !starts_with_ignore_case(name, "BURIN_")) {
      env_.set(std::string(name), std::move(value));
    }
    return true;
  }

  /// Quoted and bare pieces up to the end of the line or a comment, which a blank must precede.
  bool read_value(std::string& out) {
    while (!at_end_of_line()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t') {
        skip_blanks();
        return at_end_of_line() || text_[at_] == '#';
      }
      ++at_;
      if (c == '\'') {
        if (!read_single_quoted(out)) return false;
      } else if (c == '"') {
        if (!read_double_quoted(out)) return false;
      } else if (c == '\\') {
        if (!read_escape(out)) return false;
      } else if (c == '$') {
        if (!expand(out)) return false;
      } else {
        out += c;
      }
    }
    return true;
  }

  bool read_single_quoted(std::string& out) {
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) return false;
    out += text_.substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }

  bool read_double_quoted(std::string& out) {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') {
        if (!read_escape(out)) return false;
      } else if (c == '$') {
        if (!expand(out)) return false;
      } else {
        out += c;
      }
    }
    return false;
  }

  bool read_escape(std::string& out) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    switch (c) {
      case 'n':
        out += '\n';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'r':
        out += '\r';
        return true;
      case '\\':
      case '"':
      case '\'':
      case '$':
      case ' ':
        out += c;
        return true;
      default:
        return false;
    }
  }

  /// $NAME or ${NAME} behind the dollar; unknown variables are empty.
  bool expand(std::string& out) {
    const bool braces = at_ < text_.size() && text_[at_] == '{';
    if (braces) ++at_;
    const std::string_view name = read_name();
    if (braces && (at_ >= text_.size() || text_[at_++] != '}')) return false;
    if (auto value = env_.get(name)) out += *value;
    return true;
  }

  std::string_view text_;
  io::Environment& env_;
  std::size_t at_ = 0;
};

}  // namespace home_detail

ConfigResult<std::string> find_home(io::Files& files, const io::Environment& env) {
  for (std::string_view name : {"BURIN_HOME", "CODEX_HOME"}) {
    if (auto value = env.non_empty(name)) return home_detail::from_variable(files, name, *value);
  }
  const auto user = env.non_empty("HOME");
  if (!user) {
    return config_error(Stage::home, "Could not find home directory: set HOME, or BURIN_HOME to an existing folder");
  }
  std::string own = path::join(*user, ".burin");
  if (files.is_dir(own)) return own;
  return path::join(*user, ".codex");
}

void load_dotenv(io::Files& files, const std::string& home, io::Environment& env) {
  constexpr std::uint64_t limit = 1 << 20;
  if (auto text = files.read(path::join(home, ".env"), limit)) apply_dotenv(*text, env);
}

void apply_dotenv(std::string_view text, io::Environment& env) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  home_detail::DotenvReader(text, env).run();
}

}  // namespace burin::config

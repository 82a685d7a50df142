#include "tools/json_position.h"

#include <fmt/format.h>

namespace burin::tools {

namespace json_position_detail {

constexpr int max_depth = 128;  // serde_json's recursion limit

/// Thrown inside the scanner only, caught at its entry.
struct Stop {
  std::string what;
  std::size_t at;  // bytes counted as read
};

/// A strict JSON reader that keeps nothing but the place of one value.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view wanted) : s_(text), wanted_(wanted) {}

  void run() {
    value("", 0);
    space();
    if (i_ < s_.size()) throw Stop{"trailing characters", i_ + 1};
  }

  bool found = false;
  std::size_t begin = 0, end = 0;

 private:
  bool at_end() const { return i_ >= s_.size(); }
  [[noreturn]] void peeked(std::string what) const { throw Stop{std::move(what), std::min(s_.size(), i_ + 1)}; }
  void space() {
    while (!at_end() && (s_[i_] == ' ' || s_[i_] == '\n' || s_[i_] == '\t' || s_[i_] == '\r')) ++i_;
  }

  void value(const std::string& path, int depth) {
    space();
    if (at_end()) peeked("EOF while parsing a value");
    std::size_t start = i_;
    char c = s_[i_];
    if (c == '{' || c == '[') {
      if (depth >= max_depth) throw Stop{"recursion limit exceeded", i_ + 1};
      ++i_;
      if (c == '{') {
        object(path, depth);
      } else {
        array(path, depth);
      }
    } else if (c == '"') {
      ++i_;
      string();
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      number();
    } else if (c == 't') {
      ident("true");
    } else if (c == 'f') {
      ident("false");
    } else if (c == 'n') {
      ident("null");
    } else {
      peeked("expected value");
    }
    if (path == wanted_) {
      found = true;
      begin = start;
      end = i_;
    }
  }

  void object(const std::string& path, int depth) {
    for (bool first = true;; first = false) {
      space();
      if (at_end()) peeked("EOF while parsing an object");
      if (s_[i_] == '}') {
        ++i_;
        return;
      }
      if (!first) {
        if (s_[i_] != ',') peeked("expected `,` or `}`");
        ++i_;
        space();
        if (at_end()) peeked("EOF while parsing a value");
        if (s_[i_] == '}') peeked("trailing comma");
      }
      if (s_[i_] != '"') peeked("key must be a string");
      ++i_;
      std::size_t from = i_;
      string();
      std::string key(s_.substr(from, i_ - from - 1));
      space();
      if (at_end()) peeked("EOF while parsing an object");
      if (s_[i_] != ':') peeked("expected `:`");
      ++i_;
      value(path.empty() ? key : path + "." + key, depth + 1);
    }
  }

  void array(const std::string& path, int depth) {
    for (std::size_t n = 0;; ++n) {
      space();
      if (at_end()) peeked("EOF while parsing a list");
      if (s_[i_] == ']') {
        ++i_;
        return;
      }
      if (n > 0) {
        if (s_[i_] != ',') peeked("expected `,` or `]`");
        ++i_;
        space();
        if (at_end()) peeked("EOF while parsing a value");
        if (s_[i_] == ']') peeked("trailing comma");
      }
      value(fmt::format("{}[{}]", path, n), depth + 1);
    }
  }

  void string() {
    while (!at_end()) {
      unsigned char c = static_cast<unsigned char>(s_[i_++]);
      if (c == '"') return;
      if (c < 0x20) throw Stop{"control character (\\u0000-\\u001F) found while parsing a string", i_};
      if (c != '\\') continue;
      if (at_end()) break;
      char e = s_[i_++];
      if (e == 'u') {
        for (int k = 0; k < 4; ++k) {
          if (at_end()) throw Stop{"EOF while parsing a string", i_};
          char h = s_[i_++];
          bool hex = (h >= '0' && h <= '9') || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F');
          if (!hex) throw Stop{"invalid escape", i_};
        }
      } else if (std::string_view("\"\\/bfnrt").find(e) == std::string_view::npos) {
        throw Stop{"invalid escape", i_};
      }
    }
    throw Stop{"EOF while parsing a string", i_};
  }

  void number() {
    auto digits = [&] {
      std::size_t from = i_;
      while (!at_end() && s_[i_] >= '0' && s_[i_] <= '9') ++i_;
      return i_ > from;
    };
    if (s_[i_] == '-') ++i_;
    if (at_end()) peeked("EOF while parsing a value");
    if (s_[i_] == '0') {
      ++i_;
      if (!at_end() && s_[i_] >= '0' && s_[i_] <= '9') peeked("invalid number");
    } else if (!digits()) {
      peeked("invalid number");
    }
    if (!at_end() && s_[i_] == '.') {
      ++i_;
      if (!digits()) peeked(at_end() ? "EOF while parsing a value" : "invalid number");
    }
    if (!at_end() && (s_[i_] == 'e' || s_[i_] == 'E')) {
      ++i_;
      if (!at_end() && (s_[i_] == '+' || s_[i_] == '-')) ++i_;
      if (!digits()) peeked(at_end() ? "EOF while parsing a value" : "invalid number");
    }
  }

  void ident(std::string_view word) {
    for (char c : word) {
      if (at_end()) throw Stop{"EOF while parsing a value", i_};
      if (s_[i_++] != c) throw Stop{"expected ident", i_};
    }
  }

  std::string_view s_, wanted_;
  std::size_t i_ = 0;
};

/// Line, and bytes since its beginning, after `at` bytes.
JsonProblem located(std::string_view text, std::size_t at, std::string what) {
  JsonProblem p;
  p.what = std::move(what);
  for (std::size_t i = 0; i < at && i < text.size(); ++i) {
    ++p.column;
    if (text[i] == '\n') {
      ++p.line;
      p.column = 0;
    }
  }
  return p;
}

}  // namespace json_position_detail

using namespace json_position_detail;

std::string JsonProblem::text() const { return fmt::format("{} at line {} column {}", what, line, column); }

std::optional<JsonProblem> json_syntax_problem(std::string_view text) {
  try {
    Scanner scanner(text, "");
    scanner.run();
  } catch (const Stop& stop) {
    return located(text, stop.at, stop.what);
  }
  return std::nullopt;
}

namespace {

/// Looks for the value at `path`. A syntax error behind it does not matter, and one before it leaves it unfound.
Scanner find_value(std::string_view text, std::string_view path) {
  Scanner scanner(text, path);
  try {
    scanner.run();
  } catch (const Stop&) {
  }
  return scanner;
}

}  // namespace

JsonProblem json_value_problem(std::string_view text, std::string_view path, std::string what, bool missing_field) {
  const Scanner scanner = find_value(text, path);
  std::size_t at = text.size();
  if (scanner.found) {
    bool container = text[scanner.begin] == '{' || text[scanner.begin] == '[';
    at = container && !missing_field ? scanner.begin : scanner.end;
  }
  return located(text, at, std::move(what));
}

JsonProblem json_key_problem(std::string_view text, std::string_view path, std::string_view key, std::string what) {
  const Scanner scanner = find_value(text, path);
  const std::size_t at = text.find(fmt::format("\"{}\"", key), scanner.found ? scanner.begin : 0);
  // A key that is written with escapes is not found like this: then the object is named.
  const std::size_t end =
      at == std::string_view::npos ? (scanner.found ? scanner.end : text.size()) : at + key.size() + 2;
  return located(text, end, std::move(what));
}

}  // namespace burin::tools

// Quoting and splitting of words for POSIX shells, byte for byte as the Rust crate shlex 1.3 does it: command texts are
// shown to users and compared by clients, so the same command must read the same.
#include "base/text.h"

namespace burin {
namespace shell_words_detail {

enum : unsigned { bare = 1, single = 2, twofold = 4 };  // ways to write a character

/// The ways in which shells agree to read back `c` as itself.
unsigned ways(unsigned char c) {
  constexpr std::string_view safe = "+-./:@]_";
  const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  if (word || (c < 0x80 && safe.find(static_cast<char>(c)) != std::string_view::npos)) return bare | single | twofold;
  switch (c) {
    case '\'':
    case '\\':  // in single quotes fish takes it as an escape
      return twofold;
    case '`':
    case '$':
    case '!':  // history expansion works inside double quotes
      return single;
    case '^':  // only as the first of a chunk, see next_chunk
      return 0;
    default:
      return single | twofold;
  }
}

/// Length of the longest prefix that one way can write, and the best such way.
std::pair<std::size_t, unsigned> next_chunk(std::string_view s) {
  unsigned possible = bare | single | twofold;
  std::size_t i = 0;
  if (s.front() == '^') {  // bash and zsh take it for history expansion unless the quote stands right before it
    possible = single;
    i = 1;
  }
  for (; i < s.size(); ++i) {
    const unsigned now = possible & ways(static_cast<unsigned char>(s[i]));
    if (now == 0) break;
    possible = now;
  }
  return {i, (possible & bare) != 0 ? bare : (possible & single) != 0 ? single : twofold};
}

void append_chunk(std::string& out, std::string_view chunk, unsigned way) {
  if (way == bare) {
    out += chunk;
  } else if (way == single) {
    out += '\'';
    out += chunk;
    out += '\'';
  } else {
    out += '"';
    for (const char c : chunk) {
      if (c == '$' || c == '`' || c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
}

/// Cursor over a line; each part returns false for an unclosed quote or a backslash at the end.
struct Splitter {
  std::string_view line;
  std::size_t at = 0;

  bool more() const { return at < line.size(); }

  bool single_quoted(std::string& word) {
    const auto end = line.find('\'', at);
    if (end == std::string_view::npos) return false;
    word.append(line, at, end - at);
    at = end + 1;
    return true;
  }

  bool double_quoted(std::string& word) {
    while (more()) {
      const char c = line[at++];
      if (c == '"') return true;
      if (c != '\\') {
        word += c;
        continue;
      }
      if (!more()) return false;
      const char next = line[at++];
      if (next == '\n') continue;
      if (next != '$' && next != '`' && next != '"' && next != '\\') word += '\\';
      word += next;
    }
    return false;
  }

  bool word(std::string& out) {
    while (more()) {
      const char c = line[at++];
      switch (c) {
        case ' ':
        case '\t':
        case '\n':
          return true;
        case '\'':
          if (!single_quoted(out)) return false;
          break;
        case '"':
          if (!double_quoted(out)) return false;
          break;
        case '\\':
          if (!more()) return false;
          if (line[at] != '\n') out += line[at];
          ++at;
          break;
        default:
          out += c;
      }
    }
    return true;
  }
};

}  // namespace shell_words_detail

std::string shell_quote(std::string_view word) {
  if (word.empty()) return "''";
  std::string out;
  while (!word.empty()) {
    const auto [length, way] = shell_words_detail::next_chunk(word);
    shell_words_detail::append_chunk(out, word.substr(0, length), way);
    word.remove_prefix(length);
  }
  return out;
}

std::string shell_join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += ' ';
    out += shell_quote(word);
  }
  return out;
}

std::optional<std::vector<std::string>> shell_split(std::string_view line) {
  std::vector<std::string> out;
  shell_words_detail::Splitter in{line};
  while (in.more()) {
    const char c = line[in.at];
    if (c == ' ' || c == '\t' || c == '\n') {
      ++in.at;
    } else if (line.substr(in.at).starts_with("\\\n")) {  // a continued line starts no word
      in.at += 2;
    } else if (c == '#') {
      in.at = std::min(line.find('\n', in.at), line.size());
    } else if (!in.word(out.emplace_back())) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace burin

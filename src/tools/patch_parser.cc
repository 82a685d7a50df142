#include "tools/patch_parser.h"

#include <span>

#include "base/text.h"

namespace burin::tools {

namespace patch_parser_detail {

using Lines = std::span<const std::string_view>;
template <class T>
using Parsed = tl::expected<T, PatchParseError>;

constexpr std::string_view begin_marker = "*** Begin Patch";
constexpr std::string_view end_marker = "*** End Patch";
constexpr std::string_view add_marker = "*** Add File: ";
constexpr std::string_view delete_marker = "*** Delete File: ";
constexpr std::string_view update_marker = "*** Update File: ";
constexpr std::string_view move_marker = "*** Move to: ";
constexpr std::string_view eof_marker = "*** End of File";
constexpr std::string_view bare_context_marker = "@@";
constexpr std::string_view context_marker = "@@ ";

tl::unexpected<PatchParseError> parse_error(std::string message, std::optional<std::size_t> line = std::nullopt) {
  return tl::unexpected(PatchParseError{std::move(message), line});
}

/// The rest of a line behind a marker.
std::optional<std::string_view> after(std::string_view line, std::string_view marker) {
  if (!line.starts_with(marker)) return std::nullopt;
  return line.substr(marker.size());
}

/// The lines between the markers.
Parsed<Lines> body_of(Lines lines) {
  // A text without any line lacks its end, as the reference puts it.
  if (!lines.empty() && trim(lines.front()) != begin_marker) {
    return parse_error("The first line of the patch must be '*** Begin Patch'");
  }
  if (lines.empty() || trim(lines.back()) != end_marker) {
    return parse_error("The last line of the patch must be '*** End Patch'");
  }
  return lines.subspan(1, lines.size() - 2);
}

/// A heredoc that was sent inside the argument instead of to a shell.
bool is_stray_heredoc(Lines lines) {
  if (lines.size() < 4 || !lines.back().ends_with("EOF")) return false;
  return lines.front() == "<<EOF" || lines.front() == "<<'EOF'" || lines.front() == "<<\"EOF\"";
}

/// Reads hunks from the lines between the markers; `number` is the patch's line number of the next line.
class HunkReader {
 public:
  explicit HunkReader(Lines rest) : rest_(rest) {}
  bool done() const { return rest_.empty(); }

  Parsed<Hunk> hunk() {
    const std::size_t header = number_;
    const std::string_view line = trim(rest_.front());
    next();
    if (auto path = after(line, add_marker)) return AddHunk{std::string(*path), added_lines()};
    if (auto path = after(line, delete_marker)) return DeleteHunk{std::string(*path)};
    if (auto path = after(line, update_marker)) return update(std::string(*path), header);
    return parse_error("'" + std::string(line) +
                           "' is not a valid hunk header. Valid hunk headers: '*** Add File: {path}', "
                           "'*** Delete File: {path}', '*** Update File: {path}'",
                       header);
  }

 private:
  void next() {
    rest_ = rest_.subspan(1);
    ++number_;
  }

  std::string added_lines() {
    std::string content;
    for (; !done() && rest_.front().starts_with('+'); next()) {
      content += rest_.front().substr(1);
      content += '\n';
    }
    return content;
  }

  Parsed<Hunk> update(std::string path, std::size_t header) {
    UpdateHunk hunk{.path = std::move(path), .move = std::nullopt, .chunks = {}};
    if (!done()) {
      if (auto to = after(rest_.front(), move_marker)) {
        hunk.move = std::string(*to);
        next();
      }
    }
    while (!done()) {
      if (blank(rest_.front())) {
        next();
        continue;
      }
      if (rest_.front().starts_with("***")) break;
      auto piece = chunk(hunk.chunks.empty());
      if (!piece) return tl::unexpected(std::move(piece).error());
      hunk.chunks.push_back(*std::move(piece));
    }
    if (hunk.chunks.empty()) return parse_error("Update file hunk for path '" + hunk.path + "' is empty", header);
    return hunk;
  }

  Parsed<Chunk> chunk(bool first) {
    const std::size_t start = number_;
    Chunk chunk;
    const auto context = after(rest_.front(), context_marker);
    if (context) chunk.context = std::string(*context);
    if (context || rest_.front() == bare_context_marker) {
      next();
    } else if (!first) {
      return parse_error(
          "Expected update hunk to start with a @@ context marker, got: '" + std::string(rest_.front()) + "'", start);
    }
    bool any = false;
    for (; !done(); next(), any = true) {
      const std::string_view line = rest_.front();
      if (line == eof_marker) {
        if (!any) break;
        chunk.end_of_file = true;
        next();
        return chunk;
      }
      if (take(chunk, line)) continue;
      if (any) break;
      return parse_error("Unexpected line found in update hunk: '" + std::string(line) +
                             "'. Every line should start with ' ' (context line), '+' (added line), or '-' (removed "
                             "line)",
                         start + 1);
    }
    if (!any) return parse_error("Update hunk does not contain any lines", start + 1);
    return chunk;
  }

  /// Adds one body line; false when it is none.
  static bool take(Chunk& chunk, std::string_view line) {
    const char kind = line.empty() ? ' ' : line.front();
    const std::string_view text = line.empty() ? line : line.substr(1);
    if (kind != ' ' && kind != '+' && kind != '-') return false;
    if (kind != '-') {
      chunk.new_lines.emplace_back(text);
      chunk.origins.push_back({kind == ' ', chunk.old_lines.size()});
    }
    if (kind != '+') chunk.old_lines.emplace_back(text);
    return true;
  }

  Lines rest_;
  std::size_t number_ = 2;
};

}  // namespace patch_parser_detail

std::string PatchParseError::as_command() const {
  if (!line) return "Invalid patch: " + message;
  return "Invalid patch hunk on line " + std::to_string(*line) + ": " + message;
}

std::string PatchParseError::as_verification() const {
  if (!line) return "invalid patch: " + message;
  return "invalid hunk at line " + std::to_string(*line) + ", " + message;
}

tl::expected<std::vector<Hunk>, PatchParseError> parse_patch(std::string_view text) {
  using namespace patch_parser_detail;
  const auto all = lines(trim(text));
  Lines whole(all);
  auto body = body_of(whole);
  if (!body && is_stray_heredoc(whole)) body = body_of(whole.subspan(1, whole.size() - 2));
  if (!body) return tl::unexpected(std::move(body).error());
  std::vector<Hunk> hunks;
  for (HunkReader reader(*body); !reader.done();) {
    auto hunk = reader.hunk();
    if (!hunk) return tl::unexpected(std::move(hunk).error());
    hunks.push_back(*std::move(hunk));
  }
  return hunks;
}

}  // namespace burin::tools

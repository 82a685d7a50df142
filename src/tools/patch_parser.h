// The patch language of apply_patch (tools.md 5.2): text in, hunks out.
//
// The parser is lenient where models are sloppy (white space around markers, a heredoc sent by mistake) and strict
// where leniency could change a file in a way nobody asked for. It knows nothing of files: paths are kept as they are
// written.
//
// Everything here is plain data that owns its text; any thread may parse.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

namespace burin::tools {

/// Why a text is not a patch. `line` counts the lines of the patch from 1, the Begin line; without it the text as a
/// whole is wrong.
struct PatchParseError {
  std::string message;
  std::optional<std::size_t> line;

  /// "Invalid patch: …" or "Invalid patch hunk on line N: …": the executable's words (tools.md 5.5).
  std::string as_command() const;
  /// "invalid patch: …" or "invalid hunk at line N, …": the verification's words (tools.md 5.7).
  std::string as_verification() const;
};

/// One place of an update. Lines have no line ends.
struct Chunk {
  /// Where a new line comes from: it repeats old line `old`, or it was added behind the first `old` old lines.
  struct Origin {
    bool kept = false;
    std::size_t old = 0;
    bool operator==(const Origin&) const = default;
  };

  std::optional<std::string> context;  // the line named behind @@
  std::vector<std::string> old_lines;  // context and removed lines, in order
  std::vector<std::string> new_lines;  // context and added lines, in order
  std::vector<Origin> origins;         // of each new line
  bool end_of_file = false;            // the old lines are the last of the file
};

struct AddHunk {
  std::string path;
  std::string content;
};
struct DeleteHunk {
  std::string path;
};
struct UpdateHunk {
  std::string path;
  std::optional<std::string> move;  // destination
  std::vector<Chunk> chunks;        // at least one
};
using Hunk = std::variant<AddHunk, DeleteHunk, UpdateHunk>;

/// The hunks in their order; none for a patch without content.
tl::expected<std::vector<Hunk>, PatchParseError> parse_patch(std::string_view text);

}  // namespace burin::tools

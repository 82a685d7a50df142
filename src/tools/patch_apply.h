// Applying a patch: to a text, to the disk, or only in thought (tools.md 5.3, 5.5, 5.7).
//
// Beyond the reference, line ends and the byte order mark survive: a line that the patch leaves alone keeps its bytes,
// a context line keeps its line end, and an added line gets the line end of the original line before it (else after
// it). Line ends are no part of a line when lines are compared, so that a CRLF file matches exactly. The file always
// ends with a newline afterwards.
//
// Everything blocks and keeps nothing. Failures are texts for the model, exact to the letter.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"
#include "tools/patch_parser.h"
#include "wire/event_tool.h"

namespace burin::tools {

/// The error is the text for people and models.
template <class T>
using PatchResult = tl::expected<T, std::string>;

/// The new content of a file (5.3). `shown_path` is its name in errors.
PatchResult<std::string> apply_chunks(std::string_view content, const std::vector<Chunk>& chunks,
                                      std::string_view shown_path);

/// Applies the hunks on disk, in order and without rollback; paths count from `cwd` (5.5). The value is what is printed
/// on success.
PatchResult<std::string> run_patch(io::Files& files, const std::string& cwd, const std::vector<Hunk>& hunks);

/// Checks every hunk against the disk as it is now and tells what would change, by absolute path (5.7). Changes
/// nothing.
PatchResult<wire::FileChanges> verify_patch(io::Files& files, const std::string& cwd, const std::vector<Hunk>& hunks);

}  // namespace burin::tools

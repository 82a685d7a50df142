#include "tools/patch_apply.h"

#include <algorithm>
#include <map>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "tools/patch_match.h"
#include "tools/unified_diff.h"

namespace burin::tools {

namespace patch_apply_detail {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The texts of the lines, and how each ends. A last line without line end counts as ending like the one before it,
/// because it will get one.
struct TextFile {
  std::string_view mark;  // byte order mark, or nothing
  std::vector<std::string_view> texts;
  std::vector<bool> crlf;

  explicit TextFile(std::string_view content) {
    if (content.starts_with(byte_order_mark)) {
      mark = content.substr(0, byte_order_mark.size());
      content.remove_prefix(mark.size());
    }
    const auto count = static_cast<std::size_t>(std::count(content.begin(), content.end(), '\n')) + 1;
    texts.reserve(count);
    crlf.reserve(count);
    while (!content.empty()) {
      const std::size_t end = content.find('\n');
      std::string_view text = content.substr(0, end);
      const bool has_cr = text.ends_with('\r');
      if (has_cr) text.remove_suffix(1);
      crlf.push_back(has_cr || (end == std::string_view::npos && !crlf.empty() && crlf.back()));
      texts.push_back(text);
      content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    }
  }

  std::size_t size() const { return texts.size(); }
  /// A line without any byte. Only such a one is "empty" for the rules about the end of a file.
  bool ends_empty() const { return !texts.empty() && texts.back().empty() && !crlf.back(); }
  /// The line end for something new behind the first `count` lines.
  bool crlf_after(std::size_t count) const {
    if (count > 0) return crlf[std::min(count, size()) - 1];
    return size() > 0 && crlf[0];
  }
};

struct Piece {
  std::string_view text;
  bool crlf = false;
};

/// `old_count` lines from `start` on give way to `pieces`.
struct Replacement {
  std::size_t start = 0;
  std::size_t old_count = 0;
  std::vector<Piece> pieces;
};

Replacement replacement_of(const TextFile& file, const Chunk& chunk, std::size_t start, std::size_t old_count,
                           std::size_t new_count) {
  Replacement out{start, old_count, {}};
  out.pieces.reserve(new_count);
  for (std::size_t i = 0; i < new_count; ++i) {
    const Chunk::Origin& origin = chunk.origins[i];
    // The last old line may have been left out of the match.
    const bool kept = origin.kept && origin.old < old_count;
    std::string_view text = chunk.new_lines[i];
    if (start == 0 && i == 0 && !file.mark.empty() && text.starts_with(byte_order_mark)) {
      text.remove_prefix(byte_order_mark.size());
    }
    out.pieces.push_back(
        {text, kept ? file.crlf[start + origin.old] : file.crlf_after(start + std::min(origin.old, old_count))});
  }
  return out;
}

/// Works out where the chunks of one file go.
class Planner {
 public:
  Planner(const TextFile& file, std::string_view shown_path)
      : file_(file), finder_(file.texts), shown_path_(shown_path) {}

  PatchResult<Replacement> place(const Chunk& chunk) {
    if (chunk.context) {
      const auto at = finder_.seek(std::span(&*chunk.context, 1), at_, false);
      if (!at) {
        return tl::unexpected(fmt::format("Failed to find context '{}' in {}", *chunk.context, shown_path_));
      }
      at_ = *at + 1;
    }
    if (chunk.old_lines.empty()) {
      const std::size_t end = file_.size() - (file_.ends_empty() ? 1 : 0);
      return replacement_of(file_, chunk, end, 0, chunk.new_lines.size());
    }
    if (auto found = replace(chunk, chunk.old_lines)) return *std::move(found);
    // A file with a byte order mark may have been shown to the model with it.
    if (!file_.mark.empty() && chunk.old_lines.front().starts_with(byte_order_mark)) {
      auto bare = chunk.old_lines;
      bare.front().erase(0, byte_order_mark.size());
      if (auto found = replace(chunk, bare)) return *std::move(found);
    }
    return tl::unexpected(
        fmt::format("Failed to find expected lines in {}:\n{}", shown_path_, join(chunk.old_lines, "\n")));
  }

 private:
  std::optional<Replacement> replace(const Chunk& chunk, std::span<const std::string> old_lines) {
    std::size_t new_count = chunk.new_lines.size();
    auto at = finder_.seek(old_lines, at_, chunk.end_of_file);
    if (!at && old_lines.back().empty()) {
      old_lines = old_lines.first(old_lines.size() - 1);
      if (new_count > 0 && chunk.new_lines.back().empty()) --new_count;
      at = finder_.seek(old_lines, at_, chunk.end_of_file);
    }
    if (!at) return std::nullopt;
    at_ = *at + old_lines.size();
    return replacement_of(file_, chunk, *at, old_lines.size(), new_count);
  }

  const TextFile& file_;
  LineFinder finder_;
  std::string_view shown_path_;
  std::size_t at_ = 0;  // where the search for the next chunk begins
};

/// By start; those with the same start stay in the order of the patch.
using Plan = std::multimap<std::size_t, Replacement>;

/// The lines of the new text, the last first, by number: first those of the old file, then the pieces in order.
struct NewText {
  std::vector<std::uint32_t> reversed;
  std::vector<Piece> pieces;
};

/// Carries the replacements out, from the last to the first, as they would be on a growing and shrinking list: one may
/// take away lines that a later one has put there. The list is kept reversed, so that all happens at its end.
NewText replaced(const TextFile& file, const Plan& plan) {
  NewText out;
  auto& reversed = out.reversed;
  reversed.reserve(file.size());
  std::size_t done = file.size();  // lines from here on are in the list
  auto take_lines_from = [&](std::size_t start) {
    for (; done > start; --done) reversed.push_back(static_cast<std::uint32_t>(done - 1));
  };
  for (auto entry = plan.rbegin(); entry != plan.rend(); ++entry) {
    const Replacement& r = entry->second;
    take_lines_from(r.start);
    reversed.resize(reversed.size() - std::min(r.old_count, reversed.size()));
    out.pieces.insert(out.pieces.end(), r.pieces.begin(), r.pieces.end());
    const std::size_t end = file.size() + out.pieces.size();
    for (std::size_t n = 1; n <= r.pieces.size(); ++n) reversed.push_back(static_cast<std::uint32_t>(end - n));
  }
  take_lines_from(0);
  return out;
}

std::string joined(const TextFile& file, NewText text, std::size_t size_hint) {
  auto line = [&](std::uint32_t n) {
    return n < file.size() ? Piece{file.texts[n], file.crlf[n]} : text.pieces[n - file.size()];
  };
  auto last = text.reversed.begin();
  // The reference's quirk: the final newline is made of a last line that is empty, so such a line is used up.
  if (last != text.reversed.end() && line(*last).text.empty() && !line(*last).crlf) ++last;
  std::string out(file.mark);
  out.reserve(size_hint);
  for (auto n = text.reversed.end(); n != last;) {
    const Piece piece = line(*--n);
    out += piece.text;
    out += piece.crlf ? std::string_view("\r\n") : std::string_view("\n");
  }
  return out;
}

PatchResult<std::string> read_text(io::Files& files, const std::string& path) {
  // Opening a pipe would wait for a writer that may never come.
  if (const auto info = files.stat(path); info && info->type == io::FileInfo::Type::other) {
    return tl::unexpected(std::string("not a regular file"));
  }
  auto content = files.read(path);
  if (!content) return tl::unexpected(content.error().reason());
  if (!utf8_valid(*content)) return tl::unexpected(std::string("stream did not contain valid UTF-8"));
  return *std::move(content);
}

struct Updated {
  std::string before, after;
};

PatchResult<Updated> update_of(io::Files& files, const std::string& path, std::string_view shown_path,
                               const UpdateHunk& hunk) {
  auto before = read_text(files, path);
  if (!before) {
    return tl::unexpected(fmt::format("Failed to read file to update {}: {}", shown_path, before.error()));
  }
  auto after = apply_chunks(*before, hunk.chunks, shown_path);
  if (!after) return tl::unexpected(std::move(after).error());
  return Updated{*std::move(before), *std::move(after)};
}

using Done = PatchResult<bool>;

/// One patch on disk.
class Runner {
 public:
  Runner(io::Files& files, const std::string& cwd) : files_(files), cwd_(cwd) {}

  Done operator()(const AddHunk& hunk) {
    if (auto ok = write_new(hunk.path, hunk.content); !ok) return ok;
    added_ += "A " + hunk.path + "\n";
    return true;
  }

  Done operator()(const DeleteHunk& hunk) {
    if (!files_.remove(absolute(hunk.path))) return failed("Failed to delete file", hunk.path);
    deleted_ += "D " + hunk.path + "\n";
    return true;
  }

  Done operator()(const UpdateHunk& hunk) {
    const std::string path = absolute(hunk.path);
    auto text = update_of(files_, path, hunk.path, hunk);
    if (!text) return tl::unexpected(std::move(text).error());
    if (!hunk.move) {
      if (!files_.write(path, text->after)) return failed("Failed to write file", hunk.path);
    } else {
      if (auto ok = write_new(*hunk.move, text->after); !ok) return ok;
      // A file that is moved onto itself must not be removed: that would lose it.
      const bool moved = path::normal(absolute(*hunk.move)) != path::normal(path);
      if (moved && !files_.remove(path)) return failed("Failed to remove original", hunk.path);
    }
    modified_ += "M " + hunk.move.value_or(hunk.path) + "\n";
    return true;
  }

  std::string summary() const { return "Success. Updated the following files:\n" + added_ + modified_ + deleted_; }

 private:
  std::string absolute(const std::string& path) const { return path::join(cwd_, path); }

  static Done failed(std::string_view what, const std::string& path) {
    return tl::unexpected(fmt::format("{} {}", what, path));
  }

  Done write_new(const std::string& shown_path, std::string_view content) {
    const std::string path = absolute(shown_path);
    const std::string folder(path::parent(path));
    if (!folder.empty() && !files_.make_dirs(folder)) {
      return failed("Failed to create parent directories for", shown_path);
    }
    if (!files_.write(path, content)) return failed("Failed to write file", shown_path);
    return true;
  }

  io::Files& files_;
  const std::string& cwd_;
  std::string added_, modified_, deleted_;
};

/// One hunk, only looked at.
struct Verifier {
  io::Files& files;
  const std::string& cwd;
  wire::FileChanges& changes;

  Done operator()(const AddHunk& hunk) {
    changes[path::join(cwd, hunk.path)] = wire::FileAdd{hunk.content};
    return true;
  }

  Done operator()(const DeleteHunk& hunk) {
    const std::string path = path::join(cwd, hunk.path);
    auto content = read_text(files, path);
    if (!content) return tl::unexpected(fmt::format("Failed to read {}: {}", path, content.error()));
    changes[path] = wire::FileDelete{*std::move(content)};
    return true;
  }

  Done operator()(const UpdateHunk& hunk) {
    const std::string path = path::join(cwd, hunk.path);
    auto text = update_of(files, path, path, hunk);
    if (!text) return tl::unexpected(std::move(text).error());
    wire::FileUpdate update;
    update.unified_diff = unified_diff(text->before, text->after, 1);
    if (hunk.move) update.move_path = path::join(cwd, *hunk.move);
    changes[path] = std::move(update);
    return true;
  }
};

}  // namespace patch_apply_detail

using namespace patch_apply_detail;

PatchResult<std::string> apply_chunks(std::string_view content, const std::vector<Chunk>& chunks,
                                      std::string_view shown_path) {
  const TextFile file(content);
  Planner planner(file, shown_path);
  Plan plan;
  std::size_t size = content.size() + 1;
  for (const auto& chunk : chunks) {
    auto replacement = planner.place(chunk);
    if (!replacement) return tl::unexpected(std::move(replacement).error());
    for (const auto& piece : replacement->pieces) size += piece.text.size() + 2;
    plan.emplace(replacement->start, *std::move(replacement));
  }
  return joined(file, replaced(file, plan), size);
}

PatchResult<std::string> run_patch(io::Files& files, const std::string& cwd, const std::vector<Hunk>& hunks) {
  if (hunks.empty()) return tl::unexpected(std::string("No files were modified."));
  Runner runner(files, cwd);
  for (const auto& hunk : hunks) {
    if (auto ok = std::visit(runner, hunk); !ok) return tl::unexpected(std::move(ok).error());
  }
  return runner.summary();
}

PatchResult<wire::FileChanges> verify_patch(io::Files& files, const std::string& cwd, const std::vector<Hunk>& hunks) {
  wire::FileChanges changes;
  Verifier verifier{files, cwd, changes};
  for (const auto& hunk : hunks) {
    if (auto ok = std::visit(verifier, hunk); !ok) return tl::unexpected(std::move(ok).error());
  }
  return changes;
}

}  // namespace burin::tools

// Any patch on any file: parsing, matching, applying and comparing never crash, the new file ends with a newline, and
// the diff tells all that changed. The input is a patch body and a file, parted by a NUL byte.
#include <cstdlib>
#include <string>

#include "io/fake_files.h"
#include "tools/patch_apply.h"
#include "tools/patch_main.h"
#include "tools/unified_diff.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Counts what a diff adds and removes; the texts differ in length by the difference.
long balance(std::string_view diff) {
  long bytes = 0;
  for (std::string_view rest = diff; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    const bool open = rest.starts_with("\\ No newline");
    const auto size = static_cast<long>(line.size()) - 1 - (open ? 1 : 0);
    if (line[0] == '+') bytes += size;
    if (line[0] == '-') bytes -= size;
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace burin;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cut = std::min(input.find('\0'), input.size());
  const std::string before(input.substr(std::min(cut + 1, input.size())));
  const std::string body(input.substr(0, cut));
  // Bare bytes exercise the boundaries of a patch, the wrapped ones what is inside.
  (void)tools::parse_patch(body);
  const auto hunks = tools::parse_patch("*** Begin Patch\n*** Update File: f\n" + body + "\n*** End Patch");
  if (!hunks) return 0;
  io::MemFiles files;
  files.put("/w/f", before);
  (void)tools::verify_patch(files, "/w", *hunks);
  require(files.read("/w/f").value() == before);
  const auto* update = std::get_if<tools::UpdateHunk>(&hunks->front());
  require(update != nullptr);
  if (const auto after = tools::apply_chunks(before, update->chunks, "f")) {
    require(after->empty() || after->ends_with('\n') || *after == "\xEF\xBB\xBF");
    const auto diff = tools::unified_diff(before, *after, 1);
    require(diff.empty() == (before == *after));
    require(balance(diff) == static_cast<long>(after->size()) - static_cast<long>(before.size()));
  }
  (void)tools::run_patch(files, "/w", *hunks);
  return 0;
}

#include "agent/ledger_file.h"

#include <charconv>

#include "base/json.h"
#include "base/text.h"

namespace burin::agent {

namespace ledger_file_detail {

constexpr std::uint64_t max_bytes = 64 << 20;
constexpr std::size_t digest_digits = 16;

/// Appends the digests of such a text; false when it is none.
bool read_digests(std::string_view text, std::vector<std::uint64_t>& out) {
  if (text.size() % digest_digits != 0) return false;
  for (; !text.empty(); text.remove_prefix(digest_digits)) {
    std::uint64_t value = 0;
    const auto* begin = text.data();
    auto read = std::from_chars(begin, begin + digest_digits, value, 16);
    if (read.ec != std::errc() || read.ptr != begin + digest_digits) return false;
    out.push_back(value);
  }
  return true;
}

/// The items of a request; the list of its own kind is changed in place, which keeps the whole linear.
std::optional<std::vector<std::uint64_t>> items_of(const SentInput& sent, RequestKind kind, LastRequests& last) {
  std::vector<std::uint64_t> items;
  if (sent.same > 0) {
    if (!sent.base) return std::nullopt;
    auto& base = last_of(last, *sent.base);
    if (!base || base->items.size() < sent.same) return std::nullopt;
    if (*sent.base == kind) {
      items = std::move(base->items);
      items.resize(sent.same);
    } else {
      items.assign(base->items.begin(), base->items.begin() + static_cast<std::ptrdiff_t>(sent.same));
    }
  }
  if (!read_digests(sent.added, items) || items.size() != sent.items) return std::nullopt;
  return items;
}

}  // namespace ledger_file_detail

using namespace ledger_file_detail;

std::string ledger_path(const std::string& home, std::string_view thread_id) {
  return path::join(home, fmt::format("ledger/{}.jsonl", thread_id));
}

Result<LedgerFile> read_ledger(io::Files& files, const std::string& path) {
  TRY(auto text, files.read(path, max_bytes));
  LedgerFile out;
  out.torn = !text.empty() && !text.ends_with('\n');
  for (auto raw : lines(text)) {
    if (blank(raw)) continue;
    auto document = parse_json(raw);
    auto line = document ? read_mapped<LedgerLine>(*document) : Result<LedgerLine>(tl::unexpected(document.error()));
    if (line) {
      out.lines.push_back(std::move(*line));
    } else {
      ++out.skipped;
    }
  }
  return out;
}

LastRequests last_requests(const std::vector<LedgerLine>& lines) {
  LastRequests last;
  std::uint64_t expected = 1;
  for (const auto& line : lines) {
    // A line is missing: what it added is not known, and neither is anything that builds on it.
    if (std::exchange(expected, line.n + 1) != line.n) last = {};
    if (!line.sent) continue;
    auto items = items_of(*line.sent, line.kind, last);
    auto& entry = last_of(last, line.kind);
    entry.reset();
    if (!items) continue;
    entry = SentRequest{line.model, line.sent->instructions, line.sent->tools, line.sent->schema.value_or(""),
                        std::move(*items)};
  }
  return last;
}

std::string digest_text(std::uint64_t digest) { return fmt::format("{:016x}", digest); }

}  // namespace burin::agent

// The ledger of a thread on disk: `<home>/ledger/<thread id>.jsonl`, one line for each request to the model, written
// when the request has ended.
//
// It stands beside the session file, which stays exactly what the reference reads and writes. Nothing depends on it: it
// may be deleted at any time, and lines that cannot be read only leave gaps. A line names the input items of its
// request by 64-bit digests, and only those that its base (an earlier request) did not have, so the file grows with the
// thread and not with its square.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"
#include "io/files.h"
#include "wire/settings.h"
#include "wire/usage.h"

namespace burin::agent {

enum class RequestKind : unsigned char { turn, compact, remote_compact };
BURIN_ENUM(RequestKind, {RequestKind::turn, "turn"}, {RequestKind::compact, "compact"},
           {RequestKind::remote_compact, "remote_compact"})

enum class Outcome : unsigned char { completed, failed, interrupted };
BURIN_ENUM(Outcome, {Outcome::completed, "completed"}, {Outcome::failed, "failed"},
           {Outcome::interrupted, "interrupted"})

/// Where a request stops being the continuation of its base. What stands before the items comes first in the server's
/// cache: a change there breaks the prefix for all of them.
struct PrefixBreak {
  std::vector<std::string> before;    // of "model", "instructions", "schema", "tools": those that changed
  std::optional<std::uint64_t> item;  // the first item that differs, from 0
  std::optional<std::string> is;      // what stands there now, in short
  std::optional<std::string> why;     // as far as it is known
};
BURIN_WIRE(PrefixBreak, (before, omit_empty), item, is, why)

/// What the server was sent, by digests of 16 hexadecimal digits.
struct SentInput {
  std::uint64_t items = 0;
  std::string instructions, tools;
  std::optional<std::string> schema;  // of the final message
  std::optional<RequestKind> base;    // compared with the last request of this kind; unset: there was none
  std::uint64_t same = 0;             // items at the front that the base has too
  std::string added;                  // the digests of the others, one after the other
  std::optional<PrefixBreak> broken;
};
BURIN_WIRE(SentInput, items, instructions, tools, schema, base, same, added, broken)

struct LedgerLine {
  std::uint64_t n = 0;  // counts from 1; a gap tells of a line that was lost
  std::string time;     // when it was sent, UTC
  std::string turn;     // turn id
  RequestKind kind{};
  std::string model;                  // as requested
  std::optional<std::string> served;  // as the server says; unset when it does not
  std::optional<wire::ReasoningEffort> effort;
  Outcome outcome{};
  std::optional<std::string> error;
  std::optional<wire::TokenUsage> usage;
  std::optional<SentInput> sent;  // unset when the server did not begin to answer
};
BURIN_WIRE(LedgerLine, n, time, turn, kind, model, served, effort, outcome, error, usage, sent)

std::string ledger_path(const std::string& home, std::string_view thread_id);

/// The lines that can be read. Kind::not_found without a file, Kind::invalid above 64 MiB.
struct LedgerFile {
  std::vector<LedgerLine> lines;
  std::size_t skipped = 0;
  bool torn = false;  // the file does not end with a newline
};
Result<LedgerFile> read_ledger(io::Files& files, const std::string& path);

/// A request as later ones are compared with it.
struct SentRequest {
  std::string model, instructions, tools, schema;  // digests, but for the model
  std::vector<std::uint64_t> items;
};
/// The last request of each kind, as far as the lines tell.
using LastRequests = std::array<std::optional<SentRequest>, 3>;
inline std::optional<SentRequest>& last_of(LastRequests& all, RequestKind kind) {
  return all[static_cast<std::size_t>(kind)];
}
LastRequests last_requests(const std::vector<LedgerLine>& lines);

std::string digest_text(std::uint64_t digest);

}  // namespace burin::agent

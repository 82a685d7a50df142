// `debug ledger`: what each request of a thread cost and whether it continued what the server has cached.
//
// The requests come from the thread's ledger; those that the reference made, which keeps none, from the token counts of
// the session file: tokens and model are known of them, nothing else.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "agent/ledger_file.h"

namespace burin::exec {

/// What is not known is unset.
struct RequestRow {
  std::string time;  // UTC, to the millisecond
  Nullable<agent::RequestKind> kind;
  Nullable<std::string> model;  // as requested
  Nullable<std::string> served;
  Nullable<wire::ReasoningEffort> effort;
  Nullable<agent::Outcome> outcome;
  std::optional<std::string> error;
  Nullable<wire::TokenUsage> usage;
  Nullable<std::uint64_t> items;
  Nullable<std::string> prefix;  // "first", "ok", "broken"
  std::optional<agent::PrefixBreak> broken;
};
BURIN_WIRE(RequestRow, time, kind, model, served, effort, outcome, error, usage, items, prefix, broken)

struct LedgerReport {
  std::string thread_id;
  std::vector<RequestRow> requests;  // oldest first
  wire::TokenUsage total;
  std::size_t from_session_file = 0;  // so many of the first
};

/// `thread`: an id, a name or the path of a session file.
Result<LedgerReport> ledger_report(io::Files& files, const std::string& home, const std::string& cwd,
                                   const std::string& thread);
std::string report_json(const LedgerReport& report);
std::string report_table(const LedgerReport& report);

}  // namespace burin::exec

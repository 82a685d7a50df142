#include "exec/ledger_report.h"

#include "agent/ledger.h"
#include "base/json.h"
#include "base/text.h"
#include "store/rollout_log.h"
#include "store/sessions.h"

namespace burin::exec {

namespace ledger_report_detail {

RequestRow row_of(agent::LedgerLine line) {
  RequestRow row;
  row.time = std::move(line.time);
  row.kind = line.kind;
  row.model = std::move(line.model);
  if (line.served) row.served = std::move(*line.served);
  if (line.effort) row.effort = *line.effort;
  row.outcome = line.outcome;
  row.error = std::move(line.error);
  if (line.usage) row.usage = *line.usage;
  if (!line.sent) return row;
  row.items = line.sent->items;
  row.prefix = line.sent->broken ? "broken" : line.sent->base ? "ok" : "first";
  row.broken = std::move(line.sent->broken);
  return row;
}

/// The requests behind the token counts. One count is told several times, and some are corrected: a request is where
/// the total has grown by exactly the last usage.
std::vector<RequestRow> rows_of(const std::vector<wire::RolloutLine>& lines) {
  std::vector<RequestRow> rows;
  RequestRow settings;
  wire::TokenUsage total;
  for (const auto& line : lines) {
    if (const auto* turn = std::get_if<wire::TurnContext>(&line.payload)) {
      settings.model = turn->model;
      settings.effort = {};
      if (turn->effort) settings.effort = *turn->effort;
    }
    const auto* event = std::get_if<wire::EventMsg>(&line.payload);
    const auto* count = event != nullptr ? std::get_if<wire::event::TokenCount>(event) : nullptr;
    if (count == nullptr || !count->info) continue;
    const auto& info = *count->info;
    auto grown = std::exchange(total, info.total_token_usage);
    grown += info.last_token_usage;
    if (info.last_token_usage == wire::TokenUsage() || grown != total) continue;
    auto& row = rows.emplace_back(settings);
    row.time = line.timestamp;
    row.usage = info.last_token_usage;
  }
  return rows;
}

/// Where a thread is: its id, and its session file unless only the id was given.
struct Place {
  std::string id;
  std::optional<std::string> rollout;
};

Result<Place> find_place(io::Files& files, const std::string& home, const std::string& cwd, const std::string& thread) {
  if (store::is_uuid(thread)) return Place{to_lower_ascii(thread), std::nullopt};
  if (auto known = store::find_session(files, home, cwd, thread)) return Place{known->id, known->path};
  TRY(auto copy, store::find_resumable(files, home, cwd, thread));
  TRY(auto info, store::scan_rollout(files, copy, [](const auto&...) {}));
  return Place{info.thread_id, copy};
}

struct Recorded {
  std::vector<RequestRow> rows;
  bool forked = false;  // the first of them were another thread's
};

Result<Recorded> read_session(io::Files& files, const std::string& home, const Place& place) {
  auto path = place.rollout;
  if (!path) {
    TRY(path, store::find_by_id(files, home, place.id));
  }
  TRY(auto loaded, store::load_rollout(files, *path));
  const auto* meta = loaded.lines.empty() ? nullptr : std::get_if<wire::SessionMeta>(&loaded.lines.front().payload);
  return Recorded{rows_of(loaded.lines), meta != nullptr && meta->forked_from_id};
}

// The table.

constexpr std::string_view unknown = "-";

std::string time_cell(const std::string& time) {
  if (time.size() < 19) return std::string(unknown);
  return time.substr(0, 10) + " " + time.substr(11, 8);
}

std::string model_cell(const RequestRow& row) {
  if (!row.model) return std::string(unknown);
  if (!row.served || equals_ignore_case(*row.served, *row.model)) return *row.model;
  return fmt::format("{} (served by {})", *row.model, *row.served);
}

std::string break_text(const agent::PrefixBreak& broken) {
  std::vector<std::string> parts;
  if (!broken.before.empty()) parts.push_back(join(broken.before, ", ") + " changed");
  if (broken.item) {
    auto at = fmt::format("at item {}: {}", *broken.item, broken.is.value_or("?"));
    parts.push_back(broken.why ? fmt::format("{} ({})", at, *broken.why) : at);
  }
  return (broken.before.empty() ? "broken " : "broken: ") + join(parts, "; ");
}

std::string prefix_cell(const RequestRow& row) {
  constexpr std::size_t longest_error = 80;
  std::string out = row.broken ? break_text(*row.broken) : row.prefix.value_or(std::string(unknown));
  if (row.outcome && *row.outcome != agent::Outcome::completed) {
    out += fmt::format("; {}", to_string(*row.outcome));
    if (row.error) out += ": " + agent::excerpt(*row.error, longest_error);
  }
  return out;
}

using Cells = std::vector<std::string>;

Cells usage_cells(const wire::TokenUsage* usage) {
  if (usage == nullptr) return Cells(4, std::string(unknown));
  return {with_thousands(usage->input_tokens), with_thousands(usage->cached_input_tokens),
          with_thousands(usage->output_tokens), with_thousands(usage->reasoning_output_tokens)};
}

Cells cells_of(const RequestRow& row, std::size_t number) {
  Cells out{fmt::format("{}", number), time_cell(row.time),
            row.kind ? std::string(to_string(*row.kind)) : std::string(unknown), model_cell(row)};
  auto usage = usage_cells(row.usage ? &*row.usage : nullptr);
  out.insert(out.end(), usage.begin(), usage.end());
  out.push_back(row.items ? fmt::format("{}", *row.items) : std::string(unknown));
  out.push_back(prefix_cell(row));
  return out;
}

/// Numbers to the right, the rest to the left; whatever servers wrote stays within its cell.
std::string aligned(std::vector<Cells> rows) {
  const std::string_view sides = "><<<>>>>><";
  std::vector<std::size_t> widths(sides.size());
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = agent::excerpt(row[i], std::string::npos);
      widths[i] = std::max(widths[i], count_code_points(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      const std::string fill(widths[i] - count_code_points(row[i]), ' ');
      line += sides[i] == '>' ? fill + row[i] : row[i] + fill;
    }
    out += std::string(trim_end(line)) + "\n";
  }
  return out;
}

std::string summary(const LedgerReport& report) {
  std::size_t breaks = 0;
  for (const auto& row : report.requests) breaks += row.broken.has_value();
  auto n = report.requests.size();
  std::string out = fmt::format("{} request{}", n, n == 1 ? "" : "s");
  if (report.total.input_tokens > 0) {
    out += fmt::format(", {}% of the input cached", report.total.cached_input_tokens * 100 / report.total.input_tokens);
  }
  if (report.from_session_file < n) out += fmt::format(", prefix broken {} time{}", breaks, breaks == 1 ? "" : "s");
  return out + "\n";
}

/// The document of --json.
struct Document {
  std::string thread_id;
  std::vector<RequestRow> requests;
  wire::TokenUsage total;
};
BURIN_WIRE(Document, thread_id, requests, total)

}  // namespace ledger_report_detail

using namespace ledger_report_detail;

Result<LedgerReport> ledger_report(io::Files& files, const std::string& home, const std::string& cwd,
                                   const std::string& thread) {
  TRY(auto place, find_place(files, home, cwd, thread));
  LedgerReport report{.thread_id = place.id};
  auto ledger = agent::read_ledger(files, agent::ledger_path(home, place.id));
  if (!ledger && ledger.error().kind != Kind::not_found) return tl::unexpected(ledger.error());
  const bool kept = ledger && !ledger->lines.empty();
  auto recorded = read_session(files, home, place);
  if (!recorded && !kept) return tl::unexpected(recorded.error());
  if (recorded && !(kept && recorded->forked)) report.requests = std::move(recorded->rows);
  if (kept) {
    // What the session file tells of earlier times was asked by another program.
    std::erase_if(report.requests, [&](const auto& row) { return row.time >= ledger->lines.front().time; });
  }
  report.from_session_file = report.requests.size();
  if (kept) {
    for (auto& line : ledger->lines) report.requests.push_back(row_of(std::move(line)));
  }
  for (const auto& row : report.requests) {
    if (row.usage) report.total += *row.usage;
  }
  return report;
}

std::string report_json(const LedgerReport& report) {
  return dump_mapped(Document{report.thread_id, report.requests, report.total}) + "\n";
}

std::string report_table(const LedgerReport& report) {
  std::vector<Cells> rows{
      {"#", "time (UTC)", "kind", "model", "input", "cached", "output", "reasoning", "items", "prefix"}};
  for (std::size_t i = 0; i < report.requests.size(); ++i) rows.push_back(cells_of(report.requests[i], i + 1));
  Cells total{"", "", "", "total"};
  for (auto& cell : usage_cells(&report.total)) total.push_back(std::move(cell));
  rows.push_back(std::move(total));
  auto out = aligned(std::move(rows)) + summary(report);
  if (report.from_session_file > 0) {
    out += fmt::format("Of {} only the session file tells: their prefix is not known.\n",
                       report.from_session_file == report.requests.size()
                           ? "these requests"
                           : fmt::format("the first {}", report.from_session_file));
  }
  return out;
}

}  // namespace burin::exec

#include "store/fsck.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "store/rollout_log.h"

namespace burin::store {

namespace fsck_detail {

using Weight = Finding::Weight;

std::string plural(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

/// Gathers what the readable lines say about the whole.
class Checker {
 public:
  explicit Checker(CheckReport& report) : report_(report) {}

  void line(const wire::RolloutLine& line, const LinePlace& place, std::string_view text) {
    ++report_.records;
    auto digest = hash64(text);
    if (report_.records > 1 && digest == last_ && is_record(line)) repeated(place);
    last_ = digest;
    if (std::holds_alternative<wire::UnknownLine>(line.payload)) {
      ++unknown_;
    } else if (const auto* meta = std::get_if<wire::SessionMeta>(&line.payload)) {
      if (!meta_id_) meta_id_ = meta->id;
    } else if (const auto* item = std::get_if<wire::ResponseItem>(&line.payload)) {
      auto id = wire::call_id_of(*item);
      if (wire::is_call(*item)) ++calls_[std::string(id)];
      if (wire::is_output(*item)) ++outputs_[std::string(id)];
    } else if (const auto* event = std::get_if<wire::EventMsg>(&line.payload)) {
      if (const auto* started = std::get_if<wire::event::TaskStarted>(event)) open_turn_ = started->turn_id;
      if (std::holds_alternative<wire::event::TaskComplete>(*event) ||
          std::holds_alternative<wire::event::TurnAborted>(*event)) {
        open_turn_.reset();
      }
    }
  }

  void finish(const RolloutInfo& info) {
    for (const auto& d : info.damages) {
      bool torn = !info.ends_in_newline && d.offset + d.size == info.size;
      add(Weight::damage, torn ? "torn_tail" : "unreadable", d.offset, d.size, d.lines,
          torn ? fmt::format("The last record was cut short: {}.", d.reason)
               : fmt::format("{} cannot be read: {}.", plural(d.lines, "line", "lines"), d.reason));
    }
    std::ranges::sort(report_.findings, {}, &Finding::offset);
    if (!info.ends_in_newline && (info.damages.empty() || report_.findings.back().kind != "torn_tail")) {
      remark("no_newline", "The last record has no newline; the next writer completes it.");
    }
    about_identity(info);
    if (unknown_ > 0) {
      remark("unknown_kinds", fmt::format("{} of kinds that this version does not know; they are kept as they are.",
                                          plural(unknown_, "record is", "records are")));
    }
    if (open_turn_) remark("open_turn", "The newest turn has no end; the next turn closes it.");
    auto lonely = [](const auto& some, const auto& others) {
      return static_cast<std::uint64_t>(
          std::ranges::count_if(some, [&](const auto& entry) { return !others.contains(entry.first); }));
    };
    if (auto n = lonely(calls_, outputs_); n > 0) {
      remark("calls_without_output", fmt::format("{} no output; the model is told that it was aborted.",
                                                 plural(n, "tool call has", "tool calls have")));
    }
    if (auto n = lonely(outputs_, calls_); n > 0) {
      remark("outputs_without_call",
             fmt::format("{} no call and not shown to the model.", plural(n, "tool output has", "tool outputs have")));
    }
  }

 private:
  /// Two equal events may well follow each other within a millisecond; items and turn_context lines never do.
  static bool is_record(const wire::RolloutLine& line) {
    return !std::holds_alternative<wire::EventMsg>(line.payload) && !line.timestamp.empty();
  }
  void repeated(const LinePlace& place) {
    add(Weight::damage, "repeated", place.offset, place.size, 1, "A record is there twice in a row.");
  }
  void about_identity(const RolloutInfo& info) {
    auto name = parse_rollout_name(path::name(info.path));
    if (!meta_id_) {
      add(Weight::damage, "no_meta", 0, 0, 0, "There is no session_meta record; the id is taken from the file's name.");
    } else if (name && to_lower_ascii(name->id) != to_lower_ascii(*meta_id_)) {
      remark("other_id", fmt::format("The file's name holds the id {}, its session_meta {}.", name->id, *meta_id_));
    }
  }
  void add(Weight weight, std::string kind, std::uint64_t offset, std::uint64_t size, std::uint64_t lines,
           std::string text) {
    report_.findings.push_back({weight, std::move(kind), offset, size, lines, std::move(text)});
  }
  void remark(std::string kind, std::string text) { add(Weight::remark, std::move(kind), 0, 0, 0, std::move(text)); }

  CheckReport& report_;
  std::uint64_t last_ = 0;
  std::optional<std::string> meta_id_, open_turn_;
  std::uint64_t unknown_ = 0;
  std::map<std::string, int> calls_, outputs_;
};

/// The meta line that a file without one gets: what its name says, nothing invented.
std::string made_meta(const std::string& path, const std::string& thread_id) {
  wire::SessionMeta meta;
  meta.id = thread_id;
  auto name = parse_rollout_name(path::name(path));
  std::string time = name ? name->time : "1970-01-01T00-00-00";
  time[13] = time[16] = ':';
  meta.timestamp = time + ".000Z";
  std::string out;
  wire::write_rollout_line(out, meta.timestamp, meta);
  return out;
}

}  // namespace fsck_detail

using namespace fsck_detail;

bool CheckReport::damaged() const {
  return std::ranges::any_of(findings, [](const Finding& f) { return f.weight == Weight::damage; });
}

Result<CheckReport> check_rollout(io::Files& files, const std::string& path) {
  TRY(auto found, files.stat(path));
  CheckReport report;
  report.path = path;
  report.size = found.size;
  Checker checker(report);
  auto info =
      scan_rollout(files, path, [&](const wire::RolloutLine& line, const LinePlace& place, std::string_view text) {
        checker.line(line, place, text);
      });
  if (!info) {
    report.findings.push_back({Weight::damage, "no_session", 0, found.size, 0, info.error().text()});
    return report;
  }
  report.thread_id = info->thread_id;
  checker.finish(*info);
  return report;
}

Result<CheckReport> rescue_rollout(io::Files& files, const std::string& path, const std::string& to) {
  if (files.lstat(to)) return fail(Kind::conflict, fmt::format("{} exists already", to), "name a new file");
  TRY(auto before, check_rollout(files, path));
  if (before.thread_id.empty()) return fail(Kind::invalid, before.findings.front().text, "nothing can be rescued");
  bool no_meta = std::ranges::any_of(before.findings, [](const Finding& f) { return f.kind == "no_meta"; });

  TRY(auto out, files.open_append(to, true));
  std::string waiting = no_meta ? made_meta(path, before.thread_id) : std::string();
  std::uint64_t last = 0;
  Result<> written;
  auto flush = [&](std::size_t enough) {
    if (waiting.size() < enough || !written) return;
    written = out->append(waiting);
    waiting.clear();
  };
  auto scanned = scan_rollout(files, path, [&](const wire::RolloutLine& line, const LinePlace&, std::string_view text) {
    auto digest = hash64(text);
    bool again = digest == last && !std::holds_alternative<wire::EventMsg>(line.payload);
    last = digest;
    if (again) return;
    waiting += text;
    waiting += '\n';
    flush(1 << 20);
  });
  if (!scanned) return tl::unexpected(scanned.error());
  flush(1);
  CHECK(std::move(written));
  CHECK(out->sync());
  return check_rollout(files, to);
}

}  // namespace burin::store

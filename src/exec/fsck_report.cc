#include "exec/fsck_report.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace burin::exec {

namespace fsck_report_detail {

bool is_damage(const store::Finding& f) { return f.weight == store::Finding::Weight::damage; }

std::string place(const store::Finding& f) {
  if (f.size == 0) return {};
  return fmt::format("byte {}, {} byte{}: ", with_thousands(static_cast<std::int64_t>(f.offset)),
                     with_thousands(static_cast<std::int64_t>(f.size)), f.size == 1 ? "" : "s");
}

std::string of_file(const store::CheckReport& report) {
  auto out = fmt::format("{}: {} records, {}\n", report.path, with_thousands(static_cast<std::int64_t>(report.records)),
                         report.damaged() ? "damaged" : "sound");
  for (const auto& f : report.findings) {
    out += fmt::format("  {}: {}{}\n", is_damage(f) ? "damage" : "note", place(f), f.text);
  }
  return out;
}

}  // namespace fsck_report_detail

using namespace fsck_report_detail;

std::string fsck_text(const std::vector<store::CheckReport>& reports) {
  std::string out;
  for (const auto& report : reports) {
    if (reports.size() == 1 || !report.findings.empty()) out += of_file(report);
  }
  auto damaged = std::ranges::count_if(reports, &store::CheckReport::damaged);
  out += fmt::format("{} session{} checked, {} damaged\n", reports.size(), reports.size() == 1 ? "" : "s", damaged);
  return out;
}

std::string fsck_json(const std::vector<store::CheckReport>& reports) {
  json::array out;
  for (const auto& report : reports) {
    json::array findings;
    for (const auto& f : report.findings) {
      findings.push_back(json::object{{"weight", is_damage(f) ? "damage" : "note"},
                                      {"kind", f.kind},
                                      {"offset", f.offset},
                                      {"bytes", f.size},
                                      {"lines", f.lines},
                                      {"text", f.text}});
    }
    out.push_back(json::object{{"path", report.path},
                               {"thread_id", report.thread_id},
                               {"bytes", report.size},
                               {"records", report.records},
                               {"damaged", report.damaged()},
                               {"findings", std::move(findings)}});
  }
  return dump(json::value(std::move(out))) + "\n";
}

}  // namespace burin::exec

#include "tools/shell_output.h"

#include <cmath>

#include "base/json.h"
#include "base/text.h"
#include "context/truncate.h"

namespace burin::tools {

namespace shell_output_detail {

double tenths(io::Span span) { return std::round(io::to_seconds(span) * 10.0) / 10.0; }

}  // namespace shell_output_detail

wire::Duration duration_of(io::Span span) {
  auto ns = std::max<std::int64_t>(std::chrono::nanoseconds(span).count(), 0);
  return {static_cast<std::uint64_t>(ns / 1'000'000'000), static_cast<std::uint32_t>(ns % 1'000'000'000)};
}

std::string shown_output(const ExecOutput& output) {
  if (!output.timed_out) return output.merged;
  auto ms = io::duration_cast<io::milliseconds>(output.duration).count();
  return fmt::format("command timed out after {} milliseconds\n{}", ms, output.merged);
}

std::string structured_output(const ExecOutput& output, const wire::TruncationPolicy& policy) {
  std::string text = "{\"output\":";
  write_json_string(text, context::truncate_with_header(shown_output(output), policy));
  text += fmt::format(",\"metadata\":{{\"exit_code\":{},\"duration_seconds\":", output.exit_code);
  write_json_double(text, shell_output_detail::tenths(output.duration));
  text += "}}";
  return text;
}

std::string freeform_output(const ExecOutput& output, const wire::TruncationPolicy& policy) {
  std::string whole = shown_output(output);
  std::string cut = context::truncate(whole, policy);
  std::string text = fmt::format("Exit code: {}\nWall time: {} seconds\n", output.exit_code,
                                 shortest_float(static_cast<float>(shell_output_detail::tenths(output.duration))));
  auto total = count_lines(whole);
  if (total != count_lines(cut)) text += fmt::format("Total output lines: {}\n", total);
  text += "Output:\n";
  text += cut;
  return text;
}

namespace shell_output_detail {
wire::event::ExecCommandEnd from_begin(const wire::event::ExecCommandBegin& begin) {
  wire::event::ExecCommandEnd end;
  end.call_id = begin.call_id;
  end.process_id = begin.process_id;
  end.turn_id = begin.turn_id;
  end.command = begin.command;
  end.cwd = begin.cwd;
  end.parsed_cmd = begin.parsed_cmd;
  end.source = begin.source;
  end.interaction_input = begin.interaction_input;
  return end;
}
}  // namespace shell_output_detail

wire::event::ExecCommandEnd end_event(const wire::event::ExecCommandBegin& begin, const ExecOutput& output,
                                      const wire::TruncationPolicy& policy) {
  auto end = shell_output_detail::from_begin(begin);
  end.stdout_text = output.out;
  end.stderr_text = output.err;
  end.aggregated_output = output.merged;
  end.exit_code = output.exit_code;
  end.duration = duration_of(output.duration);
  end.formatted_output = context::truncate_with_header(shown_output(output), policy);
  end.status = output.exit_code == 0 ? wire::ToolStatus::completed : wire::ToolStatus::failed;
  return end;
}

wire::event::ExecCommandEnd end_event(const wire::event::ExecCommandBegin& begin, const ExecFailure& failure) {
  auto end = shell_output_detail::from_begin(begin);
  end.stderr_text = end.aggregated_output = end.formatted_output = failure.model_text;
  end.exit_code = -1;
  end.status = failure.why == ExecFailure::Why::rejected ? wire::ToolStatus::declined : wire::ToolStatus::failed;
  return end;
}

}  // namespace burin::tools

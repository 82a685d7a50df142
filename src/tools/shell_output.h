// The two texts of a one-shot command's result (tools.md 1.7, 3.2).
#pragma once
#include <string>

#include "tools/exec.h"

namespace burin::tools {

/// {"output":…,"metadata":{"exit_code":…,"duration_seconds":…}}: of shell, container.exec, local_shell, apply_patch.
std::string structured_output(const ExecOutput& output, const wire::TruncationPolicy& policy);

/// Exit code / Wall time / [Total output lines] / Output: of shell_command.
std::string freeform_output(const ExecOutput& output, const wire::TruncationPolicy& policy);

/// The output as people and models see it: the merged streams, with the line about a time-out in front.
std::string shown_output(const ExecOutput& output);

/// A span in the form of events.
wire::Duration duration_of(io::Span span);

/// The closing event of a command: everything of `begin`, plus how it ended.
wire::event::ExecCommandEnd end_event(const wire::event::ExecCommandBegin& begin, const ExecOutput& output,
                                      const wire::TruncationPolicy& policy);
wire::event::ExecCommandEnd end_event(const wire::event::ExecCommandBegin& begin, const ExecFailure& failure);

}  // namespace burin::tools

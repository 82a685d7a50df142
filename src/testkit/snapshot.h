// Renders the `input` of requests as stable text, so that what a model is shown can be reviewed as a golden file.
//
// Long and volatile texts (permissions, AGENTS.md, environment) are replaced by markers, so that a golden file changes
// when the layout changes and not when a prompt is reworded. The format is that of context.md section 10.
//
// Pure functions on JSON. This room knows no prompts: a caller whose golden files contain compactions passes the prompt
// and the prefix of summaries in the options.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "testkit/captured_request.h"

namespace burin::testkit {

enum class RenderMode : std::uint8_t {
  redacted_text,         // markers instead of known long texts
  full_text,             // texts as they are
  kind_only,             // no texts: message/{role} or {type}
  kind_with_text_prefix  // redacted, then cut to max_chars code points and "..."
};

struct SnapshotOptions {
  RenderMode mode = RenderMode::redacted_text;
  std::size_t max_chars = 0;
  /// A text that starts with it becomes <SUMMARIZATION_PROMPT>; empty: none does.
  std::string compaction_prompt;
  /// A text that starts with it and has a second line becomes <COMPACTION_SUMMARY> and all after its first line.
  std::string summary_prefix;
  /// A working directory that ends with one of these is shown as that ending instead of <CWD>.
  std::vector<std::string> cwd_suffixes = {"PRETURN_CONTEXT_DIFF_CWD"};
};

/// One entry for each item, joined by newlines; no newline at the end.
std::string format_response_items_snapshot(const json::array& items, const SnapshotOptions& options = {});
std::string format_request_input_snapshot(const CapturedRequest& request, const SnapshotOptions& options = {});

/// "Scenario: …", then a section "## title" for each, separated by empty lines.
std::string format_labeled_items_snapshot(std::string_view scenario,
                                          const std::vector<std::pair<std::string, json::array>>& sections,
                                          const SnapshotOptions& options = {});
std::string format_labeled_requests_snapshot(std::string_view scenario,
                                             const std::vector<std::pair<std::string, RequestPtr>>& sections,
                                             const SnapshotOptions& options = {});

}  // namespace burin::testkit

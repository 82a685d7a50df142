#include "testkit/snapshot.h"

#include "base/text.h"

namespace burin::testkit {

namespace snapshot_detail {

std::string on_one_line(std::string_view text) {
  return replace_all(replace_all(replace_all(text, "\r\n", "\n"), "\r", "\n"), "\n", "\\n");
}

/// What is between two tags, the first time; nothing when either is missing.
std::optional<std::string_view> between(std::string_view text, std::string_view open, std::string_view close) {
  auto from = text.find(open);
  if (from == std::string_view::npos) return std::nullopt;
  from += open.size();
  auto to = text.find(close, from);
  if (to == std::string_view::npos) return std::nullopt;
  return text.substr(from, to - from);
}

std::size_t subagent_count(std::string_view text) {
  auto rows = lines(between(text, "<subagents>", "</subagents>").value_or(""));
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](std::string_view row) { return trim_start(row).starts_with("- "); }));
}

std::string environment_marker(std::string_view text, const SnapshotOptions& options) {
  std::string out = "<ENVIRONMENT_CONTEXT";
  if (auto cwd = between(text, "<cwd>", "</cwd>")) {
    std::string_view shown = "<CWD>";
    for (const auto& suffix : options.cwd_suffixes) {
      if (cwd->ends_with(suffix)) shown = suffix;
    }
    out += fmt::format(":cwd={}", shown);
  }
  if (auto n = subagent_count(text); n > 0) out += fmt::format(":subagents={}", n);
  return out + ">";
}

std::string redacted(std::string_view text, const SnapshotOptions& options) {
  if (text.starts_with("<permissions instructions>")) return "<PERMISSIONS_INSTRUCTIONS>";
  if (text.starts_with("# AGENTS.md instructions for ")) return "<AGENTS_MD>";
  if (text.starts_with("<environment_context>")) return environment_marker(text, options);
  if (!options.compaction_prompt.empty() && text.starts_with(options.compaction_prompt)) {
    return "<SUMMARIZATION_PROMPT>";
  }
  auto newline = text.find('\n');
  if (!options.summary_prefix.empty() && text.starts_with(options.summary_prefix) &&
      newline != std::string_view::npos) {
    return fmt::format("<COMPACTION_SUMMARY>{}", text.substr(newline));
  }
  return std::string(text);
}

std::string rendered(std::string_view text, const SnapshotOptions& options) {
  if (options.mode == RenderMode::full_text) return on_one_line(text);
  std::string out = on_one_line(redacted(text, options));
  if (options.mode != RenderMode::kind_with_text_prefix) return out;
  auto head = first_code_points(out, options.max_chars);
  return head.size() == out.size() ? out : fmt::format("{}...", head);
}

std::string part_text(const json::value& part, const SnapshotOptions& options) {
  if (auto text = find_string(part, "text")) return rendered(*text, options);
  auto type = find_string(part, "type");
  if (!type) return "<UNKNOWN_CONTENT_ITEM>";
  std::vector<std::string> keys;
  for (const auto& member : part.get_object()) {
    if (member.key() != "type") keys.emplace_back(member.key());
  }
  std::sort(keys.begin(), keys.end());
  return keys.empty() ? fmt::format("<{}>", *type) : fmt::format("<{}:{}>", *type, join(keys, ","));
}

std::string message_text(const json::value& item, const SnapshotOptions& options) {
  std::string out = fmt::format("message/{}", find_string(item, "role").value_or("unknown"));
  if (options.mode == RenderMode::kind_only) return out;
  const auto* parts = find_array(item, "content");
  if (parts == nullptr || parts->empty()) return out + ":<NO_TEXT>";
  if (parts->size() == 1) return out + ":" + part_text((*parts)[0], options);
  out += fmt::format("[{}]:", parts->size());
  for (std::size_t i = 0; i < parts->size(); ++i) {
    out += fmt::format("\n    [{:02}] {}", i + 1, part_text((*parts)[i], options));
  }
  return out;
}

std::string call_text(const json::value& item, const SnapshotOptions&) {
  return fmt::format("function_call/{}", find_string(item, "name").value_or("unknown"));
}

std::string output_text(const json::value& item, const SnapshotOptions& options) {
  auto text = find_string(item, "output");
  return "function_call_output:" + (text ? rendered(*text, options) : "<NON_STRING_OUTPUT>");
}

std::string shell_text(const json::value& item, const SnapshotOptions&) {
  const auto* action = find(item, "action");
  const auto* command = action == nullptr ? nullptr : find_array(*action, "command");
  std::vector<std::string> words;
  for (std::size_t i = 0; command != nullptr && i < command->size(); ++i) {
    if (const auto* word = (*command)[i].if_string()) words.emplace_back(view(*word));
  }
  return "local_shell_call:" + (words.empty() ? "<NO_COMMAND>" : on_one_line(join(words, " ")));
}

std::string_view encrypted(const json::value& item) {
  return find_string(item, "encrypted_content").value_or("").empty() ? "false" : "true";
}

std::string reasoning_text(const json::value& item, const SnapshotOptions& options) {
  const auto* summary = find_array(item, "summary");
  auto first = summary == nullptr || summary->empty() ? std::nullopt : find_string((*summary)[0], "text");
  return fmt::format("reasoning:summary={}:encrypted={}", first ? rendered(*first, options) : "<NO_SUMMARY>",
                     encrypted(item));
}

std::string compaction_text(const json::value& item, const SnapshotOptions&) {
  return fmt::format("compaction:encrypted={}", encrypted(item));
}

using Render = std::string (*)(const json::value&, const SnapshotOptions&);
constexpr std::pair<std::string_view, Render> renderers[] = {{"function_call", call_text},
                                                             {"function_call_output", output_text},
                                                             {"local_shell_call", shell_text},
                                                             {"reasoning", reasoning_text},
                                                             {"compaction", compaction_text}};

std::string item_text(const json::value& item, const SnapshotOptions& options) {
  auto type = find_string(item, "type");
  if (!type) return "<MISSING_TYPE>";
  if (*type == "message") return message_text(item, options);
  for (const auto& [name, render] : renderers) {
    if (name == *type && options.mode != RenderMode::kind_only) return render(item, options);
  }
  return std::string(*type);
}

std::string labeled(std::string_view scenario, const std::vector<std::pair<std::string, std::string>>& sections) {
  std::string out = fmt::format("Scenario: {}", scenario);
  for (const auto& [title, text] : sections) out += fmt::format("\n\n## {}\n{}", title, text);
  return out;
}

}  // namespace snapshot_detail

std::string format_response_items_snapshot(const json::array& items, const SnapshotOptions& options) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    out += fmt::format("{}{:02}:{}", i == 0 ? "" : "\n", i, snapshot_detail::item_text(items[i], options));
  }
  return out;
}

std::string format_request_input_snapshot(const CapturedRequest& request, const SnapshotOptions& options) {
  return format_response_items_snapshot(request.input(), options);
}

std::string format_labeled_items_snapshot(std::string_view scenario,
                                          const std::vector<std::pair<std::string, json::array>>& sections,
                                          const SnapshotOptions& options) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& [title, items] : sections) {
    texts.emplace_back(title, format_response_items_snapshot(items, options));
  }
  return snapshot_detail::labeled(scenario, texts);
}

std::string format_labeled_requests_snapshot(std::string_view scenario,
                                             const std::vector<std::pair<std::string, RequestPtr>>& sections,
                                             const SnapshotOptions& options) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& [title, request] : sections) {
    texts.emplace_back(title, format_request_input_snapshot(*request, options));
  }
  return snapshot_detail::labeled(scenario, texts);
}

}  // namespace burin::testkit

#include "context/fragments.h"

#include "base/text.h"
#include "prompts.h"

namespace burin::context {

namespace fragments_detail {

constexpr FragmentRow rows[] = {
    {Fragment::agents_md, "# AGENTS.md instructions for ", "</INSTRUCTIONS>"},
    {Fragment::environment, "<environment_context>", "</environment_context>"},
    {Fragment::skill, "<skill>", "</skill>"},
    {Fragment::user_shell, "<user_shell_command>", "</user_shell_command>"},
    {Fragment::turn_aborted, "<turn_aborted>", "</turn_aborted>"},
    {Fragment::subagent, "<subagent_notification>", "</subagent_notification>"},
};

}  // namespace fragments_detail

const FragmentRow& fragment_row(Fragment kind) {
  for (const auto& row : fragments_detail::rows) {
    if (row.kind == kind) return row;
  }
  return fragments_detail::rows[0];
}

std::optional<Fragment> match_fragment(std::string_view text) {
  auto trimmed = trim_start(text);
  for (const auto& row : fragments_detail::rows) {
    if (starts_with_ignore_case(trimmed, row.start) && ends_with_ignore_case(trim_end(trimmed), row.end))
      return row.kind;
  }
  return std::nullopt;
}

bool is_contextual(const wire::Message& message) {
  for (const auto& part : message.content) {
    const auto* text = std::get_if<wire::InputText>(&part);
    if (text != nullptr && match_fragment(text->text)) return true;
  }
  return false;
}

bool is_real_user_message(const wire::ResponseItem& item) {
  const auto* message = std::get_if<wire::Message>(&item);
  return message != nullptr && message->role == "user" && !is_contextual(*message);
}

std::string agents_md_fragment(std::string_view cwd, std::string_view text) {
  const auto& row = fragment_row(Fragment::agents_md);
  return fmt::format("{}{}\n\n<INSTRUCTIONS>\n{}\n{}", row.start, cwd, text, row.end);
}

std::string turn_aborted_fragment() {
  const auto& row = fragment_row(Fragment::turn_aborted);
  return fmt::format("{}\n{}\n{}", row.start, trim(prompts::turn_aborted), row.end);
}

std::string user_shell_fragment(std::string_view command, int exit_code, double seconds, std::string_view output) {
  const auto& row = fragment_row(Fragment::user_shell);
  return fmt::format(
      "{}\n<command>\n{}\n</command>\n<result>\nExit code: {}\nDuration: {:.4f} seconds\nOutput:\n{}\n</result>\n{}",
      row.start, command, exit_code, seconds, output, row.end);
}

std::optional<wire::ResponseItem> text_message(std::string_view role, std::vector<std::string> texts) {
  if (texts.empty()) return std::nullopt;
  wire::Message message;
  message.role = std::string(role);
  for (auto& text : texts) message.content.push_back(wire::InputText{std::move(text)});
  return wire::ResponseItem(std::move(message));
}

}  // namespace burin::context

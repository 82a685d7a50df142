// The one table of contextual fragments (context.md 4.7): nothing else may hard-code these strings.
//
// A fragment is a text block that we, not the user, put into a message of role `user`. The table serves writing them,
// recognising them in histories, counting user turns, rollback boundaries, compaction and previews alike.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "wire/item.h"

namespace burin::context {

enum class Fragment : unsigned char { agents_md, environment, skill, user_shell, turn_aborted, subagent };

struct FragmentRow {
  Fragment kind;
  std::string_view start, end;
};
const FragmentRow& fragment_row(Fragment kind);

/// The fragment that `text` is, if any: starts with a start marker and ends with its end marker, white space around and
/// ASCII case ignored.
std::optional<Fragment> match_fragment(std::string_view text);

/// A user message is contextual when any of its input_text parts matches a row.
bool is_contextual(const wire::Message& message);
/// Role `user` and not contextual: starts a user turn.
bool is_real_user_message(const wire::ResponseItem& item);

/// "# AGENTS.md instructions for {cwd}\n\n<INSTRUCTIONS>\n{text}\n</INSTRUCTIONS>".
std::string agents_md_fragment(std::string_view cwd, std::string_view text);
/// `<turn_aborted>` with our guidance (context.md 4.6).
std::string turn_aborted_fragment();
/// The record of a command that the user ran (session.md 3.8); `output` is already cut.
std::string user_shell_fragment(std::string_view command, int exit_code, double seconds, std::string_view output);

/// A message with one input_text part for each text; no texts give no message.
std::optional<wire::ResponseItem> text_message(std::string_view role, std::vector<std::string> texts);

}  // namespace burin::context

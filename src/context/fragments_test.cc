// The fragment table (context.md 4.7).
#include "context/fragments.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace burin::context {

TEST(Fragments, Matching) {
  EXPECT_EQ(match_fragment("# AGENTS.md instructions for /x\n\n<INSTRUCTIONS>\n</INSTRUCTIONS>"), Fragment::agents_md);
  EXPECT_EQ(match_fragment("  \n<ENVIRONMENT_CONTEXT>\n</Environment_Context> \n"), Fragment::environment);
  EXPECT_EQ(match_fragment("<skill>\n</skill>"), Fragment::skill);
  EXPECT_EQ(match_fragment("<user_shell_command></user_shell_command>"), Fragment::user_shell);
  EXPECT_EQ(match_fragment(turn_aborted_fragment()), Fragment::turn_aborted);
  EXPECT_EQ(match_fragment("<subagent_notification>{}</subagent_notification>"), Fragment::subagent);
  for (auto text : {"", "x <skill></skill>", "<skill> open", "close </skill>", "<skill></environment_context>",
                    "<user_instructions>x</user_instructions>", "<user_action></user_action>", "Warning: x"}) {
    EXPECT_FALSE(match_fragment(text)) << text;
  }
}

TEST(Fragments, AMessageIsContextualWhenAnyPartIs) {
  auto mixed = *text_message("user", {"hello", "<skill>\n</skill>"});
  EXPECT_FALSE(is_real_user_message(mixed));
  EXPECT_FALSE(is_real_user_message(*text_message("user", {"<skill>\n</skill>", "hello"})));
  EXPECT_FALSE(is_real_user_message(*text_message("developer", {"hello"})));
  EXPECT_TRUE(is_real_user_message(*text_message("user", {"hello"})));
  EXPECT_FALSE(is_real_user_message(*text_message("assistant", {"hello"})));
}

TEST(Fragments, UserShellRecordIsExact) {
  EXPECT_EQ(user_shell_fragment("ls", 0, 0.1234, "a\n"),
            "<user_shell_command>\n<command>\nls\n</command>\n<result>\nExit code: 0\nDuration: 0.1234 seconds\n"
            "Output:\na\n\n</result>\n</user_shell_command>");
}

}  // namespace burin::context

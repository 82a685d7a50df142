// The list that takes the place of a history (context.md 7.4 to 7.6), and what is sent when not everything fits.
#include "context/compaction.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "context/fragments.h"
#include "context/selection.h"

namespace burin::context {

namespace {

const wire::TruncationPolicy wide{wire::TruncationMode::bytes, 1'000'000};
constexpr CompactionRoom plenty{.items = 1'000'000};

wire::ResponseItem item(std::string_view text) { return *wire::read_item(*parse_json(text)); }
wire::ResponseItem user(std::string text) { return *text_message("user", {std::move(text)}); }
wire::ResponseItem assistant(std::string text) { return wire::make_message("assistant", std::move(text)); }
wire::ResponseItem summary(std::string text) { return user(fmt::format("{}\n{}", summary_prefix(), text)); }
wire::ResponseItem call(std::string id) {
  return item(R"({"type":"function_call","name":"f","arguments":"{}","call_id":")" + id + "\"}");
}
wire::ResponseItem output(std::string id) {
  return wire::FunctionCallOutput{.call_id = std::move(id), .output = {"o", std::nullopt}};
}
const wire::ResponseItem snapshot = item(R"({"type":"ghost_snapshot","ghost_commit":{"id":"g"}})");
const wire::ResponseItem encrypted = item(R"({"type":"compaction","encrypted_content":"E"})");

History history(const std::vector<wire::ResponseItem>& items) {
  History h;
  for (const auto& i : items) h.record(i, wide);
  return h;
}
std::vector<std::string> dump_all(const std::vector<wire::ResponseItem>& items) {
  std::vector<std::string> out;
  for (const auto& i : items) out.push_back(wire::dump_item(i));
  return out;
}
std::vector<std::string> texts(const std::vector<wire::ResponseItem>& items) {
  std::vector<std::string> out;
  for (const auto& i : items) {
    const auto* m = std::get_if<wire::Message>(&i);
    out.push_back(m != nullptr ? wire::text_of(m->content) : std::string(wire::item_type(i)));
  }
  return out;
}

}  // namespace

TEST(Compaction, SummariesAreRecognised) {
  EXPECT_TRUE(is_summary(fmt::format("{}\nwhat was done", summary_prefix())));
  EXPECT_FALSE(is_summary(summary_prefix())) << "a summary follows in its own line";
  EXPECT_FALSE(is_summary(fmt::format(" {}\nx", summary_prefix())));
  EXPECT_FALSE(contains(summary_prefix(), "\n"));
  std::string alike = "Another language model started to solve this problem" + std::string(347, '.');
  ASSERT_EQ(alike.size(), 399u);
  EXPECT_FALSE(is_summary(alike + "\nx")) << "the digest of the whole line counts";
}

TEST(Compaction, UserTextsAndTheSummaryRemain) {
  auto h = history({*text_message("developer", {"<permissions instructions>"}),
                    user("<environment_context></environment_context>"), user("one"), assistant("a"), call("c"),
                    output("c"), snapshot, summary("old"), user("two"), encrypted});
  auto out = local_replacement(h, "new", {}, plenty);
  ASSERT_TRUE(out);
  EXPECT_EQ(texts(out->items),
            (std::vector<std::string>{"one", "two", fmt::format("{}\nnew", summary_prefix()), "ghost_snapshot"}));
  EXPECT_EQ(out->summary, fmt::format("{}\nnew", summary_prefix()));
}

TEST(Compaction, TheBudgetTakesTheNewestTexts) {
  auto h = history({user("oldest"), user(std::string(100'000, 'a')), user(std::string(40'000, 'b')), user("five!")});
  auto kept = texts(local_replacement(h, "s", {}, plenty)->items);
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_EQ(kept[0].size(), 39'992u + std::string_view("…15002 tokens truncated…").size());
  EXPECT_TRUE(contains(kept[0], "…15002 tokens truncated…"));
  EXPECT_EQ(kept[1].size(), 40'000u);
  auto exact = history({user("dropped"), user(std::string(40'000, 'a')), user(std::string(40'000, 'b'))});
  EXPECT_EQ(local_replacement(exact, "s", {}, plenty)->items.size(), 3u) << "two fit exactly, nothing is left for more";
}

TEST(Compaction, TheLastUserMessageIsUntouched) {
  auto last =
      item(R"({"type":"message","role":"user","content":[{"type":"input_text","text":"<image>"},)"
           R"({"type":"input_image","image_url":"data:image/png;base64,AA"},{"type":"input_text","text":"</image>"},)"
           R"({"type":"input_text","text":"what is this?"}]})");
  auto h = history({last, user("next"), last});
  auto items = dump_all(local_replacement(h, "s", {}, plenty)->items);
  EXPECT_EQ(items[0], wire::dump_item(user("what is this?"))) << "of older ones the text, without the image's tags";
  EXPECT_EQ(items[2], wire::dump_item(last));
  auto huge = user(std::string(200'000, 'x'));
  auto one = local_replacement(history({user("older"), huge}), "s", {}, plenty);
  EXPECT_EQ(dump_all(one->items)[0], wire::dump_item(huge)) << "longer than the whole budget";
  auto picture = item(R"({"type":"message","role":"user","content":[{"type":"input_image","image_url":"u"}]})");
  EXPECT_EQ(texts(local_replacement(history({picture, user("x")}), "s", {}, plenty)->items)[0], "")
      << "an older message of images alone stays as an empty text";
}

TEST(Compaction, TheResultFitsItsRoom) {
  auto h = history({user(std::string(4000, 'a')), user(std::string(4000, 'b')), user("last")});
  std::vector<wire::ResponseItem> context{*text_message("developer", {std::string(1000, 'p')}),
                                          user("<environment_context></environment_context>")};
  auto needs = estimated_tokens(local_replacement(h, "s", context, plenty)->items);
  bool impossible = false;
  for (std::int64_t room = needs + 500; room > 0; room -= 7) {
    auto out = local_replacement(h, std::string(8000, 's') + "\n\"quoted\"", context, {.items = room});
    impossible = impossible || !out;
    if (!out) continue;
    EXPECT_FALSE(impossible) << "more room never makes it impossible";
    EXPECT_LE(estimated_tokens(out->items), room);
    auto items = dump_all(out->items);
    EXPECT_EQ(items[items.size() - 2], wire::dump_item(user("last")));
    EXPECT_TRUE(is_summary(texts(out->items).back()));
    EXPECT_EQ(std::ranges::count(items, wire::dump_item(context[0])), 1);
  }
  EXPECT_TRUE(impossible);
}

TEST(Compaction, ASummaryFullOfEscapesFitsToo) {
  auto h = history({user("last")});
  bool made = false;
  for (std::int64_t room = 1; room < 400; ++room) {
    auto out = local_replacement(h, std::string(2000, '\x01'), {}, {.items = room});
    made = made || out.has_value();
    if (out) EXPECT_LE(estimated_tokens(out->items), room);
  }
  EXPECT_TRUE(made);
}

// context.md 7.6, all four cases.
TEST(Compaction, WhereTheContextGoes) {
  struct Case {
    std::vector<wire::ResponseItem> items;
    std::size_t at;
  };
  const Case cases[] = {
      {{user("a"), user("b"), summary("s"), encrypted}, 1},
      {{summary("s"), user("a"), summary("t"), assistant("n")}, 1},
      {{summary("s"), summary("t"), encrypted}, 1},
      {{assistant("n"), encrypted, encrypted, assistant("n")}, 2},
      {{assistant("n")}, 1},
      {{}, 0},
      {{user("<turn_aborted>\nx\n</turn_aborted>"), encrypted}, 1},
  };
  for (const auto& c : cases)
    EXPECT_EQ(insertion_point(c.items), c.at) << fmt::format("{}", fmt::join(dump_all(c.items), " "));
}

TEST(Compaction, WhatIsKeptOfTheServersList) {
  auto h = history({user("old"), snapshot});
  std::vector<wire::ResponseItem> context{*text_message("developer", {"fresh"})};
  auto stale = *text_message("developer", {"stale"});
  auto fragment = user("# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\nx\n</INSTRUCTIONS>");
  auto reasoning = item(R"({"type":"reasoning","summary":[]})");
  auto alias = item(R"({"type":"compaction_summary","encrypted_content":"F"})");
  auto items = remote_replacement(h,
                                  {stale, fragment, user("real"), reasoning, call("c"), output("c"), assistant("note"),
                                   alias, snapshot, item(R"({"type":"novelty"})")},
                                  context);
  EXPECT_EQ(dump_all(items), dump_all({context[0], user("real"), assistant("note"),
                                       item(R"({"type":"compaction","encrypted_content":"F"})"), snapshot}));
}

// context.md 1.5: a call goes with its output, from either end.
TEST(Selection, PairsGoTogether) {
  auto local = item(
      R"({"type":"local_shell_call","call_id":"l","status":"completed","action":{"type":"exec","command":["x"]}})");
  auto custom_call = item(R"({"type":"custom_tool_call","name":"apply_patch","input":"x","call_id":"c"})");
  wire::ResponseItem custom_output = wire::CustomToolCallOutput{.call_id = "c", .output = {"o", std::nullopt}};
  for (const auto& [one, other] :
       {std::pair{call("f"), output("f")}, {local, output("l")}, {custom_call, custom_output}}) {
    for (bool swapped : {false, true}) {
      auto h = history({swapped ? other : one, user("u"), swapped ? one : other});
      for (bool oldest : {true, false}) {
        Selection s(h);
        EXPECT_TRUE(oldest ? s.drop_oldest() : s.drop_newest());
        EXPECT_EQ(s.dropped(), 2u);
        EXPECT_TRUE(s.holds(1));
        EXPECT_EQ(s.tokens(), history({user("u")}).tally().total());
        EXPECT_EQ(h.view({.only = &s}).input, std::vector<std::string_view>{h.items()[1].json});
        EXPECT_TRUE(s.drop_newest());
        EXPECT_FALSE(s.drop_oldest());
        EXPECT_EQ(s.newest(), nullptr);
        EXPECT_TRUE(h.view({.only = &s}).input.empty());
      }
    }
  }
}

// Some servers number the calls of each answer anew: what goes with an output is the call that it answers.
TEST(Selection, OfEqualIdsTheNearestIsThePair) {
  auto h = history({call("c"), output("c"), user("u"), call("c"), output("c")});
  Selection newest(h), oldest(h);
  EXPECT_TRUE(newest.drop_newest());
  EXPECT_TRUE(newest.holds(0) && newest.holds(1) && newest.holds(2));
  EXPECT_TRUE(oldest.drop_oldest());
  EXPECT_TRUE(oldest.holds(2) && oldest.holds(3) && oldest.holds(4));
}

}  // namespace burin::context

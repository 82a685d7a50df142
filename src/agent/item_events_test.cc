// From model items and user input to events (session.md 2): order, texts, ids.
#include "agent/item_events.h"

#include "testing/thread_fixture.h"

namespace burin::agent {

struct ItemEventsTest : ThreadTest {
  void SetUp() override {
    ThreadTest::SetUp();
    recorder.details = true;
  }
  static std::string added(std::string_view item) {
    return fmt::format(R"({{"type":"response.output_item.added","item":{}}})", item);
  }
  static std::string done(std::string_view item) {
    return fmt::format(R"({{"type":"response.output_item.done","item":{}}})", item);
  }
  /// JSON of the events of one turn with this answer, from its first token_count to its last; without raw items.
  std::vector<std::string> events_of(std::string body) {
    recorder.events.clear();
    answer(std::move(body));
    run({turn("hi")});
    std::vector<std::string> out;
    bool inside = false;
    for (const auto& e : recorder.events) {
      if (std::holds_alternative<wire::event::TokenCount>(e.msg)) {
        inside = !inside;
        continue;
      }
      if (!inside || std::holds_alternative<wire::event::RawResponseItem>(e.msg)) continue;
      std::string text;
      wire::write_event(text, e.msg);
      out.push_back(std::move(text));
    }
    return out;
  }
};

std::string types(const std::vector<std::string>& events) {
  std::string out;
  for (const auto& text : events) out += fmt::format("{} ", *find_string(*parse_json(text), "type"));
  return out;
}

// session.md 2.4
TEST_F(ItemEventsTest, AToolTurnInFullOrder) {
  config->features.set(config::Feature::unified_exec, false);
  processes.expect([](const io::SpawnSpec& s) { return s.argv.back() == "make"; }, io::CommandScript::output("ok\n"));
  answer(sse({call("shell_command", R"({"command":"make"})", "c1"), completed}));
  answer(sse({message("done"), completed}));
  run({turn("hi")});
  std::vector<std::string> all = recorder.types();
  all.erase(all.begin(), std::find(all.begin(), all.end(), "task_started"));
  EXPECT_EQ(
      all,
      (std::vector<std::string>{
          "task_started",     "raw_response_item", "item_started", "item_completed",     "user_message",
          "token_count",      "raw_response_item", "token_count",  "exec_command_begin", "exec_command_output_delta",
          "exec_command_end", "raw_response_item", "token_count",  "item_started",       "item_completed",
          "agent_message",    "raw_response_item", "token_count",  "task_complete",      "shutdown_complete"}));
}

TEST_F(ItemEventsTest, WebSearchNewEventsBeforeTheLegacyOnes) {
  const std::string in_progress = R"({"type":"web_search_call","id":"ws","status":"in_progress"})";
  const std::string searched =
      R"({"type":"web_search_call","id":"ws","status":"completed","action":{"type":"search","queries":["a","b"]}})";
  const std::string expected = "item_started web_search_begin item_completed web_search_end ";
  auto events = events_of(sse({added(in_progress), done(searched), completed}));
  ASSERT_EQ(types(events), expected);
  EXPECT_TRUE(contains(events[0], R"("item":{"type":"WebSearch","id":"ws","query":"","action":{"type":"other"}})"));
  EXPECT_EQ(events[1], R"({"type":"web_search_begin","call_id":"ws"})");
  EXPECT_TRUE(contains(events[2], R"("query":"a ...","action":{"type":"search","queries":["a","b"]})"));
  EXPECT_TRUE(contains(events[3], R"("call_id":"ws","query":"a ...")"));
  events = events_of(sse({done(searched), completed}));
  ASSERT_EQ(types(events), expected);
  EXPECT_TRUE(contains(events[0], R"("query":"a ...")")) << "without `added` the start carries the whole item";
}

TEST(WebSearchText, OfEveryAction) {
  auto text = [](std::string_view action) {
    auto item = wire::read_item(*parse_json(fmt::format(R"({{"type":"web_search_call","action":{}}})", action)));
    return web_search_text(std::get<wire::WebSearchCall>(*item).action);
  };
  struct Row {
    std::string_view action, text;
  };
  for (const auto& [action, expected] : {
           Row{R"({"type":"search","query":"q","queries":["a","b"]})", "q"},
           Row{R"({"type":"search","query":"","queries":["a"]})", "a"},
           Row{R"({"type":"search","queries":["a","b"]})", "a ..."},
           Row{R"({"type":"search","queries":["","b"]})", ""},
           Row{R"({"type":"search"})", ""},
           Row{R"({"type":"open_page","url":"u"})", "u"},
           Row{R"({"type":"open_page"})", ""},
           Row{R"({"type":"find_in_page","url":"u","pattern":"p"})", "'p' in u"},
           Row{R"({"type":"find_in_page","pattern":"p"})", "'p'"},
           Row{R"({"type":"find_in_page","url":"u"})", "u"},
           Row{R"({"type":"find_in_page"})", ""},
           Row{R"({"type":"levitate"})", ""},
       }) {
    EXPECT_EQ(text(action), expected) << action;
  }
  EXPECT_EQ(web_search_text(std::nullopt), "");
}

TEST_F(ItemEventsTest, ReasoningWithAndWithoutRawText) {
  const std::string item = R"({"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"one"},)"
                           R"({"type":"summary_text","text":"two"}],"content":[{"type":"reasoning_text","text":"raw"},)"
                           R"({"type":"text","text":"more"}],"encrypted_content":"E"})";
  const std::string body =
      sse({added(R"({"type":"reasoning","id":"r","summary":[]})"),
           R"({"type":"response.reasoning_summary_part.added","summary_index":1})",
           R"({"type":"response.reasoning_summary_text.delta","delta":"on","summary_index":1})",
           R"({"type":"response.reasoning_text.delta","delta":"ra","content_index":2})", done(item), completed});
  auto events = events_of(body);
  const std::string start =
      "item_started agent_reasoning_section_break reasoning_content_delta agent_reasoning_delta "
      "reasoning_raw_content_delta agent_reasoning_raw_content_delta item_completed agent_reasoning agent_reasoning ";
  EXPECT_EQ(types(events), start);
  EXPECT_TRUE(contains(events[0], R"("item":{"type":"Reasoning","id":"r","summary_text":[],"raw_content":[]})"));
  EXPECT_EQ(events[1], R"({"type":"agent_reasoning_section_break","item_id":"r","summary_index":1})");
  EXPECT_TRUE(contains(events[2], R"("item_id":"r","delta":"on","summary_index":1)"));
  EXPECT_TRUE(contains(events[4], R"("item_id":"r","delta":"ra","content_index":2)"));
  EXPECT_TRUE(contains(events[6], R"("summary_text":["one","two"],"raw_content":["raw","more"])"));
  config->show_raw_agent_reasoning = true;
  events = events_of(body);
  EXPECT_EQ(types(events), start + "agent_reasoning_raw_content agent_reasoning_raw_content ");
}

TEST_F(ItemEventsTest, AMessageOfSeveralTextsIsShownAsOne) {
  auto events = events_of(
      sse({done(R"({"type":"message","role":"assistant","id":"m","phase":"commentary","end_turn":false,"content":[)"
                R"({"type":"output_text","text":"a"},{"type":"output_text","text":"b"}]})"),
           completed}));
  ASSERT_EQ(types(events), "item_started item_completed agent_message ");
  for (int i : {0, 1}) {
    EXPECT_TRUE(contains(events[static_cast<std::size_t>(i)],
                         R"("id":"m","content":[{"type":"Text","text":"ab"}],"phase":"commentary")"));
  }
  EXPECT_EQ(events[2], R"({"type":"agent_message","message":"ab","phase":"commentary"})");
  EXPECT_EQ(http.requests().size(), 1u) << "end_turn and phase do not keep a turn going";
}

TEST_F(ItemEventsTest, AMessageWithoutIdGetsOneForAllItsEvents) {
  const std::string item = R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]})";
  auto events = events_of(sse({added(R"({"type":"message","role":"assistant","content":[]})"),
                               R"({"type":"response.output_text.delta","delta":"a"})", done(item), completed}));
  EXPECT_EQ(types(events),
            "item_started agent_message_content_delta agent_message_delta item_completed agent_message ");
  EXPECT_FALSE(contains(events[0], R"("id":"")")) << "the ids are compared by expect_invariants";
}

TEST_F(ItemEventsTest, ADeltaWithoutAnItemIsDropped) {
  auto delta = R"({"type":"response.output_text.delta","delta":"stray"})";
  EXPECT_EQ(types(events_of(sse({delta, message("m"), delta, completed}))),
            "item_started item_completed agent_message ");
}

TEST_F(ItemEventsTest, TheLastMessageIsThatOfTheLastAnswer) {
  answer(sse({message("early"), call("update_plan", R"({"plan":[]})", "c"), completed}));
  answer(sse({completed}));
  run({turn("hi")});
  EXPECT_FALSE(recorder.last<wire::event::TaskComplete>()->last_agent_message);
}

TEST_F(ItemEventsTest, ABlankMessageIsNotTheLastOne) {
  answer(sse({message("said"), message(" "), completed}));
  run({turn("hi")});
  EXPECT_EQ(*recorder.last<wire::event::TaskComplete>()->last_agent_message, "said");
}

// session.md 2.5
TEST(CitationFilter, TagsMayBeCutAnywhere) {
  const std::string text = "a <oai-mem-citation>hid<den</oai-mem-citation>b <oai-mem c <<oai-mem-citation>x";
  const std::string shown = "a b <oai-mem c <";
  EXPECT_EQ(CitationFilter::strip(text), shown);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    for (std::size_t step : {std::size_t{1}, text.size()}) {
      CitationFilter filter;
      std::string out = filter.feed(text.substr(0, cut));
      for (std::size_t at = cut; at < text.size(); at += step) out += filter.feed(text.substr(at, step));
      EXPECT_EQ(out + filter.finish(), shown) << cut;
    }
  }
  CitationFilter held;
  EXPECT_EQ(held.feed("x<oai-mem"), "x") << "what may become a tag waits";
  EXPECT_EQ(held.finish(), "<oai-mem");
}

TEST_F(ItemEventsTest, StreamedCitationsAreHidden) {
  auto events =
      events_of(streamed({"a<oai-mem-", "citation>x</oai-mem-citation>", "b<"}) + sse({message("ab<"), completed}));
  std::string shown;
  for (const auto& text : events) {
    auto event = *parse_json(text);
    if (find_string(event, "type") == "agent_message_delta") shown += *find_string(event, "delta");
  }
  EXPECT_EQ(shown, "ab<");
}

// session.md 2.4: one text, element ranges moved along, placeholders filled in; the item keeps the parts.
TEST_F(ItemEventsTest, UserInputOfManyParts) {
  auto input = turn("see ");
  wire::input::Text second{.text = "[Pasted] end", .text_elements = {}};
  second.text_elements.push_back({.byte_range = {0, 8}, .placeholder = {}});
  second.text_elements.push_back({.byte_range = {9, 12}, .placeholder = std::string("named")});
  input.items.push_back(wire::input::Image{"https://x/i.png"});
  input.items.push_back(std::move(second));
  input.items.push_back(wire::input::LocalImage{"/gone.png"});
  answer(sse({message("ok"), completed}));
  run({input});
  std::string legacy;
  wire::write_event(legacy, wire::EventMsg(*recorder.last<wire::event::UserMessage>()));
  EXPECT_EQ(
      legacy,
      R"({"type":"user_message","message":"see [Pasted] end","images":["https://x/i.png"],)"
      R"("local_images":["/gone.png"],"text_elements":[{"byte_range":{"start":4,"end":12},"placeholder":"[Pasted]"},)"
      R"({"byte_range":{"start":13,"end":16},"placeholder":"named"}]})");
  for (const auto& e : recorder.events) {
    const auto* done = std::get_if<wire::event::ItemCompleted>(&e.msg);
    const auto* user = done == nullptr ? nullptr : std::get_if<wire::UserMessageItem>(&done->item);
    if (user != nullptr) EXPECT_EQ(user->content.size(), 4u);
  }
}

}  // namespace burin::agent

// Estimates, sums and limits (context.md 3).
#include "context/tokens.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "context/fragments.h"
#include "context/history.h"
#include "context/images.h"
#include "model/catalog.h"

namespace burin::context {

namespace {

const wire::TruncationPolicy wide{wire::TruncationMode::bytes, 1'000'000};

wire::ResponseItem item(std::string_view text) { return *wire::read_item(*parse_json(text)); }
std::int64_t bytes(const wire::ResponseItem& i) { return estimate_bytes(i, wire::dump_item(i).size()); }
wire::ResponseItem user(std::string text) { return *text_message("user", {std::move(text)}); }
wire::ResponseItem with_image(std::string url) {
  wire::Message m;
  m.role = "user";
  m.content.push_back(wire::InputImage{.image_url = std::move(url)});
  return m;
}
wire::ResponseItem reasoning(std::size_t size) {
  return item(R"({"type":"reasoning","summary":[],"encrypted_content":")" + std::string(size, 'e') + "\"}");
}
History history(const std::vector<wire::ResponseItem>& items) {
  History h;
  for (const auto& i : items) h.record(i, wide);
  return h;
}

}  // namespace

TEST(Tokens, ItemsCountTheirJson) {
  auto message = user("héllo");
  EXPECT_EQ(bytes(message), static_cast<std::int64_t>(wire::dump_item(message).size()));
  EXPECT_EQ(bytes(item(R"({"type":"ghost_snapshot","ghost_commit":{"id":"g"}})")), 0);
  EXPECT_EQ(bytes(reasoning(2400)), 1150);
  EXPECT_EQ(bytes(reasoning(100)), 0) << "never negative";
  EXPECT_EQ(bytes(item(R"({"type":"compaction","encrypted_content":")" + std::string(1000, 'c') + "\"}")), 100);
  auto plain = item(R"({"type":"reasoning","summary":[],"encrypted_content":null})");
  EXPECT_EQ(bytes(plain), static_cast<std::int64_t>(wire::dump_item(plain).size()));
}

TEST(Tokens, ImagesHaveAFlatPrice) {
  auto cost = [](const std::string& url) {
    return bytes(with_image(url)) - static_cast<std::int64_t>(wire::dump_item(with_image("")).size());
  };
  EXPECT_EQ(cost("data:image/png;base64," + std::string(5000, 'A')), 7373 + 22);
  EXPECT_EQ(cost("DATA:IMAGE/PNG;charset=x;BASE64," + std::string(50, 'A')), 7373 + 32);
  for (std::string url : {"https://example.org/a.png", "file:///a.png", "data:image/png,AAAA",
                          "data:text/plain;base64,AA", "data:image/png;base64"}) {
    EXPECT_EQ(cost(url), static_cast<std::int64_t>(url.size())) << url;
  }
  std::string two =
      R"({"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/png;base64,AAAA"},)"
      R"({"type":"input_image","image_url":"data:image/png;base64,BBBBBBBB"}]})";
  EXPECT_EQ(bytes(item(two)), static_cast<std::int64_t>(two.size()) - 12 + 2 * 7373);
}

TEST(Tokens, FullSizeImagesCountTheirPatches) {
  // A BMP header is enough for its size: 100 x 65 pixels are 4 x 3 patches.
  std::string bmp(54, '\0');
  bmp.replace(0, 2, "BM");
  bmp[10] = 54;
  bmp[14] = 40;
  bmp[18] = 100;
  bmp[22] = 65;
  bmp[26] = 1;
  bmp[28] = 24;
  auto text = base64(bmp);
  ASSERT_TRUE(image_size(text));
  wire::FunctionCallOutput output{.call_id = "c", .output = {}};
  output.output.body = std::vector<wire::ContentItem>{
      wire::InputImage{.image_url = "data:image/bmp;base64," + text, .detail = wire::ImageDetail::original}};
  auto size = static_cast<std::int64_t>(wire::dump_item(output).size());
  EXPECT_EQ(bytes(output), size - static_cast<std::int64_t>(text.size()) + 4 * 4 * 3);
}

TEST(Tokens, WhatTheServerHasNotCounted) {
  auto call = item(R"({"type":"function_call","name":"f","arguments":"{}","call_id":"a"})");
  auto output = item(R"({"type":"function_call_output","call_id":"a","output":"0123456789"})");
  auto tokens = [](const wire::ResponseItem& i) { return (bytes(i) + 3) / 4; };
  EXPECT_EQ(history({user("one"), user("two")}).tally().after_last_generated(), 0) << "no item of the model: nothing";
  EXPECT_EQ(history({user("one"), call, output, user("two")}).tally().after_last_generated(),
            tokens(output) + tokens(user("two")));
  EXPECT_EQ(history({call, output, reasoning(2400)}).tally().after_last_generated(), 0);
}

TEST(Tokens, ReasoningOfEarlierTurns) {
  auto plain = item(R"({"type":"reasoning","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":null})");
  EXPECT_EQ(history({reasoning(2400)}).tally().reasoning_of_earlier_turns(), 0) << "no user message";
  EXPECT_EQ(
      history({user("a"), reasoning(2400), plain, user("b"), reasoning(4000)}).tally().reasoning_of_earlier_turns(),
      288);
  auto fragment = user("<environment_context>\n</environment_context>");
  EXPECT_EQ(history({reasoning(2400), fragment}).tally().reasoning_of_earlier_turns(), 288)
      << "any message of role user";
}

TEST(Tokens, SumsFollowEveryChange) {
  auto h = history({user("one"), reasoning(2400), user("two"), reasoning(2400)});
  h.drop_last_user_turns(1);
  EXPECT_EQ(h.tally().total(), history({user("one"), reasoning(2400)}).tally().total());
  EXPECT_EQ(h.tally().reasoning_of_earlier_turns(), 0);
  h.replace({user("x")});
  EXPECT_EQ(h.tally().total(), history({user("x")}).tally().total());
  h.clear();
  EXPECT_EQ(h.tally().total(), 0);
}

TEST(Tokens, PercentLeft) {
  struct Case {
    std::int64_t window, used;
    int left;
  };
  for (auto c : std::initializer_list<Case>{{258400, 0, 100},
                                            {258400, 12000, 100},
                                            {258400, 135200, 50},
                                            {258400, 258400, 0},
                                            {258400, 999999, 0},
                                            {12000, 0, 0},
                                            {0, 0, 0},
                                            {12001, 0, 100}}) {
    EXPECT_EQ(percent_left(c.window, c.used), c.left) << c.window << " " << c.used;
  }
}

// context.md 3.7: the raw window, not the effective one; configuration may only lower it.
TEST(Tokens, AutomaticCompactionLimit) {
  model::ModelInfo m;
  EXPECT_FALSE(m.auto_compact_limit());
  m.auto_compact_token_limit = 5000;
  EXPECT_EQ(m.auto_compact_limit(), 5000);
  m.context_window = 272000;
  EXPECT_EQ(m.auto_compact_limit(), 5000);
  m.auto_compact_token_limit = 999999;
  EXPECT_EQ(m.auto_compact_limit(), 244800);
  m.auto_compact_token_limit.reset();
  EXPECT_EQ(m.auto_compact_limit(), 244800);
  EXPECT_EQ(m.usable_window(), 258400);
}

}  // namespace burin::context

// Framing of server-sent events: the same events however the bytes are cut (model-client.md 8.2).
#include "model/sse.h"

#include <gtest/gtest.h>

namespace burin::model {

std::vector<std::string> parse_in_pieces(std::string_view text, std::size_t piece) {
  SseParser parser;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    // A copy at an exact size, so that a read beyond the piece is seen by the sanitizer.
    std::string part(text.substr(at, piece));
    EXPECT_TRUE(parser.feed(part, [&](std::string_view data) { out.emplace_back(data); }));
  }
  return out;
}

const std::vector<std::pair<std::string, std::vector<std::string>>> corpus = {
    {"data: a\n\n", {"a"}},
    {"data: a\r\n\r\n", {"a"}},
    {"data: a\r\r", {"a"}},
    {"data:a\n\ndata:  b\n\n", {"a", " b"}},
    {"data: a\ndata: b\n\n", {"a\nb"}},
    {"data: a\r\ndata: b\r\rdata: c\n\r\n", {"a\nb", "c"}},
    {"event: x\nid: 1\nretry: 5\n: comment\ndata: a\n\n", {"a"}},
    {"event: x\n\n", {}},
    {": keep-alive\n\n: again\n\n", {}},
    {"data: lost", {}},
    {"data: lost\n", {}},
    {"data\n\n", {""}},
    {"data:\n\n", {""}},
    {"data:\ndata:\n\n", {"\n"}},
    {"database: no\n\n", {}},
    {"\xEF\xBB\xBF"
     "data: a\n\n",
     {"a"}},
    {"\n\n\ndata: a\n\n\n\n", {"a"}},
    {"data: {\"k\":\"\xC3\xA4\"}\n\n", {"{\"k\":\"\xC3\xA4\"}"}},
};

TEST(Sse, EveryCutGivesTheSameEvents) {
  for (const auto& [text, events] : corpus) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      EXPECT_EQ(parse_in_pieces(text, piece), events) << "text " << text << " in pieces of " << piece;
    }
  }
}

TEST(Sse, TwoPiecesAtEveryByte) {
  std::string all;
  std::vector<std::string> expected;
  for (const auto& [text, events] : corpus) {
    if (text.starts_with("data: lost") || text.starts_with("\xEF")) continue;
    all += text;
    expected.insert(expected.end(), events.begin(), events.end());
  }
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    SseParser parser;
    std::vector<std::string> out;
    auto take = [&](std::string_view data) { out.emplace_back(data); };
    ASSERT_TRUE(parser.feed(std::string(all.substr(0, cut)), take));
    ASSERT_TRUE(parser.feed(std::string(all.substr(cut)), take));
    ASSERT_EQ(out, expected) << "cut at " << cut;
  }
}

TEST(Sse, TwentyMegabytesInOneEvent) {
  std::string big(20 << 20, 'x');
  std::string text = "data: " + big + "\n\n";
  SseParser parser;
  std::size_t got = 0;
  for (std::size_t at = 0; at < text.size(); at += 16384) {
    ASSERT_TRUE(parser.feed(std::string_view(text).substr(at, 16384), [&](std::string_view d) { got = d.size(); }));
  }
  EXPECT_EQ(got, big.size());
}

}  // namespace burin::model

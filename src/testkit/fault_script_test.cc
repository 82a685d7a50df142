#include "testkit/fault_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/event_builders.h"

namespace burin::testkit {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace fault_script_test_detail {
std::string joined(const Pieces& pieces) {
  std::string out;
  for (auto p : pieces) out += p;
  return out;
}
}  // namespace fault_script_test_detail

TEST(FaultScript, CutsIntoPieces) {
  EXPECT_THAT(in_pieces("abcde", 2), ElementsAre("ab", "cd", "e"));
  EXPECT_THAT(in_pieces("abcd", 4), ElementsAre("abcd"));
  EXPECT_THAT(in_pieces("", 3), IsEmpty());
  EXPECT_THAT(cut_everywhere("ab"), ElementsAre(ElementsAre("", "ab"), ElementsAre("a", "b"), ElementsAre("ab", "")));
}

TEST(FaultScript, RandomPiecesKeepTheBytes) {
  std::string text = sse_completed("r");
  auto pieces = in_random_pieces(text, 7, 5);
  EXPECT_EQ(fault_script_test_detail::joined(pieces), text);
  EXPECT_EQ(pieces, in_random_pieces(text, 7, 5));
  EXPECT_NE(pieces, in_random_pieces(text, 8, 5));
  for (auto p : pieces) {
    EXPECT_GE(p.size(), 1u);
    EXPECT_LE(p.size(), 5u);
  }
}

TEST(FaultScript, ChangesLineEnds) {
  EXPECT_EQ(with_line_ends("a\n\nb\n", LineEnd::lf), "a\n\nb\n");
  EXPECT_EQ(with_line_ends("a\n\nb\n", LineEnd::crlf), "a\r\n\r\nb\r\n");
  EXPECT_EQ(with_line_ends("a\n\nb\n", LineEnd::cr), "a\r\rb\r");
}

TEST(FaultScript, CutsResponses) {
  Response whole = Response::stream({ev_completed("r")});
  std::string text = body_text(whole);
  for (std::size_t n = 0; n <= text.size(); ++n) {
    Response cut = cut_after(whole, n, End::reset);
    EXPECT_EQ(body_text(cut), text.substr(0, n));
    EXPECT_EQ(cut.end, End::reset);
    EXPECT_EQ(cut.content_type, "text/event-stream");
  }
}

TEST(ResponseText, EndsLinesAsTold) {
  Response r = Response::stream_steps({EventStep{json::object{{"type", "a"}, {"b", 1}}}, CommentStep{"keep"},
                                       SleepStep{io::seconds(1)}, GateStep{"g"}, RawStep{"x\n"}});
  EXPECT_EQ(body_text(r), "event: a\ndata: {\"type\":\"a\",\"b\":1}\n\n: keep\n\nx\n");
  r.crlf = true;
  EXPECT_EQ(body_text(r), "event: a\r\ndata: {\"type\":\"a\",\"b\":1}\r\n\r\n: keep\r\n\r\nx\n");
  Response bare = Response::stream({json::object{{"type", "a"}}});
  bare.end = End::no_blank_line;
  EXPECT_EQ(body_text(bare), "event: a\n");
  bare.crlf = true;
  EXPECT_EQ(body_text(bare), "event: a\r\n");
}

}  // namespace burin::testkit

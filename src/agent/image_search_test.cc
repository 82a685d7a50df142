// A picture that the server refuses never breaks a thread: which one it is, how many requests that takes.
#include <cmath>

#include "testing/thread_fixture.h"

namespace burin::agent {

struct ImageSearchTest : ThreadTest {
  void TestBody() override {}  // so that one test can run several worlds
  std::set<std::string> bad;   // URLs that the server refuses
  std::string complaint = "The image data you provided does not represent a valid image";
  bool in_stream = false;  // the complaint comes as response.failed
  std::size_t refused = 0;

  void SetUp() override {
    ThreadTest::SetUp();
    http.respond = [this](const io::HttpRequest& request) -> std::optional<io::ScriptedResponse> {
      for (const auto& url : bad) {
        if (!contains(request.body, url)) continue;
        ++refused;
        if (!in_stream) return io::ScriptedResponse::text(400, complaint);
        return io::ScriptedResponse::text(
            200,
            sse({R"({"type":"response.created","response":{"id":"r"}})",
                 R"({"type":"response.failed","response":{"error":{"code":"invalid_image_format","message":"m"}}})"}));
      }
      return io::ScriptedResponse::text(200, sse({message("ok"), completed}));
    };
  }
  static std::string url(std::size_t n) { return fmt::format("data:image/png;base64,IMG{:03}=", n); }
  wire::op::UserTurn look(std::size_t images) {
    auto t = turn("look");
    for (std::size_t n = 0; n < images; ++n) t.items.push_back(wire::input::Image{url(n)});
    return t;
  }
  std::size_t errors() const { return static_cast<std::size_t>(std::ranges::count(recorder.types(), "error")); }
};

TEST_F(ImageSearchTest, AnyImageOfAnyNumberIsFoundInLogarithmicTime) {
  for (std::size_t images : {1, 2, 3, 5, 8, 16}) {
    for (std::size_t culprit = 0; culprit < images; ++culprit) {
      ImageSearchTest each;
      each.SetUp();
      each.bad = {url(culprit)};
      each.run({each.look(images)});
      auto limit = 1 + static_cast<std::size_t>(std::ceil(std::log2(images))) + 1;
      EXPECT_LE(each.http.requests().size(), limit) << culprit << " of " << images;
      const auto& last = each.http.requests().back().body;
      for (std::size_t n = 0; n < images; ++n) EXPECT_EQ(contains(last, url(n)), n != culprit) << n;
      EXPECT_TRUE(contains(last, "An image was here."));
      EXPECT_EQ(each.errors(), 0u);
      EXPECT_EQ(each.recorder.last<wire::event::TaskComplete>()->last_agent_message, "ok");
    }
  }
}

TEST_F(ImageSearchTest, SeveralCulprits) {
  bad = {url(1), url(4), url(5)};
  run({look(6)});
  for (std::size_t n = 0; n < 6; ++n) EXPECT_EQ(contains(http.requests().back().body, url(n)), !bad.contains(url(n)));
  EXPECT_EQ(errors(), 0u);
  EXPECT_LE(http.requests().size(), 1 + 3 * (3 + 1));
}

TEST_F(ImageSearchTest, AnyWordingCounts) {
  for (bool failed_event : {false, true}) {
    ImageSearchTest each;
    each.SetUp();
    each.complaint = R"({"error":{"message":"Could not parse the Image at input[3]","code":"bad"}})";
    each.in_stream = failed_event;
    each.bad = {url(2)};
    each.run({each.look(4), each.turn("more")});
    EXPECT_EQ(each.errors(), 0u);
    EXPECT_FALSE(contains(each.http.requests().back().body, url(2))) << "it stays out of later turns";
  }
}

TEST_F(ImageSearchTest, ImagesThatTheServerTookBeforeAreNoSuspects) {
  auto first = look(8);
  auto second = turn("and this");
  second.items.push_back(wire::input::Image{url(20)});
  bad = {url(20)};
  run({first, second});
  EXPECT_EQ(http.requests().size(), 3u) << "the one new image is the culprit";
  EXPECT_TRUE(contains(http.requests().back().body, url(0)));
}

TEST_F(ImageSearchTest, WhenImagesAreNotTheReasonNothingIsLost) {
  http.respond = [this](const io::HttpRequest&) {
    return refused++ < 20 ? io::ScriptedResponse::text(400, "no image tokens left in your plan")
                          : io::ScriptedResponse::text(200, sse({message("ok"), completed}));
  };
  run({look(4)});
  EXPECT_EQ(recorder.last<wire::event::Error>()->message, "no image tokens left in your plan");
  EXPECT_LE(http.requests().size(), 5u) << "two halvings, the request itself, one without any image";
  refused = 20;
  run({turn("again")});
}

TEST_F(ImageSearchTest, WhatWasLeftOutOfOneMessageInVainIsAllBack) {
  http.respond = [this](const io::HttpRequest&) {
    return refused++ < 30 && errors() == 0 ? io::ScriptedResponse::text(400, complaint)
                                           : io::ScriptedResponse::text(200, sse({message("ok"), completed}));
  };
  run({look(4), turn("again")});
  EXPECT_EQ(errors(), 1u);
  for (std::size_t n = 0; n < 4; ++n) EXPECT_TRUE(contains(http.requests().back().body, url(n))) << n;
}

TEST_F(ImageSearchTest, NoImagesNoSearch) {
  http.respond = [](const io::HttpRequest&) { return io::ScriptedResponse::text(400, "image?"); };
  run({turn("hi")});
  EXPECT_EQ(http.requests().size(), 1u);
  EXPECT_EQ(errors(), 1u);
}

}  // namespace burin::agent

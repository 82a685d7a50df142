// What users read when the model cannot be asked (model-client.md 9.1-9.3, 8.5).
#include "model/error.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "io/clock.h"

namespace burin::model {

struct Reply : io::HttpResponse {
  io::Headers fields;
  explicit Reply(io::Headers headers = {}) : fields(std::move(headers)) {}
  int status() const override { return 0; }
  const io::Headers& headers() const override { return fields; }
  io::Task<Result<std::string_view>> read() override { co_return std::string_view(); }
};

ModelError of(int status, std::string_view body, io::Headers headers = {}, std::int64_t now = 1'700'000'000) {
  return status_error(status, Reply(std::move(headers)), body, "http://m/v1/responses", now);
}
ModelError limit(std::string members, io::Headers headers = {}) {
  return of(429, R"({"error":{"type":"usage_limit_reached")" + members + "}}", std::move(headers));
}

TEST(StatusError, Cloudflare) {
  auto e = of(403, "<html>Cloudflare … you have been blocked</html>", {{"cf-ray", "ray"}, {"x-oai-request-id", "oai"}});
  EXPECT_TRUE(contains(e.message, "Cloudflare"));
  EXPECT_TRUE(e.message.ends_with(" (status 403 Forbidden), url: http://m/v1/responses, cf-ray: ray, request id: oai"));
  EXPECT_TRUE(of(403, "blocked").message.starts_with("unexpected status 403 Forbidden: blocked, url:"));
}

TEST(StatusError, BodiesAndNames) {
  EXPECT_EQ(of(502, R"({"error":{"message":"  "}})").message,
            "unexpected status 502 Bad Gateway: {\"error\":{\"message\":\"  \"}}, url: http://m/v1/responses");
  EXPECT_EQ(of(599, " x ").message, "unexpected status 599 <unknown status code>: x, url: http://m/v1/responses");
  EXPECT_EQ(of(429, "", {{"cf-ray", "ray"}}).message,
            "exceeded retry limit, last status: 429 Too Many Requests, request id: ray");
  EXPECT_EQ(of(503, R"({"error":{"code":"x"}})").cls, ErrorClass::unexpected_status);
}

// What a 429 is depends on a body whose known members have the right types.
TEST(StatusError, BrokenLimitBodiesAreOrdinary429s) {
  for (auto members : {R"(,"plan_type":5)", R"(,"resets_at":"x")", R"(,"resets_at":1.5)"}) {
    EXPECT_EQ(limit(members).cls, ErrorClass::retry_limit) << members;
  }
  for (auto body : {"", "no json", "[]", R"({"error":"s"})", R"({"error":{"type":5}})"}) {
    EXPECT_EQ(of(429, body).cls, ErrorClass::retry_limit) << body;
  }
  EXPECT_EQ(limit(R"(,"message":5,"plan_type":null,"resets_at":null)").cls, ErrorClass::usage_limit_reached);
}

TEST(UsageLimit, AdviceByPlan) {
  const std::pair<const char*, const char*> rows[] = {
      {"plus",
       "Upgrade to Pro (https://chatgpt.com/explore/pro) or buy more credits "
       "(https://chatgpt.com/codex/settings/usage), or t"},
      {"team", "Ask your workspace admin for more credits, or t"},
      {"business", "Ask your workspace admin for more credits, or t"},
      {"free", "Upgrade to Plus (https://chatgpt.com/explore/plus) to go on, or t"},
      {"go", "Upgrade to Plus (https://chatgpt.com/explore/plus) to go on, or t"},
      {"pro", "Buy more credits (https://chatgpt.com/codex/settings/usage), or t"},
      {"enterprise", "T"},
      {"edu", "T"},
      {"education", "T"},
      {"galactic", "T"},
      {"Plus", "T"},
  };
  for (auto [plan, advice] : rows) {
    EXPECT_EQ(limit(fmt::format(R"(,"plan_type":"{}")", plan)).message,
              fmt::format("You've hit your usage limit. {}ry again later.", advice))
        << plan;
  }
  EXPECT_EQ(limit("").message, "You've hit your usage limit. Try again later.");
}

TEST(UsageLimit, LimitNameThenPromoThenPlan) {
  const std::string plus = R"(,"plan_type":"plus")";
  EXPECT_EQ(limit(plus, {{"x-codex-promo-message", "Promo"}}).message,
            "You've hit your usage limit. Promo, or try again later.");
  EXPECT_EQ(limit(plus, {{"x-codex-promo-message", "Promo"}, {"x-codex-limit-name", "Fast"}}).message,
            "You've hit your usage limit for Fast. Switch to another model now, or try again later.");
  for (auto own : {"codex", "CODEX"}) {
    EXPECT_EQ(limit("", {{"x-codex-limit-name", own}}).message, "You've hit your usage limit. Try again later.");
  }
  auto other = limit("", {{"x-codex-active-limit", "Codex-Other"},
                          {"x-codex-other-limit-name", "Other"},
                          {"x-codex-other-primary-used-percent", "100"}});
  EXPECT_TRUE(contains(other.message, "limit for Other."));
  EXPECT_EQ(other.rate_limits->limit_id, "codex_other");
  EXPECT_EQ(other.rate_limits->primary->used_percent, 100);
}

TEST(UsageLimit, Times) {
  // Local noon of some day: the same day and other days are then the same everywhere.
  auto t = io::real_clock().local(1'704'200'000);
  std::int64_t noon = 1'704'200'000 - (t.hour - 12) * 3600 - t.minute * 60;
  auto text = [&](std::int64_t at) {
    auto message = of(429, fmt::format(R"({{"error":{{"type":"usage_limit_reached","resets_at":{}}}}})", at), {}, noon);
    return message.message.substr(std::string_view("You've hit your usage limit. ").size());
  };
  EXPECT_EQ(text(noon + 3 * 3600 + 5 * 60), "Try again at 3:05 PM.");
  EXPECT_EQ(text(noon - 12 * 3600), "Try again at 12:00 AM.");
  EXPECT_EQ(text(noon), "Try again at 12:00 PM.");
  const char* days[] = {"1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd"};
  for (std::string day : days) {
    auto n = *parse_int(day.substr(0, day.size() - 2));
    EXPECT_EQ(text(noon + (n - t.day + 31) * 86400), fmt::format("Try again at Feb {}, 2024 12:00 PM.", day));
  }
}

// The error object of `response.failed` counts only when its known members have the right types.
TEST(FailedEvent, Shapes) {
  auto message = [](std::string_view response) {
    return failed_event_error(*parse_json(fmt::format(R"({{"type":"response.failed","response":{}}})", response)))
        .message;
  };
  const std::string generic = "stream disconnected before completion: response.failed event received";
  for (auto shape : {"null", "\"x\"", "{}", R"({"error":null})", R"({"error":"text"})",
                     R"({"error":{"code":5,"message":"m"}})", R"({"error":{"type":5,"code":"insufficient_quota"}})",
                     R"({"error":{"code":"insufficient_quota","resets_at":"x"}})"}) {
    EXPECT_EQ(message(shape), generic) << shape;
  }
  EXPECT_EQ(message(R"({"error":{"message":"only"}})"), "stream disconnected before completion: only");
  EXPECT_EQ(message(R"({"error":{"code":null,"message":null}})"), "stream disconnected before completion: ");
  EXPECT_EQ(message(R"({"error":{"code":"invalid_prompt","message":"a\nb"}})"), "a\nb");
  EXPECT_EQ(message(R"({"error":{"code":"invalid_prompt","message":""}})"), "");
  EXPECT_EQ(message(R"({"error":{"code":"invalid_prompt"}})"), "Invalid request.");
}

TEST(RetryAfter, SecondsAndDates) {
  EXPECT_EQ(retry_after("120", 1000), 1120);
  EXPECT_EQ(retry_after(" 0 ", 1000), 1000);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 5), 784111777);
  for (auto bad :
       {"", "-1", "soon", "99999999999", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994",
        "Sun, 06 ovD 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(retry_after(bad, 0)) << bad;
  }
}

}  // namespace burin::model

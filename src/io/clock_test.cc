#include "io/clock.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "io/environment.h"

namespace burin::io {

TEST(Clock, TextsOfInstants) {
  EXPECT_EQ(utc_ms_text(1'772'702'110'017), "2026-03-05T09:15:10.017Z");
  EXPECT_EQ(utc_ns_text(1'772'702'110'017'123'456), "2026-03-05T09:15:10.017123456Z");
  EXPECT_EQ(utc_ms_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_ms_text(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(utc_ms_text(951'782'400'000), "2000-02-29T00:00:00.000Z");
}

TEST(Clock, FixedClockStandsStillAndIsUtc) {
  FixedClock clock;
  EXPECT_EQ(utc_ms_text(clock.now_ms()), "2026-03-02T10:15:10.000Z");
  clock.advance_ms(1500);
  EXPECT_EQ(utc_ms_text(clock.now_ms()), "2026-03-02T10:15:11.500Z");
  LocalTime t = clock.local(clock.now_ms() / 1000);
  EXPECT_EQ(t.year, 2026);
  EXPECT_EQ(t.hour, 10);
  EXPECT_EQ(clock.timezone(), "Etc/UTC");
}

TEST(Clock, RealClockFollowsTheZoneOfTheUser) {
  const char* old = std::getenv("TZ");
  std::string saved = old != nullptr ? old : "";
  ::setenv("TZ", "Europe/Madrid", 1);
  EXPECT_EQ(real_clock().timezone(), "Europe/Madrid");
  LocalTime winter = real_clock().local(1'772'702'110);
  EXPECT_EQ(winter.hour, 10);
  ::setenv("TZ", "CET-1CEST", 1);
  EXPECT_NE(real_clock().timezone(), "CET-1CEST");
  if (old != nullptr) {
    ::setenv("TZ", saved.c_str(), 1);
  } else {
    ::unsetenv("TZ");
  }
  std::int64_t a = real_clock().now_ns();
  EXPECT_GT(a, 1'700'000'000'000'000'000);
  EXPECT_GE(real_clock().now_ns(), a);
}

TEST(Random, SeededNumbersRepeatAndStayInRange) {
  SeededRandom a(7), b(7), c(8);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  bool low = false, high = false;
  for (int i = 0; i < 1000; ++i) {
    std::uint64_t n = a.between(3, 6);
    ASSERT_GE(n, 3u);
    ASSERT_LE(n, 6u);
    low = low || n == 3;
    high = high || n == 6;
    double u = a.unit();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
  }
  EXPECT_TRUE(low && high);
  EXPECT_EQ(a.between(5, 5), 5u);
  a.between(0, ~std::uint64_t{0});
}

TEST(Random, RealNumbersDiffer) { EXPECT_NE(real_random().next(), real_random().next()); }

TEST(Uuid, VersionSevenIsTimeOrdered) {
  FixedClock clock(1'772'702'110'017'000'000);
  SeededRandom random(1);
  std::string before = uuid_v7(clock, random);
  EXPECT_EQ(before.size(), 36u);
  EXPECT_EQ(before.substr(0, 15), "019cbd47-9141-7");
  EXPECT_NE(std::string("89ab").find(before[19]), std::string::npos);
  for (int i = 0; i < 50; ++i) {
    FixedClock later(1'772'702'110'017'000'000 + (i + 1) * 1000);
    std::string after = uuid_v7(later, random);
    EXPECT_LT(before, after);
    before = after;
  }
}

TEST(Uuid, VersionFour) {
  SeededRandom random(1);
  std::string id = uuid_v4(random);
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(id, uuid_v4(random));
}

TEST(Environment, PrefixesAndEmptyValues) {
  Environment env({{"CODEX_HOME", "/c"}, {"A", ""}});
  EXPECT_EQ(env.own("HOME"), "/c");
  env.set("BURIN_HOME", "/b");
  EXPECT_EQ(env.own("HOME"), "/b");
  EXPECT_EQ(env.get("A"), "");
  EXPECT_EQ(env.non_empty("A"), std::nullopt);
  EXPECT_EQ(env.get("B"), std::nullopt);
  env.unset("A");
  EXPECT_EQ(env.get("A"), std::nullopt);
}

TEST(Environment, CaptureSeesTheProcess) {
  ::setenv("BURIN_CAPTURE_TEST", "a=b", 1);
  EXPECT_EQ(Environment::capture().get("BURIN_CAPTURE_TEST"), "a=b");
  ::unsetenv("BURIN_CAPTURE_TEST");
}

TEST(Clock, UtcTextsAndBack) {
  EXPECT_EQ(utc_seconds_text(1'772'446'510), "2026-03-02T10:15:10Z");
  EXPECT_EQ(parse_rfc3339("2026-03-02T10:15:10Z"), 1'772'446'510);
  EXPECT_EQ(parse_rfc3339("2026-03-02T10:15:10.999Z"), 1'772'446'510);
  EXPECT_EQ(parse_rfc3339("2026-03-02 11:45:10.1+01:30"), 1'772'446'510);
  EXPECT_EQ(parse_rfc3339("2026-03-02t05:15:10-05:00"), 1'772'446'510);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), -1);
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), 1'709'164'800);
  for (const char* bad : {"", "2026-03-02", "2026-03-02T10:15:10", "2026-03-02T10:15:10.Z", "2026-03-02T10:15:10.5",
                          "2026-02-29T10:15:10Z", "2026-13-01T10:15:10Z", "2026-03-02T24:15:10Z",
                          "2026-03-02T10:60:10Z", "2026-03-02T10-15-10Z", "x026-03-02T10:15:10Z",
                          "2026-03-02T10:15:10Zz", "2026-03-02T10:15:10+01", "2026-03-02T10:15:10+0x:00"}) {
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
  }
}

}  // namespace burin::io

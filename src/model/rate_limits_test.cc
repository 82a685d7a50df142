// Rate-limit headers and what a session keeps of them (model-client.md 9.7).
#include "model/rate_limits.h"

#include <gtest/gtest.h>

namespace burin::model {

/// "id name primary secondary credits" with "used/minutes/reset" for a window.
std::string shown(const wire::RateLimitSnapshot& s) {
  auto window = [](const std::optional<wire::RateLimitWindow>& w) {
    if (!w) return std::string("-");
    return fmt::format("{}/{}/{}", w->used_percent, w->window_minutes.value_or(-1), w->resets_at.value_or(-1));
  };
  std::string credits = "-";
  if (s.credits) {
    credits = fmt::format("{}/{}/{}", s.credits->has_credits, s.credits->unlimited, s.credits->balance.value_or("-"));
  }
  return fmt::format("{} {} {} {} {}", s.limit_id.value_or("-"), s.limit_name.value_or("-"), window(s.primary),
                     window(s.secondary), credits);
}

std::vector<std::string> parsed(const io::Headers& headers) {
  std::vector<std::string> out;
  for (const auto& s : parse_rate_limits(headers)) out.push_back(shown(s));
  return out;
}
using Shown = std::vector<std::string>;

TEST(RateLimits, CodexIsAlwaysThere) {
  EXPECT_EQ(parsed({}), (Shown{"codex - - - -"}));
  EXPECT_EQ(parsed({{"X-Codex-Primary-Used-Percent", "12.5"},
                    {"x-codex-primary-window-minutes", "300"},
                    {"x-codex-primary-reset-at", "1790000000"},
                    {"x-codex-secondary-used-percent", " 7 "},
                    {"x-codex-limit-name", "Codex"}}),
            (Shown{"codex Codex 12.5/300/1790000000 7/-1/-1 -"}));
}

TEST(RateLimits, WindowsWithoutDataAreNone) {
  for (auto percent : {"x", "nan", "inf", "", "0", "0.0"}) {
    EXPECT_EQ(parsed({{"x-codex-primary-used-percent", percent}, {"x-codex-primary-window-minutes", "0"}}),
              (Shown{"codex - - - -"}))
        << percent;
  }
  EXPECT_EQ(parsed({{"x-codex-primary-window-minutes", "5"}, {"x-codex-primary-reset-at", "9"}}),
            (Shown{"codex - - - -"}));
  EXPECT_EQ(parsed({{"x-codex-primary-used-percent", "0"}, {"x-codex-primary-window-minutes", "5"}}),
            (Shown{"codex - 0/5/-1 - -"}));
  EXPECT_EQ(parsed({{"x-codex-primary-used-percent", "0"}, {"x-codex-primary-reset-at", "0"}}),
            (Shown{"codex - 0/-1/0 - -"}));
}

TEST(RateLimits, OtherFamiliesFollowSortedWhenTheyHaveData) {
  EXPECT_EQ(parsed({{"x-zeta-primary-used-percent", "1"},
                    {"X-Codex-Other-Primary-Used-Percent", "2"},
                    {"x-codex-other-secondary-used-percent", "3"},
                    {"x-codex-other-limit-name", "Other"},
                    {"x-empty-primary-used-percent", "0"},
                    {"x-lonely-secondary-used-percent", "9"}}),
            (Shown{"codex - - - -", "codex_other Other 2/-1/-1 3/-1/-1 -", "zeta - 1/-1/-1 - -"}));
}

TEST(RateLimits, CreditsNeedBothFlagsAndAreShared) {
  EXPECT_EQ(parsed({{"x-codex-credits-has-credits", "true"}}), (Shown{"codex - - - -"}));
  EXPECT_EQ(parsed({{"x-codex-credits-has-credits", "yes"}, {"x-codex-credits-unlimited", "0"}}),
            (Shown{"codex - - - -"}));
  // Credits are data enough for another family (observed on the reference).
  EXPECT_EQ(parsed({{"x-codex-credits-has-credits", "1"},
                    {"x-codex-credits-unlimited", "FALSE"},
                    {"x-codex-credits-balance", "5"},
                    {"x-codex-other-primary-used-percent", "0"}}),
            (Shown{"codex - - - true/false/5", "codex_other - - - true/false/5"}));
}

TEST(RateLimits, MergingKeepsCreditsAndPlanOnly) {
  wire::RateLimitSnapshot old = parse_rate_limits({{"x-codex-primary-used-percent", "50"},
                                                   {"x-codex-credits-has-credits", "true"},
                                                   {"x-codex-credits-unlimited", "false"}})[0];
  old.plan_type = wire::PlanType::pro;
  auto merged = merge_rate_limits(&old, parse_rate_limits({})[0]);
  EXPECT_EQ(shown(merged), "codex - - - true/false/-") << "windows are cleared";
  EXPECT_EQ(merged.plan_type, old.plan_type);
  wire::RateLimitSnapshot fresh;
  fresh.credits = wire::CreditsSnapshot{};
  EXPECT_EQ(shown(merge_rate_limits(&old, fresh)), "codex - - - false/false/-");
  EXPECT_EQ(shown(merge_rate_limits(nullptr, {})), "codex - - - -") << "a missing id is codex";
}

}  // namespace burin::model

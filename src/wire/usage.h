// What a turn cost and what is left: tokens and rate limits (context.md 3.1, model-client.md 9.7).
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/mapping.h"

namespace burin::wire {

/// Tokens of one response, or summed over a thread.
struct TokenUsage {
  std::int64_t input_tokens = 0;  // cached ones included
  std::int64_t cached_input_tokens = 0;
  std::int64_t output_tokens = 0;  // reasoning ones included
  std::int64_t reasoning_output_tokens = 0;
  std::int64_t total_tokens = 0;

  TokenUsage& operator+=(const TokenUsage& other) {
    input_tokens += other.input_tokens;
    cached_input_tokens += other.cached_input_tokens;
    output_tokens += other.output_tokens;
    reasoning_output_tokens += other.reasoning_output_tokens;
    total_tokens += other.total_tokens;
    return *this;
  }
  bool operator==(const TokenUsage&) const = default;
};
BURIN_WIRE_TABLE(TokenUsage, input_tokens, cached_input_tokens, output_tokens, reasoning_output_tokens, total_tokens)

struct TokenUsageInfo {
  TokenUsage total_token_usage;
  TokenUsage last_token_usage;
  Nullable<std::int64_t> model_context_window;  // the effective window in tokens
  bool operator==(const TokenUsageInfo&) const = default;
};
BURIN_WIRE_TABLE(TokenUsageInfo, total_token_usage, last_token_usage, model_context_window)

struct RateLimitWindow {
  double used_percent = 0;  // 0..100
  Nullable<std::int64_t> window_minutes;
  Nullable<std::int64_t> resets_at;  // Unix seconds
  bool operator==(const RateLimitWindow&) const = default;
};
BURIN_WIRE_TABLE(RateLimitWindow, used_percent, window_minutes, resets_at)

struct CreditsSnapshot {
  bool has_credits = false;
  bool unlimited = false;
  Nullable<std::string> balance;
  bool operator==(const CreditsSnapshot&) const = default;
};
BURIN_WIRE_TABLE(CreditsSnapshot, has_credits, unlimited, balance)

enum class PlanType : unsigned char { free, go, plus, pro, team, business, enterprise, edu, unknown };
BURIN_ENUM_OR(PlanType, PlanType::unknown, {PlanType::free, "free"}, {PlanType::go, "go"}, {PlanType::plus, "plus"},
              {PlanType::pro, "pro"}, {PlanType::team, "team"}, {PlanType::business, "business"},
              {PlanType::enterprise, "enterprise"}, {PlanType::edu, "edu"}, {PlanType::unknown, "unknown"})

struct RateLimitSnapshot {
  Nullable<std::string> limit_id;
  Nullable<std::string> limit_name;
  Nullable<RateLimitWindow> primary;
  Nullable<RateLimitWindow> secondary;
  Nullable<CreditsSnapshot> credits;
  Nullable<PlanType> plan_type;
  bool operator==(const RateLimitSnapshot&) const = default;
};
BURIN_WIRE_TABLE(RateLimitSnapshot, limit_id, limit_name, primary, secondary, credits, plan_type)

}  // namespace burin::wire

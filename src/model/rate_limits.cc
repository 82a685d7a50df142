#include "model/rate_limits.h"

#include <cmath>

#include "base/json.h"
#include "base/text.h"

namespace burin::model {

namespace rate_limits_detail {

std::optional<std::string_view> header(const io::Headers& headers, std::string_view name) {
  for (const auto& [n, v] : headers) {
    if (equals_ignore_case(n, name)) return v;
  }
  return std::nullopt;
}

std::optional<bool> header_bool(const io::Headers& headers, std::string_view name) {
  auto v = header(headers, name);
  if (!v) return std::nullopt;
  if (equals_ignore_case(*v, "true") || *v == "1") return true;
  if (equals_ignore_case(*v, "false") || *v == "0") return false;
  return std::nullopt;
}

std::optional<wire::RateLimitWindow> window(const io::Headers& headers, const std::string& prefix) {
  auto used = header(headers, prefix + "-used-percent");
  auto percent = used ? parse_double(trim(*used)) : std::nullopt;
  if (!percent || !std::isfinite(*percent)) return std::nullopt;
  auto number = [&](const std::string& suffix) -> std::optional<std::int64_t> {
    auto v = header(headers, prefix + suffix);
    return v ? parse_int(trim(*v)) : std::nullopt;
  };
  auto minutes = number("-window-minutes");
  auto reset = number("-reset-at");
  if (*percent == 0 && minutes.value_or(0) == 0 && !reset) return std::nullopt;
  wire::RateLimitWindow w;
  w.used_percent = *percent;
  w.window_minutes = minutes;
  w.resets_at = reset;
  return w;
}

}  // namespace rate_limits_detail

using namespace rate_limits_detail;

wire::RateLimitSnapshot parse_limit_family(const io::Headers& headers, std::string_view limit_id) {
  std::string prefix = "x-" + replace_all(to_lower_ascii(limit_id), "_", "-");
  wire::RateLimitSnapshot s;
  s.limit_id = std::string(limit_id);
  if (auto name = header(headers, prefix + "-limit-name"); name && !trim(*name).empty()) {
    s.limit_name = std::string(trim(*name));
  }
  s.primary = window(headers, prefix + "-primary");
  s.secondary = window(headers, prefix + "-secondary");
  auto has = header_bool(headers, "x-codex-credits-has-credits");
  auto unlimited = header_bool(headers, "x-codex-credits-unlimited");
  if (has && unlimited) {
    wire::CreditsSnapshot credits;
    credits.has_credits = *has;
    credits.unlimited = *unlimited;
    if (auto balance = header(headers, "x-codex-credits-balance"); balance && !trim(*balance).empty()) {
      credits.balance = std::string(trim(*balance));
    }
    s.credits = std::move(credits);
  }
  return s;
}

std::vector<wire::RateLimitSnapshot> parse_rate_limits(const io::Headers& headers) {
  std::vector<wire::RateLimitSnapshot> out{parse_limit_family(headers, "codex")};
  constexpr std::string_view suffix = "-primary-used-percent";
  std::set<std::string> others;
  for (const auto& [name, value] : headers) {
    std::string n = to_lower_ascii(name);
    if (n.size() <= 2 + suffix.size() || !n.starts_with("x-") || !n.ends_with(suffix)) continue;
    std::string id = replace_all(n.substr(2, n.size() - 2 - suffix.size()), "-", "_");
    if (id != "codex") others.insert(id);
  }
  for (const auto& id : others) {
    auto s = parse_limit_family(headers, id);
    if (s.primary || s.secondary || s.credits) out.push_back(std::move(s));
  }
  return out;
}

namespace rate_limits_detail {

std::optional<double> number_of(const json::value* v) {
  if (v == nullptr || !v->is_number()) return std::nullopt;
  return v->to_number<double>();
}

/// nullopt for something that is neither a window nor null.
std::optional<std::optional<wire::RateLimitWindow>> event_window(const json::value& limits, std::string_view name) {
  const auto* v = find(limits, name);
  if (v == nullptr || v->is_null()) return std::optional<wire::RateLimitWindow>();
  auto percent = number_of(find(*v, "used_percent"));
  if (!percent) return std::nullopt;
  wire::RateLimitWindow w;
  w.used_percent = *percent;
  w.window_minutes = find_int(*v, "window_minutes");
  w.resets_at = find_int(*v, "reset_at");
  return w;
}

}  // namespace rate_limits_detail

std::optional<wire::RateLimitSnapshot> parse_rate_limits_event(const json::value& event) {
  wire::RateLimitSnapshot s;
  auto id = find_string(event, "metered_limit_name");
  if (!id) id = find_string(event, "limit_name");
  s.limit_id = id ? replace_all(to_lower_ascii(trim(*id)), "-", "_") : "codex";
  if (const auto* limits = find(event, "rate_limits"); limits != nullptr && !limits->is_null()) {
    auto primary = event_window(*limits, "primary");
    auto secondary = event_window(*limits, "secondary");
    if (!primary || !secondary) return std::nullopt;
    s.primary = *primary;
    s.secondary = *secondary;
  }
  if (const auto* credits = find(event, "credits"); credits != nullptr && credits->is_object()) {
    const auto* has = find(*credits, "has_credits");
    const auto* unlimited = find(*credits, "unlimited");
    if (has == nullptr || unlimited == nullptr || !has->is_bool() || !unlimited->is_bool()) return std::nullopt;
    wire::CreditsSnapshot c;
    c.has_credits = has->get_bool();
    c.unlimited = unlimited->get_bool();
    if (auto balance = find_string(*credits, "balance")) c.balance = std::string(*balance);
    s.credits = std::move(c);
  }
  if (const auto* plan = find(event, "plan_type"); plan != nullptr && plan->is_string()) {
    s.plan_type = from_string<wire::PlanType>(view(plan->get_string())).value_or(wire::PlanType::unknown);
  }
  return s;
}

wire::RateLimitSnapshot merge_rate_limits(const wire::RateLimitSnapshot* old, wire::RateLimitSnapshot fresh) {
  if (!fresh.limit_id) fresh.limit_id = "codex";
  if (old != nullptr) {
    if (!fresh.credits) fresh.credits = old->credits;
    if (!fresh.plan_type) fresh.plan_type = old->plan_type;
  }
  return fresh;
}

}  // namespace burin::model

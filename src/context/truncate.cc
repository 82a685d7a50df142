#include "context/truncate.h"

#include "base/text.h"

namespace burin::context {

std::int64_t byte_budget(const wire::TruncationPolicy& policy) {
  std::int64_t limit = std::max<std::int64_t>(policy.limit, 0);
  if (policy.mode == wire::TruncationMode::bytes) return limit;
  return limit > (INT64_MAX / 4) ? INT64_MAX : limit * 4;
}

wire::TruncationPolicy history_policy(const wire::TruncationPolicy& policy) {
  auto p = policy;
  p.limit = p.limit > INT64_MAX / 6 ? p.limit : (p.limit * 6 + 4) / 5;
  return p;
}

std::string truncate(std::string_view text, const wire::TruncationPolicy& policy) {
  if (text.empty()) return {};
  auto budget = static_cast<std::uint64_t>(byte_budget(policy));
  if (text.size() <= budget) return std::string(text);
  std::size_t left = budget / 2;
  std::size_t right = budget - left;
  std::size_t head_end = floor_boundary(text, left);
  std::size_t tail_start = std::max(ceil_boundary(text, text.size() - right), head_end);
  std::string marker;
  if (policy.mode == wire::TruncationMode::tokens) {
    marker = fmt::format("…{} tokens truncated…", tokens_of_bytes(static_cast<std::int64_t>(text.size() - budget)));
  } else {
    marker = fmt::format("…{} chars truncated…", count_code_points(text.substr(head_end, tail_start - head_end)));
  }
  std::string out;
  out.reserve(budget + marker.size());
  out += text.substr(0, head_end);
  out += marker;
  out += text.substr(tail_start);
  return out;
}

std::string truncate_with_header(std::string_view text, const wire::TruncationPolicy& policy) {
  if (text.size() <= static_cast<std::uint64_t>(byte_budget(policy))) return std::string(text);
  return fmt::format("Total output lines: {}\n\n{}", count_lines(text), truncate(text, policy));
}

std::vector<wire::ContentItem> truncate_items(std::vector<wire::ContentItem> items,
                                              const wire::TruncationPolicy& policy) {
  bool in_tokens = policy.mode == wire::TruncationMode::tokens;
  auto cost = [&](std::string_view text) {
    auto bytes = static_cast<std::int64_t>(text.size());
    return in_tokens ? tokens_of_bytes(bytes) : bytes;
  };
  std::int64_t left = std::max<std::int64_t>(policy.limit, 0);
  std::size_t omitted = 0;
  std::vector<wire::ContentItem> out;
  out.reserve(items.size());
  for (auto& item : items) {
    auto* text = std::get_if<wire::InputText>(&item);
    if (text == nullptr) {
      out.push_back(std::move(item));
      continue;
    }
    if (left == 0) {
      ++omitted;
      continue;
    }
    std::int64_t price = cost(text->text);
    if (price <= left) {
      left -= price;
      out.push_back(std::move(item));
      continue;
    }
    auto cut = truncate(text->text, {policy.mode, left});
    left = 0;
    if (cut.empty()) {
      ++omitted;
    } else {
      out.push_back(wire::InputText{std::move(cut)});
    }
  }
  if (omitted > 0) out.push_back(wire::InputText{fmt::format("[omitted {} text items ...]", omitted)});
  return out;
}

}  // namespace burin::context

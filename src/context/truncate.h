// Cutting tool outputs to a budget (context.md 2, tools.md 1.6).
//
// Sizes are UTF-8 bytes; four bytes count as one token. A cut text is head + marker + tail with nothing added, so that
// its length never exceeds budget + marker, and is always valid UTF-8.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wire/item.h"
#include "wire/settings.h"

namespace burin::context {

/// ceil(bytes / 4).
constexpr std::int64_t tokens_of_bytes(std::int64_t bytes) { return bytes <= 0 ? 0 : (bytes + 3) / 4; }

/// The budget of a policy in bytes.
std::int64_t byte_budget(const wire::TruncationPolicy& policy);

/// The policy for what enters the history: the limit times 1.2, rounded up. Leaves room for the lines that tools put
/// around an output that they have already cut.
wire::TruncationPolicy history_policy(const wire::TruncationPolicy& policy);

/// context.md 2.2.
std::string truncate(std::string_view text, const wire::TruncationPolicy& policy);

/// As truncate, but a cut text starts with "Total output lines: N" and a blank line (N counts the original's lines).
std::string truncate_with_header(std::string_view text, const wire::TruncationPolicy& policy);

/// Cuts the text items of an array output with one shared budget; images cost nothing and stay (context.md 2.3).
std::vector<wire::ContentItem> truncate_items(std::vector<wire::ContentItem> items,
                                              const wire::TruncationPolicy& policy);

}  // namespace burin::context

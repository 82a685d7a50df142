// How many tokens things take: estimates for what the server has not counted yet, and the limits they are held against
// (context.md 3).
//
// Three limits are kept apart. The raw window (`ModelInfo::context_window`) only feeds the 90 % ceiling of automatic
// compaction (`auto_compact_limit()`); the effective window (`usable_window()`, 95 % of the raw one by default) is what
// clients see and what "full" means.
#pragma once
#include <cstdint>
#include <optional>

#include "wire/item.h"
#include "wire/usage.h"

namespace burin::context {

/// Bytes that count for an item whose compact JSON has `json_size` bytes: images count a flat size, encrypted texts
/// what is inside them (context.md 3.3).
std::int64_t estimate_bytes(const wire::ResponseItem& item, std::size_t json_size);

/// Share of the window that is left, 0 to 100, as clients show it. The first 12,000 tokens, which every thread needs,
/// count as neither used nor available (context.md 3.6).
int percent_left(std::int64_t window, std::int64_t used);

/// Sums over a history, kept up to date with each recorded item.
class Tally {
 public:
  struct Entry {
    std::int64_t tokens = 0;
    bool generated = false;            // by the model
    bool user = false;                 // a message of role user, contextual or not
    bool encrypted_reasoning = false;  // what the server's total leaves out once its turn is over
  };
  void add(const Entry& entry);

  /// All items.
  std::int64_t total() const { return total_; }
  /// What the server has not seen when it counted: the items after the last one that it made. 0 if it made none.
  std::int64_t after_last_generated() const { return any_generated_ ? tail_ : 0; }
  /// Encrypted reasoning before the last message of role user; 0 without such a message.
  std::int64_t reasoning_of_earlier_turns() const { return earlier_reasoning_; }

 private:
  std::int64_t total_ = 0, tail_ = 0, reasoning_ = 0, earlier_reasoning_ = 0;
  bool any_generated_ = false;
};

}  // namespace burin::context

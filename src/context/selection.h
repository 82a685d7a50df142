// A part of the history: what a compaction sends when everything does not fit (context.md 1.5, 7.3, 7.5).
#pragma once
#include <vector>

#include "context/history.h"

namespace burin::context {

/// A history without some of its items: what is sent when everything does not fit. Calls and their outputs go together.
/// Refers to the history, which must not change meanwhile.
class Selection {
 public:
  explicit Selection(const History& history);

  /// Removes the oldest or newest item and its counterpart; false when nothing is left.
  bool drop_oldest();
  bool drop_newest();
  const HistoryItem* newest() const;  // nullptr when nothing is left
  bool holds(std::size_t index) const { return !gone_[index]; }
  std::int64_t tokens() const { return tokens_; }
  std::size_t dropped() const { return dropped_; }

 private:
  void drop(std::size_t index);
  void drop_counterpart(std::size_t index);
  const History& history_;
  std::vector<bool> gone_;
  std::size_t first_ = 0, end_;  // everything outside of [first_, end_) is gone
  std::int64_t tokens_;
  std::size_t dropped_ = 0;
};

}  // namespace burin::context

#include "context/selection.h"

namespace burin::context {

Selection::Selection(const History& history)
    : history_(history), gone_(history.size(), false), end_(history.size()), tokens_(history.tally().total()) {}

const HistoryItem* Selection::newest() const { return first_ < end_ ? &history_.items()[end_ - 1] : nullptr; }

bool Selection::drop_oldest() {
  if (first_ == end_) return false;
  auto index = first_;
  drop(index);
  drop_counterpart(index);
  return true;
}

bool Selection::drop_newest() {
  if (first_ == end_) return false;
  auto index = end_ - 1;
  drop(index);
  drop_counterpart(index);
  return true;
}

void Selection::drop(std::size_t index) {
  gone_[index] = true;
  tokens_ -= history_.items()[index].counts.tokens;
  ++dropped_;
  while (first_ < end_ && gone_[first_]) ++first_;
  while (first_ < end_ && gone_[end_ - 1]) --end_;
}

/// A call's output; an output's function call, else its local shell call. Searched from the item outwards: they stand
/// close to each other, however long the history is.
void Selection::drop_counterpart(std::size_t index) {
  const auto& items = history_.items();
  const auto& item = items[index];
  if (item.call_id.empty() || (!item.call() && !item.output())) return;
  bool custom = item.kind == ItemKind::custom_call || item.kind == ItemKind::custom_output;
  auto find = [&](ItemKind kind) -> bool {
    auto drop_match = [&](std::size_t i) {
      bool match = !gone_[i] && items[i].kind == kind && items[i].call_id == item.call_id;
      if (match) drop(i);
      return match;
    };
    for (std::size_t d = 1; index >= first_ + d || index + d < end_; ++d) {
      if (index >= first_ + d && drop_match(index - d)) return true;
      if (index + d < end_ && drop_match(index + d)) return true;
    }
    return false;
  };
  if (item.call()) {
    find(custom ? ItemKind::custom_output : ItemKind::function_output);
  } else if (custom) {
    find(ItemKind::custom_call);
  } else if (!find(ItemKind::function_call)) {
    find(ItemKind::local_shell_call);
  }
}

}  // namespace burin::context

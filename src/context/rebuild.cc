#include "context/rebuild.h"

#include <algorithm>

#include "context/compaction.h"
#include "context/fragments.h"

namespace burin::context {

namespace rebuild_detail {

template <class E>
const E* event_of(const wire::RolloutLine& line) {
  const auto* event = std::get_if<wire::EventMsg>(&line.payload);
  return event != nullptr ? std::get_if<E>(event) : nullptr;
}

/// What the lines of one turn say, read from its end to its beginning.
struct Segment {
  std::optional<std::string> turn_id;
  bool user_turn = false;
  std::optional<PreviousTurn> previous;
  std::optional<wire::TurnContext> reference;
  bool reference_cleared = false;
  std::optional<std::size_t> base;  // index of a compacted line with replacement history
};

bool compatible(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  return !a || !b || *a == *b;
}

/// Newest to oldest over the lines until history base, previous settings and reference are all known.
class MetadataScan {
 public:
  explicit MetadataScan(std::span<const wire::RolloutLine> lines) : lines_(lines) {}

  void run() {
    for (std::size_t i = lines_.size(); i-- > 0 && !known();) look_at(i);
    if (!known()) finish();
  }

  std::optional<std::size_t> base;
  std::optional<PreviousTurn> previous;
  std::optional<wire::TurnContext> reference;

 private:
  bool known() const { return base && previous && reference_known_; }

  void look_at(std::size_t i) {
    const auto& line = lines_[i];
    if (const auto* done = event_of<wire::event::TaskComplete>(line)) {
      name(done->turn_id);
    } else if (const auto* aborted = event_of<wire::event::TurnAborted>(line)) {
      if (aborted->turn_id) name(*aborted->turn_id);
    } else if (event_of<wire::event::UserMessage>(line) != nullptr) {
      segment_.user_turn = true;
    } else if (const auto* context = std::get_if<wire::TurnContext>(&line.payload)) {
      if (!compatible(segment_.turn_id, context->turn_id)) return;
      segment_.previous = PreviousTurn{context->model, context->realtime_active.value_or(false)};
      if (!segment_.reference && !segment_.reference_cleared) segment_.reference = *context;
    } else if (const auto* compacted = std::get_if<wire::Compacted>(&line.payload)) {
      if (!segment_.reference) segment_.reference_cleared = true;
      if (compacted->replacement_history && !segment_.base) segment_.base = i;
    } else if (const auto* back = event_of<wire::event::ThreadRolledBack>(line)) {
      skips_ += back->num_turns;
    } else if (const auto* started = event_of<wire::event::TaskStarted>(line)) {
      if (compatible(segment_.turn_id, started->turn_id)) finish();
    }
  }

  void name(const std::string& id) {
    if (!segment_.turn_id) segment_.turn_id = id;
  }

  void finish() {
    Segment s = std::exchange(segment_, Segment{});
    if (skips_ > 0) {
      if (s.user_turn) --skips_;
      return;
    }
    if (!base && s.base) base = s.base;
    if (!previous && s.user_turn && s.previous) previous = s.previous;
    if (!reference_known_ && (s.user_turn || s.reference_cleared) && (s.reference || s.reference_cleared)) {
      reference = s.reference;
      reference_known_ = true;
    }
  }

  std::span<const wire::RolloutLine> lines_;
  Segment segment_;
  std::uint64_t skips_ = 0;
  bool reference_known_ = false;
};

}  // namespace rebuild_detail

using namespace rebuild_detail;

Rebuilt rebuild(std::span<const wire::RolloutLine> lines, const wire::TruncationPolicy& policy) {
  Rebuilt out;
  MetadataScan scan(lines);
  scan.run();
  out.previous = scan.previous;
  out.baseline = scan.reference;

  std::size_t from = 0;
  if (scan.base) {
    const auto& compacted = std::get<wire::Compacted>(lines[*scan.base].payload);
    out.history.replace(*compacted.replacement_history);
    from = *scan.base + 1;
  }
  for (const auto& line : lines.subspan(from)) {
    if (const auto* item = std::get_if<wire::ResponseItem>(&line.payload)) {
      out.history.record(*item, policy);
    } else if (const auto* compacted = std::get_if<wire::Compacted>(&line.payload)) {
      if (compacted->replacement_history) {
        out.history.replace(*compacted->replacement_history);
      } else {
        out.history.replace(legacy_replacement(out.history, compacted->message));
        out.baseline.reset();
      }
    } else if (const auto* back = event_of<wire::event::ThreadRolledBack>(line)) {
      out.history.drop_last_user_turns(back->num_turns);
    }
  }
  for (const auto& line : lines) {
    if (const auto* meta = std::get_if<wire::SessionMeta>(&line.payload)) {
      if (!out.base_instructions && meta->base_instructions) out.base_instructions = meta->base_instructions->text;
    } else if (const auto* tokens = event_of<wire::event::TokenCount>(line)) {
      if (tokens->info) out.token_info = *tokens->info;
    } else if (const auto* started = event_of<wire::event::TaskStarted>(line)) {
      out.open_turn = true;
      out.open_turn_id = started->turn_id;
    } else if (event_of<wire::event::TaskComplete>(line) != nullptr ||
               event_of<wire::event::TurnAborted>(line) != nullptr) {
      out.open_turn = false;
    }
  }
  return out;
}

std::span<const wire::RolloutLine> lines_before_user_message(std::span<const wire::RolloutLine> lines, std::size_t n) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const auto* item = std::get_if<wire::ResponseItem>(&lines[i].payload); item != nullptr) {
      if (is_real_user_message(*item)) starts.push_back(i);
    } else if (const auto* back = event_of<wire::event::ThreadRolledBack>(lines[i])) {
      starts.resize(starts.size() - std::min<std::size_t>(starts.size(), back->num_turns));
    }
  }
  return n < starts.size() ? lines.first(starts[n]) : std::span<const wire::RolloutLine>();
}

}  // namespace burin::context

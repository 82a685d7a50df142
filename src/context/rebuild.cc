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

using Mark = Rebuilder::Mark;

/// What the lines of one turn say, read from its end to its beginning.
struct Segment {
  std::optional<std::string> turn_id;
  bool user_turn = false;
  std::optional<PreviousTurn> previous;
  std::optional<std::size_t> reference;  // number of a turn_context line
  bool reference_cleared = false;
};

bool compatible(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  return !a || !b || *a == *b;
}

/// Newest to oldest over the marks until previous settings and reference are both known.
class MetadataScan {
 public:
  explicit MetadataScan(const std::vector<Mark>& marks) {
    for (auto it = marks.rbegin(); it != marks.rend() && !known(); ++it) look_at(*it);
    if (!known()) finish();
  }

  std::optional<PreviousTurn> previous;
  std::optional<std::size_t> reference;

 private:
  bool known() const { return previous && reference_known_; }

  void look_at(const Mark& m) {
    switch (m.kind) {
      case Mark::Kind::ended:
        if (m.turn_id && !segment_.turn_id) segment_.turn_id = m.turn_id;
        break;
      case Mark::Kind::user_message:
        segment_.user_turn = true;
        break;
      case Mark::Kind::turn_context:
        if (!segment_.turn_id) segment_.turn_id = m.turn_id;
        if (!compatible(segment_.turn_id, m.turn_id)) break;
        segment_.previous = PreviousTurn{m.model, m.realtime};
        if (!segment_.reference && !segment_.reference_cleared) segment_.reference = m.number;
        break;
      case Mark::Kind::compacted:
        if (!segment_.reference) segment_.reference_cleared = true;
        break;
      case Mark::Kind::rolled_back:
        skips_ += m.number;
        break;
      case Mark::Kind::started:
        if (compatible(segment_.turn_id, m.turn_id)) finish();
        break;
    }
  }

  void finish() {
    Segment s = std::exchange(segment_, Segment{});
    if (skips_ > 0) {
      if (s.user_turn) --skips_;
      return;
    }
    if (!previous && s.user_turn && s.previous) previous = s.previous;
    if (!reference_known_ && (s.user_turn || s.reference_cleared) && (s.reference || s.reference_cleared)) {
      reference = s.reference;
      reference_known_ = true;
    }
  }

  Segment segment_;
  std::uint64_t skips_ = 0;
  bool reference_known_ = false;
};

}  // namespace rebuild_detail

using namespace rebuild_detail;

void Rebuilder::add(const wire::RolloutLine& line, std::size_t number) {
  if (const auto* item = std::get_if<wire::ResponseItem>(&line.payload)) {
    out_.history.record(*item, policy_);
  } else if (const auto* e = std::get_if<wire::EventMsg>(&line.payload)) {
    event(*e);
  } else if (const auto* context = std::get_if<wire::TurnContext>(&line.payload)) {
    mark({.kind = Mark::Kind::turn_context,
          .turn_id = context->turn_id,
          .model = context->model,
          .realtime = context->realtime_active.value_or(false),
          .number = number});
  } else if (const auto* compacted = std::get_if<wire::Compacted>(&line.payload)) {
    mark({.kind = Mark::Kind::compacted});
    if (compacted->replacement_history) {
      // What stood before is gone: so a compaction that was rolled back later is the start all the same, as it was for
      // the live thread (context.md 6.5).
      out_.history.replace(*compacted->replacement_history);
    } else {
      out_.history.replace(legacy_replacement(out_.history, compacted->message));
    }
    legacy_ = !compacted->replacement_history;
  } else if (const auto* meta = std::get_if<wire::SessionMeta>(&line.payload)) {
    if (!out_.base_instructions && meta->base_instructions) out_.base_instructions = meta->base_instructions->text;
  }
}

void Rebuilder::event(const wire::EventMsg& event) {
  if (const auto* started = std::get_if<wire::event::TaskStarted>(&event)) {
    mark({.kind = Mark::Kind::started, .turn_id = started->turn_id});
    out_.open_turn = true;
    out_.open_turn_id = started->turn_id;
  } else if (const auto* done = std::get_if<wire::event::TaskComplete>(&event)) {
    mark({.kind = Mark::Kind::ended, .turn_id = done->turn_id});
    out_.open_turn = false;
  } else if (const auto* aborted = std::get_if<wire::event::TurnAborted>(&event)) {
    mark({.kind = Mark::Kind::ended, .turn_id = aborted->turn_id});
    out_.open_turn = false;
  } else if (std::holds_alternative<wire::event::UserMessage>(event)) {
    mark({.kind = Mark::Kind::user_message});
  } else if (const auto* back = std::get_if<wire::event::ThreadRolledBack>(&event)) {
    mark({.kind = Mark::Kind::rolled_back, .number = back->num_turns});
    out_.history.drop_last_user_turns(back->num_turns);
  } else if (const auto* tokens = std::get_if<wire::event::TokenCount>(&event)) {
    if (tokens->info) out_.token_info = *tokens->info;
  }
}

Rebuilt Rebuilder::finish() {
  MetadataScan scan(marks_);
  out_.previous = scan.previous;
  if (!legacy_) out_.baseline_line = scan.reference;
  return std::move(out_);
}

Rebuilt rebuild(std::span<const wire::RolloutLine> lines, const wire::TruncationPolicy& policy) {
  Rebuilder rebuilder(policy);
  for (std::size_t i = 0; i < lines.size(); ++i) rebuilder.add(lines[i], i);
  auto out = rebuilder.finish();
  if (out.baseline_line) out.baseline = std::get<wire::TurnContext>(lines[*out.baseline_line].payload);
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

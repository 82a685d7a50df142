// Compacting a thread: by asking the model for a summary (local), or by the server (remote) (context.md 7).
//
// The plan of the new history is the context room's; here are requests, retries, trimming, events and records. A
// compaction that fails has told why and changed nothing. What is promised beyond the reference: at most two summaries
// are asked for (an empty one once more), trimming ends after few requests however long the history is, and automatic
// compaction that keeps failing or does not help is switched off, with a word to the user.
#pragma once
#include "agent/git_metadata.h"
#include "agent/session.h"

namespace burin::agent {

enum class CompactionPlace : unsigned char {
  outside,  // manual, or before a turn: nothing is injected, the next regular turn brings the full context
  inside,   // within a turn that goes on: the full context comes with it, and the baseline is this turn
};

/// Compacts with the model of `settings`; `turn` is the one whose id and context count. False when it failed. When the
/// turn is stopped meanwhile, nothing has changed.
io::Task<bool> compact(Session& session, const TurnContext& turn, const model::TurnSettings& settings,
                       CompactionPlace place, const GitMetadata& metadata);

/// What a regular turn does first (context.md 7.1): with the model of the turn before if the new one has a smaller
/// window that would not do, and when the limit is reached. False when a compaction failed.
io::Task<bool> compact_before_turn(Session& session, const TurnContext& turn, const GitMetadata& metadata);

/// Whether a turn that goes on has to compact first.
bool must_compact_inside(const Session& session, const TurnContext& turn);
io::Task<bool> compact_inside_turn(Session& session, const TurnContext& turn, const GitMetadata& metadata);

}  // namespace burin::agent

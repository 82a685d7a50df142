// What the model is told besides the conversation: at most one developer message and one contextual user message
// (context.md 4).
//
// Two builders over one set of settings: the full context when nothing is known of an earlier one, and the difference
// to a baseline (the turn_context that the last regular turn recorded). Both walk the same table of fragments in
// initial_context.cc, which fixes their order and says which builder wants which.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "io/environment.h"
#include "io/files.h"
#include "model/catalog.h"
#include "wire/item.h"
#include "wire/rollout.h"
#include "wire/settings.h"

namespace burin::context {

/// The settings of the regular turn before, as far as they matter for the next.
struct PreviousTurn {
  std::string model;
  bool realtime_active = false;
};

/// A live agent that this thread has started.
struct Subagent {
  std::string thread_id;
  std::string nickname;  // may be empty
};

struct ContextInputs {
  const config::Config& config;
  const model::ModelInfo& model;
  io::Files& files;
  const io::Environment& env;
  std::string cwd;
  std::string shell_name;    // "bash"
  std::string current_date;  // YYYY-MM-DD, local
  std::string timezone;      // IANA
  wire::AskForApproval approval;
  wire::SandboxPolicy sandbox;
  std::optional<wire::Personality> personality;
  wire::CollaborationMode collaboration_mode;
  std::string base_instructions;                 // of the session
  std::optional<std::string> user_instructions;  // assembled AGENTS.md text
  std::optional<PreviousTurn> previous;
  std::vector<std::vector<std::string>> approved_prefixes;
  bool realtime_active = false;                // a voice conversation is going on
  std::optional<wire::TurnNetwork> network{};  // only when the network is managed
  std::vector<Subagent> subagents{};
};

/// The messages to record, developer first; none, one or two. `baseline` is null before the first turn; a compaction in
/// the middle of a turn tells everything again although there is one, and only the voice conversation looks at it then.
std::vector<wire::ResponseItem> full_context(const ContextInputs& inputs, const wire::TurnContext* baseline = nullptr);
std::vector<wire::ResponseItem> settings_diff(const ContextInputs& inputs, const wire::TurnContext& baseline);

}  // namespace burin::context

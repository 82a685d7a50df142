// What the model is told besides the conversation: at most one developer message and one contextual user message
// (context.md 4).
//
// Two builders over one set of settings: the full context when nothing is known of an earlier one, and the difference
// to a baseline (the turn_context that the last regular turn recorded).
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
};

/// The messages to record, developer first; none, one or two.
std::vector<wire::ResponseItem> full_context(const ContextInputs& inputs);
std::vector<wire::ResponseItem> settings_diff(const ContextInputs& inputs, const wire::TurnContext& baseline);

/// `<permissions instructions>` … (context.md 4.4.1, sandbox.md 16).
std::string permissions_text(const ContextInputs& inputs);
/// `<environment_context>`; `cwd` only when given.
std::string environment_text(const ContextInputs& inputs, bool with_cwd);

}  // namespace burin::context

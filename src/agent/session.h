// The state of one thread that its turns share, and the two primitives everything else is made of: record an item, send
// an event (session.md 1.4, context.md 1.2).
//
// record() puts an item into the history, appends it untruncated to the log, and tells subscribers, in this order.
// emit() appends a persisted event to the log before any subscriber sees it.
//
// Loop thread only. Lives as long as its Thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/ledger.h"
#include "agent/thread.h"
#include "agent/user_shell.h"
#include "context/history.h"
#include "context/initial_context.h"
#include "model/client.h"
#include "model/preconnect.h"
#include "store/message_history.h"
#include "store/rollout_log.h"
#include "tools/registry.h"
#include "tools/tool.h"
#include "tools/turn_diff.h"
#include "tools/unified_exec.h"

namespace burin::agent {

/// What a turn takes over from the session, and what operations change (session.md 9.1).
struct Settings {
  std::string cwd;  // canonical
  wire::AskForApproval approval;
  wire::SandboxPolicy sandbox;
  std::string model;
  std::optional<wire::ReasoningEffort> effort;
  std::optional<wire::ReasoningSummary> summary;
  std::optional<wire::Personality> personality;
  std::optional<wire::ServiceTier> service_tier;
  wire::CollaborationMode collaboration_mode;
};

/// Everything that is fixed while one turn runs.
struct TurnContext {
  std::string id;
  Settings settings;
  model::ModelInfo model;
  tools::Registry registry;
  std::string current_date, timezone;
  std::optional<json::value> output_schema;
  std::vector<std::vector<std::string>> approved_prefixes;
};

/// Stops automatic compaction that fails again and again, or that leaves the thread over its limit again and again.
struct CompactionBreaker {
  static constexpr int patience = 3;
  int failures = 0;   // in a row, in this thread
  int in_vain = 0;    // in a row, in this turn
  std::string model;  // of the failures; another model gets a new chance
};

class Session : public tools::Host {
 public:
  Session(io::World& world, ThreadOptions options, EventSink& sink, io::Ctx ctx);
  ~Session() override;

  // Recording.
  void record(const wire::ResponseItem& item);
  void record_all(const std::vector<wire::ResponseItem>& items);
  void persist_turn_context(const wire::TurnContext& context);
  /// Appends the event to the log if it is of a kind that is kept.
  void persist(const wire::EventMsg& event);

  // tools::Host.
  void emit(wire::EventMsg event) override;
  /// As emit, under another id than the running turn's.
  void emit_as(std::string id, wire::EventMsg event);
  /// As emit, but everything up to the event is on stable storage before subscribers see it.
  io::Task<> emit_durable(wire::EventMsg event);
  bool wants_output_deltas() const override { return sink.wants_details(); }
  void model_warning(std::string text) override;
  io::Task<> durable() override;
  io::Task<wire::ReviewDecision> approve_exec(wire::event::ExecApprovalRequest request) override;
  io::Task<wire::ReviewDecision> approve_patch(wire::event::ApplyPatchApprovalRequest request) override;

  /// The output of this call is recorded next ("": none is), which may take until the answer has ended: the end of its
  /// command is told then, and not before.
  void output_follows(std::string call_id);
  /// While one lives, events go into the log at once and are told at its end: when the items that they tell of are in
  /// the log as well.
  class Together {
   public:
    explicit Together(Session& session) : session_(session) { session_.together_ = true; }
    ~Together();
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;

   private:
    Session& session_;
  };

  /// Answers a waiting question (a second one under the same id has replaced the first, which counts as denied);
  /// unknown ids are logged and ignored.
  void resolve_approval(const std::string& id, wire::ReviewDecision decision);
  /// Drops every waiting question: each counts as denied.
  void drop_approvals();

  /// Tells the user; waits for session_configured, which is the first event of every session.
  void warn(std::string text);
  void emit_configured(wire::event::SessionConfigured event);
  void fail_turn(const model::ModelError& error);
  /// The history is replaced by these items and the log says so; `baseline` is what the model then knows of its
  /// settings (context.md 7.7).
  void replace_history(const std::vector<wire::ResponseItem>& items, std::string message,
                       std::optional<wire::TurnContext> baseline_after);

  // Token accounting (context.md 3).
  void add_usage(const std::optional<wire::TokenUsage>& usage, const model::ModelInfo& model);
  void set_rate_limits(wire::RateLimitSnapshot snapshot);
  void fill_window(const model::ModelInfo& model);
  /// After the history was replaced or cut: the last usage becomes an estimate of what is there (context.md 3.5).
  void recompute_usage(const model::ModelInfo& model);
  void emit_token_count();
  /// Tokens that the next request takes, as far as the server has counted and estimates go (context.md 3.4).
  std::int64_t tokens_in_use() const;
  /// Estimate of the session's instructions.
  std::int64_t instruction_tokens() const;
  /// Warns, once in a turn, when another model than the requested one answered (model-client.md 9.8).
  void check_served_model(const std::string& served, const TurnContext& turn);

  context::ContextInputs context_inputs(const TurnContext& turn);
  tools::ToolContext tool_context(const TurnContext& turn, tools::TurnDiff& diff);

  /// A stream has named the etag of the server's models: when it is new, they are fetched beside the turn, and later
  /// requests use what came (model-client.md 12.5).
  void saw_models_etag(std::string etag);
  /// Runs something beside the turns; it is stopped when the thread ends. Set by the thread.
  std::function<void(io::Task<>)> run_beside;

  io::World& world;
  ThreadOptions options;
  const config::Config& config;
  EventSink& sink;
  std::string thread_id;
  std::string turn_id;  // of the running turn, else of the last one; "" before the first
  Settings settings;
  std::string base_instructions;
  std::optional<std::string> user_instructions;
  std::vector<model::ModelInfo> catalog;
  context::History history;
  std::unique_ptr<store::RolloutLog> log;  // null for ephemeral threads
  store::MessageHistory messages;          // what users typed, over all threads
  Ledger ledger;                           // keeps nothing for ephemeral threads
  std::unique_ptr<model::ModelClient> client;
  model::Preconnect preconnect;  // of the first turn; goes before the client
  tools::ApprovalCache approvals;
  tools::UnifiedExec unified_exec;
  UserCommands user_commands;
  sandbox::Shell shell;
  std::string login_shell;
  std::optional<wire::TurnContext> baseline;  // what the model was last told about its settings
  std::optional<context::PreviousTurn> previous;
  std::optional<std::string> unclosed_turn;  // cut off by a crash; the next turn closes it
  std::optional<wire::TokenUsageInfo> token_info;
  bool server_counts_reasoning = false;  // its totals include reasoning of earlier turns; for this turn only
  CompactionBreaker breaker;
  std::optional<wire::RateLimitSnapshot> rate_limits;
  std::string reroute_warned_for;     // turn id
  wire::TruncationPolicy truncation;  // of the current model; decides what the history keeps of outputs

 private:
  struct Waiter {
    io::Event answered;
    std::optional<wire::ReviewDecision> decision;
  };
  io::Task<wire::ReviewDecision> wait_for(std::string id, wire::EventMsg question);
  std::map<std::string, std::shared_ptr<Waiter>> waiters_;
  bool configured_ = false;
  std::vector<std::string> early_warnings_;
  std::string scratch_;
  bool together_ = false;  // a Together lives
  std::vector<wire::Event> untold_;
  std::string next_output_;  // of this call
  std::optional<wire::Event> kept_end_;
};

}  // namespace burin::agent

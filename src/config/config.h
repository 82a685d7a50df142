// The configuration of a run: one immutable value, derived once.
//
// load_config stacks the layers (layers.h), checks the merged tree (schema.h), and derives what the rest of the program
// asks for: typed values with their defaults, requirements applied (cli-config.md 5.5-5.7). Nobody below reads files or
// the environment for settings again, so everything that a thread does follows from its Config. It is plain data
// without references; share it as std::shared_ptr<const Config>.
//
// Errors carry the stage at which a front end would print them: overrides, home, loading, deriving (error.h).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/error.h"
#include "config/features.h"
#include "config/layers.h"
#include "config/providers.h"
#include "config/requirements.h"
#include "config/shell_env.h"
#include "config/trust.h"
#include "config/types.h"
#include "io/environment.h"
#include "io/files.h"
#include "wire/settings.h"

namespace burin::config {

struct Config {
  // Places. All absolute.
  std::string home;
  std::string cwd;
  std::string project_root;
  std::string user_file;               // <home>/config.toml
  std::optional<std::string> profile;  // name of the active one
  std::optional<Trust> trust;          // decision for cwd; unset: none was made

  // Model. Unset: the catalogue decides.
  std::optional<std::string> model;
  ProviderDef provider;
  Providers providers;
  std::optional<std::int64_t> model_context_window;            // tokens
  std::optional<std::int64_t> model_auto_compact_token_limit;  // tokens
  std::optional<wire::ReasoningEffort> model_reasoning_effort;
  std::optional<wire::ReasoningSummary> model_reasoning_summary;
  std::optional<bool> model_supports_reasoning_summaries;
  std::optional<wire::Verbosity> model_verbosity;
  std::optional<wire::ServiceTier> service_tier;
  std::optional<wire::Personality> personality;  // unset when the feature `personality` is off
  std::optional<std::string> base_instructions;  // replaces those of the model
  std::optional<std::string> developer_instructions;
  std::optional<std::string> commit_attribution;   // as configured; blank: commit messages get no trailer
  std::optional<std::string> compact_prompt;       // trimmed; replaces the built-in one
  bool save_messages = true;                       // history.jsonl gets what the user types in interactive front ends
  std::optional<std::uint64_t> max_history_bytes;  // of history.jsonl; older lines are dropped
  bool use_memories = true;                        // with feature memories: the home's summary is told to the model
  /// The document of `model_catalog_json`: an object whose `models` is an array with at least one element.
  std::shared_ptr<const json::value> model_catalog;
  std::string model_catalog_path;
  std::optional<std::int64_t> tool_output_token_limit;
  WebSearchMode web_search = WebSearchMode::cached;  // see web_search_for_turn
  bool view_image = true;

  // Approvals, sandbox, commands.
  wire::AskForApproval approval_policy;
  wire::SandboxPolicy sandbox_policy;
  SandboxMode sandbox_mode = SandboxMode::read_only;
  bool allow_login_shell = true;
  ShellEnvironmentPolicy shell_environment_policy;
  std::uint64_t background_terminal_max_timeout = 300'000;  // ms, at least 5000

  // Project documents (context.md 5).
  std::uint64_t project_doc_max_bytes = 32'768;  // 0: none are read
  std::vector<std::string> project_doc_fallback_filenames;
  std::vector<std::string> project_root_markers{".git"};

  /// Longest time that a turn waits for a usage limit to be lifted; 0: it fails at once, as in the reference.
  std::uint64_t rate_limit_wait_minutes = 0;
  PrewarmMode prewarm_mode = PrewarmMode::request;

  // Display.
  bool hide_agent_reasoning = false;
  bool show_raw_agent_reasoning = false;

  // Accounts.
  CredentialsStore cli_auth_credentials_store = CredentialsStore::file;
  std::optional<LoginMethod> forced_login_method;
  std::optional<std::string> forced_chatgpt_workspace_id;
  std::string chatgpt_base_url = "https://chatgpt.com/backend-api/";

  Features features;
  Requirements requirements;
  LayerStack layers;  // for clients that show where values come from

  /// Notices for the start of every session: legacy spellings and deprecated keys.
  std::vector<Deprecation> deprecations;
  /// Warnings for the start of every session: values that requirements replaced, under-development features.
  std::vector<std::string> startup_warnings;
  /// What is set but has no effect in this version, one line each.
  std::vector<std::string> warnings;
};

/// Command-line options that are not `-c`; each wins over every layer and profile.
struct ConfigOverrides {
  std::vector<Override> layers;  // -c, --enable, --disable in order (parse_overrides, feature_override)
  std::optional<std::string> model;
  std::optional<std::string> model_provider;
  std::optional<std::string> profile;
  std::optional<SandboxMode> sandbox_mode;
  std::optional<wire::AskForApproval> approval_policy;
  std::vector<std::string> add_dirs;  // relative ones count from cwd
  bool oss = false;
  std::optional<std::string> local_provider;  // with oss; otherwise without effect
  bool full_auto = false;                     // workspace-write; on-request unless a policy is given
  bool bypass = false;                        // no sandbox, never ask; wins over full_auto
  std::optional<std::string> base_instructions;
  std::optional<std::string> developer_instructions;
  std::optional<wire::Personality> personality;
  std::optional<wire::ServiceTier> service_tier;
  std::string system_folder = "/etc/codex";
};

/// `home` as find_home gives it; `cwd` absolute and canonical.
ConfigResult<Config> load_config(io::Files& files, const io::Environment& env, const std::string& home,
                                 const std::string& cwd, const ConfigOverrides& overrides);

/// The web search of a turn under a sandbox policy: with full access anything but `disabled` becomes live; a mode that
/// requirements forbid falls to the first allowed of cached, live, disabled (5.7).
WebSearchMode web_search_for_turn(const Config& config, const wire::SandboxPolicy& sandbox);

/// The mode that a policy belongs to.
SandboxMode mode_of(const wire::SandboxPolicy& policy);

}  // namespace burin::config

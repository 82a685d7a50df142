// What an administrator allows: /etc/codex/requirements.toml, and what managed_config.toml implies.
//
// Requirements are not a layer: they do not set values, they limit them (cli-config.md 5.5). The configuration is
// derived first and then held against them: a configured value outside falls back with a warning, a default silently,
// and a change at run time is refused with the text of `refusal`. Parts whose enforcement belongs elsewhere (rules, MCP
// identities) are kept as data for it. The managed network cannot be enforced by this version, so it is an error.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/error.h"
#include "config/types.h"
#include "config/value.h"
#include "wire/settings.h"

namespace burin::config {

/// A list of allowed values and the file that says so.
template <class T>
struct Allowed {
  std::vector<T> values;
  std::string source;
};

struct Requirements {
  std::optional<Allowed<wire::AskForApproval>> approval_policies;  // not empty
  std::optional<Allowed<SandboxMode>> sandbox_modes;               // contains read_only
  std::optional<Allowed<WebSearchMode>> web_search_modes;          // contains disabled
  std::map<std::string, bool> features;                            // pins, by name as written
  std::string features_source;
  bool us_residency = false;         // enforce_residency = "us"
  std::optional<Value> mcp_servers;  // data: NAME.identity
  std::optional<Value> rules;        // data: prefix rules

  /// Why a value may not be set, or nothing: "invalid value for `f`: `v` is not in the allowed set A (set by SRC)".
  std::optional<std::string> refusal(const wire::AskForApproval& policy) const;
  std::optional<std::string> refusal(SandboxMode mode) const;
  std::optional<std::string> refusal(WebSearchMode mode) const;
};

/// Reads requirements.toml into `out`.
ConfigResult<> read_requirements(std::shared_ptr<const Document> document, Requirements& out);
/// Adds what managed_config.toml implies, where requirements.toml says nothing. `managed` passed the schema.
void derive_requirements(const Value& managed, const std::string& source, Requirements& out);

/// The approval policy that a value which passed the schema names.
wire::AskForApproval approval_from(const Value& value);

/// Names as the reference's messages print them: "UnlessTrusted", "WorkspaceWrite", "Cached".
std::string debug_name(const wire::AskForApproval& policy);
std::string_view debug_name(SandboxMode mode);
std::string_view debug_name(WebSearchMode mode);

}  // namespace burin::config

#include "config/requirements.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/lookup.h"
#include "config/schema.h"

namespace burin::config {
namespace requirements_detail {

template <class T>
std::string set_text(const std::vector<T>& values) {
  std::string out = "[";
  for (const auto& value : values) out += fmt::format("{}{}", out.size() > 1 ? ", " : "", debug_name(value));
  return out + "]";
}

template <class T>
std::optional<std::string> refusal(const std::optional<Allowed<T>>& allowed, const T& value, std::string_view field) {
  if (!allowed || std::find(allowed->values.begin(), allowed->values.end(), value) != allowed->values.end()) {
    return std::nullopt;
  }
  return fmt::format("invalid value for `{}`: `{}` is not in the allowed set {} (set by {})", field, debug_name(value),
                     set_text(allowed->values), allowed->source);
}

template <class E>
std::vector<E> names(const Value& list) {
  std::vector<E> out;
  for (const Value& value : *list.array()) {
    if (auto e = from_string<E>(value.text().value_or(""))) out.push_back(*e);
  }
  return out;
}

tl::unexpected<ConfigError> refuse(std::string message) {
  return tl::unexpected(ConfigError{.stage = Stage::loading, .message = std::move(message)});
}

tl::unexpected<ConfigError> unreadable(const TomlError& error) {
  return tl::unexpected(ConfigError{
      .stage = Stage::loading,
      .message = fmt::format("Error parsing requirements file {}: {}", error.document->name, render_parse_error(error)),
      .where = error});
}

ConfigResult<> read_sandbox_modes(const Value& list, const std::string& source, Requirements& out) {
  Allowed<SandboxMode> allowed{names<SandboxMode>(list), source};
  if (std::find(allowed.values.begin(), allowed.values.end(), SandboxMode::read_only) == allowed.values.end()) {
    return refuse(
        fmt::format("invalid value for `allowed_sandbox_modes`: `{}` is not in the allowed set must include "
                    "'read-only' to allow any SandboxPolicy (set by {})",
                    set_text(allowed.values), source));
  }
  out.sandbox_modes = std::move(allowed);
  return {};
}

ConfigResult<> read_approvals(const Value& list, const std::string& source, Requirements& out) {
  if (list.array()->empty()) return refuse("field `allowed_approval_policies` cannot be empty");
  Allowed<wire::AskForApproval> allowed{{}, source};
  for (const Value& value : *list.array()) allowed.values.push_back(approval_from(value));
  out.approval_policies = std::move(allowed);
  return {};
}

void read_web_modes(const Value& list, const std::string& source, Requirements& out) {
  // Always sorted, and `disabled` is always allowed: whoever forbids everything gets no search.
  std::vector<WebSearchMode> modes = names<WebSearchMode>(list);
  modes.push_back(WebSearchMode::disabled);
  std::sort(modes.begin(), modes.end());
  modes.erase(std::unique(modes.begin(), modes.end()), modes.end());
  out.web_search_modes = Allowed<WebSearchMode>{std::move(modes), source};
}

/// Without the proxy the demanded limits would silently not hold.
ConfigResult<> refuse_network(const Value& network, const std::string& source) {
  const Value* enabled = network.find("enabled");
  if (enabled != nullptr && enabled->boolean() == false) return {};
  return refuse(
      fmt::format("`experimental_network` in {} asks for the managed network proxy, which is not supported by "
                  "this version; remove it or set `enabled = false` in it",
                  source));
}

}  // namespace requirements_detail

std::optional<std::string> Requirements::refusal(const wire::AskForApproval& policy) const {
  return requirements_detail::refusal(approval_policies, policy, "approval_policy");
}
std::optional<std::string> Requirements::refusal(SandboxMode mode) const {
  return requirements_detail::refusal(sandbox_modes, mode, "sandbox_mode");
}
std::optional<std::string> Requirements::refusal(WebSearchMode mode) const {
  return requirements_detail::refusal(web_search_modes, mode, "web_search_mode");
}

ConfigResult<> read_requirements(std::shared_ptr<const Document> document, Requirements& out) {
  namespace d = requirements_detail;
  const std::string source = document->name;
  auto root = parse_toml(std::move(document));
  if (!root) return d::unreadable(root.error());
  if (auto error = check(*root, requirements_shape())) {
    return d::unreadable({error->message, error->value->document, error->value->place});
  }
  if (const Value* list = root->find("allowed_sandbox_modes")) {
    if (auto done = d::read_sandbox_modes(*list, source, out); !done) return done;
  }
  if (const Value* list = root->find("allowed_approval_policies")) {
    if (auto done = d::read_approvals(*list, source, out); !done) return done;
  }
  if (const Value* list = root->find("allowed_web_search_modes")) d::read_web_modes(*list, source, out);
  for (std::string_view key : {"feature_requirements", "features"}) {
    const Value* pins = root->find(key);
    if (pins == nullptr) continue;
    for (const auto& [name, on] : *pins->table()) out.features[name] = on.boolean().value_or(false);
    out.features_source = source;
  }
  if (const Value* network = root->find("experimental_network")) {
    if (auto done = d::refuse_network(*network, source); !done) return done;
  }
  out.us_residency = root->find("enforce_residency") != nullptr;
  if (const Value* servers = root->find("mcp_servers")) out.mcp_servers = *servers;
  if (const Value* rules = root->find("rules")) out.rules = *rules;
  return {};
}

void derive_requirements(const Value& managed, const std::string& source, Requirements& out) {
  if (const Value* policy = managed.find("approval_policy"); policy != nullptr && !out.approval_policies) {
    out.approval_policies = Allowed<wire::AskForApproval>{{approval_from(*policy)}, source};
  }
  if (const Value* name = managed.find("sandbox_mode"); name != nullptr && !out.sandbox_modes) {
    const SandboxMode mode = from_string<SandboxMode>(name->text().value_or("")).value_or(SandboxMode::read_only);
    Allowed<SandboxMode> allowed{{mode}, source};
    if (mode != SandboxMode::read_only) allowed.values.push_back(SandboxMode::read_only);
    out.sandbox_modes = std::move(allowed);
  }
}

wire::AskForApproval approval_from(const Value& value) {
  if (const auto* name = value.string()) return {from_string<wire::ApprovalMode>(*name).value_or(wire::ApprovalMode{})};
  if (const Value* reject = value.find("reject")) {
    const auto flag = [&](std::string_view key) {
      const Value* on = reject->find(key);
      return on != nullptr && on->boolean() == true;
    };
    return {wire::ApprovalMode::reject, {flag("sandbox_approval"), flag("rules"), flag("mcp_elicitations")}};
  }
  // The table form of a plain name; the schema saw to it that there is one.
  return {from_string<wire::ApprovalMode>(Lookup::enum_name(value)).value_or(wire::ApprovalMode{})};
}

std::string debug_name(const wire::AskForApproval& policy) {
  constexpr std::string_view names[] = {"UnlessTrusted", "OnFailure", "OnRequest", "Never"};
  if (policy.mode != wire::ApprovalMode::reject) return std::string(names[static_cast<std::size_t>(policy.mode)]);
  return fmt::format("Reject(RejectConfig {{ sandbox_approval: {}, rules: {}, mcp_elicitations: {} }})",
                     policy.reject.sandbox_approval, policy.reject.rules, policy.reject.mcp_elicitations);
}

std::string_view debug_name(SandboxMode mode) {
  constexpr std::string_view names[] = {"ReadOnly", "WorkspaceWrite", "DangerFullAccess", "ExternalSandbox"};
  return names[static_cast<std::size_t>(mode)];
}

std::string_view debug_name(WebSearchMode mode) {
  constexpr std::string_view names[] = {"Disabled", "Cached", "Live"};
  return names[static_cast<std::size_t>(mode)];
}

}  // namespace burin::config

#include "context/initial_context.h"

#include "base/json.h"
#include "base/text.h"
#include "config/workspace_roots.h"
#include "context/fragments.h"
#include "prompts.h"

namespace burin::context {

namespace initial_context_detail {

constexpr std::size_t max_prefixes = 100;
constexpr std::size_t max_prefix_chars = 5000;

std::string sandbox_part(const wire::SandboxPolicy& policy) {
  std::string_view text = prompts::permissions_full_access;
  bool network = true;
  if (const auto* read_only = std::get_if<wire::ReadOnly>(&policy)) {
    text = prompts::permissions_read_only;
    network = read_only->network_access;
  } else if (const auto* workspace = std::get_if<wire::WorkspaceWrite>(&policy)) {
    text = prompts::permissions_workspace_write;
    network = workspace->network_access;
  } else if (const auto* external = std::get_if<wire::ExternalSandbox>(&policy)) {
    network = external->network_access == wire::NetworkAccess::enabled;
  }
  return fmt::format("{} Network access is {}.", trim(text), network ? "enabled" : "restricted");
}

std::string prefix_list(std::vector<std::vector<std::string>> prefixes) {
  auto length = [](const std::vector<std::string>& words) {
    std::size_t n = 0;
    for (const auto& w : words) n += w.size();
    return n;
  };
  std::sort(prefixes.begin(), prefixes.end(), [&](const auto& a, const auto& b) {
    if (a.size() != b.size()) return a.size() < b.size();
    if (length(a) != length(b)) return length(a) < length(b);
    return a < b;
  });
  bool cut = prefixes.size() > max_prefixes;
  if (cut) prefixes.resize(max_prefixes);
  std::string out;
  for (const auto& words : prefixes) {
    if (!out.empty()) out += '\n';
    out += "- [";
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i != 0) out += ", ";
      write_json_string(out, words[i]);
    }
    out += ']';
  }
  if (count_code_points(out) > max_prefix_chars) {
    out = std::string(first_code_points(out, max_prefix_chars));
    cut = true;
  }
  if (cut) out += "...\n[Some commands were truncated]";
  return out;
}

std::string on_request_part(const ContextInputs& in) {
  std::string heading(prompts::approved_prefixes);
  while (heading.ends_with('\n')) heading.pop_back();
  return fmt::format("{}\n\n{}\n{}", trim(prompts::approval_on_request), heading, prefix_list(in.approved_prefixes));
}

std::string approval_part(const ContextInputs& in) {
  const auto& a = in.approval;
  if (a == wire::AskForApproval::never()) return std::string(trim(prompts::approval_never));
  if (a == wire::AskForApproval::on_failure()) return std::string(trim(prompts::approval_on_failure));
  if (a == wire::AskForApproval::untrusted()) return std::string(trim(prompts::approval_untrusted));
  if (a.mode == wire::ApprovalMode::reject) {
    const auto* reject = &a.reject;
    return fmt::format("{}\n\n{}\n- `sandbox_approval`: {}\n- `rules`: {}\n- `mcp_elicitations`: {}",
                       on_request_part(in), trim(prompts::approval_reject), reject->sandbox_approval, reject->rules,
                       reject->mcp_elicitations);
  }
  return on_request_part(in);
}

std::string roots_part(const ContextInputs& in) {
  auto roots = config::workspace_roots(in.sandbox, in.cwd, in.files, in.env);
  if (roots.empty()) return {};
  std::string list;
  for (const auto& root : roots) {
    if (!list.empty()) list += ", ";
    list += "`" + root + "`";
  }
  return roots.size() == 1 ? fmt::format(" The writable root is {}.", list)
                           : fmt::format(" The writable roots are {}.", list);
}

/// The new model's own instructions, when the turn before ran on another one.
std::optional<std::string> model_switch(const ContextInputs& in) {
  if (!in.previous || in.previous->model == in.model.slug) return std::nullopt;
  auto instructions = model::model_instructions(in.model, in.personality);
  if (instructions.empty()) return std::nullopt;
  return fmt::format("<model_switch>\n{}\n\n{}\n</model_switch>", trim(prompts::model_switch), instructions);
}

std::optional<std::string> collaboration_mode(const ContextInputs& in) {
  const auto& text = in.collaboration_mode.settings.developer_instructions;
  if (!text || text->empty()) return std::nullopt;
  return fmt::format("<collaboration_mode>{}</collaboration_mode>", *text);
}

std::optional<std::string> personality_spec(const ContextInputs& in) {
  if (!in.personality || !in.config.features.enabled(config::Feature::personality)) return std::nullopt;
  auto text = model::personality_text(in.model, in.personality);
  if (text.empty()) return std::nullopt;
  return fmt::format("<personality_spec> {} \n{} </personality_spec>", trim(prompts::personality_change), trim(text));
}

/// Who is named in commit messages unless the configuration says otherwise.
constexpr std::string_view default_attribution = "Burin <noreply@burin.invalid>";

std::optional<std::string> commit_trailer(const ContextInputs& in) {
  if (!in.config.features.enabled(config::Feature::codex_git_commit)) return std::nullopt;
  const std::string configured = in.config.commit_attribution.value_or(std::string(default_attribution));
  const auto name = trim(configured);
  if (name.empty()) return std::nullopt;
  return fmt::format("{}\nCo-authored-by: {}", trim(prompts::commit_trailer), name);
}

bool personality_baked_in(const ContextInputs& in) {
  return in.model.supports_personality() && in.base_instructions == model::model_instructions(in.model, in.personality);
}

std::vector<wire::ResponseItem> envelopes(std::vector<std::string> developer, std::vector<std::string> user) {
  std::vector<wire::ResponseItem> out;
  if (auto m = text_message("developer", std::move(developer))) out.push_back(std::move(*m));
  if (auto m = text_message("user", std::move(user))) out.push_back(std::move(*m));
  return out;
}

void add(std::vector<std::string>& to, std::optional<std::string> text) {
  if (text) to.push_back(std::move(*text));
}

}  // namespace initial_context_detail

using namespace initial_context_detail;

std::string permissions_text(const ContextInputs& in) {
  std::string out = "<permissions instructions>";
  for (const auto& part :
       {sandbox_part(in.sandbox), approval_part(in), roots_part(in), std::string("</permissions instructions>")}) {
    if (part.empty()) continue;
    if (!out.ends_with('\n')) out += '\n';
    out += part;
  }
  return out;
}

std::string environment_text(const ContextInputs& in, bool with_cwd) {
  const auto& row = fragment_row(Fragment::environment);
  std::string out(row.start);
  out += '\n';
  if (with_cwd) out += fmt::format("  <cwd>{}</cwd>\n", in.cwd);
  out += fmt::format("  <shell>{}</shell>\n", in.shell_name);
  out += fmt::format("  <current_date>{}</current_date>\n  <timezone>{}</timezone>\n", in.current_date, in.timezone);
  out += row.end;
  return out;
}

std::vector<wire::ResponseItem> full_context(const ContextInputs& in) {
  std::vector<std::string> developer, user;
  add(developer, model_switch(in));
  developer.push_back(permissions_text(in));
  if (in.config.developer_instructions) developer.push_back(*in.config.developer_instructions);
  add(developer, collaboration_mode(in));
  if (!personality_baked_in(in)) add(developer, personality_spec(in));
  add(developer, commit_trailer(in));
  if (in.user_instructions) user.push_back(agents_md_fragment(in.cwd, *in.user_instructions));
  user.push_back(environment_text(in, true));
  return envelopes(std::move(developer), std::move(user));
}

std::vector<wire::ResponseItem> settings_diff(const ContextInputs& in, const wire::TurnContext& base) {
  std::vector<std::string> developer, user;
  add(developer, model_switch(in));
  if (!(in.sandbox == base.sandbox_policy) || !(in.approval == base.approval_policy)) {
    developer.push_back(permissions_text(in));
  }
  if (!base.collaboration_mode || !(in.collaboration_mode == *base.collaboration_mode)) {
    add(developer, collaboration_mode(in));
  }
  if (base.model == in.model.slug && in.personality && in.personality != base.personality) {
    add(developer, personality_spec(in));
  }
  bool moved = in.cwd != base.cwd;
  if (moved || base.current_date != in.current_date || base.timezone != in.timezone) {
    user.push_back(environment_text(in, moved));
  }
  return envelopes(std::move(developer), std::move(user));
}

}  // namespace burin::context

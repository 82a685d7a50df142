#include "context/permissions.h"

#include "base/json.h"
#include "base/text.h"
#include "config/workspace_roots.h"
#include "prompts.h"

namespace burin::context {

namespace permissions_detail {

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

}  // namespace permissions_detail

using namespace permissions_detail;

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

}  // namespace burin::context

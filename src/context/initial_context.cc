#include "context/initial_context.h"

#include "base/text.h"
#include "context/fragments.h"
#include "context/permissions.h"
#include "context/truncate.h"
#include "prompts.h"

namespace burin::context {

namespace initial_context_detail {

/// What a fragment is made from.
struct Telling {
  const ContextInputs& in;
  const wire::TurnContext* base;  // what the model was last told; null only in a full context
  bool full;
};

/// The new model's own instructions, when the turn before ran on another one.
std::optional<std::string> model_switch(const Telling& t) {
  const auto& in = t.in;
  if (!in.previous || in.previous->model == in.model.slug) return std::nullopt;
  auto instructions = model::model_instructions(in.model, in.personality);
  if (instructions.empty()) return std::nullopt;
  return fmt::format("<model_switch>\n{}\n\n{}\n</model_switch>", trim(prompts::model_switch), instructions);
}

std::optional<std::string> permissions(const Telling& t) { return permissions_text(t.in); }

/// Without a tag, and also when it is empty (context.md 4.2).
std::optional<std::string> developer_instructions(const Telling& t) { return t.in.config.developer_instructions; }

constexpr std::uint64_t max_summary_bytes = 64 << 20;
constexpr wire::TruncationPolicy summary_budget{wire::TruncationMode::tokens, 5000};

std::optional<std::string> memory(const Telling& t) {
  if (!t.in.config.features.enabled(config::Feature::memories) || !t.in.config.use_memories) return std::nullopt;
  const std::string folder = path::join(t.in.config.home, "memories");
  auto summary = t.in.files.read(path::join(folder, "memory_summary.md"), max_summary_bytes);
  if (!summary || blank(*summary)) return std::nullopt;
  const std::string text = utf8_lossy(*summary);
  return fmt::format("{}\n\n{}", replace_all(trim(prompts::memory), "{{ folder }}", folder),
                     truncate(trim(text), summary_budget));
}

std::optional<std::string> collaboration_mode(const Telling& t) {
  const auto& text = t.in.collaboration_mode.settings.developer_instructions;
  if (!text || text->empty()) return std::nullopt;
  return fmt::format("<collaboration_mode>{}</collaboration_mode>", *text);
}

/// Whether a voice conversation has begun or ended since the model was last told. Where no baseline says, the turn
/// before does, but only an end can be missed then: a start is told in any case (context.md 4.4.6).
std::optional<std::string> realtime(const Telling& t) {
  const bool now = t.in.realtime_active;
  std::optional<bool> told = t.base != nullptr ? t.base->realtime_active : std::nullopt;
  if (!told) told = !now && t.in.previous && t.in.previous->realtime_active;
  if (*told == now) return std::nullopt;
  return now ? fmt::format("<realtime_conversation>\n{}\n</realtime_conversation>", trim(prompts::realtime_start))
             : fmt::format("<realtime_conversation>\n{}\n\nReason: inactive\n</realtime_conversation>",
                           trim(prompts::realtime_end));
}

std::optional<std::string> personality_spec(const Telling& t) {
  const auto& in = t.in;
  if (!in.personality || !in.config.features.enabled(config::Feature::personality)) return std::nullopt;
  auto text = model::personality_text(in.model, in.personality);
  if (text.empty()) return std::nullopt;
  return fmt::format("<personality_spec> {} \n{} </personality_spec>", trim(prompts::personality_change), trim(text));
}

std::optional<std::string> apps(const Telling& t) {
  if (!t.in.config.features.enabled(config::Feature::apps)) return std::nullopt;
  return std::string(trim(prompts::apps));
}

/// Who is named in commit messages unless the configuration says otherwise.
constexpr std::string_view default_attribution = "Burin <noreply@burin.invalid>";

std::optional<std::string> commit_trailer(const Telling& t) {
  const auto& in = t.in;
  if (!in.config.features.enabled(config::Feature::codex_git_commit)) return std::nullopt;
  const std::string configured = in.config.commit_attribution.value_or(std::string(default_attribution));
  const auto name = trim(configured);
  if (name.empty()) return std::nullopt;
  return fmt::format("{}\nCo-authored-by: {}", trim(prompts::commit_trailer), name);
}

std::optional<std::string> agents_md(const Telling& t) {
  if (!t.in.user_instructions) return std::nullopt;
  return agents_md_fragment(t.in.cwd, *t.in.user_instructions);
}

void append_network(std::string& out, const wire::TurnNetwork& network) {
  out += "  <network enabled=\"true\">\n";
  for (const auto& domain : network.allowed_domains) out += fmt::format("    <allowed>{}</allowed>\n", domain);
  for (const auto& domain : network.denied_domains) out += fmt::format("    <denied>{}</denied>\n", domain);
  out += "  </network>\n";
}

void append_subagents(std::string& out, std::vector<Subagent> agents) {
  std::sort(agents.begin(), agents.end(), [](const auto& a, const auto& b) { return a.thread_id < b.thread_id; });
  out += "  <subagents>\n";
  for (const auto& agent : agents) {
    out += fmt::format("    - {}{}{}\n", agent.thread_id, agent.nickname.empty() ? "" : ": ", agent.nickname);
  }
  out += "  </subagents>\n";
}

/// Values are not escaped. A difference always holds shell, date, timezone and network, but the cwd only when it is
/// another one, and never the agents (context.md 4.5).
std::optional<std::string> environment(const Telling& t) {
  const auto& in = t.in;
  const auto& row = fragment_row(Fragment::environment);
  std::string out(row.start);
  out += '\n';
  if (t.full || in.cwd != t.base->cwd) out += fmt::format("  <cwd>{}</cwd>\n", in.cwd);
  out += fmt::format("  <shell>{}</shell>\n", in.shell_name);
  out += fmt::format("  <current_date>{}</current_date>\n  <timezone>{}</timezone>\n", in.current_date, in.timezone);
  if (in.network) append_network(out, *in.network);
  if (t.full && !in.subagents.empty()) append_subagents(out, in.subagents);
  out += row.end;
  return out;
}

bool always(const Telling&) { return true; }
bool never(const Telling&) { return false; }

/// The session's instructions may already speak in the personality's words.
bool personality_not_baked_in(const Telling& t) {
  const auto& in = t.in;
  return !in.model.supports_personality() ||
         in.base_instructions != model::model_instructions(in.model, in.personality);
}

bool permissions_changed(const Telling& t) {
  return !(t.in.sandbox == t.base->sandbox_policy) || !(t.in.approval == t.base->approval_policy);
}

bool mode_changed(const Telling& t) {
  return !t.base->collaboration_mode || !(t.in.collaboration_mode == *t.base->collaboration_mode);
}

/// On a model change the switch text carries the personality.
bool personality_changed(const Telling& t) {
  return t.base->model == t.in.model.slug && t.in.personality != t.base->personality;
}

bool environment_changed(const Telling& t) {
  return t.in.cwd != t.base->cwd || t.in.current_date != t.base->current_date || t.in.timezone != t.base->timezone ||
         t.in.network != t.base->network;
}

/// One fragment of an envelope: its text, if there is anything to say, and when each builder wants it.
struct Row {
  std::optional<std::string> (*text)(const Telling&);
  bool (*in_full)(const Telling&);
  bool (*in_diff)(const Telling&);
};

/// In the order of context.md 4.2 and 4.3.
constexpr Row developer_rows[] = {
    {model_switch, always, always},
    {permissions, always, permissions_changed},
    {developer_instructions, always, never},
    {memory, always, never},
    {collaboration_mode, always, mode_changed},
    {realtime, always, always},
    {personality_spec, personality_not_baked_in, personality_changed},
    {apps, always, never},
    {commit_trailer, always, never},
};
constexpr Row user_rows[] = {
    {agents_md, always, never},
    {environment, always, environment_changed},
};

std::optional<wire::ResponseItem> envelope(std::string_view role, std::span<const Row> rows, const Telling& t) {
  std::vector<std::string> texts;
  for (const auto& row : rows) {
    if (!(t.full ? row.in_full : row.in_diff)(t)) continue;
    if (auto text = row.text(t)) texts.push_back(std::move(*text));
  }
  return text_message(role, std::move(texts));
}

std::vector<wire::ResponseItem> envelopes(const Telling& t) {
  std::vector<wire::ResponseItem> out;
  if (auto m = envelope("developer", developer_rows, t)) out.push_back(std::move(*m));
  if (auto m = envelope("user", user_rows, t)) out.push_back(std::move(*m));
  return out;
}

}  // namespace initial_context_detail

std::vector<wire::ResponseItem> full_context(const ContextInputs& inputs, const wire::TurnContext* baseline) {
  return initial_context_detail::envelopes({inputs, baseline, true});
}

std::vector<wire::ResponseItem> settings_diff(const ContextInputs& inputs, const wire::TurnContext& baseline) {
  return initial_context_detail::envelopes({inputs, &baseline, false});
}

}  // namespace burin::context

#include "model/request.h"

#include "base/json.h"
#include "base/log.h"

namespace burin::model {

std::optional<wire::ReasoningEffort> effective_effort(const TurnSettings& s) {
  return s.effort ? s.effort : s.model.default_reasoning_level;
}

wire::ReasoningSummary effective_summary(const TurnSettings& s) {
  return s.summary ? *s.summary : s.model.default_reasoning_summary;
}

std::optional<wire::ReasoningEffort> supported_effort(const ModelInfo& model,
                                                      std::optional<wire::ReasoningEffort> effort) {
  const auto& levels = model.supported_reasoning_levels;
  bool supported = std::ranges::any_of(levels, [&](const auto& level) { return level.effort == effort; });
  if (!effort || supported) return effort;
  return levels.empty() ? model.default_reasoning_level : levels[(levels.size() - 1) / 2].effort;
}

std::size_t prompt_bytes(const Prompt& prompt) {
  std::size_t size = prompt.instructions.size() + prompt.instructions.size() / 8 + prompt.tools.size() + 1024;
  for (auto item : prompt.input) size += item.size() + 1;
  return size;
}

namespace request_detail {

void add_reasoning(std::string& out, const TurnSettings& s) {
  if (!s.model.supports_reasoning_summaries) {
    out += ",\"reasoning\":null";
    return;
  }
  out += ",\"reasoning\":{";
  bool first = true;
  if (auto effort = effective_effort(s)) {
    out += "\"effort\":";
    write_json_string(out, to_string(*effort));
    first = false;
  }
  if (auto summary = effective_summary(s); summary != wire::ReasoningSummary::none) {
    if (!first) out += ',';
    out += "\"summary\":";
    write_json_string(out, to_string(summary));
  }
  out += '}';
}

void add_text(std::string& out, const Prompt& prompt, const TurnSettings& s) {
  std::optional<wire::Verbosity> verbosity;
  if (s.model.support_verbosity) {
    verbosity = s.verbosity ? s.verbosity : s.model.default_verbosity;
  } else if (s.verbosity) {
    log(Level::warn, "model", "model_verbosity is ignored: {} does not support it", s.model.slug);
  }
  if (!verbosity && prompt.output_schema == nullptr) return;
  out += ",\"text\":{";
  if (verbosity) {
    out += "\"verbosity\":";
    write_json_string(out, to_string(*verbosity));
  }
  if (prompt.output_schema != nullptr) {
    if (verbosity) out += ',';
    out += R"("format":{"type":"json_schema","strict":true,"schema":)";
    write_json(out, *prompt.output_schema);
    out += R"(,"name":"codex_output_schema"})";
  }
  out += '}';
}

void add_input(std::string& out, const Prompt& prompt) {
  out += '[';
  for (std::size_t i = 0; i < prompt.input.size(); ++i) {
    if (i != 0) out += ',';
    out += prompt.input[i];
    if (i < prompt.ids.size() && !prompt.ids[i].empty()) {
      out.back() = ',';  // re-opens the object
      out += "\"id\":";
      write_json_string(out, prompt.ids[i]);
      out += '}';
    }
  }
  out += ']';
}

std::string_view tier_name(const TurnSettings& s) {
  if (!s.service_tier) return {};
  if (*s.service_tier == wire::ServiceTier::flex) return "flex";
  return s.fast_mode ? "priority" : "";
}

}  // namespace request_detail

std::string build_compact_body(const Prompt& prompt, std::string_view model) {
  std::string out;
  out.reserve(prompt_bytes(prompt));
  out += "{\"model\":";
  write_json_string(out, model);
  out += ",\"input\":";
  request_detail::add_input(out, prompt);
  out += ",\"instructions\":";
  write_json_string(out, prompt.instructions);
  out += '}';
  return out;
}

std::string build_body(const Prompt& prompt, const TurnSettings& s, std::string_view prompt_cache_key, bool store) {
  std::string out;
  out.reserve(prompt_bytes(prompt));
  out += "{\"model\":";
  write_json_string(out, s.model.slug);
  out += ",\"instructions\":";
  write_json_string(out, prompt.instructions);
  out += ",\"input\":";
  request_detail::add_input(out, prompt);
  out += ",\"tools\":";
  out += prompt.tools;
  out += ",\"tool_choice\":\"auto\",\"parallel_tool_calls\":";
  out += prompt.parallel_tool_calls ? "true" : "false";
  request_detail::add_reasoning(out, s);
  out += store ? ",\"store\":true" : ",\"store\":false";
  out += ",\"stream\":true,\"include\":";
  out += s.model.supports_reasoning_summaries ? "[\"reasoning.encrypted_content\"]" : "[]";
  if (auto tier = request_detail::tier_name(s); !tier.empty()) {
    out += ",\"service_tier\":";
    write_json_string(out, tier);
  }
  out += ",\"prompt_cache_key\":";
  write_json_string(out, prompt_cache_key);
  request_detail::add_text(out, prompt, s);
  out += '}';
  return out;
}

}  // namespace burin::model

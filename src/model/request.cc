#include "model/request.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "model/transcript.h"

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

/// Reasoning that a provider on another wire made; it would be refused.
bool reasoning_of_other_wire(std::string_view item) {
  static const std::string mark = fmt::format(R"("encrypted_content":"{})", reasoning_mark);
  return item.starts_with(R"({"type":"reasoning")") && contains(item, mark);
}

void add_input(std::string& out, const Prompt& prompt, std::size_t first = 0, bool with_ids = true) {
  out += '[';
  bool some = false;
  for (std::size_t i = first; i < prompt.input.size(); ++i) {
    if (reasoning_of_other_wire(prompt.input[i])) continue;
    if (std::exchange(some, true)) out += ',';
    out += prompt.input[i];
    if (with_ids && i < prompt.ids.size() && !prompt.ids[i].empty()) {
      out.back() = ',';  // re-opens the object
      out += "\"id\":";
      write_json_string(out, prompt.ids[i]);
      out += '}';
    }
  }
  out += ']';
}

/// Room for a body with the input from `first` on, so that it is written in one go.
void reserve(std::string& out, const Prompt& prompt, std::size_t first = 0) {
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < first; ++i) left_out += prompt.input[i].size() + 1;
  out.reserve(prompt_bytes(prompt) - left_out);
}

std::string_view tier_name(const TurnSettings& s) {
  if (!s.service_tier) return {};
  if (*s.service_tier == wire::ServiceTier::flex) return "flex";
  return s.fast_mode ? "priority" : "";
}

}  // namespace request_detail

std::string build_compact_body(const Prompt& prompt, std::string_view model) {
  std::string out;
  request_detail::reserve(out, prompt);
  out += "{\"model\":";
  write_json_string(out, model);
  out += ",\"input\":";
  request_detail::add_input(out, prompt);
  out += ",\"instructions\":";
  write_json_string(out, prompt.instructions);
  out += '}';
  return out;
}

namespace request_detail {

void add_before_input(std::string& out, const Prompt& prompt, const TurnSettings& s) {
  out += "\"model\":";
  write_json_string(out, s.model.slug);
  out += ",\"instructions\":";
  write_json_string(out, prompt.instructions);
}

void add_after_input(std::string& out, const Prompt& prompt, const TurnSettings& s, std::string_view prompt_cache_key,
                     bool store) {
  out += ",\"tools\":";
  out += prompt.tools;
  out += ",\"tool_choice\":\"auto\",\"parallel_tool_calls\":";
  out += prompt.parallel_tool_calls ? "true" : "false";
  add_reasoning(out, s);
  out += store ? ",\"store\":true" : ",\"store\":false";
  out += ",\"stream\":true,\"include\":";
  out += s.model.supports_reasoning_summaries ? "[\"reasoning.encrypted_content\"]" : "[]";
  if (auto tier = tier_name(s); !tier.empty()) {
    out += ",\"service_tier\":";
    write_json_string(out, tier);
  }
  out += ",\"prompt_cache_key\":";
  write_json_string(out, prompt_cache_key);
  add_text(out, prompt, s);
}

bool printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace request_detail

using namespace request_detail;

std::string build_body(const Prompt& prompt, const TurnSettings& s, std::string_view prompt_cache_key, bool store) {
  std::string out;
  reserve(out, prompt);
  out += '{';
  add_before_input(out, prompt, s);
  out += ",\"input\":";
  add_input(out, prompt);
  add_after_input(out, prompt, s, prompt_cache_key, store);
  out += '}';
  return out;
}

std::string build_create_message(const Prompt& prompt, const TurnSettings& s, std::string_view prompt_cache_key,
                                 const CreateFields& fields) {
  std::string out;
  reserve(out, prompt, fields.first_item);
  out += R"({"type":"response.create",)";
  add_before_input(out, prompt, s);
  if (!fields.previous_response_id.empty()) {
    out += ",\"previous_response_id\":";
    write_json_string(out, fields.previous_response_id);
  }
  out += ",\"input\":";
  add_input(out, prompt, fields.first_item, false);
  add_after_input(out, prompt, s, prompt_cache_key, fields.store);
  if (!fields.generate) out += ",\"generate\":false";
  if (!fields.turn_metadata.empty() && printable_ascii(fields.turn_metadata)) {
    out += R"(,"client_metadata":{"x-codex-turn-metadata":)";
    write_json_string(out, fields.turn_metadata);
    out += '}';
  }
  out += '}';
  return out;
}

std::string body_without_input(const Prompt& prompt, const TurnSettings& s, std::string_view prompt_cache_key) {
  std::string out;
  reserve(out, prompt, prompt.input.size());
  add_before_input(out, prompt, s);
  add_after_input(out, prompt, s, prompt_cache_key, false);
  return out;
}

}  // namespace burin::model

// Flows: dialogues that were recorded from the reference, with what it sent and wrote (tests/flows/*.json; the format
// is told in tests/flows/README.md). This is the reading of one; flow_view.h shows what Burin did in the same form.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "testkit/compaction.h"
#include "testkit/event_builders.h"

namespace burin::testing {

/// `{c*N}` in a text stands for N times the character c, so that long texts do not fill the files.
inline std::string unfold(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto end = text.find('}', i);
    bool macro = text[i] == '{' && i + 3 < text.size() && text[i + 2] == '*' && end != std::string_view::npos;
    auto count = macro ? parse_uint(text.substr(i + 3, end - i - 3)) : std::nullopt;
    if (count) {
      out.append(*count, text[i + 1]);
      i = end;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// And back: runs of 64 and more equal printable characters.
inline std::string fold(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    auto end = std::min(text.find_first_not_of(text[i], i), text.size());
    if (end - i >= 64 && text[i] > ' ' && text[i] < 0x7f) {
      out += fmt::format("{{{}*{}}}", text[i], end - i);
    } else {
      out += text.substr(i, end - i);
    }
    i = end;
  }
  return out;
}

inline json::value flow_text_message(std::string_view role, const json::value& parts) {
  json::array content;
  auto add = [&](const json::value& part) {
    if (!part.is_string()) return content.push_back(part);
    content.push_back(json::object{{"type", role == "assistant" ? "output_text" : "input_text"},
                                   {"text", unfold(view(part.get_string()))}});
  };
  if (parts.is_array()) {
    for (const auto& part : parts.get_array()) add(part);
  } else {
    add(parts);
  }
  return json::object{{"type", "message"}, {"role", role}, {"content", std::move(content)}};
}

/// "text" is what the assistant says; {"user": "text"} a message of that role; {"call": name, "id": …, "args": {…}} a
/// function call; anything else an item as it is.
inline json::value flow_item(const json::value& item) {
  if (item.is_string()) return flow_text_message("assistant", item);
  for (std::string_view role : {"user", "developer", "assistant", "system"}) {
    if (const auto* parts = find(item, role)) return flow_text_message(role, *parts);
  }
  auto name = find_string(item, "call");
  if (!name) return item;
  const auto* arguments = find_object(item, "args");
  return json::object{{"type", "function_call"},
                      {"name", *name},
                      {"arguments", arguments == nullptr ? "{}" : unfold(dump(*arguments))},
                      {"call_id", find_string(item, "id").value_or("")}};
}

/// A piece of an answer: bytes of the stream, or something that the client does before the rest comes.
struct FlowPiece {
  std::string bytes;
  const json::value* action = nullptr;
};

/// The stream of {"items": […], "tokens": N}; "failed", "hang" and "cut" end it in other ways.
inline std::vector<FlowPiece> flow_stream(const json::value& response, std::string_view id) {
  std::vector<FlowPiece> out;
  auto event = [&](json::value e) { out.push_back({testkit::sse({std::move(e)})}); };
  event(testkit::ev_response_created(id));
  if (const auto* items = find_array(response, "items")) {
    for (const auto& item : *items) {
      if (const auto* action = item.is_object() ? find(item, "do") : nullptr) {
        out.push_back({.bytes = {}, .action = action});
      } else {
        event(testkit::ev_item_done(flow_item(item)));
      }
    }
  }
  if (auto code = find_string(response, "failed")) {
    event(testkit::ev_failed(id, *code, "no"));
  } else if (auto tokens = find_int(response, "tokens"); tokens && !find_bool(response, "cut")) {
    event(testkit::ev_completed_with_tokens(id, *tokens));
  }
  return out;
}

/// The body of the compaction endpoint: the given items, or by default what users and developers said and a compaction.
inline std::string flow_compaction(const json::value& response, const json::value& request) {
  json::array output;
  if (const auto* items = find_array(response, "compact")) {
    for (const auto& item : *items) output.push_back(flow_item(item));
  } else {
    return dump(testkit::compact_history(request, "S", testkit::SummaryShape::compaction_item));
  }
  return dump(json::object{{"output", std::move(output)}});
}

/// config.toml: the settings of all flows, overridden by those of the file; names with dots lead into tables.
inline std::string flow_config(const json::value& flow) {
  bool remote = find_bool(flow, "remote").value_or(false);
  json::object settings{{"model", "gpt-5.1-codex"},
                        {"model_provider", "mock"},
                        {"approval_policy", "never"},
                        {"sandbox_mode", "danger-full-access"},
                        {"model_providers.mock.name", remote ? "OpenAI" : "mock"},
                        {"model_providers.mock.base_url", "http://mock/v1"},
                        {"model_providers.mock.wire_api", "responses"},
                        {"model_providers.mock.request_max_retries", 0},
                        {"model_providers.mock.stream_max_retries", 0}};
  if (const auto* own = find_object(flow, "config")) {
    for (const auto& [key, value] : *own) settings[key] = value;
  }
  std::string out;
  for (const auto& [key, value] : settings) out += fmt::format("{} = {}\n", std::string_view(key), dump(value));
  return out;
}

constexpr std::string_view flow_seed_id = "019a0000-0000-7000-8000-000000000001";
constexpr std::string_view flow_seed_path =
    "/home/sessions/2026/03/01/rollout-2026-03-01T10-00-00-019a0000-0000-7000-8000-000000000001.jsonl";

/// A session file that was there before: its lines are {"item": …}, {"event": …} or {type: payload}; $CWD
/// is the project.
inline std::string flow_seed(const json::array& lines) {
  std::string out;
  auto add = [&](std::string_view type, const json::value& payload) {
    out += dump(json::object{{"timestamp", "2026-03-01T10:00:00.000Z"}, {"type", type}, {"payload", payload}}) + "\n";
  };
  add("session_meta", json::object{{"id", flow_seed_id},
                                   {"timestamp", "2026-03-01T10:00:00.000Z"},
                                   {"cwd", "/w"},
                                   {"originator", "t"},
                                   {"cli_version", "0.110.0"},
                                   {"source", "vscode"},
                                   {"model_provider", "mock"},
                                   {"base_instructions", nullptr}});
  for (const auto& line : lines) {
    const auto& [type, payload] = *line.get_object().begin();
    if (type == "item") {
      add("response_item", flow_item(payload));
    } else {
      add(type == "event" ? "event_msg" : std::string_view(type), payload);
    }
  }
  return replace_all(out, "$CWD", "/w");
}

/// The operation override_turn_context for the settings of a step; nullopt when it has none.
inline std::optional<json::value> flow_override(const json::value& step) {
  json::object op{{"type", "override_turn_context"}};
  if (auto cwd = find_string(step, "cwd")) op["cwd"] = path::normal(path::join("/w", *cwd));
  if (auto sandbox = find_string(step, "sandbox")) op["sandbox_policy"] = json::object{{"type", *sandbox}};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> names{
      {{"approval", "approval_policy"}, {"model", "model"}, {"effort", "effort"}, {"personality", "personality"}}};
  for (const auto& [name, field] : names) {
    if (const auto* value = find(step, name)) op[field] = *value;
  }
  if (const auto* mode = find_object(step, "mode")) {
    json::object settings = *mode;
    settings["reasoning_effort"] = nullptr;
    op["collaboration_mode"] = json::object{{"mode", settings["mode"]}, {"settings", settings}};
  }
  if (op.size() == 1) return std::nullopt;
  return op;
}

/// The operation user_input for a text and pictures (URLs, or paths below the project).
inline json::value flow_input(const json::value& text, const json::array* images) {
  json::array items;
  if (text.is_string()) {
    items.push_back(
        json::object{{"type", "text"}, {"text", unfold(view(text.get_string()))}, {"text_elements", json::array{}}});
  }
  for (std::size_t i = 0; images != nullptr && i < images->size(); ++i) {
    auto where = view((*images)[i].get_string());
    items.push_back(where.find(':') != std::string_view::npos
                        ? json::object{{"type", "image"}, {"image_url", where}}
                        : json::object{{"type", "local_image"}, {"path", path::join("/w", where)}});
  }
  return json::object{{"type", "user_input"}, {"items", std::move(items)}};
}

}  // namespace burin::testing

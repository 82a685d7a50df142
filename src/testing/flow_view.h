// What a thread sent and wrote, in the form of the recorded flows: requests as snapshots (context.md 10), session files
// as the kinds of their lines, events as the few names that tell how turns went.
//
// Texts that each implementation words for itself are replaced by markers. Prompt and prefix of compactions are learnt
// from the traffic, so that this works whatever they say.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "io/http.h"
#include "testing/flow.h"
#include "testkit/snapshot.h"
#include "wire/event.h"

namespace burin::testing {

inline std::string replace_number(std::string text, std::string_view before, std::string_view after) {
  for (std::size_t at = 0; (at = text.find(before, at)) != std::string::npos;) {
    at += before.size();
    auto end = std::min(text.find_first_not_of("0123456789.", at), text.size());
    if (end > at && std::string_view(text).substr(end).starts_with(after)) text.replace(at, end - at, "<S>");
  }
  return text;
}

inline std::string flow_text(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> own{
      {{"<model_switch>", "<MODEL_SWITCH>"},
       {"<personality_spec>", "<PERSONALITY_SPEC>"},
       {"<realtime_conversation>", "<REALTIME_CONVERSATION>"},
       {"<turn_aborted>", "<TURN_ABORTED>"},
       {"[An image was here.", "<REMOVED_IMAGE>"}}};
  for (const auto& [start, marker] : own) {
    if (text.starts_with(start)) return std::string(marker);
  }
  if (contains(text, "Co-authored-by: ")) return "<COMMIT_TRAILER>";
  auto out = replace_number(std::string(text), "Wall time: ", " seconds");
  out = replace_number(std::move(out), "Duration: ", " seconds");
  return fold(replace_number(std::move(out), "aborted by user after ", "s"));
}

/// A copy of an item with its texts made comparable.
inline json::value flow_shown(json::value item) {
  for (auto key : {"text", "output"}) {
    if (auto text = find_string(item, key)) item.get_object()[key] = flow_text(*text);
  }
  if (const auto* parts = find_array(item, "content")) {
    json::array content;
    for (const auto& part : *parts) content.push_back(flow_shown(part));
    item.get_object()["content"] = std::move(content);
  }
  return item;
}

struct FlowRequest {
  std::string head;
  std::vector<std::string> entries;  // one for each item
  std::vector<std::string> raw;      // the items' JSON
  bool operator==(const FlowRequest& other) const { return head == other.head && entries == other.entries; }
};

/// One text of several requests; what a request shares with the one before is counted, as in the files.
inline std::string flow_requests_text(const std::vector<FlowRequest>& requests) {
  std::string out;
  const FlowRequest* before = nullptr;
  for (const auto& request : requests) {
    std::size_t same = 0;
    while (before != nullptr && same < std::min(before->entries.size(), request.entries.size()) &&
           before->entries[same] == request.entries[same]) {
      ++same;
    }
    out += fmt::format("## {}\n", request.head);
    if (same > 0) out += fmt::format("({} as before)\n", same);
    for (std::size_t i = same; i < request.entries.size(); ++i) out += request.entries[i] + "\n";
    before = &request;
  }
  return out;
}

inline std::string flow_head(std::string_view url, const json::value& body, const json::value& first) {
  auto other = [&](std::string_view key) {
    auto now = find_string(body, key), then = find_string(first, key);
    return now && then && *now != *then;
  };
  auto out = fmt::format("{} {}", url.substr(url.find("/v1/") + 4), find_string(body, "model").value_or("?"));
  if (const auto* tools = find_array(body, "tools"); tools != nullptr && tools->empty()) out += ", no tools";
  if (other("instructions")) out += ", other instructions";
  if (other("prompt_cache_key")) out += ", other cache key";
  return out;
}

inline std::vector<FlowRequest> flow_requests(const std::vector<io::HttpRequest>& requests,
                                              const testkit::SnapshotOptions& options) {
  std::vector<FlowRequest> out;
  json::value first;
  for (const auto& request : requests) {
    auto body = parse_json(request.body);
    if (!body) continue;
    if (out.empty()) first = *body;
    FlowRequest shown{.head = flow_head(request.url, *body, first), .entries = {}, .raw = {}};
    for (const auto& item : *find_array(*body, "input")) {
      shown.raw.push_back(dump(item));
      auto entry = testkit::format_response_items_snapshot({flow_shown(item)}, options);
      shown.entries.push_back(fmt::format("{:02}{}", shown.entries.size(), entry.substr(2)));
    }
    out.push_back(std::move(shown));
  }
  return out;
}

/// The requests that a file expects, with the shared items filled in.
inline std::vector<FlowRequest> flow_expected_requests(const json::array& requests) {
  std::vector<FlowRequest> out;
  for (const auto& request : requests) {
    FlowRequest expected{.head = std::string(find_string(request, "head").value_or("")), .entries = {}, .raw = {}};
    auto same = static_cast<std::size_t>(find_int(request, "same").value_or(0));
    for (std::size_t i = 0; i < same; ++i) expected.entries.push_back(out.back().entries.at(i));
    for (const auto& entry : *find_array(request, "input")) expected.entries.emplace_back(view(entry.get_string()));
    out.push_back(std::move(expected));
  }
  return out;
}

/// What asks for a summary: the last message of a request without tools.
inline std::string learnt_prompt(const std::vector<io::HttpRequest>& requests) {
  for (const auto& request : requests) {
    auto body = parse_json(request.body);
    const auto* tools = body ? find_array(*body, "tools") : nullptr;
    if (tools == nullptr || !tools->empty()) continue;
    const auto* content = find_array(find_array(*body, "input")->back(), "content");
    return content == nullptr ? "" : std::string(find_string(content->at(0), "text").value_or(""));
  }
  return {};
}

/// What summaries begin with: the first line of a compaction's message.
inline std::string learnt_prefix(std::string_view rollout) {
  for (auto line : lines(rollout)) {
    auto document = parse_json(line);
    if (!document || find_string(*document, "type") != "compacted") continue;
    auto message = find_string(*find(*document, "payload"), "message").value_or("");
    if (!message.empty()) return std::string(message.substr(0, message.find('\n')));
  }
  return {};
}

inline std::string flow_item_kind(const json::value& item) {
  auto type = std::string(find_string(item, "type").value_or("?"));
  return type == "message" ? fmt::format("message/{}", find_string(item, "role").value_or("?")) : type;
}

inline std::string flow_token_count(const json::value& event) {
  const auto* info = find_object(event, "info");
  if (info == nullptr) return "token_count=none";
  auto last = find_int(info->at("last_token_usage"), "total_tokens").value_or(-1);
  return fmt::format("token_count={}/{}", last, dump(info->at("model_context_window")));
}

inline std::string flow_line_kind(const json::value& line) {
  auto type = find_string(line, "type").value_or("?");
  const auto& payload = *find(line, "payload");
  if (type == "response_item") return flow_item_kind(payload);
  if (type == "event_msg") {
    auto event = find_string(payload, "type").value_or("?");
    return event == "token_count" ? flow_token_count(payload) : std::string(event);
  }
  if (type != "compacted") return std::string(type);
  std::vector<std::string> kinds;
  if (const auto* items = find_array(payload, "replacement_history")) {
    for (const auto& item : *items) kinds.push_back(flow_item_kind(item));
  }
  return fmt::format("compacted({})", join(kinds, ","));
}

/// The kinds of the lines of a session file, in rows that end with a turn or a rollback.
inline std::vector<std::string> flow_rollout(std::string_view text) {
  std::vector<std::string> rows(1);
  for (auto line : lines(text)) {
    auto document = parse_json(line);
    auto kind = document ? flow_line_kind(*document) : "(not JSON)";
    rows.back() += (rows.back().empty() ? "" : " ") + kind;
    if (kind == "task_complete" || kind == "turn_aborted" || kind == "thread_rolled_back") rows.emplace_back();
  }
  if (rows.back().empty()) rows.pop_back();
  return rows;
}

/// Numbers that depend on the length of prompts are recorded as "estimate": any number is equal to it.
inline std::string with_estimates(std::string_view row, std::string_view expected) {
  std::vector<std::string> out;
  auto wanted = split(expected, ' ');
  for (auto word : split(row, ' ')) {
    auto want = out.size() < wanted.size() ? wanted[out.size()] : std::string_view();
    auto slash = want.find('/');
    bool estimate = want.starts_with("token_count=estimate/") && word.starts_with("token_count=") &&
                    word.ends_with(want.substr(slash)) && word != "token_count=none";
    out.emplace_back(estimate ? want : word);
  }
  return join(out, " ");
}

/// An event that tells how a turn went; empty for all others.
inline std::string flow_event(const wire::EventMsg& event) {
  if (const auto* error = std::get_if<wire::event::Error>(&event)) {
    const auto& info = error->codex_error_info;
    return "error:" + (info ? info->kind : std::string("none"));
  }
  auto type = std::string(wire::event_type(event));
  if (type == "turn_aborted") {
    return fmt::format("turn_aborted:{}", find_string(to_json(event), "reason").value_or("?"));
  }
  for (auto name :
       {"stream_error", "background_event", "context_compacted", "task_complete", "thread_rolled_back", "warning"}) {
    if (type == name) return type;
  }
  return {};
}

}  // namespace burin::testing

#include "testkit/event_builders.h"

#include "base/text.h"

namespace burin::testkit {

namespace builders_detail {

json::string text(std::string_view s) { return json::string(s.data(), s.size()); }

json::object typed(std::string_view type) { return json::object{{"type", text(type)}}; }

json::object usage(std::int64_t tokens) {
  return json::object{{"input_tokens", tokens},
                      {"input_tokens_details", nullptr},
                      {"output_tokens", 0},
                      {"output_tokens_details", nullptr},
                      {"total_tokens", tokens}};
}

json::value response_event(std::string_view type, json::object response) {
  json::object out = typed(type);
  out["response"] = std::move(response);
  return out;
}

json::value item_event(std::string_view type, json::value item) {
  json::object out = typed(type);
  out["item"] = std::move(item);
  return out;
}

json::value delta_event(std::string_view type, std::string_view delta, const char* index_key = nullptr) {
  json::object out = typed(type);
  out["delta"] = text(delta);
  if (index_key != nullptr) out[index_key] = 0;
  return out;
}

json::object part(std::string_view type, std::string_view body) {
  json::object out = typed(type);
  out["text"] = text(body);
  return out;
}

json::array parts(std::string_view type, const Strings& texts) {
  json::array out;
  for (const auto& t : texts) out.push_back(part(type, t));
  return out;
}

json::array words(const Strings& list) {
  json::array out;
  for (const auto& w : list) out.push_back(text(w));
  return out;
}

json::object assistant_message(std::string_view id, std::string_view body) {
  json::object out = typed("message");
  out["role"] = "assistant";
  out["id"] = text(id);
  out["content"] = json::array{part("output_text", body)};
  return out;
}

json::object reasoning(std::string_view id, const Strings& summaries) {
  json::object out = typed("reasoning");
  out["id"] = text(id);
  out["summary"] = parts("summary_text", summaries);
  return out;
}

json::value window(const std::optional<RateWindow>& w) {
  if (!w) return nullptr;
  return json::object{
      {"used_percent", w->used_percent}, {"window_minutes", w->window_minutes}, {"reset_at", w->reset_at}};
}

std::string patch_heredoc(std::string_view patch) { return fmt::format("apply_patch <<'EOF'\n{}\nEOF\n", patch); }

}  // namespace builders_detail

namespace eb = builders_detail;

json::value ev_response_created(std::string_view id) {
  return eb::response_event("response.created", json::object{{"id", eb::text(id)}});
}

json::value ev_completed(std::string_view id) { return ev_completed_with_tokens(id, 0); }

json::value ev_completed_with_tokens(std::string_view id, std::int64_t tokens) {
  return eb::response_event("response.completed", json::object{{"id", eb::text(id)}, {"usage", eb::usage(tokens)}});
}

json::value ev_done() { return eb::response_event("response.done", json::object{{"usage", eb::usage(0)}}); }

json::value ev_done_with_id(std::string_view id) {
  return eb::response_event("response.done", json::object{{"id", eb::text(id)}, {"usage", eb::usage(0)}});
}

json::value ev_item_done(json::value item) { return eb::item_event("response.output_item.done", std::move(item)); }
json::value ev_item_added(json::value item) { return eb::item_event("response.output_item.added", std::move(item)); }

json::value ev_assistant_message(std::string_view id, std::string_view body) {
  return ev_item_done(eb::assistant_message(id, body));
}

json::value ev_message_item_added(std::string_view id, std::string_view body) {
  return ev_item_added(eb::assistant_message(id, body));
}

json::value ev_reasoning_item(std::string_view id, const Strings& summaries, const Strings& raw) {
  json::object item = eb::reasoning(id, summaries);
  std::string secret(550, 'b');
  for (const auto& r : raw) secret += r;
  item["encrypted_content"] = eb::text(base64(secret));
  if (!raw.empty()) item["content"] = eb::parts("reasoning_text", raw);
  return ev_item_done(std::move(item));
}

json::value ev_reasoning_item_added(std::string_view id, const Strings& summaries) {
  return ev_item_added(eb::reasoning(id, summaries));
}

json::value ev_web_search_call_added_partial(std::string_view id, std::string_view status) {
  json::object item = eb::typed("web_search_call");
  item["id"] = eb::text(id);
  item["status"] = eb::text(status);
  return ev_item_added(std::move(item));
}

json::value ev_web_search_call_done(std::string_view id, std::string_view status, std::string_view query) {
  json::object item = eb::typed("web_search_call");
  item["id"] = eb::text(id);
  item["status"] = eb::text(status);
  item["action"] = json::object{{"type", "search"}, {"query", eb::text(query)}};
  return ev_item_done(std::move(item));
}

json::value ev_image_generation_call(std::string_view id, std::string_view status, std::string_view revised_prompt,
                                     std::string_view result) {
  json::object item = eb::typed("image_generation_call");
  item["id"] = eb::text(id);
  item["status"] = eb::text(status);
  if (!revised_prompt.empty()) item["revised_prompt"] = eb::text(revised_prompt);
  item["result"] = eb::text(result);
  return ev_item_done(std::move(item));
}

json::value ev_output_text_delta(std::string_view delta) {
  return eb::delta_event("response.output_text.delta", delta);
}

json::value ev_reasoning_summary_text_delta(std::string_view delta) {
  return eb::delta_event("response.reasoning_summary_text.delta", delta, "summary_index");
}

json::value ev_reasoning_text_delta(std::string_view delta) {
  return eb::delta_event("response.reasoning_text.delta", delta, "content_index");
}

json::value ev_function_call(std::string_view call_id, std::string_view name, std::string_view args) {
  json::object item = eb::typed("function_call");
  item["call_id"] = eb::text(call_id);
  item["name"] = eb::text(name);
  item["arguments"] = eb::text(args);
  return ev_item_done(std::move(item));
}

json::value ev_custom_tool_call(std::string_view call_id, std::string_view name, std::string_view input) {
  json::object item = eb::typed("custom_tool_call");
  item["call_id"] = eb::text(call_id);
  item["name"] = eb::text(name);
  item["input"] = eb::text(input);
  return ev_item_done(std::move(item));
}

json::value ev_local_shell_call(std::string_view call_id, std::string_view status, const Strings& command) {
  json::object item = eb::typed("local_shell_call");
  item["call_id"] = eb::text(call_id);
  item["status"] = eb::text(status);
  item["action"] = json::object{{"type", "exec"}, {"command", eb::words(command)}};
  return ev_item_done(std::move(item));
}

json::value ev_shell_command_call(std::string_view call_id, std::string_view command) {
  return ev_shell_command_call_with_args(call_id, json::object{{"command", eb::text(command)}});
}

json::value ev_shell_command_call_with_args(std::string_view call_id, const json::value& args) {
  return ev_function_call(call_id, "shell_command", dump(args));
}

json::value ev_apply_patch_call(std::string_view call_id, std::string_view patch, PatchCall variant) {
  std::string heredoc = eb::patch_heredoc(patch);
  switch (variant) {
    case PatchCall::freeform:
      return ev_custom_tool_call(call_id, "apply_patch", patch);
    case PatchCall::function:
      return ev_function_call(call_id, "apply_patch", dump(json::object{{"input", eb::text(patch)}}));
    case PatchCall::shell:
      return ev_function_call(call_id, "shell",
                              dump(json::object{{"command", eb::words({"apply_patch", std::string(patch)})}}));
    case PatchCall::shell_heredoc:
      return ev_function_call(call_id, "shell", dump(json::object{{"command", eb::words({"bash", "-lc", heredoc})}}));
    case PatchCall::shell_command_heredoc:
      return ev_shell_command_call(call_id, heredoc);
  }
  return nullptr;
}

json::value ev_rate_limits(std::optional<RateWindow> primary, std::optional<RateWindow> secondary,
                           std::string_view plan_type, std::string_view limit_name) {
  json::object out = eb::typed("codex.rate_limits");
  if (!plan_type.empty()) out["plan_type"] = eb::text(plan_type);
  out["rate_limits"] = json::object{{"primary", eb::window(primary)}, {"secondary", eb::window(secondary)}};
  if (!limit_name.empty()) out["limit_name"] = eb::text(limit_name);
  return out;
}

json::value ev_error(std::optional<int> status, json::value error, std::optional<json::object> headers) {
  json::object out = eb::typed("error");
  if (status) out["status"] = *status;
  out["error"] = std::move(error);
  if (headers) out["headers"] = std::move(*headers);
  return out;
}

json::value ev_failed(std::string_view id, std::string_view code, std::string_view message) {
  return eb::response_event(
      "response.failed",
      json::object{{"id", eb::text(id)},
                   {"error", json::object{{"code", eb::text(code)}, {"message", eb::text(message)}}}});
}

std::string sse_failed(std::string_view id, std::string_view code, std::string_view message) {
  return sse({ev_failed(id, code, message)});
}

std::string sse_completed(std::string_view id) { return sse({ev_response_created(id), ev_completed(id)}); }

json::value user_message_item(std::string_view body) {
  json::object item = eb::typed("message");
  item["role"] = "user";
  item["content"] = json::array{eb::part("input_text", body)};
  return item;
}

json::value compaction_item(std::string_view encrypted_content) {
  json::object item = eb::typed("compaction");
  item["encrypted_content"] = eb::text(encrypted_content);
  return item;
}

}  // namespace burin::testkit

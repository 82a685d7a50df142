// Builders of the events that a Responses API streams, and of a few items.
//
// Each returns exactly the JSON of model-client.md 16.6, keys in that order; tests that need another form build it
// themselves. Pure functions; texts are taken as they are.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "testkit/response.h"

namespace burin::testkit {

using Strings = std::vector<std::string>;

json::value ev_response_created(std::string_view id);
/// response.completed with usage zero, or with `tokens` input and total tokens.
json::value ev_completed(std::string_view id);
json::value ev_completed_with_tokens(std::string_view id, std::int64_t tokens);
/// response.done with usage zero.
json::value ev_done();
json::value ev_done_with_id(std::string_view id);

/// Items in response.output_item.done (…_added: response.output_item.added).
json::value ev_item_done(json::value item);
json::value ev_item_added(json::value item);
json::value ev_assistant_message(std::string_view id, std::string_view text);
json::value ev_message_item_added(std::string_view id, std::string_view text);
/// `encrypted_content` is the base64 of 550 times "b" and the raw texts; `content` is there when `raw` is not empty.
json::value ev_reasoning_item(std::string_view id, const Strings& summaries, const Strings& raw = {});
json::value ev_reasoning_item_added(std::string_view id, const Strings& summaries);
json::value ev_web_search_call_added_partial(std::string_view id, std::string_view status);
json::value ev_web_search_call_done(std::string_view id, std::string_view status, std::string_view query);
json::value ev_image_generation_call(std::string_view id, std::string_view status, std::string_view revised_prompt,
                                     std::string_view result);

json::value ev_output_text_delta(std::string_view delta);
json::value ev_reasoning_summary_text_delta(std::string_view delta);
json::value ev_reasoning_text_delta(std::string_view delta);

/// `args` is the string of arguments, usually JSON.
json::value ev_function_call(std::string_view call_id, std::string_view name, std::string_view args);
json::value ev_custom_tool_call(std::string_view call_id, std::string_view name, std::string_view input);
json::value ev_local_shell_call(std::string_view call_id, std::string_view status, const Strings& command);
json::value ev_shell_command_call(std::string_view call_id, std::string_view command);
json::value ev_shell_command_call_with_args(std::string_view call_id, const json::value& args);

/// The ways in which models hand over a patch.
enum class PatchCall : std::uint8_t {
  freeform,              // custom tool call
  function,              // function apply_patch {"input": patch}
  shell,                 // function shell {"command": ["apply_patch", patch]}
  shell_heredoc,         // function shell {"command": ["bash", "-lc", heredoc]}
  shell_command_heredoc  // function shell_command {"command": heredoc}
};
json::value ev_apply_patch_call(std::string_view call_id, std::string_view patch, PatchCall variant);

/// One window of the rate limits (model-client.md 9.7).
struct RateWindow {
  double used_percent = 0;
  std::int64_t window_minutes = 0;
  std::int64_t reset_at = 0;  // seconds since the epoch
};
/// The codex.rate_limits event; a missing window is null, an empty plan or limit name is left out.
json::value ev_rate_limits(std::optional<RateWindow> primary, std::optional<RateWindow> secondary = {},
                           std::string_view plan_type = {}, std::string_view limit_name = {});
/// {"type":"error","status"?,"error",…,"headers"?}
json::value ev_error(std::optional<int> status, json::value error, std::optional<json::object> headers = {});

/// response.failed with error {code, message}.
json::value ev_failed(std::string_view id, std::string_view code, std::string_view message);
/// Texts of whole streams: one response.failed; created and completed.
std::string sse_failed(std::string_view id, std::string_view code, std::string_view message);
std::string sse_completed(std::string_view id);

json::value user_message_item(std::string_view text);
json::value compaction_item(std::string_view encrypted_content);

}  // namespace burin::testkit

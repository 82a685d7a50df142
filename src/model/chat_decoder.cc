#include "model/chat_decoder.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "model/chat_wire.h"
#include "model/wire_error.h"

namespace burin::model {

namespace chat_decoder_detail {

constexpr std::string_view last_event = "[DONE]";

/// Finish reasons that leave the answer unfinished, in the words of the Responses API. All others end it.
struct Incomplete {
  std::string_view finish, reason;
};
constexpr Incomplete incomplete[] = {
    {"length", "max_output_tokens"}, {"content_filter", "content_filter"}, {"error", "error"}};

std::int64_t number(const json::value& object, std::string_view key) { return find_int(object, key).value_or(0); }

std::int64_t detail(const json::value& usage, std::string_view object, std::string_view key) {
  const auto* details = find(usage, object);
  return details == nullptr ? 0 : number(*details, key);
}

wire::TokenUsage read_usage(const json::value& usage) {
  wire::TokenUsage out;
  out.input_tokens = number(usage, "prompt_tokens");
  out.output_tokens = number(usage, "completion_tokens");
  out.cached_input_tokens = detail(usage, "prompt_tokens_details", "cached_tokens");
  if (out.cached_input_tokens == 0) out.cached_input_tokens = number(usage, "prompt_cache_hit_tokens");  // DeepSeek
  out.reasoning_output_tokens = detail(usage, "completion_tokens_details", "reasoning_tokens");
  out.total_tokens = find_int(usage, "total_tokens").value_or(out.input_tokens + out.output_tokens);
  return out;
}

/// The first choice; only one was asked for.
const json::value* choice_of(const json::value& chunk) {
  const auto* choices = find_array(chunk, "choices");
  return choices != nullptr && !choices->empty() ? &choices->front() : nullptr;
}

const json::value* error_of(const json::value& chunk, const json::value* choice) {
  const auto* error = find(chunk, "error");
  if ((error == nullptr || error->is_null()) && choice != nullptr) error = find(*choice, "error");
  return error == nullptr || error->is_null() ? nullptr : error;
}

}  // namespace chat_decoder_detail

using namespace chat_decoder_detail;

ChatDecoder::ChatDecoder(const Prompt& prompt)
    : names_(prompt), unnamed_(fmt::format("after-{}", prompt.input.size())) {}

void ChatDecoder::feed(std::string_view data, Out& out) {
  if (trim(data) == last_event) {
    if (finished_) return complete(out);
    error_ = stream_error("the answer ended without a finish reason");
    return;
  }
  const auto* parsed = parser_.parse(data);
  if (parsed == nullptr || !parsed->is_object()) return;
  const json::value& chunk = *parsed;
  const auto* choice = choice_of(chunk);
  if (const auto* error = error_of(chunk, choice)) {
    error_ = in_stream_error(*error);
    return;
  }
  auto id = find_string(chunk, "id").value_or("");
  items_.begin(id.empty() ? std::string_view(unnamed_) : id, out);
  const bool was_finished = finished_;
  const auto* usage = find(chunk, "usage");
  if (usage != nullptr && usage->is_object()) usage_ = read_usage(*usage);
  if (choice != nullptr && !finished_) {
    if (const auto* d = find(*choice, "delta")) delta(*d, out);
    if (auto reason = find_string(*choice, "finish_reason"); reason && !reason->empty()) finish(*reason, out);
  }
  if (was_finished && usage_) complete(out);
}

void ChatDecoder::delta(const json::value& delta, Out& out) {
  for (std::string_view field : chat_reasoning_fields) {
    if (auto text = find_string(delta, field); text && !text->empty()) {
      items_.raw_reasoning(*text, chat_reasoning_mark(field), out);
      break;  // some servers send the same under both names
    }
  }
  for (std::string_view field : {"content", "refusal"}) {
    if (auto text = find_string(delta, field)) items_.text(*text, out);
  }
  if (const auto* calls = find_array(delta, "tool_calls")) {
    for (const auto& each : *calls) fragment(each);
  }
}

/// By index. Servers that give every call the same index, or none, begin a new call with a new id and a name.
ChatDecoder::Call& ChatDecoder::call_for(const json::value& fragment) {
  auto index = find_int(fragment, "index");
  auto id = find_string(fragment, "id").value_or("");
  const auto* function = find(fragment, "function");
  bool named = function != nullptr && !find_string(*function, "name").value_or("").empty();
  auto same_call = [&](const Call& call) {
    return (!index || call.index == *index) && (!named || id.empty() || call.id.empty() || call.id == id);
  };
  // The latest of an index is the one that goes on.
  for (auto it = calls_.rbegin(); it != calls_.rend(); ++it) {
    if (same_call(*it)) return *it;
    if (!index) break;
  }
  calls_.push_back(
      {.index = index.value_or(static_cast<std::int64_t>(calls_.size())), .id = {}, .name = {}, .arguments = {}});
  return calls_.back();
}

void ChatDecoder::fragment(const json::value& fragment) {
  if (!fragment.is_object()) return;
  Call& call = call_for(fragment);
  if (auto id = find_string(fragment, "id"); id && call.id.empty()) call.id = std::string(*id);
  const auto* function = find(fragment, "function");
  if (function == nullptr) return;
  if (auto name = find_string(*function, "name"); name && call.name.empty()) call.name = std::string(*name);
  if (const auto* arguments = find(*function, "arguments")) {
    if (arguments->is_string()) call.arguments += view(arguments->get_string());
    if (arguments->is_object()) call.arguments = dump(*arguments);
  }
}

void ChatDecoder::finish(std::string_view reason, Out& out) {
  for (const auto& row : incomplete) {
    if (row.finish != reason) continue;
    error_ = stream_error(fmt::format("Incomplete response returned, reason: {}", row.reason));
    return;
  }
  finished_ = true;
  items_.close(out);
  add_calls(out);
}

std::string ChatDecoder::call_id(const Call& call, std::size_t position) const {
  bool taken = std::any_of(calls_.begin(), calls_.begin() + static_cast<std::ptrdiff_t>(position),
                           [&](const Call& earlier) { return earlier.id == call.id; });
  if (!call.id.empty() && !taken) return call.id;
  return fmt::format("call_{:016x}_{}", hash64(items_.response_id() + unnamed_), position);
}

void ChatDecoder::add_calls(Out& out) {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (call.arguments.empty()) call.arguments = "{}";
    items_.done(names_.call(call_id(call, i), call.name, std::move(call.arguments)), out);
  }
}

void ChatDecoder::complete(Out& out) {
  completed_ = true;
  out.push_back(wire::Completed{items_.response_id(), usage_});
}

void ChatDecoder::end(Out& out) {
  if (finished_ && !completed_) complete(out);
}

}  // namespace burin::model

#include "model/stream_decoder.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "model/rate_limits.h"

namespace burin::model {

namespace stream_decoder_detail {

/// Events that may come in great numbers and mean nothing to us: known by the beginning of their data, so that they are
/// not even parsed. They still count as activity.
bool skippable(std::string_view data) {
  for (std::string_view type : {"response.function_call_arguments.delta", "response.custom_tool_call_input.delta"}) {
    constexpr std::string_view prefix = R"({"type":")";
    if (data.size() > prefix.size() + type.size() && data.starts_with(prefix) &&
        data.substr(prefix.size()).starts_with(type) && data[prefix.size() + type.size()] == '"') {
      // A headers member is looked for in every event; one that has none cannot carry it.
      return !contains(data, "\"headers\"");
    }
  }
  return false;
}

/// The members that every event may carry. One of a wrong type makes the whole event unreadable (model-client.md 8.2).
bool well_typed(const json::value& event) {
  const auto* delta = find(event, "delta");
  if (delta != nullptr && !delta->is_string() && !delta->is_null()) return false;
  for (std::string_view name : {"summary_index", "content_index"}) {
    const auto* index = find(event, name);
    if (index != nullptr && !index->is_int64() && !index->is_uint64() && !index->is_null()) return false;
  }
  return true;
}

std::string wrong_type(const json::value& got, std::string_view expected) {
  return fmt::format("invalid type: {}, expected {}", unexpected_value(got), expected);
}

/// A required integer of `object`; the problem is set when it is missing or something else.
bool need_int(const json::value& object, std::string_view name, std::int64_t* to, std::string* problem) {
  const auto* v = find(object, name);
  if (v == nullptr) {
    *problem = fmt::format("missing field `{}`", name);
  } else if (!v->is_int64()) {
    *problem = wrong_type(*v, "i64");
  } else {
    *to = v->get_int64();
  }
  return problem->empty();
}

std::optional<wire::TokenUsage> read_usage(const json::value& usage, std::string* problem) {
  wire::TokenUsage out;
  if (!usage.is_object()) {
    *problem = wrong_type(usage, "struct ResponseCompletedUsage");
    return std::nullopt;
  }
  // Details may be null or missing; when they are there, so is their number.
  auto detail = [&](std::string_view object, std::string_view type, std::string_view name, std::int64_t* to) {
    const auto* d = find(usage, object);
    if (d == nullptr || d->is_null()) return true;
    if (d->is_object()) return need_int(*d, name, to, problem);
    *problem = wrong_type(*d, fmt::format("struct {}", type));
    return false;
  };
  bool good = need_int(usage, "input_tokens", &out.input_tokens, problem) &&
              detail("input_tokens_details", "ResponseCompletedInputTokensDetails", "cached_tokens",
                     &out.cached_input_tokens) &&
              need_int(usage, "output_tokens", &out.output_tokens, problem) &&
              detail("output_tokens_details", "ResponseCompletedOutputTokensDetails", "reasoning_tokens",
                     &out.reasoning_output_tokens) &&
              need_int(usage, "total_tokens", &out.total_tokens, problem);
  if (!good) return std::nullopt;
  return out;
}

/// The value of an `openai-model` header inside an event: a string, or the first string of an array.
std::optional<std::string_view> model_header(const json::value& headers) {
  if (!headers.is_object()) return std::nullopt;
  for (const auto& [key, value] : headers.get_object()) {
    std::string_view k(key.data(), key.size());
    if (!equals_ignore_case(k, "openai-model") && !equals_ignore_case(k, "x-openai-model")) continue;
    if (value.is_string()) return view(value.get_string());
    if (value.is_array()) {
      for (const auto& v : value.get_array()) {
        if (v.is_string()) return view(v.get_string());
      }
    }
  }
  return std::nullopt;
}

}  // namespace stream_decoder_detail

using namespace stream_decoder_detail;

StreamDecoder::StreamDecoder(Transport transport, std::int64_t now_seconds)
    : transport_(transport), now_seconds_(now_seconds) {}

void StreamDecoder::server_model(const json::value& event, std::vector<wire::ModelEvent>& out) {
  const json::value* headers = nullptr;
  if (const auto* response = find(event, "response")) headers = find(*response, "headers");
  if (headers == nullptr) headers = find(event, "headers");
  if (headers == nullptr) return;
  auto model = model_header(*headers);
  if (!model || *model == last_model_) return;
  last_model_ = std::string(*model);
  out.push_back(wire::ServerModel{last_model_});
}

void StreamDecoder::complete(const json::value& event, bool response_needed, std::vector<wire::ModelEvent>& out) {
  const auto* response = find(event, "response");
  if (response != nullptr && response->is_null()) response = nullptr;
  if (response == nullptr && response_needed) return;
  wire::Completed done;
  std::string problem;
  if (response != nullptr && !response->is_object()) {
    problem = wrong_type(*response, "struct ResponseCompleted");
  } else if (response != nullptr) {
    auto id = find_string(*response, "id");
    if (!id && response_needed) {
      const auto* raw = find(*response, "id");
      problem = raw == nullptr ? std::string("missing field `id`") : wrong_type(*raw, "a string");
    } else {
      done.id = std::string(id.value_or(""));
      if (const auto* usage = find(*response, "usage"); usage != nullptr && !usage->is_null()) {
        done.usage = read_usage(*usage, &problem);
      }
    }
  }
  if (!problem.empty()) {
    error_ = stream_error("failed to parse ResponseCompleted: " + problem);
    fatal_ = true;
    return;
  }
  completed_ = true;
  out.push_back(std::move(done));
}

void StreamDecoder::feed(std::string_view data, std::vector<wire::ModelEvent>& out) {
  if (skippable(data)) return;
  const auto* parsed = parser_.parse(data);
  if (parsed == nullptr) return;
  const json::value& event = *parsed;
  auto type = find_string(event, "type");
  if (!type || !well_typed(event)) return;
  server_model(event, out);

  auto delta = [&] { return find_string(event, "delta"); };
  if (*type == "response.output_text.delta") {
    if (auto d = delta()) out.push_back(wire::TextDelta{std::string(*d)});
  } else if (*type == "response.output_item.added" || *type == "response.output_item.done") {
    const auto* item = find(event, "item");
    if (item == nullptr) return;
    auto read = wire::read_item(*item);
    if (!read) {
      log(Level::debug, "sse", "skipped {} with an unreadable item: {}", *type, read.error().what);
      return;
    }
    if (type->ends_with("done")) {
      out.push_back(wire::ItemDone{std::move(*read)});
    } else {
      out.push_back(wire::ItemAdded{std::move(*read)});
    }
  } else if (*type == "response.reasoning_summary_text.delta") {
    auto d = delta();
    auto index = find_int(event, "summary_index");
    if (d && index) out.push_back(wire::ReasoningSummaryDelta{std::string(*d), *index});
  } else if (*type == "response.reasoning_text.delta") {
    auto d = delta();
    auto index = find_int(event, "content_index");
    if (d && index) out.push_back(wire::ReasoningContentDelta{std::string(*d), *index});
  } else if (*type == "response.reasoning_summary_part.added") {
    if (auto index = find_int(event, "summary_index")) out.push_back(wire::ReasoningSummaryPartAdded{*index});
  } else if (*type == "response.created") {
    if (const auto* r = find(event, "response"); r != nullptr && !r->is_null()) out.push_back(wire::Created{});
  } else if (*type == "response.completed") {
    complete(event, true, out);
  } else if (*type == "response.done") {
    complete(event, false, out);
  } else if (*type == "response.failed" || *type == "response.incomplete") {
    error_ = failed_event_error(event);
    fatal_ = transport_ == Transport::websocket;
  } else if (transport_ == Transport::websocket) {
    websocket_event(*type, event, data, out);
  }
}

void StreamDecoder::websocket_event(std::string_view type, const json::value& event, std::string_view data,
                                    std::vector<wire::ModelEvent>& out) {
  if (type == "codex.rate_limits") {
    if (auto snapshot = parse_rate_limits_event(event)) out.push_back(wire::RateLimits{std::move(*snapshot)});
  } else if (type == "error") {
    if (auto error = error_frame(event, data, now_seconds_)) {
      error_ = std::move(*error);
      fatal_ = true;
    }
  }
}

}  // namespace burin::model

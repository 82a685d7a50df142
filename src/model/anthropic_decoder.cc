#include "model/anthropic_decoder.h"

#include "base/json.h"
#include "model/anthropic_wire.h"
#include "model/wire_error.h"

namespace burin::model {

namespace anthropic_decoder_detail {

/// Stop reasons that leave the answer unfinished, in the words of the Responses API. All others end it.
struct Incomplete {
  std::string_view stop, reason;
};
constexpr Incomplete incomplete[] = {{"max_tokens", "max_output_tokens"}, {"refusal", "content_filter"}};
constexpr std::string_view window_full = "model_context_window_exceeded";

void read_count(const json::value& usage, std::string_view key, std::int64_t* to) {
  if (auto n = find_int(usage, key)) *to = *n;
}

}  // namespace anthropic_decoder_detail

using namespace anthropic_decoder_detail;

struct AnthropicDecoder::Row {
  std::string_view type;
  Handler handler;
};
const AnthropicDecoder::Row AnthropicDecoder::table[] = {
    {"content_block_delta", &AnthropicDecoder::block_delta},
    {"content_block_start", &AnthropicDecoder::block_start},
    {"content_block_stop", &AnthropicDecoder::block_stop},
    {"message_start", &AnthropicDecoder::message_start},
    {"message_delta", &AnthropicDecoder::message_delta},
    {"message_stop", &AnthropicDecoder::message_stop},
    {"error", &AnthropicDecoder::failed},
};

void AnthropicDecoder::feed(std::string_view data, Out& out) {
  const auto* event = parser_.parse(data);
  if (event == nullptr) return;
  auto type = find_string(*event, "type").value_or("");
  for (const auto& row : table) {
    if (row.type == type) return (this->*row.handler)(*event, out);
  }
}

void AnthropicDecoder::message_start(const json::value& event, Out& out) {
  const auto* message = find(event, "message");
  items_.begin(message == nullptr ? "" : find_string(*message, "id").value_or(""), out);
  if (message != nullptr) read_usage(*message);
}

/// Counts that are named again replace what was known: those of message_delta are the sums so far.
void AnthropicDecoder::read_usage(const json::value& holder) {
  const auto* usage = find(holder, "usage");
  if (usage == nullptr || !usage->is_object()) return;
  has_usage_ = true;
  read_count(*usage, "input_tokens", &input_);
  read_count(*usage, "cache_read_input_tokens", &cache_read_);
  read_count(*usage, "cache_creation_input_tokens", &cache_written_);
  read_count(*usage, "output_tokens", &output_);
}

void AnthropicDecoder::block_start(const json::value& event, Out& out) {
  static constexpr std::pair<std::string_view, Block> kinds[] = {{"text", Block::text},
                                                                 {"thinking", Block::thinking},
                                                                 {"redacted_thinking", Block::redacted},
                                                                 {"tool_use", Block::tool}};
  items_.close(out);
  block_ = Block::other;
  const auto* block = find(event, "content_block");
  if (block == nullptr) return;
  auto text = [&](std::string_view key) { return find_string(*block, key).value_or(""); };
  for (const auto& [name, kind] : kinds) {
    if (text("type") == name) block_ = kind;
  }
  if (block_ == Block::text) items_.text(text("text"), out);
  if (block_ == Block::thinking || block_ == Block::redacted) items_.open_reasoning(out);
  if (block_ == Block::thinking) items_.reasoning_summary(text("thinking"), out);
  secret_ = text(block_ == Block::redacted ? "data" : "signature");
  call_id_ = text("id");
  call_name_ = text("name");
  arguments_.clear();
  // Streams start it empty; a block that comes whole has its members here.
  const auto* input = find_object(*block, "input");
  if (block_ == Block::tool && input != nullptr && !input->empty()) arguments_ = dump(*input);
}

void AnthropicDecoder::block_delta(const json::value& event, Out& out) {
  const auto* delta = find(event, "delta");
  if (delta == nullptr) return;
  auto piece = [&](std::string_view key) { return find_string(*delta, key).value_or(""); };
  if (block_ == Block::text) items_.text(piece("text"), out);
  if (block_ == Block::tool) arguments_ += piece("partial_json");
  if (block_ != Block::thinking) return;
  items_.reasoning_summary(piece("thinking"), out);
  secret_ += piece("signature");
}

void AnthropicDecoder::block_stop(const json::value&, Out& out) {
  switch (block_) {
    case Block::thinking:
      items_.close(out, carried_thinking(items_.so_far(), secret_));
      break;
    case Block::redacted:
      items_.close(out, carried_redacted_thinking(secret_));
      break;
    case Block::tool:
      items_.done(names_.call(call_id_, call_name_, arguments_.empty() ? std::string("{}") : arguments_), out);
      break;
    default:
      items_.close(out);
  }
  block_ = Block::none;
}

void AnthropicDecoder::message_delta(const json::value& event, Out&) {
  read_usage(event);
  const auto* delta = find(event, "delta");
  auto reason = delta == nullptr ? std::nullopt : find_string(*delta, "stop_reason");
  if (!reason) return;
  stopped_ = true;
  for (const auto& row : incomplete) {
    if (row.stop == *reason) {
      error_ = stream_error(fmt::format("Incomplete response returned, reason: {}", row.reason));
    }
  }
  if (*reason == window_full) error_ = class_error(ErrorClass::context_window_exceeded, {});
}

void AnthropicDecoder::message_stop(const json::value&, Out& out) {
  if (!stopped_) {
    error_ = stream_error("the answer ended without a stop reason");
    return;
  }
  completed_ = true;
  wire::Completed done{items_.response_id(), std::nullopt};
  if (has_usage_) {
    auto& u = done.usage.emplace();
    u.input_tokens = input_ + cache_read_ + cache_written_;
    u.cached_input_tokens = cache_read_;
    u.output_tokens = output_;
    u.total_tokens = u.input_tokens + u.output_tokens;
  }
  out.push_back(std::move(done));
}

void AnthropicDecoder::failed(const json::value& event, Out&) {
  const auto* error = find(event, "error");
  error_ = in_stream_error(error == nullptr ? json::value() : *error);
}

}  // namespace burin::model

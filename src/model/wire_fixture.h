// For tests of wires: a prompt from items, the events of a body as text, however its bytes are cut.
#pragma once
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/log.h"
#include "model/sse.h"
#include "model/wires.h"

namespace burin::model {

/// A prompt that owns what it looks at.
struct WirePrompt {
  std::string instructions = "Be good.";
  std::vector<std::string> items;
  std::string tools = "[]";
  json::value schema;
  bool parallel = true;

  Prompt prompt() const {
    Prompt out;
    out.instructions = instructions;
    for (const auto& item : items) out.input.emplace_back(item);
    out.tools = tools;
    out.parallel_tool_calls = parallel;
    if (!schema.is_null()) out.output_schema = &schema;
    return out;
  }
};

struct Describe {
  std::string operator()(const wire::Created&) const { return "created"; }
  std::string operator()(const wire::ItemAdded& e) const {
    return fmt::format("added {} {}", wire::item_type(e.item), wire::item_id(e.item));
  }
  std::string operator()(const wire::ItemDone& e) const {
    return fmt::format("done {}{}", wire::item_id(e.item), wire::dump_item(e.item));
  }
  std::string operator()(const wire::TextDelta& e) const { return "text " + e.delta; }
  std::string operator()(const wire::ReasoningSummaryDelta& e) const { return "summary " + e.delta; }
  std::string operator()(const wire::ReasoningSummaryPartAdded&) const { return "part"; }
  std::string operator()(const wire::ReasoningContentDelta& e) const { return "raw " + e.delta; }
  std::string operator()(const wire::Completed& e) const {
    if (!e.usage) return "completed " + e.id;
    const auto& u = *e.usage;
    return fmt::format("completed {} in {} ({} cached) out {} ({} reasoning) total {}", e.id, u.input_tokens,
                       u.cached_input_tokens, u.output_tokens, u.reasoning_output_tokens, u.total_tokens);
  }
  std::string operator()(const wire::ReasoningIncluded&) const { return "counted"; }
  template <class Other>
  std::string operator()(const Other&) const {
    return "other";
  }
};

struct Decoded {
  std::vector<std::string> events;
  std::vector<wire::ResponseItem> done;
  std::optional<ModelError> error;  // as the stream would raise it at the end of the body
  bool completed = false;
};

/// What the stream of a response does with its body, whose bytes come in pieces of `piece`.
inline Decoded decode_body(const Wire& wire, const Prompt& prompt, std::string_view body, std::size_t piece) {
  auto decoder = wire.decoder(prompt);
  SseParser parser;
  std::vector<wire::ModelEvent> out;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    std::string part(body.substr(at, piece));
    parser.feed(part, [&](std::string_view data) {
      if (!decoder->completed() && !decoder->fatal()) decoder->feed(data, out);
    });
  }
  if (!decoder->completed() && !decoder->fatal()) decoder->end(out);
  Decoded result{.completed = decoder->completed()};
  if (!decoder->completed()) {
    result.error = decoder->error() ? *decoder->error() : stream_error("stream closed before response.completed");
  }
  for (const auto& event : out) {
    result.events.push_back(std::visit(Describe(), event));
    if (const auto* done = std::get_if<wire::ItemDone>(&event)) result.done.push_back(done->item);
  }
  return result;
}

/// The same for every size of pieces.
inline Decoded decode_recut(const Wire& wire, const Prompt& prompt, std::string_view body) {
  Decoded whole = decode_body(wire, prompt, body, body.size());
  for (std::size_t piece = 1; piece < body.size(); ++piece) {
    EXPECT_EQ(decode_body(wire, prompt, body, piece).events, whole.events) << "in pieces of " << piece;
  }
  return whole;
}

/// "data: …" events of JSON texts.
inline std::string sse_of(std::initializer_list<std::string_view> events) {
  std::string out;
  for (auto event : events) out += fmt::format("data: {}\n\n", event);
  return out;
}

/// A body that is cut anywhere is an error that may be retried, and completes only after the whole of `needed` came.
inline void expect_cut_streams_fail(const Wire& wire, const Prompt& prompt, std::string_view body,
                                    std::string_view needed) {
  const std::size_t enough = body.find(needed) + needed.size();
  for (std::size_t cut = 0; cut < enough; ++cut) {
    auto got = decode_body(wire, prompt, body.substr(0, cut), 1 << 20);
    ASSERT_FALSE(got.completed) << "cut at " << cut;
    EXPECT_TRUE(got.error->retryable());
  }
}

inline json::value parsed(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : json::value();
}

}  // namespace burin::model

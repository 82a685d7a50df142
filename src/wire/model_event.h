// What a stream of the model gives, whatever the transport (model-client.md 8.3). Values inside this process; the
// server's JSON is read by the model room.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "wire/item.h"
#include "wire/usage.h"

namespace burin::wire {

struct Created {};
struct ItemAdded {
  ResponseItem item;
};
struct ItemDone {
  ResponseItem item;
};
struct TextDelta {
  std::string delta;
};
struct ReasoningSummaryDelta {
  std::string delta;
  std::int64_t summary_index = 0;
};
struct ReasoningSummaryPartAdded {
  std::int64_t summary_index = 0;
};
struct ReasoningContentDelta {
  std::string delta;
  std::int64_t content_index = 0;
};
/// The last event of a stream.
struct Completed {
  std::string id;  // may be empty (response.done)
  std::optional<TokenUsage> usage;
};
struct RateLimits {
  RateLimitSnapshot snapshot;
};
/// The model that really serves.
struct ServerModel {
  std::string model;
};
struct ModelsEtag {
  std::string etag;
};
/// WebSockets do not work here: this answer and all later ones come over HTTP.
struct TransportFallback {
  std::string reason;
};
/// The server counts reasoning of earlier turns in its totals (context.md 3.4).
struct ReasoningIncluded {};

using ModelEvent = std::variant<Created, ItemAdded, ItemDone, TextDelta, ReasoningSummaryDelta,
                                ReasoningSummaryPartAdded, ReasoningContentDelta, Completed, RateLimits, ServerModel,
                                ModelsEtag, TransportFallback, ReasoningIncluded>;

}  // namespace burin::wire

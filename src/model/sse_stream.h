// The event stream of an HTTP response whose body is server-sent events (model-client.md 8).
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "io/http.h"
#include "io/loop.h"
#include "model/event_decoder.h"

namespace burin::model {

class EventStream {
 public:
  virtual ~EventStream() = default;
  /// The next events, in order, at least one; an empty span after Completed was delivered. The span is valid until the
  /// next call.
  virtual io::Task<ModelResult<std::span<wire::ModelEvent>>> next() = 0;
};

/// What the response's headers say, as events that precede the stream's (model-client.md 8.1).
void header_events(const io::HttpResponse& response, std::vector<wire::ModelEvent>& out);

/// `idle`: longest time without an event. `before`: events that are delivered first.
std::unique_ptr<EventStream> sse_stream(io::Loop& loop, std::unique_ptr<io::HttpResponse> response,
                                        std::unique_ptr<EventDecoder> decoder, std::vector<wire::ModelEvent> before,
                                        io::Span idle);

/// The offline fixture (model-client.md 8.7): a response whose body is `text`, every line followed by a blank one.
std::unique_ptr<io::HttpResponse> fixture_response(std::string text);

}  // namespace burin::model

// What the tests of requests share: one request and its answer, read to the end, whatever that is.
#pragma once
#include "model/client.h"

namespace burin::testing {

struct StreamOutcome {
  std::vector<wire::ModelEvent> events;
  std::optional<model::ModelError> error;
  bool completed() const { return !events.empty() && std::holds_alternative<wire::Completed>(events.back()); }
};

inline io::Task<StreamOutcome> read_stream(model::ModelSession* session, const model::Prompt* prompt,
                                           const model::TurnSettings* settings, std::string metadata) {
  StreamOutcome out;
  auto stream = co_await session->stream(*prompt, *settings, [metadata] { return metadata; });
  if (!stream) {
    out.error = stream.error();
    co_return out;
  }
  for (;;) {
    auto batch = co_await (*stream)->next();
    if (!batch) {
      out.error = batch.error();
      co_return out;
    }
    if (batch->empty()) co_return out;
    for (auto& e : *batch) out.events.push_back(std::move(e));
  }
}

}  // namespace burin::testing

// One request to the model and all that its answer sets off (session.md 3.3, 3.6).
//
// Items are recorded the moment they are finished, tools start the moment their call is finished, outputs are recorded
// in the order of the calls once the stream has ended. When a stream breaks, the tools that it started are waited for
// and their outputs recorded before the next attempt, so that nothing that ran is ever without a record.
#pragma once
#include <optional>
#include <string>

#include "agent/git_metadata.h"
#include "agent/session.h"
#include "agent/turn.h"

namespace burin::agent {

struct SamplingInput {
  Session& session;
  const TurnContext& turn;
  model::ModelSession& model_session;
  tools::ToolContext& tool_context;
  tools::TurnDiff& diff;
  GitMetadata& metadata;
  const PendingInput& pending;
};

/// A request that is about to be sent. The prompt points into the view and the session: nothing may be recorded before
/// the bytes are out.
struct Request {
  context::PromptView view;
  model::Prompt prompt;
  model::TurnSettings settings;
};
/// `hide`: images to be replaced by a placeholder; may be null.
Request build_request(const SamplingInput& input, const std::vector<context::ImageRef>* hide);

/// Tells clients that a request is being repeated.
void announce_retry(Session& session, const model::ModelError& error, std::uint64_t retry, std::uint64_t max);

struct Sampled {
  bool needs_follow_up = false;             // a tool was called, or input is waiting
  std::optional<std::string> last_message;  // visible text of the last assistant message
};

/// Repeats the request on retryable errors within the provider's budget, announcing each retry. A budget that is used
/// up, and errors that may not be retried, are returned.
io::Task<model::ModelResult<Sampled>> sample_with_retries(SamplingInput& input);

}  // namespace burin::agent

// From the chunks of a streamed chat completion to model events.
//
// A chunk carries pieces of text, of reasoning, and of tool calls, which are put together by their index. Items become
// done when the finish reason comes; the response is completed by the usage after it, by "[DONE]", or by the end of
// the body. An end before the finish reason is a cut stream.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/answer_items.h"
#include "model/event_decoder.h"
#include "model/event_parser.h"
#include "model/transcript.h"

namespace burin::model {

class ChatDecoder : public EventDecoder {
 public:
  explicit ChatDecoder(const Prompt& prompt);

  void feed(std::string_view data, std::vector<wire::ModelEvent>& out) override;
  void end(std::vector<wire::ModelEvent>& out) override;
  bool completed() const override { return completed_; }
  const std::optional<ModelError>& error() const override { return error_; }
  bool fatal() const override { return error_.has_value(); }

 private:
  using Out = std::vector<wire::ModelEvent>;
  struct Call {
    std::int64_t index;
    std::string id, name, arguments;
  };

  void delta(const boost::json::value& delta, Out& out);
  void fragment(const boost::json::value& fragment);
  Call& call_for(const boost::json::value& fragment);
  void finish(std::string_view reason, Out& out);
  void add_calls(Out& out);
  std::string call_id(const Call& call, std::size_t position) const;
  void complete(Out& out);

  CallNames names_;
  std::string unnamed_;  // response id when the server gives none: unique in the thread as long as its history grows
  EventParser parser_;
  AnswerItems items_;
  std::vector<Call> calls_;
  std::optional<wire::TokenUsage> usage_;
  std::optional<ModelError> error_;
  bool finished_ = false;
  bool completed_ = false;
};

}  // namespace burin::model

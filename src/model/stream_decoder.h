// From the data of one server-sent event to model events (model-client.md 8.3).
//
// Why a class: the scan for the serving model remembers what it reported last, an error event is remembered until the
// body ends, and the parser's memory is reused, because a long answer is hundreds of thousands of small events.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event_decoder.h"
#include "model/event_parser.h"

namespace burin::model {

class StreamDecoder : public EventDecoder {
 public:
  void feed(std::string_view data, std::vector<wire::ModelEvent>& out) override;
  bool completed() const override { return completed_; }
  const std::optional<ModelError>& error() const override { return error_; }
  /// The completion event was broken.
  bool fatal() const override { return fatal_; }

 private:
  void server_model(const boost::json::value& event, std::vector<wire::ModelEvent>& out);
  void complete(const boost::json::value& event, bool response_needed, std::vector<wire::ModelEvent>& out);
  EventParser parser_;
  std::string last_model_;
  std::optional<ModelError> error_;
  bool completed_ = false;
  bool fatal_ = false;
};

}  // namespace burin::model

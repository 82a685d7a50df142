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

/// Over WebSocket an error is raised at once, `error` frames count, and rate limits come as events (model-client.md
/// 8.5, 10.7, 10.8).
enum class Transport : unsigned char { sse, websocket };

class StreamDecoder : public EventDecoder {
 public:
  explicit StreamDecoder(Transport transport = Transport::sse, std::int64_t now_seconds = 0);

  void feed(std::string_view data, std::vector<wire::ModelEvent>& out) override;
  bool completed() const override { return completed_; }
  const std::optional<ModelError>& error() const override { return error_; }
  /// The completion event was broken; over WebSocket every error.
  bool fatal() const override { return fatal_; }

 private:
  void server_model(const boost::json::value& event, std::vector<wire::ModelEvent>& out);
  void complete(const boost::json::value& event, bool response_needed, std::vector<wire::ModelEvent>& out);
  void websocket_event(std::string_view type, const boost::json::value& event, std::string_view data,
                       std::vector<wire::ModelEvent>& out);
  EventParser parser_;
  Transport transport_;
  std::int64_t now_seconds_;  // for the texts of usage limits
  std::string last_model_;
  std::optional<ModelError> error_;
  bool completed_ = false;
  bool fatal_ = false;
};

}  // namespace burin::model

// From the data of one server-sent event to model events (model-client.md 8.3).
//
// Why a class: the scan for the serving model remembers what it reported last, an error event is remembered until the
// body ends, and the parser's memory is reused, because a long answer is hundreds of thousands of small events.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "wire/model_event.h"

namespace burin::model {

class StreamDecoder {
 public:
  StreamDecoder();
  ~StreamDecoder();
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;

  /// Appends what the event means to `out`. Data that does not parse, or has known fields of a wrong type, is skipped.
  /// After completed() nothing more may be fed.
  void feed(std::string_view data, std::vector<wire::ModelEvent>& out);

  /// The response has been completed (its event is in `out`), or failed for good with `error()`.
  bool completed() const { return completed_; }
  /// The remembered failure: raised when the body ends without completion; a later one replaces an earlier one.
  const std::optional<ModelError>& error() const { return error_; }
  /// The completion event was broken: raised at once.
  bool fatal() const { return fatal_; }

 private:
  struct Parser;
  void server_model(const boost::json::value& event, std::vector<wire::ModelEvent>& out);
  void complete(const boost::json::value& event, bool response_needed, std::vector<wire::ModelEvent>& out);
  std::unique_ptr<Parser> parser_;
  std::string last_model_;
  std::optional<ModelError> error_;
  bool completed_ = false;
  bool fatal_ = false;
};

}  // namespace burin::model

// What every wire's decoder offers: the data of one server-sent event (or one WebSocket message) in, model events out.
//
// The rest of the program knows only the events (wire/model_event.h). A decoder ends in exactly one way: completed, or
// with an error.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "wire/model_event.h"

namespace burin::model {

class EventDecoder {
 public:
  virtual ~EventDecoder() = default;
  /// Appends what the event means to `out`. Data that does not parse, or has known fields of a wrong type, is skipped.
  /// After completed() or fatal() nothing more may be fed.
  virtual void feed(std::string_view data, std::vector<wire::ModelEvent>& out) = 0;
  /// The body has ended. A wire whose end of the body completes the response appends its last events here.
  virtual void end(std::vector<wire::ModelEvent>& /*out*/) {}

  /// The response has been completed (its event is in `out`).
  virtual bool completed() const = 0;
  /// The remembered failure: raised when the body ends without completion; a later one replaces an earlier one.
  virtual const std::optional<ModelError>& error() const = 0;
  /// The error is to be raised at once.
  virtual bool fatal() const = 0;
};

}  // namespace burin::model

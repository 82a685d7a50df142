// A WebSocket to a provider and what has been said over it (model-client.md 2, 10).
//
// WsState is the memory that moves from turn to turn: the connection, the last request and the last response. It
// decides what of a request's input the server already has. A stream that does not reach its completion, for whatever
// reason, closes the connection and clears the state: a second request must never start while an answer is on its way.
//
// Ownership: a stream shares the state of the session that opened it and may outlive the session.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/websocket.h"
#include "io/world.h"
#include "model/request.h"
#include "model/sse_stream.h"

namespace burin::model {

/// Whether WebSockets are worth another attempt in this session. A network that swallows, refuses or cuts them must not
/// keep a turn from HTTP for more than a second; one that has carried an event is trusted.
struct WsHealth {
  static constexpr io::Span patience = io::seconds(1);
  /// The delays between three attempts make 600 ms; the next one would come after 800 ms more.
  static constexpr int max_failures = 3;

  bool proven = false;     // an event has come over a WebSocket in this session
  int failures = 0;        // of the network, in turns, while not proven
  io::Span waited{};       // by turns, for handshakes, while not proven
  std::string last_error;  // without the words that stream_error adds

  bool exhausted() const { return !proven && (failures >= max_failures || waited >= patience); }
  io::Span left() const { return std::max(patience - waited, io::Span::zero()); }
  void failed(std::string text) {
    if (!proven) ++failures;
    last_error = std::move(text);
  }
};

struct WsState {
  struct Request {
    std::string settings;  // body_without_input
    std::vector<std::uint64_t> input;
  };
  struct Response {
    std::string id;
    std::vector<std::uint64_t> items;  // in order of their completion
  };

  std::unique_ptr<io::WebSocket> socket;
  std::vector<wire::ModelEvent> greeting;  // what the handshake's headers said, repeated with each request
  std::optional<Request> last_request;
  std::optional<Response> last_response;  // of last_request, when it was completed

  bool open() const { return socket && socket->open(); }
  /// Says goodbye and forgets everything.
  void clear();
  /// Number of items at the beginning of the prompt's input that the server has, with the response to build on; nullopt
  /// when everything must be sent (10.4). Consumes last_response.
  struct Base {
    std::string response_id;
    std::size_t items = 0;
  };
  std::optional<Base> take_base(const Request& next);
};

/// Sends the message and gives the stream of its answer. `idle`: longest time without a frame. The state's last_request
/// must be set already. An error means that the message did not get through; the state is cleared then.
io::Task<ModelResult<std::unique_ptr<EventStream>>> ask(io::World& world, std::shared_ptr<WsState> state,
                                                        std::shared_ptr<WsHealth> health, std::string message,
                                                        io::Span idle);

}  // namespace burin::model

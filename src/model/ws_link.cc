#include "model/ws_link.h"

#include "base/text.h"
#include "model/stream_decoder.h"

namespace burin::model {

namespace ws_link_detail {

using Messages = std::vector<io::WsItem>;

/// receive() in the form that deadlines take.
io::Task<Result<Messages>> receive(io::WebSocket& socket) { co_return co_await socket.receive(); }

class WsStream : public EventStream {
 public:
  WsStream(io::World& world, std::shared_ptr<WsState> state, std::shared_ptr<WsHealth> health, io::Span idle)
      : loop_(world.loop),
        state_(std::move(state)),
        health_(std::move(health)),
        idle_(idle),
        last_frame_(loop_.now()),
        decoder_(Transport::websocket, world.clock.now_ms() / 1000),
        events_(state_->greeting) {}

  ~WsStream() override {
    if (!decoder_.completed() && !failed_) state_->clear();
  }

  io::Task<ModelResult<std::span<wire::ModelEvent>>> next() override {
    if (std::exchange(fresh_, false) && !events_.empty()) co_return std::span(events_);
    if (decoder_.completed()) co_return std::span<wire::ModelEvent>();
    events_.clear();
    while (events_.empty()) {
      io::Span left = std::max(last_frame_ + idle_ - loop_.now(), io::Span::zero());
      auto messages = co_await io::with_deadline(left, "stream", receive(*state_->socket));
      if (!messages) co_return fail_with(stream_error("idle timeout waiting for websocket"));
      if (messages->empty()) co_return fail_with(network_error(*state_->socket->end()));
      for (auto& message : *messages) {
        if (message.kind == io::WsKind::binary) co_return fail_with(stream_error("unexpected binary websocket event"));
        take(message.data);
        if (decoder_.fatal()) co_return fail_with(*decoder_.error());
        if (decoder_.completed()) break;
      }
    }
    co_return std::span(events_);
  }

 private:
  void take(std::string_view text) {
    last_frame_ = loop_.now();
    std::size_t before = events_.size();
    decoder_.feed(text, events_);
    if (events_.size() != before) {
      health_->proven = true;
      health_->failures = 0;
    }
    for (std::size_t i = before; i < events_.size(); ++i) note(events_[i]);
  }

  /// The items that came are what the next request may build on.
  void note(const wire::ModelEvent& event) {
    if (const auto* done = std::get_if<wire::ItemDone>(&event)) {
      text_.clear();
      wire::write_item(text_, done->item);
      items_.push_back(hash64(text_));
    } else if (const auto* completed = std::get_if<wire::Completed>(&event)) {
      state_->last_response = WsState::Response{completed->id, std::move(items_)};
    }
  }

  ModelError network_error(const io::WsEnd& end) {
    std::string text;
    switch (end.how) {
      case io::WsEnd::How::close_frame:
        text = "websocket closed by server before response.completed";
        break;
      case io::WsEnd::How::eof:
        text = "WebSocket protocol error: Connection reset without closing handshake";
        break;
      case io::WsEnd::How::broken:
        text = end.text;
        break;
    }
    health_->failed(text);
    return stream_error(std::move(text));
  }

  ModelFail fail_with(ModelError error) {
    failed_ = true;
    state_->clear();
    return ModelFail(std::move(error));
  }

  io::Loop& loop_;
  std::shared_ptr<WsState> state_;
  std::shared_ptr<WsHealth> health_;
  io::Span idle_;
  io::Time last_frame_;
  StreamDecoder decoder_;
  std::vector<wire::ModelEvent> events_;
  std::vector<std::uint64_t> items_;
  std::string text_;
  bool fresh_ = true;
  bool failed_ = false;
};

}  // namespace ws_link_detail

void WsState::clear() {
  if (socket) socket->close();
  socket.reset();
  greeting.clear();
  last_request.reset();
  last_response.reset();
}

std::optional<WsState::Base> WsState::take_base(const Request& next) {
  auto response = std::exchange(last_response, std::nullopt);
  if (!response || !last_request || response->id.empty() || next.settings != last_request->settings) {
    return std::nullopt;
  }
  const auto& sent = last_request->input;
  const auto& added = response->items;
  std::size_t known = sent.size() + added.size();
  bool extends = next.input.size() >= known && std::equal(sent.begin(), sent.end(), next.input.begin()) &&
                 std::equal(added.begin(), added.end(), next.input.begin() + static_cast<std::ptrdiff_t>(sent.size()));
  if (!extends) return std::nullopt;
  return Base{std::move(response->id), known};
}

io::Task<ModelResult<std::unique_ptr<EventStream>>> ask(io::World& world, std::shared_ptr<WsState> state,
                                                        std::shared_ptr<WsHealth> health, std::string message,
                                                        io::Span idle) {
  state->socket->discard();  // what came after the last answer belongs to nothing
  auto stream = std::make_unique<ws_link_detail::WsStream>(world, state, health, idle);
  auto sent = co_await io::with_deadline(idle, "request", state->socket->send(message));
  if (!sent) {
    std::string text = "failed to send websocket request: " + sent.error().what;
    health->failed(text);
    co_return ModelFail(stream_error(std::move(text)));  // the stream's end clears the state
  }
  co_return stream;
}

}  // namespace burin::model

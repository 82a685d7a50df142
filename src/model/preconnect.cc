#include "model/preconnect.h"

#include "base/log.h"

namespace burin::model {

namespace preconnect_detail {

io::Task<Result<>> wait_for(std::shared_ptr<io::Event> event) {
  co_await event->wait();
  co_return Result<>();
}

}  // namespace preconnect_detail

Preconnect::~Preconnect() = default;

io::Task<> Preconnect::run(ModelClient& client, Work work) {
  state_ = State::in_flight;
  auto connected = connected_ = std::make_shared<io::Event>();
  auto settled = settled_ = std::make_shared<io::Event>();
  session_ = client.new_session();
  io::Stop stop((co_await io::Here{}).stop);
  stop_ = &stop;
  bool ready = false;
  std::exception_ptr stopped;
  try {
    auto done = co_await io::under(&stop, work(*session_, *connected));
    ready = done.has_value();
    if (!done) log(Level::debug, "model", "preconnect failed: {}", done.error().message);
  } catch (const io::Cancelled&) {
    log(Level::debug, "model", "preconnect given up");
    if (stop.why() != io::Why::finished) stopped = std::current_exception();
  }
  stop_ = nullptr;
  state_ = ready ? State::ready : State::idle;
  if (!ready) session_.reset();
  connected->set();
  settled->set();
  if (stopped) std::rethrow_exception(stopped);
}

io::Task<bool> Preconnect::settled_within(io::Event& event, io::Span span) {
  auto& which = &event == connected_.get() ? connected_ : settled_;
  auto done = co_await io::with_deadline(span, "preconnect", preconnect_detail::wait_for(which));
  co_return done.has_value();
}

io::Task<std::unique_ptr<ModelSession>> Preconnect::adopt(ModelClient& client) {
  if (state_ == State::in_flight) {
    io::Time start = client.world().loop.now();
    io::Span patience = client.handshake_patience();
    bool connected = co_await settled_within(*connected_, patience);
    client.note_wait(client.world().loop.now() - start, connected);
    bool settled = connected && co_await settled_within(*settled_, answer_patience);
    if (!settled) {
      clear();
      co_await settled_->wait();
    }
  }
  if (state_ != State::ready) co_return client.new_session();
  state_ = State::idle;
  co_return std::move(session_);
}

void Preconnect::clear() {
  if (stop_ != nullptr) {
    stop_->fire(io::Why::finished);
  } else {
    state_ = State::idle;
    session_.reset();
  }
}

}  // namespace burin::model

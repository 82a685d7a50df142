#include "testkit/ws_session.h"

#include "base/text.h"
#include "testkit/mismatch.h"
#include "testkit/mock_server.h"

namespace burin::testkit {

namespace ws_session_detail {

constexpr std::size_t flush_at = 64 << 10;

std::string header(const CapturedRequest& r, std::string_view name) { return std::string(r.header(name).value_or("")); }

/// What the script answers to a message: items that later messages may build on, and the response's id.
void note_answer(WsMessage& message, const std::vector<WsStep>& steps) {
  for (const auto& step : steps) {
    const auto* event = std::get_if<EventStep>(&step);
    if (event == nullptr) continue;
    auto type = find_string(event->event, "type").value_or("");
    if (type == "response.output_item.done") {
      if (const auto* item = find(event->event, "item")) message.answer_items.push_back(*item);
    } else if (type == "response.completed" || type == "response.done") {
      if (const auto* response = find(event->event, "response")) {
        message.answer_id = std::string(find_string(*response, "id").value_or(""));
      }
    }
  }
}

}  // namespace ws_session_detail

using namespace ws_session_detail;

json::array WsRecord::full_input(std::size_t index) const {
  const auto& message = messages.at(index);
  json::array out;
  auto previous = find_string(message.json, "previous_response_id");
  bool appends = find_string(message.json, "type") == "response.append";
  if (previous || appends) {
    std::size_t base = index;
    while (base > 0 && !(appends || messages[base - 1].answer_id == *previous)) --base;
    if (base == 0) {
      throw Mismatch(
          fmt::format("message {} of connection {} builds on response {}, which this connection did not give", index,
                      number, previous.value_or("<none>")));
    }
    out = full_input(base - 1);
    for (const auto& item : messages[base - 1].answer_items) out.push_back(item);
  }
  if (const auto* input = find_array(message.json, "input")) {
    for (const auto& item : *input) out.push_back(item);
  }
  return out;
}

void WsSession::end(std::string how) {
  gone_ = true;
  if (record_->how.empty()) record_->how = std::move(how);
  news_->set();
}

io::Task<bool> WsSession::shake_hands() {
  if (script_.accept_delay > io::Span{}) {
    // Whoever leaves meanwhile is noticed when the answer is written.
    co_await io::sleep(script_.accept_delay);
  }
  if (script_.refuse) {
    record_->how = fmt::format("refused with {}", script_.refuse->status);
    auto headers = script_.refuse->headers;
    headers.emplace_back("content-type", script_.refuse->content_type);
    (void)co_await x_.respond(script_.refuse->status, std::move(headers), body_text(*script_.refuse));
    co_return false;
  }
  io::Headers headers = {{"Upgrade", "websocket"},
                         {"Connection", "Upgrade"},
                         {"Sec-WebSocket-Accept", io::ws_accept_key(header(record_->handshake, "sec-websocket-key"))}};
  std::shared_ptr<io::WsDeflate> deflate;
  if (script_.deflate && contains(header(record_->handshake, "sec-websocket-extensions"), "permessage-deflate")) {
    std::string terms = "permessage-deflate" + script_.deflate_terms;
    if (auto params = io::read_deflate_answer(terms); params && *params) {
      deflate = io::WsDeflate::create(**params, true);
      record_->extension = terms;
      headers.emplace_back("Sec-WebSocket-Extensions", terms);
    }
  }
  for (const auto& h : script_.response_headers) headers.push_back(h);
  decoder_.emplace(io::WsRole::server, deflate);
  encoder_.emplace(io::WsRole::server, deflate);
  record_->accepted = true;
  co_return (co_await x_.head(101, std::move(headers), "Switching Protocols")).has_value();
}

io::Task<> WsSession::serve() {
  if (co_await shake_hands()) {
    io::Scope scope(co_await io::Here{});
    scope.spawn(read());
    std::exception_ptr stopped;
    try {
      co_await answer_all();
    } catch (const io::Cancelled&) {
      stopped = std::current_exception();
    }
    scope.cancel(io::Why::finished);
    co_await scope.join();
    if (stopped) std::rethrow_exception(stopped);
  }
  record_->ended = true;
  server_.ws_ended(*record_);
}

io::Task<> WsSession::read() {
  std::vector<io::WsItem> items;
  while (!gone_) {
    auto bytes = co_await x_.read();
    if (!bytes || bytes->empty()) {
      end("client left");
      co_return;
    }
    items.clear();
    auto fed = decoder_->feed(*bytes, items);
    for (auto& item : items) take(std::move(item));
    if (!fed) {
      server_.add_problem(ProblemKind::body,
                          fmt::format("connection {}: protocol error: {}", record_->number, fed.error().text));
      end("protocol error: " + fed.error().text);
    }
    news_->set();
  }
}

void WsSession::take(io::WsItem item) {
  switch (item.kind) {
    case io::WsKind::ping:
      replies_ += encoder_->control(io::WsKind::pong, item.data, 0);
      return;
    case io::WsKind::pong:
      record_->pongs.push_back(item.data);
      server_.ws_pong(*record_);
      return;
    case io::WsKind::close:
      record_->close_code = item.close_code;
      replies_ += encoder_->close(item.close_code, {}, 0);
      end("client closed");
      return;
    default:
      take_message(std::move(item));
  }
}

void WsSession::take_message(io::WsItem item) {
  WsMessage message{.text = std::move(item.data),
                    .json = {},
                    .overlapping = answering_ || record_->messages.size() > taken_,
                    .compressed = item.compressed,
                    .wire_size = item.wire_size,
                    .frames = item.frames,
                    .answer_items = {},
                    .answer_id = {}};
  if (auto parsed = parse_json(message.text)) message.json = std::move(*parsed);
  std::size_t index = record_->messages.size();
  if (index < script_.requests.size()) note_answer(message, script_.requests[index]);
  record_->messages.push_back(std::move(message));
  check(record_->messages.back());
  server_.ws_message(*record_);
}

/// The rules of a request's body hold for what a message means, not only for what it says.
void WsSession::check(WsMessage& message) {
  std::string label = fmt::format("connection {}, message {}", record_->number, record_->messages.size() - 1);
  if (message.overlapping) {
    server_.add_problem(ProblemKind::invariant, label + " came while the answer to the one before was being sent");
  }
  if (message.json.is_null()) {
    server_.add_problem(ProblemKind::body, label + " is not JSON");
    return;
  }
  if (!server_.checks_invariants() || !message.json.is_object()) return;
  try {
    json::object whole = message.json.get_object();
    whole["input"] = record_->full_input(record_->messages.size() - 1);
    for (const auto& violation : check_invariants(json::value(std::move(whole)))) {
      server_.add_problem(ProblemKind::invariant, label + ": " + violation);
    }
  } catch (const Mismatch& mismatch) {
    server_.add_problem(ProblemKind::invariant, mismatch.what());
  }
}

io::Task<> WsSession::answer_all() {
  const bool closes = script_.after_last == WsConnection::AfterLast::close;
  for (;;) {
    if (closes && taken_ == script_.requests.size() && !script_.requests.empty()) {
      buffer_ += encoder_->close(io::ws_normal, {}, 0);
      co_await flush();
      end("script");
      co_return;
    }
    while (record_->messages.size() <= taken_ && !gone_) {
      if (!replies_.empty() && !co_await flush()) co_return;
      auto news = news_ = std::make_shared<io::Event>();
      if (record_->messages.size() <= taken_ && !gone_ && replies_.empty()) co_await news->wait();
    }
    if (gone_ && record_->messages.size() <= taken_) {
      co_await flush();
      co_return;
    }
    std::size_t index = taken_++;
    if (index >= script_.requests.size()) {
      server_.add_problem(ProblemKind::surplus,
                          fmt::format("connection {}, message {}: no answer is left for it", record_->number, index));
      continue;
    }
    answering_ = true;
    for (const auto& step : script_.requests[index]) {
      if (!co_await send(step)) co_return;
    }
    // The client may speak again as soon as it has the last byte.
    answering_ = false;
    if (!co_await flush()) co_return;
  }
}

io::Task<bool> WsSession::pause(io::Task<> wait) {
  struct Watch {
    static io::Task<> wait_for(io::Task<> what, std::shared_ptr<io::Event> over) {
      co_await std::move(what);
      over->set();
    }
    static io::Task<> client_gone(WsSession* self, std::shared_ptr<io::Event> over) {
      while (!self->gone_) {
        if (!self->replies_.empty()) co_await self->flush();
        auto news = self->news_ = std::make_shared<io::Event>();
        if (!self->gone_ && self->replies_.empty()) co_await news->wait();
      }
      over->set();
    }
  };
  auto over = std::make_shared<io::Event>();
  io::Scope scope(co_await io::Here{});
  scope.spawn(Watch::wait_for(std::move(wait), over));
  scope.spawn(Watch::client_gone(this, over));
  std::exception_ptr stopped;
  try {
    co_await over->wait();
  } catch (const io::Cancelled&) {
    stopped = std::current_exception();
  }
  scope.cancel(io::Why::finished);
  co_await scope.join();
  if (stopped) std::rethrow_exception(stopped);
  co_return !gone_;
}

io::Task<bool> WsSession::flush() {
  std::string bytes = std::exchange(replies_, {}) + std::exchange(buffer_, {});
  if (bytes.empty()) co_return true;
  bool sent = (co_await x_.write(std::move(bytes))).has_value();
  if (!sent) end("client left");
  co_return sent;
}

io::Task<bool> WsSession::send(const WsStep& step) {
  if (const auto* event = std::get_if<EventStep>(&step)) {
    buffer_ += encoder_->message(io::WsKind::text, dump(event->event), 0);
  } else if (const auto* text = std::get_if<TextStep>(&step)) {
    buffer_ += encoder_->message(io::WsKind::text, text->text, 0);
  } else if (const auto* binary = std::get_if<BinaryStep>(&step)) {
    buffer_ += encoder_->message(io::WsKind::binary, binary->bytes, 0);
  } else if (const auto* ping = std::get_if<PingStep>(&step)) {
    buffer_ += encoder_->control(io::WsKind::ping, ping->payload, 0);
  } else if (const auto* raw = std::get_if<BytesStep>(&step)) {
    buffer_ += raw->bytes;
  } else if (const auto* nap = std::get_if<SleepStep>(&step)) {
    co_return co_await flush() && co_await pause(io::sleep(nap->span));
  } else if (const auto* gate = std::get_if<GateStep>(&step)) {
    co_return co_await flush() && co_await pause(server_.pass_gate(gate->name));
  } else {
    if (const auto* close = std::get_if<CloseStep>(&step)) buffer_ += encoder_->close(close->code, {}, 0);
    if (std::holds_alternative<HalfFrameStep>(step)) buffer_ += std::string("\x81\x7d{\"type\":", 10);
    co_await flush();
    end("script");
    x_.close();
    co_return false;
  }
  co_return buffer_.size() < flush_at || co_await flush();
}

}  // namespace burin::testkit

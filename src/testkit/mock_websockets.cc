// The WebSocket side of MockServer: which script serves a handshake, and waiting for what clients do.
#include "base/text.h"
#include "testkit/mismatch.h"
#include "testkit/mock_server.h"
#include "testkit/ws_session.h"

namespace burin::testkit {

void MockServer::mount_ws(WsConnection connection) {
  ws_mounts_.push_back(std::make_shared<const WsConnection>(std::move(connection)));
}

void MockServer::mount_ws_default(WsConnection connection) {
  ws_default_ = std::make_shared<const WsConnection>(std::move(connection));
}

void MockServer::ws_fact(MockOptions::WsFact fact, const WsRecord& record) {
  if (options_.on_websocket) options_.on_websocket(fact, record);
  changed_->notify();
}

io::Task<> MockServer::handle_websocket(io::ServerExchange& exchange) {
  auto record = std::make_shared<WsRecord>();
  record->number = handshakes_.size();
  record->handshake = CapturedRequest::from(exchange.request());
  record->handshake.arrived_ms = options_.clock->now_ms();
  handshakes_.push_back(record);
  std::shared_ptr<const WsConnection> script = ws_default_;
  if (!ws_mounts_.empty()) {
    script = ws_mounts_.front();
    ws_mounts_.pop_front();
  }
  if (!script) {
    add_problem(ProblemKind::surplus,
                fmt::format("WebSocket handshake {}: no connection is left for it", record->number));
    WsConnection none;
    none.refuse = Response::json_body(json::object{{"error", json::object{{"message", "no connection queued"}}}}, 503);
    script = std::make_shared<const WsConnection>(std::move(none));
  }
  ws_fact(MockOptions::WsFact::handshake, *record);
  WsSession session(*this, exchange, *script, record);
  co_await session.serve();
}

std::vector<WsRecordPtr> MockServer::connections() const {
  std::vector<WsRecordPtr> out;
  for (const auto& record : handshakes_) {
    if (record->accepted) out.push_back(record);
  }
  return out;
}

WsRecord& MockServer::single_connection() const {
  auto all = connections();
  if (all.size() != 1) throw Mismatch(fmt::format("{} connections, expected one", all.size()));
  return *all[0];
}

WsRecord& MockServer::single_handshake() const {
  if (handshakes_.size() != 1) throw Mismatch(fmt::format("{} handshakes, expected one", handshakes_.size()));
  return *handshakes_[0];
}

io::Task<Result<>> MockServer::wait_for_handshakes(std::size_t count, io::Span timeout) {
  auto enough = [this, count] { return handshakes_.size() >= count; };
  co_return co_await wait_until(changed_, enough, timeout, fmt::format("{} handshakes", count));
}

io::Task<Result<const WsMessage*>> MockServer::wait_for_message(std::size_t connection, std::size_t index,
                                                                io::Span timeout) {
  auto there = [this, connection, index] {
    auto all = connections();
    return all.size() > connection && all[connection]->messages.size() > index;
  };
  CO_CHECK(
      co_await wait_until(changed_, there, timeout, fmt::format("message {} of connection {}", index, connection)));
  co_return &connections()[connection]->messages[index];
}

io::Task<Result<>> MockServer::wait_for_close(std::size_t connection, io::Span timeout) {
  auto ended = [this, connection] {
    auto all = connections();
    return all.size() > connection && all[connection]->ended;
  };
  co_return co_await wait_until(changed_, ended, timeout, fmt::format("end of connection {}", connection));
}

}  // namespace burin::testkit

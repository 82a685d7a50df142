// Serves one WebSocket connection of the scripted server: answers the handshake, records every frame, sends what the
// script says.
//
// Reading goes on while an answer is being sent, because a client that speaks too early is to be noticed, and one that
// leaves ends every wait.
//
// Lives inside the handler of its exchange; borrows it, the server and the script.
#pragma once
#include "io/http_server.h"
#include "io/loop.h"
#include "io/ws_codec.h"
#include "testkit/ws_record.h"
#include "testkit/ws_script.h"

namespace burin::testkit {

class MockServer;

class WsSession {
 public:
  WsSession(MockServer& server, io::ServerExchange& exchange, const WsConnection& script, WsRecordPtr record)
      : server_(server), x_(exchange), script_(script), record_(std::move(record)) {}
  io::Task<> serve();

 private:
  io::Task<bool> shake_hands();
  io::Task<> read();
  void take(io::WsItem item);
  void take_message(io::WsItem item);
  io::Task<> answer_all();
  io::Task<bool> send(const WsStep& step);
  io::Task<bool> flush();
  io::Task<bool> pause(io::Task<> wait);
  void end(std::string how);
  void check(WsMessage& message);

  MockServer& server_;
  io::ServerExchange& x_;
  const WsConnection& script_;
  WsRecordPtr record_;
  std::optional<io::WsDecoder> decoder_;
  std::optional<io::WsEncoder> encoder_;
  std::string buffer_;
  std::string replies_;    // pongs and close frames that wait to be sent
  std::size_t taken_ = 0;  // messages that were, or are being, answered
  bool answering_ = false;
  std::shared_ptr<io::Event> news_ = std::make_shared<io::Event>();
  bool gone_ = false;  // the client has closed or left
};

}  // namespace burin::testkit

// Writes one Response to one connection, with all its delays, gates, pieces and ends.
//
// Events are gathered into large writes, so that a stream of 200,000 deltas costs a few hundred system calls; a sleep,
// a gate and the end flush. A client that leaves ends every wait at once.
//
// Lives inside the handler of the exchange; borrows it, the response and the server.
#pragma once
#include <string>

#include "io/http_server.h"
#include "testkit/response.h"

namespace burin::testkit {

class MockServer;

class Sender {
 public:
  Sender(MockServer& server, io::ServerExchange& exchange, const Response& response)
      : server_(server), x_(exchange), r_(response) {}
  /// False when the client left before the last byte was written.
  io::Task<bool> send();

 private:
  struct Wait;
  io::Task<bool> send_whole();
  io::Task<bool> send_head();
  io::Task<bool> send_steps();
  io::Task<bool> flush();
  io::Task<bool> write_piece(std::string bytes);
  io::Task<bool> finish();
  io::Task<bool> pause(io::Task<> wait);
  io::Headers headers() const;

  MockServer& server_;
  io::ServerExchange& x_;
  const Response& r_;
  std::string buffer_;
};

}  // namespace burin::testkit

// Connections for tests: two ends in memory, on the loop's (usually virtual) time, and a WebSocket server on one of
// them.
//
// Ownership: everything here refers to the loop, and clients' ends to their FakeWsServer, which must outlive them. Loop
// thread only.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/connection.h"
#include "io/http_parser.h"
#include "io/loop.h"
#include "io/ws_codec.h"

namespace burin::io {

/// A connection whose other end is the test.
class FakeWire {
 public:
  explicit FakeWire(Loop& loop) : loop_(loop) {}
  ~FakeWire();

  /// The client's end; it may be destroyed at any time.
  std::unique_ptr<Connection> client();
  /// What the client sends arrives here, with the next round of the loop.
  std::function<void(std::string)> on_bytes;
  /// The client has destroyed its end.
  std::function<void()> on_client_gone;

  /// To the client, in pieces of `split` bytes (0: in one piece).
  void send(std::string bytes);
  /// The end of the stream, or a failure, after everything that was sent.
  void end(std::optional<Error> error = {});
  std::size_t split = 0;
  bool client_alive() const { return client_ != nullptr; }

 private:
  class Client;
  void deliver();
  Loop& loop_;
  Client* client_ = nullptr;
  std::string to_client_, to_server_;
  bool ended_ = false;
  std::optional<Error> error_;
  std::uint64_t timer_ = 0;
};

/// A WebSocket server in memory: for ScriptedHttp::dial.
class FakeWsServer {
 public:
  explicit FakeWsServer(Loop& loop) : loop_(loop) {}

  /// What a handshake is answered with.
  struct Answer {
    Span delay{};
    bool never = false;         // no answer at all
    bool drop = false;          // the connection ends instead
    int status = 101;           // another one refuses
    Headers headers;            // of either
    std::string body;           // of a refusal
    bool deflate = false;       // agree to compression when it is offered
    std::string deflate_terms;  // e.g. "; client_no_context_takeover"
  };

  class Peer {
   public:
    Peer(FakeWsServer& server, std::size_t number) : wire(server.loop_), number(number) {}
    void text(std::string_view message);
    void frame(const WsFrame& frame, std::string_view payload);
    void ping(std::string_view payload);
    void close(std::uint16_t code);
    void drop() { wire.end(); }

    FakeWire wire;
    std::size_t number;
    std::optional<ServerRequest> handshake;
    std::vector<WsItem> received;   // every message and control frame, decompressed
    bool closed_by_client = false;  // its end is gone

   private:
    friend class FakeWsServer;
    RequestParser parser_;
    std::shared_ptr<WsDeflate> deflate_;
    std::optional<WsDecoder> decoder_;
    std::optional<WsEncoder> encoder_;
  };

  Task<Result<std::unique_ptr<Connection>>> dial(ConnectRequest request);

  std::function<Answer(const ServerRequest&, Peer&)> on_handshake;  // accepts without it
  std::function<void(Peer&, const std::string&)> on_message;        // texts
  std::optional<Error> refuse_connections;                          // of dial()
  std::vector<std::unique_ptr<Peer>> peers;                         // every connection so far
  std::vector<ConnectRequest> dialled;

 private:
  void bytes(Peer& peer, std::string data);
  void answer(Peer& peer, const Answer& answer);
  Loop& loop_;
};

}  // namespace burin::io

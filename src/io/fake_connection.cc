#include "io/fake_connection.h"

#include "base/text.h"

namespace burin::io {

class FakeWire::Client : public Connection {
 public:
  explicit Client(FakeWire* wire) : wire_(wire) {}
  ~Client() override {
    if (wire_ == nullptr) return;
    wire_->client_ = nullptr;
    if (wire_->on_client_gone) wire_->on_client_gone();
  }
  void listen(Listener& listener) override {
    listener_ = &listener;
    if (wire_ != nullptr) wire_->deliver();
  }
  void pause(bool paused) override {
    paused_ = paused;
    if (!paused && wire_ != nullptr) wire_->deliver();
  }
  void send(std::string bytes) override {
    if (wire_ == nullptr || wire_->ended_) return;
    wire_->to_server_ += bytes;
    wire_->deliver();
  }
  Task<Result<>> flushed() override {
    if (wire_ == nullptr || (wire_->ended_ && wire_->error_)) co_return fail(Kind::unavailable, "Broken pipe");
    co_return Result<>();
  }

  FakeWire* wire_;
  Listener* listener_ = nullptr;
  bool paused_ = false;
  bool told_ = false;
};

FakeWire::~FakeWire() {
  if (timer_ != 0) loop_.cancel_timer(timer_);
  if (client_ != nullptr) client_->wire_ = nullptr;
}

std::unique_ptr<Connection> FakeWire::client() {
  auto end = std::make_unique<Client>(this);
  client_ = end.get();
  return end;
}

void FakeWire::send(std::string bytes) {
  to_client_ += bytes;
  deliver();
}

void FakeWire::end(std::optional<Error> error) {
  ended_ = true;
  error_ = std::move(error);
  deliver();
}

/// One piece for either side with each round of the loop.
void FakeWire::deliver() {
  if (timer_ != 0) return;
  timer_ = loop_.timer(loop_.now(), [this] {
    timer_ = 0;
    if (!to_server_.empty() && on_bytes) on_bytes(std::exchange(to_server_, {}));
    bool hears = client_ != nullptr && client_->listener_ != nullptr && !client_->paused_;
    if (!hears) return;
    if (!to_client_.empty()) {
      std::size_t n = split == 0 ? to_client_.size() : std::min(split, to_client_.size());
      std::string piece = to_client_.substr(0, n);
      to_client_.erase(0, n);
      client_->listener_->on_bytes(piece);
      deliver();
    } else if (ended_ && !std::exchange(client_->told_, true)) {
      client_->listener_->on_end(error_);
    }
  });
}

void FakeWsServer::Peer::text(std::string_view message) { wire.send(encoder_->message(WsKind::text, message, 0)); }
void FakeWsServer::Peer::ping(std::string_view payload) { wire.send(encoder_->control(WsKind::ping, payload, 0)); }
void FakeWsServer::Peer::close(std::uint16_t code) { wire.send(encoder_->close(code, {}, 0)); }
void FakeWsServer::Peer::frame(const WsFrame& frame, std::string_view payload) {
  std::string out;
  append_frame(out, frame, payload, nullptr);
  wire.send(std::move(out));
}

Task<Result<std::unique_ptr<Connection>>> FakeWsServer::dial(ConnectRequest request) {
  dialled.push_back(request);
  if (refuse_connections) co_return Fail(*refuse_connections);
  peers.push_back(std::make_unique<Peer>(*this, peers.size()));
  Peer* peer = peers.back().get();
  peer->wire.on_bytes = [this, peer](std::string data) { bytes(*peer, std::move(data)); };
  peer->wire.on_client_gone = [peer] { peer->closed_by_client = true; };
  co_return peer->wire.client();
}

void FakeWsServer::bytes(Peer& peer, std::string data) {
  if (!peer.decoder_) {
    std::size_t used = peer.parser_.feed(data);
    if (!peer.parser_.done()) return;
    peer.handshake = peer.parser_.take();
    data.erase(0, used);
    Answer what = on_handshake ? on_handshake(*peer.handshake, peer) : Answer{};
    bool offered = contains(peer.handshake->header("sec-websocket-extensions").value_or(""), "permessage-deflate");
    if (what.deflate && offered) {
      std::string terms = "permessage-deflate" + what.deflate_terms;
      if (auto params = read_deflate_answer(terms); params && *params) {
        peer.deflate_ = WsDeflate::create(**params, true);
        what.headers.emplace_back("Sec-WebSocket-Extensions", terms);
      }
    }
    peer.decoder_.emplace(WsRole::server, peer.deflate_);
    peer.encoder_.emplace(WsRole::server, peer.deflate_);
    if (!what.never) loop_.timer(loop_.now() + what.delay, [this, p = &peer, what] { answer(*p, what); });
  }
  std::vector<WsItem> items;
  if (!peer.decoder_->feed(data, items)) peer.drop();
  for (auto& item : items) {
    peer.received.push_back(item);
    if (item.kind == WsKind::text && on_message) on_message(peer, item.data);
  }
}

void FakeWsServer::answer(Peer& peer, const Answer& what) {
  if (what.drop) return peer.drop();
  std::string head = fmt::format("HTTP/1.1 {} X\r\n", what.status);
  if (what.status == 101) {
    head += fmt::format("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
                        ws_accept_key(peer.handshake->header("sec-websocket-key").value_or("")));
  } else {
    head += fmt::format("Content-Length: {}\r\n", what.body.size());
  }
  for (const auto& [name, value] : what.headers) head += fmt::format("{}: {}\r\n", name, value);
  peer.wire.send(head + "\r\n" + what.body);
}

}  // namespace burin::io

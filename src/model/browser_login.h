// Signing in with the browser: it is sent to the issuer, which sends it back to a listener of ours on loopback with a
// code (model: RFC 8252). Only whoever knows the random `state` of this login can finish it.
//
// The issuer knows two addresses of ours, ports 1455 and 1457. A listener of an earlier login on the first is asked to
// go away; if the port stays taken, the second serves.
//
// Ownership: after start() has succeeded, wait() must be awaited exactly once; it closes the listener. cancel() may be
// called any time before. Loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "io/http_server.h"
#include "model/login.h"

namespace burin::model {

class BrowserLogin {
 public:
  /// Stores the tokens; only then the browser is told that all is well.
  using Save = std::function<io::Task<Result<>>(LoginTokens)>;

  static io::Task<Result<std::unique_ptr<BrowserLogin>>> start(io::World& world, LoginOptions options, Save save,
                                                               std::vector<std::uint16_t> ports = {1455, 1457});

  /// What the browser must open.
  const std::string& url() const { return url_; }
  std::uint16_t port() const { return server_->port(); }
  /// Until signed in, refused, cancelled (Kind::denied), or 10 minutes have passed (Kind::timeout).
  io::Task<Result<>> wait();
  void cancel();

 private:
  BrowserLogin(io::World& world, LoginOptions options, Save save);
  io::Task<> answer(io::ServerExchange& exchange);
  io::Task<> callback(io::ServerExchange& exchange);
  io::Task<Result<>> finish(std::string code);
  void end(Result<> result);

  io::World& world_;
  LoginOptions options_;
  Save save_;
  std::string verifier_, state_, url_, redirect_uri_;
  std::unique_ptr<io::HttpServer> server_;
  bool code_taken_ = false;
  std::optional<Result<>> result_;  // the first one counts
  io::Event ended_;                 // there is a result
  io::Event page_shown_;            // and the browser has its last page
};

}  // namespace burin::model

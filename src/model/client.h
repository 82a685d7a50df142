// The way to the model over HTTP: one client for a thread, one session for a turn, one stream for an answer
// (model-client.md 2, 8, 9).
//
// ModelClient lives as long as its thread; what a request carries beyond the prompt (credentials, provider, thread id)
// is fixed in it. ModelSession lives for one turn and holds the sticky turn state. Per-turn settings are arguments of
// each call and never stored.
//
// A stream ends in exactly one way: Completed, or one error; nothing comes after it. Destroying a stream closes its
// connection.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "io/world.h"
#include "model/auth.h"
#include "model/error.h"
#include "model/headers.h"
#include "model/request.h"
#include "model/sse_stream.h"

namespace burin::model {

struct ClientOptions {
  Identity identity;
  config::ProviderDef provider;
  Auth auth;
  std::string thread_id;
  std::optional<std::string> subagent;
  std::string beta_features;
  bool compress_requests = false;  // feature enable_request_compression
};

class ModelSession;

class ModelClient {
 public:
  ModelClient(io::World& world, ClientOptions options) : world_(world), options_(std::move(options)) {}
  std::unique_ptr<ModelSession> new_session();
  /// Has the server compact the prompt's input (POST /responses/compact) and returns the items that stand for it. An
  /// empty input costs no request.
  io::Task<ModelResult<std::vector<wire::ResponseItem>>> compact(const Prompt& prompt, std::string_view model);
  const ClientOptions& options() const { return options_; }
  io::World& world() { return world_; }

 private:
  friend class ModelSession;
  using Reply = ModelResult<std::unique_ptr<io::HttpResponse>>;
  using MakeHeaders = std::function<io::Headers(const Credential&)>;
  /// POSTs to `path` until an answer with a good status comes, a lasting error, or the request-level budget of 9.4 is
  /// used up.
  io::Task<Reply> post(std::string_view path, std::string body, const MakeHeaders& headers);
  io::Task<Reply> post_once(std::string_view path, std::shared_ptr<const std::string> body, const MakeHeaders& headers,
                            bool* transient);
  io::World& world_;
  ClientOptions options_;
};

class ModelSession {
 public:
  explicit ModelSession(ModelClient& client) : client_(client) {}

  /// Sends one request (with the request-level retries of 9.4) and returns its event stream. `turn_metadata` is the
  /// value of x-codex-turn-metadata; it is asked again for each attempt.
  io::Task<ModelResult<std::unique_ptr<EventStream>>> stream(const Prompt& prompt, const TurnSettings& settings,
                                                             const std::function<std::string()>& turn_metadata);

 private:
  ModelClient& client_;
  std::string turn_state_;  // written once, echoed within the turn (model-client.md 10.10)
};

}  // namespace burin::model

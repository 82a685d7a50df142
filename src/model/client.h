// The way to the model: one client for a thread, one session for a turn, one stream for an answer (model-client.md 2,
// 8, 9, 10).
//
// ModelClient lives as long as its thread; what a request carries beyond the prompt (credentials, provider, thread id)
// is fixed in it, and so is, once it is made, the decision against WebSockets. ModelSession lives for one turn, holds
// the sticky turn state, and borrows the thread's WebSocket; it gives it back when it ends. Per-turn settings are
// arguments of each call and never stored.
//
// A stream ends in exactly one way: Completed, or one error; nothing comes after it. Destroying a stream before its end
// closes its connection. Sessions go before their client.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "io/world.h"
#include "model/auth_manager.h"
#include "model/error.h"
#include "model/headers.h"
#include "model/request.h"
#include "model/sse_stream.h"
#include "model/ws_link.h"

namespace burin::model {

struct ClientOptions {
  Identity identity;
  config::ProviderDef provider;
  Auth auth;                             // as they are, where nobody keeps them fresh
  std::shared_ptr<AuthManager> manager;  // the owner of the login; wins over `auth`
  std::string thread_id;
  std::optional<std::string> subagent;
  std::string beta_features;
  bool compress_requests = false;   // feature enable_request_compression
  bool websockets_enabled = false;  // one of the features responses_websockets and responses_websockets_v2
  bool timing_metrics = false;      // feature runtime_metrics
  std::string home;                 // where verdicts on networks are remembered; empty: nowhere
};

/// The value of x-codex-turn-metadata, asked again for each attempt; may be empty.
using TurnMetadata = std::function<std::string()>;

/// What one thread leaves to be remembered (model-client.md 13.2).
struct MemoryTrace {
  std::string id;
  std::string source_path;
  std::vector<std::string_view> items;  // one JSON object each, in wire form
};
struct MemorySummary {
  std::string trace;   // of this thread
  std::string memory;  // worth keeping beyond it
};

class ModelSession;

class ModelClient {
 public:
  ModelClient(io::World& world, ClientOptions options);
  std::unique_ptr<ModelSession> new_session();
  /// Has the server compact the prompt's input (POST /responses/compact) and returns the items that stand for it. An
  /// empty input costs no request.
  io::Task<ModelResult<std::vector<wire::ResponseItem>>> compact(const Prompt& prompt, std::string_view model);
  /// Has the server summarise threads (POST /memories/trace_summarize): one summary for each, in order. No traces cost
  /// no request.
  io::Task<ModelResult<std::vector<MemorySummary>>> summarize_memories(const std::vector<MemoryTrace>& traces,
                                                                       std::string_view model,
                                                                       std::optional<wire::ReasoningEffort> effort);
  /// Whether requests for the model go over a WebSocket now (10.1). Asked before each request.
  bool websocket_active(const ModelInfo& model) const;
  /// How long a turn may wait for a handshake.
  io::Span handshake_patience() const;
  /// A turn has waited for a handshake that someone else began; `ended`: it is over, well or not.
  void note_wait(io::Span waited, bool ended);
  const ClientOptions& options() const { return options_; }
  /// The login in use, as it is now.
  const Auth& auth() const { return options_.manager ? options_.manager->cached() : options_.auth; }
  io::World& world() { return world_; }

 private:
  friend class ModelSession;
  using Reply = ModelResult<std::unique_ptr<io::HttpResponse>>;
  using MakeHeaders = std::function<io::Headers(const Credential&)>;
  /// What the next attempt carries; a login that is due is renewed first (4.3).
  io::Task<ModelResult<Credential>> credential();
  /// What can be done about a 401; none for a provider with a key of its own.
  std::optional<Recovery> recovery() const;
  /// After a 401: true when the request is worth repeating at once. An error ends the attempt.
  static io::Task<ModelResult<bool>> recover(std::optional<Recovery>* recovery, const ModelError& error);
  /// POSTs to `path` until an answer with a good status comes, a lasting error, or the request-level budget of 9.4 is
  /// used up. Repetitions with renewed credentials do not count.
  io::Task<Reply> post(std::string_view path, std::string body, const MakeHeaders& headers);
  io::Task<Reply> post_once(std::string_view path, std::shared_ptr<const std::string> body, const MakeHeaders& headers,
                            bool* transient);
  /// The JSON body of a good answer.
  io::Task<ModelResult<boost::json::value>> post_json(std::string_view path, std::string body,
                                                      const MakeHeaders& headers);
  io::World& world_;
  ClientOptions options_;
  std::string websocket_url() const;
  bool websockets_disabled_ = false;  // once true, for the rest of the session (10.9)
  std::shared_ptr<WsHealth> health_ = std::make_shared<WsHealth>();
  std::shared_ptr<WsState> idle_state_;  // between turns
};

class ModelSession {
 public:
  explicit ModelSession(ModelClient& client);
  /// Leaves the WebSocket to the next session, in place of whatever is there.
  ~ModelSession();
  ModelSession(const ModelSession&) = delete;
  ModelSession& operator=(const ModelSession&) = delete;

  using Stream = ModelResult<std::unique_ptr<EventStream>>;
  /// Sends one request and returns its event stream: over a WebSocket where that is active, else over HTTP with the
  /// request-level retries of 9.4. After a 426 the request goes over HTTP at once, silently. When gives_up_websocket()
  /// holds it goes over HTTP too, and the stream begins with TransportFallback.
  io::Task<Stream> stream(const Prompt& prompt, const TurnSettings& settings, const TurnMetadata& turn_metadata);

  /// Opens the connection of the first request, without a word about it (10.5). Does nothing without WebSockets.
  io::Task<ModelResult<>> preconnect(const ModelInfo& model, const TurnMetadata& turn_metadata);
  /// Connects and has the server prepare for the prompt, whose input is empty (10.6). `connected` is set when the
  /// handshake has ended.
  io::Task<ModelResult<>> prewarm(const Prompt& prompt, const TurnSettings& settings, const TurnMetadata& turn_metadata,
                                  io::Event* connected);

  /// WebSockets have cost this session what they may cost (WsHealth), without bringing anything.
  bool gives_up_websocket(const ModelInfo& model) const;
  /// Gives up WebSockets for the rest of the thread's life. True only for the call that decided it.
  bool switch_to_http_fallback(const ModelInfo& model);
  bool websocket_active(const ModelInfo& model) const { return client_.websocket_active(model); }

 private:
  struct ConnectFailure {
    ModelError error;
    bool upgrade_required = false;  // 426: the server wants HTTP
  };
  io::Task<tl::expected<void, ConnectFailure>> connect(const TurnMetadata& turn_metadata, io::Span deadline);
  io::Task<tl::expected<void, ConnectFailure>> shake_hands(const Credential& credential,
                                                           const TurnMetadata& turn_metadata, io::Span deadline);
  io::Task<tl::expected<std::unique_ptr<EventStream>, ConnectFailure>> stream_over_websocket(
      const Prompt& prompt, const TurnSettings& settings, const TurnMetadata& turn_metadata);
  io::Task<Stream> stream_over_http(const Prompt& prompt, const TurnSettings& settings,
                                    const TurnMetadata& turn_metadata, std::vector<wire::ModelEvent> before);
  io::Task<Stream> send_create(const Prompt& prompt, const TurnSettings& settings, const TurnMetadata& turn_metadata,
                               bool generate);
  TurnHeaders turn_headers(const TurnMetadata& turn_metadata) const;
  io::Span idle_timeout() const;

  ModelClient& client_;
  std::shared_ptr<WsState> ws_;
  std::string turn_state_;  // written once, echoed within the turn (model-client.md 10.10)
};

}  // namespace burin::model

// A scripted Responses server in the process of the test: loopback HTTP that answers as told and remembers what it was
// asked.
//
// Why a real server and not a fake of the client's interface: what is to be tested is the bytes on the wire, by any
// client, also one in another process. Nothing in this room knows Burin's own agent.
//
// Guarantees: a request is in the log, and whoever waits for it is woken, before the first byte of its answer is
// written (model-client.md 16.1, INV-23). Nothing is dropped silently: what was unexpected is in problems(). Every wait
// takes a timeout.
//
// Ownership: the server owns its connections; requests, mounts and handles may outlive it. Await stop() before the
// server is destroyed inside a coroutine; outside of one the destructor does it. testkit/test_server.h does this, and
// verifies, for GoogleTest. Loop thread only. Sockets are real, so the loop must run in real time.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/clock.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "testkit/compaction.h"
#include "testkit/mount.h"
#include "testkit/ws_record.h"
#include "testkit/ws_script.h"

namespace burin::testkit {

enum class ProblemKind : std::uint8_t {
  unmatched,  // a request that no mount is for
  surplus,    // a request to a mount that is used up
  body,       // a body that could not be decoded or is not JSON
  invariant,  // a body that breaks a rule of check_invariants
  unused      // a mount that was used less often than expected
};
std::string_view problem_name(ProblemKind kind);

struct Problem {
  ProblemKind kind = ProblemKind::unmatched;
  std::string text;  // one sentence that names the request
};

struct MockOptions {
  std::uint16_t port = 0;  // 0: a free one
  io::Clock* clock = &io::real_clock();
  bool check_invariants = true;
  /// False, for benchmarks: bodies are neither parsed, checked nor kept; `requests()` stays empty.
  bool record = true;
  /// POST …/responses: when everything is used up, the last response mounted for it is given again.
  bool repeat_last = false;
  /// Called with facts as they happen; a request before its answer is begun.
  std::function<void(const CapturedRequest&)> on_request{};
  std::function<void(const CapturedRequest&)> on_response_done{};
  std::function<void(const Problem&)> on_problem{};
  /// The same for WebSockets: a handshake before its answer, a message before its answer, a pong, the end.
  enum class WsFact : std::uint8_t { handshake, message, pong, end };
  std::function<void(WsFact, const WsRecord&)> on_websocket{};
  /// Takes over requests below /__mock/; they are not recorded.
  io::HttpServer::Handler control{};
};

class MockServer {
 public:
  static io::Task<Result<std::unique_ptr<MockServer>>> start(io::Loop& loop, MockOptions options = {});
  ~MockServer();
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;

  std::uint16_t port() const { return http_->port(); }
  /// "http://127.0.0.1:PORT/v1"
  std::string base_url() const { return http_->url() + "/v1"; }
  /// Cancels what is being sent, closes everything. May be called again.
  io::Task<> stop();

  // Mounts. Without an endpoint they are for POST …/responses.
  MountHandle mount(Mount mount);
  MountHandle mount_sse_once(std::vector<json::value> events);
  MountHandle mount_sse_once_match(Matcher matcher, std::vector<json::value> events);
  MountHandle mount_sse_sequence(std::vector<std::vector<json::value>> streams);
  MountHandle mount_response_once(Response response);
  MountHandle mount_response_once_match(Matcher matcher, Response response);
  MountHandle mount_response_sequence(std::vector<Response> responses);
  MountHandle mount_always(Response response, Endpoint endpoint = responses_endpoint());
  /// Two mounts: a call of `tool` (response "resp-1"), then the message "done" ("resp-2").
  std::pair<MountHandle, MountHandle> mount_function_call_agent_response(std::string_view call_id,
                                                                         std::string_view args, std::string_view tool);
  MountHandle mount_compact_json_once(const json::value& body);
  MountHandle mount_compact_response_once(Response response);
  MountHandle mount_compact_response_once_match(Matcher matcher, Response response);
  /// Each text is used for one request, verbatim (model-client.md 16.8).
  MountHandle mount_compact_user_history_with_summary_once(std::string text,
                                                           SummaryShape shape = SummaryShape::user_message);
  MountHandle mount_compact_user_history_with_summary_sequence(std::vector<std::string> texts,
                                                               SummaryShape shape = SummaryShape::user_message);
  /// GET …/models answers {"models": list}; the ETag header is sent unless empty.
  MountHandle mount_models_once(json::array list, std::string etag = {}, io::Span delay = {});
  MountHandle mount_token_refresh_once(Response response);

  // WebSockets, on the same port: every GET that asks for an upgrade.
  /// For the next handshake that has none yet.
  void mount_ws(WsConnection connection);
  /// For handshakes beyond the mounted ones, which are refused with 503 otherwise.
  void mount_ws_default(WsConnection connection);
  /// Every handshake, also a refused one, in order.
  const std::vector<WsRecordPtr>& handshakes() const { return handshakes_; }
  /// Those that were accepted.
  std::vector<WsRecordPtr> connections() const;
  /// Throw Mismatch unless there is exactly one.
  WsRecord& single_connection() const;
  WsRecord& single_handshake() const;
  io::Task<Result<>> wait_for_handshakes(std::size_t count, io::Span timeout);
  /// Message `index` of the accepted connection `connection`, both from 0.
  io::Task<Result<const WsMessage*>> wait_for_message(std::size_t connection, std::size_t index, io::Span timeout);
  io::Task<Result<>> wait_for_close(std::size_t connection, io::Span timeout);

  /// Everything that was asked, in order. Grows; entries never change, but for their delivery.
  const std::vector<RequestPtr>& requests() const { return requests_; }
  /// Those that the endpoint accepts.
  std::vector<RequestPtr> requests(const Endpoint& endpoint) const;
  /// Waits until there are `count` requests to the endpoint.
  io::Task<Result<>> wait_for_requests(std::size_t count, io::Span timeout, Endpoint endpoint = responses_endpoint());
  /// Waits until `count` answers have been sent to their end (or their clients have left), whatever the endpoint.
  io::Task<Result<>> wait_for_answers(std::size_t count, io::Span timeout);
  /// Waits until the answer to this request has been sent to its end or its client has left.
  io::Task<Result<>> wait_completed(RequestPtr request, io::Span timeout);
  std::size_t answers_done() const { return answers_done_; }
  std::shared_ptr<Signal> changed() const { return changed_; }

  /// Lets every response go on that waits at this gate, now or later.
  void open_gate(const std::string& name);
  io::Task<Result<>> wait_gate_reached(std::string name, io::Span timeout);

  const std::vector<Problem>& problems() const { return problems_; }
  /// The problems, and the mounts that were used too little.
  std::vector<Problem> problems_at_end() const;
  /// Fails with a readable list when problems_at_end() is not empty.
  Result<> verify() const;

  /// Forgets requests, problems, mounts and gates (responses waiting at one go on).
  void reset();
  void set_repeat_last(bool on) { options_.repeat_last = on; }

 private:
  struct Gate {
    io::Event open;
    bool reached = false;
  };
  explicit MockServer(io::Loop& loop, MockOptions options) : loop_(loop), options_(std::move(options)) {}
  static io::Task<> handle(MockServer* server, io::ServerExchange& exchange);
  RequestPtr record(const io::ServerExchange& exchange);
  void check_body(const CapturedRequest& request);
  std::shared_ptr<const Response> choose(const RequestPtr& request);
  std::shared_ptr<const Response> choose_without_mount(const CapturedRequest& request, bool was_exhausted);
  void finished(const RequestPtr& request, bool client_left);
  void add_problem(ProblemKind kind, std::string text);
  std::shared_ptr<Gate> gate(const std::string& name);
  io::Task<> pass_gate(std::string name);
  friend class Sender;
  friend class WsSession;
  bool wants_websocket(const io::ServerRequest& request) const;
  io::Task<> handle_websocket(io::ServerExchange& exchange);
  bool checks_invariants() const { return options_.check_invariants; }
  void ws_fact(MockOptions::WsFact fact, const WsRecord& record);
  void ws_message(const WsRecord& record) { ws_fact(MockOptions::WsFact::message, record); }
  void ws_pong(const WsRecord& record) { ws_fact(MockOptions::WsFact::pong, record); }
  void ws_ended(const WsRecord& record) { ws_fact(MockOptions::WsFact::end, record); }

  io::Loop& loop_;
  MockOptions options_;
  std::unique_ptr<io::HttpServer> http_;
  std::vector<std::shared_ptr<Mount>> mounts_;
  std::size_t first_live_ = 0;                     // mounts before it are used up
  std::shared_ptr<const Response> last_response_;  // the last one mounted for /responses
  std::vector<RequestPtr> requests_;
  std::size_t next_sequence_ = 0;  // of the last request
  std::size_t answers_done_ = 0;
  std::deque<std::shared_ptr<const WsConnection>> ws_mounts_;
  std::shared_ptr<const WsConnection> ws_default_;
  std::vector<WsRecordPtr> handshakes_;
  std::vector<Problem> problems_;
  std::map<std::string, std::shared_ptr<Gate>> gates_;
  std::shared_ptr<Signal> changed_ = std::make_shared<Signal>();
  bool stopped_ = false;
};

/// Sentences joined, one on each line, with the kind in front.
std::string problems_text(const std::vector<Problem>& problems);

}  // namespace burin::testkit

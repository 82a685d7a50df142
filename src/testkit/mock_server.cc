#include "testkit/mock_server.h"

#include "base/text.h"
#include "io/stdio.h"
#include "testkit/event_builders.h"
#include "testkit/sender.h"

namespace burin::testkit {

namespace mock_server_detail {

constexpr std::pair<ProblemKind, std::string_view> problem_names[] = {{ProblemKind::unmatched, "unmatched"},
                                                                      {ProblemKind::surplus, "surplus"},
                                                                      {ProblemKind::body, "body"},
                                                                      {ProblemKind::invariant, "invariant"},
                                                                      {ProblemKind::unused, "unused"}};

std::string label(const CapturedRequest& r) { return fmt::format("request {} ({} {})", r.sequence, r.method, r.path); }

}  // namespace mock_server_detail

std::string_view problem_name(ProblemKind kind) {
  for (const auto& [k, name] : mock_server_detail::problem_names) {
    if (k == kind) return name;
  }
  return "";
}

std::string problems_text(const std::vector<Problem>& problems) {
  std::string out;
  for (const auto& p : problems) out += fmt::format("{}{}: {}", out.empty() ? "" : "\n", problem_name(p.kind), p.text);
  return out;
}

io::Task<Result<std::unique_ptr<MockServer>>> MockServer::start(io::Loop& loop, MockOptions options) {
  std::unique_ptr<MockServer> server(new MockServer(loop, std::move(options)));
  MockServer* self = server.get();
  CO_TRY(server->http_,
         io::HttpServer::start(loop, [self](io::ServerExchange& x) { return handle(self, x); }, self->options_.port));
  co_return server;
}

io::Task<> MockServer::stop() {
  if (std::exchange(stopped_, true)) co_return;
  co_await http_->stop();
}

MockServer::~MockServer() {
  if (http_ && !stopped_) io::run_task(loop_, stop());
}

io::Task<> MockServer::handle(MockServer* server, io::ServerExchange& exchange) {
  if (server->options_.control && exchange.request().path.starts_with("/__mock/")) {
    co_return co_await server->options_.control(exchange);
  }
  if (server->wants_websocket(exchange.request())) {
    co_return co_await server->handle_websocket(exchange);
  }
  RequestPtr request = server->record(exchange);
  auto response = server->choose(request);
  server->changed_->notify();
  bool sent = co_await Sender(*server, exchange, *response).send();
  server->finished(request, !sent);
}

/// A stub for GET …/responses answers handshakes as ordinary requests.
bool MockServer::wants_websocket(const io::ServerRequest& request) const {
  if (!equals_ignore_case(request.header("upgrade").value_or(""), "websocket")) return false;
  return std::ranges::none_of(mounts_, [&](const auto& mount) {
    return !mount->exhausted() && mount->endpoint.accepts(request.method, request.path);
  });
}

RequestPtr MockServer::record(const io::ServerExchange& exchange) {
  auto captured = std::make_shared<CapturedRequest>();
  if (options_.record) {
    *captured = CapturedRequest::from(exchange.request());
  } else {
    captured->method = exchange.request().method;
    captured->path = exchange.request().path;
  }
  captured->sequence = ++next_sequence_;
  captured->connection = exchange.connection();
  captured->arrived_ms = options_.clock->now_ms();
  if (options_.record) requests_.push_back(captured);
  if (options_.on_request) options_.on_request(*captured);
  if (options_.record) check_body(*captured);
  return captured;
}

void MockServer::check_body(const CapturedRequest& request) {
  using mock_server_detail::label;
  if (!request.trouble.empty()) return add_problem(ProblemKind::body, label(request) + ": " + request.trouble);
  if (!options_.check_invariants || !responses_endpoint().accepts(request.method, request.path)) return;
  for (const auto& violation : check_invariants(request.json)) {
    add_problem(ProblemKind::invariant, label(request) + ": " + violation);
  }
}

std::shared_ptr<const Response> MockServer::choose(const RequestPtr& request) {
  while (first_live_ < mounts_.size() && mounts_[first_live_]->exhausted()) ++first_live_;
  for (std::size_t i = first_live_; i < mounts_.size(); ++i) {
    auto& mount = *mounts_[i];
    if (mount.exhausted() || !mount.endpoint.accepts(request->method, request->path)) continue;
    if (mount.matcher && !mount.matcher(*request)) continue;
    if (options_.record) mount.requests.push_back(request);
    return mount.take(*request);
  }
  bool was_exhausted = std::any_of(mounts_.begin(), mounts_.end(), [&](const auto& m) {
    return m->exhausted() && m->endpoint.accepts(request->method, request->path) &&
           (!m->matcher || m->matcher(*request));
  });
  return choose_without_mount(*request, was_exhausted);
}

std::shared_ptr<const Response> MockServer::choose_without_mount(const CapturedRequest& request, bool was_exhausted) {
  using mock_server_detail::label;
  if (options_.repeat_last && last_response_ && responses_endpoint().accepts(request.method, request.path)) {
    return last_response_;
  }
  if (was_exhausted) {
    add_problem(ProblemKind::surplus, label(request) + ": no response is left for it");
    return std::make_shared<Response>(
        Response::json_body(json::object{{"error", json::object{{"message", "no response queued"}}}}, 500));
  }
  if (models_endpoint().accepts(request.method, request.path)) {
    return std::make_shared<Response>(Response::json_body(json::object{{"models", json::array()}}));
  }
  add_problem(ProblemKind::unmatched, label(request) + ": nothing is mounted for it");
  return std::make_shared<Response>(Response::json_body(json::object(), 404));
}

void MockServer::finished(const RequestPtr& request, bool client_left) {
  request->delivery->done = true;
  request->delivery->client_left = client_left;
  request->delivery->completed_ms = options_.clock->now_ms();
  ++answers_done_;
  if (options_.on_response_done) options_.on_response_done(*request);
  changed_->notify();
}

void MockServer::add_problem(ProblemKind kind, std::string text) {
  problems_.push_back({kind, std::move(text)});
  if (options_.on_problem) options_.on_problem(problems_.back());
}

std::vector<RequestPtr> MockServer::requests(const Endpoint& endpoint) const {
  std::vector<RequestPtr> out;
  for (const auto& r : requests_) {
    if (endpoint.accepts(r->method, r->path)) out.push_back(r);
  }
  return out;
}

io::Task<Result<>> MockServer::wait_for_requests(std::size_t count, io::Span timeout, Endpoint endpoint) {
  // Counts on from where it stopped: asked after every change, it must not look at everything again.
  auto enough = [this, count, endpoint, seen = std::size_t{0}, matched = std::size_t{0}]() mutable {
    if (seen > requests_.size()) seen = matched = 0;  // reset() came between
    for (; seen < requests_.size(); ++seen) matched += endpoint.accepts(requests_[seen]->method, requests_[seen]->path);
    return matched >= count;
  };
  co_return co_await wait_until(changed_, enough, timeout, fmt::format("{} requests to {}", count, endpoint.path));
}

io::Task<Result<>> MockServer::wait_for_answers(std::size_t count, io::Span timeout) {
  auto enough = [this, count] { return answers_done_ >= count; };
  co_return co_await wait_until(changed_, enough, timeout, fmt::format("{} answers", count));
}

io::Task<Result<>> MockServer::wait_completed(RequestPtr request, io::Span timeout) {
  auto done = [request] { return request->delivery->done; };
  co_return co_await wait_until(changed_, done, timeout, "end of the answer to " + mock_server_detail::label(*request));
}

std::shared_ptr<MockServer::Gate> MockServer::gate(const std::string& name) {
  auto& slot = gates_[name];
  if (!slot) slot = std::make_shared<Gate>();
  return slot;
}

void MockServer::open_gate(const std::string& name) { gate(name)->open.set(); }

io::Task<> MockServer::pass_gate(std::string name) {
  auto here = gate(name);
  here->reached = true;
  changed_->notify();
  co_await here->open.wait();
}

io::Task<Result<>> MockServer::wait_gate_reached(std::string name, io::Span timeout) {
  auto here = gate(name);
  co_return co_await wait_until(changed_, [here] { return here->reached; }, timeout, "gate " + name);
}

std::vector<Problem> MockServer::problems_at_end() const {
  auto out = problems_;
  if (!ws_mounts_.empty()) {
    out.push_back({ProblemKind::unused, fmt::format("{} more WebSocket handshake(s) expected", ws_mounts_.size())});
  }
  for (const auto& m : mounts_) {
    if (m->expected && m->used < *m->expected) {
      out.push_back({ProblemKind::unused, fmt::format("{} {}: {} of {} expected requests came", m->endpoint.method,
                                                      m->endpoint.path, m->used, *m->expected)});
    }
  }
  return out;
}

Result<> MockServer::verify() const {
  auto all = problems_at_end();
  if (all.empty()) return {};
  return fail(Kind::invalid, "the scripted server saw what it did not expect:\n" + problems_text(all));
}

void MockServer::reset() {
  requests_.clear();
  problems_.clear();
  mounts_.clear();
  first_live_ = 0;
  handshakes_.clear();
  ws_mounts_.clear();
  ws_default_ = nullptr;
  last_response_ = nullptr;
  for (auto& [name, g] : gates_) g->open.set();
  gates_.clear();
  changed_->notify();
}

}  // namespace burin::testkit

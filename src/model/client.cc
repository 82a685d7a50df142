#include "model/client.h"

#include "base/json.h"
#include "base/log.h"
#include "model/backoff.h"
#include "model/wires.h"
#include "model/ws_verdict.h"

namespace burin::model {

namespace client_detail {

constexpr io::Span headers_deadline = std::chrono::minutes(10);
constexpr std::size_t max_error_body = 1 << 20;
constexpr std::size_t max_answer = 256 << 20;
bool passing_status(int status) { return status >= 500 && status <= 599; }

/// A handshake over a network that has carried WebSockets before.
constexpr io::Span trusted_patience = io::seconds(15);

}  // namespace client_detail

using namespace client_detail;

ModelClient::ModelClient(io::World& world, ClientOptions options) : world_(world), options_(std::move(options)) {
  const bool possible = options_.provider.supports_websockets && !options_.home.empty();
  if (!possible || !websocket_known_broken(world_, options_.home, websocket_url())) return;
  log(Level::debug, "model", "WebSockets did not work on this network minutes ago: HTTP from the beginning");
  websockets_disabled_ = true;
}

std::string ModelClient::websocket_url() const { return model::websocket_url(options_.provider, auth(), "responses"); }

io::Span ModelClient::handshake_patience() const { return health_->proven ? trusted_patience : health_->left(); }

void ModelClient::note_wait(io::Span waited, bool ended) {
  health_->waited += waited;
  if (!ended) health_->failed("the WebSocket handshake was not answered in time");
}

std::unique_ptr<ModelSession> ModelClient::new_session() { return std::make_unique<ModelSession>(*this); }

bool ModelClient::websocket_active(const ModelInfo& model) const {
  const auto& provider = options_.provider;
  return provider.supports_websockets && provider.wire_api == config::WireApi::responses && !websockets_disabled_ &&
         (options_.websockets_enabled || model.prefer_websockets);
}

io::Task<ModelResult<std::vector<wire::ResponseItem>>> ModelClient::compact(const Prompt& prompt,
                                                                            std::string_view model) {
  std::vector<wire::ResponseItem> items;
  if (prompt.input.empty()) co_return items;
  auto headers = [&](const Credential& credential) {
    TurnHeaders turn{.thread_id = options_.thread_id, .subagent = options_.subagent};
    return compact_headers(options_.identity, options_.provider, credential, turn, world_.env);
  };
  auto document = co_await post_json("responses/compact", build_compact_body(prompt, model), headers);
  if (!document) co_return ModelFail(document.error());
  const json::array* output = find_array(*document, "output");
  if (output == nullptr) co_return ModelFail(stream_error("the compaction's answer has no list \"output\""));
  for (const auto& each : *output) {
    auto item = wire::read_item(each);
    if (!item) co_return ModelFail(stream_error("the compaction's answer cannot be read: " + item.error().what));
    items.push_back(std::move(*item));
  }
  co_return items;
}

namespace client_detail {

std::string memories_body(const std::vector<MemoryTrace>& traces, std::string_view model,
                          std::optional<wire::ReasoningEffort> effort) {
  std::string out = "{\"model\":";
  write_json_string(out, model);
  out += ",\"traces\":[";
  for (const auto& trace : traces) {
    if (&trace != traces.data()) out += ',';
    out += "{\"id\":";
    write_json_string(out, trace.id);
    out += ",\"metadata\":{\"source_path\":";
    write_json_string(out, trace.source_path);
    out += "},\"items\":[";
    for (std::size_t i = 0; i < trace.items.size(); ++i) {
      if (i != 0) out += ',';
      out += trace.items[i];
    }
    out += "]}";
  }
  out += ']';
  if (effort) {
    out += ",\"reasoning\":{\"effort\":";
    write_json_string(out, to_string(*effort));
    out += '}';
  }
  return out + "}";
}

}  // namespace client_detail

io::Task<ModelResult<std::vector<MemorySummary>>> ModelClient::summarize_memories(
    const std::vector<MemoryTrace>& traces, std::string_view model, std::optional<wire::ReasoningEffort> effort) {
  std::vector<MemorySummary> out;
  if (traces.empty()) co_return out;
  auto headers = [&](const Credential& credential) {
    return memories_headers(options_.identity, options_.provider, credential, options_.subagent, world_.env);
  };
  auto document = co_await post_json("memories/trace_summarize", memories_body(traces, model, effort), headers);
  if (!document) co_return ModelFail(document.error());
  const json::array* output = find_array(*document, "output");
  if (output == nullptr) co_return ModelFail(stream_error("the summaries' answer has no list \"output\""));
  for (const auto& each : *output) {
    auto trace = find_string(each, "trace_summary");
    if (!trace) trace = find_string(each, "raw_memory");
    auto memory = find_string(each, "memory_summary");
    if (!trace || !memory) co_return ModelFail(stream_error("a summary lacks trace_summary or memory_summary"));
    out.push_back({std::string(*trace), std::string(*memory)});
  }
  co_return out;
}

io::Task<ModelResult<json::value>> ModelClient::post_json(std::string_view path, std::string body,
                                                          const MakeHeaders& headers) {
  auto response = co_await post(path, std::move(body), headers);
  if (!response) co_return ModelFail(response.error());
  auto text = co_await io::with_deadline(headers_deadline, "body", io::read_body(**response, max_answer));
  if (!text) co_return ModelFail(stream_error(text.error().what));
  auto document = parse_json(*text);
  if (!document)
    co_return ModelFail(stream_error(fmt::format("the answer to {} is not JSON: {}", path, document.error().what)));
  co_return std::move(*document);
}

io::Task<ModelResult<Credential>> ModelClient::credential() {
  if (options_.manager && uses_login(options_.provider)) {
    auto fresh = co_await options_.manager->current();
    if (!fresh) co_return ModelFail(fresh.error());
  }
  co_return credential_for(options_.provider, auth(), world_.env);
}

std::optional<Recovery> ModelClient::recovery() const {
  if (!options_.manager || !uses_login(options_.provider)) return std::nullopt;
  return std::optional<Recovery>(std::in_place, *options_.manager);
}

io::Task<ModelResult<bool>> ModelClient::recover(std::optional<Recovery>* recovery, const ModelError& error) {
  if (error.status != 401 || !*recovery || (*recovery)->done()) co_return false;
  auto step = co_await (*recovery)->step();
  if (!step) co_return ModelFail(step.error());
  co_return true;
}

io::Task<ModelClient::Reply> ModelClient::post(std::string_view path, std::string body, const MakeHeaders& headers) {
  auto shared = std::make_shared<const std::string>(std::move(body));
  auto recovery_steps = recovery();
  for (std::uint64_t attempt = 0;;) {
    bool transient = false;
    auto reply = co_await post_once(path, shared, headers, &transient);
    if (reply) co_return reply;
    auto recovered = co_await recover(&recovery_steps, reply.error());
    if (!recovered) co_return ModelFail(recovered.error());
    if (*recovered) continue;
    if (!transient || attempt >= options_.provider.request_max_retries) co_return reply;
    log(Level::info, "model", "request failed, trying again: {}", reply.error().message);
    co_await io::sleep(backoff(world_.random, ++attempt));
  }
}

io::Task<ModelClient::Reply> ModelClient::post_once(std::string_view path, std::shared_ptr<const std::string> body,
                                                    const MakeHeaders& headers, bool* transient) {
  auto carried = co_await credential();
  if (!carried) co_return ModelFail(carried.error());
  io::HttpRequest request;
  request.method = "POST";
  request.url = provider_url(options_.provider, auth(), path);
  request.headers = headers(*carried);
  request.shared_body = std::move(body);
  std::string url = request.url;
  auto response = co_await io::with_deadline(headers_deadline, "request", world_.http.send(std::move(request)));
  if (!response) {
    *transient = true;
    co_return ModelFail(stream_error(response.error().what));
  }
  int status = (*response)->status();
  if (status >= 200 && status < 300) co_return std::move(*response);
  *transient = passing_status(status);
  auto text = co_await io::with_deadline(io::seconds(30), "error body", io::read_body(**response, max_error_body));
  if (auto known = wire_of(options_.provider).http_error(status, text ? *text : std::string_view())) {
    co_return ModelFail(std::move(*known));
  }
  co_return ModelFail(
      status_error(status, **response, text ? *text : std::string(), url, world_.clock.now_ms() / 1000));
}

}  // namespace burin::model

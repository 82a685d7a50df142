#include "testkit/control.h"

#include "base/text.h"
#include "testkit/mock_server.h"
#include "testkit/script.h"

namespace burin::testkit {

namespace control_detail {

constexpr std::int64_t longest_wait_ms = 600'000;

struct Answer {
  int status = 200;
  json::value body;
};

Answer error(int status, std::string text) {
  return {status, json::object{{"error", json::string(text.data(), text.size())}}};
}

json::value requests_json(const MockServer& server) {
  json::array out;
  for (const auto& r : server.requests()) {
    json::object line;
    add_request_fields(line, *r);
    out.push_back(std::move(line));
  }
  return json::value(std::move(out));
}

json::value problems_json(const MockServer& server) {
  json::array out;
  for (const auto& p : server.problems()) {
    auto name = problem_name(p.kind);
    out.push_back(json::object{{"problem", json::string(name.data(), name.size())},
                               {"text", json::string(p.text.data(), p.text.size())}});
  }
  return json::value(std::move(out));
}

std::size_t count_facts(const MockServer& server, std::string_view kind) {
  if (kind == "http") return server.requests().size();
  if (kind == "ws-handshake") return server.handshakes().size();
  if (kind == "ws-message") {
    std::size_t count = 0;
    for (const auto& record : server.handshakes()) count += record->messages.size();
    return count;
  }
  return kind == "problem" ? server.problems().size() : server.answers_done();
}

io::Task<Answer> wait(MockServer* server, const CapturedRequest& asked) {
  auto kind = asked.query_param("kind").value_or("http");
  constexpr std::string_view kinds[] = {"http", "problem", "response-done", "ws-handshake", "ws-message"};
  if (std::ranges::find(kinds, kind) == std::end(kinds)) {
    co_return error(400,
                    fmt::format("kind: \"{}\" is not http, response-done, problem, ws-handshake or ws-message", kind));
  }
  auto count = parse_uint(asked.query_param("count").value_or("1"));
  auto timeout = parse_uint(asked.query_param("timeout_ms").value_or("10000"));
  if (!count) co_return error(400, "count: not a number");
  if (!timeout || *timeout > longest_wait_ms) {
    co_return error(400, fmt::format("timeout_ms: not a number up to {}", longest_wait_ms));
  }
  auto enough = [server, kind, wanted = *count] { return count_facts(*server, kind) >= wanted; };
  auto reached = co_await wait_until(server->changed(), enough, io::milliseconds(*timeout), "facts");
  co_return Answer{200, json::object{{"reached", reached.has_value()}, {"count", count_facts(*server, kind)}}};
}

Answer add_script(MockServer* server, const std::string& text) {
  auto script = parse_script(text);
  if (!script) return error(400, script.error().text());
  mount_script(*server, std::move(*script));
  return {200, json::object{{"ok", true}}};
}

io::Task<Answer> answer(MockServer* server, std::string what, const io::ServerRequest& request) {
  if (what == "GET requests") co_return Answer{200, requests_json(*server)};
  if (what == "GET problems") co_return Answer{200, problems_json(*server)};
  if (what == "GET wait") co_return co_await wait(server, CapturedRequest::from(request));
  if (what == "POST script") co_return add_script(server, request.body);
  if (what.starts_with("POST gate/")) {
    server->open_gate(what.substr(std::string_view("POST gate/").size()));
  } else if (what == "POST reset") {
    server->reset();
  } else if (what != "POST shutdown") {
    co_return error(404, fmt::format("{} is unknown; known: GET requests, GET problems, GET wait, POST gate/NAME, POST "
                                     "script, POST reset, POST shutdown",
                                     what));
  }
  co_return Answer{200, json::object{{"ok", true}}};
}

}  // namespace control_detail

void add_request_fields(json::object& line, const CapturedRequest& r) {
  auto text = [](std::string_view s) { return json::string(s.data(), s.size()); };
  line["seq"] = r.sequence;
  line["method"] = text(r.method);
  line["path"] = text(r.path);
  line["query"] = text(r.query);
  json::array headers;
  for (const auto& [name, value] : r.headers) headers.push_back(json::array{text(name), text(value)});
  line["headers"] = std::move(headers);
  if (r.has_json) {
    line["body"] = r.json;
  } else if (r.body().empty()) {
    line["body"] = nullptr;
  } else {
    line["body"] = text(base64(r.body()));
  }
  auto encoding = r.header("content-encoding");
  line["encoding"] = encoding ? json::value(text(*encoding)) : json::value(nullptr);
}

io::Task<> answer_control(MockServer* server, io::ServerExchange* exchange, std::function<void()> shutdown) {
  const auto& request = exchange->request();
  std::string what = request.method + " " + request.path.substr(std::string_view("/__mock/").size());
  auto answer = co_await control_detail::answer(server, what, request);
  (void)co_await exchange->respond(answer.status, {{"content-type", "application/json"}}, dump(answer.body) + "\n");
  if (what == "POST shutdown") shutdown();
}

}  // namespace burin::testkit

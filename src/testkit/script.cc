#include "testkit/script.h"

#include "base/text.h"
#include "testkit/mock_server.h"
#include "testkit/script_values.h"

namespace burin::testkit {

namespace script_detail {

Fail wrong(Place at, std::string_view wanted, const json::value& got) {
  return fail(Kind::invalid, fmt::format("script: {}: expected {}, got {}", at, wanted, type_name(got)));
}

Fail wrong_key(Place at, std::string_view key, std::string_view known) {
  return fail(Kind::invalid, fmt::format("script: {}: unknown key \"{}\"", at, key),
              fmt::format("known keys: {}", known));
}

Result<std::string> string_of(Place at, const json::value& v) {
  if (const auto* s = v.if_string()) return std::string(view(*s));
  return wrong(at, "a string", v);
}

Result<std::int64_t> number_of(Place at, const json::value& v, std::int64_t low, std::int64_t high) {
  const auto* n = v.if_int64();
  if (n == nullptr) return wrong(at, "an integer", v);
  if (*n < low || *n > high) {
    return fail(Kind::invalid, fmt::format("script: {}: {} is not between {} and {}", at, *n, low, high));
  }
  return *n;
}

Result<bool> bool_of(Place at, const json::value& v) {
  if (const auto* b = v.if_bool()) return *b;
  return wrong(at, "true or false", v);
}

constexpr std::int64_t day_ms = 24 * 3600 * 1000;

Result<io::Span> span_of(Place at, const json::value& v) {
  TRY(auto ms, number_of(at, v, 0, day_ms));
  return io::Span(io::milliseconds(ms));
}

constexpr std::pair<std::string_view, End> ends[] = {{"close", End::close},
                                                     {"keep_open", End::keep_open},
                                                     {"truncate", End::truncate},
                                                     {"reset", End::reset},
                                                     {"no_blank_line", End::no_blank_line}};

Result<End> end_of(Place at, const json::value& v) {
  TRY(auto name, string_of(at, v));
  for (const auto& [known, end] : ends) {
    if (known == name) return end;
  }
  return fail(Kind::invalid, fmt::format("script: {}: unknown end \"{}\"", at, name),
              "known: close, keep_open, truncate, reset, no_blank_line");
}

Result<io::Headers> headers_of(Place at, const json::value& v) {
  const auto* object = v.if_object();
  if (object == nullptr) return wrong(at, "an object of header values", v);
  io::Headers out;
  for (const auto& member : *object) {
    std::string key(member.key());
    // Upstream headers are often numbers; they go out as they are written.
    if (member.value().is_number() || member.value().is_bool()) {
      out.emplace_back(std::move(key), dump(member.value()));
    } else {
      TRY(auto text, string_of(at + "." + key, member.value()));
      out.emplace_back(std::move(key), std::move(text));
    }
  }
  return out;
}

// Steps: an event, or an object whose one key starts with "$".

struct StepContext {
  Response& response;
  bool last;
};

Result<> add_sleep(Place at, const json::value& v, StepContext& c) {
  TRY(auto span, span_of(at, v));
  c.response.steps.emplace_back(SleepStep{span});
  return {};
}
Result<> add_raw(Place at, const json::value& v, StepContext& c) {
  TRY(auto text, string_of(at, v));
  c.response.steps.emplace_back(RawStep{std::move(text)});
  return {};
}
Result<> add_comment(Place at, const json::value& v, StepContext& c) {
  TRY(auto text, string_of(at, v));
  c.response.steps.emplace_back(CommentStep{std::move(text)});
  return {};
}
Result<> add_gate(Place at, const json::value& v, StepContext& c) {
  TRY(auto name, string_of(at, v));
  c.response.steps.emplace_back(GateStep{std::move(name)});
  return {};
}
Result<> add_binary(Place at, const json::value& v, StepContext& c) {
  TRY(auto text, string_of(at, v));
  auto bytes = base64_decode(text);
  if (!bytes) return fail(Kind::invalid, fmt::format("script: {}: not base64", at));
  c.response.steps.emplace_back(RawStep{std::move(*bytes)});
  return {};
}
Result<> set_end(Place at, const json::value& v, StepContext& c) {
  if (!c.last) return fail(Kind::invalid, fmt::format("script: {}: must be the last event", at));
  TRY(c.response.end, end_of(at, v));
  return {};
}
Result<> set_drop(Place at, const json::value& v, StepContext& c) {
  TRY(auto on, bool_of(at, v));
  if (!c.last) return fail(Kind::invalid, fmt::format("script: {}: must be the last event", at));
  if (on) c.response.end = End::truncate;
  return {};
}
Result<> refuse_frame(Place at, const json::value&, StepContext&) {
  return fail(Kind::unsupported, fmt::format("script: {}: is a WebSocket step, and this is an HTTP response", at));
}

using AddStep = Result<> (*)(Place, const json::value&, StepContext&);
constexpr std::pair<std::string_view, AddStep> step_table[] = {
    {"$sleep", add_sleep},   {"$raw", add_raw},       {"$comment", add_comment},
    {"$gate", add_gate},     {"$end", set_end},       {"$drop", set_drop},
    {"$binary", add_binary}, {"$ping", refuse_frame}, {"$close", refuse_frame}};

bool is_special(const json::value& v) {
  const auto* object = v.if_object();
  return object != nullptr && !object->empty() && object->begin()->key().starts_with('$');
}

Result<> add_special(Place at, const json::object& object, StepContext c) {
  std::string_view key(object.begin()->key());
  if (object.size() != 1) return fail(Kind::invalid, fmt::format("script: {}: {} must be alone", at, key));
  for (const auto& [name, add] : step_table) {
    if (name == key) return add(at + "." + std::string(key), object.begin()->value(), c);
  }
  return wrong_key(at, key, "$sleep, $raw, $comment, $gate, $end, $drop, $binary");
}

Result<> add_events(Place at, json::value&& v, Response& r) {
  auto* array = v.if_array();
  if (array == nullptr) return wrong(at, "an array of events", v);
  r.content_type = "text/event-stream";
  r.steps.reserve(r.steps.size() + array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    auto& event = (*array)[i];
    if (is_special(event)) {
      CHECK(add_special(fmt::format("{}[{}]", at, i), event.get_object(), {r, i + 1 == array->size()}));
    } else if (!event.is_object()) {
      return wrong(fmt::format("{}[{}]", at, i), "an event (an object)", event);
    } else {
      r.steps.emplace_back(EventStep{std::move(event)});
    }
  }
  return {};
}

// Keys of a response.

Result<> take_status(Place at, json::value&& v, Response& r) {
  TRY(auto status, number_of(at, v, 100, 999));
  r.status = static_cast<int>(status);
  return {};
}
Result<> take_headers(Place at, json::value&& v, Response& r) {
  TRY(r.headers, headers_of(at, v));
  return {};
}
Result<> take_delay(Place at, json::value&& v, Response& r) {
  TRY(r.delay_before_headers, span_of(at, v));
  return {};
}
Result<> take_json(Place, json::value&& v, Response& r) {
  r.steps.emplace_back(RawStep{dump(v)});
  return {};
}
Result<> take_text(Place at, json::value&& v, Response& r) {
  TRY(auto text, string_of(at, v));
  r.content_type = "text/plain; charset=utf-8";
  r.steps.emplace_back(RawStep{std::move(text)});
  return {};
}
Result<> take_base64(Place at, json::value&& v, Response& r) {
  r.content_type = "application/octet-stream";
  StepContext c{r, false};
  return add_binary(at, v, c);
}
Result<> take_split(Place at, json::value&& v, Response& r) {
  TRY(auto size, number_of(at, v, 0, 1 << 30));
  r.split = static_cast<std::size_t>(size);
  return {};
}
Result<> take_crlf(Place at, json::value&& v, Response& r) {
  TRY(r.crlf, bool_of(at, v));
  return {};
}
Result<> take_end(Place at, json::value&& v, Response& r) {
  TRY(r.end, end_of(at, v));
  return {};
}
Result<> take_hang(Place at, json::value&& v, Response& r) {
  TRY(auto on, bool_of(at, v));
  if (on) r.end = End::keep_open;
  return {};
}
/// Applied to the steps afterwards, whatever the order of the keys.
Result<> take_event_delay(Place at, json::value&& v, Response&) {
  CHECK(span_of(at, v));
  return {};
}

using TakeKey = Result<> (*)(Place, json::value&&, Response&);
struct ResponseKey {
  std::string_view name;
  TakeKey take;
  bool is_body = false;
};
constexpr ResponseKey response_keys[] = {
    {"status", take_status},   {"headers", take_headers},     {"delay_ms", take_delay},  {"events", add_events, true},
    {"json", take_json, true}, {"body", take_json, true},     {"text", take_text, true}, {"base64", take_base64, true},
    {"hang", take_hang},       {"delayMs", take_event_delay}, {"split", take_split},     {"crlf", take_crlf},
    {"end", take_end}};

void sleep_after_events(Response& r, io::Span span) {
  std::vector<Step> spaced;
  spaced.reserve(r.steps.size() * 2);
  for (auto& step : r.steps) {
    bool is_event = std::holds_alternative<EventStep>(step);
    spaced.push_back(std::move(step));
    if (is_event) spaced.emplace_back(SleepStep{span});
  }
  r.steps = std::move(spaced);
}

Result<Response> response_of(Place at, json::value&& v) {
  Response r;
  if (v.is_array()) {
    CHECK(add_events(at, std::move(v), r));
    return r;
  }
  auto* object = v.if_object();
  if (object == nullptr) return wrong(at, "an array of events or a response object", v);
  std::string_view body;
  for (auto& member : *object) {
    std::string_view key(member.key());
    const auto* known = std::find_if(std::begin(response_keys), std::end(response_keys),
                                     [&](const ResponseKey& k) { return k.name == key; });
    if (known == std::end(response_keys)) {
      return wrong_key(at, key,
                       "status, headers, delay_ms, events, json, body, text, base64, hang, delayMs, split, crlf, end");
    }
    if (known->is_body && !body.empty()) {
      return fail(Kind::invalid, fmt::format("script: {}: has both \"{}\" and \"{}\"", at, body, key), "keep one body");
    }
    if (known->is_body) body = known->name;
    CHECK(known->take(fmt::format("{}.{}", at, key), std::move(member.value()), r));
  }
  if (const auto* delay = find(v, "delayMs")) sleep_after_events(r, io::milliseconds(delay->get_int64()));
  return r;
}

Result<std::vector<Response>> responses_of(Place at, json::value&& v) {
  auto* array = v.if_array();
  if (array == nullptr) return wrong(at, "an array of responses", v);
  std::vector<Response> out;
  out.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    TRY(auto r, response_of(fmt::format("{}[{}]", at, i), std::move((*array)[i])));
    out.push_back(std::move(r));
  }
  return out;
}

// Sections of a script.

Result<> take_responses(Place at, json::value&& v, Script& s) {
  TRY(s.responses, responses_of(at, std::move(v)));
  return {};
}

/// An array is the list of models, an object with keys of a response is one, any other object is the body.
Result<> take_models(Place at, json::value&& v, Script& s) {
  if (v.is_array()) {
    json::object body;
    body["models"] = std::move(v);
    s.models = Response::json_body(json::value(std::move(body)));
  } else if (!v.is_object()) {
    return wrong(at, "a list of models or an object", v);
  } else if (find(v, "models") != nullptr) {
    s.models = Response::json_body(v);
  } else {
    TRY(s.models, response_of(at, std::move(v)));
  }
  return {};
}

Result<> take_compact(Place at, json::value&& v, Script& s) {
  if (v.is_array()) {
    TRY(s.compact, responses_of(at, std::move(v)));
    return {};
  }
  if (!v.is_object()) return wrong(at, "a list of responses or {\"default_summary\": …}", v);
  for (const auto& member : v.get_object()) {
    std::string_view key(member.key());
    std::string here = fmt::format("{}.{}", at, key);
    TRY(auto text, string_of(here, member.value()));
    if (key == "default_summary") {
      s.default_summary = text;
    } else if (key != "shape") {
      return wrong_key(at, key, "default_summary, shape");
    } else if (text == "compaction_item") {
      s.summary_shape = SummaryShape::compaction_item;
    } else if (text != "user_message") {
      return fail(Kind::invalid, fmt::format("script: {}: unknown shape \"{}\"", here, text),
                  "known: user_message, compaction_item");
    }
  }
  if (!s.default_summary) return fail(Kind::invalid, fmt::format("script: {}: default_summary is missing", at));
  return {};
}

Result<> take_token(Place at, json::value&& v, Script& s) {
  TRY(s.token, responses_of(at, std::move(v)));
  return {};
}

Result<Stub> stub_of(Place at, json::value&& v) {
  auto* object = v.if_object();
  if (object == nullptr) return wrong(at, "a stub {\"method\", \"path\", \"response\"}", v);
  Stub stub{{"GET", ""}, {}};
  bool answered = false;
  for (auto& member : *object) {
    std::string_view key(member.key());
    std::string here = fmt::format("{}.{}", at, key);
    if (key == "method") {
      TRY(stub.endpoint.method, string_of(here, member.value()));
    } else if (key == "path") {
      TRY(stub.endpoint.path, string_of(here, member.value()));
    } else if (key == "response") {
      TRY(stub.response, response_of(here, std::move(member.value())));
      answered = true;
    } else {
      return wrong_key(at, key, "method, path, response");
    }
  }
  if (stub.endpoint.path.empty()) return fail(Kind::invalid, fmt::format("script: {}: path is missing", at));
  if (!answered) return fail(Kind::invalid, fmt::format("script: {}: response is missing", at));
  return stub;
}

Result<> take_stubs(Place at, json::value&& v, Script& s) {
  auto* array = v.if_array();
  if (array == nullptr) return wrong(at, "an array of stubs", v);
  for (std::size_t i = 0; i < array->size(); ++i) {
    TRY(auto stub, stub_of(fmt::format("{}[{}]", at, i), std::move((*array)[i])));
    s.stubs.push_back(std::move(stub));
  }
  return {};
}

Result<> take_ws(Place at, json::value&& v, Script& s) {
  auto* array = v.if_array();
  if (array == nullptr) return wrong(at, "an array of connections", v);
  for (std::size_t i = 0; i < array->size(); ++i) {
    TRY(auto connection, ws_connection_of(fmt::format("{}[{}]", at, i), std::move((*array)[i])));
    s.ws.push_back(std::move(connection));
  }
  return {};
}

Result<> take_ws_default(Place at, json::value&& v, Script& s) {
  TRY(s.ws_default, ws_connection_of(at, std::move(v)));
  return {};
}

using TakeSection = Result<> (*)(Place, json::value&&, Script&);
constexpr std::pair<std::string_view, TakeSection> sections[] = {
    {"responses", take_responses}, {"models", take_models}, {"compact", take_compact},      {"token", take_token},
    {"stubs", take_stubs},         {"ws", take_ws},         {"ws_default", take_ws_default}};

Result<> take_section(std::string_view key, json::value&& v, Script& s) {
  for (const auto& [name, take] : sections) {
    if (name == key) return take(std::string(key), std::move(v), s);
  }
  return wrong_key("the top level", key, "responses, models, compact, token, stubs, ws, ws_default");
}

}  // namespace script_detail

Result<Script> parse_script(std::string_view text) {
  using namespace script_detail;
  auto parsed = parse_json(text);
  if (!parsed) return wrap(std::move(parsed).error(), "script: not JSON");
  Script s;
  if (parsed->is_array()) {
    s.repeat_last = true;
    TRY(s.responses, responses_of("responses", std::move(*parsed)));
    return s;
  }
  auto* object = parsed->if_object();
  if (object == nullptr) return wrong("the top level", "an array of responses or an object", *parsed);
  for (auto& member : *object) CHECK(take_section(std::string(member.key()), std::move(member.value()), s));
  return s;
}

namespace script_detail {
void mount_sequence(MockServer& server, Endpoint endpoint, std::vector<Response> responses) {
  if (responses.empty()) return;
  Mount m;
  m.endpoint = std::move(endpoint);
  m.expected = responses.size();
  for (auto& r : responses) m.responses.push_back(std::make_shared<const Response>(std::move(r)));
  server.mount(std::move(m));
}
}  // namespace script_detail

void mount_script(MockServer& server, Script script) {
  script_detail::mount_sequence(server, responses_endpoint(), std::move(script.responses));
  script_detail::mount_sequence(server, compact_endpoint(), std::move(script.compact));
  script_detail::mount_sequence(server, token_endpoint(), std::move(script.token));
  if (script.default_summary) {
    Mount m;
    m.endpoint = compact_endpoint();
    m.make = [summary = std::move(*script.default_summary), shape = script.summary_shape](const CapturedRequest& r) {
      return Response::json_body(compact_history(r.json, summary, shape));
    };
    server.mount(std::move(m));
  }
  if (script.models) server.mount_always(std::move(*script.models), models_endpoint());
  for (auto& stub : script.stubs) server.mount_always(std::move(stub.response), std::move(stub.endpoint));
  for (auto& connection : script.ws) server.mount_ws(std::move(connection));
  if (script.ws_default) server.mount_ws_default(std::move(*script.ws_default));
  if (script.repeat_last) server.set_repeat_last(true);
}

}  // namespace burin::testkit

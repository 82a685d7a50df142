// Reads the "ws" part of a script.
#include "testkit/ws_script.h"

#include "base/text.h"
#include "testkit/script.h"
#include "testkit/script_values.h"

namespace burin::testkit::script_detail {

namespace {

using Steps = std::vector<WsStep>;
using AddWsStep = Result<> (*)(Place, const json::value&, Steps&);

template <class T>
Result<> add_text_of(Place at, const json::value& v, Steps& out) {
  TRY(auto text, string_of(at, v));
  out.emplace_back(T{std::move(text)});
  return {};
}

template <class T>
Result<> add_bytes_of(Place at, const json::value& v, Steps& out) {
  TRY(auto text, string_of(at, v));
  auto bytes = base64_decode(text);
  if (!bytes) return fail(Kind::invalid, fmt::format("script: {}: not base64", at));
  out.emplace_back(T{std::move(*bytes)});
  return {};
}

template <class T>
Result<> add_mark(Place at, const json::value& v, Steps& out) {
  TRY(auto on, bool_of(at, v));
  if (on) out.emplace_back(T{});
  return {};
}

Result<> add_ws_sleep(Place at, const json::value& v, Steps& out) {
  TRY(auto span, span_of(at, v));
  out.emplace_back(SleepStep{span});
  return {};
}

Result<> add_ws_close(Place at, const json::value& v, Steps& out) {
  TRY(auto code, number_of(at, v, 1000, 4999));
  out.emplace_back(CloseStep{static_cast<std::uint16_t>(code)});
  return {};
}

constexpr std::pair<std::string_view, AddWsStep> ws_steps[] = {{"$sleep", add_ws_sleep},
                                                               {"$gate", add_text_of<GateStep>},
                                                               {"$text", add_text_of<TextStep>},
                                                               {"$raw", add_text_of<TextStep>},
                                                               {"$binary", add_bytes_of<BinaryStep>},
                                                               {"$ping", add_text_of<PingStep>},
                                                               {"$bytes", add_bytes_of<BytesStep>},
                                                               {"$close", add_ws_close},
                                                               {"$drop", add_mark<DropStep>},
                                                               {"$half", add_mark<HalfFrameStep>}};

Result<Steps> steps_of(Place at, json::value&& v) {
  auto* array = v.if_array();
  if (array == nullptr) return wrong(at, "an array of events", v);
  Steps out;
  out.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    auto& event = (*array)[i];
    std::string here = fmt::format("{}[{}]", at, i);
    if (!event.is_object()) return wrong(here, "an event (an object)", event);
    if (!is_special(event)) {
      out.emplace_back(EventStep{std::move(event)});
      continue;
    }
    std::string_view key(event.get_object().begin()->key());
    const auto* known =
        std::find_if(std::begin(ws_steps), std::end(ws_steps), [&](const auto& step) { return step.first == key; });
    if (known == std::end(ws_steps)) {
      return wrong_key(here, key, "$sleep, $gate, $text, $raw, $binary, $ping, $bytes, $close, $drop, $half");
    }
    CHECK(known->second(fmt::format("{}.{}", here, key), event.get_object().begin()->value(), out));
  }
  return out;
}

Result<> take_requests(Place at, json::value&& v, WsConnection& c) {
  auto* array = v.if_array();
  if (array == nullptr) return wrong(at, "an array with one list of events for each message", v);
  for (std::size_t i = 0; i < array->size(); ++i) {
    TRY(auto steps, steps_of(fmt::format("{}[{}]", at, i), std::move((*array)[i])));
    c.requests.push_back(std::move(steps));
  }
  return {};
}
Result<> take_response_headers(Place at, json::value&& v, WsConnection& c) {
  TRY(c.response_headers, headers_of(at, v));
  return {};
}
Result<> take_accept_delay(Place at, json::value&& v, WsConnection& c) {
  TRY(c.accept_delay, span_of(at, v));
  return {};
}
Result<> take_refuse(Place at, json::value&& v, WsConnection& c) {
  TRY(c.refuse, response_of(at, std::move(v)));
  return {};
}
Result<> take_deflate(Place at, json::value&& v, WsConnection& c) {
  if (v.is_string()) {
    TRY(c.deflate_terms, string_of(at, v));
  } else {
    TRY(c.deflate, bool_of(at, v));
  }
  return {};
}
Result<> take_after_last(Place at, json::value&& v, WsConnection& c) {
  TRY(auto name, string_of(at, v));
  if (name != "close" && name != "keep_open") {
    return fail(Kind::invalid, fmt::format("script: {}: unknown end \"{}\"", at, name), "known: close, keep_open");
  }
  c.after_last = name == "close" ? WsConnection::AfterLast::close : WsConnection::AfterLast::keep_open;
  return {};
}

using TakeWsKey = Result<> (*)(Place, json::value&&, WsConnection&);
constexpr std::pair<std::string_view, TakeWsKey> ws_keys[] = {{"requests", take_requests},
                                                              {"response_headers", take_response_headers},
                                                              {"accept_delay_ms", take_accept_delay},
                                                              {"refuse", take_refuse},
                                                              {"deflate", take_deflate},
                                                              {"after_last", take_after_last}};

}  // namespace

Result<WsConnection> ws_connection_of(Place at, json::value&& v) {
  auto* object = v.if_object();
  if (object == nullptr) return wrong(at, "a connection (an object)", v);
  WsConnection out;
  for (auto& member : *object) {
    std::string_view key(member.key());
    const auto* known =
        std::find_if(std::begin(ws_keys), std::end(ws_keys), [&](const auto& k) { return k.first == key; });
    if (known == std::end(ws_keys)) {
      return wrong_key(at, key, "requests, response_headers, accept_delay_ms, refuse, deflate, after_last");
    }
    CHECK(known->second(fmt::format("{}.{}", at, key), std::move(member.value()), out));
  }
  return out;
}

}  // namespace burin::testkit::script_detail

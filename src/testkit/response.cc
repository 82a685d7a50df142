#include "testkit/response.h"

namespace burin::testkit {

Response Response::stream(std::vector<json::value> events) {
  std::vector<Step> steps;
  steps.reserve(events.size());
  for (auto& e : events) steps.emplace_back(EventStep{std::move(e)});
  return stream_steps(std::move(steps));
}

Response Response::stream_steps(std::vector<Step> steps) {
  Response r;
  r.content_type = "text/event-stream";
  r.steps = std::move(steps);
  return r;
}

Response Response::json_body(const json::value& body, int status) {
  return bytes_body(dump(body), "application/json", status);
}

Response Response::text_body(std::string text, int status) {
  return bytes_body(std::move(text), "text/plain; charset=utf-8", status);
}

Response Response::bytes_body(std::string bytes, std::string content_type, int status) {
  Response r;
  r.status = status;
  r.content_type = std::move(content_type);
  r.steps.emplace_back(RawStep{std::move(bytes)});
  return r;
}

void append_event(std::string& out, const json::value& event, bool crlf) {
  std::string_view eol = crlf ? "\r\n" : "\n";
  auto type = find_string(event, "type");
  if (type) {
    out += "event: ";
    out += *type;
    out += eol;
  }
  if (!type || event.get_object().size() > 1) {
    out += "data: ";
    write_json(out, event);
    out += eol;
  }
  out += eol;
}

std::string sse(const std::vector<json::value>& events) {
  std::string out;
  for (const auto& e : events) append_event(out, e);
  return out;
}

namespace response_detail {
struct Appender {
  std::string& out;
  bool crlf;
  void operator()(const EventStep& s) const { append_event(out, s.event, crlf); }
  void operator()(const RawStep& s) const { out += s.bytes; }
  void operator()(const CommentStep& s) const {
    std::string_view eol = crlf ? "\r\n" : "\n";
    out += ": ";
    out += s.text;
    out += eol;
    out += eol;
  }
  void operator()(const SleepStep&) const {}
  void operator()(const GateStep&) const {}
};
}  // namespace response_detail

void append_step(std::string& out, const Step& step, bool crlf) {
  std::visit(response_detail::Appender{out, crlf}, step);
}

std::string body_text(const Response& response) {
  std::string out;
  for (const auto& step : response.steps) append_step(out, step, response.crlf);
  if (response.end == End::no_blank_line)
    out.resize(out.size() - (out.ends_with("\r\n") ? 2 : out.ends_with('\n') ? 1 : 0));
  return out;
}

}  // namespace burin::testkit

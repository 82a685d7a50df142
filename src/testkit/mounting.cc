// The mounting calls of MockServer: each is a Mount with its fields filled in.
#include "testkit/event_builders.h"
#include "testkit/mock_server.h"

namespace burin::testkit {

namespace mounting_detail {

Mount sequence(Endpoint endpoint, std::vector<Response> responses, Matcher matcher = {}) {
  Mount m;
  m.endpoint = std::move(endpoint);
  m.matcher = std::move(matcher);
  m.expected = responses.size();
  m.responses.reserve(responses.size());
  for (auto& r : responses) m.responses.push_back(std::make_shared<const Response>(std::move(r)));
  return m;
}

Mount once(Endpoint endpoint, Response response, Matcher matcher = {}) {
  std::vector<Response> one;
  one.push_back(std::move(response));
  return sequence(std::move(endpoint), std::move(one), std::move(matcher));
}

}  // namespace mounting_detail

MountHandle MockServer::mount(Mount m) {
  auto shared = std::make_shared<Mount>(std::move(m));
  if (!shared->responses.empty() && shared->endpoint.accepts("POST", "/v1/responses")) {
    last_response_ = shared->responses.back();
  }
  mounts_.push_back(shared);
  return MountHandle(std::move(shared), changed_);
}

MountHandle MockServer::mount_sse_once(std::vector<json::value> events) {
  return mount_response_once(Response::stream(std::move(events)));
}

MountHandle MockServer::mount_sse_once_match(Matcher matcher, std::vector<json::value> events) {
  return mount_response_once_match(std::move(matcher), Response::stream(std::move(events)));
}

MountHandle MockServer::mount_sse_sequence(std::vector<std::vector<json::value>> streams) {
  std::vector<Response> responses;
  responses.reserve(streams.size());
  for (auto& events : streams) responses.push_back(Response::stream(std::move(events)));
  return mount_response_sequence(std::move(responses));
}

MountHandle MockServer::mount_response_once(Response response) {
  return mount(mounting_detail::once(responses_endpoint(), std::move(response)));
}

MountHandle MockServer::mount_response_once_match(Matcher matcher, Response response) {
  return mount(mounting_detail::once(responses_endpoint(), std::move(response), std::move(matcher)));
}

MountHandle MockServer::mount_response_sequence(std::vector<Response> responses) {
  return mount(mounting_detail::sequence(responses_endpoint(), std::move(responses)));
}

MountHandle MockServer::mount_always(Response response, Endpoint endpoint) {
  Mount m = mounting_detail::once(std::move(endpoint), std::move(response));
  m.expected.reset();
  return mount(std::move(m));
}

std::pair<MountHandle, MountHandle> MockServer::mount_function_call_agent_response(std::string_view call_id,
                                                                                   std::string_view args,
                                                                                   std::string_view tool) {
  auto call =
      mount_sse_once({ev_response_created("resp-1"), ev_function_call(call_id, tool, args), ev_completed("resp-1")});
  auto answer = mount_sse_once({ev_assistant_message("msg-1", "done"), ev_completed("resp-2")});
  return {std::move(call), std::move(answer)};
}

MountHandle MockServer::mount_compact_json_once(const json::value& body) {
  return mount_compact_response_once(Response::json_body(body));
}

MountHandle MockServer::mount_compact_response_once(Response response) {
  return mount(mounting_detail::once(compact_endpoint(), std::move(response)));
}

MountHandle MockServer::mount_compact_response_once_match(Matcher matcher, Response response) {
  return mount(mounting_detail::once(compact_endpoint(), std::move(response), std::move(matcher)));
}

MountHandle MockServer::mount_compact_user_history_with_summary_once(std::string text, SummaryShape shape) {
  return mount_compact_user_history_with_summary_sequence({std::move(text)}, shape);
}

MountHandle MockServer::mount_compact_user_history_with_summary_sequence(std::vector<std::string> texts,
                                                                         SummaryShape shape) {
  Mount m;
  m.endpoint = compact_endpoint();
  m.expected = texts.size();
  auto next = std::make_shared<std::size_t>(0);
  m.make = [texts = std::move(texts), next, shape](const CapturedRequest& r) {
    return Response::json_body(compact_history(r.json, texts[(*next)++], shape));
  };
  return mount(std::move(m));
}

MountHandle MockServer::mount_models_once(json::array list, std::string etag, io::Span delay) {
  json::object body;
  body["models"] = std::move(list);
  Response r = Response::json_body(json::value(std::move(body)));
  if (!etag.empty()) r.headers.emplace_back("ETag", std::move(etag));
  r.delay_before_headers = delay;
  return mount(mounting_detail::once(models_endpoint(), std::move(r)));
}

MountHandle MockServer::mount_token_refresh_once(Response response) {
  return mount(mounting_detail::once(token_endpoint(), std::move(response)));
}

}  // namespace burin::testkit

#include "base/text.h"
#include "testkit/client_fixture.h"

namespace burin::testkit {

std::string Reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignore_case(key, name)) return value;
  }
  return "(none)";
}

io::Task<Result<Reply>> exchange(io::Http* http, io::HttpRequest request) {
  CO_TRY(auto response, co_await http->send(std::move(request)));
  Reply reply{response->status(), response->headers(), {}, {}};
  for (;;) {
    auto piece = co_await response->read();
    if (!piece) reply.error = piece.error().text();
    if (!piece || piece->empty()) co_return reply;
    reply.body += *piece;
  }
}

Reply ClientFixture::send(io::HttpRequest request) {
  auto done = io::run_task(loop, io::with_deadline(io::seconds(20), "server", exchange(http.get(), std::move(request))));
  if (!done) return Reply{0, {}, {}, done.error().text()};
  return std::move(*done);
}

Reply ClientFixture::post(MockServer& server, std::string body, std::string path, io::Headers headers) {
  headers.emplace_back("content-type", "application/json");
  return send({"POST", server.base_url() + path, std::move(headers), std::move(body), {}, true});
}

Reply ClientFixture::get(const std::string& url) { return send({"GET", url, {}, {}, {}, true}); }

}  // namespace burin::testkit

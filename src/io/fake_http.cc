#include "io/fake_http.h"

#include <fmt/format.h>

namespace burin::io {

class ScriptedHttp::Response : public HttpResponse {
 public:
  Response(ScriptedHttp* owner, ScriptedResponse script) : owner_(owner), script_(std::move(script)) {
    ++owner_->open_;
  }
  ~Response() override {
    --owner_->open_;
    if (!ended_) ++owner_->aborted_;
  }
  int status() const override { return script_.status; }
  const Headers& headers() const override { return script_.headers; }

  Task<Result<std::string_view>> read() override {
    while (next_ < script_.body.size()) {
      ScriptedResponse::Piece& piece = script_.body[next_];
      if (piece.delay > Span{}) co_await sleep(piece.delay);
      ++next_;
      // An empty piece would read as the end.
      if (!piece.bytes.empty()) co_return std::string_view(piece.bytes);
    }
    if (script_.end == ScriptedResponse::End::silence) {
      Event never;
      co_await never.wait();
    }
    ended_ = true;
    if (script_.end == ScriptedResponse::End::complete) co_return std::string_view();
    co_return wrap(Error{.kind = Kind::unavailable, .what = "the script cuts the connection"},
                   "error decoding response body");
  }

 private:
  ScriptedHttp* owner_;
  ScriptedResponse script_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

ScriptedResponse ScriptedResponse::text(int status, std::string body, Headers headers) {
  ScriptedResponse r;
  r.status = status;
  r.headers = std::move(headers);
  r.body.push_back({std::move(body), {}});
  return r;
}

ScriptedResponse ScriptedResponse::refusal(std::string reason) {
  ScriptedResponse r;
  r.refused = Error{.kind = Kind::unavailable, .what = std::move(reason)};
  return r;
}

Task<Result<std::unique_ptr<HttpResponse>>> ScriptedHttp::send(HttpRequest request) {
  if (auto shared = std::move(request.shared_body)) request.body = *shared;  // tests read one of them
  requests_.push_back(request);
  std::optional<ScriptedResponse> script;
  if (respond) script = respond(request);
  if (!script && !queue_.empty()) {
    script = std::move(queue_.front());
    queue_.pop_front();
  }
  std::string what = fmt::format("error sending request for url ({})", request.url);
  if (!script) {
    problems_.push_back(request.method + " " + request.url);
    co_return wrap(Error{.kind = Kind::unavailable, .what = "no response is scripted"}, std::move(what));
  }
  if (script->head_delay > Span{}) co_await sleep(script->head_delay);
  if (script->refused) co_return wrap(*script->refused, std::move(what));
  co_return std::make_unique<Response>(this, std::move(*script));
}

Task<Result<std::unique_ptr<Connection>>> ScriptedHttp::connect(ConnectRequest request) {
  if (dial) co_return co_await dial(std::move(request));
  co_return fail(Kind::unavailable, "connection refused");
}

}  // namespace burin::io

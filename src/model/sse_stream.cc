#include "model/sse_stream.h"

#include "base/text.h"
#include "model/rate_limits.h"
#include "model/sse.h"

namespace burin::model {

namespace sse_stream_detail {

class SseStream : public EventStream {
 public:
  SseStream(io::Loop& loop, std::unique_ptr<io::HttpResponse> response, std::unique_ptr<EventDecoder> decoder,
            std::vector<wire::ModelEvent> before, io::Span idle)
      : loop_(loop),
        response_(std::move(response)),
        decoder_(std::move(decoder)),
        idle_(idle),
        events_(std::move(before)) {}

  io::Task<ModelResult<std::span<wire::ModelEvent>>> next() override {
    if (fresh_) {
      fresh_ = false;
      last_event_ = loop_.now();
      if (!events_.empty()) co_return std::span(events_);
    }
    if (decoder_->completed()) co_return std::span<wire::ModelEvent>();
    events_.clear();
    while (events_.empty()) {
      io::Span left = std::max(last_event_ + idle_ - loop_.now(), io::Span::zero());
      auto piece = co_await io::with_deadline(left, "stream", response_->read());
      if (!piece) {
        if (piece.error().kind == Kind::timeout) co_return ModelFail(stream_error("idle timeout waiting for SSE"));
        co_return ModelFail(stream_error("Transport error: network error: " + piece.error().what));
      }
      if (piece->empty()) {
        decoder_->end(events_);
        if (decoder_->completed()) break;
        if (decoder_->error()) co_return ModelFail(*decoder_->error());
        co_return ModelFail(stream_error("stream closed before response.completed"));
      }
      if (!feed(*piece)) {
        co_return ModelFail(stream_error("an event of the stream is larger than 256 MiB"));
      }
      if (decoder_->fatal()) co_return ModelFail(*decoder_->error());
    }
    co_return std::span(events_);
  }

 private:
  bool feed(std::string_view piece) {
    return parser_.feed(piece, [this](std::string_view data) {
      last_event_ = loop_.now();
      if (!decoder_->completed() && !decoder_->fatal()) decoder_->feed(data, events_);
    });
  }

  io::Loop& loop_;
  std::unique_ptr<io::HttpResponse> response_;
  std::unique_ptr<EventDecoder> decoder_;
  io::Span idle_;
  io::Time last_event_{};
  SseParser parser_;
  std::vector<wire::ModelEvent> events_;
  bool fresh_ = true;
};

class FixtureResponse : public io::HttpResponse {
 public:
  explicit FixtureResponse(std::string text) : text_(replace_all(text, "\n", "\n\n")) {}
  int status() const override { return 200; }
  const io::Headers& headers() const override { return headers_; }
  io::Task<Result<std::string_view>> read() override {
    if (done_) co_return std::string_view();
    done_ = true;
    co_return std::string_view(text_);
  }

 private:
  std::string text_;
  io::Headers headers_;
  bool done_ = false;
};

}  // namespace sse_stream_detail

void header_events(const io::HttpResponse& response, std::vector<wire::ModelEvent>& out) {
  if (auto model = response.header("openai-model")) out.push_back(wire::ServerModel{std::string(*model)});
  for (auto& snapshot : parse_rate_limits(response.headers())) out.push_back(wire::RateLimits{std::move(snapshot)});
  if (auto etag = response.header("x-models-etag")) out.push_back(wire::ModelsEtag{std::string(*etag)});
  if (response.header("x-reasoning-included")) out.push_back(wire::ReasoningIncluded{});
}

std::unique_ptr<EventStream> sse_stream(io::Loop& loop, std::unique_ptr<io::HttpResponse> response,
                                        std::unique_ptr<EventDecoder> decoder, std::vector<wire::ModelEvent> before,
                                        io::Span idle) {
  return std::make_unique<sse_stream_detail::SseStream>(loop, std::move(response), std::move(decoder),
                                                        std::move(before), idle);
}

std::unique_ptr<io::HttpResponse> fixture_response(std::string text) {
  return std::make_unique<sse_stream_detail::FixtureResponse>(std::move(text));
}

}  // namespace burin::model

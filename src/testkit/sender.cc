#include "testkit/sender.h"

#include "base/text.h"
#include "io/loop.h"
#include "testkit/mock_server.h"

namespace burin::testkit {

namespace sender_detail {

constexpr std::size_t flush_at = 256 << 10;

bool has_header(const io::Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](auto& h) { return equals_ignore_case(h.first, name); });
}

/// What ends a pause: the wait itself, or the client's leaving.
struct Race {
  io::Event first;
  bool client_left = false;
};

io::Task<> watch_client(io::ServerExchange* x, Race* race) {
  co_await x->peer_closed();
  race->client_left = true;
  race->first.set();
}

io::Task<> watch_wait(io::Task<> wait, Race* race) {
  co_await std::move(wait);
  race->first.set();
}

}  // namespace sender_detail

io::Task<bool> Sender::pause(io::Task<> wait) {
  sender_detail::Race race;
  io::Scope scope(co_await io::Here{});
  scope.spawn(sender_detail::watch_client(&x_, &race));
  scope.spawn(sender_detail::watch_wait(std::move(wait), &race));
  std::exception_ptr stopped;
  try {
    co_await race.first.wait();
  } catch (const io::Cancelled&) {
    stopped = std::current_exception();
  }
  scope.cancel(io::Why::finished);
  co_await scope.join();
  if (stopped) std::rethrow_exception(stopped);
  co_return !race.client_left;
}

io::Headers Sender::headers() const {
  io::Headers out = r_.headers;
  if (!r_.content_type.empty() && !sender_detail::has_header(out, "content-type")) {
    out.emplace_back("content-type", r_.content_type);
  }
  return out;
}

io::Task<bool> Sender::send() {
  if (r_.delay_before_headers > io::Span{} && !co_await pause(io::sleep(r_.delay_before_headers))) co_return false;
  bool one_piece = r_.steps.size() <= 1 && r_.split == 0 && r_.end == End::close &&
                   (r_.steps.empty() || std::holds_alternative<RawStep>(r_.steps[0]));
  if (one_piece) co_return co_await send_whole();
  co_return co_await send_head() && co_await send_steps() && co_await flush() && co_await finish();
}

io::Task<bool> Sender::send_whole() {
  std::string body = body_text(r_);
  co_return (co_await x_.respond(r_.status, headers(), std::move(body))).has_value();
}

io::Task<bool> Sender::send_head() {
  auto all = headers();
  if (!sender_detail::has_header(all, "transfer-encoding")) all.emplace_back("transfer-encoding", "chunked");
  co_return (co_await x_.head(r_.status, std::move(all))).has_value();
}

io::Task<bool> Sender::send_steps() {
  for (const auto& step : r_.steps) {
    if (const auto* nap = std::get_if<SleepStep>(&step)) {
      if (!co_await flush() || !co_await pause(io::sleep(nap->span))) co_return false;
    } else if (const auto* gate = std::get_if<GateStep>(&step)) {
      if (!co_await flush() || !co_await pause(server_.pass_gate(gate->name))) co_return false;
    } else {
      append_step(buffer_, step, r_.crlf);
      if (buffer_.size() >= sender_detail::flush_at && &step != &r_.steps.back() && !co_await flush()) co_return false;
    }
  }
  if (r_.end == End::no_blank_line && buffer_.ends_with('\n')) {
    buffer_.resize(buffer_.size() - (buffer_.ends_with("\r\n") ? 2 : 1));
  }
  co_return true;
}

io::Task<bool> Sender::flush() {
  std::string bytes = std::exchange(buffer_, {});
  if (r_.split == 0) co_return co_await write_piece(std::move(bytes));
  for (std::size_t at = 0; at < bytes.size(); at += r_.split) {
    if (!co_await write_piece(bytes.substr(at, r_.split))) co_return false;
    // The client, when it runs on this loop, gets to read this piece alone.
    co_await io::sleep({});
  }
  co_return true;
}

io::Task<bool> Sender::write_piece(std::string bytes) { co_return (co_await x_.chunk(std::move(bytes))).has_value(); }

io::Task<bool> Sender::finish() {
  switch (r_.end) {
    case End::close:
    case End::no_blank_line:
      co_return (co_await x_.finish()).has_value();
    case End::keep_open:
      co_await x_.peer_closed();
      co_return true;
    case End::truncate:
      x_.close();
      co_return true;
    case End::reset:
      x_.reset();
      co_return true;
  }
  co_return false;
}

}  // namespace burin::testkit

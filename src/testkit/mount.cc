#include "testkit/mount.h"

#include "base/text.h"
#include "testkit/mismatch.h"

namespace burin::testkit {

bool Endpoint::accepts(std::string_view request_method, std::string_view request_path) const {
  if (method != request_method) return false;
  return contains(path, "*") || contains(path, "?") ? wildcard_match(path, request_path) : request_path.ends_with(path);
}

Endpoint responses_endpoint() { return {"POST", "/responses"}; }
Endpoint compact_endpoint() { return {"POST", "/responses/compact"}; }
Endpoint models_endpoint() { return {"GET", "/models"}; }
Endpoint memories_endpoint() { return {"POST", "/memories/trace_summarize"}; }
Endpoint token_endpoint() { return {"POST", "/oauth/token"}; }

void Signal::notify() {
  auto before = std::exchange(event_, std::make_shared<io::Event>());
  before->set();
}

io::Task<> Signal::next() {
  auto event = event_;
  co_await event->wait();
}

std::shared_ptr<const Response> Mount::take(const CapturedRequest& request) {
  std::size_t index = used++;
  if (make) return std::make_shared<Response>(make(request));
  return responses[std::min(index, responses.size() - 1)];
}

const CapturedRequest& MountHandle::single_request() const {
  if (requests().size() != 1) throw Mismatch(fmt::format("expected exactly one request, got {}", requests().size()));
  return *requests().front();
}

const CapturedRequest& MountHandle::last_request() const {
  if (requests().empty()) throw Mismatch("expected a request, got none");
  return *requests().back();
}

bool MountHandle::saw_function_call(std::string_view call_id) const {
  return std::any_of(requests().begin(), requests().end(), [&](auto& r) { return r->has_function_call(call_id); });
}

std::optional<std::string> MountHandle::function_call_output_text(std::string_view call_id) const {
  for (const auto& r : requests()) {
    if (auto text = r->function_call_output_text(call_id)) return text;
  }
  return std::nullopt;
}

namespace mount_detail {
io::Task<Result<>> wait_without_limit(std::shared_ptr<Signal> changed, std::function<bool()> done) {
  while (!done()) co_await changed->next();
  co_return Result<>();
}
}  // namespace mount_detail

io::Task<Result<>> wait_until(std::shared_ptr<Signal> changed, std::function<bool()> done, io::Span timeout,
                              std::string what) {
  co_return co_await io::with_deadline(timeout, std::move(what),
                                       mount_detail::wait_without_limit(std::move(changed), std::move(done)));
}

io::Task<Result<RequestPtr>> MountHandle::wait_for_request(std::size_t index, io::Span timeout) const {
  auto mount = mount_;
  CO_CHECK(co_await wait_until(
      changed_, [mount, index] { return mount->requests.size() > index; }, timeout, fmt::format("request {}", index)));
  co_return mount->requests[index];
}

}  // namespace burin::testkit

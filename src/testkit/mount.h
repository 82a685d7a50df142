// A mount: what the server answers, to which requests, how often. And the handle that a test keeps of it.
//
// For a request the first mount, in order of mounting, that is not used up and whose matcher accepts it, serves it and
// loses one use (model-client.md 16.3). Sequences and once-mounts expect an exact number of requests: too few are told
// by MockServer::problems_at_end, too many are answered with 500 and are a problem.
//
// Ownership: server and handles share the mount, so a handle stays readable after the server has stopped. Loop thread
// only.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/task.h"
#include "testkit/captured_request.h"
#include "testkit/response.h"

namespace burin::testkit {

/// Requests with this method whose path ends with `path`, or matches it as a whole when it has wildcards (* and ?). The
/// query does not count.
struct Endpoint {
  std::string method;
  std::string path;
  bool accepts(std::string_view request_method, std::string_view request_path) const;
};

Endpoint responses_endpoint();  // POST …/responses
Endpoint compact_endpoint();    // POST …/responses/compact
Endpoint models_endpoint();     // GET …/models
Endpoint memories_endpoint();   // POST …/memories/trace_summarize
Endpoint token_endpoint();      // POST …/oauth/token

using Matcher = std::function<bool(const CapturedRequest&)>;

/// Wakes everyone who waits for the state of the server to change.
class Signal {
 public:
  void notify();
  /// Returns after the next notify().
  io::Task<> next();

 private:
  std::shared_ptr<io::Event> event_ = std::make_shared<io::Event>();
};

struct Mount {
  Endpoint endpoint;
  Matcher matcher;                                         // none: accepts all
  std::vector<std::shared_ptr<const Response>> responses;  // one for each use; the last one repeats when unlimited
  std::function<Response(const CapturedRequest&)> make;    // instead of `responses`
  std::optional<std::size_t> expected;                     // number of uses; none: unlimited
  std::size_t used = 0;
  std::vector<RequestPtr> requests;

  bool exhausted() const { return expected && used >= *expected; }
  /// Consumes one use. Not when exhausted.
  std::shared_ptr<const Response> take(const CapturedRequest& request);
};

class MountHandle {
 public:
  MountHandle(std::shared_ptr<Mount> mount, std::shared_ptr<Signal> changed)
      : mount_(std::move(mount)), changed_(std::move(changed)) {}

  /// What this mount has served, in order.
  const std::vector<RequestPtr>& requests() const { return mount_->requests; }
  /// Throw Mismatch unless there is exactly one, or at least one.
  const CapturedRequest& single_request() const;
  const CapturedRequest& last_request() const;
  bool saw_function_call(std::string_view call_id) const;
  /// Text of the output in the first request that has it.
  std::optional<std::string> function_call_output_text(std::string_view call_id) const;
  /// The request with that index (from 0), as soon as it is there; Kind::timeout after `timeout`.
  io::Task<Result<RequestPtr>> wait_for_request(std::size_t index, io::Span timeout) const;

 private:
  std::shared_ptr<Mount> mount_;
  std::shared_ptr<Signal> changed_;
};

/// Waits until `done` is true, which is asked after every change.
io::Task<Result<>> wait_until(std::shared_ptr<Signal> changed, std::function<bool()> done, io::Span timeout,
                              std::string what);

}  // namespace burin::testkit

// A network for tests: answers come from a script, on the loop's (usually virtual) time.
//
// Requests are recorded before they are answered. The next queued response serves the next request, whatever it is;
// tests that need more choose by themselves with `respond`. A request without a response fails and is a problem.
//
// Ownership: responses refer to their ScriptedHttp, which must outlive them. Loop thread only.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/http.h"
#include "io/time.h"

namespace burin::io {

struct ScriptedResponse {
  struct Piece {
    std::string bytes;
    Span delay{};  // before it arrives
  };
  enum class End : std::uint8_t {
    complete,  // the body ends properly
    cut,       // the connection breaks after the last piece
    silence,   // nothing more comes, ever
  };

  Span head_delay{};
  /// Instead of any answer: the error of send().
  std::optional<Error> refused;
  int status = 200;
  Headers headers;
  std::vector<Piece> body;
  End end = End::complete;

  static ScriptedResponse text(int status, std::string body, Headers headers = {});
  /// As a connection that nobody listens on.
  static ScriptedResponse refusal(std::string reason = "connection refused");
};

class ScriptedHttp : public Http {
 public:
  Task<Result<std::unique_ptr<HttpResponse>>> send(HttpRequest request) override;
  /// Asks `dial`; without it nobody listens.
  Task<Result<std::unique_ptr<Connection>>> connect(ConnectRequest request) override;

  void queue(ScriptedResponse response) { queue_.push_back(std::move(response)); }
  /// Asked first for every request; nullopt leaves it to the queue.
  std::function<std::optional<ScriptedResponse>(const HttpRequest&)> respond;

  /// Makes the client's end of a connection (fake_connection.h), or refuses.
  std::function<Task<Result<std::unique_ptr<Connection>>>(ConnectRequest)> dial;

  const std::vector<HttpRequest>& requests() const { return requests_; }
  std::size_t queued() const { return queue_.size(); }
  /// Responses that are alive, and those that were destroyed before their end was read.
  std::size_t open() const { return open_; }
  std::size_t aborted() const { return aborted_; }
  /// "METHOD URL" of every request that found no response.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  class Response;
  std::deque<ScriptedResponse> queue_;
  std::vector<HttpRequest> requests_;
  std::vector<std::string> problems_;
  std::size_t open_ = 0;
  std::size_t aborted_ = 0;
};

}  // namespace burin::io

// HTTP client: one request, one streamed response.
//
// The real implementation is libcurl (loaded on first use, so that commands without network never pay for it) driven by
// the loop. It honours HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY (either case), SSL_CERT_FILE and SSL_CERT_DIR
// (model-client.md 14). Responses are never decompressed: no Accept-Encoding is sent.
//
// Ownership: destroying an HttpResponse closes its connection if the body has not been read to its end.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/connection.h"
#include "io/environment.h"
#include "io/task.h"

namespace burin::io {

class Loop;
class Pool;

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  std::optional<Span> connect_timeout;  // TCP and TLS; default 30 s
  bool use_proxy = true;
  /// Sent instead of `body` when set, so that repeated attempts share one copy.
  std::shared_ptr<const std::string> shared_body;

  const std::string& content() const { return shared_body ? *shared_body : body; }
};

class HttpResponse {
 public:
  virtual ~HttpResponse() = default;
  virtual int status() const = 0;
  /// In order of arrival, names as the server wrote them.
  virtual const Headers& headers() const = 0;
  /// Waits for more body and returns all that has arrived; an empty piece means the end. The view is valid until the
  /// next call.
  virtual Task<Result<std::string_view>> read() = 0;

  /// Value of the first header of that name, ignoring case.
  std::optional<std::string_view> header(std::string_view name) const;
};

class Http {
 public:
  virtual ~Http() = default;
  /// Sends the request and waits for the response's headers. There is no deadline of its own (model-client.md 8.6).
  virtual Task<Result<std::unique_ptr<HttpResponse>>> send(HttpRequest request) = 0;
  /// Connects to the server of a URL, through the proxy that the environment names (always with CONNECT), and with TLS
  /// for https and wss.
  virtual Task<Result<std::unique_ptr<Connection>>> connect(ConnectRequest request) = 0;
  /// Starts whatever can be prepared beforehand on a pool thread (loading libcurl). Optional, returns at once.
  virtual void warm_up() {}
};

std::unique_ptr<Http> make_real_http(Loop& loop, Pool& pool, const Environment& env);

/// Reads the whole body, at most `limit` bytes.
Task<Result<std::string>> read_body(HttpResponse& response, std::size_t limit = 64 << 20);

/// "OK" for 200; empty for unknown numbers.
std::string_view reason_phrase(int status);

}  // namespace burin::io

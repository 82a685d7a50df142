// What the users of libcurl share: a multi handle driven by the loop, and what every transfer is told about trust,
// proxies and errors.
//
// curl tells which sockets and which timer it waits for; the loop tells curl when one is due. on_done is called from
// within the loop's callback, never from within a call of ours.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "io/curl_api.h"
#include "io/environment.h"
#include "io/loop.h"
#include "io/proxy.h"

namespace burin::io {

class CurlMulti {
 public:
  explicit CurlMulti(Loop& loop) : loop_(loop) {}
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  bool ready() const { return multi_ != nullptr; }
  void open(const CurlApi& api);
  const CurlApi& api() const { return *api_; }
  Result<> add(CURL* easy);
  void remove(CURL* easy);
  /// A transfer has ended. It may be removed, and the multi handle itself destroyed, only after the call.
  std::function<void(CURL*, CURLcode)> on_done;

 private:
  void act(curl_socket_t socket, int events);
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* socket_data);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);

  Loop& loop_;
  const CurlApi* api_ = nullptr;
  CURLM* multi_ = nullptr;
  std::uint64_t timer_ = 0;
};

/// Trust anchors, chosen once (model-client.md 14). Empty members leave curl's own choice.
struct CurlTrust {
  std::string file, folder;
  bool no_file = false;  // only the folder
};
CurlTrust choose_trust(const Environment& env);

/// Options of every connection: proxy, trust, timeouts, small buffers. `error_buffer` has CURL_ERROR_SIZE bytes.
void set_connection_options(const CurlApi& api, CURL* easy, const Endpoint& endpoint, const Environment& env,
                            const CurlTrust& trust, bool use_proxy, std::optional<Span> connect_timeout,
                            char* error_buffer);

/// What a failed transfer means: where, why, and what to check.
Error curl_error(const CurlApi& api, CURL* easy, CURLcode code, const Endpoint& endpoint, const char* error_buffer);

}  // namespace burin::io

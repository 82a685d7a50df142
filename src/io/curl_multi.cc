#include "io/curl_multi.h"

#include <filesystem>

#include <fmt/format.h>

namespace burin::io {

namespace curl_multi_detail {

constexpr Span default_connect_timeout = seconds(30);

/// A folder of certificates under the hashes of their names is read certificate by certificate as needed, while a
/// bundle is parsed whole: 10 instead of 36 ms for the first connection.
std::string hashed_folder() {
  std::error_code ec;
  const char* folder = "/etc/ssl/certs";
  for (std::filesystem::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->path().extension() == ".0") return folder;
  }
  return {};
}

}  // namespace curl_multi_detail

CurlTrust choose_trust(const Environment& env) {
  CurlTrust trust;
  auto added = env.own("CA_CERTIFICATE");
  auto file = env.non_empty("SSL_CERT_FILE");
  auto folder = env.non_empty("SSL_CERT_DIR");
  if (added && !added->empty()) {
    trust.file = *added;
  } else if (file) {
    trust.file = *file;
  }
  if (folder) {
    trust.folder = *folder;
  } else if (!file) {
    trust.folder = curl_multi_detail::hashed_folder();
  }
  trust.no_file = trust.file.empty() && !trust.folder.empty();
  return trust;
}

CurlMulti::~CurlMulti() {
  if (multi_ == nullptr) return;
  api_->multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, static_cast<curl_multi_timer_callback>(nullptr));
  if (timer_ != 0) loop_.cancel_timer(timer_);
  api_->multi_cleanup(multi_);
}

void CurlMulti::open(const CurlApi& api) {
  api_ = &api;
  multi_ = api.multi_init();
  api.multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
  api.multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  api.multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
  api.multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  api.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 16L);
}

Result<> CurlMulti::add(CURL* easy) {
  if (CURLMcode code = api_->multi_add_handle(multi_, easy); code != CURLM_OK) {
    return fail(Kind::internal, fmt::format("libcurl takes no request: error {}", static_cast<int>(code)));
  }
  return {};
}

void CurlMulti::remove(CURL* easy) { api_->multi_remove_handle(multi_, easy); }

int CurlMulti::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto* multi = static_cast<CurlMulti*>(self);
  if (what == CURL_POLL_REMOVE) {
    multi->loop_.unwatch(socket);
    return 0;
  }
  std::uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= Loop::in;
  if ((what & CURL_POLL_OUT) != 0) events |= Loop::out;
  multi->loop_.watch(socket, events, [multi, socket](std::uint32_t ready) {
    int flags = 0;
    if ((ready & Loop::in) != 0) flags |= CURL_CSELECT_IN;
    if ((ready & Loop::out) != 0) flags |= CURL_CSELECT_OUT;
    if ((ready & Loop::error) != 0) flags |= CURL_CSELECT_ERR;
    multi->act(socket, flags);
  });
  return 0;
}

int CurlMulti::on_timer(CURLM*, long timeout_ms, void* self) {
  auto* multi = static_cast<CurlMulti*>(self);
  if (multi->timer_ != 0) multi->loop_.cancel_timer(std::exchange(multi->timer_, 0));
  if (timeout_ms < 0) return 0;
  multi->timer_ = multi->loop_.timer(multi->loop_.now() + milliseconds(timeout_ms), [multi] {
    multi->timer_ = 0;
    multi->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlMulti::act(curl_socket_t socket, int events) {
  int running = 0;
  api_->multi_socket_action(multi_, socket, events, &running);
  int left = 0;
  while (CURLMsg* message = api_->multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) on_done(message->easy_handle, message->data.result);
  }
}

void set_connection_options(const CurlApi& api, CURL* easy, const Endpoint& endpoint, const Environment& env,
                            const CurlTrust& trust, bool use_proxy, std::optional<Span> connect_timeout,
                            char* error_buffer) {
  auto set = [&](CURLoption option, auto value) { api.easy_setopt(easy, option, value); };
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  set(CURLOPT_NOSIGNAL, 1L);
  // A cancelled request must not wait for a name server (curl 7.87 and later).
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_BUFFERSIZE, 16L << 10);
  set(CURLOPT_UPLOAD_BUFFERSIZE, 16L << 10);
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_ERRORBUFFER, error_buffer);
  auto timeout = std::chrono::ceil<milliseconds>(connect_timeout.value_or(curl_multi_detail::default_connect_timeout));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  // Always set, so that curl itself never looks into the environment.
  std::optional<std::string> proxy = use_proxy ? proxy_for(endpoint, env) : std::nullopt;
  set(CURLOPT_PROXY, proxy.value_or("").c_str());
  set(CURLOPT_NOPROXY, "");
  const char* none = nullptr;
  if (!trust.file.empty()) set(CURLOPT_CAINFO, trust.file.c_str());
  if (trust.no_file) set(CURLOPT_CAINFO, none);
  if (!trust.folder.empty()) {
    set(CURLOPT_CAPATH, trust.folder.c_str());
  } else if (!trust.file.empty()) {
    set(CURLOPT_CAPATH, none);
  }
}

Error curl_error(const CurlApi& api, CURL* easy, CURLcode code, const Endpoint& endpoint, const char* error_buffer) {
  long sys = 0, connect_code = 0;
  api.easy_getinfo(easy, CURLINFO_OS_ERRNO, &sys);
  api.easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
  std::string curl_text = error_buffer[0] != '\0' ? error_buffer : api.easy_strerror(code);
  std::string place = fmt::format("{} port {}", endpoint.host, endpoint.port);
  Error cause{.kind = Kind::unavailable, .what = {}};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      cause.what = fmt::format("cannot find the address of {}", endpoint.host);
      cause.fix = "check the host name and the network";
      break;
    case CURLE_COULDNT_RESOLVE_PROXY:
      cause.what = fmt::format("cannot find the address of the proxy for {}: {}", endpoint.host, curl_text);
      cause.fix = "check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY";
      break;
    case CURLE_COULDNT_CONNECT:
      cause.what =
          fmt::format("cannot connect to {}: {}", place, sys != 0 ? os_error_text(static_cast<int>(sys)) : curl_text);
      cause.sys = static_cast<int>(sys);
      break;
    case CURLE_OPERATION_TIMEDOUT:
      cause.kind = Kind::timeout;
      cause.what = fmt::format("no connection to {} in time: {}", place, curl_text);
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      cause.what = fmt::format("no secure connection to {}: {}", place, curl_text);
      cause.fix = "if a private authority signs its certificate, name that authority's file in SSL_CERT_FILE";
      break;
    case CURLE_GOT_NOTHING:
      cause.what = fmt::format("{} closed the connection without an answer", place);
      break;
    default:
      cause.what = fmt::format("connection to {}: {}", place, curl_text);
      break;
  }
  if (connect_code >= 300) {
    cause.what = fmt::format("the proxy refused the connection to {} with HTTP status {}", place, connect_code);
    cause.fix = "check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY";
  }
  return cause;
}

}  // namespace burin::io

// The HTTP client: libcurl's multi interface, driven by the loop.
//
// curl tells which sockets and which timer it waits for; the loop tells curl when one is due. curl's callbacks only
// fill buffers and wake tasks, they never resume one, so that no coroutine runs inside curl.
#include <csignal>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"
#include "io/curl_api.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/proxy.h"

namespace burin::io {

namespace real_http_detail {

/// Bytes that may wait for the reader before the connection is paused.
constexpr std::size_t buffer_limit = 256 << 10;
constexpr Span default_connect_timeout = seconds(30);

class Engine;

/// One request on its way. curl holds pointers into it, so it never moves.
struct Transfer {
  Transfer(Engine& e, HttpRequest r) : engine(e), request(std::move(r)) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void wake() {
    if (waiter != nullptr) std::exchange(waiter, nullptr)->wake();
  }
  void finish(CURLcode code);
  Error describe(CURLcode code) const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  Engine& engine;
  HttpRequest request;
  Endpoint endpoint;
  CURL* easy = nullptr;
  curl_slist* header_list = nullptr;
  Park* waiter = nullptr;
  char error_buffer[CURL_ERROR_SIZE] = {};

  int status = 0;
  Headers headers;
  bool has_head = false;
  std::string buffer;  // arrived, not yet read
  bool paused = false;
  bool done = false;
  std::optional<Error> error;
};

struct TransferPark : Park {
  explicit TransferPark(Transfer* t) : transfer(t) {}
  void arm() override { transfer->waiter = this; }
  void disarm() override { transfer->waiter = nullptr; }
  Transfer* transfer;
};

/// Trust anchors, chosen once (model-client.md 14). Empty members leave curl's own choice.
struct Trust {
  std::string file, folder;
  bool no_file = false;  // only the folder
};

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

Trust choose_trust(const Environment& env) {
  Trust trust;
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
    trust.folder = hashed_folder();
  }
  trust.no_file = trust.file.empty() && !trust.folder.empty();
  return trust;
}

class Engine {
 public:
  Engine(Loop& loop, const Environment& env) : loop_(loop), env_(env), trust_(choose_trust(env)) {}
  ~Engine() {
    if (multi_ == nullptr) return;
    api_->multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, static_cast<curl_multi_timer_callback>(nullptr));
    if (timer_ != 0) loop_.cancel_timer(timer_);
    api_->multi_cleanup(multi_);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  bool ready() const { return multi_ != nullptr; }
  void open(const CurlApi& api) {
    api_ = &api;
    multi_ = api.multi_init();
    api.multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
    api.multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    api.multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
    api.multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    api.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 16L);
  }
  const CurlApi& api() const { return *api_; }

  Result<> start(Transfer& t);
  void remove(Transfer& t) {
    api_->multi_remove_handle(multi_, t.easy);
    api_->easy_cleanup(t.easy);
    t.easy = nullptr;
  }

 private:
  void set_request(Transfer& t);
  Result<> set_headers(Transfer& t);
  void set_connection(Transfer& t);
  void act(curl_socket_t socket, int events);

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* socket_data);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);

  Loop& loop_;
  const Environment& env_;
  Trust trust_;
  const CurlApi* api_ = nullptr;
  CURLM* multi_ = nullptr;
  std::uint64_t timer_ = 0;
};

Transfer::~Transfer() {
  // Removing an unfinished transfer closes its connection.
  if (easy != nullptr) engine.remove(*this);
  if (header_list != nullptr) engine.api().slist_free_all(header_list);
}

int Engine::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto* engine = static_cast<Engine*>(self);
  if (what == CURL_POLL_REMOVE) {
    engine->loop_.unwatch(socket);
    return 0;
  }
  std::uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= Loop::in;
  if ((what & CURL_POLL_OUT) != 0) events |= Loop::out;
  engine->loop_.watch(socket, events, [engine, socket](std::uint32_t ready) {
    int flags = 0;
    if ((ready & Loop::in) != 0) flags |= CURL_CSELECT_IN;
    if ((ready & Loop::out) != 0) flags |= CURL_CSELECT_OUT;
    if ((ready & Loop::error) != 0) flags |= CURL_CSELECT_ERR;
    engine->act(socket, flags);
  });
  return 0;
}

int Engine::on_timer(CURLM*, long timeout_ms, void* self) {
  auto* engine = static_cast<Engine*>(self);
  if (engine->timer_ != 0) engine->loop_.cancel_timer(std::exchange(engine->timer_, 0));
  if (timeout_ms < 0) return 0;
  engine->timer_ = engine->loop_.timer(engine->loop_.now() + milliseconds(timeout_ms), [engine] {
    engine->timer_ = 0;
    engine->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void Engine::act(curl_socket_t socket, int events) {
  int running = 0;
  api_->multi_socket_action(multi_, socket, events, &running);
  int left = 0;
  while (CURLMsg* message = api_->multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* self = nullptr;
    api_->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    reinterpret_cast<Transfer*>(self)->finish(message->data.result);
  }
}

Result<> Engine::start(Transfer& t) {
  TRY(t.endpoint, parse_endpoint(t.request.url));
  t.easy = api_->easy_init();
  set_request(t);
  CHECK(set_headers(t));
  set_connection(t);
  if (CURLMcode code = api_->multi_add_handle(multi_, t.easy); code != CURLM_OK) {
    return fail(Kind::internal, fmt::format("libcurl takes no request: error {}", static_cast<int>(code)));
  }
  return {};
}

void Engine::set_request(Transfer& t) {
  auto set = [&](CURLoption option, auto value) { api_->easy_setopt(t.easy, option, value); };
  const HttpRequest& r = t.request;
  set(CURLOPT_PRIVATE, &t);
  set(CURLOPT_URL, r.url.c_str());
  bool announces_body = r.method == "POST" || r.method == "PUT" || r.method == "PATCH";
  if (r.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (announces_body || !r.content().empty()) {
    // The body is not copied: it lives in the transfer.
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(r.content().size()));
    set(CURLOPT_POSTFIELDS, r.content().data());
  }
  set(CURLOPT_CUSTOMREQUEST, r.method.c_str());
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, &t);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, &t);
  set(CURLOPT_ERRORBUFFER, t.error_buffer);
}

Result<> Engine::set_headers(Transfer& t) {
  // curl's own additions are switched off by naming them without a value.
  std::string_view defaults[] = {"Accept", "User-Agent", "Content-Type", "Expect", "Proxy-Connection"};
  auto add = [&](const std::string& line) { t.header_list = api_->slist_append(t.header_list, line.c_str()); };
  for (const auto& [name, value] : t.request.headers) {
    if (name.empty() || (name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fail(Kind::invalid, fmt::format("header {} cannot be sent: it holds a line end or NUL", name));
    }
    for (std::string_view& d : defaults) {
      if (equals_ignore_case(d, name)) d = {};
    }
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  for (std::string_view d : defaults) {
    if (!d.empty()) add(std::string(d) + ":");
  }
  api_->easy_setopt(t.easy, CURLOPT_HTTPHEADER, t.header_list);
  return {};
}

void Engine::set_connection(Transfer& t) {
  auto set = [&](CURLoption option, auto value) { api_->easy_setopt(t.easy, option, value); };
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
  auto timeout = std::chrono::ceil<milliseconds>(t.request.connect_timeout.value_or(default_connect_timeout));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  // Always set, so that curl itself never looks into the environment.
  std::optional<std::string> proxy = t.request.use_proxy ? proxy_for(t.endpoint, env_) : std::nullopt;
  set(CURLOPT_PROXY, proxy.value_or("").c_str());
  set(CURLOPT_NOPROXY, "");
  const char* none = nullptr;
  if (!trust_.file.empty()) set(CURLOPT_CAINFO, trust_.file.c_str());
  if (trust_.no_file) set(CURLOPT_CAINFO, none);
  if (!trust_.folder.empty()) {
    set(CURLOPT_CAPATH, trust_.folder.c_str());
  } else if (!trust_.file.empty()) {
    set(CURLOPT_CAPATH, none);
  }
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto* t = static_cast<Transfer*>(self);
  std::string_view line(data, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (t->has_head) return size * count;  // trailers
  if (line.starts_with("HTTP/")) {
    t->headers.clear();
    std::size_t space = line.find(' ');
    t->status =
        space == std::string_view::npos ? 0 : static_cast<int>(parse_uint(line.substr(space + 1, 3)).value_or(0));
    return size * count;
  }
  if (line.empty()) {
    // Answers like "100 Continue" come before the one that counts.
    t->has_head = t->status >= 200 || t->status == 101;
    if (t->has_head) t->wake();
    return size * count;
  }
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  t->headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  return size * count;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto* t = static_cast<Transfer*>(self);
  if (t->buffer.size() >= buffer_limit) {
    t->paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  t->buffer.append(data, size * count);
  t->wake();
  return size * count;
}

void Transfer::finish(CURLcode code) {
  done = true;
  if (code == CURLE_OK && !has_head) code = CURLE_GOT_NOTHING;
  if (code != CURLE_OK) error = describe(code);
  engine.remove(*this);
  wake();
}

/// The outer sentence is the one that users of the reference know; the cause says what happened and where.
Error Transfer::describe(CURLcode code) const {
  const CurlApi& api = engine.api();
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
  std::string what =
      has_head ? "error decoding response body" : fmt::format("error sending request for url ({})", endpoint.shown);
  return wrap(cause, std::move(what), cause.fix).value();
}

class RealResponse : public HttpResponse {
 public:
  explicit RealResponse(std::unique_ptr<Transfer> t) : t_(std::move(t)) {}
  int status() const override { return t_->status; }
  const Headers& headers() const override { return t_->headers; }

  Task<Result<std::string_view>> read() override {
    for (;;) {
      if (!t_->buffer.empty()) {
        piece_.swap(t_->buffer);
        t_->buffer.clear();
        // May deliver what curl held back, into the emptied buffer.
        if (std::exchange(t_->paused, false)) t_->engine.api().easy_pause(t_->easy, CURLPAUSE_CONT);
        co_return std::string_view(piece_);
      }
      if (t_->done) {
        if (t_->error) co_return Fail(*t_->error);
        co_return std::string_view();
      }
      co_await TransferPark(t_.get());
    }
  }

 private:
  std::unique_ptr<Transfer> t_;
  std::string piece_;
};

class RealHttp : public Http {
 public:
  RealHttp(Loop& loop, Pool& pool, const Environment& env) : pool_(pool), engine_(loop, env) {
    // OpenSSL writes to sockets without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
  }

  Task<Result<std::unique_ptr<HttpResponse>>> send(HttpRequest request) override {
    if (!engine_.ready()) {
      auto* api = co_await offload(pool_, [] { return &load_curl(); });
      if (!*api) co_return Fail(api->error());
      if (!engine_.ready()) engine_.open(**api);
    }
    auto transfer = std::make_unique<Transfer>(engine_, std::move(request));
    CO_CHECK(engine_.start(*transfer));
    while (!transfer->has_head && !transfer->done) co_await TransferPark(transfer.get());
    if (!transfer->has_head) co_return Fail(*transfer->error);
    co_return std::make_unique<RealResponse>(std::move(transfer));
  }

  void warm_up() override {
    pool_.run([] { load_curl(); });
  }

 private:
  Pool& pool_;
  Engine engine_;
};

}  // namespace real_http_detail

std::unique_ptr<Http> make_real_http(Loop& loop, Pool& pool, const Environment& env) {
  return std::make_unique<real_http_detail::RealHttp>(loop, pool, env);
}

}  // namespace burin::io

// The HTTP client: libcurl's multi interface, driven by the loop.
//
// curl tells which sockets and which timer it waits for; the loop tells curl when one is due. curl's callbacks only
// fill buffers and wake tasks, they never resume one, so that no coroutine runs inside curl.
#include <csignal>

#include <fmt/format.h>

#include "base/text.h"
#include "io/curl_connection.h"
#include "io/curl_multi.h"
#include "io/http.h"
#include "io/loop.h"

namespace burin::io {

namespace real_http_detail {

/// Bytes that may wait for the reader before the connection is paused.
constexpr std::size_t buffer_limit = 256 << 10;

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

class Engine {
 public:
  Engine(Loop& loop, const Environment& env) : multi_(loop), env_(env), trust_(choose_trust(env)) {
    multi_.on_done = [this](CURL* easy, CURLcode code) {
      char* self = nullptr;
      api().easy_getinfo(easy, CURLINFO_PRIVATE, &self);
      reinterpret_cast<Transfer*>(self)->finish(code);
    };
  }

  bool ready() const { return multi_.ready(); }
  void open(const CurlApi& api) { multi_.open(api); }
  const CurlApi& api() const { return multi_.api(); }
  const CurlTrust& trust() const { return trust_; }

  Result<> start(Transfer& t);
  void remove(Transfer& t) {
    multi_.remove(t.easy);
    api().easy_cleanup(t.easy);
    t.easy = nullptr;
  }

 private:
  void set_request(Transfer& t);
  Result<> set_headers(Transfer& t);

  CurlMulti multi_;
  const Environment& env_;
  CurlTrust trust_;
};

Transfer::~Transfer() {
  // Removing an unfinished transfer closes its connection.
  if (easy != nullptr) engine.remove(*this);
  if (header_list != nullptr) engine.api().slist_free_all(header_list);
}

Result<> Engine::start(Transfer& t) {
  TRY(t.endpoint, parse_endpoint(t.request.url));
  t.easy = api().easy_init();
  set_request(t);
  CHECK(set_headers(t));
  set_connection_options(api(), t.easy, t.endpoint, env_, trust_, t.request.use_proxy, t.request.connect_timeout,
                         t.error_buffer);
  return multi_.add(t.easy);
}

void Engine::set_request(Transfer& t) {
  auto set = [&](CURLoption option, auto value) { api().easy_setopt(t.easy, option, value); };
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
}

Result<> Engine::set_headers(Transfer& t) {
  // curl's own additions are switched off by naming them without a value.
  std::string_view defaults[] = {"Accept", "User-Agent", "Content-Type", "Expect", "Proxy-Connection"};
  auto add = [&](const std::string& line) { t.header_list = api().slist_append(t.header_list, line.c_str()); };
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
  api().easy_setopt(t.easy, CURLOPT_HTTPHEADER, t.header_list);
  return {};
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
  Error cause = curl_error(engine.api(), easy, code, endpoint, error_buffer);
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
  RealHttp(Loop& loop, Pool& pool, const Environment& env) : loop_(loop), pool_(pool), env_(env), engine_(loop, env) {
    // OpenSSL writes to sockets without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
  }

  Task<Result<std::unique_ptr<HttpResponse>>> send(HttpRequest request) override {
    CO_CHECK(co_await load());
    auto transfer = std::make_unique<Transfer>(engine_, std::move(request));
    CO_CHECK(engine_.start(*transfer));
    while (!transfer->has_head && !transfer->done) co_await TransferPark(transfer.get());
    if (!transfer->has_head) co_return Fail(*transfer->error);
    co_return std::make_unique<RealResponse>(std::move(transfer));
  }

  Task<Result<std::unique_ptr<Connection>>> connect(ConnectRequest request) override {
    CO_CHECK(co_await load());
    co_return co_await curl_connect(loop_, engine_.api(), env_, engine_.trust(), std::move(request));
  }

  void warm_up() override {
    pool_.run([] { load_curl(); });
  }

 private:
  Task<Result<>> load() {
    if (engine_.ready()) co_return Result<>();
    auto* api = co_await offload(pool_, [] { return &load_curl(); });
    if (!*api) co_return Fail(api->error());
    if (!engine_.ready()) engine_.open(**api);
    co_return Result<>();
  }

  Loop& loop_;
  Pool& pool_;
  const Environment& env_;
  Engine engine_;
};

}  // namespace real_http_detail

std::unique_ptr<Http> make_real_http(Loop& loop, Pool& pool, const Environment& env) {
  return std::make_unique<real_http_detail::RealHttp>(loop, pool, env);
}

}  // namespace burin::io

#include "model/browser_login.h"

#include "base/text.h"

namespace burin::model {

namespace browser_login_detail {

constexpr io::Span login_limit = std::chrono::minutes(10);
constexpr io::Span page_limit = io::seconds(5);  // for the browser to fetch its last page
constexpr io::Span stop_limit = io::seconds(5);
constexpr io::Span makes_room_limit = io::seconds(2);
constexpr io::Span retry_pause = io::milliseconds(200);
constexpr int retries = 10;
constexpr std::string_view scope = "openid profile email offline_access api.connectors.read api.connectors.invoke";

std::string random_text(io::Random& random, std::size_t bytes) {
  std::vector<std::uint8_t> raw(bytes);
  random.fill(raw);
  return base64url({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

/// The value of a query's parameter; the first of that name.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  for (auto pair : split(query, '&')) {
    auto equals = pair.find('=');
    if (percent_decode(pair.substr(0, equals)) != name) continue;
    return equals == std::string_view::npos ? "" : percent_decode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::string html_escape(std::string_view text) {
  std::string out = replace_all(text, "&", "&amp;");
  out = replace_all(out, "<", "&lt;");
  return replace_all(replace_all(out, ">", "&gt;"), "\"", "&quot;");
}

std::string page(std::string_view title, std::string_view text) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title></head>\n"
      "<body style=\"font-family: sans-serif; margin: 15vh auto; max-width: 36em\">\n<h1>{0}</h1>\n<p>{1}</p>\n"
      "</body></html>\n",
      html_escape(title), html_escape(text));
}

io::Headers html() {
  return {{"content-type", "text/html; charset=utf-8"}, {"cache-control", "no-store"}, {"connection", "close"}};
}
io::Headers plain() { return {{"content-type", "text/plain; charset=utf-8"}, {"connection", "close"}}; }

/// What an `error` of the issuer means to the user.
Fail refusal(std::string_view error, std::optional<std::string> description) {
  if (contains(description.value_or(""), "missing_codex_entitlement")) {
    return fail(Kind::denied, "the workspace does not allow Codex", "ask its administrator for access");
  }
  return fail(Kind::denied, fmt::format("the issuer refused: {}", description.value_or(std::string(error))));
}

/// Asks the login that listens on the port to end. Whoever else listens there answers whatever it likes.
io::Task<> ask_for_room(io::World& world, std::uint16_t port) {
  io::HttpRequest request;
  request.url = fmt::format("http://127.0.0.1:{}/cancel", port);
  request.use_proxy = false;
  (void)co_await io::with_deadline(makes_room_limit, request.url, world.http.send(request));
}

io::Task<Result<std::unique_ptr<io::HttpServer>>> listen(io::World& world, io::HttpServer::Handler handler,
                                                         std::vector<std::uint16_t> ports) {
  Error why{.kind = Kind::invalid, .what = "no port to listen on"};
  for (auto port : ports) {
    for (int attempt = 0; attempt < retries; ++attempt) {
      auto server = io::HttpServer::start(world.loop, handler, port);
      if (server) co_return server;
      why = server.error();
      if (why.sys != EADDRINUSE) break;
      if (attempt == 0) co_await ask_for_room(world, port);
      co_await io::sleep(retry_pause);
    }
  }
  co_return wrap(why, "the answer of the browser cannot be received on this machine",
                 "free the port, or use login --device-auth");
}

io::Task<Result<>> wait_for(io::Event* event) {
  co_await event->wait();
  co_return Result<>{};
}

}  // namespace browser_login_detail

using namespace browser_login_detail;

BrowserLogin::BrowserLogin(io::World& world, LoginOptions options, Save save)
    : world_(world),
      options_(std::move(options)),
      save_(std::move(save)),
      verifier_(random_text(world.random, 64)),
      state_(random_text(world.random, 32)) {}

io::Task<Result<std::unique_ptr<BrowserLogin>>> BrowserLogin::start(io::World& world, LoginOptions options, Save save,
                                                                    std::vector<std::uint16_t> ports) {
  std::unique_ptr<BrowserLogin> login(new BrowserLogin(world, std::move(options), std::move(save)));
  auto* l = login.get();
  CO_TRY(l->server_,
         co_await listen(world, [l](io::ServerExchange& exchange) { return l->answer(exchange); }, std::move(ports)));
  const auto& o = l->options_;
  l->redirect_uri_ = fmt::format("http://localhost:{}/auth/callback", l->port());
  auto digest = sha256(l->verifier_);
  const std::string challenge = base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
  std::vector<std::pair<std::string_view, std::string_view>> query = {
      {"response_type", "code"},
      {"client_id", o.client_id},
      {"redirect_uri", l->redirect_uri_},
      {"scope", scope},
      {"code_challenge", challenge},
      {"code_challenge_method", "S256"},
      {"id_token_add_organizations", "true"},
      {"codex_cli_simplified_flow", "true"},
      {"state", l->state_},
      {"originator", o.identity.originator},
  };
  if (o.workspace) query.emplace_back("allowed_workspace_id", *o.workspace);
  l->url_ = fmt::format("{}?{}", issuer_url(o, "oauth/authorize"), form(query));
  co_return login;
}

void BrowserLogin::end(Result<> result) {
  if (result_) return;
  result_ = std::move(result);
  ended_.set();
}

void BrowserLogin::cancel() {
  end(fail(Kind::denied, "Login cancelled"));
  page_shown_.set();
}

io::Task<> BrowserLogin::answer(io::ServerExchange& exchange) {
  const std::string& path = exchange.request().path;
  if (path == "/auth/callback") {
    co_await callback(exchange);
  } else if (path == "/success") {
    (void)co_await exchange.respond(
        200, html(), page("You are signed in", "You can close this window and go back to the terminal."));
    if (result_) page_shown_.set();
  } else if (path == "/cancel") {
    (void)co_await exchange.respond(200, plain(), "Login cancelled");
    cancel();
  } else {
    (void)co_await exchange.respond(404, plain(), "Not found");
  }
}

io::Task<> BrowserLogin::callback(io::ServerExchange& exchange) {
  const std::string query = exchange.request().query;
  if (parameter(query, "state") != state_) {
    (void)co_await exchange.respond(400, plain(), "State mismatch");  // not from our login: it goes on
    co_return;
  }
  Result<> done;
  auto code = parameter(query, "code");
  if (auto error = parameter(query, "error")) {
    done = refusal(*error, parameter(query, "error_description"));
  } else if (!code || code->empty()) {
    done = fail(Kind::invalid, "the issuer sent no authorization code");
  } else if (code_taken_) {
    if (!result_) {
      (void)co_await exchange.respond(409, plain(), "This login is already being finished");
      co_return;
    }
    done = *result_;  // the page was loaded again
  } else {
    code_taken_ = true;
    done = co_await finish(*code);
  }
  if (done) {
    end({});
    io::Headers headers = plain();
    headers.emplace_back("location", fmt::format("http://localhost:{}/success", port()));
    (void)co_await exchange.respond(302, std::move(headers), "");
    co_return;
  }
  const auto& e = done.error();
  (void)co_await exchange.respond(
      200, html(), page("Signing in has failed", fmt::format("{}{}{}.", e.text(), e.fix.empty() ? "" : "; ", e.fix)));
  page_shown_.set();
  end(std::move(done));
}

io::Task<Result<>> BrowserLogin::finish(std::string code) {
  CO_TRY(auto tokens, co_await exchange_code(world_, options_, std::move(code), verifier_, redirect_uri_));
  auto api_key = co_await exchange_for_api_key(world_, options_, tokens.id_token);
  auto saved = co_await save_(LoginTokens{std::move(tokens), std::move(api_key)});
  if (!saved) co_return wrap(saved.error(), "signed in, but the login could not be stored");
  co_return Result<>{};
}

io::Task<Result<>> BrowserLogin::wait() {
  std::optional<io::Cancelled> cancelled;
  try {
    auto in_time = co_await io::with_deadline(login_limit, "login", wait_for(&ended_));
    if (in_time) {
      (void)co_await io::with_deadline(page_limit, "last page", wait_for(&page_shown_));
    } else {
      end(fail(Kind::timeout, "Login timed out"));
    }
  } catch (const io::Cancelled& c) {
    cancelled = c;
  }
  co_await io::shielded(stop_limit, server_->stop());
  if (cancelled) throw *cancelled;
  co_return *result_;
}

}  // namespace burin::model

// Signing in with the browser: the test is the browser and speaks to the real listener; the issuer is scripted.
#include "model/browser_login.h"

#include <gtest/gtest.h>

#include "io/fake_files.h"
#include "io/fake_http.h"
#include "io/fake_process.h"
#include "model/auth_samples.h"

namespace burin::model {

using namespace std::chrono_literals;

struct BrowserLoginTest : ::testing::Test {
  io::Loop loop;  // real time: the listener is real
  io::Pool pool{1};
  io::FixedClock clock;
  io::SeededRandom random{7};
  io::MemFiles files;
  io::ScriptedProcesses processes;
  io::ScriptedHttp issuer;
  io::Environment env;
  io::World world{loop, pool, clock, random, files, processes, issuer, env};
  std::unique_ptr<io::Http> browser = io::make_real_http(loop, pool, env);
  LoginOptions options{.issuer = "http://issuer", .identity = {.originator = "o", .user_agent = "ua", .version = "1"}};
  std::vector<LoginTokens> saved;
  Result<> save_result;
  std::vector<std::string> pages;  // "STATUS body-or-location"
  std::string url;

  void tokens() {
    issuer.queue(io::ScriptedResponse::text(
        200, fmt::format(R"({{"id_token":"{}","access_token":"A","refresh_token":"R"}})", sample_id_token("acc"))));
  }
  void answer(int status, std::string body) { issuer.queue(io::ScriptedResponse::text(status, std::move(body))); }

  static io::Task<> visit(BrowserLoginTest* t, std::uint16_t port, std::string path) {
    io::HttpRequest request;
    request.url = fmt::format("http://127.0.0.1:{}{}", port, path);
    auto response = co_await t->browser->send(request);
    if (!response) {
      t->pages.push_back("error: " + response.error().text());
      co_return;
    }
    auto body = co_await io::read_body(**response);
    t->pages.push_back(
        fmt::format("{} {}{}", (*response)->status(), (*response)->header("location").value_or(""), body ? *body : ""));
  }
  static io::Task<> browse(BrowserLoginTest* t, BrowserLogin* login, std::vector<std::string> paths) {
    auto state = login->url().substr(login->url().find("&state=") + 7);
    state = state.substr(0, state.find('&'));
    for (const auto& path : paths) co_await visit(t, login->port(), replace_all(path, "$STATE", state));
  }
  /// Every path must have been visited when the login ends.
  static io::Task<Result<>> run(BrowserLoginTest* t, std::vector<std::string> paths) {
    auto save = [t](LoginTokens tokens) -> io::Task<Result<>> {
      return [](BrowserLoginTest* test, LoginTokens got) -> io::Task<Result<>> {
        test->saved.push_back(std::move(got));
        co_return test->save_result;
      }(t, std::move(tokens));
    };
    CO_TRY(auto login, co_await BrowserLogin::start(t->world, t->options, save, {0}));
    t->url = login->url();
    io::Scope scope(co_await io::Here{});
    scope.spawn(browse(t, login.get(), std::move(paths)));
    auto done = co_await io::with_deadline(20s, "login", login->wait());
    co_await scope.join();
    co_return done;
  }
  std::string login(std::vector<std::string> paths) {
    auto done = io::run_task(loop, run(this, std::move(paths)));
    return done ? "ok" : done.error().text();
  }
};

TEST_F(BrowserLoginTest, FromTheBrowserToTheStore) {
  tokens();
  answer(200, R"({"access_token":"sk-exchanged"})");
  options.workspace = "acc";
  EXPECT_EQ(login({"/favicon.ico", "/auth/callback?code=x&state=wrong", "/auth/callback?code=the%2Bcode&state=$STATE",
                   "/success"}),
            "ok");
  ASSERT_EQ(pages.size(), 4u);
  EXPECT_TRUE(pages[0].starts_with("404 ")) << pages[0];
  EXPECT_EQ(pages[1], "400 State mismatch");
  EXPECT_TRUE(pages[2].starts_with("302 http://localhost:") && pages[2].ends_with("/success")) << "no token in it";
  EXPECT_TRUE(contains(pages[3], "You are signed in"));
  ASSERT_EQ(saved.size(), 1u);
  EXPECT_EQ(saved[0].tokens.access_token + saved[0].tokens.refresh_token + *saved[0].tokens.account_id, "ARacc");
  EXPECT_EQ(saved[0].api_key, "sk-exchanged");

  auto query = [&](std::string_view name) {
    auto at = url.find(fmt::format("{}=", name));
    auto value = url.substr(at + name.size() + 1);
    return percent_decode(value.substr(0, value.find('&')));
  };
  EXPECT_TRUE(
      url.starts_with("http://issuer/oauth/authorize?response_type=code&client_id=app_EMoamEEZ73f0CkXaXp7hrann"
                      "&redirect_uri=http%3A%2F%2Flocalhost%3A"))
      << url;
  EXPECT_TRUE(url.ends_with("&originator=o&allowed_workspace_id=acc"));
  EXPECT_EQ(query("code_challenge_method"), "S256");
  const auto& exchange = issuer.requests()[0].body;
  EXPECT_TRUE(
      exchange.starts_with("grant_type=authorization_code&code=the%2Bcode&redirect_uri=http%3A%2F%2Flocalhost"));
  auto verifier = exchange.substr(exchange.find("code_verifier=") + 14);
  auto digest = sha256(verifier);
  EXPECT_EQ(query("code_challenge"), base64url(std::string(digest.begin(), digest.end())));
  EXPECT_EQ(verifier.size(), 86u);
  EXPECT_TRUE(contains(issuer.requests()[1].body, "requested_token=openai-api-key&subject_token=" + sample_id_token()));
}

TEST_F(BrowserLoginTest, AnAccountWithoutKeyIsFine) {
  tokens();
  answer(400, R"({"error":"no organization"})");
  EXPECT_EQ(login({"/auth/callback?code=c&state=$STATE", "/success"}), "ok");
  EXPECT_EQ(saved.at(0).api_key, std::nullopt);
}

TEST_F(BrowserLoginTest, RefusalsAreShownOnThePageAndEndTheLogin) {
  struct Row {
    std::string query;
    int status;  // of the token exchange; 0: there must be none
    std::string body;
    std::string_view why;
  };
  for (const Row& row :
       {Row{"error=access_denied&error_description=<b>no</b>", 0, "", "the issuer refused: <b>no</b>"},
        Row{"error=access_denied", 0, "", "the issuer refused: access_denied"},
        Row{"error=access_denied&error_description=missing_codex_entitlement", 0, "", "does not allow Codex"},
        Row{"", 0, "", "sent no authorization code"},
        Row{"code=c", 401, R"({"error":{"message":"bad code"}})", "status 401 Unauthorized: bad code"},
        Row{"code=c", 200, "{}", "holds no tokens"},
        Row{"code=c", 200, R"({"id_token":"e30.e30.s","access_token":"A","refresh_token":"R"})", "restricted to"}}) {
    options.workspace = "acc";
    pages.clear();
    if (row.status != 0) answer(row.status, row.body);
    auto done = login({"/auth/callback?state=$STATE&" + row.query});
    EXPECT_TRUE(contains(done, row.why)) << done;
    EXPECT_TRUE(contains(pages.at(0), "200 <!DOCTYPE html>")) << pages.at(0);
    EXPECT_FALSE(contains(pages.at(0), "<b>")) << "nothing of the query becomes markup";
  }
  EXPECT_TRUE(saved.empty() && issuer.problems().empty() && issuer.queued() == 0);
}

TEST_F(BrowserLoginTest, ALoginThatCannotBeStored) {
  tokens();
  answer(400, "");
  save_result = fail(Kind::denied, "disk full");
  EXPECT_EQ(login({"/auth/callback?code=c&state=$STATE"}), "signed in, but the login could not be stored: disk full");
  EXPECT_TRUE(contains(pages.at(0), "disk full"));
}

TEST_F(BrowserLoginTest, CancelledFromOutside) {
  EXPECT_EQ(login({"/cancel"}), "Login cancelled");
  EXPECT_EQ(pages.at(0), "200 Login cancelled");
}

TEST_F(BrowserLoginTest, NobodyComes) {
  loop.use_virtual_time();
  EXPECT_EQ(io::run_task(loop,
                         [](BrowserLoginTest* t) -> io::Task<std::string> {
                           auto login = co_await BrowserLogin::start(t->world, t->options, nullptr, {0});
                           auto done = co_await (*login)->wait();
                           co_return done ? "ok" : done.error().text();
                         }(this)),
            "Login timed out");
}

TEST_F(BrowserLoginTest, ATakenPort) {
  loop.use_virtual_time();
  auto other = io::HttpServer::start(loop, [](io::ServerExchange& x) -> io::Task<> {
    return [](io::ServerExchange* e) -> io::Task<> { (void)co_await e->respond(200, {}, ""); }(&x);
  });
  ASSERT_TRUE(other);
  const auto taken = (*other)->port();
  issuer.respond = [](const io::HttpRequest&) { return io::ScriptedResponse::text(200, ""); };
  auto start = [](BrowserLoginTest* t, std::vector<std::uint16_t> ports) -> io::Task<std::string> {
    auto login = co_await BrowserLogin::start(t->world, t->options, nullptr, std::move(ports));
    if (!login) co_return login.error().text();
    auto port = (*login)->port();
    (*login)->cancel();
    (void)co_await io::with_deadline(20s, "end", (*login)->wait());
    co_return fmt::format("port {}", port);
  };
  EXPECT_TRUE(contains(io::run_task(loop, start(this, {taken})), "cannot be received"));
  EXPECT_EQ(issuer.requests().at(0).url, fmt::format("http://127.0.0.1:{}/cancel", taken));
  auto second = io::run_task(loop, start(this, {taken, 0}));
  EXPECT_TRUE(second.starts_with("port ") && second != fmt::format("port {}", taken)) << second;
  io::run_task(loop, (*other)->stop());
}

}  // namespace burin::model

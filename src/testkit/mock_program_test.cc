// The program, run in this process: command line, announcement, log, control endpoints, exit status.
#include "testkit/mock_program.h"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "testkit/client_fixture.h"
#include "testkit/event_builders.h"
#include "testkit/program_options.h"

namespace burin::testkit {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct ProgramTest : ClientFixture {
  std::unique_ptr<io::Processes> processes = io::make_real_processes(loop);
  io::World world{loop, pool, io::real_clock(), io::real_random(), io::real_files(), *processes, *http, env};
  std::string dir = *io::real_files().make_temp_dir("/tmp/mock-program-");
  std::string out, err;  // of the last run
  static constexpr const char* two_turns = R"({"responses":[
      [{"type":"response.created","response":{"id":"r1"}},
       {"type":"response.output_item.done","item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}},
       {"type":"response.completed","response":{"id":"r1"}}],
      [{"type":"response.completed","response":{"id":"r2"}}]]})";

  ~ProgramTest() override { (void)io::real_files().remove_tree(dir); }

  using Client = io::Task<Result<>> (*)(ProgramTest*, std::string url);
  struct Run {
    int status = -1;
    Result<> client;
    bool over = false;
  };

  /// Polls for the ready file, whose line gives the address.
  static io::Task<Result<std::string>> address(ProgramTest* t, Run* run) {
    while (!run->over) {
      if (auto line = t->world.files.read(t->dir + "/ready")) {
        co_return replace_all(replace_all(*line, "listening ", ""), "\n", "");
      }
      co_await io::sleep(io::milliseconds(1));
    }
    co_return fail(Kind::unavailable, "the program ended before it was ready");
  }
  static io::Task<> drive(ProgramTest* t, Client client, Run* run) {
    auto url = co_await address(t, run);
    if (!url) {
      run->client = tl::unexpected(url.error());
    } else {
      run->client = co_await client(t, *url);
    }
  }
  static io::Task<> serve(ProgramTest* t, std::vector<std::string> args, Run* run) {
    run->status = co_await mock_server_main(t->world, std::move(args));
    run->over = true;
  }
  static io::Task<Result<>> both(ProgramTest* t, std::vector<std::string> args, Client client, Run* run) {
    io::Scope scope(co_await io::Here{});
    scope.spawn(serve(t, std::move(args), run));
    if (client != nullptr) scope.spawn(drive(t, client, run));
    co_await scope.join();
    co_return Result<>();
  }

  /// Runs the program with this script, beside a client.
  Run start(const std::string& script, std::vector<std::string> args, Client client) {
    EXPECT_TRUE(world.files.write(dir + "/script.json", script));
    args.insert(args.begin(), dir + "/script.json");
    args.insert(args.end(), {"--ready-file", dir + "/ready", "--log", dir + "/log"});
    Run result;
    start_plain(std::move(args), client, &result);
    return result;
  }
  void start_plain(std::vector<std::string> args, Client client, Run* result) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    auto ended = run(both(this, std::move(args), client, result));
    out = ::testing::internal::GetCapturedStdout();
    err = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(ended) << ended.error().text();
    EXPECT_TRUE(result->client) << result->client.error().text();
  }

  std::vector<json::value> log() {
    std::vector<json::value> lines_out;
    std::string text = world.files.read(dir + "/log").value_or("");
    for (auto line : lines(text)) lines_out.push_back(*parse_json(line));
    return lines_out;
  }
  std::vector<std::string> log_kinds() {
    std::vector<std::string> kinds;
    for (const auto& line : log()) kinds.emplace_back(find_string(line, "kind").value_or("?"));
    return kinds;
  }

  static io::Task<Result<Reply>> call(ProgramTest* t, std::string method, std::string url, std::string body = {}) {
    return exchange(t->http.get(), {std::move(method), std::move(url), {}, std::move(body), {}, true});
  }
  static std::string control_url(const std::string& url) { return replace_all(url, "/v1", "/__mock/"); }
  static io::Task<Result<>> two_turn_client(ProgramTest* t, std::string url) {
    CO_TRY(auto first, co_await call(t, "POST", url + "/responses", R"({"input":[]})"));
    if (!contains(first.body, "function_call")) co_return fail(Kind::internal, "no call: " + first.body);
    CO_TRY(auto second, co_await call(t, "POST", url + "/responses?q=1", R"({"input":[
        {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"c1","output":"o"}]})"));
    if (!contains(second.body, "r2")) co_return fail(Kind::internal, "no message: " + second.body);
    co_return Result<>();
  }
};

TEST_F(ProgramTest, RoundTripThroughTheLog) {
  auto result = start(two_turns, {"--exit-after", "2", "--strict"}, two_turn_client);
  EXPECT_EQ(result.status, 0) << err;
  EXPECT_THAT(out, ::testing::MatchesRegex("listening http://127.0.0.1:[0-9]+/v1\n"));
  EXPECT_EQ(*world.files.read(dir + "/ready"), out);
  EXPECT_THAT(log_kinds(), ElementsAre("http", "response-done", "http", "response-done"));
  auto first = log()[0];
  EXPECT_GT(find_int(first, "t"), 1'700'000'000'000);
  EXPECT_EQ(find_int(first, "seq"), 1);
  EXPECT_EQ(find_string(first, "method"), "POST");
  EXPECT_EQ(find_string(first, "path"), "/v1/responses");
  EXPECT_EQ(find_string(first, "query"), "");
  EXPECT_EQ(dump(*find(first, "body")), R"({"input":[]})");
  EXPECT_EQ(dump(*find(first, "encoding")), "null");
  ASSERT_NE(find_array(first, "headers"), nullptr);
  EXPECT_THAT(dump(find_array(first, "headers")->at(0)), ::testing::StartsWith("[\""));
  EXPECT_EQ(find_int(log()[1], "seq"), 1);
  EXPECT_EQ(find_bool(log()[1], "client_left"), false);
  EXPECT_EQ(find_string(log()[2], "query"), "q=1");
}

TEST_F(ProgramTest, ProblemsDecideTheStatus) {
  auto surplus = [](ProgramTest* t, std::string url) -> io::Task<Result<>> {
    for (int i = 0; i < 3; ++i) CO_CHECK(co_await call(t, "POST", url + "/responses", R"({"input":[]})"));
    co_return Result<>();
  };
  auto result = start(two_turns, {"--exit-after", "3"}, surplus);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(err, HasSubstr("surplus: request 3 (POST /v1/responses)"));
  EXPECT_THAT(log_kinds(),
              ElementsAre("http", "response-done", "http", "response-done", "http", "problem", "response-done"));
  EXPECT_EQ(start(two_turns, {"--exit-after", "3", "--repeat-last"}, surplus).status, 0) << err;
}

TEST_F(ProgramTest, StrictCountsUnmatchedAndUnused) {
  auto stray = [](ProgramTest* t, std::string url) -> io::Task<Result<>> {
    CO_CHECK(co_await call(t, "GET", url + "/nowhere"));
    co_return (co_await call(t, "POST", url + "/responses", R"({"input":[]})")).map([](const Reply&) {});
  };
  EXPECT_EQ(start(two_turns, {"--exit-after", "1"}, stray).status, 0) << err;
  EXPECT_EQ(start(two_turns, {"--exit-after", "1", "--strict"}, stray).status, 1);
  EXPECT_THAT(err, HasSubstr("unmatched: request 1 (GET /v1/nowhere)"));
  EXPECT_THAT(err, HasSubstr("unused: POST /responses: 1 of 2"));
}

TEST_F(ProgramTest, RemovesTheReadyFileOfAnEarlierRun) {
  ASSERT_TRUE(world.files.write(dir + "/ready", "listening http://127.0.0.1:1/v1\n"));
  ASSERT_TRUE(world.files.write(dir + "/bad.json", "3"));
  Run result;
  start_plain({dir + "/bad.json", "--ready-file", dir + "/ready"}, nullptr, &result);
  EXPECT_TRUE(world.files.exists(dir + "/ready")) << "nothing was started, nothing is touched";
  EXPECT_EQ(start(two_turns, {"--exit-after", "2"}, two_turn_client).status, 0) << err;
  EXPECT_EQ(*world.files.read(dir + "/ready"), out);
}

TEST_F(ProgramTest, TimeoutEnds) {
  EXPECT_EQ(start(two_turns, {"--timeout", "0.01"}, nullptr).status, 0) << err;
  EXPECT_EQ(start(two_turns, {"--timeout", "0.01", "--exit-after=1"}, nullptr).status, 1);
  EXPECT_THAT(err, HasSubstr("--timeout passed after 0 of 1 answers"));
}

TEST_F(ProgramTest, SignalsEnd) {
  auto signal = [](ProgramTest*, std::string) -> io::Task<Result<>> {
    ::kill(::getpid(), SIGTERM);
    co_return Result<>();
  };
  EXPECT_EQ(start(two_turns, {}, signal).status, 0) << err;
}

TEST_F(ProgramTest, ControlEndpoints) {
  auto client = [](ProgramTest* t, std::string url) -> io::Task<Result<>> {
    std::string control = control_url(url);
    std::string log;
    CO_CHECK(co_await call(t, "POST", url + "/responses", R"({"input":[]})"));
    for (const auto& [method, path, body] : std::vector<std::tuple<std::string, std::string, std::string>>{
             {"GET", "requests", ""},
             {"GET", "problems", ""},
             {"GET", "wait?kind=http&count=1&timeout_ms=2000", ""},
             {"GET", "wait?kind=response-done&count=9&timeout_ms=1", ""},
             {"GET", "wait?kind=x", ""},
             {"GET", "wait?count=x", ""},
             {"GET", "wait?timeout_ms=99999999", ""},
             {"POST", "script", "[3]"},
             {"POST", "script", R"({"stubs":[{"path":"/new","response":{"text":"added"}}]})"},
             {"POST", "nothing", ""},
             {"POST", "reset", ""},
             {"GET", "requests", ""}}) {
      CO_TRY(auto reply, co_await call(t, method, control + path, body));
      log += fmt::format("{} {}", reply.status, reply.body);
      if (path == "script" && reply.status == 200) {
        CO_TRY(auto added, co_await call(t, "GET", url + "/new"));
        log += added.body + "\n";
      }
    }
    CO_CHECK(co_await call(t, "POST", control + "shutdown"));
    CO_CHECK(t->world.files.write(t->dir + "/answers", log));
    co_return Result<>();
  };
  auto result = start(R"([[{"type":"response.completed","response":{"id":"r"}}]])", {}, client);
  EXPECT_EQ(result.status, 0) << err;
  std::string all = *world.files.read(dir + "/answers");
  auto answers = lines(all);
  ASSERT_THAT(answers, SizeIs(13));
  EXPECT_THAT(std::string(answers[0]),
              ::testing::StartsWith(R"(200 [{"seq":1,"method":"POST","path":"/v1/responses")"));
  EXPECT_EQ(answers[1], "200 []");
  EXPECT_EQ(answers[2], R"(200 {"reached":true,"count":1})");
  EXPECT_EQ(answers[3], R"(200 {"reached":false,"count":1})");
  EXPECT_EQ(answers[4],
            R"(400 {"error":"kind: \"x\" is not http, response-done, problem, ws-handshake or ws-message"})");
  EXPECT_EQ(answers[5], R"(400 {"error":"count: not a number"})");
  EXPECT_EQ(answers[6], R"(400 {"error":"timeout_ms: not a number up to 600000"})");
  EXPECT_THAT(std::string(answers[7]), HasSubstr("400 {\"error\":\"script: responses[0]: expected"));
  EXPECT_EQ(answers[8], R"(200 {"ok":true})");
  EXPECT_EQ(answers[9], "added");
  EXPECT_THAT(std::string(answers[10]), HasSubstr("404 {\"error\":\"POST nothing is unknown"));
  EXPECT_EQ(answers[11], R"(200 {"ok":true})");
  EXPECT_EQ(answers[12], "200 []");
  // Control requests are no traffic.
  EXPECT_THAT(log_kinds(), ElementsAre("http", "response-done", "http", "response-done"));
}

TEST_F(ProgramTest, GatesOpenFromOutside) {
  auto client = [](ProgramTest* t, std::string url) -> io::Task<Result<>> {
    struct Parts {
      static io::Task<> stream(ProgramTest* test, std::string base, std::string* body) {
        auto reply = co_await call(test, "POST", base + "/responses", R"({"input":[]})");
        if (reply) *body = reply->body;
      }
    };
    std::string body;
    io::Scope scope(co_await io::Here{});
    scope.spawn(Parts::stream(t, url, &body));
    auto waited = co_await call(t, "GET", control_url(url) + "wait?kind=http&count=1");
    auto opened = co_await call(t, "POST", control_url(url) + "gate/go");
    co_await scope.join();
    CO_CHECK(co_await call(t, "POST", control_url(url) + "shutdown"));
    bool fine = waited && opened && body == "data: a\n\ndata: b\n\n";
    co_return fine ? Result<>() : fail(Kind::internal, "body: " + body);
  };
  auto result = start(R"([[{"$raw":"data: a\n\n"},{"$gate":"go"},{"$raw":"data: b\n\n"}]])", {}, client);
  EXPECT_EQ(result.status, 0) << err;
}

TEST_F(ProgramTest, TellsWhyItCannotStart) {
  Run result;
  auto failed_with = [&](std::vector<std::string> args, std::string_view text) {
    start_plain(std::move(args), nullptr, &result);
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(err, HasSubstr(std::string(text)));
    EXPECT_EQ(out, "");
  };
  failed_with({}, "no script was given");
  failed_with({"--prot", "1"}, "unknown option --prot");
  failed_with({"--port"}, "--port needs a value");
  failed_with({"s", "--port", "70000"}, "--port: \"70000\" is not a number from 0 to 65535");
  failed_with({"s", "--strict=1"}, "--strict takes no value");
  failed_with({"a", "--script", "b"}, "two scripts: a and b");
  failed_with({"s", "--timeout", "soon"}, "--timeout: \"soon\"");
  failed_with({"s", "--exit-after", "0"}, "--exit-after");
  failed_with({dir + "/missing.json"}, "missing.json");
  ASSERT_TRUE(world.files.write(dir + "/bad.json", R"([{"statsu":1}])"));
  failed_with({dir + "/bad.json"}, "bad.json: script: responses[0]: unknown key \"statsu\" (known keys: status");
  ASSERT_TRUE(world.files.write(dir + "/good.json", "[]"));
  failed_with({dir + "/good.json", "--log", dir + "/no/log"}, "no/log");
}

TEST_F(ProgramTest, ShowsItsUsage) {
  Run result;
  start_plain({"--help"}, nullptr, &result);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(out, program_usage());
}

}  // namespace burin::testkit

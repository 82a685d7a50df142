// The scripted twins of the network and of processes, on virtual time.
#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>

#include "io/fake_http.h"
#include "io/fake_process.h"
#include "io/loop.h"

namespace burin::io {

struct FakesTest : ::testing::Test {
  FakesTest() { loop.use_virtual_time(); }
  template <class T>
  T run(Task<T> task) {
    return run_task(loop, std::move(task));
  }
  SpawnSpec command(std::vector<std::string> argv) {
    SpawnSpec s;
    s.argv = std::move(argv);
    s.input = SpawnSpec::Input::pipe;
    return s;
  }
  Loop loop;
  ScriptedHttp http;
  ScriptedProcesses processes;
};

TEST_F(FakesTest, HttpPlaysPiecesInTime) {
  ScriptedResponse r;
  r.status = 201;
  r.headers = {{"X-One", "1"}};
  r.head_delay = seconds(5);
  r.body = {{"a", {}}, {"", {}}, {"b", seconds(60)}};
  http.queue(r);
  Time start = loop.now();
  auto response = run(http.send({.method = "POST", .url = "http://h/x", .body = "in"}));
  ASSERT_TRUE(response);
  EXPECT_EQ(loop.now() - start, seconds(5));
  EXPECT_EQ((*response)->status(), 201);
  EXPECT_EQ((*response)->header("x-one"), "1");
  EXPECT_EQ(*run((*response)->read()), "a");
  EXPECT_EQ(*run((*response)->read()), "b");
  EXPECT_EQ(loop.now() - start, seconds(65));
  EXPECT_EQ(*run((*response)->read()), "");
  EXPECT_EQ(http.open(), 1u);
  response->reset();
  EXPECT_EQ(http.open(), 0u);
  EXPECT_EQ(http.aborted(), 0u);
  ASSERT_EQ(http.requests().size(), 1u);
  EXPECT_EQ(http.requests()[0].body, "in");
}

TEST_F(FakesTest, HttpCutsRefusesAndFallsSilent) {
  ScriptedResponse cut = ScriptedResponse::text(200, "abc");
  cut.end = ScriptedResponse::End::cut;
  http.queue(cut);
  auto response = run(http.send({.url = "http://h/"}));
  EXPECT_EQ(*run((*response)->read()), "abc");
  auto error = run((*response)->read());
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().what, "error decoding response body");

  http.queue(ScriptedResponse::refusal());
  auto refused = run(http.send({.url = "http://h/"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "error sending request for url (http://h/): connection refused");

  ScriptedResponse silent = ScriptedResponse::text(200, "x");
  silent.end = ScriptedResponse::End::silence;
  http.queue(silent);
  response = run(http.send({.url = "http://h/"}));
  EXPECT_EQ(*run((*response)->read()), "x");
  auto late = run(with_deadline(seconds(300), "idle", (*response)->read()));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::timeout);
  response->reset();
  EXPECT_EQ(http.aborted(), 1u);
}

TEST_F(FakesTest, HttpReportsWhatNobodyScripted) {
  http.respond = [](const HttpRequest& r) -> std::optional<ScriptedResponse> {
    if (r.url == "http://h/known") return ScriptedResponse::text(200, "yes");
    return std::nullopt;
  };
  auto known = run(http.send({.url = "http://h/known"}));
  EXPECT_EQ(*run(read_body(**known)), "yes");
  EXPECT_FALSE(run(http.send({.url = "http://h/other"})));
  EXPECT_EQ(http.problems(), std::vector<std::string>{"GET http://h/other"});
}

TEST_F(FakesTest, ReadBodyHasALimit) {
  http.queue(ScriptedResponse::text(200, "12345"));
  auto response = run(http.send({.url = "http://h/"}));
  auto body = run(read_body(**response, 4));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, Kind::invalid);
}

TEST_F(FakesTest, CommandPlaysItsScript) {
  CommandScript s;
  s.steps = {{Stream::out, "one", {}}, {Stream::err, "two", seconds(3)}, {Stream::out, std::string(20'000, 'x'), {}}};
  s.end_delay = seconds(7);
  s.exit = ExitStatus{4, 0};
  processes.expect({"make", "all"}, s);
  Time start = loop.now();
  auto child = run(processes.spawn(command({"make", "all"})));
  ASSERT_TRUE(child);
  EXPECT_EQ(*run((*child)->read(Stream::out)), "one");
  EXPECT_EQ((*child)->status(), std::nullopt);
  EXPECT_EQ(*run((*child)->read(Stream::err)), "two");
  EXPECT_EQ(loop.now() - start, seconds(3));
  EXPECT_EQ(run((*child)->wait())->code, 4);
  EXPECT_EQ(loop.now() - start, seconds(10));
  std::size_t total = 0;
  for (std::string piece = "x"; !piece.empty();) {
    piece = *run((*child)->read(Stream::out));
    EXPECT_LE(piece.size(), 8192u);
    total += piece.size();
  }
  EXPECT_EQ(total, 20'000u);
  EXPECT_EQ(*run((*child)->read(Stream::err)), "");
  EXPECT_EQ(processes.unused(), 0u);
  child->reset();
  EXPECT_FALSE(processes.child(0).killed);
  EXPECT_TRUE(processes.child(0).destroyed);
}

TEST_F(FakesTest, HangingCommandIsKilled) {
  processes.otherwise(CommandScript::hang());
  auto r = run(run_command(processes, command({"sleep"}), seconds(9)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().kind, Kind::timeout);
  EXPECT_TRUE(processes.child(0).killed);
  EXPECT_TRUE(processes.child(0).input_closed);
}

TEST_F(FakesTest, HeldOutputIsAbandonedAfterTheDrain) {
  CommandScript s = CommandScript::output("x");
  s.holds_output = true;
  processes.otherwise(s);
  Time start = loop.now();
  auto r = run(run_command(processes, command({"daemon"}), seconds(60)));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->out, "x");
  EXPECT_EQ(loop.now() - start, seconds(2));
}

TEST_F(FakesTest, DialogueSignalsAndRefusal) {
  CommandScript s = CommandScript::hang();
  s.on_input = [](ScriptedChild& c, std::string_view text) {
    c.say(Stream::out, "got " + std::string(text));
    if (text == "quit") c.end({3, 0});
  };
  processes.expect([](const SpawnSpec& spec) { return spec.argv[0] == "repl"; }, s);
  auto child = run(processes.spawn(command({"repl"})));
  ASSERT_TRUE(run((*child)->write("hi")));
  EXPECT_EQ(*run((*child)->read(Stream::out)), "got hi");
  (*child)->signal(SIGINT);
  ASSERT_TRUE(run((*child)->write("quit")));
  EXPECT_EQ(run((*child)->wait())->code, 3);
  EXPECT_EQ(run((*child)->write("late")).error().sys, EPIPE);
  EXPECT_EQ(processes.child(0).input, "hiquit");
  EXPECT_EQ(processes.child(0).signals, std::vector<int>{SIGINT});

  processes.expect({"secret"}, CommandScript::refusal(Kind::denied, "no"));
  EXPECT_EQ(run(processes.spawn(command({"secret"}))).error().kind, Kind::denied);
  EXPECT_EQ(run(processes.spawn(command({"un", "known one"}))).error().sys, ENOENT);
  EXPECT_EQ(processes.problems(), std::vector<std::string>{"un 'known one'"});
}

TEST_F(FakesTest, TerminalMergesTheStreams) {
  CommandScript s = CommandScript::hang();
  s.steps = {{Stream::err, "prompt", {}}};
  processes.otherwise(s);
  SpawnSpec spec = command({"sh"});
  spec.tty = SpawnSpec::Tty{};
  auto child = run(processes.spawn(spec));
  EXPECT_EQ(*run((*child)->read(Stream::out)), "prompt");
  EXPECT_EQ(*run((*child)->read(Stream::err)), "");
}

}  // namespace burin::io

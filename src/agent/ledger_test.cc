// The ledger by itself: verdicts on prefixes, what a line holds, files that are long, broken or cannot be written.
#include "agent/ledger.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "context/history.h"
#include "testing/fake_world.h"

namespace burin::agent {

struct LedgerTest : ::testing::Test, testing::FakeWorld {
  const std::string path = ledger_path("/home", "id");
  std::optional<Ledger> ledger;
  context::History history;
  model::TurnSettings settings;
  std::string instructions = "be good", tools = "[1]", extra;
  std::optional<json::value> schema;
  wire::TokenUsage usage{100, 40, 20, 5, 120};

  void SetUp() override {
    settings.model.slug = "gpt-5.1-codex";
    start(false);
  }
  void start(bool resumed) {
    ledger.emplace(world);
    ledger->keep(path, resumed);
  }
  void say(std::string_view role, std::string text) {
    history.record(wire::make_message(std::string(role), std::move(text)), {});
  }
  Ledger::Request sent(RequestKind kind) {
    auto request = ledger->begin(kind, "t", settings);
    auto view = history.view({});
    model::Prompt prompt;
    prompt.instructions = instructions;
    prompt.input = view.input;
    prompt.tools = tools;
    if (!extra.empty()) prompt.input.emplace_back(extra);
    if (schema) prompt.output_schema = &*schema;
    io::run_task(loop, request.sent(view.digests, prompt));
    return request;
  }
  /// Sends what is in the history; the line that this leaves.
  LedgerLine send(RequestKind kind = RequestKind::turn) {
    auto request = sent(kind);
    request.saw(wire::ServerModel{"gpt-5.1-codex"});
    request.saw(wire::Completed{"r", usage});
    return last();
  }
  LedgerLine summarise(std::string text) {
    tools = "[]";
    extra = wire::dump_item(wire::make_message("user", std::move(text)));
    auto line = send(RequestKind::compact);
    tools = "[1]";
    extra.clear();
    return line;
  }
  LedgerFile file() {
    auto read = read_ledger(files, path);
    EXPECT_TRUE(read) << read.error().text();
    return read ? *read : LedgerFile();
  }
  LedgerLine last() {
    auto all = file().lines;
    return all.empty() ? LedgerLine() : all.back();
  }
};

bool ok(const LedgerLine& line) { return line.sent && line.sent->base && !line.sent->broken; }
PrefixBreak broken(const LedgerLine& line) {
  return line.sent && line.sent->broken ? *line.sent->broken : PrefixBreak{.why = "it is not broken"};
}

TEST_F(LedgerTest, ALineHoldsTokensModelsAndWhatWasSent) {
  settings.effort = wire::ReasoningEffort::high;
  settings.model.supported_reasoning_levels = {{.effort = wire::ReasoningEffort::high}};
  say("user", "hi");
  auto request = sent(RequestKind::turn);
  EXPECT_FALSE(memory.exists(path)) << "a line is written when its request has ended";
  request.saw(wire::ServerModel{"gpt-4"});
  request.saw(wire::Completed{"r", usage});
  auto line = last();
  EXPECT_EQ(line.n, 1u);
  EXPECT_EQ(line.time, "2026-03-02T10:15:10.000Z");
  EXPECT_EQ(line.turn, "t");
  EXPECT_EQ(line.model, "gpt-5.1-codex");
  EXPECT_EQ(line.served, "gpt-4");
  EXPECT_EQ(line.outcome, Outcome::completed);
  EXPECT_EQ(line.usage, usage);
  ASSERT_TRUE(line.sent);
  EXPECT_EQ(line.sent->items, 1u);
  EXPECT_FALSE(line.sent->base) << "the first one continues nothing";
  EXPECT_EQ(line.sent->added, digest_text(history.items()[0].digest));
  EXPECT_EQ(files.stat(path)->mode, 0600u) << "it quotes what was said";
}

TEST_F(LedgerTest, ErrorsAndInterruptionsAreLinesToo) {
  say("user", "hi");
  {
    auto unanswered = ledger->begin(RequestKind::turn, "t", settings);
  }
  EXPECT_EQ(last().outcome, Outcome::interrupted);
  EXPECT_FALSE(last().sent);
  {
    auto cut = sent(RequestKind::turn);
  }
  EXPECT_EQ(last().outcome, Outcome::interrupted);
  EXPECT_TRUE(last().sent);
  auto request = sent(RequestKind::turn);
  request.failed("no luck");
  request.saw(wire::Completed{"r", usage});
  EXPECT_EQ(last().error, "no luck");
  EXPECT_EQ(last().outcome, Outcome::failed);
  EXPECT_EQ(file().lines.size(), 3u) << "one line for each request, whatever comes after its end";
}

TEST_F(LedgerTest, WhatIsAddedAtTheEndKeepsThePrefix) {
  say("user", "one");
  send();
  say("assistant", "two");
  say("user", "three");
  auto line = send();
  EXPECT_TRUE(ok(line));
  EXPECT_EQ(line.sent->same, 1u);
  EXPECT_TRUE(ok(send())) << "an identical request";
  history.drop_last_user_turns(1);
  EXPECT_TRUE(ok(send())) << "a shorter one is cached as a whole";
}

TEST_F(LedgerTest, EachReasonOfABreakIsNamed) {
  using Change = Ledger::Change;
  const std::pair<Change, std::string> rows[] = {{Change::compaction, "compaction"},
                                                 {Change::rollback, "rollback"},
                                                 {Change::image, "image replaced"},
                                                 {Change::trimming, "trimmed to fit"}};
  for (const auto& [change, why] : rows) {
    SetUp();
    history.clear();
    say("developer", "rules");
    say("user", "one");
    send();
    history.drop_last_user_turns(1);
    say("user", "a\nb");
    ledger->changed(change);
    auto b = broken(send());
    EXPECT_EQ(b.item, 1u);
    EXPECT_EQ(b.is, "message user, \"a b\"");
    EXPECT_EQ(b.why, why);
    EXPECT_TRUE(b.before.empty());
    EXPECT_TRUE(ok(send())) << "it is told once";
    history.drop_last_user_turns(1);
    say("user", "c");
    EXPECT_FALSE(broken(send()).why) << "what is not known is not guessed";
  }
}

TEST_F(LedgerTest, WhatStandsBeforeTheItemsBreaksThemAll) {
  using Strings = std::vector<std::string>;
  say("user", "one");
  send();
  settings.model.slug = "gpt-5.2";
  EXPECT_EQ(broken(send()).before, Strings{"model"});
  instructions = "be better";
  EXPECT_EQ(broken(send()).before, Strings{"instructions"});
  tools = "[2]";
  EXPECT_EQ(broken(send()).before, Strings{"tools"});
  schema = json::object{{"type", "object"}};
  auto b = broken(send());
  EXPECT_EQ(b.before, Strings{"schema"});
  EXPECT_FALSE(b.item) << "the items are the same";
  EXPECT_TRUE(ok(send()));
}

TEST_F(LedgerTest, ASummaryIsAskedForAtTheEndOfTheTurns) {
  say("user", "one");
  send();
  say("assistant", "two");
  auto asked = summarise("sum it up");
  EXPECT_EQ(broken(asked).before, std::vector<std::string>{"tools"}) << "it goes without tools";
  EXPECT_FALSE(broken(asked).item);
  EXPECT_EQ(asked.sent->added.size(), 2 * 16u) << "the answer and the question for the summary";
  EXPECT_TRUE(ok(summarise("sum it up"))) << "it continues the attempt before";
  say("user", "three");
  EXPECT_TRUE(ok(send())) << "when nothing came of it, the turn goes on where it was";
  history.replace({wire::make_message("user", "summary")});
  ledger->changed(Ledger::Change::compaction);
  auto b = broken(send());
  EXPECT_EQ(b.item, 0u);
  EXPECT_EQ(b.why, "compaction");
}

TEST_F(LedgerTest, AResumedThreadIsComparedWithWhatTheFileTells) {
  say("user", "one");
  send();
  say("assistant", "two");
  summarise("sum it up");
  send();
  start(true);
  say("user", "three");
  auto line = send();
  EXPECT_TRUE(ok(line));
  EXPECT_EQ(line.sent->same, 2u);
  EXPECT_EQ(line.n, 4u);
  summarise("sum it up");
  start(true);
  EXPECT_TRUE(ok(summarise("sum it up"))) << "the attempts of the process before count too";
  start(true);
  history.replace({wire::make_message("user", "zero")});
  auto b = broken(send());
  EXPECT_EQ(b.item, 0u);
  EXPECT_EQ(b.why, "resume") << "it changed between the processes";
  start(true);
  {
    auto unanswered = ledger->begin(RequestKind::turn, "t", settings);
  }
  EXPECT_EQ(last().n, 8u) << "the numbers go on, whatever is written first";
}

TEST_F(LedgerTest, TheFileIsReadAfterTheRequestWasSent) {
  start(true);
  auto before = files.calls();
  auto request = ledger->begin(RequestKind::turn, "t", settings);
  EXPECT_EQ(files.calls(), before) << "nothing may delay the first byte";
}

TEST_F(LedgerTest, GarbageCostsNoMoreThanItself) {
  say("user", "one");
  send();
  say("user", "two");
  send();
  auto text = *memory.read(path);
  const std::string first = text.substr(0, text.find('\n') + 1), second = text.substr(first.size());
  const std::string number_in_text = R"({"n":"x"})";
  // What is in the file, the lines that can be read after one more request, and whether that one can be judged.
  const std::tuple<std::string, std::size_t, bool> rows[] = {
      {"not json\n" + text + "\xff\xfe{\n\n", 3, true},
      {number_in_text + "\n" + first + second, 3, true},
      {first + second.substr(0, second.size() / 2), 2, true},  // torn: the first line still tells of its request
      {second, 2, false},                                      // what it builds on is lost
      {"", 1, false},
      {std::string(100'000, '['), 1, false},
  };
  for (const auto& [content, lines, judged] : rows) {
    memory.put(path, content);
    start(true);
    EXPECT_EQ(ok(send()), judged) << content;
    EXPECT_EQ(file().lines.size(), lines) << *memory.read(path);
    start(true);
    EXPECT_TRUE(ok(send())) << "from here on everything is known again";
  }
}

// The lines around it fit together, but what they say of the items is no longer true.
TEST_F(LedgerTest, ALineThatIsMissingIsNoticed) {
  say("user", "one");
  send();
  history.replace({wire::make_message("user", "uno")});
  send();
  say("user", "two");
  send();
  auto text = *memory.read(path);
  auto second = text.find('\n') + 1, third = text.find('\n', second) + 1;
  memory.put(path, text.erase(second, third - second));
  start(true);
  auto line = send();
  EXPECT_FALSE(line.sent->base) << "it cannot be judged";
  EXPECT_EQ(line.n, 4u);
}

TEST_F(LedgerTest, DigestsThatAreNoneAreNotBelieved) {
  say("user", "one");
  send();
  auto line = *memory.read(path);
  for (std::string digests : {"xyz", "zzzzzzzzzzzzzzzz", "0123456789abcdef0123456789abcdef"}) {
    auto bad = line;
    auto at = bad.find(R"("added":")") + 9;
    bad.replace(at, 16, digests);
    memory.put(path, bad);
    start(true);
    EXPECT_FALSE(send().sent->base) << digests;
  }
}

TEST_F(LedgerTest, TheFileGrowsWithTheThreadAndNotWithItsSquare) {
  constexpr std::size_t turns = 200;
  say("user", "start");
  send();
  auto one = memory.read(path)->size();
  for (std::size_t i = 1; i < turns; ++i) {
    for (int item = 0; item < 5; ++item) say("assistant", fmt::format("{} {}", i, item));
    EXPECT_TRUE(ok(send())) << i;
  }
  EXPECT_LT(memory.read(path)->size(), turns * (one + 5 * 16 + 40));
  auto requests = last_requests(file().lines);
  auto& last = last_of(requests, RequestKind::turn);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->items, history.view({}).digests) << "and tells everything";
}

TEST_F(LedgerTest, ADiskThatIsFullLosesLinesAndNothingElse) {
  say("user", "one");
  send();
  int failures = 0;
  files.fail_when([&](const io::FaultFiles::Call& call) { return call.name == "append" ? (++failures, 28) : 0; });
  say("user", "two");
  {
    auto lost = sent(RequestKind::turn);
  }
  EXPECT_EQ(failures, 1);
  files.heal();
  files.fail_when({});
  files.short_write(files.calls() + 2, 10, 28);  // the file is opened again first
  say("user", "three");
  {
    auto torn = sent(RequestKind::turn);
  }
  say("user", "four");
  auto line = send();
  EXPECT_TRUE(ok(line)) << "memory knows better than the file";
  EXPECT_EQ(line.n, 4u);
  EXPECT_EQ(file().lines.size(), 2u) << *memory.read(path);
  start(true);
  EXPECT_TRUE(ok(send())) << "the line after those that were lost names all items";
}

TEST_F(LedgerTest, NothingIsKeptWithoutAPlace) {
  ledger.emplace(world);
  say("user", "one");
  auto before = files.calls();
  auto request = sent(RequestKind::turn);
  request.saw(wire::Completed{"r", usage});
  EXPECT_EQ(files.calls(), before);
}

TEST(Brief, SaysWhatAnItemIs) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"type":"function_call_output","call_id":"call_3","output":"Exit code: 1\nWall"})",
       "function_call_output call_3, \"Exit code: 1 Wall\""},
      {R"({"type":"function_call","name":"shell","arguments":"{}","call_id":"c"})", "function_call shell c, \"{}\""},
      {R"({"type":"reasoning","summary":[],"encrypted_content":"x"})", "reasoning"},
      {R"({"type":"message","role":"user","content":[{"type":"input_text","text":")" + std::string(70, 'a') + R"("}]})",
       "message user, \"" + std::string(60, 'a') + "…\""},
      {"no", "unreadable item"},
  };
  for (const auto& [item, text] : rows) EXPECT_EQ(brief(item), text);
}

}  // namespace burin::agent

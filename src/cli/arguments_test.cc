// The command line (cli-config.md 2, 3.1, 4).
#include "cli/arguments.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/completion.h"

namespace burin::cli {

Command parse_words(std::vector<std::string> words) {
  words.insert(words.begin(), "burin");
  std::vector<char*> argv;
  for (auto& w : words) argv.push_back(w.data());
  return parse(static_cast<int>(argv.size()), argv.data());
}

const exec::Options& options(const Command& command) { return std::get<Exec>(command).options; }

TEST(Arguments, Login) {
  using Action = Login::Action;
  const std::pair<std::vector<std::string>, Action> rows[] = {
      {{"login"}, Action::browser},
      {{"login", "--device-auth"}, Action::device_code},
      {{"login", "--with-api-key"}, Action::key_from_stdin},
      {{"login", "--with-api-key", "--device-auth"}, Action::device_code},
      {{"login", "--api-key", "x"}, Action::key_as_argument},
      {{"login", "status"}, Action::status},
      {{"logout"}, Action::logout},
  };
  for (const auto& [words, action] : rows) {
    auto command = parse_words(words);
    ASSERT_TRUE(std::holds_alternative<Login>(command)) << words.back();
    EXPECT_EQ(std::get<Login>(command).action, action) << words.back();
  }
  auto login = std::get<Login>(parse_words(
      {"-c", "a=1", "login", "--experimental_issuer", "http://i", "--experimental_client-id", "me", "-c", "b=2"}));
  EXPECT_EQ(login.issuer + " " + login.client_id, "http://i me");
  ASSERT_EQ(login.config_arguments.size(), 2u);
  EXPECT_EQ(login.config_arguments[0].text + login.config_arguments[1].text, "a=1b=2");
  EXPECT_EQ(std::get<Done>(parse_words({"login", "nope"})).code, 2);
}

TEST(Login, KeysAreMasked) {
  EXPECT_EQ(masked_key("sk-proj-abcdefghij12345"), "sk-proj-***12345");
  EXPECT_EQ(masked_key("12345678901234"), "12345678***01234");
  EXPECT_EQ(masked_key("1234567890123"), "***");
  EXPECT_EQ(masked_key(""), "***");
  EXPECT_EQ(masked_key("日本語日本語日本語日本語日本"), "日本語日本語日本***日本語日本");
}

TEST(Arguments, TheWholeListOfTheSdk) {
  auto command = parse_words({"exec",
                              "--experimental-json",
                              "--config",
                              "a.b=1",
                              "--config",
                              "openai_base_url=\"u\"",
                              "--model",
                              "m",
                              "--thread-source",
                              "s",
                              "--sandbox",
                              "workspace-write",
                              "--cd",
                              "/d",
                              "--add-dir",
                              "/x",
                              "--add-dir",
                              "/y",
                              "--skip-git-repo-check",
                              "--output-schema",
                              "f",
                              "--cyber-access-program",
                              "p",
                              "--config",
                              "approval_policy=\"never\"",
                              "resume",
                              "ID",
                              "--image",
                              "i.png",
                              "--image",
                              "j.png"});
  const auto& o = options(command);
  EXPECT_TRUE(o.json);
  EXPECT_EQ(o.config_arguments.size(), 3u);
  EXPECT_EQ(o.overrides.model, "m");
  EXPECT_EQ(o.overrides.sandbox_mode, config::SandboxMode::workspace_write);
  EXPECT_EQ(o.overrides.add_dirs, (std::vector<std::string>{"/x", "/y"}));
  EXPECT_EQ(o.cd, "/d");
  EXPECT_EQ(o.output_schema, "f");
  EXPECT_EQ(o.resume->session, "ID");
  EXPECT_EQ(o.images, (std::vector<std::string>{"i.png", "j.png"}));
  EXPECT_FALSE(o.prompt);
}

std::string usage_error(std::vector<std::string> words) {
  testing::internal::CaptureStderr();
  auto command = parse_words(std::move(words));
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::get<Done>(command).code, 2) << text;
  return text.substr(0, text.find('\n'));
}

// What users of the reference know from its parser (cli-config.md 2.4).
TEST(Arguments, UsageErrorsNameOptionAndValue) {
  EXPECT_EQ(usage_error({"exec", "--zip", "go"}), "error: unexpected argument '--zip' found");
  EXPECT_EQ(usage_error({"exec", "a", "b"}), "error: unexpected argument 'b' found");
  EXPECT_EQ(usage_error({"exec", "-s", "zip", "go"}), "error: invalid value 'zip' for '--sandbox <SANDBOX_MODE>'");
  EXPECT_EQ(usage_error({"-a", "zip", "exec", "go"}),
            "error: invalid value 'zip' for '--ask-for-approval <APPROVAL_POLICY>'");
  EXPECT_EQ(usage_error({"completion", "zip"}), "error: invalid value 'zip' for '[SHELL]'");
  EXPECT_EQ(usage_error({"exec", "-m"}), "error: a value is required for '--model <MODEL>' but none was supplied");
  EXPECT_EQ(usage_error({"exec", "-i"}), "error: a value is required for '--image <FILE>...' but none was supplied");
  EXPECT_EQ(usage_error({"exec", "-c"}), "error: a value is required for '--config <key=value>' but none was supplied");
  EXPECT_EQ(usage_error({"features", "zip"}), "error: unrecognized subcommand 'zip'");
  EXPECT_EQ(usage_error({"exec", "--full-auto", "--yolo", "go"}),
            "error: the argument '--full-auto' cannot be used with '--dangerously-bypass-approvals-and-sandbox'");
}

TEST(Arguments, PromptsAndImages) {
  EXPECT_EQ(options(parse_words({"exec", "do it"})).prompt, "do it");
  EXPECT_EQ(options(parse_words({"e", "-"})).prompt, "-");
  EXPECT_EQ(options(parse_words({"exec", ""})).prompt, "") << "given, so stdin is not read";
  EXPECT_EQ(options(parse_words({"exec"})).prompt, std::nullopt);
  EXPECT_EQ(options(parse_words({"exec", "resume", "ID", ""})).prompt, "");
  EXPECT_EQ(options(parse_words({"exec", "--", "--zip"})).prompt, "--zip");
  auto greedy = parse_words({"exec", "-i", "a.png", "prompt"});
  EXPECT_EQ(options(greedy).images, (std::vector<std::string>{"a.png", "prompt"}));
  EXPECT_EQ(options(parse_words({"exec", "-i", "a.png,b.png"})).images.size(), 2u);
  auto both = options(parse_words({"exec", "-i", "a", "-i", "b,c", "resume", "ID", "-i", "d", "go"}));
  EXPECT_EQ(both.images, (std::vector<std::string>{"a", "b", "c", "d"})) << "those of exec first";
  EXPECT_EQ(both.prompt, "go") << "on resume -i takes one file";
}

TEST(Arguments, ResumeForms) {
  auto last = options(parse_words({"exec", "resume", "--last", "go on"}));
  EXPECT_TRUE(last.resume->last);
  EXPECT_FALSE(last.resume->session);
  EXPECT_EQ(last.prompt, "go on");
  auto id = options(parse_words({"exec", "resume", "ID", "go on", "--json", "--all"}));
  EXPECT_EQ(id.resume->session, "ID");
  EXPECT_EQ(id.prompt, "go on");
  EXPECT_TRUE(id.json);
}

TEST(Arguments, RootOptionsBeforeExec) {
  auto command = std::get<Exec>(
      parse_words({"-m", "m", "-c", "a=1", "--yolo", "-s", "read-only", "--search", "exec", "-c", "b=2", "x"}));
  EXPECT_EQ(command.options.overrides.model, "m");
  EXPECT_TRUE(command.options.overrides.bypass);
  EXPECT_FALSE(command.options.overrides.sandbox_mode);
  EXPECT_EQ(command.options.config_arguments[0].text, "a=1");
  EXPECT_EQ(command.options.config_arguments[1].text, "b=2");
  EXPECT_EQ(command.ignored, (std::vector<std::string>{"--sandbox", "--search"}));
}

TEST(Arguments, UsageErrorsAreTwo) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"exec", "--zip"},
                                                                 {"exec", "--full-auto", "--yolo", "x"},
                                                                 {"exec", "-s", "nope", "x"},
                                                                 {"exec", "-m"},
                                                                 {"exec", "a", "b"},
                                                                 {"exec", "--color", "zip", "x"},
                                                                 {"completion", "tcsh"},
                                                                 {"sandbox"},
                                                                 {"sandbox", "linux", "--"},
                                                                 {"debug"},
                                                                 {"debug", "ledger"},
                                                                 {"debug", "ledger", "a", "b"},
                                                                 {"--zip"}}) {
    auto command = parse_words(words);
    ASSERT_TRUE(std::holds_alternative<Done>(command)) << words[0];
    EXPECT_EQ(std::get<Done>(command).code, 2) << words[0];
  }
}

TEST(Arguments, OtherCommands) {
  EXPECT_TRUE(std::holds_alternative<Interactive>(parse_words({})));
  EXPECT_TRUE(std::holds_alternative<Interactive>(parse_words({
      "fix",
  })));
  auto sandbox = std::get<SandboxLinux>(parse_words({"sandbox", "linux", "--full-auto", "--", "sh", "-c", "exit 7"}));
  EXPECT_TRUE(sandbox.full_auto);
  EXPECT_EQ(sandbox.command, (std::vector<std::string>{"sh", "-c", "exit 7"}));
  auto list = std::get<FeaturesList>(parse_words({"-c", "a=1", "features", "list", "--enable", "f", "-c", "b=2"}));
  ASSERT_EQ(list.config_arguments.size(), 3u);
  EXPECT_EQ(list.config_arguments[0].text, "a=1");
  sandbox = std::get<SandboxLinux>(parse_words({"sandbox", "linux", "-c", "a=1", "ls", "-c", "--full-auto"}));
  EXPECT_EQ(sandbox.config_arguments.size(), 1u);
  EXPECT_EQ(sandbox.command, (std::vector<std::string>{"ls", "-c", "--full-auto"}));
  EXPECT_FALSE(sandbox.full_auto) << "what follows the command is the command's";
  auto ledger = std::get<DebugLedger>(parse_words({"debug", "ledger", "my thread", "--json"}));
  EXPECT_EQ(ledger.thread, "my thread");
  EXPECT_TRUE(ledger.json);
  EXPECT_FALSE(std::get<DebugLedger>(parse_words({"debug", "ledger", "id"})).json);
  for (auto words : {std::vector<std::string>{"--version"}, {"exec", "-V"}, {"exec", "--help"}}) {
    auto done = parse_words(words);
    ASSERT_TRUE(std::holds_alternative<Done>(done));
    EXPECT_EQ(std::get<Done>(done).code, 0);
  }
  EXPECT_EQ(std::get<MockServer>(parse_words({"mock-server", "s.json", "--port", "0"})).args,
            (std::vector<std::string>{"s.json", "--port", "0"}));
}

TEST(Arguments, SessionsCommands) {
  auto sessions = [](std::vector<std::string> words) {
    words.insert(words.begin(), "sessions");
    return std::get<Sessions>(parse_words(std::move(words)));
  };
  auto list = sessions({"list", "--cwd", "/d", "--source", "cli,exec", "--source", "mcp", "--provider", "p", "--search",
                        "t", "--archived", "--sort", "created", "-n", "7", "--after", "c", "--json"});
  EXPECT_EQ(list.action, Sessions::Action::list);
  EXPECT_EQ(list.query.cwd, "/d");
  EXPECT_EQ(list.query.sources, (std::vector<std::string>{"cli", "exec", "mcp"}));
  EXPECT_EQ(list.query.providers, (std::vector<std::string>{"p"}));
  EXPECT_EQ(list.query.search, "t");
  EXPECT_TRUE(list.query.archived);
  EXPECT_EQ(list.query.order, store::SessionOrder::created);
  EXPECT_EQ(list.query.limit, 7u);
  EXPECT_EQ(list.query.cursor, "c");
  EXPECT_TRUE(list.json);
  EXPECT_EQ(sessions({"list"}).query.order, store::SessionOrder::updated);
  auto rename = sessions({"rename", "T", "new name"});
  EXPECT_EQ(rename.action, Sessions::Action::rename);
  EXPECT_EQ(rename.thread, "T");
  EXPECT_EQ(rename.name, "new name");
  auto exported = sessions({"export", "T", "--format", "json", "-o", "f", "--reasoning"});
  EXPECT_EQ(exported.action, Sessions::Action::export_);
  EXPECT_EQ(exported.format, "json");
  EXPECT_EQ(exported.output, "f");
  EXPECT_TRUE(exported.reasoning);
  EXPECT_TRUE(sessions({"delete", "T", "--yes"}).yes);
  EXPECT_EQ(sessions({"unarchive", "T"}).action, Sessions::Action::unarchive);
  EXPECT_EQ(usage_error({"sessions", "show"}), "error: the following required arguments were not provided:");
  EXPECT_EQ(usage_error({"sessions", "zip"}), "error: unrecognized subcommand 'zip'");
}

// What the reference has and this version has not is told, and never taken for a prompt.
TEST(Arguments, CommandsThatAreNotHere) {
  auto name = [](std::vector<std::string> words) {
    auto command = parse_words(std::move(words));
    const auto* missing = std::get_if<Unavailable>(&command);
    return missing != nullptr ? missing->name : "-";
  };
  EXPECT_EQ(name({"mcp", "list"}), "burin mcp");
  EXPECT_EQ(name({"-c", "a=1", "mcp", "add", "docs", "--", "node", "--x"}), "burin mcp");
  EXPECT_EQ(name({"exec", "--json", "review", "--uncommitted"}), "burin exec review");
  EXPECT_EQ(name({"features", "enable", "undo"}), "burin features enable");
  EXPECT_EQ(name({"debug", "app-server", "send-message-v2", "hi"}), "burin debug app-server");
  EXPECT_EQ(name({"exec", "review this"}), "-");
  EXPECT_EQ(name({"exec", "--", "review"}), "-");
}

// A prompt of one word may be the name of a command elsewhere in the tree.
TEST(Arguments, PromptsThatAreNamesOfOtherCommands) {
  for (std::string word : {"login", "demo", "features", "exec", "apply", "sandbox", "sessions", "list"}) {
    auto command = parse_words({"exec", word});
    ASSERT_TRUE(std::holds_alternative<Exec>(command)) << word;
    EXPECT_EQ(options(command).prompt, word);
    command = parse_words({"exec", "resume", "--last", word});
    ASSERT_TRUE(std::holds_alternative<Exec>(command)) << word;
    EXPECT_EQ(options(command).prompt, word);
  }
  auto command = parse_words({"exec", "resume", "ID", "review"});
  ASSERT_TRUE(std::holds_alternative<Exec>(command));
  EXPECT_EQ(options(command).prompt, "review");
}

TEST(Completion, EveryShellKnowsTheCommands) {
  for (auto shell : {"bash", "zsh", "fish", "powershell", "elvish"}) {
    auto script = completion_script(shell);
    for (auto word : {"exec", "resume", "skip-git-repo-check", "mock-server", "ledger", "unarchive"}) {
      EXPECT_TRUE(contains(script, word)) << shell << " " << word;
    }
    EXPECT_FALSE(contains(script, "cyber-access")) << "hidden options stay hidden";
  }
}

}  // namespace burin::cli

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

TEST(Arguments, PromptsAndImages) {
  EXPECT_EQ(options(parse_words({"exec", "do it"})).prompt, "do it");
  EXPECT_EQ(options(parse_words({"e", "-"})).prompt, "-");
  EXPECT_EQ(options(parse_words({"exec", "--", "--zip"})).prompt, "--zip");
  auto greedy = parse_words({"exec", "-i", "a.png", "prompt"});
  EXPECT_EQ(options(greedy).images, (std::vector<std::string>{"a.png", "prompt"}));
  EXPECT_EQ(options(parse_words({"exec", "-i", "a.png,b.png"})).images.size(), 2u);
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
                                                                 {"completion", "tcsh"},
                                                                 {"sandbox"},
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
  sandbox =
      std::get<SandboxLinux>(parse_words({"sandbox", "landlock", "-c", "model=\"m\"", "sh", "-c", "--full-auto"}));
  EXPECT_FALSE(sandbox.full_auto);
  EXPECT_EQ(sandbox.config_arguments.at(0).text, "model=\"m\"");
  EXPECT_EQ(sandbox.command, (std::vector<std::string>{"sh", "-c", "--full-auto"}));
  EXPECT_EQ(std::get<MockServer>(parse_words({"mock-server", "s.json", "--port", "0"})).args,
            (std::vector<std::string>{"s.json", "--port", "0"}));
}

TEST(Completion, EveryShellKnowsTheCommands) {
  for (auto shell : {"bash", "zsh", "fish", "powershell", "elvish"}) {
    auto script = completion_script(shell);
    for (auto word : {"exec", "resume", "skip-git-repo-check", "mock-server"}) {
      EXPECT_TRUE(contains(script, word)) << shell << " " << word;
    }
    EXPECT_FALSE(contains(script, "cyber-access")) << "hidden options stay hidden";
  }
}

}  // namespace burin::cli

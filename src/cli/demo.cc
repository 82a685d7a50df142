#include "cli/demo.h"

#include "base/json.h"
#include "base/text.h"
#include "exec/run.h"
#include "io/stdio.h"
#include "testkit/event_builders.h"
#include "testkit/mock_server.h"

namespace burin::cli {

namespace demo_detail {

constexpr io::Span command_limit = io::seconds(120);

struct ProjectFile {
  std::string_view path, text;
};

/// A small project with one bug: the median of an even number of values.
const ProjectFile project[] = {
    {"README.md", "# stats\n\nA few functions over numbers. `sh run_tests.sh` builds and runs the tests.\n"},
    {"stats.h",
     "#pragma once\n"
     "#include <algorithm>\n"
     "#include <vector>\n"
     "\n"
     "// The middle of the values; for an even count the mean of the two middle ones.\n"
     "inline double median(std::vector<double> values) {\n"
     "  std::sort(values.begin(), values.end());\n"
     "  return values[values.size() / 2];\n"
     "}\n"},
    {"stats_test.cc",
     "#include <cstdio>\n"
     "\n"
     "#include \"stats.h\"\n"
     "\n"
     "int failures = 0;\n"
     "\n"
     "void expect(const char* what, double got, double wanted) {\n"
     "  if (got == wanted) {\n"
     "    std::printf(\"ok    %s\\n\", what);\n"
     "    return;\n"
     "  }\n"
     "  std::printf(\"FAIL  %s: got %g, wanted %g\\n\", what, got, wanted);\n"
     "  ++failures;\n"
     "}\n"
     "\n"
     "int main() {\n"
     "  expect(\"odd count\", median({3, 1, 2}), 2);\n"
     "  expect(\"even count\", median({4, 1, 3, 2}), 2.5);\n"
     "  return failures == 0 ? 0 : 1;\n"
     "}\n"},
    {"run_tests.sh",
     "#!/bin/sh\n"
     "# Builds and runs the tests with the first compiler that is there.\n"
     "for compiler in c++ g++ clang++ g++-12 clang++-19; do\n"
     "  if command -v \"$compiler\" >/dev/null 2>&1; then\n"
     "    \"$compiler\" -std=c++17 stats_test.cc -o stats_test && exec ./stats_test\n"
     "    exit 1\n"
     "  fi\n"
     "done\n"
     "echo 'no C++ compiler found' >&2\n"
     "exit 127\n"},
    {".gitignore", "stats_test\n"},
};

constexpr std::string_view fix =
    "*** Begin Patch\n"
    "*** Update File: stats.h\n"
    "@@ inline double median(std::vector<double> values) {\n"
    "   std::sort(values.begin(), values.end());\n"
    "-  return values[values.size() / 2];\n"
    "+  const std::size_t middle = values.size() / 2;\n"
    "+  if (values.size() % 2 == 1) return values[middle];\n"
    "+  return (values[middle - 1] + values[middle]) / 2;\n"
    " }\n"
    "*** End Patch\n";

json::value command(std::string_view id, std::string_view cmd) {
  json::object arguments;
  arguments["cmd"] = cmd;
  arguments["yield_time_ms"] = 30000;
  arguments["login"] = false;
  return testkit::ev_function_call(id, "exec_command", dump(arguments));
}

/// What the scripted model answers, one list of events for each request.
std::vector<std::vector<json::value>> script() {
  using namespace testkit;
  return {
      {ev_response_created("demo-1"), ev_reasoning_item("rs-1", {"**Looking at the project and its tests**"}, {}),
       command("call-1", "ls && cat stats.h"), ev_completed("demo-1")},
      {ev_response_created("demo-2"), command("call-2", "sh run_tests.sh"), ev_completed("demo-2")},
      {ev_response_created("demo-3"),
       ev_reasoning_item("rs-2", {"**The even count takes one middle value instead of the mean of two**"}, {}),
       ev_custom_tool_call("call-3", "apply_patch", fix), ev_completed("demo-3")},
      {ev_response_created("demo-4"), command("call-4", "sh run_tests.sh"), ev_completed("demo-4")},
      {ev_response_created("demo-5"),
       ev_assistant_message(
           "msg-1",
           "The test `even count` failed because `median` in `stats.h` always returned the upper of the two middle "
           "values. It now returns their mean when the count is even, and the middle value as before when it is odd. "
           "`sh run_tests.sh` passes."),
       ev_completed("demo-5")},
  };
}

io::Task<Result<int>> run_in(io::World& world, const std::string& dir, std::vector<std::string> argv) {
  io::SpawnSpec spec;
  spec.argv = std::move(argv);
  spec.cwd = dir;
  spec.env = world.env.all();
  auto done = co_await io::run_command(world.processes, std::move(spec), command_limit);
  if (!done) co_return tl::unexpected(done.error());
  co_return done->status.code;
}

io::Task<Result<>> lay_out(io::World& world, const std::string& dir) {
  CO_CHECK(world.files.make_dirs(dir));
  for (const auto& file : project) CO_CHECK(world.files.write(path::join(dir, file.path), file.text));
  for (std::vector<std::string> argv : {std::vector<std::string>{"git", "init", "-q"},
                                        {"git", "add", "."},
                                        {"git", "-c", "user.name=Burin demo", "-c", "user.email=demo@localhost",
                                         "commit", "-q", "-m", "A bug to find"}}) {
    CO_TRY(int code, co_await run_in(world, dir, argv));
    if (code != 0) co_return fail(Kind::unavailable, fmt::format("`{}` failed", join(argv, " ")), "install git");
  }
  co_return Result<>();
}

exec::Options options_for(const std::string& dir, const std::string& base_url) {
  exec::Options options;
  auto assign = [&](std::string text) {
    options.config_arguments.push_back({exec::ConfigArgument::Kind::assign, text});
  };
  assign("model_provider=\"demo\"");
  assign(fmt::format("model_providers.demo={{name=\"scripted model\",base_url=\"{}\"}}", base_url));
  options.overrides.model = "gpt-5.1-codex";
  options.overrides.full_auto = true;
  options.cd = dir;
  options.prompt = "A test of this project fails. Find out why and fix it.";
  return options;
}

io::Task<int> show(io::World& world, const std::string& root, testkit::MockServer& server) {
  std::string dir = path::join(root, "stats"), home = path::join(root, "home");
  auto fail_with = [](const Error& e) {
    io::write_all(2, fmt::format("Error: {}{}{}\n", e.text(), e.fix.empty() ? "" : "; ", e.fix));
    return 1;
  };
  if (auto made = world.files.make_dirs(home); !made) co_return fail_with(made.error());
  if (auto laid = co_await lay_out(world, dir); !laid) co_return fail_with(laid.error());
  auto before = co_await run_in(world, dir, {"sh", "run_tests.sh"});
  if (!before) co_return fail_with(before.error());
  if (*before != 1) {
    io::write_all(2, "Error: the demo's test cannot be run; install a C++ compiler (for example g++)\n");
    co_return 1;
  }
  server.mount_sse_sequence(script());
  int code = co_await exec::run(world, options_for(dir, server.base_url()), home);
  auto after = co_await run_in(world, dir, {"sh", "run_tests.sh"});
  bool passes = code == 0 && after && *after == 0;
  io::write_all(2,
                passes ? "\nThe project's test failed before and passes now.\n" : "\nThe demo did not fix the test.\n");
  co_return passes ? 0 : 1;
}

}  // namespace demo_detail

io::Task<int> run_demo(io::World& world, bool keep) {
  std::string base(world.env.non_empty("HOME").value_or("/tmp"));
  std::string cache = path::join(base, ".cache/burin");
  if (!world.files.make_dirs(cache)) cache = "/tmp";
  auto root = world.files.make_temp_dir(path::join(cache, "demo-"));
  if (!root) {
    io::write_all(2, fmt::format("Error: {}\n", root.error().text()));
    co_return 1;
  }
  auto server = co_await testkit::MockServer::start(world.loop);
  if (!server) {
    io::write_all(2, fmt::format("Error: {}\n", server.error().text()));
    co_return 1;
  }
  int code = co_await demo_detail::show(world, *root, **server);
  co_await (*server)->stop();
  if (keep) {
    io::write_all(2, fmt::format("The project is in {}/stats\n", *root));
  } else {
    (void)world.files.remove_tree(*root);
  }
  co_return code;
}

}  // namespace burin::cli

#include "tools/patch_main.h"

#include "base/text.h"
#include "io/loop.h"
#include "io/stdio.h"
#include "tools/patch_apply.h"

namespace burin::tools {

namespace patch_main_detail {

PatchExit refused(int code, std::string_view text) { return {code, {}, std::string(text) + "\n"}; }

PatchExit apply(std::string_view patch, io::Files& files, const std::string& cwd) {
  const auto hunks = parse_patch(patch);
  if (!hunks) return refused(1, hunks.error().as_command());
  auto done = run_patch(files, cwd, *hunks);
  if (!done) return refused(1, done.error());
  return {0, *std::move(done), {}};
}

Result<std::string> read_standard_input() {
  io::Loop loop;
  return io::run_task(loop, io::read_to_end(0));
}

/// Runs a command in the process's own working directory and prints what it leaves.
template <class Command>
int run_here(Command command) {
  io::Files& files = io::real_files();
  const auto cwd = files.current_dir();
  const PatchExit end = cwd ? command(files, *cwd) : refused(1, "Error: " + cwd.error().text());
  const bool printed = io::write_all(1, end.out) && io::write_all(2, end.err);
  return printed ? end.code : std::max(end.code, 1);
}

std::vector<std::string> arguments(int argc, char** argv, int skip) {
  return argc > skip ? std::vector<std::string>(argv + skip, argv + argc) : std::vector<std::string>();
}

}  // namespace patch_main_detail

using namespace patch_main_detail;

PatchExit apply_patch_command(const std::vector<std::string>& args,
                              const std::function<Result<std::string>()>& read_input, io::Files& files,
                              const std::string& cwd) {
  if (!args.empty()) {
    if (!utf8_valid(args[0])) return refused(1, "Error: apply_patch requires a UTF-8 PATCH argument.");
    if (args.size() > 1) return refused(2, "Error: apply_patch accepts exactly one argument.");
    return apply(args[0], files, cwd);
  }
  constexpr std::string_view unread = "Error: Failed to read PATCH from stdin.\n";
  const auto input = read_input();
  if (!input) return refused(1, std::string(unread) + input.error().text());
  if (!utf8_valid(*input)) return refused(1, std::string(unread) + "stream did not contain valid UTF-8");
  if (input->empty()) return refused(2, "Usage: apply_patch 'PATCH'\n       echo 'PATCH' | apply_patch");
  return apply(*input, files, cwd);
}

PatchExit internal_patch_command(const std::vector<std::string>& args, io::Files& files, const std::string& cwd) {
  if (args.empty() || !utf8_valid(args[0])) {
    return refused(1, "Error: --codex-run-as-apply-patch requires a UTF-8 PATCH argument.");
  }
  return apply(args[0], files, cwd);
}

int apply_patch_main(int argc, char** argv) {
  return run_here([&](io::Files& files, const std::string& cwd) {
    return apply_patch_command(arguments(argc, argv, 1), read_standard_input, files, cwd);
  });
}

int run_as_apply_patch(int argc, char** argv) {
  return run_here([&](io::Files& files, const std::string& cwd) {
    return internal_patch_command(arguments(argc, argv, 2), files, cwd);
  });
}

}  // namespace burin::tools

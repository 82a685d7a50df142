// Entry point. What must be fast or must not allocate comes first: the launcher, the patch applier, the sandbox helper,
// `--version`. Everything else is cli::run.
#include <cstdio>
#include <string_view>

#include "base/text.h"
#include "cli/run.h"
#include "io/process.h"
#include "sandbox/linux.h"
#include "tools/patch_main.h"

int main(int argc, char** argv) {
  using namespace burin;
  if (auto status = io::launch_main(argc, argv, sandbox::launch_hook)) return *status;
  std::string_view name = argc > 0 ? path::name(argv[0]) : std::string_view();
  if (name == "apply_patch" || name == "applypatch") return tools::apply_patch_main(argc, argv);
  if (name == "codex-linux-sandbox") return sandbox::linux_sandbox_main(argc, argv);
  if (argc > 1) {
    std::string_view first = argv[1];
    if (first == "--codex-run-as-apply-patch") return tools::run_as_apply_patch(argc, argv);
    if (argc == 2 && (first == "--version" || first == "-V")) {
      std::puts("burin " BURIN_VERSION);
      return 0;
    }
  }
  return cli::run(argc, argv);
}

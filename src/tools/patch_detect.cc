#include "tools/patch_detect.h"

#include "base/text.h"
#include "sandbox/script.h"
#include "tools/patch_parser.h"

namespace burin::tools {

namespace patch_detect_detail {

constexpr std::string_view failed = "apply_patch verification failed: ";
constexpr std::string_view implicit =
    "patch detected without explicit call to apply_patch. Rerun as [\"apply_patch\", \"<patch>\"]";

PatchCall refused(std::string_view why) {
  PatchCall call;
  call.kind = PatchCall::Kind::refused;
  call.text = std::string(failed) + std::string(why);
  return call;
}

PatchCall patch_call(std::string patch, std::string cwd) {
  if (auto hunks = parse_patch(patch); !hunks) return refused(hunks.error().as_verification());
  PatchCall call;
  call.kind = PatchCall::Kind::patch;
  call.patch = std::move(patch);
  call.cwd = std::move(cwd);
  return call;
}

}  // namespace patch_detect_detail

PatchCall detect_patch_call(const std::vector<std::string>& argv, const std::string& cwd) {
  using namespace patch_detect_detail;
  if (argv.size() == 1 && parse_patch(argv[0])) return refused(implicit);
  if (argv.size() == 2 && (argv[0] == "apply_patch" || argv[0] == "applypatch")) return patch_call(argv[1], cwd);
  const auto script = sandbox::script_of(argv);
  if (!script) return {};
  if (parse_patch(*script)) return refused(implicit);
  auto heredoc = sandbox::heredoc_patch(*script).patch;
  if (!heredoc) return {};
  return patch_call(std::move(heredoc->body), heredoc->cd ? path::join(cwd, *heredoc->cd) : cwd);
}

}  // namespace burin::tools

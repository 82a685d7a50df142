#include "cli/helper_links.h"

#include "base/text.h"
#include "io/stdio.h"

namespace burin::cli {

namespace helper_links_detail {

constexpr std::string_view lock_name = ".lock";

void remove_stale(io::Files& files, const std::string& base) {
  auto names = files.list(base);
  if (!names) return;
  for (const auto& name : *names) {
    std::string dir = path::join(base, name);
    std::string lock = path::join(dir, lock_name);
    if (!name.starts_with("codex-arg0") || !files.is_file(lock)) continue;
    if (files.lock(lock)) (void)files.remove_tree(dir);
  }
}

Result<std::string> make_links(io::Files& files, const std::string& home, const io::Environment& env,
                               std::unique_ptr<io::FileLock>& lock) {
  std::string tmp(env.non_empty("TMPDIR").value_or("/tmp"));
  for (const auto& root : {tmp, std::string("/tmp")}) {
    auto canonical = files.canonical(root);
    if (path::contains(canonical ? *canonical : root, home)) {
      return fail(Kind::denied, fmt::format("Refusing to create helper binaries under temporary dir \"{}\"", root));
    }
  }
  TRY(auto self, files.read_link("/proc/self/exe"));
  std::string base = path::join(home, "tmp/arg0");
  CHECK(files.make_dirs(base, 0700));
  remove_stale(files, base);
  TRY(auto dir, files.make_temp_dir(path::join(base, "codex-arg0")));
  TRY(lock, files.lock(path::join(dir, lock_name)));
  for (std::string_view name : {"apply_patch", "applypatch", "codex-linux-sandbox"}) {
    CHECK(files.symlink(self, path::join(dir, name)));
  }
  return dir;
}

}  // namespace helper_links_detail

HelperLinks::HelperLinks(io::Files& files, const std::string& home, io::Environment& env) : files_(files) {
  auto dir = helper_links_detail::make_links(files, home, env, lock_);
  if (!dir) {
    io::write_all(2,
                  fmt::format("WARNING: proceeding, even though we could not update PATH: {}\n", dir.error().text()));
    return;
  }
  dir_ = std::move(*dir);
  auto old = env.get("PATH");
  env.set("PATH", old && !old->empty() ? fmt::format("{}:{}", dir_, *old) : dir_);
}

HelperLinks::~HelperLinks() {
  if (!dir_.empty()) (void)files_.remove_tree(dir_);
}

}  // namespace burin::cli

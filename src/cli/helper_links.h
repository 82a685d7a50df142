// The private folder in front of PATH that holds `apply_patch`, `applypatch` and `codex-linux-sandbox` as links to this
// program (cli-config.md 8.4, tools.md 5.5), so that scripts which call them in a form that is not intercepted work.
//
// Made before the world is built, because it changes PATH; the folder is removed at the end. Stale folders, whose lock
// nobody holds any more, are removed on the way. Failure costs one line on stderr, nothing else.
#pragma once
#include <memory>
#include <string>

#include "io/environment.h"
#include "io/files.h"

namespace burin::cli {

class HelperLinks {
 public:
  HelperLinks(io::Files& files, const std::string& home, io::Environment& env);
  ~HelperLinks();

 private:
  io::Files& files_;
  std::string dir_;
  std::unique_ptr<io::FileLock> lock_;
};

}  // namespace burin::cli

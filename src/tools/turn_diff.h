// One unified diff of all that the patches of a turn changed (tools.md 5.9).
//
// The baseline of a file is its content when the first patch of the turn touches it; the current side is read from disk
// when the diff is made, so it also shows what others changed meanwhile. A move makes the file's other name current.
//
// Owned by the turn, used by one thread at a time: reading and comparing is done on the pool while the turn waits.
// Borrows the files.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/files.h"
#include "wire/event.h"

namespace burin::tools {

class TurnDiff {
 public:
  /// Files are shown relative to the git root around them (the nearest folder above with .git), else by their absolute
  /// path. Relative paths of changes count from `cwd`.
  TurnDiff(io::Files& files, std::string cwd);

  /// Before a patch runs: takes the baseline of every path that is not tracked yet, and follows moves.
  void before(const wire::FileChanges& changes);

  /// No patch has touched a file yet.
  bool empty() const { return tracked_.empty(); }

  /// The aggregate as git-style diff text; empty when nothing differs.
  std::string unified() const;

 private:
  struct Side {
    std::string content;
    std::uint32_t mode = 0100644;  // git mode; 0120000 with the link target as content
    bool operator==(const Side&) const = default;
  };
  struct Shown {
    std::optional<Side> after;
    std::string name, diff;
  };
  struct Tracked {
    std::string old_path;        // where the baseline was
    std::string new_path;        // where the file is now
    std::optional<Side> before;  // absent: there was no file
    // The diff is asked for several times in a turn: it is made again only when the file has changed since.
    mutable std::optional<Shown> last = {};
  };
  std::optional<Side> read(const std::string& path) const;
  std::string display(const std::string& path) const;
  const std::string& file_diff(const Tracked& file, const std::string& shown) const;
  std::string make_diff(const Tracked& file, const std::optional<Side>& right, const std::string& shown) const;

  io::Files& files_;
  std::string cwd_;
  std::vector<Tracked> tracked_;
  std::map<std::string, std::size_t> by_path_;          // current path to place in tracked_
  mutable std::map<std::string, std::string> root_of_;  // folder to git root, "" without one
};

}  // namespace burin::tools

// A file system in memory whose power can fail: what was not synced may be there afterwards, or not, or in part.
//
// Until the cut it is a MemFiles. Beside it stands what a disk would hold: for each file the content of its last sync
// and the changes since, for each folder the names of its last sync_dir and the changes since. A cut with a seed keeps,
// drops, reorders or tears those changes, the way disks and journals do:
//   - a file's size comes from any moment since its sync, or from in between;
//   - each sector of 512 or 4096 bytes that changed holds the new bytes or what was on the disk before: old bytes,
//     zeros, or those of some deleted file;
//   - a name that was made, moved or removed since the sync of its folder is in the old place or the new one, never in
//     both or none; changes of one name keep their order.
// Nothing that was synced ever changes. Symlinks, modes and times do not survive a cut.
//
// Files that are open at the cut belong to a program that is gone: all their calls fail from then on.
// Threads: as MemFiles; put a FaultFiles before it when the pool takes part.
#pragma once
#include <map>
#include <random>
#include <set>

#include "io/fake_files.h"

namespace burin::io {

class PowerFiles : public MemFiles {
 public:
  /// Everything that is there now is on stable storage.
  void settle();
  /// The power fails and comes back.
  void cut(std::uint64_t seed);

  Result<> write(const std::string& path, std::string_view bytes, std::uint32_t mode = 0666) override;
  Result<> write_atomic(const std::string& path, std::string_view bytes, std::uint32_t mode) override;
  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path, bool create,
                                                  std::uint32_t mode = 0666) override;
  Result<> make_dirs(const std::string& path, std::uint32_t mode = 0777) override;
  Result<> sync_dir(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_tree(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<std::string> make_temp_dir(const std::string& prefix) override;

 private:
  class File;
  /// One write since the last sync: `bytes` at `at`, or the size set to `at`.
  struct Change {
    std::uint64_t at = 0;
    std::string bytes;
    bool truncates = false;
  };
  struct Content {
    std::string stable;
    std::vector<Change> changes;
  };
  using Entry = std::shared_ptr<Content>;  // null: a folder
  using Names = std::map<std::string, Entry>;
  /// One change of names since the last sync of their folders; a rename is both at once.
  struct NameChange {
    std::optional<std::string> gone, made;
    Entry entry;
    bool in_folder(std::string_view folder) const;
    bool shares(const std::set<std::string>& names) const;
    void add_to(std::set<std::string>& names) const;
  };
  struct Weather;

  std::string place(const std::string& path);
  std::string target(const std::string& path);
  void moved(std::string from, std::string to);
  Entry file_at(const std::string& path);
  void made(std::string path, Entry entry);
  void apply(const NameChange& change);
  static void apply(std::string& bytes, const Change& change);
  static std::string torn(const Content& content, Weather& weather);
  void cut_names(Weather& weather);

  Names live_, stable_;
  std::vector<NameChange> names_;  // oldest first
  std::uint64_t epoch_ = 0;        // counts cuts
};

}  // namespace burin::io

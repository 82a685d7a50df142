// The index: heads of session files, kept in `<home>/burin_sessions.sqlite` so that listing need not read them again.
//
// It is an accelerator and may be lost at any time. A missing, damaged, locked or unwritable file, or one of a newer
// version, means that listing reads the files; a damaged one is built anew. No fault of it reaches the user, only the
// log. The name is not `state*.sqlite`: the reference deletes such files (session.md 4.10).
//
// SQLite takes a file that lost its last bytes for a whole one, so each row carries a hash of itself.
//
// Opened for loading and again for saving, so that nobody waits for a listing. Threads: one at a time.
#pragma once
#include "io/sqlite.h"
#include "store/listing.h"

namespace burin::store {

class SessionIndex : public HeadCache {
 public:
  /// Loads what is there. `home` must be a real folder.
  SessionIndex(io::Files& files, const std::string& home);

  const SessionHead* find(std::string_view file_name, const io::FileInfo& info) override;
  void put(std::string_view file_name, const io::FileInfo& info, const SessionHead& head) override;
  void keep_only(const std::unordered_set<std::string_view>& file_names) override;

  /// Writes the news in one transaction, if there are any.
  void save();

  std::size_t size() const { return rows_.size(); }
  static std::string path_in(const std::string& home);

 private:
  struct Row {
    std::uint64_t size = 0, inode = 0;
    std::int64_t mtime_ns = 0;
    SessionHead head;
    bool is_new = false;
    std::int64_t check(std::string_view file) const;
  };
  Result<> load();
  Result<> write();
  Result<> read_row(const io::SqliteStatement& from);
  void fault(const Error& error, std::string_view doing);

  io::Files& files_;
  std::string path_;
  std::unordered_map<std::string, Row> rows_;
  std::vector<std::string> gone_;
  bool changed_ = false;
  bool foreign_ = false;  // of a newer version: not ours to change
};

}  // namespace burin::store

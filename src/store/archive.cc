#include "store/archive.h"

#include <cerrno>

#include "base/text.h"

namespace burin::store {

namespace archive_detail {

/// The file, locked as a writer locks it.
Result<std::unique_ptr<io::AppendFile>> hold(io::Files& files, const std::string& path) {
  TRY(auto file, files.open_append(path, false));
  if (auto locked = file->lock(); !locked) {
    if (locked.error().kind != Kind::conflict) return Fail(std::move(locked).error());
    return wrap(std::move(locked).error(), fmt::format("the session {} is open in another process", path),
                "close it there first");
  }
  return file;
}

Result<std::string> move_to(io::Files& files, const std::string& path, const std::string& folder) {
  TRY(auto held, hold(files, path));
  CHECK(files.make_dirs(folder));
  std::string to = path::join(folder, path::name(path));
  if (files.lstat(to)) return fail(Kind::conflict, fmt::format("{} exists already", to), "move one of the two away");
  // The folder is durable before the file is in it: a power cut must not take both.
  CHECK(sync_folders(files, folder));
  CHECK(files.rename(path, to));
  CHECK(files.sync_dir(folder));
  CHECK(files.sync_dir(std::string(path::parent(path))));
  return to;
}

Result<> remove_if_there(io::Files& files, const std::string& path) {
  auto done = files.remove(path);
  if (!done && done.error().sys == ENOENT) return {};
  return done;
}

}  // namespace archive_detail

using namespace archive_detail;

Result<std::string> archive_session(io::Files& files, const std::string& home, const SessionFile& session) {
  if (session.archived) return fail(Kind::invalid, fmt::format("the session {} is archived already", session.id));
  return move_to(files, session.path, archive_folder(home));
}

Result<std::string> unarchive_session(io::Files& files, const std::string& home, const SessionFile& session) {
  if (!session.archived) return fail(Kind::invalid, fmt::format("the session {} is not archived", session.id));
  TRY(auto path, move_to(files, session.path, day_folder(home, path::name(session.path))));
  CHECK(files.touch(path));
  return path;
}

Result<> delete_session(io::Files& files, const std::string& home, const SessionFile& session) {
  TRY(auto held, hold(files, session.path));
  CHECK(files.remove(session.path));
  std::string folder(path::parent(session.path)), torn = std::string(path::name(session.path)) + ".torn-";
  TRY(auto names, files.list(folder));
  for (const auto& name : names) {
    if (name.starts_with(torn)) CHECK(remove_if_there(files, path::join(folder, name)));
  }
  return remove_if_there(files, fmt::format("{}/ledger/{}.jsonl", home, session.id));
}

}  // namespace burin::store

// Where session files lie (session.md 4.1): below `<home>/sessions/YYYY/MM/DD`, or flat in `<home>/archived_sessions`.
//
// Everything that looks for sessions walks with this. Other files and folders are passed over; a folder that cannot be
// read is reported, because the sessions in it are then missing from whatever is shown.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"

namespace burin::store {

struct SessionFile {
  std::string path;
  std::string id;            // from the name, lower case
  std::int64_t created = 0;  // the local time in the name, read as if it were UTC (session.md 16, trap 13)
  bool archived = false;
};

/// A file or folder that could not be read, and why.
struct Unreadable {
  std::string path, reason;
};

/// Calls `visit` for each session file, newest folder and name first, until it returns false.
void each_session_file(io::Files& files, const std::string& home, bool archived,
                       const std::function<bool(SessionFile)>& visit, std::vector<Unreadable>* problems = nullptr);

/// The file at a path; nullopt when its name is not that of a session file.
std::optional<SessionFile> session_file_at(std::string path, bool archived);

/// `<home>/sessions/YYYY/MM/DD`, by the date in the name of a session file; "" for other names.
std::string day_folder(const std::string& home, std::string_view file_name);
std::string archive_folder(const std::string& home);

/// Makes durable the names that lead to a file: its own, and those of its folder and the folders above, up to the one
/// that holds the home.
Result<> sync_folders(io::Files& files, const std::string& path);

}  // namespace burin::store

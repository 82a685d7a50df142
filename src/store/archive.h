// Moving sessions to the archive and back, and deleting them (session.md 4.1, 11.2).
//
// A session moves by one rename on the same file system, while its lock is held: one that is open in another process
// stays where it is (Kind::conflict), and no file is ever overwritten.
#pragma once
#include <string>

#include "store/session_files.h"

namespace burin::store {

/// To `<home>/archived_sessions`; the new path. Kind::invalid when it is there already.
Result<std::string> archive_session(io::Files& files, const std::string& home, const SessionFile& session);
/// Back to the folder of its day, as changed now; the new path. Kind::invalid when it is not archived.
Result<std::string> unarchive_session(io::Files& files, const std::string& home, const SessionFile& session);
/// Removes the file and what stands beside it: torn tails that were set aside, and the ledger of the thread.
Result<> delete_session(io::Files& files, const std::string& home, const SessionFile& session);

}  // namespace burin::store

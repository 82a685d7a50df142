// The list of sessions, as a pure function of the files (session.md 4.7, 4.8; app-server.md 5.5).
//
// Nothing is hidden in silence: every session file that was looked at is in the list, on a later page, counted under
// the one reason that hid it first, or named as unreadable. A cache of heads only saves time: what it holds is used
// for files whose size, modification time and inode are the same, and anything in it may be missing.
//
// Orders are by time and then id, both descending; a cursor means "strictly after this one", so pages of any size, put
// together, hold each session once. All of it blocks: front ends run it on the pool.
#pragma once
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "io/files.h"
#include "store/session_files.h"
#include "store/session_head.h"

namespace burin::store {

struct SessionSummary {
  std::string path, id;
  std::int64_t created = 0;  // Unix seconds, from the file name
  std::int64_t updated = 0;  // Unix seconds, when the file changed
  std::uint64_t size = 0;
  bool archived = false;
  std::string name;  // "" without one
  SessionHead head;
};

enum class SessionOrder : unsigned char { created, updated };

struct ListQuery {
  std::optional<std::string> cwd;      // the folder it was started in; canonical forms are equal
  std::vector<std::string> sources;    // source_kind names, "subagent" for any of them; empty: all
  std::vector<std::string> providers;  // empty: all
  std::string default_provider;        // of a session that names none
  std::string search;                  // in name or first message, ASCII case ignored
  bool archived = false;               // the archive instead of the others
  SessionOrder order = SessionOrder::created;
  std::string cursor;             // next_cursor of the page before, "" for the first page
  std::size_t limit = 25;         // at least 1
  std::size_t scan_cap = 10'000;  // files looked at for one page
};

/// Why a session is not in the list, in the order in which the reasons are tried.
enum class Hidden : unsigned char { other_place, unused, source, provider, cwd, search, count };
/// "archived", "not archived" (by the query), "unused", "source", "provider", "cwd", "search".
std::string_view hidden_name(Hidden reason, const ListQuery& query);

struct Listing {
  std::vector<SessionSummary> items;
  std::optional<std::string> next_cursor;  // set when there are further ones, or files that were not looked at
  std::array<std::size_t, static_cast<std::size_t>(Hidden::count)> hidden{};  // among the files looked at
  std::size_t scanned = 0;      // files looked at: those behind the cursor, up to the cap
  std::size_t not_scanned = 0;  // beyond the cap
  std::vector<Unreadable> unreadable;
};

/// Heads of session files that were read before.
class HeadCache {
 public:
  virtual ~HeadCache() = default;
  /// The head of the file with this name in this state, or null.
  virtual const SessionHead* find(std::string_view file_name, const io::FileInfo& info) = 0;
  virtual void put(std::string_view file_name, const io::FileInfo& info, const SessionHead& head) = 0;
  /// These are all session files that there are.
  virtual void keep_only(const std::unordered_set<std::string_view>& file_names) = 0;
};

/// Fails only for a cursor that is none (Kind::invalid, "invalid cursor: …").
Result<Listing> list_sessions(io::Files& files, const std::string& home, const ListQuery& query,
                              HeadCache* cache = nullptr);

/// One session as the list has it, whatever it holds.
Result<SessionSummary> summarise(io::Files& files, const std::string& home, const SessionFile& session);

/// Whether `cwd` is the folder `wanted` (canonical): as text, or once symlinks are followed.
bool same_folder(io::Files& files, const std::string& cwd, const std::string& wanted);

}  // namespace burin::store

#include "store/session_index.h"

#include "base/log.h"
#include "base/text.h"

namespace burin::store {

namespace session_index_detail {

constexpr std::int64_t version = 1;
constexpr auto busy_timeout = io::milliseconds(50);

struct TextColumn {
  const char* name;
  std::string SessionHead::* member;
};
constexpr TextColumn texts[] = {
    {"started", &SessionHead::started},         {"cwd", &SessionHead::cwd},
    {"source", &SessionHead::source},           {"provider", &SessionHead::provider},
    {"cli_version", &SessionHead::cli_version}, {"originator", &SessionHead::originator},
    {"git_sha", &SessionHead::git_sha},         {"git_branch", &SessionHead::git_branch},
    {"git_origin", &SessionHead::git_origin},   {"agent_nickname", &SessionHead::agent_nickname},
    {"agent_role", &SessionHead::agent_role},   {"preview", &SessionHead::preview},
};
constexpr int first_text = 7;
constexpr const char* fixed_columns = "file, size, inode, mtime_ns, meta, user_message, hash";

std::string columns() {
  std::string out = fixed_columns;
  for (const auto& t : texts) out += fmt::format(", {}", t.name);
  return out;
}

std::string insert_statement() {
  std::string marks = "?";
  for (std::size_t i = 1; i < first_text + std::size(texts); ++i) marks += ",?";
  return fmt::format("INSERT OR REPLACE INTO heads ({}) VALUES ({})", columns(), marks);
}

Result<std::int64_t> version_of(io::Sqlite& database) {
  TRY(auto query, database.prepare("PRAGMA user_version"));
  TRY(bool row, query.step());
  return row ? query.integer(0) : 0;
}

Result<> create_table(io::Sqlite& database) {
  std::string sql =
      "DROP TABLE IF EXISTS heads; CREATE TABLE heads (file TEXT PRIMARY KEY, size INTEGER, inode INTEGER, "
      "mtime_ns INTEGER, meta INTEGER, user_message INTEGER, hash INTEGER";
  for (const auto& t : texts) sql += fmt::format(", {} TEXT", t.name);
  sql += fmt::format(") WITHOUT ROWID; PRAGMA user_version = {}", version);
  return database.exec(sql.c_str());
}

}  // namespace session_index_detail

using namespace session_index_detail;

std::string SessionIndex::path_in(const std::string& home) { return path::join(home, "burin_sessions.sqlite"); }

SessionIndex::SessionIndex(io::Files& files, const std::string& home) : files_(files), path_(path_in(home)) {
  if (auto loaded = load(); !loaded) {
    rows_.clear();
    fault(loaded.error(), "read");
  }
}

Result<> SessionIndex::load() {
  if (!files_.exists(path_)) return {};
  TRY(auto database, io::Sqlite::open(path_, io::Sqlite::Mode::read_only, busy_timeout));
  TRY(auto found, version_of(database));
  foreign_ = found > version;
  if (found != version) {
    log(Level::info, "store", "the session index {} has version {}, not {}", path_, found, version);
    return {};
  }
  TRY(auto all, database.prepare(fmt::format("SELECT {} FROM heads", columns())));
  for (;;) {
    TRY(bool row, all.step());
    if (!row) return {};
    CHECK(read_row(all));
  }
}

Result<> SessionIndex::read_row(const io::SqliteStatement& from) {
  Row row;
  row.size = static_cast<std::uint64_t>(from.integer(1));
  row.inode = static_cast<std::uint64_t>(from.integer(2));
  row.mtime_ns = from.integer(3);
  row.head.meta = from.integer(4) != 0;
  row.head.user_message = from.integer(5) != 0;
  int column = first_text;
  for (const auto& t : texts) row.head.*t.member = from.text(column++);
  if (from.integer(6) != row.check(from.text(0))) return fail(Kind::invalid, "a row is damaged");
  rows_.emplace(from.text(0), std::move(row));
  return {};
}

std::int64_t SessionIndex::Row::check(std::string_view file) const {
  std::string all = fmt::format("{} {} {} {} {} {}", file, size, inode, mtime_ns, head.meta, head.user_message);
  for (const auto& t : texts) {
    all += '\0';
    all += head.*t.member;
  }
  return static_cast<std::int64_t>(hash64(all));
}

const SessionHead* SessionIndex::find(std::string_view file_name, const io::FileInfo& info) {
  auto it = rows_.find(std::string(file_name));
  if (it == rows_.end()) return nullptr;
  const Row& row = it->second;
  bool same = row.size == info.size && row.mtime_ns == info.mtime_ns && row.inode == info.inode;
  return same ? &row.head : nullptr;
}

void SessionIndex::put(std::string_view file_name, const io::FileInfo& info, const SessionHead& head) {
  rows_.insert_or_assign(std::string(file_name), Row{info.size, info.inode, info.mtime_ns, head, true});
  changed_ = true;
}

void SessionIndex::keep_only(const std::unordered_set<std::string_view>& file_names) {
  for (auto it = rows_.begin(); it != rows_.end();) {
    if (file_names.contains(it->first)) {
      ++it;
      continue;
    }
    gone_.push_back(it->first);
    it = rows_.erase(it);
    changed_ = true;
  }
}

void SessionIndex::save() {
  if (!changed_ || foreign_) return;
  auto written = write();
  if (!written) return fault(written.error(), "write");
  changed_ = false;
}

Result<> SessionIndex::write() {
  TRY(auto database, io::Sqlite::open(path_, io::Sqlite::Mode::create, busy_timeout));
  TRY(auto transaction, io::SqliteTransaction::begin(database));
  // Another process may have built it meanwhile, or a newer one changed it.
  TRY(auto found, version_of(database));
  if (found > version) return {};
  if (found < version) CHECK(create_table(database));
  TRY(auto insert, database.prepare(insert_statement()));
  for (const auto& [file, row] : rows_) {
    if (!row.is_new) continue;
    insert.bind(1, file);
    insert.bind(2, static_cast<std::int64_t>(row.size));
    insert.bind(3, static_cast<std::int64_t>(row.inode));
    insert.bind(4, row.mtime_ns);
    insert.bind(5, static_cast<std::int64_t>(row.head.meta));
    insert.bind(6, static_cast<std::int64_t>(row.head.user_message));
    insert.bind(7, row.check(file));
    int parameter = first_text + 1;
    for (const auto& t : texts) insert.bind(parameter++, row.head.*t.member);
    CHECK(insert.run());
  }
  TRY(auto remove, database.prepare("DELETE FROM heads WHERE file = ?"));
  for (const auto& file : gone_) {
    remove.bind(1, file);
    CHECK(remove.run());
  }
  return transaction.commit();
}

void SessionIndex::fault(const Error& error, std::string_view doing) {
  log(Level::info, "store", "cannot {} the session index {}: {}", doing, path_, error.text());
  // A locked or unwritable one stays; a damaged one, or one whose table is not what it should be, is built anew.
  if (error.kind != Kind::invalid && error.kind != Kind::internal) return;
  for (const char* suffix : {"", "-journal"}) {
    if (files_.exists(path_ + suffix) && !files_.remove(path_ + suffix)) return;
  }
}

}  // namespace burin::store

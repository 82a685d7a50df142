#include "io/sqlite.h"

#include <sqlite3.h>

namespace burin::io {

namespace sqlite_detail {

Kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Kind::conflict;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Kind::invalid;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Kind::denied;
    default:
      return Kind::internal;
  }
}

Fail failed(sqlite3* database, int code, std::string_view what) {
  const char* why = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return fail(kind_of(code), fmt::format("{}: {}", what, why));
}

}  // namespace sqlite_detail

using namespace sqlite_detail;

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

void SqliteStatement::bind(int parameter, std::int64_t value) { sqlite3_bind_int64(statement_, parameter, value); }

void SqliteStatement::bind(int parameter, std::string_view value) {
  // An empty view may have no address, which would bind NULL.
  const char* data = value.empty() ? "" : value.data();
  sqlite3_bind_text64(statement_, parameter, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

Result<bool> SqliteStatement::step() {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failed(sqlite3_db_handle(statement_), code, "cannot run a statement");
}

Result<> SqliteStatement::run() {
  auto more = step();
  while (more && *more) more = step();
  sqlite3_reset(statement_);
  if (!more) return Fail(std::move(more).error());
  return {};
}

std::int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view SqliteStatement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<Sqlite> Sqlite::open(const std::string& path, Mode mode, milliseconds busy_timeout) {
  int flags = mode == Mode::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* database = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Sqlite out(database);
  if (code != SQLITE_OK) return failed(database, code, "cannot open " + path);
  sqlite3_busy_timeout(database, static_cast<int>(busy_timeout.count()));
  return out;
}

Sqlite::~Sqlite() { sqlite3_close(database_); }

Result<> Sqlite::exec(const char* sql) {
  int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(database_, code, "cannot run a statement");
  return {};
}

Result<SqliteStatement> Sqlite::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return failed(database_, code, "cannot prepare a statement");
  return SqliteStatement(statement);
}

Result<SqliteTransaction> SqliteTransaction::begin(Sqlite& database) {
  CHECK(database.exec("BEGIN IMMEDIATE"));
  return SqliteTransaction(database);
}

SqliteTransaction::~SqliteTransaction() {
  if (database_ == nullptr) return;
  if (auto undone = database_->exec("ROLLBACK"); !undone) return;  // it already was, by the failure itself
}

Result<> SqliteTransaction::commit() {
  CHECK(database_->exec("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace burin::io

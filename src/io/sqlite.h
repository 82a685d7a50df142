// SQLite behind a few types: for derived data only, which a caller can lose and build anew.
//
// The errors tell a caller what to do: Kind::conflict, another process has the database locked (try later);
// Kind::invalid, the file is damaged or no database (build it anew); Kind::denied, it cannot be opened or written;
// Kind::internal, the rest. Every call blocks, at most for the busy timeout beyond its own work.
//
// Ownership: statements belong to their database and must end before it. Threads: one at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace burin::io {

class SqliteStatement {
 public:
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  SqliteStatement(SqliteStatement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();

  /// Parameters count from 1. The text must live until the next step or reset.
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, std::string_view value);
  /// True: there is a row. False: done.
  Result<bool> step();
  /// Runs to the end and makes ready for the next values.
  Result<> run();
  /// Columns count from 0. A text lives until the next step.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;

 private:
  sqlite3_stmt* statement_;
};

class Sqlite {
 public:
  enum class Mode : std::uint8_t { create, read_only };
  /// Opens the file; most faults of its content show only when it is used.
  static Result<Sqlite> open(const std::string& path, Mode mode, milliseconds busy_timeout);
  Sqlite(Sqlite&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Sqlite& operator=(Sqlite&&) = delete;
  ~Sqlite();

  /// Statements without results, separated by semicolons.
  Result<> exec(const char* sql);
  Result<SqliteStatement> prepare(std::string_view sql);

 private:
  explicit Sqlite(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

/// Rolled back unless committed. Takes the write lock at once, so that nothing fails half-way for a lock.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> begin(Sqlite& database);
  SqliteTransaction(SqliteTransaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  Result<> commit();

 private:
  explicit SqliteTransaction(Sqlite& database) : database_(&database) {}
  Sqlite* database_;
};

}  // namespace burin::io

// SQLite's C interface with owners and with errors as statuses.

#ifndef CLAWPLANE_CORE_IO_SQLITE_H_
#define CLAWPLANE_CORE_IO_SQLITE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace clawplane::core {

// The errors of all below by their code:
//
//   DATA_LOSS            what is in the file is damaged, or no database
//   RESOURCE_EXHAUSTED   the disk is full
//   UNAVAILABLE          the system failed to read or write
//   INTERNAL             anything else

// One prepared statement. Numbers of parameters begin with 1, those of columns
// with 0, as in SQLite.
//
// Thread-compatible. The database must outlive it.
class SqliteStatement {
 public:
  SqliteStatement& Bind(int parameter, int64_t number);
  // The text or the bytes must live until `Reset`.
  SqliteStatement& BindText(int parameter, std::string_view text);
  SqliteStatement& BindBytes(int parameter, std::string_view bytes);

  // Goes to the next row: whether there is one.
  absl::StatusOr<bool> Step();
  // Runs a statement that gives no rows, and resets it.
  absl::Status Run();
  // Makes it ready for another run.
  void Reset();

  int64_t Number(int column) const;
  // Good until the next step.
  std::string_view Bytes(int column) const;

 private:
  friend class Sqlite;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One connection to a database file.
//
// Thread-compatible.
class Sqlite {
 public:
  // The file must exist; an empty one is an empty database.
  static absl::StatusOr<std::unique_ptr<Sqlite>> Open(const std::string& file);

  absl::Status Run(const std::string& sql);
  // The first column of the first row.
  absl::StatusOr<int64_t> Number(const std::string& sql);
  absl::StatusOr<SqliteStatement> Prepare(const std::string& sql);

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  explicit Sqlite(sqlite3* handle) : handle_(handle) {}

  const std::unique_ptr<sqlite3, Close> handle_;
};

// Changes that are made together or, unless `Commit` succeeds, not at all.
//
// Thread-compatible. The database must outlive it.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(Sqlite& database)
      : database_(database), status_(database.Run("BEGIN IMMEDIATE")) {}
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction();

  // Whether it could be begun.
  const absl::Status& status() const { return status_; }
  absl::Status Commit();

 private:
  Sqlite& database_;
  const absl::Status status_;
  bool over_ = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_SQLITE_H_

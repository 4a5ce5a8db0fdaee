#include "core/io/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

absl::Status ToStatus(sqlite3* handle, int code) {
  const int system_error = sqlite3_system_errno(handle);
  std::string message = sqlite3_errmsg(handle);
  // In a multi-step error the primary code is in the low byte.
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(message);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return absl::UnavailableError(
          Concat(message, " (SQLite ", sqlite3_extended_errcode(handle),
                 ", system error ", system_error, ")"));
    default:
      return absl::InternalError(Concat(message, " (SQLite ", code, ")"));
  }
}

}  // namespace

// ---- Statements

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::Bind(int parameter, int64_t number) {
  sqlite3_bind_int64(statement_.get(), parameter, number);
  return *this;
}

SqliteStatement& SqliteStatement::BindText(int parameter,
                                           std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::BindBytes(int parameter,
                                            std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  absl::Status status = ToStatus(sqlite3_db_handle(statement_.get()), code);
  Reset();
  return status;
}

absl::Status SqliteStatement::Run() {
  const auto stepped = Step();
  Reset();
  return stepped.status();
}

void SqliteStatement::Reset() { sqlite3_reset(statement_.get()); }

int64_t SqliteStatement::Number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

// ---- Connections

void Sqlite::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& file) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      file.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
      nullptr);
  if (handle == nullptr) return absl::InternalError("no memory for SQLite");
  std::unique_ptr<Sqlite> database(new Sqlite(handle));
  if (code != SQLITE_OK) return ToStatus(handle, code);
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

absl::Status Sqlite::Run(const std::string& sql) {
  const int code =
      sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ToStatus(handle_.get(), code);
}

absl::StatusOr<int64_t> Sqlite::Number(const std::string& sql) {
  auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Number(0) : 0;
}

absl::StatusOr<SqliteStatement> Sqlite::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(
      handle_.get(), sql.c_str(), static_cast<int>(sql.size()),
      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return ToStatus(handle_.get(), code);
  return SqliteStatement(statement);
}

// ---- Transactions

SqliteTransaction::~SqliteTransaction() {
  // It fails where the failure itself has rolled back.
  if (status_.ok() && !over_) database_.Run("ROLLBACK").IgnoreError();
}

absl::Status SqliteTransaction::Commit() {
  if (!status_.ok()) return status_;
  absl::Status committed = database_.Run("COMMIT");
  over_ = committed.ok();
  return committed;
}

}  // namespace clawplane::core

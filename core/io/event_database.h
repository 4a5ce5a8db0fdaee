// The file that events are kept in.

#ifndef CLAWPLANE_CORE_IO_EVENT_DATABASE_H_
#define CLAWPLANE_CORE_IO_EVENT_DATABASE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/io/sqlite.h"
#include "core/model/config.h"
#include "core/model/event.h"
#include "core/model/event_filter.h"
#include "core/model/event_page.h"
#include "core/model/time.h"

namespace clawplane::core {

// Epochs in their order, and of each the events that are retained, in an SQLite
// database `events.db`:
//
//   epochs(id, name, whole_from)            id: 1, 2, ...; from the event
//                                           whole_from on there is no hole
//   events(epoch, sequence, received_at, body)
//   clean_end(epoch, last)                  one row while nobody writes and the
//                                           last one ended in order, else none
//
// A life: `Open` -> `Begin` -> `Append`, `Read` -> `MarkCleanEnd`. What
// `Append` has returned OK for is on the disk itself (WAL, synchronous=FULL),
// so that it outlives a killed process and a power cut. After a failure nothing
// of the batch is there, and all can be called again.
//
// The connection holds the file for itself (locking_mode=EXCLUSIVE): there is
// no memory shared through a file, which a full disk would make a fatal signal.
//
// Thread-compatible.
class EventDatabase {
 public:
  // Opens the database, or makes it, with mode 0600. DATA_LOSS says that the
  // file is damaged, or is not ours, or of another version.
  static absl::StatusOr<std::unique_ptr<EventDatabase>> Open(
      const EventLogConfig& config);

  // Renames the file, and what belongs to it, so that a new one can be made.
  // Returns what its name is now: `events.db.damaged`, or with a number behind.
  static absl::StatusOr<std::string> SetAside(const std::string& directory);

  // Takes up the epoch that was ended in order, if one was, and else begins
  // `new_epoch`. Of the one it goes on with as much is read as `memory` holds.
  absl::StatusOr<LogBeginning> Begin(const std::string& new_epoch,
                                     const EventLog::Limits& memory);

  // Begins this epoch with the next `Append`, whatever was there before: it has
  // begun without us.
  void BeginWithNextAppend(const std::string& epoch);

  // Adds consecutive events of the epoch and removes what is too old or too
  // much.
  absl::Status Append(const std::vector<Event>& events, WallTime now);

  // Notes that the epoch ends in order with event `last`, if that is the last
  // one here.
  absl::Status MarkCleanEnd(uint64_t last);

  absl::StatusOr<EventPage> Read(const EventPosition& after,
                                 const EventFilter& filter);

  DurableRange durable() const;
  // Just before the oldest event of all.
  const std::optional<EventPosition>& oldest() const { return oldest_; }
  // The size of the file.
  uint64_t bytes() const { return bytes_; }

 private:
  // The number of an event of all epochs, in their order.
  struct Key {
    int64_t epoch = 0;
    uint64_t sequence = 0;
    bool operator==(const Key&) const = default;
  };

  // How the latest epoch ended; the number is 0 where there is none.
  struct EpochEnd {
    int64_t id = 0;
    std::string epoch;
    uint64_t whole_from = 1;
    bool is_clean = false;
    uint64_t last = 0;
  };

  EventDatabase(std::unique_ptr<Sqlite> sqlite, const EventLogConfig& config)
      : sqlite_(std::move(sqlite)), config_(config) {}

  absl::Status Prepare();
  absl::Status MakeTables();
  absl::Status ReadEpochs();
  absl::StatusOr<EpochEnd> LatestEnd();
  // Within a transaction.
  absl::StatusOr<int64_t> AddEpoch(const std::string& name,
                                   uint64_t whole_from);
  absl::Status Insert(int64_t epoch, const std::vector<Event>& events);
  absl::Status RemoveOld(WallTime now, uint64_t room);

  absl::Status Measure();
  // Gives free pages back to the file system, some at a time.
  absl::Status Shrink();
  absl::StatusOr<std::vector<Event>> Newest(uint64_t last,
                                            const EventLog::Limits& memory);
  Key KeyOf(const EventPosition& position) const;

  const std::unique_ptr<Sqlite> sqlite_;
  const EventLogConfig config_;
  std::optional<SqliteStatement> insert_;
  std::optional<SqliteStatement> read_;
  // The epochs by number, and their numbers.
  std::map<int64_t, std::string> names_;
  std::map<std::string, int64_t> ids_;

  // The epoch that is written; its number is 0 until it is begun.
  std::string epoch_;
  int64_t epoch_id_ = 0;
  uint64_t whole_from_ = 1;
  uint64_t last_ = 0;
  std::optional<EventPosition> oldest_;
  uint64_t bytes_ = 0;
  // Whether the system failed to write, so that nobody knows what the disk has
  // of the write-ahead log.
  bool doubtful_ = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_EVENT_DATABASE_H_

// The event log on disk, on a thread of its own.

#ifndef CLAWPLANE_CORE_IO_SQLITE_EVENT_STORE_H_
#define CLAWPLANE_CORE_IO_SQLITE_EVENT_STORE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/core_strand.h"
#include "core/io/event_database.h"
#include "core/io/ports.h"
#include "core/io/unique_fd.h"

namespace clawplane::core {

// Keeps events in an `EventDatabase`. All that touches the disk happens on its
// own thread, but for the opening; what it has to tell it posts to the strand.
//
// One batch is in its hands at a time. The first after a rest is committed at
// once; the next may come an interval after the last commit, or at once if that
// batch was full. After a failure it may come after a pause, which doubles each
// time. A damaged file is set aside, and a new one begun with the next batch.
//
// Made and destroyed while the strand does not run; otherwise used on the
// strand. The strand must outlive it.
class SqliteEventStore final : public EventStore {
 public:
  struct Pauses {
    Duration first = std::chrono::seconds(1);
    Duration most = std::chrono::seconds(60);
  };
  // For the daemon's log; called on any thread.
  using Log = std::function<void(const std::string& warning)>;

  // Takes hold of the directory, which is made with mode 0700 if it is missing.
  // Fails if that cannot be done, or somebody else has it. Whatever is wrong
  // with the database itself is no failure: it is tried again, and events of
  // the memory wait as long as the memory does.
  static absl::StatusOr<std::unique_ptr<SqliteEventStore>> Open(
      CoreStrand& strand, const EventLogConfig& config,
      const EventLog::Limits& memory, const std::string& new_epoch, Log log,
      const Pauses& pauses);
  // Ends the thread, behind what was handed over.
  ~SqliteEventStore() override;
  SqliteEventStore(const SqliteEventStore&) = delete;
  SqliteEventStore& operator=(const SqliteEventStore&) = delete;

  // With what the log begins. Once, after the opening.
  LogBeginning TakeBeginning() { return std::move(beginning_); }

  // core::EventStore:
  void Begin(EventStoreReports reports) override;
  void Append(std::vector<Event> batch) override;
  void Read(const EventPosition& after, const EventFilter& filter,
            std::function<void(const std::optional<EventPage>&)> done) override;
  void Finish(std::vector<Event> rest, uint64_t last) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct PageOrder {
    EventPosition after;
    EventFilter filter;
    std::function<void(const std::optional<EventPage>&)> done;
  };
  struct End {
    std::vector<Event> rest;
    uint64_t last;
  };

  SqliteEventStore(CoreStrand& strand, const EventLogConfig& config,
                   UniqueFd lock, Log log, const Pauses& pauses)
      : strand_(strand),
        config_(config),
        lock_(std::move(lock)),
        log_(std::move(log)),
        pauses_(pauses) {}

  void BeginLog(const std::string& new_epoch, const EventLog::Limits& memory);
  void StartThread();

  // ---- On the thread
  void Run();
  // Waits for something to do; false at the end.
  bool Await(std::unique_lock<std::mutex>& lock);
  void Store(const std::vector<Event>& batch);
  absl::Status TryToStore(const std::vector<Event>& batch);
  // Opens the database if it is not, in place of a damaged one if need be.
  absl::Status EnsureOpen();
  void SetAside(const absl::Status& why);
  void ReadPage(const PageOrder& order);
  void WriteEnd(const End& end);
  StoredEvents Stored() const;
  // Has a report told on the strand, if somebody is left to hear it then.
  template <typename Report>
  void Tell(Report report);

  CoreStrand& strand_;
  const EventLogConfig config_;
  // Of the directory.
  const UniqueFd lock_;
  const Log log_;
  const Pauses pauses_;
  LogBeginning beginning_;
  std::string epoch_;
  std::shared_ptr<EventStoreReports> reports_;

  // What waits for the thread; `mutex_` guards it.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<std::vector<Event>> batch_;
  std::deque<PageOrder> pages_;
  std::optional<End> end_;
  bool ending_ = false;

  // The thread's own.
  std::unique_ptr<EventDatabase> database_;
  // When the next batch may come, until that has been told.
  std::optional<Clock::time_point> ready_at_;
  Duration pause_{};

  std::thread thread_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_SQLITE_EVENT_STORE_H_

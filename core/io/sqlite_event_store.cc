#include "core/io/sqlite_event_store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

// The lock on the directory. Held until the process ends, however it ends.
absl::StatusOr<UniqueFd> TakeDirectory(const std::string& directory) {
  const auto refuse = [&](std::string_view what) {
    return absl::FailedPreconditionError(
        Concat("event_log.dir ", directory, " ", what));
  };
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return refuse(Concat("cannot be made: ", strerror(errno)));
  }
  const std::string file = directory + "/events.lock";
  UniqueFd lock(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0) {
    return refuse(Concat("cannot be used: ", strerror(errno)));
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return refuse("is in use by another clawplaned; give each its own");
  }
  return lock;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteEventStore>> SqliteEventStore::Open(
    CoreStrand& strand, const EventLogConfig& config,
    const EventLog::Limits& memory, const std::string& new_epoch, Log log,
    const Pauses& pauses) {
  auto lock = TakeDirectory(config.directory);
  if (!lock.ok()) return lock.status();
  std::unique_ptr<SqliteEventStore> store(new SqliteEventStore(
      strand, config, *std::move(lock), std::move(log), pauses));
  store->BeginLog(new_epoch, memory);
  store->StartThread();
  return store;
}

void SqliteEventStore::BeginLog(const std::string& new_epoch,
                                const EventLog::Limits& memory) {
  beginning_.epoch = epoch_ = new_epoch;
  absl::Status status = EnsureOpen();
  if (status.ok()) {
    auto begun = database_->Begin(new_epoch, memory);
    if (absl::IsDataLoss(begun.status())) {
      SetAside(begun.status());
      status = EnsureOpen();
      if (status.ok()) begun = database_->Begin(new_epoch, memory);
    }
    if (begun.ok()) {
      beginning_ = *std::move(begun);
      epoch_ = beginning_.epoch;
      return;
    }
    if (status.ok()) status = begun.status();
    if (database_) database_->BeginWithNextAppend(new_epoch);
  }
  beginning_.failure = std::string(status.message());
  if (database_) beginning_.oldest = database_->oldest();
}

void SqliteEventStore::StartThread() {
  // Signals are for other threads; and one that says that the file is too large
  // must not end the process.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

SqliteEventStore::~SqliteEventStore() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

// ---- On the strand

void SqliteEventStore::Begin(EventStoreReports reports) {
  reports_ = std::make_shared<EventStoreReports>(std::move(reports));
}

void SqliteEventStore::Append(std::vector<Event> batch) {
  const std::lock_guard lock(mutex_);
  batch_ = std::move(batch);
  wake_.notify_one();
}

void SqliteEventStore::Read(
    const EventPosition& after, const EventFilter& filter,
    std::function<void(const std::optional<EventPage>&)> done) {
  const std::lock_guard lock(mutex_);
  pages_.push_back({after, filter, std::move(done)});
  wake_.notify_one();
}

void SqliteEventStore::Finish(std::vector<Event> rest, uint64_t last) {
  const std::lock_guard lock(mutex_);
  end_ = End{std::move(rest), last};
  wake_.notify_one();
}

// ---- On the thread

template <typename Report>
void SqliteEventStore::Tell(Report report) {
  strand_.Post([reports = std::weak_ptr(reports_), report = std::move(report)] {
    if (const auto heard = reports.lock()) report(*heard);
  });
}

void SqliteEventStore::Run() {
  std::unique_lock lock(mutex_);
  while (Await(lock)) {
    // Batches first, so that a page sees what was handed over before it.
    if (batch_) {
      const std::vector<Event> batch = *std::exchange(batch_, std::nullopt);
      lock.unlock();
      Store(batch);
      lock.lock();
    } else if (end_) {
      const End end = *std::exchange(end_, std::nullopt);
      lock.unlock();
      WriteEnd(end);
      lock.lock();
    } else if (!pages_.empty()) {
      const PageOrder order = std::move(pages_.front());
      pages_.pop_front();
      lock.unlock();
      ReadPage(order);
      lock.lock();
    }
    if (ready_at_ && *ready_at_ <= Clock::now()) {
      ready_at_.reset();
      Tell([](const EventStoreReports& reports) { reports.on_ready(); });
    }
  }
}

bool SqliteEventStore::Await(std::unique_lock<std::mutex>& lock) {
  while (!batch_ && !end_ && pages_.empty()) {
    if (ending_) return false;
    if (!ready_at_) {
      wake_.wait(lock);
    } else if (wake_.wait_until(lock, *ready_at_) == std::cv_status::timeout) {
      return true;
    }
  }
  // Nobody waits for pages any more.
  if (ending_) pages_.clear();
  return !ending_ || batch_ || end_;
}

void SqliteEventStore::Store(const std::vector<Event>& batch) {
  const auto begun_at = Clock::now();
  const absl::Status status = TryToStore(batch);
  if (status.ok()) {
    pause_ = Duration();
    // Full ones follow each other, so that it catches up.
    const bool is_full = batch.size() >= kBatchEvents;
    ready_at_ = is_full
                    ? begun_at
                    : begun_at + std::chrono::duration_cast<Clock::duration>(
                                     config_.commit_interval);
    Tell([stored = Stored()](const EventStoreReports& reports) {
      reports.on_stored(stored);
    });
    return;
  }
  pause_ = std::clamp(2 * pause_, pauses_.first, pauses_.most);
  ready_at_ =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(pause_);
  Tell([stored = Stored(),
        why = std::string(status.message())](const EventStoreReports& reports) {
    reports.on_failed(stored, why);
  });
}

absl::Status SqliteEventStore::TryToStore(const std::vector<Event>& batch) {
  absl::Status status = EnsureOpen();
  if (!status.ok()) return status;
  status = database_->Append(batch, std::chrono::system_clock::now());
  if (absl::IsDataLoss(status)) SetAside(status);
  return status;
}

absl::Status SqliteEventStore::EnsureOpen() {
  if (database_) return absl::OkStatus();
  auto opened = EventDatabase::Open(config_);
  if (absl::IsDataLoss(opened.status())) {
    SetAside(opened.status());
    opened = EventDatabase::Open(config_);
  }
  if (!opened.ok()) return opened.status();
  database_ = *std::move(opened);
  database_->BeginWithNextAppend(epoch_);
  return absl::OkStatus();
}

void SqliteEventStore::SetAside(const absl::Status& why) {
  database_.reset();
  const auto aside = EventDatabase::SetAside(config_.directory);
  const std::string what = Concat(
      "the events in event_log.dir ", config_.directory, " cannot be used: ",
      std::string_view(why.message().data(), why.message().size()));
  log_(aside.ok() ? Concat(what, "; the file is now ", *aside,
                           ", and a new one is begun")
                  : Concat(what, "; ", std::string(aside.status().message())));
}

void SqliteEventStore::ReadPage(const PageOrder& order) {
  std::optional<EventPage> page;
  if (database_) {
    auto read = database_->Read(order.after, order.filter);
    if (absl::IsDataLoss(read.status())) SetAside(read.status());
    if (read.ok()) page = *std::move(read);
  }
  Tell([done = order.done, page = std::move(page)](const EventStoreReports&) {
    done(page);
  });
}

void SqliteEventStore::WriteEnd(const End& end) {
  absl::Status status;
  if (!end.rest.empty()) status = TryToStore(end.rest);
  if (status.ok()) status = EnsureOpen();
  if (status.ok()) status = database_->MarkCleanEnd(end.last);
  if (!status.ok()) {
    log_(
        Concat("the end of the event log could not be stored, so that the "
               "next start begins a new epoch: ",
               std::string(status.message())));
  }
}

StoredEvents SqliteEventStore::Stored() const {
  if (!database_) return {};
  return {database_->durable(), database_->oldest(), database_->bytes()};
}

}  // namespace clawplane::core

// Brings the event log to the disk, and back.

#ifndef CLAWPLANE_CORE_IO_EVENT_KEEPER_H_
#define CLAWPLANE_CORE_IO_EVENT_KEEPER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/io/core_strand.h"
#include "core/io/ports.h"
#include "core/model/event_filter.h"
#include "core/model/event_log.h"
#include "core/model/event_page.h"

namespace clawplane::core {

// Hands new events to the store, batch by batch. There is no queue between the
// two but the log itself: what the store has not taken by the time that the log
// drops it is left out, and is a hole on the disk. Nobody waits for the store,
// and its failures change nothing but what is said to be durable.
//
// On the strand, but for the constructor. The log must outlive it.
class EventKeeper {
 public:
  // In numbers, since the control plane began.
  struct Counts {
    uint64_t commits = 0;
    uint64_t failures = 0;
    // Events that never came to the disk.
    uint64_t left_out = 0;
  };

  EventKeeper(CoreStrand& strand, const EventLog& log)
      : strand_(strand), log_(log) {}
  EventKeeper(const EventKeeper&) = delete;
  EventKeeper& operator=(const EventKeeper&) = delete;

  // Keeps the log in `store` from now on. `degraded` is called each time that
  // writing begins to fail. Once at most, before the first event.
  void Begin(EventStore& store, const LogBeginning& beginning,
             std::function<void(const std::string& why)> degraded);

  // The log has one more event.
  void OnAppend();

  // Stores the rest, and that this is an end in order. Nothing is stored
  // afterwards.
  void Finish();

  // Reads from the disk, if there is a store: `EventStore::Read`.
  void Read(const EventPosition& after, const EventFilter& filter,
            std::function<void(const std::optional<EventPage>&)> done) {
    store_->Read(after, filter, std::move(done));
  }

  // Whether there is a store.
  bool is_on() const { return store_ != nullptr; }
  bool is_degraded() const { return degraded_; }
  const StoredEvents& stored() const { return stored_; }
  const Counts& counts() const { return counts_; }
  // The epoch before this one; empty if it is not known.
  const std::string& previous_epoch() const { return previous_epoch_; }

 private:
  void HandOver();
  void OnStored(const StoredEvents& stored);
  void OnFailed(const StoredEvents& stored, const std::string& why);
  // Up to so many events that were not handed over yet.
  std::vector<Event> TakeNext(size_t most);

  CoreStrand& strand_;
  const EventLog& log_;
  EventStore* store_ = nullptr;
  std::function<void(const std::string&)> on_degraded_;
  std::string previous_epoch_;
  // Whether the store takes a batch now.
  bool ready_ = false;
  bool finished_ = false;
  bool degraded_ = false;
  // The next event to hand over, and the first of the batch under way.
  uint64_t next_ = 1;
  uint64_t batch_first_ = 1;
  StoredEvents stored_;
  Counts counts_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_EVENT_KEEPER_H_

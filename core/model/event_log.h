// The ordered log of all that the gateway and its supervisor say.

#ifndef CLAWPLANE_CORE_MODEL_EVENT_LOG_H_
#define CLAWPLANE_CORE_MODEL_EVENT_LOG_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "core/model/event.h"
#include "core/model/time.h"

namespace clawplane::core {

// Numbers events from 1 without holes, and keeps the latest of them, bounded by
// count and bytes. A reader holds a number, not a queue: thousands of slow ones
// cost no memory, and each learns from the numbers what it missed.
//
// Thread-compatible. The core strand owns the only instance.
class EventLog {
 public:
  struct Limits {
    size_t max_events = 65'536;
    size_t max_bytes = 64 * 1024 * 1024;
  };

  // `epoch` names this life of the log; no two lives share one.
  EventLog(std::string epoch, const Limits& limits)
      : epoch_(std::move(epoch)), limits_(limits) {}

  // Adds an event and drops the oldest ones over the limits; the newest is
  // always kept. Returns its number.
  uint64_t Append(EventDraft draft, WallTime now);

  const std::string& epoch() const { return epoch_; }

  // The number of the newest event ever added; 0 before the first.
  uint64_t last() const { return last_; }

  // The number of the oldest event held; `last() + 1` when none is.
  uint64_t oldest() const { return last_ + 1 - events_.size(); }

  // The event with this number, which must be held. The reference is good until
  // the next `Append`.
  const Event& at(uint64_t sequence) const {
    return events_[sequence - oldest()];
  }

 private:
  const std::string epoch_;
  const Limits limits_;
  std::deque<Event> events_;
  size_t bytes_ = 0;
  uint64_t last_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EVENT_LOG_H_

// Where one reader is in the event log.

#ifndef CLAWPLANE_CORE_MODEL_EVENT_CURSOR_H_
#define CLAWPLANE_CORE_MODEL_EVENT_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/event_filter.h"
#include "core/model/event_log.h"

namespace clawplane::core {

// A point in a log, just after the event of this number.
struct EventPosition {
  std::string epoch;
  uint64_t sequence = 0;

  bool operator==(const EventPosition&) const = default;
};

// Gives one reader each event that it wants, once and in order, and tells of
// each range that the log dropped before the reader came to it. All calls are
// to be about the same log.
//
// Thread-compatible.
class EventCursor {
 public:
  // Events after the one and up to the other, some of which the reader may have
  // wanted.
  struct Loss {
    EventPosition lost_after;
    EventPosition resumed_after;

    bool operator==(const Loss&) const = default;
  };

  // A reader of a log that has no event yet.
  EventCursor() = default;

  // A reader of the events to come; of those held too; of those after a point.
  // Nothing for a point past the end of the log. A point of another epoch is
  // good, and everything since is lost.
  static EventCursor FromNow(const EventLog& log);
  static EventCursor FromOldest(const EventLog& log);
  static std::optional<EventCursor> After(const EventLog& log,
                                          const EventPosition& point);

  // What was lost since this was last asked. Until it is asked, no event that
  // follows a loss is given.
  std::optional<Loss> TakeLoss(const EventLog& log);
  bool HasLoss(const EventLog& log) const;

  // The next event that the filter matches, of those with numbers below `end`;
  // none if there is none now, or a loss is to be told first. `Pop` goes on to
  // the one after it.
  const Event* Peek(const EventLog& log, const EventFilter& filter,
                    uint64_t end = UINT64_MAX);
  void Pop() { ++next_; }

  // The number of the next event to look at.
  uint64_t next() const { return next_; }

  // There is nothing that the reader wants before this number.
  void SkipTo(uint64_t sequence) {
    if (sequence > next_) next_ = sequence;
  }

  // The point that the reader has come to.
  EventPosition Position(const EventLog& log) const {
    return {log.epoch(), next_ - 1};
  }

 private:
  explicit EventCursor(uint64_t next) : next_(next) {}

  uint64_t next_ = 1;
  // Where the reader was in another epoch, until it is told of the loss.
  std::optional<EventPosition> elsewhere_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EVENT_CURSOR_H_

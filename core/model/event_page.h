// A piece of the event log on disk, and what was found there at the start.

#ifndef CLAWPLANE_CORE_MODEL_EVENT_PAGE_H_
#define CLAWPLANE_CORE_MODEL_EVENT_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/event.h"
#include "core/model/event_cursor.h"

namespace clawplane::core {

// What follows a position on disk, as far as one look goes. Thread-compatible.
struct EventPage {
  // How much there is in one page: as much as in one response to a reader.
  static constexpr size_t kMaxEvents = 64;
  static constexpr size_t kMaxBytes = 256 * 1024;
  // How many events are looked at for it, whether the filter takes them or not.
  static constexpr size_t kMaxLooks = 2048;

  // All between the position asked for and this one is not on disk; given
  // before the events.
  std::optional<EventPosition> resumed_after;
  // All of `end.epoch`, without a hole but for what the filter leaves out.
  std::vector<Event> events;
  // The position that was reached; the one asked for if nothing follows it.
  EventPosition end;
};

// Which of an epoch's events are on disk, without a hole between them. Empty
// where `last` is 0. Thread-compatible.
struct DurableRange {
  uint64_t first = 0;
  uint64_t last = 0;

  bool operator==(const DurableRange&) const = default;
};

// With what the log begins. Thread-compatible.
struct LogBeginning {
  // The epoch, and the number of its latest event: 0, unless it goes on with an
  // epoch that was ended in order.
  std::string epoch;
  uint64_t last = 0;
  // The latest events up to that one, for the memory.
  std::vector<Event> newest;
  // The epoch before, if it is known.
  std::string previous_epoch;

  // ---- Of what is on disk
  DurableRange durable;
  // Just before the oldest event; none if there is no event.
  std::optional<EventPosition> oldest;
  uint64_t bytes = 0;
  // Why nothing can be written at present; empty if it can.
  std::string failure;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EVENT_PAGE_H_

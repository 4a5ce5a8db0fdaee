// One reader's way through the event log, on disk and in memory.

#ifndef CLAWPLANE_CORE_IO_EVENT_TRAIL_H_
#define CLAWPLANE_CORE_IO_EVENT_TRAIL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/io/event_keeper.h"
#include "core/model/event_cursor.h"
#include "core/model/event_filter.h"
#include "core/model/event_log.h"
#include "core/model/event_page.h"

namespace clawplane::core {

// An `EventCursor` that goes back further than the memory where the log is kept
// on disk. What the memory does not hold comes as pages, one at a time: while
// one is under way nothing can be read, and `on_page` tells when it is there.
// What neither holds is a loss.
//
// On the strand. The log and the keeper must outlive it; pages that come after
// its end are nobody's.
class EventTrail {
 public:
  using Loss = EventCursor::Loss;

  EventTrail(const EventLog& log, EventKeeper& keeper, EventFilter filter,
             std::function<void()> on_page)
      : log_(log),
        keeper_(keeper),
        filter_(std::move(filter)),
        on_page_(std::move(on_page)) {}
  EventTrail(const EventTrail&) = delete;
  EventTrail& operator=(const EventTrail&) = delete;

  // Where it begins, as with `EventCursor`; `BeginAfter` is false for a
  // position past the end.
  void BeginFromNow() { cursor_ = EventCursor::FromNow(log_); }
  void BeginFromOldest();
  bool BeginAfter(const EventPosition& point);

  // Asks for a page if what comes next is on the disk. Whether one is under
  // way; then there is nothing else to do.
  bool Fetch();

  // The loss that is to be told before anything else; certain only when no page
  // is under way.
  bool HasLoss() const;
  std::optional<Loss> TakeLoss();

  // The next event that the filter matches, and the epoch it is of; nothing if
  // there is none now. Of the memory no event from number `end` on is looked
  // at.
  const Event* Peek(uint64_t end);
  const std::string& epoch() const;
  // Whether that event is one that the log holds in memory.
  bool is_in_memory() const { return !disk_; }
  void Pop();

  // Where it has come to.
  EventPosition Position() const;

  // ---- As in `EventCursor`, of the memory
  // One that reads the disk is not in danger of being left behind.
  uint64_t next() const { return disk_ ? UINT64_MAX : cursor_.next(); }
  void SkipTo(uint64_t sequence) {
    if (!disk_) cursor_.SkipTo(sequence);
  }

 private:
  // On the disk: the page that is read, and how much of it has been.
  struct Disk {
    EventPosition at;
    EventPage page;
    size_t popped;
    std::optional<Loss> loss;
  };

  void OnPage(const std::optional<EventPage>& page, uint64_t oldest_then);
  // Goes on in memory with this event, behind a loss if there is one.
  void GoOnInMemory(uint64_t next, std::optional<Loss> loss);
  // Whether all that the page had has been read.
  bool IsUsedUp() const {
    return !disk_->loss && disk_->popped == disk_->page.events.size();
  }

  const EventLog& log_;
  EventKeeper& keeper_;
  const EventFilter filter_;
  const std::function<void()> on_page_;
  EventCursor cursor_;
  // None while it reads the memory.
  std::optional<Disk> disk_;
  // What was lost where disk and memory meet.
  std::optional<Loss> loss_;
  // There while a page is under way; what the page finds gone, if it is.
  std::shared_ptr<bool> fetching_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_EVENT_TRAIL_H_

#include "core/model/event_cursor.h"

#include <algorithm>
#include <utility>

namespace clawplane::core {

EventCursor EventCursor::FromNow(const EventLog& log) {
  return EventCursor(log.last() + 1);
}

EventCursor EventCursor::FromOldest(const EventLog& log) {
  return EventCursor(log.oldest());
}

std::optional<EventCursor> EventCursor::After(const EventLog& log,
                                              const EventPosition& point) {
  if (point.epoch != log.epoch()) {
    EventCursor cursor = FromOldest(log);
    cursor.elsewhere_ = point;
    return cursor;
  }
  if (point.sequence > log.last()) return std::nullopt;
  return EventCursor(point.sequence + 1);
}

bool EventCursor::HasLoss(const EventLog& log) const {
  return elsewhere_ || next_ < log.oldest();
}

std::optional<EventCursor::Loss> EventCursor::TakeLoss(const EventLog& log) {
  if (!HasLoss(log)) return std::nullopt;
  EventPosition lost_after = Position(log);
  if (elsewhere_) lost_after = *std::exchange(elsewhere_, std::nullopt);
  next_ = std::max(next_, log.oldest());
  return Loss{std::move(lost_after), Position(log)};
}

const Event* EventCursor::Peek(const EventLog& log, const EventFilter& filter,
                               uint64_t end) {
  if (HasLoss(log)) return nullptr;
  for (end = std::min(end, log.last() + 1); next_ < end; ++next_) {
    const Event& event = log.at(next_);
    if (filter.Matches(event.what)) return &event;
  }
  return nullptr;
}

}  // namespace clawplane::core

#include "core/io/event_trail.h"

namespace clawplane::core {

void EventTrail::BeginFromOldest() {
  const std::optional<EventPosition>& oldest = keeper_.stored().oldest;
  if (!keeper_.is_on() || !oldest || !BeginAfter(*oldest)) {
    cursor_ = EventCursor::FromOldest(log_);
  }
}

bool EventTrail::BeginAfter(const EventPosition& point) {
  const bool is_present = point.epoch == log_.epoch();
  if (!keeper_.is_on() || (is_present && point.sequence + 1 >= log_.oldest())) {
    const auto after = EventCursor::After(log_, point);
    if (after) cursor_ = *after;
    return after.has_value();
  }
  disk_ = Disk{point, {}, 0, {}};
  return true;
}

bool EventTrail::Fetch() {
  if (fetching_) return true;
  if (loss_) return false;
  if (!disk_) {
    if (!keeper_.is_on() || !cursor_.HasLoss(log_)) return false;
    disk_ = Disk{cursor_.Position(log_), {}, 0, {}};
  }
  if (!IsUsedUp()) return false;
  const EventPosition at = disk_->at;
  if (at.epoch == log_.epoch() && at.sequence + 1 >= log_.oldest()) {
    GoOnInMemory(at.sequence + 1, std::nullopt);
    return false;
  }
  fetching_ = std::make_shared<bool>(true);
  keeper_.Read(at, filter_,
               [this, wanted = std::weak_ptr(fetching_),
                oldest = log_.oldest()](const std::optional<EventPage>& page) {
                 if (wanted.lock()) OnPage(page, oldest);
               });
  return true;
}

void EventTrail::OnPage(const std::optional<EventPage>& page,
                        uint64_t oldest_then) {
  fetching_.reset();
  const EventPosition at = disk_->at;
  const auto loss_up_to = [&](uint64_t next) {
    return Loss{at, {log_.epoch(), next - 1}};
  };
  if (!page || page->end == at) {
    // Whatever the memory dropped since then may have come to the disk.
    GoOnInMemory(oldest_then, loss_up_to(oldest_then));
  } else if (page->resumed_after &&
             page->resumed_after->epoch == log_.epoch() &&
             page->resumed_after->sequence >= log_.oldest()) {
    // The memory has some of what the disk lacks.
    GoOnInMemory(log_.oldest(), loss_up_to(log_.oldest()));
  } else {
    disk_->page = *page;
    disk_->popped = 0;
    if (page->resumed_after) {
      disk_->loss = Loss{at, *page->resumed_after};
    } else if (page->events.empty()) {
      disk_->at = page->end;
    }
  }
  on_page_();
}

void EventTrail::GoOnInMemory(uint64_t next, std::optional<Loss> loss) {
  disk_.reset();
  loss_ = std::move(loss);
  cursor_ = *EventCursor::After(log_, {log_.epoch(), next - 1});
}

bool EventTrail::HasLoss() const {
  if (loss_) return true;
  if (disk_) return disk_->loss.has_value();
  return !keeper_.is_on() && cursor_.HasLoss(log_);
}

std::optional<EventTrail::Loss> EventTrail::TakeLoss() {
  if (loss_) return std::exchange(loss_, std::nullopt);
  if (!disk_) {
    return keeper_.is_on() ? std::nullopt : cursor_.TakeLoss(log_);
  }
  if (!disk_->loss) return std::nullopt;
  disk_->at =
      disk_->page.events.empty() ? disk_->page.end : disk_->loss->resumed_after;
  return std::exchange(disk_->loss, std::nullopt);
}

const Event* EventTrail::Peek(uint64_t end) {
  if (fetching_ || HasLoss()) return nullptr;
  if (!disk_) return cursor_.Peek(log_, filter_, end);
  return IsUsedUp() ? nullptr : &disk_->page.events[disk_->popped];
}

const std::string& EventTrail::epoch() const {
  return disk_ ? disk_->page.end.epoch : log_.epoch();
}

void EventTrail::Pop() {
  if (!disk_) return cursor_.Pop();
  const std::vector<Event>& events = disk_->page.events;
  const uint64_t sequence = events[disk_->popped].sequence;
  disk_->at = ++disk_->popped == events.size()
                  ? disk_->page.end
                  : EventPosition{disk_->page.end.epoch, sequence};
}

EventPosition EventTrail::Position() const {
  return disk_ ? disk_->at : cursor_.Position(log_);
}

}  // namespace clawplane::core

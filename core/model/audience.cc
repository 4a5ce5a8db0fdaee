#include "core/model/audience.h"

#include <algorithm>
#include <utility>

namespace clawplane::core {
namespace {

// Takes the element at `place` out of `all`, whose last one moves there.
// Returns that one; null if it was the last itself.
Subscriber* TakeOut(std::vector<Subscriber*>& all, size_t place) {
  Subscriber* const last = all.back();
  all.pop_back();
  if (place == all.size()) return nullptr;
  all[place] = last;
  return last;
}

}  // namespace

void Audience::Join(Subscriber& subscriber, const EventFilter& filter) {
  subscriber.seat_ = Seat::kBusy;
  subscriber.group_ = &*groups_.try_emplace(filter).first;
  ++subscriber.group_->second.members;
  subscriber.member_ = members_.size();
  members_.push_back(&subscriber);
}

void Audience::Leave(Subscriber& subscriber) {
  if (subscriber.seat_ == Seat::kNone) return;
  Unseat(subscriber);
  if (Subscriber* const moved = TakeOut(members_, subscriber.member_)) {
    moved->member_ = subscriber.member_;
  }
  auto* const group = std::exchange(subscriber.group_, nullptr);
  if (--group->second.members == 0) groups_.erase(group->first);
  subscriber.seat_ = Seat::kNone;
}

void Audience::Await(Subscriber& subscriber) {
  if (subscriber.seat_ != Seat::kBusy) return;
  std::vector<Subscriber*>& waiting = subscriber.group_->second.waiting;
  subscriber.seat_ = Seat::kWaiting;
  subscriber.place_ = waiting.size();
  waiting.push_back(&subscriber);
}

void Audience::Yield(Subscriber& subscriber) {
  if (subscriber.seat_ != Seat::kBusy) return;
  CallOne(subscriber, /*from=*/0, /*idle=*/false);
}

void Audience::Call(const EventDraft& event, uint64_t sequence) {
  for (auto& [filter, group] : groups_) {
    if (!group.waiting.empty() && filter.Matches(event)) {
      CallWaiting(group, sequence, /*idle=*/false);
    }
  }
}

void Audience::CallAll() {
  for (auto& [filter, group] : groups_) CallWaiting(group, 0, /*idle=*/false);
}

void Audience::CallIdle(uint64_t from) {
  for (auto& [filter, group] : groups_) CallWaiting(group, from, /*idle=*/true);
}

void Audience::CallWaiting(Group& group, uint64_t from, bool idle) {
  for (Subscriber* const subscriber : group.waiting) {
    CallOne(*subscriber, from, idle);
  }
  group.waiting.clear();
}

void Audience::CallOne(Subscriber& subscriber, uint64_t from, bool idle) {
  subscriber.seat_ = Seat::kCalled;
  subscriber.from_ = from;
  subscriber.idle_ = idle;
  subscriber.place_ = first_called_ + called_.size();
  called_.push_back(&subscriber);
}

void Audience::WakeCalled(size_t most) {
  for (; most > 0 && !called_.empty(); --most) {
    Subscriber* const next = called_.front();
    called_.pop_front();
    ++first_called_;
    if (next == nullptr) continue;
    next->seat_ = Seat::kBusy;
    if (next->idle_) {
      next->OnIdle(next->from_);
    } else {
      next->Wake(next->from_);
    }
  }
}

void Audience::Unseat(Subscriber& subscriber) {
  if (subscriber.seat_ == Seat::kCalled) {
    called_[subscriber.place_ - first_called_] = nullptr;
  } else if (subscriber.seat_ == Seat::kWaiting) {
    std::vector<Subscriber*>& waiting = subscriber.group_->second.waiting;
    if (Subscriber* const moved = TakeOut(waiting, subscriber.place_)) {
      moved->place_ = subscriber.place_;
    }
  }
}

// One that waits has read all there was for it, wherever its cursor stands.
uint64_t Audience::Furthest() const {
  uint64_t furthest = UINT64_MAX;
  for (const Subscriber* const member : members_) {
    if (member->seat_ == Seat::kWaiting) continue;
    const bool is_called = member->seat_ == Seat::kCalled;
    furthest =
        std::min(furthest, is_called ? std::max(member->next(), member->from_)
                                     : member->next());
  }
  return furthest;
}

std::vector<Subscriber*> Audience::Disband() {
  std::vector<Subscriber*> all = members_;
  for (Subscriber* const subscriber : all) Leave(*subscriber);
  return all;
}

}  // namespace clawplane::core

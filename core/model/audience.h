// Who follows something, and who of them is to be woken.

#ifndef CLAWPLANE_CORE_MODEL_AUDIENCE_H_
#define CLAWPLANE_CORE_MODEL_AUDIENCE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "core/model/event.h"
#include "core/model/event_filter.h"
#include "core/model/fault.h"

namespace clawplane::core {

class Audience;

// Somebody who follows the status, the events or the logs. Reads as fast as it
// can, and when it has read all, asks to be woken.
//
// Thread-compatible. A member of at most one audience, which it leaves before
// its end.
class Subscriber {
 public:
  Subscriber() = default;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  virtual ~Subscriber() = default;

  // What was waited for may be there; it is not waited for any more. Of events,
  // none with a number below `from` matches. May leave.
  virtual void Wake(uint64_t from) = 0;

  // In place of `Wake`: for a while nothing had come. By now it may have.
  virtual void OnIdle(uint64_t /*from*/) {}

  // Of events: the number of the next one that it will look at.
  virtual uint64_t next() const { return UINT64_MAX; }

  // Nothing more will come, because of this. It has left.
  virtual void Close(const Fault& why) = 0;

 private:
  friend class Audience;

  enum class Seat { kNone, kBusy, kWaiting, kCalled };
  struct Group;

  Seat seat_ = Seat::kNone;
  std::map<EventFilter, Group>::value_type* group_ = nullptr;
  // Where it stands among the members, and among those that wait in its group
  // or were called.
  size_t member_ = 0;
  size_t place_ = 0;
  // What to wake it with.
  uint64_t from_ = 0;
  bool idle_ = false;
};

// The members with one filter.
struct Subscriber::Group {
  size_t members = 0;
  std::vector<Subscriber*> waiting;
};

// The followers of one thing. News costs one look at each filter in use, and
// then only those who wait and want it: neither one who is busy, or stalled,
// nor one whose filter does not match.
//
// News calls them, and `WakeCalled` wakes those called, a few at a time, so
// that much news at once wakes each of them once, and thousands of them do not
// keep others waiting.
//
// Thread-compatible. All members leave before its end.
class Audience {
 public:
  Audience() = default;
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  // A new member, busy. The filter counts for events only.
  void Join(Subscriber& subscriber, const EventFilter& filter = {});
  // Does nothing for one that is no member.
  void Leave(Subscriber& subscriber);
  // It has read all there is and waits for more.
  void Await(Subscriber& subscriber);
  // It has not, but lets others have their turn: it is called at once.
  void Yield(Subscriber& subscriber);

  // There is news: this event, or for all.
  void Call(const EventDraft& event, uint64_t sequence);
  void CallAll();
  // Time has passed. `from`: the number that the next event will have.
  void CallIdle(uint64_t from);

  // Wakes at most so many of those called, in that order.
  void WakeCalled(size_t most = SIZE_MAX);
  bool has_called() const { return !called_.empty(); }

  // All leave.
  std::vector<Subscriber*> Disband();

  size_t size() const { return members_.size(); }

  // The number of the next event that the member furthest behind will look at;
  // UINT64_MAX where all wait for one that is yet to come. Asks each member.
  uint64_t Furthest() const;

 private:
  using Group = Subscriber::Group;
  using Seat = Subscriber::Seat;

  void CallWaiting(Group& group, uint64_t from, bool idle);
  void CallOne(Subscriber& subscriber, uint64_t from, bool idle);
  // Takes it from where it waits or was called.
  void Unseat(Subscriber& subscriber);

  std::vector<Subscriber*> members_;
  std::map<EventFilter, Group> groups_;
  // Null for one that left. The place of the first is `first_called_`.
  std::deque<Subscriber*> called_;
  size_t first_called_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_AUDIENCE_H_

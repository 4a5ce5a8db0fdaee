// The ordered log of all that the gateway and its supervisor say.

#ifndef CLAWPLANE_CORE_MODEL_EVENT_LOG_H_
#define CLAWPLANE_CORE_MODEL_EVENT_LOG_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/model/event.h"
#include "core/model/time.h"

namespace clawplane::core {

// The forms in which readers get events: the payload as it came, parsed, or
// left out for its size.
enum class EventForm { kJson, kValue, kWithoutPayload };

// An event in one form, as bytes for its readers: `head`, and right behind it
// `payload`, where there is one. In two parts, so that a large payload is held
// once. Immutable.
struct EncodedEvent {
  std::string head;
  SharedJson payload;

  size_t size() const { return head.size() + payload.size(); }
};
using EncodedEventPtr = std::shared_ptr<const EncodedEvent>;

// Numbers events from 1 without holes, and keeps the latest of them, bounded by
// count and bytes. A reader holds a number, not a queue (`EventCursor`):
// thousands of slow ones cost it no memory, and each learns from the numbers
// what it missed.
//
// An event is encoded when the first reader wants it in a form, and then kept
// in that form beside it, the forms of the newest events for as long as there
// is room. They have a share of the bytes to themselves, so that no reader
// costs another one an event, and a log full of events has room for them.
//
// Thread-compatible. The core strand owns the only instance.
class EventLog {
 public:
  struct Limits {
    size_t max_events = 65'536;
    // Of events and their forms together.
    size_t max_bytes = 64 * 1024 * 1024;

    size_t max_form_bytes() const { return max_bytes / 8; }
    size_t max_event_bytes() const { return max_bytes - max_form_bytes(); }
  };
  using Encode = std::function<EncodedEvent(const Event&)>;

  // `epoch` names this life of the log; no two lives share one.
  EventLog(std::string epoch, const Limits& limits)
      : epoch_(std::move(epoch)), limits_(limits) {}

  // Goes on behind event `last`, of which and of those before it `newest` are
  // held: consecutive ones, if any. Once, before anything else.
  void Resume(uint64_t last, std::vector<Event> newest);

  // Adds an event and drops the oldest ones over the limits; the newest is
  // always kept. Returns its number.
  uint64_t Append(EventDraft draft, WallTime now);

  const std::string& epoch() const { return epoch_; }

  // The number of the newest event ever added; 0 before the first.
  uint64_t last() const { return last_; }

  // The number of the oldest event held; `last() + 1` when none is.
  uint64_t oldest() const { return last_ + 1 - entries_.size(); }

  // How many events of the kind were ever added.
  uint64_t added(EventKind kind) const {
    return added_[static_cast<size_t>(kind)];
  }

  // Whether it went on with what another process had begun.
  bool resumed() const { return resumed_; }

  const Limits& limits() const { return limits_; }

  // What is held, in bytes, about.
  size_t bytes() const { return event_bytes_ + form_bytes_; }

  // The event with this number, which must be held. The reference is good until
  // the next `Append`.
  const Event& at(uint64_t sequence) const { return entry(sequence).event; }

  // The same event in a form. `encode` makes it, unless it has been kept.
  EncodedEventPtr Encoded(uint64_t sequence, EventForm form,
                          const Encode& encode) const;

 private:
  struct Entry {
    Event event;
    // A cache: empty until asked for, and again when room is short.
    mutable std::array<EncodedEventPtr, 3> forms = {};
  };

  const Entry& entry(uint64_t sequence) const {
    return entries_[sequence - oldest()];
  }
  // What a form adds to the bytes of its event.
  static size_t Cost(const EncodedEvent& encoded);
  void DropBeyondLimits();
  // Drops the forms of the oldest event that may have any.
  void DropOldestForms() const;

  const std::string epoch_;
  const Limits limits_;
  std::deque<Entry> entries_;
  uint64_t last_ = 0;
  bool resumed_ = false;
  std::array<uint64_t, kEventKinds> added_ = {};
  size_t event_bytes_ = 0;
  mutable size_t form_bytes_ = 0;
  // A held event; no older one has a form.
  mutable uint64_t oldest_form_ = 1;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EVENT_LOG_H_

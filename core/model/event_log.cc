#include "core/model/event_log.h"

#include <algorithm>

namespace clawplane::core {

void EventLog::Resume(uint64_t last, std::vector<Event> newest) {
  resumed_ = true;
  last_ = last;
  for (Event& event : newest) {
    entries_.push_back({std::move(event)});
    event_bytes_ += entries_.back().event.size();
  }
  oldest_form_ = oldest();
  DropBeyondLimits();
}

uint64_t EventLog::Append(EventDraft draft, WallTime now) {
  ++added_[static_cast<size_t>(draft.kind)];
  entries_.push_back({{++last_, now, std::move(draft)}});
  event_bytes_ += entries_.back().event.size();
  DropBeyondLimits();
  return last_;
}

void EventLog::DropBeyondLimits() {
  while (entries_.size() > 1 && (entries_.size() > limits_.max_events ||
                                 event_bytes_ > limits_.max_event_bytes())) {
    if (oldest_form_ == oldest()) DropOldestForms();
    event_bytes_ -= entries_.front().event.size();
    entries_.pop_front();
  }
}

EncodedEventPtr EventLog::Encoded(uint64_t sequence, EventForm form,
                                  const Encode& encode) const {
  const Entry& held = entry(sequence);
  EncodedEventPtr& kept = held.forms[static_cast<size_t>(form)];
  if (kept) return kept;
  auto made = std::make_shared<const EncodedEvent>(encode(held.event));
  const size_t cost = Cost(*made);
  while (form_bytes_ + cost > limits_.max_form_bytes() &&
         oldest_form_ < sequence) {
    DropOldestForms();
  }
  if (form_bytes_ + cost <= limits_.max_form_bytes()) {
    kept = made;
    form_bytes_ += cost;
    oldest_form_ = std::min(oldest_form_, sequence);
  }
  return made;
}

size_t EventLog::Cost(const EncodedEvent& encoded) {
  return sizeof(EncodedEvent) + encoded.head.size();
}

void EventLog::DropOldestForms() const {
  for (EncodedEventPtr& form : entry(oldest_form_).forms) {
    if (form) form_bytes_ -= Cost(*form);
    form.reset();
  }
  ++oldest_form_;
}

}  // namespace clawplane::core

#include "core/model/event_log.h"

namespace clawplane::core {

uint64_t EventLog::Append(EventDraft draft, WallTime now) {
  events_.push_back({++last_, now, std::move(draft)});
  bytes_ += events_.back().size();
  while (events_.size() > 1 &&
         (events_.size() > limits_.max_events || bytes_ > limits_.max_bytes)) {
    bytes_ -= events_.front().size();
    events_.pop_front();
  }
  return last_;
}

}  // namespace clawplane::core

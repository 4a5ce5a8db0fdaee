#include "core/model/restart_policy.h"

#include <algorithm>

namespace clawplane::core {

Duration Backoff::Next() {
  const Duration wait = next_;
  next_ = std::min(next_ * 2, kLongest);
  return wait +
         std::chrono::duration_cast<Duration>(wait * kJitter * random_());
}

bool CrashBudget::TakeLaunch(TimePoint now) {
  while (!launches_.empty() && now - launches_.front() >= kWindow) {
    launches_.pop_front();
  }
  if (launches_.size() >= kLaunches || in_a_row_ >= kFailuresInARow) {
    return false;
  }
  launches_.push_back(now);
  ++in_a_row_;
  return true;
}

void CrashBudget::OnRunning(TimePoint now) {
  in_a_row_ = 0;
  running_since_ = now;
}

void CrashBudget::OnLost(TimePoint now) {
  if (now - running_since_ >= kStable) Clear();
}

void CrashBudget::Clear() {
  launches_.clear();
  in_a_row_ = 0;
}

}  // namespace clawplane::core

// The words for time in the core. Nothing here reads a clock.

#ifndef CLAWPLANE_CORE_MODEL_TIME_H_
#define CLAWPLANE_CORE_MODEL_TIME_H_

#include <chrono>

namespace clawplane::core {

using Duration = std::chrono::nanoseconds;

// A point on the clock that never jumps. For deadlines and elapsed times.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// A point on the calendar. For telling people and other machines.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// One moment on both clocks.
struct Instant {
  TimePoint steady;
  WallTime wall;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_TIME_H_

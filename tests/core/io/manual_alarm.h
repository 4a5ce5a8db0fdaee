// Time that the test moves.

#ifndef CLAWPLANE_TESTS_CORE_IO_MANUAL_ALARM_H_
#define CLAWPLANE_TESTS_CORE_IO_MANUAL_ALARM_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "core/io/core_strand.h"
#include "core/io/ports.h"

namespace clawplane::core {

// Stands still until it is advanced, and rings what has come due then.
//
// On the strand. Must outlive what was posted there.
class ManualAlarm final : public Alarm {
 public:
  explicit ManualAlarm(CoreStrand& strand) : strand_(strand) {}

  Instant Now() const override { return now_; }

  void Set(std::optional<TimePoint> when, std::function<void()> ring) override {
    when_ = when;
    ring_ = std::move(ring);
    // Not from inside.
    if (when_ && *when_ <= now_.steady) {
      strand_.Post([this] { RingIfDue(); });
    }
  }

  // When it rings, if ever.
  const std::optional<TimePoint>& due() const { return when_; }

  void Advance(Duration duration) {
    now_.steady += duration;
    now_.wall += duration;
    RingIfDue();
  }

  // To the moment it is set to, which must exist.
  void AdvanceToDue() { Advance(std::max(Duration(), *when_ - now_.steady)); }

 private:
  void RingIfDue() {
    if (!when_ || *when_ > now_.steady) return;
    when_.reset();
    std::exchange(ring_, nullptr)();
  }

  CoreStrand& strand_;
  Instant now_{TimePoint(std::chrono::hours(1)),
               WallTime(std::chrono::hours(24 * 365 * 50))};
  std::optional<TimePoint> when_;
  std::function<void()> ring_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_MANUAL_ALARM_H_

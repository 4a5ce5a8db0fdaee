// How soon, and how often, the gateway is launched and reached again.

#ifndef CLAWPLANE_CORE_MODEL_RESTART_POLICY_H_
#define CLAWPLANE_CORE_MODEL_RESTART_POLICY_H_

#include <deque>
#include <functional>
#include <utility>

#include "core/model/time.h"

namespace clawplane::core {

// Waits that double from 1 s to 30 s, each longer by up to 25 % at random, so
// that many control planes do not knock at one moment.
//
// Thread-compatible.
class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::seconds(30);
  static constexpr double kJitter = 0.25;

  // `random` gives a number from 0 up to but without 1.
  explicit Backoff(std::function<double()> random)
      : random_(std::move(random)) {}

  Duration Next();
  void Reset() { next_ = kFirst; }

 private:
  std::function<double()> random_;
  Duration next_ = kFirst;
};

// Says when launching again has become pointless: after 5 automatic launches
// within 300 s, or 3 in a row that never reached RUNNING. A launch that a
// person ordered is free, and clears the record, as do 10 minutes of RUNNING.
//
// Thread-compatible.
class CrashBudget {
 public:
  static constexpr size_t kLaunches = 5;
  static constexpr Duration kWindow = std::chrono::seconds(300);
  static constexpr int kFailuresInARow = 3;
  static constexpr Duration kStable = std::chrono::minutes(10);

  // Takes one automatic launch from the budget; false if there is none left.
  bool TakeLaunch(TimePoint now);

  // The gateway reached RUNNING.
  void OnRunning(TimePoint now);

  // The gateway left RUNNING.
  void OnLost(TimePoint now);

  // A person gave an order.
  void Clear();

 private:
  std::deque<TimePoint> launches_;
  // Automatic launches since the last RUNNING.
  int in_a_row_ = 0;
  TimePoint running_since_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_RESTART_POLICY_H_

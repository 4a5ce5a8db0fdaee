#include "core/io/asio_alarm.h"

#include <boost/system/error_code.hpp>
#include <chrono>
#include <utility>

namespace clawplane::core {

AsioAlarm::AsioAlarm(CoreStrand& strand)
    : strand_(strand), timer_(strand.executor()) {}

Instant AsioAlarm::Now() const {
  return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
}

void AsioAlarm::Set(std::optional<TimePoint> when, std::function<void()> ring) {
  strand_.AssertHeld();
  timer_.cancel();
  if (!when) {
    ring_.reset();
    return;
  }
  ring_ = std::make_shared<std::function<void()>>(std::move(ring));
  timer_.expires_at(*when);
  // Cancelling does not reach a wait whose time had already come: its handler
  // runs, without an error, and finds its setting gone.
  timer_.async_wait(
      [setting = std::weak_ptr(ring_)](boost::system::error_code error) {
        if (error) return;
        // Held for the call, for the call may set or destroy the alarm.
        if (const auto ring = setting.lock()) (*ring)();
      });
}

}  // namespace clawplane::core

// When a stream has been silent for too long.

#ifndef CLAWPLANE_CLIENT_SILENCE_LIMIT_H_
#define CLAWPLANE_CLIENT_SILENCE_LIMIT_H_

#include <chrono>

namespace clawplane::client {

// Counts the time for which somebody listened and nothing came. Who stays away
// for longer than a second does not listen meanwhile; shorter pauses count, as
// of one who looks now and then. Has no clock.
//
// Thread-compatible.
class SilenceLimit {
 public:
  using Clock = std::chrono::steady_clock;

  SilenceLimit(std::chrono::nanoseconds limit, Clock::time_point now)
      : limit_(limit), due_(now + limit), left_at_(now) {}

  // Something came, or is waited for from now on.
  void Restart(Clock::time_point now) { due_ = now + limit_; }

  // The listener comes and goes.
  void Listen(Clock::time_point now) {
    if (now - left_at_ > kAway) due_ += now - left_at_;
  }
  void Leave(Clock::time_point now) { left_at_ = now; }

  // The moment at which it has been too long.
  Clock::time_point due() const { return due_; }

 private:
  static constexpr std::chrono::seconds kAway{1};

  const std::chrono::nanoseconds limit_;
  Clock::time_point due_;
  Clock::time_point left_at_;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_SILENCE_LIMIT_H_

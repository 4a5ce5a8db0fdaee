// The real clock, and a timer on it.

#ifndef CLAWPLANE_CORE_IO_ASIO_ALARM_H_
#define CLAWPLANE_CORE_IO_ASIO_ALARM_H_

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "core/io/core_strand.h"
#include "core/io/ports.h"

namespace clawplane::core {

// An alarm that rings on the strand. Once it was set anew or destroyed, a ring
// of the earlier setting never comes, not even one that was already on its way.
//
// On the strand, but for `Now`.
class AsioAlarm final : public Alarm {
 public:
  // `strand` must outlive the alarm and the strand's last task.
  explicit AsioAlarm(CoreStrand& strand);

  Instant Now() const override;

  // A time that has passed rings at once, though not from inside.
  void Set(std::optional<TimePoint> when, std::function<void()> ring) override;

 private:
  using Timer =
      boost::asio::steady_timer::rebind_executor<CoreStrand::Executor>::other;

  CoreStrand& strand_;
  Timer timer_ ABSL_GUARDED_BY(strand_);
  // What to call. A new object for each setting: whether it still exists tells
  // a ring on its way whether it is still wanted.
  std::shared_ptr<std::function<void()>> ring_ ABSL_GUARDED_BY(strand_);
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_ASIO_ALARM_H_

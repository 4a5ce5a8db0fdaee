// How long a start may take.

#ifndef CLAWPLANE_CORE_MODEL_START_BUDGET_H_
#define CLAWPLANE_CORE_MODEL_START_BUDGET_H_

#include <cstdint>
#include <optional>

#include "core/model/probe_report.h"
#include "core/model/time.h"

namespace clawplane::core {

// What a starting process has done so far.
struct ProcessSigns {
  // Lines of output.
  uint64_t lines = 0;
  Duration cpu_time{};
};

// Cold starts of minutes are healthy as long as something happens, so a start
// may take `patience` since the last sign of progress, and `limit` in all. A
// sign is a line of output; a layer of the port that answers for the first time
// (it accepts connections, it speaks HTTP); a second of CPU time, which a
// process that only waits does not use in 300 s.
//
// Thread-compatible.
class StartBudget {
 public:
  static constexpr Duration kCpuSign = std::chrono::seconds(1);

  StartBudget(Duration patience, Duration limit)
      : patience_(patience), limit_(limit) {}

  // Other limits, also for a start in progress.
  void Use(Duration patience, Duration limit) {
    patience_ = patience;
    limit_ = limit;
  }

  void Begin(TimePoint now);
  void End() { began_.reset(); }

  // What a look at the port found, and what the process had done by then.
  void OnLook(const ProbeReport& report, const ProcessSigns& signs,
              TimePoint now);

  // When it is spent; none while no start is in progress.
  std::optional<TimePoint> deadline() const;

  // Whether the limit, rather than the patience, ends it.
  bool limited() const { return *began_ + limit_ <= progress_at_ + patience_; }

 private:
  Duration patience_;
  Duration limit_;
  std::optional<TimePoint> began_;
  TimePoint progress_at_;
  // As of the last sign of each.
  ProcessSigns signs_;
  ProbeReport::Answer layer_ = ProbeReport::Answer::kNothing;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_START_BUDGET_H_

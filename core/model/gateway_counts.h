// What was seen of the gateway and told to its followers, in numbers.

#ifndef CLAWPLANE_CORE_MODEL_GATEWAY_COUNTS_H_
#define CLAWPLANE_CORE_MODEL_GATEWAY_COUNTS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/model/gateway_status.h"
#include "core/model/histogram.h"
#include "core/model/time.h"

namespace clawplane::core {

// Since the control plane began. Thread-compatible.
struct GatewayCounts {
  // From a look at the port to minutes of a cold start.
  static constexpr std::array<Duration, 10> kPhaseBounds = [] {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    return std::array<Duration, 10>{milliseconds(10),  milliseconds(30),
                                    milliseconds(100), milliseconds(300),
                                    seconds(1),        seconds(3),
                                    seconds(10),       seconds(30),
                                    seconds(100),      seconds(300)};
  }();
  using PhaseTimes = Histogram<kPhaseBounds>;

  // By how the gateway took them.
  uint64_t handshakes_accepted = 0;
  uint64_t handshakes_deferred = 0;
  uint64_t handshakes_refused = 0;
  // That had been accepted.
  uint64_t connections_lost = 0;

  // By `Health::Layer`: those that were well, and those that each layer failed.
  std::array<uint64_t, 5> health_checks = {};

  // By `Phase`: how long each was.
  std::array<PhaseTimes, kPhases> phases;

  // By `UpstreamGap::Cause`.
  std::array<uint64_t, 2> upstream_gaps = {};
  // Told to readers of events that fell behind what is held, or came from
  // another life of the log.
  uint64_t reader_gaps = 0;

  // By what is followed (`Topic`): responses that were sent.
  std::array<uint64_t, 3> responses = {};
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_GATEWAY_COUNTS_H_

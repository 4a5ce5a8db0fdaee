// Looks at what answers on the gateway's port.

#ifndef CLAWPLANE_CORE_IO_HTTP_PROBE_H_
#define CLAWPLANE_CORE_IO_HTTP_PROBE_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "core/io/core_strand.h"
#include "core/io/ports.h"

namespace clawplane::core {

// Sends `GET /readyz` to the loopback interface and classifies the answer:
//
//   What happens                                  | Answer
//   ----------------------------------------------+-----------------
//   the connection is refused                     | kNothing
//   status 503 with a JSON body                   | kNotReady
//   any other HTTP, however long its body         | kAnswers
//   no HTTP or an unfinished answer in time;      | kUnintelligible
//   closed without an answer; cannot be connected |
//
// After an answer it reads /proc to tell whose socket it is, on the strand,
// which takes a few milliseconds.
//
// On the strand. A probe may outlive its prober.
class HttpProber final : public Prober {
 public:
  // `strand` must outlive the prober, its probes and the strand's last task.
  explicit HttpProber(CoreStrand& strand) : strand_(strand) {}

  std::unique_ptr<Probe> Look(uint16_t port, pid_t leader, Duration timeout,
                              std::function<void(ProbeReport)> report) override;

 private:
  CoreStrand& strand_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_HTTP_PROBE_H_

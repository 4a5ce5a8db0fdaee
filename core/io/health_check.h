// One look at how a gateway is, in progress.

#ifndef CLAWPLANE_CORE_IO_HEALTH_CHECK_H_
#define CLAWPLANE_CORE_IO_HEALTH_CHECK_H_

#include <functional>
#include <memory>
#include <optional>

#include "core/io/gateway_link.h"
#include "core/io/ports.h"
#include "core/model/liveness.h"

namespace clawplane::core {

// Asks the connection for a pong and for an answer to a cheap call, and, if it
// is thorough, the port for an answer over HTTP; then collects what comes. The
// owner tells it of pongs and answers, and ends it when it is complete or its
// time is up.
//
// On the strand. Destroying it gives up the HTTP request.
class HealthCheck {
 public:
  struct Asked {
    // None if there is no connection. Used during construction only.
    GatewayLink* link;
    // None unless the check is thorough.
    Prober* prober;
    uint16_t port;
    Duration timeout;
  };

  // `on_http` is called, later, when the port has answered or cannot; whether
  // it answered in HTTP is a sign of life.
  HealthCheck(const Asked& asked, TimePoint now,
              std::function<void(bool answered)> on_http);
  HealthCheck(const HealthCheck&) = delete;
  HealthCheck& operator=(const HealthCheck&) = delete;

  void OnPong() { evidence_.pong = true; }
  void OnAnswer() { evidence_.answer = true; }

  // Whether all that was asked for has come.
  bool complete() const;
  TimePoint deadline() const { return began_ + timeout_; }

  // What has come until now.
  HealthEvidence Evidence(TimePoint now) const;

 private:
  const TimePoint began_;
  const Duration timeout_;
  bool awaits_http_ = false;
  HealthEvidence evidence_;
  std::unique_ptr<Probe> probe_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_HEALTH_CHECK_H_

#include "core/model/gateway_status.h"

#include <tuple>

namespace clawplane::core {

std::string_view Name(State state) {
  switch (state) {
    case State::kStopped:
      return "STOPPED";
    case State::kStarting:
      return "STARTING";
    case State::kRunning:
      return "RUNNING";
    case State::kReconnecting:
      return "RECONNECTING";
    case State::kStopping:
      return "STOPPING";
    case State::kError:
      return "ERROR";
  }
  return {};
}

std::string_view Name(Phase phase) {
  switch (phase) {
    case Phase::kNone:
      return "none";
    case Phase::kProbing:
      return "probing";
    case Phase::kWaitingForPort:
      return "waiting-for-port";
    case Phase::kWaitingForReady:
      return "waiting-for-ready";
    case Phase::kConnecting:
      return "connecting";
    case Phase::kBackingOff:
      return "backing-off";
    case Phase::kTerminating:
      return "terminating";
    case Phase::kKilling:
      return "killing";
    case Phase::kRestartDelay:
      return "restart-delay";
    case Phase::kRepairing:
      return "repairing";
    case Phase::kDraining:
      return "draining";
  }
  return {};
}

bool SameRevision(const GatewayStatus& a, const GatewayStatus& b) {
  const auto told = [](const GatewayStatus& s) {
    return std::tie(s.state, s.phase, s.wanted_up, s.pid, s.owned, s.boot_id,
                    s.error, s.reconnect_attempts, s.next_attempt_at,
                    s.last_exit, s.restarts, s.suspect_since, s.drain);
  };
  const auto ok = [](const GatewayStatus& s) {
    return s.health ? std::optional(s.health->ok()) : std::nullopt;
  };
  return told(a) == told(b) && ok(a) == ok(b);
}

}  // namespace clawplane::core

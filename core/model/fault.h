// Why something failed, in the core's own words.

#ifndef CLAWPLANE_CORE_MODEL_FAULT_H_
#define CLAWPLANE_CORE_MODEL_FAULT_H_

#include <string>
#include <string_view>

namespace clawplane::core {

// The cause of a failure that is ours to report. Each stands for the `Reason`
// of the same name in the .proto, where its meaning is written.
enum class Reason {
  kSuperseded,
  kShuttingDown,
  kBadRequest,
  kNotImplemented,
  kTokenRequired,
  kGatewayNotInstalled,
  kDependenciesMissing,
  kLaunchFailed,
  kPortHeld,
  kNotAGateway,
  kTokenWithheld,
  kTokenRefused,
  kPairingRequired,
  kProtocolMismatch,
  kHandshakeRefused,
  kDiedWhileStarting,
  kConfigurationRefused,
  kStartBudgetSpent,
  kCrashLoop,
  kNotRunning,
  kNotOurs,
  kQueueFull,
  kParamsTooLarge,
  kAnswerTooLarge,
  kConnectionLost,
  kTimedOut,
  kEventsLost,
  kTokenUnreadable,
  kStateLocked,
  kHealthCheckFailed,
  kProcessStopped,
  kUnresponsive,
  kMemoryLimit,
  kWishNotStored,
  kRoleRequired,
  kMethodDenied,
  kTooManyCalls,
  kAuditFailed,
  kRestartNotSeen,
  kNotAdopted,
  kDrainCutShort,
  kEventLogFailed,
};

// The reason in UPPER_SNAKE_CASE, as clients see it: "PORT_HELD".
std::string_view Name(Reason reason);

// One failure. Thread-compatible.
struct Fault {
  Reason reason;
  // What was found; lower case, no full stop.
  std::string message;
  // What a person can do about it; empty where time alone helps.
  std::string next_step;

  friend bool operator==(const Fault&, const Fault&) = default;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_FAULT_H_

#include "core/model/fault.h"

namespace clawplane::core {

std::string_view Name(Reason reason) {
  switch (reason) {
    case Reason::kSuperseded:
      return "SUPERSEDED";
    case Reason::kShuttingDown:
      return "SHUTTING_DOWN";
    case Reason::kBadRequest:
      return "BAD_REQUEST";
    case Reason::kNotImplemented:
      return "NOT_IMPLEMENTED";
    case Reason::kTokenRequired:
      return "TOKEN_REQUIRED";
    case Reason::kGatewayNotInstalled:
      return "GATEWAY_NOT_INSTALLED";
    case Reason::kDependenciesMissing:
      return "DEPENDENCIES_MISSING";
    case Reason::kLaunchFailed:
      return "LAUNCH_FAILED";
    case Reason::kPortHeld:
      return "PORT_HELD";
    case Reason::kNotAGateway:
      return "NOT_A_GATEWAY";
    case Reason::kTokenWithheld:
      return "TOKEN_WITHHELD";
    case Reason::kTokenRefused:
      return "TOKEN_REFUSED";
    case Reason::kPairingRequired:
      return "PAIRING_REQUIRED";
    case Reason::kProtocolMismatch:
      return "PROTOCOL_MISMATCH";
    case Reason::kHandshakeRefused:
      return "HANDSHAKE_REFUSED";
    case Reason::kDiedWhileStarting:
      return "DIED_WHILE_STARTING";
    case Reason::kConfigurationRefused:
      return "CONFIGURATION_REFUSED";
    case Reason::kStartBudgetSpent:
      return "START_BUDGET_SPENT";
    case Reason::kCrashLoop:
      return "CRASH_LOOP";
    case Reason::kNotRunning:
      return "NOT_RUNNING";
    case Reason::kNotOurs:
      return "NOT_OURS";
    case Reason::kQueueFull:
      return "QUEUE_FULL";
    case Reason::kParamsTooLarge:
      return "PARAMS_TOO_LARGE";
    case Reason::kAnswerTooLarge:
      return "ANSWER_TOO_LARGE";
    case Reason::kConnectionLost:
      return "CONNECTION_LOST";
    case Reason::kTimedOut:
      return "TIMED_OUT";
    case Reason::kEventsLost:
      return "EVENTS_LOST";
    case Reason::kTokenUnreadable:
      return "TOKEN_UNREADABLE";
    case Reason::kStateLocked:
      return "STATE_LOCKED";
    case Reason::kHealthCheckFailed:
      return "HEALTH_CHECK_FAILED";
    case Reason::kProcessStopped:
      return "PROCESS_STOPPED";
    case Reason::kUnresponsive:
      return "UNRESPONSIVE";
    case Reason::kMemoryLimit:
      return "MEMORY_LIMIT";
    case Reason::kWishNotStored:
      return "WISH_NOT_STORED";
  }
  return {};
}

}  // namespace clawplane::core

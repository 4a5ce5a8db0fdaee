#include "core/model/fault.h"

#include <cstddef>
#include <iterator>

namespace clawplane::core {
namespace {

// In the order of `Reason`.
constexpr std::string_view kNames[] = {"SUPERSEDED",
                                       "SHUTTING_DOWN",
                                       "BAD_REQUEST",
                                       "NOT_IMPLEMENTED",
                                       "TOKEN_REQUIRED",
                                       "GATEWAY_NOT_INSTALLED",
                                       "DEPENDENCIES_MISSING",
                                       "LAUNCH_FAILED",
                                       "PORT_HELD",
                                       "NOT_A_GATEWAY",
                                       "TOKEN_WITHHELD",
                                       "TOKEN_REFUSED",
                                       "PAIRING_REQUIRED",
                                       "PROTOCOL_MISMATCH",
                                       "HANDSHAKE_REFUSED",
                                       "DIED_WHILE_STARTING",
                                       "CONFIGURATION_REFUSED",
                                       "START_BUDGET_SPENT",
                                       "CRASH_LOOP",
                                       "NOT_RUNNING",
                                       "NOT_OURS",
                                       "QUEUE_FULL",
                                       "PARAMS_TOO_LARGE",
                                       "ANSWER_TOO_LARGE",
                                       "CONNECTION_LOST",
                                       "TIMED_OUT",
                                       "EVENTS_LOST",
                                       "TOKEN_UNREADABLE",
                                       "STATE_LOCKED",
                                       "HEALTH_CHECK_FAILED",
                                       "PROCESS_STOPPED",
                                       "UNRESPONSIVE",
                                       "MEMORY_LIMIT",
                                       "WISH_NOT_STORED",
                                       "ROLE_REQUIRED",
                                       "METHOD_DENIED",
                                       "TOO_MANY_CALLS",
                                       "AUDIT_FAILED",
                                       "RESTART_NOT_SEEN",
                                       "NOT_ADOPTED",
                                       "DRAIN_CUT_SHORT",
                                       "EVENT_LOG_FAILED"};
static_assert(std::size(kNames) ==
              static_cast<size_t>(Reason::kEventLogFailed) + 1);

}  // namespace

std::string_view Name(Reason reason) {
  return kNames[static_cast<size_t>(reason)];
}

}  // namespace clawplane::core

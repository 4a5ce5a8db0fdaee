#include "core/model/call_counts.h"

namespace clawplane::core {
namespace {

constexpr std::array<CallEndName, kCallEnds> kNames = {{
    {"answered", "OK"},
    {"refused", "INVALID_REQUEST"},
    {"refused", "UNAVAILABLE"},
    {"refused", "FORBIDDEN"},
    {"refused", "NOT_LINKED"},
    {"refused", "NOT_PAIRED"},
    {"refused", "AGENT_TIMEOUT"},
    {"refused", "APPROVAL_NOT_FOUND"},
    {"refused", "OTHER"},
    {"not_sent", "NOT_RUNNING"},
    {"not_sent", "QUEUE_FULL"},
    {"not_sent", "PARAMS_TOO_LARGE"},
    {"not_sent", "TIMED_OUT"},
    {"not_sent", "CONNECTION_LOST"},
    {"sent_unknown", "TIMED_OUT"},
    {"sent_unknown", "CONNECTION_LOST"},
    {"replied", "ANSWER_TOO_LARGE"},
    {"replied", "QUEUE_FULL"},
    {"failed", "OTHER"},
    {"cancelled", "CANCELLED"},
}};
static_assert(!kNames.back().code.empty());

// Those that the gateway refused with a code of its own.
CallEnd EndOfRefusal(std::string_view code) {
  for (auto end = static_cast<size_t>(CallEnd::kRefusedInvalidRequest);
       end < static_cast<size_t>(CallEnd::kRefusedOther); ++end) {
    if (code == kNames[end].code) return static_cast<CallEnd>(end);
  }
  return CallEnd::kRefusedOther;
}

CallEnd EndOfFailure(const CallFailed& failed) {
  const std::string_view code = Name(failed.fault.reason);
  const std::string_view outcome =
      failed.outcome == Outcome::kNotSent       ? "not_sent"
      : failed.outcome == Outcome::kSentUnknown ? "sent_unknown"
                                                : "replied";
  for (auto end = static_cast<size_t>(CallEnd::kNotSentNotRunning);
       end < static_cast<size_t>(CallEnd::kFailedOther); ++end) {
    if (outcome == kNames[end].outcome && code == kNames[end].code) {
      return static_cast<CallEnd>(end);
    }
  }
  return CallEnd::kFailedOther;
}

}  // namespace

std::string_view Name(CallClass call_class) {
  switch (call_class) {
    case CallClass::kRead:
      return "read";
    case CallClass::kWrite:
      return "write";
    case CallClass::kAdmin:
      return "admin";
    case CallClass::kApprovals:
      return "approvals";
    case CallClass::kPairing:
      return "pairing";
    case CallClass::kOther:
      return "other";
    case CallClass::kUnknown:
      return "unknown";
  }
  return "";
}

CallClass ClassOf(std::optional<GatewayScope> scope) {
  if (!scope) return CallClass::kUnknown;
  switch (*scope) {
    case GatewayScope::kRead:
      return CallClass::kRead;
    case GatewayScope::kWrite:
      return CallClass::kWrite;
    case GatewayScope::kAdmin:
      return CallClass::kAdmin;
    case GatewayScope::kApprovals:
      return CallClass::kApprovals;
    case GatewayScope::kPairing:
      return CallClass::kPairing;
    case GatewayScope::kQuestions:
    case GatewayScope::kTalk:
    case GatewayScope::kNode:
    case GatewayScope::kDynamic:
      return CallClass::kOther;
  }
  return CallClass::kUnknown;
}

CallEndName Name(CallEnd end) { return kNames[static_cast<size_t>(end)]; }

CallEnd EndOfFailed(const CallResult& result) {
  if (const auto* refused = std::get_if<CallRefused>(&result)) {
    return EndOfRefusal(refused->error.code);
  }
  return EndOfFailure(std::get<CallFailed>(result));
}

}  // namespace clawplane::core

// Failures as gRPC statuses: two tables, and the details that go with them.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/model/text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/convert.h"

namespace clawplane::server {
namespace {

constexpr char kOurDomain[] = "clawplane";
constexpr char kGatewayDomain[] = "openclaw.gateway";

// A status over about 8 KiB in the trailer breaks clients; these bounds keep
// it far below, also where the message is doubled.
constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxDetails = 4096;
// What is kept of a text inside the details when they must be shortened.
constexpr size_t kShortText = 512;

grpc::StatusCode CodeOf(core::Reason reason) {
  switch (reason) {
    case core::Reason::kSuperseded:
    case core::Reason::kConnectionLost:
      return grpc::StatusCode::ABORTED;
    case core::Reason::kShuttingDown:
      return grpc::StatusCode::UNAVAILABLE;
    case core::Reason::kBadRequest:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case core::Reason::kNotImplemented:
      return grpc::StatusCode::UNIMPLEMENTED;
    case core::Reason::kRoleRequired:
    case core::Reason::kMethodDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case core::Reason::kTokenRequired:
      return grpc::StatusCode::UNAUTHENTICATED;
    case core::Reason::kGatewayNotInstalled:
    case core::Reason::kDependenciesMissing:
    case core::Reason::kLaunchFailed:
    case core::Reason::kPortHeld:
    case core::Reason::kNotAGateway:
    case core::Reason::kTokenWithheld:
    case core::Reason::kTokenRefused:
    case core::Reason::kPairingRequired:
    case core::Reason::kProtocolMismatch:
    case core::Reason::kHandshakeRefused:
    case core::Reason::kDiedWhileStarting:
    case core::Reason::kConfigurationRefused:
    case core::Reason::kStartBudgetSpent:
    case core::Reason::kCrashLoop:
    case core::Reason::kNotRunning:
    case core::Reason::kNotOurs:
    case core::Reason::kTokenUnreadable:
    case core::Reason::kStateLocked:
    // None of these ends a call today; a person would have to mend each.
    case core::Reason::kHealthCheckFailed:
    case core::Reason::kProcessStopped:
    case core::Reason::kUnresponsive:
    case core::Reason::kMemoryLimit:
    case core::Reason::kWishNotStored:
    case core::Reason::kAuditFailed:
    case core::Reason::kRestartNotSeen:
    case core::Reason::kNotAdopted:
    case core::Reason::kDrainCutShort:
    case core::Reason::kEventLogFailed:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case core::Reason::kTooManyCalls:
    case core::Reason::kQueueFull:
    case core::Reason::kParamsTooLarge:
    case core::Reason::kAnswerTooLarge:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case core::Reason::kTimedOut:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case core::Reason::kEventsLost:
      return grpc::StatusCode::OUT_OF_RANGE;
  }
  return grpc::StatusCode::UNKNOWN;
}

grpc::StatusCode CodeOf(const core::ErrorShape& error) {
  const std::string& code = error.code;
  if (code == "FORBIDDEN" || error.message.starts_with("missing scope")) {
    return grpc::StatusCode::PERMISSION_DENIED;
  }
  if (code == "INVALID_REQUEST") return grpc::StatusCode::INVALID_ARGUMENT;
  if (code == "NOT_PAIRED" || code == "NOT_LINKED") {
    return grpc::StatusCode::FAILED_PRECONDITION;
  }
  if (code == "APPROVAL_NOT_FOUND") return grpc::StatusCode::NOT_FOUND;
  if (code == "AGENT_TIMEOUT") return grpc::StatusCode::DEADLINE_EXCEEDED;
  if (code == "UNAVAILABLE") {
    return error.retryable ? grpc::StatusCode::UNAVAILABLE
                           : grpc::StatusCode::FAILED_PRECONDITION;
  }
  return grpc::StatusCode::UNKNOWN;
}

v1::GatewayError::Outcome ToProto(core::Outcome outcome) {
  switch (outcome) {
    case core::Outcome::kNotSent:
      return v1::GatewayError::OUTCOME_NOT_SENT;
    case core::Outcome::kSentUnknown:
      return v1::GatewayError::OUTCOME_SENT_UNKNOWN;
    case core::Outcome::kReplied:
      return v1::GatewayError::OUTCOME_REPLIED;
  }
  return v1::GatewayError::OUTCOME_UNSPECIFIED;
}

// Cuts at a character's boundary; true if there was something to cut.
bool Shorten(std::string& text, size_t most) {
  if (text.size() <= most) return false;
  size_t end = most;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  text.resize(end);
  return true;
}

// Texts are cut; JSON that is cut is no JSON, so it is left out whole.
void FitError(v1::GatewayError& error) {
  bool cut = Shorten(*error.mutable_message(), kShortText);
  cut |= Shorten(*error.mutable_code(), kShortText);
  for (std::string* json :
       {error.mutable_payload_json(), error.mutable_details_json()}) {
    if (error.ByteSizeLong() <= kMaxDetails / 2) break;
    cut |= !json->empty();
    json->clear();
  }
  if (cut) error.set_truncated(true);
}

struct Details {
  google::rpc::ErrorInfo info;
  std::optional<core::Duration> retry_after;
  std::optional<v1::GatewayError> error;
};

grpc::Status MakeStatus(grpc::StatusCode code, std::string message,
                        Details details) {
  bool cut = Shorten(message, kMaxMessage);
  cut |= Shorten(*details.info.mutable_reason(), 64);
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(details.info);
  if (details.retry_after) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = server::ToProto(*details.retry_after);
    status.add_details()->PackFrom(retry);
  }
  if (details.error) {
    if (cut) details.error->set_truncated(true);
    FitError(*details.error);
    status.add_details()->PackFrom(*details.error);
  }
  return {code, message, status.SerializeAsString()};
}

// Both halves of a fault, as one sentence for who sees only the message.
std::string Sentence(const core::Fault& fault) {
  if (fault.next_step.empty()) return fault.message;
  return core::Concat(fault.message, "; ", fault.next_step);
}

google::rpc::ErrorInfo InfoOf(const core::Fault& fault) {
  google::rpc::ErrorInfo info;
  info.set_domain(kOurDomain);
  info.set_reason(std::string(core::Name(fault.reason)));
  if (!fault.next_step.empty()) {
    std::string next_step = fault.next_step;
    Shorten(next_step, kShortText);
    (*info.mutable_metadata())["next_step"] = next_step;
  }
  return info;
}

}  // namespace

grpc::Status ToGrpcStatus(const core::Fault& fault) {
  return MakeStatus(CodeOf(fault.reason), Sentence(fault),
                    {InfoOf(fault), std::nullopt, std::nullopt});
}

grpc::Status ToGrpcStatus(const core::CallFailed& failed) {
  v1::GatewayError error;
  error.set_outcome(ToProto(failed.outcome));
  error.set_retryable(failed.transient);
  grpc::StatusCode code = CodeOf(failed.fault.reason);
  // Nothing was sent and the hindrance will pass: safe to repeat.
  if (failed.transient && failed.outcome == core::Outcome::kNotSent &&
      failed.fault.reason != core::Reason::kQueueFull) {
    code = grpc::StatusCode::UNAVAILABLE;
  }
  return MakeStatus(code, Sentence(failed.fault),
                    {InfoOf(failed.fault), std::nullopt, std::move(error)});
}

grpc::Status ToGrpcStatus(const core::CallRefused& refused) {
  const core::ErrorShape& shape = refused.error;
  const grpc::StatusCode code = CodeOf(shape);
  v1::GatewayError error;
  error.set_code(shape.code);
  error.set_message(shape.message);
  error.set_retryable(shape.retryable);
  if (shape.retry_after) {
    *error.mutable_retry_after() = server::ToProto(*shape.retry_after);
  }
  error.set_details_json(shape.details_json);
  error.set_payload_json(refused.payload_json);
  error.set_outcome(v1::GatewayError::OUTCOME_REPLIED);

  Details details;
  details.info.set_domain(kGatewayDomain);
  details.info.set_reason(shape.code.empty() ? "UNKNOWN" : shape.code);
  details.retry_after = shape.retry_after;
  details.error = std::move(error);
  std::string message = shape.message;
  if (code == grpc::StatusCode::UNKNOWN || message.empty()) {
    message = refused.error_json.empty()
                  ? "the gateway refused the call and gave no reason"
                  : refused.error_json;
  }
  return MakeStatus(code, std::move(message), std::move(details));
}

grpc::Status EventsLostStatus(std::string_view epoch, uint64_t oldest) {
  core::Fault fault{core::Reason::kEventsLost,
                    core::Concat("events after the position asked for are "
                                 "gone; the oldest held is ",
                                 epoch, ":", oldest),
                    "read again from the oldest"};
  Details details{InfoOf(fault), std::nullopt, std::nullopt};
  auto& metadata = *details.info.mutable_metadata();
  metadata["oldest_epoch"] = std::string(epoch);
  metadata["oldest_sequence"] = std::to_string(oldest);
  return MakeStatus(CodeOf(fault.reason), Sentence(fault), std::move(details));
}

}  // namespace clawplane::server

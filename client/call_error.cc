#include "clawplane/client/call_error.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "proto/code_name.h"

namespace clawplane::client {
namespace {

constexpr absl::string_view kOwnDomain = "clawplane";

// gRPC's words for a call that never had a connection.
constexpr absl::string_view kNeverConnected = "failed to connect";

absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

void TakeDetails(const std::string& bytes, CallError& error) {
  google::rpc::Status details;
  if (!details.ParseFromString(bytes)) return;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    v1::GatewayError gateway;
    if (detail.UnpackTo(&info)) {
      error.reason = info.reason();
      error.domain = info.domain();
      error.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (detail.UnpackTo(&retry)) {
      error.retry_delay = ToAbsl(retry.retry_delay());
    } else if (detail.UnpackTo(&gateway)) {
      error.gateway = std::move(gateway);
    }
  }
}

// Whether gRPC gives up calls with this code by itself: out of time, cancelled,
// cut off, or for a message that breaks its rules or its limits.
bool MayComeFromGrpc(grpc::StatusCode code) {
  return code == grpc::StatusCode::DEADLINE_EXCEEDED ||
         code == grpc::StatusCode::CANCELLED ||
         code == grpc::StatusCode::UNAVAILABLE ||
         code == grpc::StatusCode::UNKNOWN ||
         code == grpc::StatusCode::INTERNAL ||
         code == grpc::StatusCode::RESOURCE_EXHAUSTED;
}

// What is known of an `Rpc` that failed on this side, without a word of the
// server: at worst, it was carried out.
std::optional<v1::GatewayError> OwnVerdict(const CallError& error) {
  if (!error.reason.empty() || !MayComeFromGrpc(error.code)) {
    return std::nullopt;
  }
  v1::GatewayError verdict;
  verdict.set_outcome(absl::StartsWith(error.message, kNeverConnected)
                          ? v1::GatewayError::OUTCOME_NOT_SENT
                          : v1::GatewayError::OUTCOME_SENT_UNKNOWN);
  return verdict;
}

// What gRPC says when a call was cut off by no fault of its own.
bool WasCutOff(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE ||
         code == grpc::StatusCode::UNKNOWN ||
         code == grpc::StatusCode::INTERNAL ||
         code == grpc::StatusCode::CANCELLED ||
         code == grpc::StatusCode::DEADLINE_EXCEEDED;
}

Retry RetryOfRpc(const CallError& error, const v1::GatewayError& gateway) {
  switch (gateway.outcome()) {
    case v1::GatewayError::OUTCOME_NOT_SENT:
      return error.code == grpc::StatusCode::UNAVAILABLE ||
                     error.code == grpc::StatusCode::DEADLINE_EXCEEDED ||
                     error.Is(v1::REASON_QUEUE_FULL)
                 ? Retry::kSafe
                 : Retry::kNever;
    case v1::GatewayError::OUTCOME_SENT_UNKNOWN:
      return error.code == grpc::StatusCode::ABORTED || WasCutOff(error.code)
                 ? Retry::kOnlyIfIdempotent
                 : Retry::kNever;
    case v1::GatewayError::OUTCOME_REPLIED:
      if (gateway.retryable() || error.code == grpc::StatusCode::UNAVAILABLE) {
        return Retry::kSafe;
      }
      // The gateway's agent took too long, and may still be at it.
      return error.code == grpc::StatusCode::DEADLINE_EXCEEDED
                 ? Retry::kOnlyIfIdempotent
                 : Retry::kNever;
    case v1::GatewayError::OUTCOME_UNSPECIFIED:
    case v1::
        GatewayError_Outcome_GatewayError_Outcome_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::
        GatewayError_Outcome_GatewayError_Outcome_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Retry::kOnlyIfIdempotent;
}

}  // namespace

Retry CallError::retry() const {
  if (gateway.has_value()) return RetryOfRpc(*this, *gateway);
  if (code == grpc::StatusCode::UNAVAILABLE &&
      (!reason.empty() || absl::StartsWith(message, kNeverConnected))) {
    return Retry::kSafe;
  }
  // A failure that the server explains is one that it decided.
  return WasCutOff(code) &&
                 (reason.empty() || code == grpc::StatusCode::DEADLINE_EXCEEDED)
             ? Retry::kOnlyIfIdempotent
             : Retry::kNever;
}

bool CallError::Is(v1::Reason wanted) const {
  return domain == kOwnDomain &&
         absl::StrCat("REASON_", reason) == v1::Reason_Name(wanted);
}

CallError ToCallError(const grpc::Status& status, CallError::Method method) {
  CallError error;
  error.code = status.error_code();
  error.message = status.error_message();
  TakeDetails(status.error_details(), error);
  if (method == CallError::Method::kRpc && !error.gateway.has_value()) {
    error.gateway = OwnVerdict(error);
  }
  return error;
}

std::string CodeName(grpc::StatusCode code) {
  return clawplane::CodeName(code);
}

std::string Describe(const CallError& error) {
  const std::string cause =
      error.reason.empty() ? CodeName(error.code) : error.reason;
  if (error.message.empty()) return absl::StrCat("[", cause, "]");
  return absl::StrCat(error.message, " [", cause, "]");
}

}  // namespace clawplane::client

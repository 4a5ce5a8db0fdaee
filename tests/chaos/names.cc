// The words of the table.

#include "absl/strings/strip.h"
#include "tests/chaos/chaos_test.h"

namespace clawplane::testing {

std::string Name(v1::GatewayStatus::State state) {
  const std::string name = v1::GatewayStatus::State_Name(state);
  return std::string(absl::StripPrefix(name, "STATE_"));
}

std::string Name(v1::Reason reason) {
  const std::string name = v1::Reason_Name(reason);
  return std::string(absl::StripPrefix(name, "REASON_"));
}

std::string Name(grpc::StatusCode code) {
  const std::map<grpc::StatusCode, std::string> names = {
      {grpc::StatusCode::OK, "OK"},
      {grpc::StatusCode::ABORTED, "ABORTED"},
      {grpc::StatusCode::CANCELLED, "CANCELLED"},
      {grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
      {grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION"},
      {grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"}};
  const auto found = names.find(code);
  return found == names.end() ? std::to_string(code) : found->second;
}

std::string Name(Process process) {
  switch (process) {
    case Process::kSame:
      return "same pid";
    case Process::kOther:
      return "other pid";
    case Process::kNone:
      return "no process";
  }
  return "";
}

const char* Name(Point point) {
  switch (point) {
    case Point::kStopped:
      return "before launch";
    case Point::kWaitingForPort:
      return "waiting-for-port";
    case Point::kWaitingForReady:
      return "waiting-for-ready";
    case Point::kConnecting:
      return "connecting";
    case Point::kRunning:
      return "running";
    case Point::kReconnecting:
      return "backing-off, child lives";
    case Point::kRelaunching:
      return "backing-off";
    case Point::kTerminating:
      return "terminating";
    case Point::kRestartDelay:
      return "restart-delay";
  }
  return "";
}

}  // namespace clawplane::testing

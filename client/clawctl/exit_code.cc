#include "client/clawctl/exit_code.h"

namespace clawplane::clawctl {

const absl::string_view kExitCodeHelp =
    "Exit codes:\n"
    "  0    done\n"
    "  1    the server or the gateway refused, or the operation failed\n"
    "  2    wrong usage or arguments\n"
    "  3    no server answers, or the connection to it was lost\n"
    "  4    not done in time\n"
    "  5    not authorised\n"
    "  6    the gateway is not running\n"
    "  7    with --targets: done on some of the servers and not on others, or\n"
    "       failed in different ways\n"
    "  130  interrupted by Ctrl-C";

ExitCode ExitCodeFor(const client::CallError& error) {
  if (error.unreachable()) return kUnreachable;
  if (error.Is(v1::REASON_NOT_RUNNING)) return kNotRunning;
  switch (error.code) {
    case grpc::StatusCode::OK:
      return kOk;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return kUsage;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return kTimeout;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return kNotAuthorised;
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
    case grpc::StatusCode::DO_NOT_USE:
      return kFailed;
  }
  return kFailed;  // A code of a later gRPC.
}

absl::string_view ExitCodeWords(int code) {
  switch (code) {
    case kOk:
      return "ok";
    case kUsage:
      return "wrong arguments";
    case kUnreachable:
      return "no server answers";
    case kTimeout:
      return "not done in time";
    case kNotAuthorised:
      return "not authorised";
    case kNotRunning:
      return "gateway not running";
    case kInterrupted:
      return "interrupted";
    default:
      return "failed";
  }
}

}  // namespace clawplane::clawctl

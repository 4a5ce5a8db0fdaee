// Why a call failed, in a form that programs can act on.

#ifndef CLAWPLANE_CLIENT_CALL_ERROR_H_
#define CLAWPLANE_CLIENT_CALL_ERROR_H_

#include <grpcpp/support/status.h>

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::client {

// Whether the same call may be made again.
enum class Retry {
  // Nothing was done, or who refused says that it may be repeated: after the
  // delay, or with backoff where none was said.
  kSafe,
  // The call may have been carried out, or in part: repeat it where doing it
  // twice is as good as once.
  kOnlyIfIdempotent,
  // The same call would fail again until something else has changed.
  kNever,
};

// A failed call: gRPC's code and message, and what the details say.
//
// Thread-compatible.
struct CallError {
  // Whose failure a method's is: of `Rpc` one also wants to know what became of
  // the call.
  enum class Method { kRpc, kOther };

  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;

  // The cause, and whose word it is: `clawplane` or `openclaw.gateway`. Empty
  // where the failure came from gRPC itself, such as for want of a server.
  std::string reason;
  std::string domain;
  std::map<std::string, std::string> metadata;

  // When the call may be repeated, where that was said.
  std::optional<absl::Duration> retry_delay;

  // Of failed `Rpc` calls; of those that failed without a word of the server,
  // only the outcome is known.
  std::optional<v1::GatewayError> gateway;

  // Whether no server answered: there is none, or the connection to it broke.
  bool unreachable() const {
    return code == grpc::StatusCode::UNAVAILABLE && reason.empty();
  }

  // What to do next. Follows the outcome of an `Rpc` where one is known; when
  // to do it is `retry_delay`.
  Retry retry() const;

  // Whether the control plane itself, not the gateway, gave this reason.
  bool Is(v1::Reason wanted) const;
};

// Takes a failed status apart. Details that cannot be read are left out.
CallError ToCallError(const grpc::Status& status,
                      CallError::Method method = CallError::Method::kOther);

// gRPC's name of a code: "FAILED_PRECONDITION".
std::string CodeName(grpc::StatusCode code);

// For people, on one line: the message, and in brackets the reason or else the
// code: "port 18789 is held by another program [PORT_HELD]".
std::string Describe(const CallError& error);

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_CALL_ERROR_H_

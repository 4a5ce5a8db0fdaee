// Calls that answer once.

#ifndef CLAWPLANE_CLIENT_CALL_H_
#define CLAWPLANE_CLIENT_CALL_H_

#include <grpcpp/client_context.h>

#include <optional>
#include <type_traits>

#include "absl/time/time.h"
#include "clawplane/client/call_error.h"
#include "clawplane/client/connection.h"

namespace clawplane::client {

// How long `Call` waits for an answer unless told otherwise: what the server
// answers at once, a call to the gateway, and orders, which may take as long as
// the longest start that the server allows by default.
constexpr absl::Duration kAtOnce = absl::Seconds(10);
constexpr absl::Duration kForGateway = absl::Seconds(30);
constexpr absl::Duration kForOrder = absl::Minutes(16);

template <typename Request>
constexpr absl::Duration DefaultTimeout() {
  if (std::is_same_v<Request, v1::RpcRequest>) return kForGateway;
  return std::is_same_v<Request, v1::StartRequest> ||
                 std::is_same_v<Request, v1::StopRequest> ||
                 std::is_same_v<Request, v1::RestartRequest>
             ? kForOrder
             : kAtOnce;
}

// Makes one call and waits for its end. Returns why it failed, or nothing:
//
//   v1::GetStatusResponse response;
//   if (auto error = Call(connection, &v1::GatewayService::Stub::GetStatus,
//                         v1::GetStatusRequest(), response)) {
//     return Describe(*error);
//   }
template <typename Request, typename Response>
std::optional<CallError> Call(
    const Connection& connection,
    grpc::Status (v1::GatewayService::Stub::*method)(grpc::ClientContext*,
                                                     const Request&, Response*),
    const Request& request, Response& response,
    absl::Duration timeout = DefaultTimeout<Request>()) {
  grpc::ClientContext context;
  connection.Prepare(context, timeout);
  const grpc::Status status =
      (connection.stub().*method)(&context, request, &response);
  if (status.ok()) return std::nullopt;
  return ToCallError(status, std::is_same_v<Request, v1::RpcRequest>
                                 ? CallError::Method::kRpc
                                 : CallError::Method::kOther);
}

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_CALL_H_

// The messages of `Rpc`, between the bytes of gRPC and the text of the gateway.
//
// They are read and written by hand, for the generated classes would copy the
// params and the result more often than needed. At 1 MB a call costs two thirds
// of a bare echo with those (docs/performance.md). The other methods use them.

#ifndef CLAWPLANE_SERVER_RPC_MESSAGE_H_
#define CLAWPLANE_SERVER_RPC_MESSAGE_H_

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <variant>

#include "clawplane/v1/gateway.pb.h"
#include "core/model/frame.h"
#include "core/model/pending_calls.h"

namespace clawplane::server {

// A request that was found to be in order. The deadline is the caller's
// business, and not set.
struct RpcInput {
  core::CallRequest call;
  // Never UNSPECIFIED.
  v1::PayloadForm result_form = v1::PAYLOAD_FORM_JSON;
};

// Reads a serialised `RpcRequest`, or says what is wrong with it. `bytes` may
// be used up.
std::variant<RpcInput, std::string> ReadRpcRequest(grpc::ByteBuffer& bytes);

// A serialised `RpcResponse` with this payload, or without one; or why it
// cannot be given in this form.
std::variant<grpc::ByteBuffer, std::string> WriteRpcResponse(
    std::optional<core::JsonView> payload, v1::PayloadForm form);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_RPC_MESSAGE_H_

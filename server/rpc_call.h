// One `Rpc`, from the wait for it to the end of its answer.

#ifndef CLAWPLANE_SERVER_RPC_CALL_H_
#define CLAWPLANE_SERVER_RPC_CALL_H_

#include <grpcpp/grpcpp.h>

#include <optional>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "server/access.h"
#include "server/gateway_service.h"
#include "server/rpc_message.h"

namespace clawplane::server {

class RpcLoop;

// Owns itself from `Listen` on. A life:
//
//   the loop's thread          | the strand
//   ---------------------------+-------------------------------------------
//   Listen                     |
//   OnArrival: let in, decoded | Begin: the call is made
//                              | OnResult, or Abandon: FinishWith
//   OnFinished and OnDone      |
//
// gRPC tells of the end twice: when the answer is out, and when the call is
// over for it, which comes first where the caller gives up. After both, the
// object goes.
class RpcCall {
 public:
  // What gRPC's queue brings back: whom to tell of what.
  struct Event {
    RpcCall* call;
    void (RpcCall::*report)(bool ok);

    void Handle(bool ok) { (call->*report)(ok); }
  };

  RpcCall(RpcLoop& loop, core::CoreStrand& strand,
          core::GatewayManager& gateway, const Access& access)
      : loop_(loop), strand_(strand), gateway_(gateway), access_(access) {}
  RpcCall(const RpcCall&) = delete;
  RpcCall& operator=(const RpcCall&) = delete;

  // Waits for the next call of any client.
  void Listen(GatewayService& service, grpc::ServerCompletionQueue* queue);

  // Makes the call. On the strand.
  void Begin();

 private:
  void OnArrival(bool ok);
  void OnDone(bool ok);
  void OnFinished(bool ok);
  void DeleteIfOver();

  // Reads the request, or says why it is refused.
  std::optional<grpc::Status> Read();

  void Abandon();
  void OnResult(const core::CallResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Answer(const core::CallAnswered& answered)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void FinishWith(const grpc::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  RpcLoop& loop_;
  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  const Access& access_;

  Event arrival_{this, &RpcCall::OnArrival};
  Event done_{this, &RpcCall::OnDone};
  Event finished_{this, &RpcCall::OnFinished};

  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_{&context_};

  // Of the loop's thread.
  bool let_in_ = false;
  bool is_done_ = false;
  bool is_finished_ = false;
  bool was_abandoned_ = false;

  // Set before the strand gets the call, and the strand's from then on.
  RpcInput input_;

  core::CallId id_ ABSL_GUARDED_BY(strand_) = 0;
  bool finish_begun_ ABSL_GUARDED_BY(strand_) = false;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_RPC_CALL_H_

// The method `Rpc`.

#ifndef CLAWPLANE_SERVER_RPC_CALL_H_
#define CLAWPLANE_SERVER_RPC_CALL_H_

#include <grpcpp/grpcpp.h>

#include <optional>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "server/gate.h"
#include "server/generated_service.h"
#include "server/rpc_message.h"
#include "server/served_call.h"

namespace clawplane::server {

// Serves `Rpc`, the hot path: without the classes that the other methods share,
// and with its messages read and written by hand.
class RpcMethod final : public ServedMethod {
 public:
  // All must outlive the server.
  RpcMethod(GeneratedService& service, core::GatewayManager& gateway,
            Gate& gate)
      : ServedMethod("Rpc"),
        service_(service),
        gateway_(gateway),
        gate_(gate) {}

  void Listen(ServerLoop& loop) override;

 private:
  friend class RpcCall;

  GeneratedService& service_;
  core::GatewayManager& gateway_;
  Gate& gate_;
};

// One call to the gateway. It goes at once: once it was finished, nothing on
// the strand names it.
class RpcCall final : public ServedCall {
 public:
  RpcCall(ServerLoop& loop, RpcMethod& method);

 private:
  void Begin() override;
  bool IsBrief() const override { return true; }
  bool Admit() override;
  void Abandon() override;
  // Lets the call in and reads the request, or says why it is refused.
  std::optional<grpc::Status> Read();

  void Send() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnResult(const core::CallResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Answer(const core::CallAnswered& answered)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Fail(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  Gate& gate_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_{&context_};

  // Set before the strand gets the call, and the strand's from then on.
  Pass pass_;
  RpcInput input_;

  bool has_begun_ ABSL_GUARDED_BY(strand_) = false;
  bool was_abandoned_early_ ABSL_GUARDED_BY(strand_) = false;
  core::CallId id_ ABSL_GUARDED_BY(strand_) = 0;
  bool finished_once_ ABSL_GUARDED_BY(strand_) = false;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_RPC_CALL_H_

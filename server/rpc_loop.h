// The hot path: takes `Rpc` calls from gRPC, and sees to their end.

#ifndef CLAWPLANE_SERVER_RPC_LOOP_H_
#define CLAWPLANE_SERVER_RPC_LOOP_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <thread>
#include <vector>

#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "server/access.h"
#include "server/gateway_service.h"
#include "server/rpc_call.h"

namespace clawplane::server {

// Serves the one method `Rpc`, on a completion queue and a thread of its own.
//
// The other methods use gRPC's callback API, which is simpler and costs about a
// quarter more CPU a call. Here the thread takes all the calls that have come,
// checks them, and hands them to the strand together, which sends them to the
// gateway in one go.
//
// A life: constructed -> `AddQueue` -> the server is built -> `Begin` ->
// (serving) -> the server is shut down -> `End`. `Listen` and `HandOver` belong
// to the loop's thread, for its calls; the rest to the main thread.
class RpcLoop {
 public:
  // All must outlive the loop.
  RpcLoop(core::CoreStrand& strand, core::GatewayManager& gateway,
          const Access& access, GatewayService& service);
  RpcLoop(const RpcLoop&) = delete;
  RpcLoop& operator=(const RpcLoop&) = delete;

  void AddQueue(grpc::ServerBuilder& builder);
  void Begin();
  // Waits for the thread. No call is left then. The strand must still run.
  void End();

  // Asks gRPC for one more call.
  void Listen();
  // Takes a call that was let in, for the strand.
  void Add(RpcCall* call) { arrived_.push_back(call); }
  // Hands what was added to the strand.
  void HandOver();

 private:
  void Run();

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  const Access& access_;
  GatewayService& service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;
  // Rings on the thread when it is to end.
  grpc::Alarm end_;

  // Of the loop's thread.
  bool ending_ = false;
  std::vector<RpcCall*> arrived_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_RPC_LOOP_H_

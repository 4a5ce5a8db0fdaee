// A bare gRPC server: what the bridge is measured against.
//
// grpc_echo ADDRESS...: serves `GatewayService.Rpc` on the addresses, written
// as gRPC's manual shows a callback service: each call is answered with its own
// params. Ends with SIGTERM.

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <memory>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/bench/rpc/bare_server.h"

namespace clawplane::testing {
namespace {

class EchoService final : public v1::GatewayService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Rpc(grpc::CallbackServerContext* context,
                                const v1::RpcRequest* request,
                                v1::RpcResponse* response) override {
    if (request->has_params()) {
      *response->mutable_result() = request->params();
    } else {
      response->set_result_json(request->params_json());
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int Run(int count, char** addresses) {
  EchoService service;
  const std::unique_ptr<grpc::Server> server = Serve(service, count, addresses);
  if (server == nullptr) return 1;
  AwaitEnd();
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: grpc_echo ADDRESS..." << std::endl;
    return 2;
  }
  return clawplane::testing::Run(argc - 1, argv + 1);
}

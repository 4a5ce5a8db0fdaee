// A call that is under way.

#ifndef CLAWPLANE_TESTS_SERVER_PENDING_RPC_H_
#define CLAWPLANE_TESTS_SERVER_PENDING_RPC_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "clawplane/v1/gateway.grpc.pb.h"

namespace clawplane::testing {

inline v1::RpcRequest RpcOf(const std::string& method,
                            const std::string& params = "") {
  v1::RpcRequest request;
  request.set_method(method);
  if (!params.empty()) request.set_params_json(params);
  return request;
}

// One `Rpc` that a test need not wait for. Those made one after the other over
// one connection reach the server in that order. Cancelled, if it is not over,
// with this object. Thread-compatible.
class PendingRpc {
 public:
  PendingRpc(
      v1::GatewayService::Stub& stub, v1::RpcRequest request,
      std::chrono::milliseconds timeout = std::chrono::milliseconds(20'000))
      : request_(std::move(request)) {
    context_.set_deadline(std::chrono::system_clock::now() + timeout);
    stub.async()->Rpc(
        &context_, &request_, &response_,
        [this](grpc::Status status) { over_.set_value(std::move(status)); });
  }
  ~PendingRpc() {
    Cancel();
    status_.wait();
  }
  PendingRpc(const PendingRpc&) = delete;
  PendingRpc& operator=(const PendingRpc&) = delete;

  void Cancel() { context_.TryCancel(); }
  bool IsOver() const {
    return status_.wait_for(std::chrono::seconds(0)) ==
           std::future_status::ready;
  }
  // Waits for its end.
  const grpc::Status& Status() { return status_.get(); }
  // What came, once it is over.
  const v1::RpcResponse& response() const { return response_; }

 private:
  grpc::ClientContext context_;
  const v1::RpcRequest request_;
  v1::RpcResponse response_;
  std::promise<grpc::Status> over_;
  const std::shared_future<grpc::Status> status_ = over_.get_future().share();
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_SERVER_PENDING_RPC_H_

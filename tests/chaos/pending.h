// A call whose answer is not waited for yet.

#ifndef CLAWPLANE_TESTS_CHAOS_PENDING_H_
#define CLAWPLANE_TESTS_CHAOS_PENDING_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <type_traits>
#include <utility>

#include "clawplane/v1/gateway.grpc.pb.h"

namespace clawplane::testing {

// Made from its construction on; cancelled at the end of its life.
//
// Thread-compatible.
template <typename Request, typename Response>
class Pending {
 public:
  Pending(v1::GatewayService::Stub& stub, const Request& request,
          std::chrono::milliseconds timeout)
      : request_(request), ended_(promise_.get_future()) {
    context_.set_deadline(std::chrono::system_clock::now() + timeout);
    Begin(*stub.async(),
          [this](const grpc::Status& status) { promise_.set_value(status); });
  }
  ~Pending() {
    context_.TryCancel();
    if (ended_.valid()) ended_.wait();
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  // How it ended; nothing if it goes on for longer than our patience.
  std::optional<grpc::Status> Wait(std::chrono::milliseconds patience) {
    if (!status_ && ended_.wait_for(patience) == std::future_status::ready) {
      status_ = ended_.get();
    }
    return status_;
  }

  const Response& response() const { return response_; }

 private:
  using Async = v1::GatewayService::StubInterface::async_interface;

  void Begin(Async& stub, std::function<void(grpc::Status)> done) {
    if constexpr (std::is_same_v<Request, v1::RpcRequest>) {
      stub.Rpc(&context_, &request_, &response_, std::move(done));
    } else if constexpr (std::is_same_v<Request, v1::StartRequest>) {
      stub.Start(&context_, &request_, &response_, std::move(done));
    } else if constexpr (std::is_same_v<Request, v1::StopRequest>) {
      stub.Stop(&context_, &request_, &response_, std::move(done));
    } else {
      stub.Restart(&context_, &request_, &response_, std::move(done));
    }
  }

  const Request request_;
  grpc::ClientContext context_;
  Response response_;
  std::promise<grpc::Status> promise_;
  std::future<grpc::Status> ended_;
  std::optional<grpc::Status> status_;
};

using PendingRpc = Pending<v1::RpcRequest, v1::RpcResponse>;
using PendingStart = Pending<v1::StartRequest, v1::StartResponse>;
using PendingStop = Pending<v1::StopRequest, v1::StopResponse>;
using PendingRestart = Pending<v1::RestartRequest, v1::RestartResponse>;

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_CHAOS_PENDING_H_

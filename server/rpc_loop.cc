#include "server/rpc_loop.h"

#include <utility>

namespace clawplane::server {
namespace {

// How many calls are asked for ahead. More may come at once: gRPC keeps them
// until they are asked for.
constexpr int kAhead = 64;

// How many events are taken before the strand gets what came of them.
constexpr int kMaxBatch = 64;

}  // namespace

RpcLoop::RpcLoop(core::CoreStrand& strand, core::GatewayManager& gateway,
                 const Access& access, GatewayService& service)
    : strand_(strand), gateway_(gateway), access_(access), service_(service) {}

void RpcLoop::AddQueue(grpc::ServerBuilder& builder) {
  queue_ = builder.AddCompletionQueue();
}

void RpcLoop::Begin() {
  thread_ = std::thread([this] {
    for (int i = 0; i < kAhead; ++i) Listen();
    Run();
  });
}

void RpcLoop::End() {
  end_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), nullptr);
  thread_.join();
}

void RpcLoop::Listen() {
  if (ending_) return;
  // It owns itself from here on.
  auto* const call = new RpcCall(*this, strand_, gateway_, access_);
  call->Listen(service_, queue_.get());
}

void RpcLoop::Run() {
  void* tag = nullptr;
  bool ok = false;
  const gpr_timespec at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  while (queue_->Next(&tag, &ok)) {
    int taken = 0;
    do {
      if (tag == nullptr) {
        ending_ = true;
        queue_->Shutdown();
      } else {
        static_cast<RpcCall::Event*>(tag)->Handle(ok);
      }
    } while (++taken < kMaxBatch && queue_->AsyncNext(&tag, &ok, at_once) ==
                                        grpc::CompletionQueue::GOT_EVENT);
    HandOver();
  }
}

void RpcLoop::HandOver() {
  if (arrived_.empty()) return;
  strand_.Post([calls = std::exchange(arrived_, {})] {
    for (RpcCall* const call : calls) call->Begin();
  });
}

}  // namespace clawplane::server

#include "server/unary_call.h"

#include "server/convert.h"

namespace clawplane::server {

void UnaryCall::FinishOnce(const grpc::Status& status) {
  if (std::exchange(finished_, true)) return;
  sink_->Finish(status);
}

void OrderCall::OnBegin() {
  const std::optional<int> old_pid = gateway_.status().pid;
  order_ = give_([this](const core::OrderResult& result) {
    strand_.AssertHeld();
    OnResult(result);
  });
  if (!no_wait_ || finished()) return;
  gateway_.Forget(*order_);
  core::OrderResult accepted;
  accepted.status = gateway_.status();
  accepted.old_pid = old_pid;
  fill_(accepted);
  FinishOnce(grpc::Status::OK);
}

void OrderCall::OnAbandoned() {
  if (order_) gateway_.Forget(*order_);
}

void OrderCall::OnResult(const core::OrderResult& result) {
  strand_.AssertHeld();
  if (finished()) return;
  if (result.fault) {
    FinishOnce(ToGrpcStatus(*result.fault));
    return;
  }
  fill_(result);
  FinishOnce(grpc::Status::OK);
}

}  // namespace clawplane::server

// One unary call each, from the request to its status.

#ifndef CLAWPLANE_SERVER_UNARY_CALL_H_
#define CLAWPLANE_SERVER_UNARY_CALL_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "clawplane/v1/gateway.grpc.pb.h"
#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"

namespace clawplane::server {

// What all of them share: each finishes exactly once.
//
// On the strand, but for the constructor. Owned by its call; see
// `served_unary.h`.
class UnaryCall {
 public:
  // Where its status goes.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Finish(const grpc::Status& status) = 0;
  };

  explicit UnaryCall(core::CoreStrand& strand) : strand_(strand) {}
  virtual ~UnaryCall() = default;
  UnaryCall(const UnaryCall&) = delete;
  UnaryCall& operator=(const UnaryCall&) = delete;

  // Starts the work; called once.
  void Begin(Sink* sink) {
    strand_.AssertHeld();
    sink_ = sink;
    OnBegin();
  }

  // The caller has gone.
  void Abandon() {
    strand_.AssertHeld();
    if (finished_) return;
    OnAbandoned();
    FinishOnce(grpc::Status::CANCELLED);
  }

 protected:
  // Ends in `FinishOnce`, now or later.
  virtual void OnBegin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) = 0;
  // The caller has gone before the end.
  virtual void OnAbandoned() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {}

  void FinishOnce(const grpc::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  bool finished() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    return finished_;
  }

  core::CoreStrand& strand_;

 private:
  Sink* sink_ ABSL_GUARDED_BY(strand_) = nullptr;
  bool finished_ ABSL_GUARDED_BY(strand_) = false;
};

// A call, or why there is none.
using UnaryOrFault = std::variant<std::unique_ptr<UnaryCall>, core::Fault>;

// Reads something that is known: `fill` runs on the strand and gives the
// status.
class Query final : public UnaryCall {
 public:
  Query(core::CoreStrand& strand, std::function<grpc::Status()> fill)
      : UnaryCall(strand), fill_(std::move(fill)) {}

 private:
  void OnBegin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override {
    FinishOnce(fill_());
  }

  const std::function<grpc::Status()> fill_;
};

// Start, Stop or Restart: gives the order and waits for its end, or with
// `no_wait` for its acceptance. The order stands when the caller goes.
class OrderCall final : public UnaryCall {
 public:
  using Give = std::function<core::OrderId(
      core::GatewayManager::OrderCompletion completion)>;
  // Puts the result into the response.
  using Fill = std::function<void(const core::OrderResult&)>;

  OrderCall(core::CoreStrand& strand, core::GatewayManager& gateway,
            bool no_wait, Give give, Fill fill)
      : UnaryCall(strand),
        gateway_(gateway),
        no_wait_(no_wait),
        give_(std::move(give)),
        fill_(std::move(fill)) {}

 private:
  void OnBegin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;
  void OnAbandoned() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;
  void OnResult(const core::OrderResult& result);

  core::GatewayManager& gateway_;
  const bool no_wait_;
  const Give give_;
  const Fill fill_;
  std::optional<core::OrderId> order_ ABSL_GUARDED_BY(strand_);
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_UNARY_CALL_H_

// What the server streams share.

#ifndef CLAWPLANE_SERVER_STREAM_REACTOR_H_
#define CLAWPLANE_SERVER_STREAM_REACTOR_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "server/convert.h"

namespace clawplane::server {

// A stream that moves as fast as its client reads: it holds a position in what
// it follows, and at most one message in flight.
//
// gRPC calls the reactions from its own threads, several at once; each only
// hands over to the strand, where everything else here runs. gRPC holds a bare
// pointer until `OnDone`, so the stream owns itself until then: every task that
// names it is posted before `OnDone` posts the last one.
template <typename Response>
class StreamReactor : public grpc::ServerWriteReactor<Response>,
                      public core::Subscriber {
 public:
  StreamReactor(core::CoreStrand& strand, core::GatewayManager& gateway,
                core::Topic topic)
      : strand_(strand), gateway_(gateway), topic_(topic) {}

  // Starts the stream; called once, by the service.
  void Begin() {
    strand_.Post([this] {
      strand_.AssertHeld();
      if (end_) return Advance();
      gateway_.Subscribe(topic_, this);
      OnBegin();
      Advance();
    });
  }

  // core::Subscriber:
  void Wake() final {
    strand_.AssertHeld();
    Advance();
  }
  void Close(const core::Fault& why) final {
    strand_.AssertHeld();
    End(ToGrpcStatus(why));
    Advance();
  }

 protected:
  // Looks where the stream starts.
  virtual void OnBegin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {}

  // Puts what is to be sent next into `response`, which is empty; false if
  // there is nothing now. May call `End`.
  virtual bool Next(Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) = 0;

  // The stream ends as soon as no write is in flight. The first status counts.
  void End(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    if (!end_) end_ = std::move(status);
  }

  // Starts whatever may start now: the next write, or the finish. The only
  // caller of `StartWrite` and `Finish`: gRPC allows one write at a time, no
  // finish beside it, and nothing after the finish.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    if (writing_ || finished_) return;
    response_.Clear();
    if (!end_ && Next(response_)) {
      writing_ = true;
      this->StartWrite(&response_);
    } else if (end_) {
      finished_ = true;
      gateway_.Unsubscribe(topic_, this);
      this->Finish(*end_);
    }
  }

  bool idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    return !writing_ && !finished_;
  }

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;

 private:
  void OnWriteDone(bool ok) final {
    strand_.Post([this, ok] {
      strand_.AssertHeld();
      writing_ = false;
      if (!ok) End(grpc::Status::CANCELLED);
      Advance();
    });
  }
  void OnCancel() final {
    strand_.Post([this] {
      strand_.AssertHeld();
      End(grpc::Status::CANCELLED);
      Advance();
    });
  }
  void OnDone() final {
    strand_.Post([self = std::unique_ptr<StreamReactor>(this)] {});
  }

  const core::Topic topic_;
  Response response_ ABSL_GUARDED_BY(strand_);
  bool writing_ ABSL_GUARDED_BY(strand_) = false;
  bool finished_ ABSL_GUARDED_BY(strand_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(strand_);
};

// A stream that is refused before it begins.
template <typename Response>
class RefusedStream final : public grpc::ServerWriteReactor<Response> {
 public:
  explicit RefusedStream(const grpc::Status& why) { this->Finish(why); }
  void OnDone() override { delete this; }
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_STREAM_REACTOR_H_

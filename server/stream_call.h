// What the server streams share.

#ifndef CLAWPLANE_SERVER_STREAM_CALL_H_
#define CLAWPLANE_SERVER_STREAM_CALL_H_

#include <grpcpp/grpcpp.h>

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
// On the strand, but for the constructor. Owned by its call; see
// `served_stream.h`.
template <typename Response>
class StreamCall : public core::Subscriber {
 public:
  // Where its messages go. One write at a time, of which `OnWritten` tells; no
  // finish beside it, and nothing after the finish.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Write(const Response& response) = 0;
    virtual void Finish(const grpc::Status& status) = 0;
  };

  StreamCall(core::CoreStrand& strand, core::GatewayManager& gateway,
             core::Topic topic)
      : strand_(strand), gateway_(gateway), topic_(topic) {}

  // Starts the stream; called once.
  void Begin(Sink* sink) {
    strand_.AssertHeld();
    sink_ = sink;
    Subscribe();
    if (!end_) OnBegin();
    Advance();
  }

  // The write is over; well or, if the caller has gone, not.
  void OnWritten(bool ok) {
    strand_.AssertHeld();
    writing_ = false;
    if (!ok) End(grpc::Status::CANCELLED);
    Advance();
  }

  // The caller has gone.
  void Abandon() {
    strand_.AssertHeld();
    End(grpc::Status::CANCELLED);
    Advance();
  }

  // core::Subscriber:
  void Wake(uint64_t /*from*/) override {
    strand_.AssertHeld();
    Advance();
  }
  void Close(const core::Fault& why) final {
    strand_.AssertHeld();
    End(ToGrpcStatus(why));
    Advance();
  }

 protected:
  // Joins those who follow its topic.
  virtual void Subscribe() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    gateway_.Subscribe(topic_, *this);
  }

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
  // caller of the sink.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    if (sink_ == nullptr || writing_ || finished_) return;
    if (!end_ && WriteNext()) return;
    if (!end_) return Rest();
    finished_ = true;
    gateway_.Unsubscribe(topic_, *this);
    sink_->Finish(*end_);
  }

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;

  // There is nothing to write for the moment.
  virtual void Rest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    gateway_.Await(topic_, *this);
  }

 private:
  // gRPC keeps what it needs of the message, so that a stream which waits for
  // long holds none.
  bool WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    Response response;
    if (!Next(response)) return false;
    writing_ = true;
    gateway_.CountResponse(topic_);
    sink_->Write(response);
    return true;
  }

  const core::Topic topic_;
  Sink* sink_ ABSL_GUARDED_BY(strand_) = nullptr;
  bool writing_ ABSL_GUARDED_BY(strand_) = false;
  bool finished_ ABSL_GUARDED_BY(strand_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(strand_);
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_STREAM_CALL_H_

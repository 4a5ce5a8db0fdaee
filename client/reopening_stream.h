// A stream of responses that is opened again when it breaks.

#ifndef CLAWPLANE_CLIENT_REOPENING_STREAM_H_
#define CLAWPLANE_CLIENT_REOPENING_STREAM_H_

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "clawplane/client/connection.h"
#include "clawplane/client/stream_options.h"
#include "client/retry_plan.h"
#include "client/silence_limit.h"

namespace clawplane::client {

// One attempt: a call whose steps each end with a tag. Thread-compatible.
class StreamAttempt {
 public:
  virtual ~StreamAttempt() = default;
  virtual void Read(void* tag) = 0;
  virtual void Finish(grpc::Status& status, void* tag) = 0;
};

// An attempt whose responses go to one place. Thread-compatible.
template <typename Response>
class AttemptInto final : public StreamAttempt {
 public:
  AttemptInto(std::unique_ptr<grpc::ClientAsyncReader<Response>> reader,
              Response& place)
      : reader_(std::move(reader)), place_(place) {}

  void Read(void* tag) override { reader_->Read(&place_, tag); }
  void Finish(grpc::Status& status, void* tag) override {
    reader_->Finish(&status, tag);
  }

 private:
  const std::unique_ptr<grpc::ClientAsyncReader<Response>> reader_;
  Response& place_;
};

// Opens attempts one after another, with pauses between them. Each attempt has
// one step under way at a time, and all of it happens within `Next`.
//
//   kPaused     no step; then the pause is over, and the next attempt is opened
//   kOpening    the call begins; then it has begun and is read, or has failed
//               and is finished
//   kReading    a response is read; then it lies ready, or the stream has ended
//               and is finished
//   kReady      no step; then `Next` is called, and reading goes on
//   kFinishing  the cause of the end is fetched; then there is a pause, or the
//               end
//
// Thread-compatible, but for `Cancel`. The connection outlives it, and so does
// what `open` refers to.
class ReopeningStream {
 public:
  // Begins a call on the queue, which returns the tag when it has begun.
  using Open = std::function<std::unique_ptr<StreamAttempt>(
      v1::GatewayService::Stub& stub, grpc::ClientContext& context,
      grpc::CompletionQueue& queue, void* tag)>;

  // Whether the caller is told of a stream that was merely silent.
  enum class Silence { kIsAFailure, kIsNormal };

  // A response lies in its place.
  struct Came {};
  using Outcome = std::variant<Came, Interruption, DeadlinePassed, CallError>;

  ReopeningStream(const Connection& connection, const StreamOptions& options,
                  Silence silence, Open open);
  ~ReopeningStream();
  ReopeningStream(const ReopeningStream&) = delete;
  ReopeningStream& operator=(const ReopeningStream&) = delete;

  // The moment until which who has this patience waits.
  using Clock = std::chrono::steady_clock;
  static Clock::time_point Until(absl::Duration patience);

  Outcome Next(Clock::time_point deadline);
  void Cancel();

  // How many attempts have been begun.
  int attempts() const { return attempts_; }

 private:
  enum class Phase { kPaused, kOpening, kReading, kReady, kFinishing };

  Outcome Advance(Clock::time_point deadline);
  void Begin();
  void Read();
  void Finish();
  // Takes the step that has ended; nothing if that tells the caller nothing.
  std::optional<Outcome> StepEnded(bool ok);
  std::optional<Outcome> AttemptEnded();
  // The moment at which something is due; the end of time if nothing is.
  Clock::time_point NextDue() const;
  void GiveUpSilentAttempt();
  // Whether it may be that the attempt had merely nothing to say.
  bool MayBeSilent() const {
    return responses_ > 0 && silence_ == Silence::kIsNormal;
  }
  bool is_cancelled();
  CallError End(CallError error);

  const Connection& connection_;
  const StreamOptions options_;
  const Silence silence_;
  const Open open_;
  RetryPlan plan_;

  grpc::CompletionQueue queue_;
  std::unique_ptr<v1::GatewayService::Stub> stub_;
  std::unique_ptr<StreamAttempt> attempt_;
  grpc::Status status_;
  Phase phase_ = Phase::kPaused;
  Clock::time_point pause_ends_;
  SilenceLimit silence_limit_;
  // Of the present attempt: how many responses it had, when the first one came,
  // and whether it was given up for its silence.
  int64_t responses_ = 0;
  Clock::time_point answered_at_;
  bool was_silent_ = false;
  int attempts_ = 0;
  std::optional<CallError> end_;

  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::ClientContext> context_ ABSL_GUARDED_BY(mutex_);
  grpc::Alarm wake_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_REOPENING_STREAM_H_

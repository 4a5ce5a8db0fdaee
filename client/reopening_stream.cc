#include "client/reopening_stream.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"

namespace clawplane::client {
namespace {

// What the queue returns: the end of a step, or word of `Cancel`.
char step_tag;
char wake_tag;

std::function<double()> SeededRandom() {
  return [engine = std::minstd_rand(std::random_device()())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

// Far enough off, and still fit to be added up.
std::chrono::nanoseconds Bounded(absl::Duration duration) {
  constexpr absl::Duration kLongest = absl::Hours(24 * 365);
  return absl::ToChronoNanoseconds(
      std::clamp(duration, absl::ZeroDuration(), kLongest));
}

// How long a stream may be silent: for ever if that is not above zero.
std::chrono::nanoseconds LimitOf(absl::Duration silence) {
  return Bounded(silence > absl::ZeroDuration() ? silence
                                                : absl::InfiniteDuration());
}

// For gRPC: on its own clock, which nobody sets.
gpr_timespec ToGpr(std::chrono::nanoseconds from_now) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(from_now.count(), GPR_TIMESPAN));
}

CallError Fault(grpc::StatusCode code, std::string message) {
  CallError error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

CallError Lost(std::string message) {
  return Fault(grpc::StatusCode::UNAVAILABLE, std::move(message));
}

}  // namespace

ReopeningStream::ReopeningStream(const Connection& connection,
                                 const StreamOptions& options, Silence silence,
                                 Open open)
    : connection_(connection),
      options_(options),
      silence_(silence),
      open_(std::move(open)),
      plan_(options, SeededRandom()),
      pause_ends_(Clock::now()),
      silence_limit_(LimitOf(options.silence_limit), pause_ends_) {}

ReopeningStream::~ReopeningStream() {
  Cancel();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
  attempt_.reset();  // It lies in what its context owns.
}

void ReopeningStream::Cancel() {
  absl::MutexLock lock(&mutex_);
  if (std::exchange(cancelled_, true)) return;
  if (context_ != nullptr) context_->TryCancel();
  wake_.Set(&queue_, gpr_now(GPR_CLOCK_MONOTONIC), &wake_tag);
}

ReopeningStream::Clock::time_point ReopeningStream::Until(
    absl::Duration patience) {
  return Clock::now() + Bounded(patience);
}

ReopeningStream::Outcome ReopeningStream::Next(Clock::time_point deadline) {
  silence_limit_.Listen(Clock::now());
  Outcome outcome = Advance(deadline);
  silence_limit_.Leave(Clock::now());
  return outcome;
}

ReopeningStream::Outcome ReopeningStream::Advance(Clock::time_point deadline) {
  while (true) {
    if (end_) return *end_;
    if (is_cancelled()) {
      return End(
          Fault(grpc::StatusCode::CANCELLED, "the stream was cancelled"));
    }
    if (phase_ == Phase::kPaused && Clock::now() >= pause_ends_) Begin();
    if (phase_ == Phase::kReady) Read();

    void* tag = nullptr;
    bool ok = false;
    const auto wait = std::min(deadline, NextDue()) - Clock::now();
    switch (queue_.AsyncNext(&tag, &ok, ToGpr(wait))) {
      case grpc::CompletionQueue::SHUTDOWN:
        return End(Lost("the queue has ended"));
      case grpc::CompletionQueue::TIMEOUT:
        if (Clock::now() >= NextDue()) {
          GiveUpSilentAttempt();
        } else if (Clock::now() >= deadline) {
          return DeadlinePassed();
        }
        break;
      case grpc::CompletionQueue::GOT_EVENT:
        if (tag == &wake_tag) break;
        if (auto outcome = StepEnded(ok)) return *std::move(outcome);
        break;
    }
  }
}

ReopeningStream::Clock::time_point ReopeningStream::NextDue() const {
  if (phase_ == Phase::kPaused) return pause_ends_;
  return phase_ == Phase::kFinishing || was_silent_ ? Clock::time_point::max()
                                                    : silence_limit_.due();
}

void ReopeningStream::Begin() {
  ++attempts_;
  responses_ = 0;
  phase_ = Phase::kOpening;
  silence_limit_.Restart(Clock::now());
  absl::MutexLock lock(&mutex_);
  context_ = std::make_unique<grpc::ClientContext>();
  connection_.Prepare(*context_);
  // What came before there was a context counts for it as well.
  if (cancelled_) context_->TryCancel();
  attempt_ = open_(stub_ != nullptr ? *stub_ : connection_.stub(), *context_,
                   queue_, &step_tag);
}

void ReopeningStream::Read() {
  phase_ = Phase::kReading;
  silence_limit_.Restart(Clock::now());
  attempt_->Read(&step_tag);
}

void ReopeningStream::Finish() {
  phase_ = Phase::kFinishing;
  attempt_->Finish(status_, &step_tag);
}

std::optional<ReopeningStream::Outcome> ReopeningStream::StepEnded(bool ok) {
  switch (phase_) {
    case Phase::kOpening:
      if (ok) {
        Read();
      } else {
        Finish();
      }
      return std::nullopt;
    case Phase::kReading:
      if (!ok) {
        Finish();
        return std::nullopt;
      }
      phase_ = Phase::kReady;
      if (++responses_ == 1) answered_at_ = Clock::now();
      return Came();
    case Phase::kFinishing:
      return AttemptEnded();
    case Phase::kPaused:
    case Phase::kReady:
      break;
  }
  return std::nullopt;
}

void ReopeningStream::GiveUpSilentAttempt() {
  if (phase_ == Phase::kPaused) return;
  was_silent_ = true;
  // The connection may be dead without the kernel's knowing it: another one. If
  // there may have been nothing to say, the next attempt finds out.
  if (!MayBeSilent()) stub_ = connection_.NewStub();
  absl::MutexLock lock(&mutex_);
  context_->TryCancel();
}

std::optional<ReopeningStream::Outcome> ReopeningStream::AttemptEnded() {
  attempt_.reset();
  {
    absl::MutexLock lock(&mutex_);
    context_.reset();
  }
  phase_ = Phase::kPaused;
  pause_ends_ = Clock::now();
  const bool was_silent = std::exchange(was_silent_, false);
  // What was taken for dead did not live meanwhile, as far as is known.
  const bool lived = !was_silent || MayBeSilent();
  plan_.AttemptGave(responses_,
                    lived ? absl::FromChrono(pause_ends_ - answered_at_)
                          : absl::ZeroDuration());
  if (was_silent && MayBeSilent()) return std::nullopt;
  CallError error = ToCallError(status_);
  if (was_silent) {
    error = Lost(absl::StrCat("nothing came for ",
                              absl::FormatDuration(options_.silence_limit)));
  } else if (status_.ok()) {
    error = Lost("the server ended the stream");
  }
  const std::optional<absl::Duration> pause = plan_.AfterFailure(error);
  if (!pause) return End(std::move(error));
  pause_ends_ = Clock::now() + Bounded(*pause);
  return Interruption{std::move(error), plan_.failures(), *pause};
}

bool ReopeningStream::is_cancelled() {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

CallError ReopeningStream::End(CallError error) {
  end_ = std::move(error);
  return *end_;
}

}  // namespace clawplane::client

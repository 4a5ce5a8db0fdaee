#include "client/retry_plan.h"

#include <algorithm>
#include <utility>

namespace clawplane::client {
namespace {

// Up to this share of a pause is left out.
constexpr double kJitter = 0.2;

// A shorter one would keep a processor busy.
constexpr absl::Duration kShortestPause = absl::Milliseconds(1);

// Doubling the shortest pause so often makes two years.
constexpr int kMaxDoublings = 36;

}  // namespace

RetryPlan::RetryPlan(const StreamOptions& options,
                     std::function<double()> random)
    : first_pause_(std::max(options.first_pause, kShortestPause)),
      longest_pause_(std::max(options.longest_pause, kShortestPause)),
      max_failures_(options.max_failures),
      random_(std::move(random)) {}

void RetryPlan::AttemptGave(int64_t responses, absl::Duration lived) {
  const bool succeeded =
      responses > 1 || (responses == 1 && lived >= longest_pause_);
  if (succeeded) failures_ = 0;
}

std::optional<absl::Duration> RetryPlan::AfterFailure(const CallError& error) {
  ++failures_;
  if (!IsPassing(error) || (max_failures_ > 0 && failures_ >= max_failures_)) {
    return std::nullopt;
  }
  absl::Duration pause = first_pause_;
  for (int i = 1; i < std::min(failures_, kMaxDoublings); ++i) pause *= 2;
  pause = std::min(pause, longest_pause_) * (1 - kJitter * random_());
  return std::max(pause, error.retry_delay.value_or(absl::ZeroDuration()));
}

bool IsPassing(const CallError& error) {
  switch (error.code) {
    case grpc::StatusCode::UNAVAILABLE:
      return true;
    // gRPC's own words for a call that was cut off; a server that says why has
    // decided.
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::INTERNAL:
      return error.reason.empty();
    // Also what gRPC says of a message above its limit, which would come again.
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return error.retry_delay.has_value();
    case grpc::StatusCode::OK:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::DATA_LOSS:
    case grpc::StatusCode::DO_NOT_USE:
      return false;
  }
  return false;  // A code of a later gRPC.
}

}  // namespace clawplane::client

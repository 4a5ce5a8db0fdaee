// When a broken stream is opened again.

#ifndef CLAWPLANE_CLIENT_RETRY_PLAN_H_
#define CLAWPLANE_CLIENT_RETRY_PLAN_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/time/time.h"
#include "clawplane/client/call_error.h"
#include "clawplane/client/stream_options.h"

namespace clawplane::client {

// Counts the failures in a row, and finds the pauses between them. Has no
// clock.
//
// Thread-compatible.
class RetryPlan {
 public:
  // `random` gives numbers from 0 to below 1.
  RetryPlan(const StreamOptions& options, std::function<double()> random);

  // The pause before the next attempt; nothing if there is to be none.
  std::optional<absl::Duration> AfterFailure(const CallError& error);

  // An attempt ends that gave so many responses, and lived for so long after
  // the first of them; that may have been a success.
  void AttemptGave(int64_t responses, absl::Duration lived);

  int failures() const { return failures_; }

 private:
  const absl::Duration first_pause_;
  const absl::Duration longest_pause_;
  const int max_failures_;
  const std::function<double()> random_;
  int failures_ = 0;
};

// Whether the end of a stream is none that a person has to mend.
bool IsPassing(const CallError& error);

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_RETRY_PLAN_H_

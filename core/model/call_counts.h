// How the calls of the gateway's methods ended, in numbers.

#ifndef CLAWPLANE_CORE_MODEL_CALL_COUNTS_H_
#define CLAWPLANE_CORE_MODEL_CALL_COUNTS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "core/model/call_result.h"
#include "core/model/histogram.h"
#include "core/model/method_scopes.h"
#include "core/model/time.h"

namespace clawplane::core {

// What a method is counted as, by the scope that it asks for. Callers choose
// methods' names, so that counts by name would have no bound.
enum class CallClass {
  kRead,
  kWrite,
  kAdmin,
  kApprovals,
  kPairing,
  // Another scope, or one that depends on the params, as with `agent`.
  kOther,
  // Nothing is known of the method.
  kUnknown,
};
inline constexpr size_t kCallClasses = 7;

// "read", "unknown".
std::string_view Name(CallClass call_class);

CallClass ClassOf(std::optional<GatewayScope> scope);

// How a call ended: the gateway answered it well or refused it, by its code;
// there was no answer, by what is known of its effect and why; or its caller
// went.
enum class CallEnd {
  kAnswered,
  kRefusedInvalidRequest,
  kRefusedUnavailable,
  kRefusedForbidden,
  kRefusedNotLinked,
  kRefusedNotPaired,
  kRefusedAgentTimeout,
  kRefusedApprovalNotFound,
  // With a code that is none of these.
  kRefusedOther,
  kNotSentNotRunning,
  kNotSentQueueFull,
  kNotSentParamsTooLarge,
  kNotSentTimedOut,
  kNotSentConnectionLost,
  kSentTimedOut,
  kSentConnectionLost,
  kRepliedAnswerTooLarge,
  kRepliedQueueFull,
  // Without an answer, and none of these.
  kFailedOther,
  kCancelled,
};
inline constexpr size_t kCallEnds = 20;

// The end in two words: "refused" and "UNAVAILABLE".
struct CallEndName {
  std::string_view outcome;
  std::string_view code;
};
CallEndName Name(CallEnd end);

// Of a call that was not answered well.
CallEnd EndOfFailed(const CallResult& result);
inline CallEnd EndOf(const CallResult& result) {
  return std::holds_alternative<CallAnswered>(result) ? CallEnd::kAnswered
                                                      : EndOfFailed(result);
}

// Thread-compatible.
class CallCounts {
 public:
  static constexpr std::array<Duration, 14> kBounds = [] {
    using std::chrono::microseconds;
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    return std::array<Duration, 14>{
        microseconds(250),  microseconds(500), milliseconds(1),
        microseconds(2500), milliseconds(5),   milliseconds(10),
        milliseconds(25),   milliseconds(100), milliseconds(250),
        milliseconds(500),  seconds(1),        milliseconds(2500),
        seconds(10),        seconds(30)};
  }();
  using Times = Histogram<kBounds>;

  // A call ended, so long after it came.
  void Add(CallClass call_class, CallEnd end, Duration took) {
    ++ends_[static_cast<size_t>(call_class)][static_cast<size_t>(end)];
    if (WasSent(end)) times_[static_cast<size_t>(call_class)].Add(took);
  }
  // A call was handed over to the gateway after so long.
  void AddWait(Duration took) { waits_.Add(took); }

  uint64_t ended(CallClass call_class, CallEnd end) const {
    return ends_[static_cast<size_t>(call_class)][static_cast<size_t>(end)];
  }
  // From the arrival to the end, of those that were sent, unless the caller
  // went.
  const Times& times(CallClass call_class) const {
    return times_[static_cast<size_t>(call_class)];
  }
  const Times& waits() const { return waits_; }

 private:
  static bool WasSent(CallEnd end) {
    return end < CallEnd::kNotSentNotRunning ||
           (end >= CallEnd::kSentTimedOut && end < CallEnd::kFailedOther);
  }

  std::array<std::array<uint64_t, kCallEnds>, kCallClasses> ends_ = {};
  std::array<Times, kCallClasses> times_;
  Times waits_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_CALL_COUNTS_H_

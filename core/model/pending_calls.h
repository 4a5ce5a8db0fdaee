// The calls that are waiting for the gateway or for its answer.

#ifndef CLAWPLANE_CORE_MODEL_PENDING_CALLS_H_
#define CLAWPLANE_CORE_MODEL_PENDING_CALLS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/model/call_counts.h"
#include "core/model/call_result.h"
#include "core/model/fault.h"
#include "core/model/frame.h"
#include "core/model/time.h"

namespace clawplane::core {

struct CallRequest {
  std::string method;
  // With the params, if it has any.
  RequestText text;
  // The caller's place in a distributed trace, as W3C writes it in the header
  // of that name; empty if there is none.
  std::string traceparent;
  TimePoint deadline;
  // When it came, and what it is counted as; when it is added, if not told.
  TimePoint arrived_at;
  CallClass call_class = CallClass::kUnknown;
  bool await_final = false;
  bool wait_until_running = false;
  // Made by the control plane itself: goes out before all others, also while
  // they are not let in.
  bool own = false;
};

using CallId = uint64_t;

// Holds each call from its arrival to its end, and knows at each moment what
// may have become of it.
//
//   arrived -> queued -> handed over -> being written -> answered
//                                                     -> accepted -> answered
//
// Calls leave the queue in order of arrival, at most `max_in_flight` at a time.
// One that was accepted and awaits its final answer counts separately. Every
// call ends exactly once: its completion is called, and the call forgotten.
//
// The owner sends what `NextToSend` gives, and reports what comes of it. A
// completion must not call back into this object.
//
// Thread-compatible. The core strand owns the only instance.
class PendingCalls {
 public:
  struct Limits {
    size_t max_in_flight = 128;
    size_t max_queued = 1024;
    size_t max_accepted = 1024;
  };

  // Whether calls can be made now, soon, or not.
  enum class Admission { kOpen, kLater, kClosed };

  using Completion = std::function<void(CallResult)>;

  // A request on its way out. `tag` names it to `OnWrite`.
  struct Outgoing {
    CallId tag;
    std::string frame;
  };

  explicit PendingCalls(const Limits& limits) : limits_(limits) {}

  // Takes a call, or ends it at once. Gives its id.
  CallId Add(CallRequest request, Completion completion);

  // The next call to be sent, if one may be.
  std::optional<Outgoing> NextToSend();

  // The first byte of this call's frame was taken by the system.
  void OnWrite(CallId id);

  // An answer came. False if its id is none of ours, or newer than any call
  // that was sent; a second or late answer is counted in `late_answers`.
  bool OnResponse(const ResponseFrame& response);
  // As above, for an answer that was too large to be kept.
  bool OnOversizedResponse(std::string_view id, size_t size);

  // The caller has lost interest: the call is forgotten without completion.
  void Cancel(CallId id);

  // Ends all that was handed over: written ones with an unknown outcome.
  void FailSent(const std::string& why);

  // Ends all that waits, which was not sent, and may be repeated soon.
  void FailQueued(const Fault& why);

  // Says whether calls can be made; ends queued ones that will not wait.
  void SetAdmission(Admission admission, const std::string& why,
                    const std::string& next_step);

  // The time, for the times that are counted: to be told before the rest.
  void SetTime(TimePoint now) {
    if (now > now_) now_ = now;
  }

  // Ends what is overdue.
  void Expire(TimePoint now);

  // What the gateway takes.
  struct Dialect {
    // Larger frames are refused; 0 means no limit.
    uint64_t max_frame = 0;
    // Whether a request may bear a `traceparent`.
    bool traceparent = false;
  };
  void SetDialect(const Dialect& dialect) { dialect_ = dialect; }

  // The id that the next call will have, for who must know it before its end.
  CallId next_id() const { return next_id_; }
  std::optional<TimePoint> deadline() const;
  size_t queued() const { return queue_.size(); }
  size_t in_flight() const { return in_flight_; }
  size_t accepted() const { return accepted_; }
  uint64_t late_answers() const { return late_answers_; }
  const Limits& limits() const { return limits_; }
  const CallCounts& counts() const { return counts_; }

 private:
  enum class Stage { kQueued, kHandedOver, kWritten, kAccepted };
  struct Call {
    CallRequest request;
    Completion completion;
    Stage stage = Stage::kQueued;
  };
  using Calls = std::unordered_map<CallId, Call>;

  void End(Calls::iterator call, CallResult result);
  void Count(const CallRequest& request, CallEnd end);
  // Forgets the call and frees its place; gives what is due to its caller.
  Completion Remove(Calls::iterator call);
  CallFailed NotRunning() const;
  bool MayBeSent(CallId id) const;
  // The call that an answer with this id is for, if it is still waited for.
  Calls::iterator FindSent(std::string_view id, bool* ever_sent);
  bool IsAcceptance(const Call& call, const ResponseFrame& response) const;

  const Limits limits_;
  Admission admission_ = Admission::kClosed;
  Fault closed_because_{Reason::kNotRunning, "the gateway is stopped", ""};
  Dialect dialect_;
  CallId next_id_ = 1;
  // The highest id that was ever handed over.
  CallId last_sent_ = 0;
  Calls calls_;
  // The queued calls in order of arrival.
  std::deque<CallId> queue_;
  std::set<std::pair<TimePoint, CallId>> deadlines_;
  size_t in_flight_ = 0;
  size_t accepted_ = 0;
  uint64_t late_answers_ = 0;
  TimePoint now_;
  CallCounts counts_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_PENDING_CALLS_H_

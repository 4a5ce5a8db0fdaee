// What a client sees of the gateway's life.

#ifndef CLAWPLANE_TESTS_CHAOS_WATCH_H_
#define CLAWPLANE_TESTS_CHAOS_WATCH_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"

namespace clawplane::testing {

// In the order they came.
struct Seen {
  std::vector<v1::GatewayStatus> statuses;
  std::vector<v1::Event> events;

  // Of the events and the statuses, whether one tells of this reason.
  bool Has(v1::Reason reason) const;
  // Whether an event tells that this state was entered.
  bool Entered(v1::GatewayStatus::State state) const;
  bool HasKind(v1::EventKind kind) const;
  // What has come since that many of each had.
  Seen Since(const Seen& before) const;
};

// What is wrong with a whole event log, from its first event on; empty if
// nothing is: its numbers have no holes, each change of state begins where the
// one before led to, and no process exits before it could have begun, twice, or
// is named after its exit.
std::string FaultOfLog(const std::vector<v1::Event>& events);

// Follows the status and all events, from the oldest on, for as long as it
// lives.
//
// Thread-safe. Owns its two threads; `stub` must outlive it.
class Watch {
 public:
  explicit Watch(v1::GatewayService::Stub& stub);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  Seen Now();
  // Until it is so; false when our patience is over first.
  bool Await(const std::function<bool(const Seen&)>& is_so,
             std::chrono::milliseconds patience);

 private:
  void FollowStatus();
  void FollowEvents();

  v1::GatewayService::Stub& stub_;
  grpc::ClientContext status_context_;
  grpc::ClientContext event_context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
  std::thread status_thread_;
  std::thread event_thread_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_CHAOS_WATCH_H_

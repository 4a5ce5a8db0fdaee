// Brings the event log to a broker.

#ifndef CLAWPLANE_SERVER_EVENT_PUBLISHER_H_
#define CLAWPLANE_SERVER_EVENT_PUBLISHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/event_trail.h"
#include "core/io/gateway_manager.h"
#include "server/event_broker.h"

namespace clawplane::server {

// Reads the log as a stream with the default filter does, from where the broker
// says that it is, and gives it on. It holds a position and no queue: while the
// broker is away the log goes on, and what neither memory nor disk hold by the
// time that it is back is published as a loss.
//
// On the strand, but for the constructor. The manager must outlive it. To be
// destroyed when the strand does not run any more.
class EventPublisher final : public core::Subscriber {
 public:
  struct Counts {
    uint64_t published = 0;
    uint64_t failures = 0;
    bool connected = false;
  };

  EventPublisher(core::CoreStrand& strand, core::GatewayManager& gateway,
                 std::unique_ptr<EventBroker> broker)
      : strand_(strand), gateway_(gateway), broker_(std::move(broker)) {}

  // Once.
  void Begin();

  const Counts& counts() const {
    strand_.AssertHeld();
    return counts_;
  }
  // How many events of this epoch the broker does not have yet.
  uint64_t lag() const;

  // core::Subscriber:
  void Wake(uint64_t from) override;
  void OnIdle(uint64_t from) override { Wake(from); }
  void Close(const core::Fault& why) override;

 private:
  // What is given to the broker at once.
  static constexpr size_t kMaxPublications = 64;

  void OnConnected(const std::optional<core::EventPosition>& last)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // The next one; nothing if there is none now.
  std::optional<Publication> Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  const std::unique_ptr<EventBroker> broker_;
  Counts counts_ ABSL_GUARDED_BY(strand_);
  // Begins anew with each connection.
  std::optional<core::EventTrail> trail_ ABSL_GUARDED_BY(strand_);
  // How many publications are under way, and behind which one they end.
  size_t under_way_ ABSL_GUARDED_BY(strand_) = 0;
  core::EventPosition given_ ABSL_GUARDED_BY(strand_);
  core::EventPosition taken_ ABSL_GUARDED_BY(strand_);
  bool closed_ ABSL_GUARDED_BY(strand_) = false;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_PUBLISHER_H_

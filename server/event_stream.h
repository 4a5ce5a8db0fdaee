// One `StreamEvents` call.

#ifndef CLAWPLANE_SERVER_EVENT_STREAM_H_
#define CLAWPLANE_SERVER_EVENT_STREAM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "clawplane/v1/gateway.pb.h"
#include "core/model/event_filter.h"
#include "server/convert.h"
#include "server/stream_call.h"

namespace clawplane::server {

// What a request for events asks for, checked.
struct EventQuery {
  core::EventFilter filter;
  PayloadOptions payloads;
  bool fail_on_gap = false;
  // Exactly one of: a position, from the oldest, from now.
  std::optional<v1::EventPosition> after;
  bool from_oldest = false;
};

// The query in `request`; or why there is none.
std::variant<EventQuery, core::Fault> ParseEventQuery(
    const v1::StreamEventsRequest& request);

// Sends the log from a position on: a bookmark, a gap if there is one, then
// events as they are there. Holds a number and no queue; a reader that falls
// behind what the log holds gets a gap.
//
// On the strand, but for the constructor.
class EventStream final : public StreamCall<v1::StreamEventsResponse> {
 public:
  EventStream(core::CoreStrand& strand, core::GatewayManager& gateway,
              EventQuery query)
      : StreamCall(strand, gateway, core::Topic::kEvents),
        query_(std::move(query)) {}

  // core::Subscriber:
  void OnIdleTick() override;

 private:
  void OnBegin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;
  bool Next(v1::StreamEventsResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;

  // Finds where to go on after `after`; the events between are lost.
  void StartAfter(const v1::EventPosition& after)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  bool NextGap(v1::StreamEventsResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  bool NextEvents(v1::StreamEventsResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // The point just before the event with this number.
  v1::EventPosition Before(uint64_t sequence) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  const EventQuery query_;
  // The number of the next event to look at.
  uint64_t next_ ABSL_GUARDED_BY(strand_) = 1;
  // What is to be told before any further event.
  std::optional<v1::EventPosition> bookmark_ ABSL_GUARDED_BY(strand_);
  std::optional<v1::EventPosition> lost_after_ ABSL_GUARDED_BY(strand_);
  // Whether something was sent since the last idle tick.
  bool active_ ABSL_GUARDED_BY(strand_) = false;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_STREAM_H_

// One `StreamEvents` call.

#ifndef CLAWPLANE_SERVER_EVENT_STREAM_H_
#define CLAWPLANE_SERVER_EVENT_STREAM_H_

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "core/io/event_trail.h"
#include "core/model/event_cursor.h"
#include "server/event_query.h"
#include "server/stream_call.h"

namespace clawplane::server {

// Sends the log from a position on: a bookmark, a gap if there is one, then
// events as they are there. Holds a position and no queue; a reader that falls
// behind what memory and disk hold gets a gap. Gives bytes, which the log keeps
// for all readers.
//
// On the strand, but for the constructor.
class EventStream final : public StreamCall<grpc::ByteBuffer> {
 public:
  EventStream(core::CoreStrand& strand, core::GatewayManager& gateway,
              EventQuery query)
      : StreamCall(strand, gateway, core::Topic::kEvents),
        query_(std::move(query)) {}

  // core::Subscriber:
  void Wake(uint64_t from) override;
  void OnIdle(uint64_t from) override;
  uint64_t next() const override {
    strand_.AssertHeld();
    return trail_ ? trail_->next() : UINT64_MAX;
  }

 private:
  void Subscribe() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;
  void OnBegin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;
  bool Next(grpc::ByteBuffer& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;
  void Rest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;

  bool NextGap(grpc::ByteBuffer& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  bool NextEvents(grpc::ByteBuffer& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  bool NextBookmark(grpc::ByteBuffer& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  core::EventPosition OldestHeld() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // The event in this form, or without its payload if that is over the limit.
  core::EncodedEventPtr Encoded(const core::Event& event,
                                core::EventForm form) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  const EventQuery query_;
  // From the beginning on.
  std::optional<core::EventTrail> trail_ ABSL_GUARDED_BY(strand_);
  // Of the disk, since something was sent.
  uint64_t pages_ ABSL_GUARDED_BY(strand_) = 0;
  // Whether the first bookmark has been sent, and whether another is due.
  bool begun_ ABSL_GUARDED_BY(strand_) = false;
  bool bookmark_due_ ABSL_GUARDED_BY(strand_) = false;
  // Whether something was sent since it was last found idle.
  bool active_ ABSL_GUARDED_BY(strand_) = true;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_STREAM_H_

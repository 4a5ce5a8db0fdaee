#include "server/event_stream.h"

#include <grpcpp/support/slice.h>

#include <optional>
#include <utility>

#include "core/model/event_log.h"
#include "core/model/text.h"
#include "server/convert.h"
#include "server/event_batch.h"
#include "server/event_encoding.h"

namespace clawplane::server {
namespace {

// How many events a stream looks at in one go. Where its filter matches little
// that is all it does, and others are to have their turn.
constexpr uint64_t kMaxLooks = 2048;

grpc::ByteBuffer ToBytes(const v1::StreamEventsResponse& response) {
  const grpc::Slice whole(response.SerializeAsString());
  return grpc::ByteBuffer(&whole, 1);
}

}  // namespace

void EventStream::Subscribe() {
  gateway_.Subscribe(core::Topic::kEvents, *this, query_.filter);
}

void EventStream::OnBegin() {
  const core::EventLog& log = gateway_.events();
  if (!query_.after) {
    cursor_ = query_.from_oldest ? core::EventCursor::FromOldest(log)
                                 : core::EventCursor::FromNow(log);
  } else if (const auto after = core::EventCursor::After(log, *query_.after)) {
    cursor_ = *after;
  } else {
    End(ToGrpcStatus(
        core::Fault{core::Reason::kBadRequest,
                    core::Concat("the position ", query_.after->epoch, ":",
                                 query_.after->sequence,
                                 " is past the end of the log, ", log.last()),
                    ""}));
  }
}

bool EventStream::Next(grpc::ByteBuffer& response) {
  const core::EventLog& log = gateway_.events();
  if (query_.fail_on_gap && cursor_.HasLoss(log)) {
    End(EventsLostStatus(log.epoch(), log.oldest()));
    return false;
  }
  if (!begun_) return NextBookmark(response);
  if (NextGap(response) || NextEvents(response)) {
    active_ = true;
    bookmark_due_ = false;
    return true;
  }
  return bookmark_due_ && NextBookmark(response);
}

bool EventStream::NextBookmark(grpc::ByteBuffer& response) {
  v1::StreamEventsResponse message;
  // In another epoch, the first one is where the reader says that it was.
  *message.mutable_bookmark() =
      ToProto(!begun_ && query_.after ? *query_.after
                                      : cursor_.Position(gateway_.events()));
  begun_ = true;
  bookmark_due_ = false;
  response = ToBytes(message);
  return true;
}

bool EventStream::NextGap(grpc::ByteBuffer& response) {
  const auto loss = cursor_.TakeLoss(gateway_.events());
  if (!loss) return false;
  v1::StreamEventsResponse message;
  *message.mutable_gap()->mutable_lost_after() = ToProto(loss->lost_after);
  *message.mutable_gap()->mutable_resumed_after() =
      ToProto(loss->resumed_after);
  response = ToBytes(message);
  return true;
}

bool EventStream::NextEvents(grpc::ByteBuffer& response) {
  const core::EventLog& log = gateway_.events();
  const uint64_t end = cursor_.next() + kMaxLooks;
  EventBatch batch;
  while (const core::Event* const event =
             cursor_.Peek(log, query_.filter, end)) {
    const core::EventForm form =
        FormOf(*event, query_.form, query_.max_payload_bytes);
    const size_t payload =
        form == core::EventForm::kWithoutPayload ? 0 : event->payload().size();
    if (!batch.MayFit(payload) || !batch.Add(Encoded(*event, form))) break;
    cursor_.Pop();
  }
  if (batch.empty()) return false;
  response = batch.Write();
  return true;
}

core::EncodedEventPtr EventStream::Encoded(const core::Event& event,
                                           core::EventForm form) const {
  const core::EventLog& log = gateway_.events();
  core::EncodedEventPtr encoded =
      log.Encoded(event.sequence, form, [&](const core::Event& whole) {
        return Encode(whole, log.epoch(), form);
      });
  return IsOverLimit(*encoded, form, query_.max_payload_bytes)
             ? Encoded(event, core::EventForm::kWithoutPayload)
             : encoded;
}

void EventStream::Rest() {
  if (cursor_.next() <= gateway_.events().last()) {
    gateway_.YieldToOthers(*this);
  } else {
    gateway_.Await(core::Topic::kEvents, *this);
  }
}

void EventStream::Wake(uint64_t from) {
  strand_.AssertHeld();
  cursor_.SkipTo(from);
  Advance();
}

void EventStream::OnIdle(uint64_t from) {
  strand_.AssertHeld();
  cursor_.SkipTo(from);
  bookmark_due_ = !std::exchange(active_, false);
  Advance();
}

}  // namespace clawplane::server

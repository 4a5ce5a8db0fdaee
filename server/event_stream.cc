#include "server/event_stream.h"

#include <grpcpp/support/slice.h>

#include <memory>
#include <optional>
#include <string>
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

// After so many pages of the disk that had nothing for it, a stream says where
// it is, so that a client knows that it lives.
constexpr uint64_t kPagesToABookmark = 64;

grpc::ByteBuffer ToBytes(const v1::StreamEventsResponse& response) {
  const grpc::Slice whole(response.SerializeAsString());
  return grpc::ByteBuffer(&whole, 1);
}

}  // namespace

void EventStream::Subscribe() {
  gateway_.Subscribe(core::Topic::kEvents, *this, query_.filter);
}

void EventStream::OnBegin() {
  trail_.emplace(gateway_.events(), gateway_.event_keeper(), query_.filter,
                 [this] {
                   strand_.AssertHeld();
                   Advance();
                 });
  if (!query_.after) {
    query_.from_oldest ? trail_->BeginFromOldest() : trail_->BeginFromNow();
  } else if (!trail_->BeginAfter(*query_.after)) {
    End(ToGrpcStatus(core::Fault{
        core::Reason::kBadRequest,
        core::Concat("the position ", query_.after->epoch, ":",
                     query_.after->sequence, " is past the end of the log, ",
                     gateway_.events().last()),
        ""}));
  }
}

bool EventStream::Next(grpc::ByteBuffer& response) {
  if (trail_->Fetch()) {
    if (++pages_ % kPagesToABookmark == 0) bookmark_due_ = begun_;
    // Who will not have a gap is told nothing before it is known that none is
    // there.
    const bool may_begin = !begun_ && !query_.fail_on_gap;
    return (may_begin || bookmark_due_) && NextBookmark(response);
  }
  if (query_.fail_on_gap && trail_->HasLoss()) {
    const core::EventPosition oldest = OldestHeld();
    End(EventsLostStatus(oldest.epoch, oldest.sequence + 1));
    return false;
  }
  if (!begun_) return NextBookmark(response);
  if (NextGap(response) || NextEvents(response)) {
    active_ = true;
    bookmark_due_ = false;
    pages_ = 0;
    return true;
  }
  return bookmark_due_ && NextBookmark(response);
}

// Where a reader `from_oldest` would begin.
core::EventPosition EventStream::OldestHeld() const {
  const core::EventLog& log = gateway_.events();
  const auto& on_disk = gateway_.event_keeper().stored().oldest;
  return on_disk ? *on_disk
                 : core::EventPosition{log.epoch(), log.oldest() - 1};
}

bool EventStream::NextBookmark(grpc::ByteBuffer& response) {
  v1::StreamEventsResponse message;
  // In another epoch, the first one is where the reader says that it was.
  *message.mutable_bookmark() =
      ToProto(!begun_ && query_.after ? *query_.after : trail_->Position());
  const core::EventKeeper& keeper = gateway_.event_keeper();
  if (keeper.is_on()) {
    message.set_durable_first(keeper.stored().durable.first);
    message.set_durable_sequence(keeper.stored().durable.last);
  }
  begun_ = true;
  bookmark_due_ = false;
  response = ToBytes(message);
  return true;
}

bool EventStream::NextGap(grpc::ByteBuffer& response) {
  const auto loss = trail_->TakeLoss();
  if (!loss) return false;
  gateway_.CountReaderGap();
  v1::StreamEventsResponse message;
  *message.mutable_gap()->mutable_lost_after() = ToProto(loss->lost_after);
  *message.mutable_gap()->mutable_resumed_after() =
      ToProto(loss->resumed_after);
  response = ToBytes(message);
  return true;
}

bool EventStream::NextEvents(grpc::ByteBuffer& response) {
  const uint64_t next = trail_->next();
  const uint64_t end = next == UINT64_MAX ? next : next + kMaxLooks;
  EventBatch batch;
  while (const core::Event* const event = trail_->Peek(end)) {
    const core::EventForm form =
        FormOf(*event, query_.form, query_.max_payload_bytes);
    const size_t payload =
        form == core::EventForm::kWithoutPayload ? 0 : event->payload().size();
    if (!batch.MayFit(payload) || !batch.Add(Encoded(*event, form))) break;
    trail_->Pop();
  }
  if (batch.empty()) return false;
  response = batch.Write();
  return true;
}

core::EncodedEventPtr EventStream::Encoded(const core::Event& event,
                                           core::EventForm form) const {
  const std::string& epoch = trail_->epoch();
  const auto encode = [&](const core::Event& whole) {
    return Encode(whole, epoch, form);
  };
  // What came from the disk is encoded for this reader alone.
  core::EncodedEventPtr encoded =
      trail_->is_in_memory()
          ? gateway_.events().Encoded(event.sequence, form, encode)
          : std::make_shared<const core::EncodedEvent>(encode(event));
  return IsOverLimit(*encoded, form, query_.max_payload_bytes)
             ? Encoded(event, core::EventForm::kWithoutPayload)
             : encoded;
}

void EventStream::Rest() {
  // A page is under way, and wakes it.
  if (trail_->Fetch()) return;
  if (!trail_->is_in_memory() || trail_->next() <= gateway_.events().last()) {
    gateway_.YieldToOthers(*this);
  } else {
    gateway_.Await(core::Topic::kEvents, *this);
  }
}

void EventStream::Wake(uint64_t from) {
  strand_.AssertHeld();
  trail_->SkipTo(from);
  Advance();
}

void EventStream::OnIdle(uint64_t from) {
  strand_.AssertHeld();
  trail_->SkipTo(from);
  bookmark_due_ = !std::exchange(active_, false);
  Advance();
}

}  // namespace clawplane::server

#include "server/event_stream.h"

#include <utility>
#include <vector>

#include "core/model/event_log.h"
#include "core/model/text.h"

namespace clawplane::server {
namespace {

constexpr int kMaxEventsInResponse = 64;
constexpr size_t kMaxBytesInResponse = 256 * 1024;
constexpr uint32_t kMostPayloadBytes = 32 * 1024 * 1024;

core::Fault BadRequest(std::string message) {
  return {core::Reason::kBadRequest, std::move(message), ""};
}

}  // namespace

std::variant<EventQuery, core::Fault> ParseEventQuery(
    const v1::StreamEventsRequest& request) {
  const std::vector<std::string> names(request.names().begin(),
                                       request.names().end());
  if (auto fault = core::EventFilter::FaultIn(names)) {
    return BadRequest(*std::move(fault));
  }
  std::vector<core::EventKind> kinds;
  for (const int kind : request.kinds()) {
    const auto known = FromProto(static_cast<v1::EventKind>(kind));
    if (!known) {
      return BadRequest(core::Concat("kind ", kind, " is not an event kind"));
    }
    kinds.push_back(*known);
  }
  EventQuery query{core::EventFilter(std::move(kinds), names), {}, {}, {}, {}};
  query.fail_on_gap = request.fail_on_gap();
  query.payloads.form = request.payload_form();
  if (!v1::PayloadForm_IsValid(query.payloads.form)) {
    return BadRequest(core::Concat("payload_form is ",
                                   static_cast<int>(request.payload_form()),
                                   ", which is no form"));
  }
  if (request.has_max_payload_bytes()) {
    if (request.max_payload_bytes() > kMostPayloadBytes) {
      return BadRequest(core::Concat("max_payload_bytes is ",
                                     request.max_payload_bytes(),
                                     "; allowed: 0 to ", kMostPayloadBytes));
    }
    query.payloads.max_bytes = request.max_payload_bytes();
  }
  switch (request.start_case()) {
    case v1::StreamEventsRequest::kAfter:
      query.after = request.after();
      break;
    case v1::StreamEventsRequest::kFromOldest:
      if (!request.from_oldest()) {
        return BadRequest("from_oldest is false; leave it out, or set it");
      }
      query.from_oldest = true;
      break;
    case v1::StreamEventsRequest::kFromNow:
      if (!request.from_now()) {
        return BadRequest("from_now is false; leave it out, or set it");
      }
      break;
    case v1::StreamEventsRequest::START_NOT_SET:
      break;
  }
  return query;
}

void EventStream::OnBegin() {
  const core::EventLog& log = gateway_.events();
  if (query_.after) {
    StartAfter(*query_.after);
    return;
  }
  next_ = query_.from_oldest ? log.oldest() : log.last() + 1;
  bookmark_ = Before(next_);
}

void EventStream::StartAfter(const v1::EventPosition& after) {
  const core::EventLog& log = gateway_.events();
  const bool same_log = after.epoch() == log.epoch();
  if (same_log && after.sequence() > log.last()) {
    End(ToGrpcStatus(BadRequest(
        core::Concat("the position ", after.epoch(), ":", after.sequence(),
                     " is past the end of the log, ", log.last()))));
    return;
  }
  bookmark_ = after;
  if (same_log && after.sequence() + 1 >= log.oldest()) {
    next_ = after.sequence() + 1;
  } else {
    next_ = log.oldest();
    lost_after_ = after;
  }
}

bool EventStream::Next(v1::StreamEventsResponse& response) {
  const core::EventLog& log = gateway_.events();
  if (next_ < log.oldest()) {  // too slow: the ring has moved on
    if (!lost_after_) lost_after_ = Before(next_);
    next_ = log.oldest();
  }
  if (lost_after_ && query_.fail_on_gap) {
    End(EventsLostStatus(log.epoch(), log.oldest()));
    return false;
  }
  bool sent = true;
  if (bookmark_) {
    *response.mutable_bookmark() = *std::exchange(bookmark_, std::nullopt);
  } else {
    sent = NextGap(response) || NextEvents(response);
  }
  active_ |= sent;
  return sent;
}

bool EventStream::NextGap(v1::StreamEventsResponse& response) {
  if (!lost_after_) return false;
  *response.mutable_gap()->mutable_lost_after() =
      *std::exchange(lost_after_, std::nullopt);
  *response.mutable_gap()->mutable_resumed_after() = Before(next_);
  return true;
}

bool EventStream::NextEvents(v1::StreamEventsResponse& response) {
  const core::EventLog& log = gateway_.events();
  size_t bytes = 0;
  while (next_ <= log.last() && response.events_size() < kMaxEventsInResponse) {
    const core::Event& event = log.at(next_);
    if (query_.filter.Matches(event.what)) {
      // A large event goes alone, so that it cannot make others too large.
      if (bytes > 0 && bytes + event.size() > kMaxBytesInResponse) break;
      bytes += event.size();
      *response.add_events() = ToProto(event, log.epoch(), query_.payloads);
    }
    ++next_;
  }
  return response.events_size() > 0;
}

void EventStream::OnIdleTick() {
  strand_.AssertHeld();
  if (idle() && !std::exchange(active_, false)) {
    bookmark_ = Before(next_);
    Advance();
    active_ = false;  // the bookmark itself is no activity
  }
}

v1::EventPosition EventStream::Before(uint64_t sequence) const {
  v1::EventPosition position;
  position.set_epoch(gateway_.events().epoch());
  position.set_sequence(sequence - 1);
  return position;
}

}  // namespace clawplane::server

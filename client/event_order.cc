#include "client/event_order.h"

#include <utility>

namespace clawplane::client {
namespace {

v1::EventPosition PositionOf(const v1::Event& event) {
  v1::EventPosition position;
  position.set_epoch(event.epoch());
  position.set_sequence(event.sequence());
  return position;
}

}  // namespace

void EventOrder::Begin() {
  taken_ = 0;
  // Beside events it says nothing that they do not.
  if (!response_.events().empty()) response_.clear_bookmark();
}

std::optional<EventOrder::Piece> EventOrder::Next() {
  if (auto piece = NextBookmark()) return piece;
  if (response_.has_gap()) {
    v1::EventGap gap = std::move(*response_.mutable_gap());
    response_.clear_gap();
    if (!IsPassed(gap.resumed_after())) position_ = gap.resumed_after();
    return gap;
  }
  return NextEvent();
}

std::optional<EventOrder::Piece> EventOrder::NextBookmark() {
  if (!response_.has_bookmark()) return std::nullopt;
  v1::EventPosition bookmark = std::move(*response_.mutable_bookmark());
  response_.clear_bookmark();
  if (auto gap = MissingGap(bookmark)) return *std::move(gap);
  // One that does not move is handed out: it says that the stream is there.
  if (IsPassed(bookmark) && bookmark.sequence() < position_->sequence()) {
    return std::nullopt;
  }
  position_ = bookmark;
  return bookmark;
}

std::optional<EventOrder::Piece> EventOrder::NextEvent() {
  while (taken_ < response_.events_size()) {
    v1::Event& event = *response_.mutable_events(taken_);
    v1::EventPosition place = PositionOf(event);
    v1::EventPosition before = place;
    if (place.sequence() > 0) before.set_sequence(place.sequence() - 1);
    if (auto gap = MissingGap(before)) return *std::move(gap);
    ++taken_;
    if (IsPassed(place)) continue;
    position_ = std::move(place);
    return std::move(event);
  }
  return std::nullopt;
}

bool EventOrder::IsPassed(const v1::EventPosition& place) const {
  return position_ && place.epoch() == position_->epoch() &&
         place.sequence() <= position_->sequence();
}

std::optional<v1::EventGap> EventOrder::MissingGap(
    const v1::EventPosition& before) {
  if (!position_ || before.epoch() == position_->epoch()) return std::nullopt;
  v1::EventGap gap;
  *gap.mutable_lost_after() = *std::exchange(position_, before);
  *gap.mutable_resumed_after() = before;
  return gap;
}

}  // namespace clawplane::client

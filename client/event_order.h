// What the responses of a stream of events say, piece by piece.

#ifndef CLAWPLANE_CLIENT_EVENT_ORDER_H_
#define CLAWPLANE_CLIENT_EVENT_ORDER_H_

#include <optional>
#include <variant>

#include "clawplane/v1/gateway.pb.h"

namespace clawplane::client {

// Takes one response after another apart, leaves out what came before, and
// knows the position that is reached. What it holds to be true of the order is
// said at `EventStream`.
//
// Thread-compatible.
class EventOrder {
 public:
  using Piece = std::variant<v1::Event, v1::EventGap, v1::EventPosition>;

  explicit EventOrder(std::optional<v1::EventPosition> position)
      : position_(std::move(position)) {}

  // The response to take apart, for who receives one: only when `Next` has
  // returned nothing.
  v1::StreamEventsResponse& response() { return response_; }

  // Begins with the response that was received.
  void Begin();

  // No response was received after all.
  void Discard() { response_.Clear(); }

  // The next piece of it, to which the position moves; nothing at its end.
  std::optional<Piece> Next();

  const std::optional<v1::EventPosition>& position() const { return position_; }

 private:
  // Whether this place is in the position's epoch and not above it.
  bool IsPassed(const v1::EventPosition& place) const;
  // The gap that the server owes: this place is in another epoch.
  std::optional<v1::EventGap> MissingGap(const v1::EventPosition& before);
  std::optional<Piece> NextBookmark();
  std::optional<Piece> NextEvent();

  std::optional<v1::EventPosition> position_;
  v1::StreamEventsResponse response_;
  // How many of its events are done with.
  int taken_ = 0;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_EVENT_ORDER_H_

// The seam between the publisher and a message broker.

#ifndef CLAWPLANE_SERVER_EVENT_BROKER_H_
#define CLAWPLANE_SERVER_EVENT_BROKER_H_

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/event.h"
#include "core/model/event_cursor.h"

namespace clawplane::server {

// What is published: an event of an epoch, or a range that is lost.
struct Publication {
  // Just behind it.
  core::EventPosition position;
  std::variant<core::Event, core::EventCursor::Loss> what;
};

// Told on the strand.
struct BrokerReports {
  // The broker takes publications from now on; it has all up to this position,
  // and none after it. No position: it has none at all.
  std::function<void(const std::optional<core::EventPosition>&)> on_connected;
  // It has all that it was given.
  std::function<void()> on_taken;
  // Which of the publications under way it has is not known. It is reached
  // again by itself.
  std::function<void(const std::string& why)> on_lost;
};

// Holds a connection to a broker. Used on the strand; does its work elsewhere.
// No report comes after its end.
class EventBroker {
 public:
  virtual ~EventBroker() = default;

  // Once, before anything else.
  virtual void Begin(BrokerReports reports) = 0;

  // Publishes these in their order. Between `on_connected` and `on_lost`, and
  // only when all that was given before is taken.
  virtual void Publish(std::vector<Publication> publications) = 0;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_BROKER_H_

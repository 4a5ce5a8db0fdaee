// The way of an event, from the gateway's frame to the bytes for its readers.

#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include "core/model/audience.h"
#include "core/model/event.h"
#include "core/model/event_cursor.h"
#include "core/model/event_log.h"
#include "core/model/frame.h"
#include "server/event_batch.h"
#include "tests/bench/instructions/scenario.h"
#include "tests/bench/rpc/params.h"

namespace clawplane::testing {
namespace {

using Operation = Scenario::Operation;

std::string EventText(size_t bytes) {
  return core::Concat(R"({"type":"event","event":"chat","payload":)",
                      GatewayLikeParams(bytes), R"(,"seq":17})");
}

core::EventDraft Draft(const std::string& text) {
  const core::Frame frame = core::ParseFrame(text);
  const auto* const event = std::get_if<core::EventFrame>(&frame);
  Require(event != nullptr, "no event");
  return core::RouteEvent(*event);
}

// Follows without reading.
class Follower final : public core::Subscriber {
 public:
  void Wake(uint64_t) override {}
  void Close(const core::Fault&) override {}
};

// Into a log that is full, past a reader that wants something else.
Operation LogEvent(size_t bytes, size_t) {
  struct State {
    core::EventLog log{"epoch", {.max_events = 16}};
    Follower follower;
    core::Audience audience;
  };
  const auto state = std::make_shared<State>();
  state->audience.Join(state->follower, core::EventFilter({}, {"other"}));
  state->audience.Await(state->follower);
  return [state, text = EventText(bytes)](size_t) {
    const uint64_t number = state->log.Append(Draft(text), {});
    state->audience.Call(state->log.at(number).what, number);
    Require(!state->audience.has_called(), "the follower was called");
  };
}

// A response for one reader of many, from a log whose events are encoded.
Operation SendEvents(size_t bytes, size_t) {
  const auto log =
      std::make_shared<core::EventLog>("epoch", core::EventLog::Limits());
  for (size_t i = 0; i < server::EventBatch::kMaxEvents; ++i) {
    log->Append(Draft(EventText(bytes)), {});
  }
  const auto encode = [](const core::Event& event) {
    return core::EncodedEvent{std::string(90, 'h'), event.payload()};
  };
  return [log, encode](size_t) {
    core::EventCursor cursor = core::EventCursor::FromOldest(*log);
    server::EventBatch batch;
    const core::EventFilter all;
    while (const core::Event* const event = cursor.Peek(*log, all)) {
      if (!batch.Add(
              log->Encoded(event->sequence, core::EventForm::kJson, encode))) {
        break;
      }
      cursor.Pop();
    }
    Require(batch.Write().Length() > 0, "nothing was written");
  };
}

}  // namespace

std::vector<Scenario> EventScenarios() {
  return {
      {"log_event", kSmall, LogEvent},
      {"log_event", kMiddle, LogEvent},
      {"send_events", kSmall, SendEvents},
      {"send_events", kMiddle, SendEvents},
  };
}

}  // namespace clawplane::testing

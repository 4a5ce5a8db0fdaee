// What readers who have stalled cost the writer and who reads along: nothing.
//
// Each part is counted twice, for deploy/dev/bench/same_past_stalled.sh to
// compare: beside a thousand readers that were woken once and have stalled over
// that, and beside such that have left since.

#include <memory>
#include <string>
#include <vector>

#include "core/model/audience.h"
#include "core/model/event.h"
#include "core/model/event_log.h"
#include "tests/bench/instructions/scenario.h"
#include "tests/bench/rpc/params.h"

namespace clawplane::testing {
namespace {

using Operation = Scenario::Operation;

// Never waits again once it was woken.
class Stalling final : public core::Subscriber {
 public:
  void Wake(uint64_t) override {}
  void Close(const core::Fault&) override {}
};

// Reads at once, and waits again.
class ReadingAlong final : public core::Subscriber {
 public:
  explicit ReadingAlong(core::Audience& audience) : audience_(audience) {}

  void Wake(uint64_t) override {
    ++wakes_;
    audience_.Await(*this);
  }
  void Close(const core::Fault&) override {}

  size_t wakes() const { return wakes_; }

 private:
  core::Audience& audience_;
  size_t wakes_ = 0;
};

enum class Others { kHaveLeft, kStall };

// Who reads along, and the others. All would get everything.
class Crowd {
 public:
  explicit Crowd(Others others) {
    for (Stalling& other : others_) {
      audience.Join(other);
      audience.Await(other);
    }
    audience.CallAll();
    audience.WakeCalled();
    if (others == Others::kHaveLeft) {
      for (Stalling& other : others_) audience.Leave(other);
    }
    audience.Join(reader_);
    audience.Await(reader_);
  }

  // Wakes those called for the `index`-th time.
  void Wake(size_t index) {
    audience.WakeCalled();
    Require(reader_.wakes() == index + 1, "not everything was read");
  }

  core::Audience audience;

 private:
  std::vector<Stalling> others_ = std::vector<Stalling>(1'000);
  ReadingAlong reader_{audience};
};

// Into a log that is full, and on to its readers.
template <Others others>
Operation LogEvent(size_t bytes, size_t) {
  struct State {
    core::EventLog log{"epoch", {.max_events = 16}};
    Crowd crowd{others};
  };
  const core::EventDraft event = {
      core::EventKind::kNotification,
      "chat",
      core::GatewayPayload{GatewayLikeParams(bytes)},
      {}};
  const auto state = std::make_shared<State>();
  return [state, event](size_t index) {
    const uint64_t number = state->log.Append(event, {});
    state->crowd.audience.Call(state->log.at(number).what, number);
    state->crowd.Wake(index);
  };
}

// The readers of the status look for themselves once they are woken.
template <Others others>
Operation TellStatus(size_t, size_t) {
  const auto crowd = std::make_shared<Crowd>(others);
  return [crowd](size_t index) {
    crowd->audience.CallAll();
    crowd->Wake(index);
  };
}

}  // namespace

std::vector<Scenario> StalledScenarios() {
  return {
      {"follow_events", kSmall, LogEvent<Others::kHaveLeft>},
      {"follow_events_past_stalled", kSmall, LogEvent<Others::kStall>},
      {"follow_status", kNone, TellStatus<Others::kHaveLeft>},
      {"follow_status_past_stalled", kNone, TellStatus<Others::kStall>},
  };
}

}  // namespace clawplane::testing
